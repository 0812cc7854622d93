"""Objects that somebody else changes back each time: wait longer before each further correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gitops_operator.model.change import Difference
from gitops_operator.model.resource import FIELD_MANAGER, ResourceKey
from gitops_operator.plan.situation import Fight

FIRST, FACTOR, LONGEST = 2.0, 3.0, 300.0
CALM = timedelta(seconds=600)
_SERIOUS = 3


def next_heal_at(fights: Mapping[ResourceKey, Fight], key: ResourceKey) -> datetime | None:
    """When an object may be corrected again; None is at once. Only what was corrected twice already waits."""
    fight = fights.get(key)
    if fight is None or fight.times < 2:
        return None
    return fight.last + timedelta(seconds=min(FIRST * FACTOR ** min(fight.times - 2, 10), LONGEST))


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


def after_healing(
    fights: Mapping[ResourceKey, Fight], healed: Mapping[ResourceKey, Sequence[Difference]], now: datetime
) -> Mapping[ResourceKey, Fight]:
    """The fights after these objects were corrected; one that was calm for ten minutes is forgotten.

    Somebody who changes other fields than last time does not fight: each field of theirs is corrected at once.
    """
    kept = {key: fight for key, fight in fights.items() if now - fight.last < CALM}
    for key, differences in healed.items():
        fields = frozenset(difference.path for difference in differences) or frozenset({""})
        managers = frozenset(difference.manager for difference in differences if difference.manager)
        before = kept.get(key)
        again = before is not None and not before.fields.isdisjoint(fields)
        kept[key] = Fight(before.times + 1 if before and again else 1, now, fields, managers)
    return kept
