"""Where an operation stands: the waves it goes through and what the one at its cursor still needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.operation import Cursor, Phase
from gitops_operator.model.resource import wave_of
from gitops_operator.plan.order import tier_of, waves_of
from gitops_operator.plan.situation import Situation

# A suspended object is as its author wants it and does not hold a wave (as for Flux and kstatus; Argo CD waits).
_DONE = frozenset({HealthStatus.HEALTHY, HealthStatus.SUSPENDED})


@dataclass(frozen=True, slots=True)
class Wave:
    """The (phase, wave) at the cursor.

    `to_write` is what to apply or delete now, `pending` what is neither as Git wants it nor healthy yet with the words
    for it, `degraded` those of them that are Degraded; `done` counts the others.
    """

    to_write: tuple[Change, ...] = ()
    pending: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    done: int = 0


def stops(changes: Sequence[Change], *, prune_first: bool, prune: bool) -> list[Cursor]:
    """All (phase, wave) an operation goes through, in order; prunes go in reverse waves."""
    waves = sorted(set(_waves(changes).values()))
    applies = [Cursor(Phase.SYNC, wave) for wave in waves]
    doomed = sorted({prune_wave(change) for change in changes if _is_doomed(change)}, reverse=True) if prune else []
    deletes = [Cursor(Phase.PRUNE, wave) for wave in doomed]
    return deletes + applies if prune_first else applies + deletes


def _waves(changes: Sequence[Change]) -> dict[Change, int]:
    waves = waves_of([change.desired for change in changes if change.desired is not None])
    return {change: waves[change.key] for change in changes if change.desired is not None}


def prune_wave(change: Change) -> int:
    """The wave of a live object; an unreadable one counts as 0, for Git can no longer mend it."""
    try:
        return wave_of(change.live.annotations) if change.live else 0
    except ValueError:
        return 0


def _is_doomed(change: Change) -> bool:
    return change.desired is None and (change.action is Action.PRUNE or change.why is Why.GOING)


def sync_wave(situation: Situation, wave: int, *, wait: bool) -> Wave:
    """The applies up to a wave; `wait` says whether the wave's own objects must become healthy."""
    to_write, pending, degraded, done = [], [], [], 0
    for change, its_wave in _waves(situation.changes).items():
        if its_wave > wave:
            continue
        words = _unfinished(change, situation.healths.get(change.key), wait=wait and its_wave == wave)
        if words and change.action is not Action.NONE:
            to_write.append(change)
        if words:
            pending.append(words)
            degraded.extend([words] if _is_degraded(change, situation) and its_wave == wave else [])
        else:
            done += 1
    return Wave(tuple(to_write), tuple(pending), tuple(degraded), done)


def _is_degraded(change: Change, situation: Situation) -> bool:
    health = situation.healths.get(change.key)
    return change.action is Action.NONE and health is not None and health.status is HealthStatus.DEGRADED


def _unfinished(change: Change, health: Health | None, *, wait: bool) -> str:
    if change.why is Why.GOING:
        return f"{change.key} is being deleted{_finalizers(change)}"
    if not change.is_in_sync:
        return f"{change.key} is not applied yet{': ' + change.message if change.message else ''}"
    if not wait or health is None or health.status in _DONE:
        return ""
    return f"{change.key} is {health.status}{': ' + health.message if health.message else ''}"


def _finalizers(change: Change) -> str:
    if change.live is None or not change.live.finalizers:
        return ""
    return f" and waits for its finalizers {', '.join(change.live.finalizers)}"


def prune_stop(changes: Iterable[Change], wave: int) -> Wave:
    """The deletes down to a wave: only the first tier that still has objects, later ones wait for it to be gone."""
    doomed = [change for change in changes if _is_doomed(change) and prune_wave(change) >= wave]
    if not doomed:
        return Wave()
    highest = max(map(prune_wave, doomed))
    current = [change for change in doomed if prune_wave(change) == highest]
    tier = min(map(tier_of, current))
    current = [change for change in current if tier_of(change) == tier]
    return Wave(
        to_write=tuple(change for change in current if change.action is Action.PRUNE),
        pending=tuple(_unpruned(change) for change in current),
    )


def _unpruned(change: Change) -> str:
    if change.why is Why.GOING:
        return f"{change.key} is being deleted{_finalizers(change)}"
    return f"{change.key} is not pruned yet"
