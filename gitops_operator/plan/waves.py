"""Where an operation stands: the waves it goes through and what the one at its cursor still needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import ResourceKey, wave_of
from gitops_operator.plan.fights import next_heal_at
from gitops_operator.plan.order import doomed_waves, provided, tier_of, waves_of
from gitops_operator.plan.situation import Mark, Situation

# A suspended object is as its author wants it and does not hold a wave (as for Flux and kstatus; Argo CD waits).
_DONE = frozenset({HealthStatus.HEALTHY, HealthStatus.SUSPENDED})


class Pending(NamedTuple):
    """What a step still waits for, in words; `is_written` once the write itself is done."""

    key: ResourceKey
    words: str
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class Wave:
    """The (phase, wave) at the cursor.

    `to_write` is what to apply or delete now, `pending` what is neither as Git wants it nor healthy yet, `degraded`
    those of them that are Degraded, with the words for it.
    """

    to_write: tuple[Change, ...] = ()
    pending: tuple[Pending, ...] = ()
    degraded: Mapping[ResourceKey, str] = field(default_factory=dict)

    @property
    def marks(self) -> frozenset[Mark]:
        """What is yet to come: of each pending object that it is written, and that it is well."""
        unwritten = (Mark(item.key, is_end=False) for item in self.pending if not item.is_written)
        return frozenset([*unwritten, *(Mark(item.key, is_end=True) for item in self.pending)])


def with_waves(changes: Iterable[Change]) -> list[tuple[Change, int]]:
    """Each object that Git wants, and its wave."""
    desired = [(change, change.desired) for change in changes if change.desired is not None]
    waves = waves_of([resource for _, resource in desired])
    return [(change, waves[change.key]) for change, _ in desired]


def doomed(changes: Iterable[Change]) -> list[tuple[Change, int]]:
    """Each object that Git no longer has and that goes, and its wave; a Namespace or a CRD outlives what needs it."""
    going = [change for change in changes if _is_doomed(change)]
    waves = doomed_waves({change.key: _own_wave(change) for change in going})
    return [(change, waves[change.key]) for change in going]


def _is_doomed(change: Change) -> bool:
    return change.desired is None and (change.action is Action.PRUNE or change.why is Why.GOING)


def _own_wave(change: Change) -> int:
    """An unreadable one counts as 0, for Git can no longer mend it."""
    try:
        return wave_of(change.live.annotations) if change.live else 0
    except ValueError:
        return 0


def sync_wave(situation: Situation, wave: int, *, wait: bool) -> Wave:
    """The applies up to a wave; `wait` says whether the wave's own objects must become healthy.

    Only the earliest wave that lacks something is written: a later one builds upon it.
    """
    so_far = [(change, its) for change, its in with_waves(situation.changes) if its <= wave]
    return _wave(situation, so_far, wave, wait=wait)


def foundation(situation: Situation) -> Wave:
    """The Namespaces and CRDs of this sync that its hooks live by: they come before the first hook."""
    needs = {need for hook in situation.hooks for need in (("ns", hook.key.namespace), ("kind", *hook.key.group_kind))}
    found = [
        (change, 0) for change in situation.changes if change.desired and not needs.isdisjoint(provided(change.desired))
    ]
    return _wave(situation, found, 0, wait=True)


def _wave(situation: Situation, so_far: Sequence[tuple[Change, int]], wave: int, *, wait: bool) -> Wave:
    to_write = [(change, its) for change, its in so_far if _is_to_write(change, situation)]
    earliest = min((its for _, its in to_write), default=wave)
    found = [(change, _unfinished(change, situation, wait=wait and its == wave)) for change, its in so_far]
    pending = [(change, item) for change, item in found if item is not None]
    return Wave(
        to_write=tuple(change for change, its in to_write if its == earliest),
        pending=tuple(item for _, item in pending),
        degraded={
            item.key: item.words for change, item in pending if item.is_written and _is_degraded(change, situation)
        },
    )


def _is_degraded(change: Change, situation: Situation) -> bool:
    health = situation.healths.get(change.key)
    return health is not None and health.status is HealthStatus.DEGRADED


def _is_to_write(change: Change, situation: Situation) -> bool:
    return change.action is not Action.NONE and not _is_fought_over(change, situation)


def _is_fought_over(change: Change, situation: Situation) -> bool:
    """Whether it was written, changed back and written so often that the next time waits."""
    again = next_heal_at(situation.hints, change.key)
    return again is not None and again > situation.now


def _unfinished(change: Change, situation: Situation, *, wait: bool) -> Pending | None:
    if change.why is Why.GOING:
        return _going(change)
    # What drifted again was as Git wants it: the fight is told by its own warning and does not hold the sync.
    if not change.is_in_sync and not (change.why is Why.DRIFTED and _is_fought_over(change, situation)):
        return Pending(change.key, f"{change.key} is not applied yet{': ' + change.message if change.message else ''}")
    health = situation.healths.get(change.key) if wait else None
    if health is None or health.status in _DONE:
        return None
    return Pending(change.key, _in_words(change, health), is_written=True)


def _in_words(change: Change, health: Health) -> str:
    return f"{change.key} is {health.status}{': ' + health.message if health.message else ''}"


def _going(change: Change) -> Pending:
    finalizers = change.live.finalizers if change.live is not None else ()
    words = f" and waits for its finalizers {', '.join(finalizers)}" if finalizers else ""
    return Pending(change.key, f"{change.key} is being deleted{words}", is_written=change.desired is None)


def prune_stop(changes: Iterable[Change], wave: int | None = None) -> Wave:
    """The deletes down to a wave: only the first tier that still has objects, later ones wait for it to be gone."""
    going = [(change, its) for change, its in doomed(changes) if wave is None or its >= wave]
    highest = max((its for _, its in going), default=0)
    current = [change for change, its in going if its == highest]
    tier = min(map(tier_of, current), default=0)
    current = [change for change in current if tier_of(change) == tier]
    return Wave(
        to_write=tuple(change for change in current if change.action is Action.PRUNE),
        pending=tuple(map(_unpruned, current)),
    )


def _unpruned(change: Change) -> Pending:
    if change.why is Why.GOING:
        return _going(change)
    return Pending(change.key, f"{change.key} is not pruned yet")


def first_of(words: Iterator[str] | Sequence[str], named: int = 3) -> str:
    """The first three, and how many more there are."""
    everything = list(words)
    rest = len(everything) - named
    return "; ".join(everything[:named]) + (f"; and {rest} more" if rest > 0 else "")
