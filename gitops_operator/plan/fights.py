"""Objects that somebody else changes back each time, or whose correction fails: wait longer before each further try."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from gitops_operator.model.change import Difference
from gitops_operator.model.resource import FIELD_MANAGER, ResourceKey
from gitops_operator.model.step import Outcome
from gitops_operator.plan.situation import Fight, Hints, Refusal

FIRST, FACTOR, LONGEST = 2.0, 3.0, 300.0
CALM = timedelta(seconds=600)
_SERIOUS = 3


def next_heal_at(hints: Hints, key: ResourceKey) -> datetime | None:
    """When an object may be corrected again; None is at once.

    Only what was corrected twice already waits for a fight, and what was refused for its refusal.
    """
    if key not in hints.fights and key not in hints.refused:
        return None
    times = [time for time in (_after_fight(hints.fights.get(key)), after_refusal(hints, key)) if time is not None]
    return max(times, default=None)


def _after_fight(fight: Fight | None) -> datetime | None:
    if fight is None or fight.times < 2:
        return None
    return fight.last + timedelta(seconds=min(FIRST * FACTOR ** min(fight.times - 2, 10), LONGEST))


def after_refusal(hints: Hints, key: ResourceKey) -> datetime | None:
    """When something that failed outside an operation may be tried again."""
    refusal = hints.refused.get(key)
    if refusal is None:
        return None
    return refusal.last + timedelta(seconds=min(FIRST * FACTOR ** min(refusal.times - 1, 10), LONGEST))


def fights_in_words(fights: Mapping[ResourceKey, Fight]) -> str:
    """The fights that deserve a warning, a line each; "" where there is peace."""
    return "\n".join(in_words(key, fight) for key, fight in sorted(fights.items()) if fight.times >= _SERIOUS)


def in_words(key: ResourceKey, fight: Fight) -> str:
    """Who fights whom for what, and what to do."""
    who = " and ".join(sorted(fight.managers)) or "Somebody"
    fields = ", ".join(sorted(fight.fields - {""})) or "the whole object"
    return (
        f"{who} keeps changing {fields} of {key} back after each correction by {FIELD_MANAGER}; corrections wait "
        "longer each time, up to five minutes. Stop the other writer, or add the fields to ignoreDifferences."
    )


def unforgotten(fights: Mapping[ResourceKey, Fight], now: datetime) -> Mapping[ResourceKey, Fight]:
    """Without those that have been calm for ten minutes."""
    return {key: fight for key, fight in fights.items() if now - fight.last < CALM}


def peace_at(fights: Mapping[ResourceKey, Fight]) -> datetime | None:
    """When the next fight that people or machines are told of will be forgotten."""
    return min((fight.last + CALM for fight in fights.values() if fight.times > 1), default=None)


def after_healing(
    fights: Mapping[ResourceKey, Fight], healed: Mapping[ResourceKey, Sequence[Difference]], now: datetime
) -> Mapping[ResourceKey, Fight]:
    """The fights after these objects were corrected.

    Each field is counted by itself: somebody who changes one field after the other does not fight, somebody who comes
    back to one does.
    """
    kept = dict(unforgotten(fights, now))
    for key, differences in healed.items():
        fields = frozenset(difference.path for difference in differences) or frozenset({""})
        managers = frozenset(difference.manager for difference in differences if difference.manager)
        before = kept[key].counts if key in kept else {}
        counts = {**before, **{field: before.get(field, 0) + 1 for field in fields}}
        kept[key] = Fight(max(counts[field] for field in fields), now, fields, managers, counts)
    return kept


def after_refusals(
    refused: Mapping[ResourceKey, Refusal], outcomes: Iterable[Outcome], now: datetime
) -> Mapping[ResourceKey, Refusal]:
    """What is refused after these outcomes: one more failure each, or none any more."""
    left = dict(refused)
    for outcome in outcomes:
        before = left.pop(outcome.key, None)
        if outcome.error is not None:
            left[outcome.key] = Refusal(before.times + 1 if before else 1, now, outcome.error.message)
    return left
