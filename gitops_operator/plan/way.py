"""The way of an operation: every (phase, wave) that it goes through, in order."""

from __future__ import annotations

from gitops_operator.model.application import SyncPolicy
from gitops_operator.model.operation import Cursor, Phase
from gitops_operator.plan.hooks import hook_stops
from gitops_operator.plan.situation import Situation
from gitops_operator.plan.waves import doomed, with_waves

_ORDER = {phase: place for place, phase in enumerate((Phase.PRE_SYNC, Phase.SYNC, Phase.PRUNE, Phase.POST_SYNC))}


def stops(situation: Situation, *, prune_first: bool, prune: bool) -> list[Cursor]:
    """All (phase, wave) an operation goes through; prunes go in reverse waves."""
    applies = {Cursor(Phase.SYNC, wave) for _, wave in with_waves(situation.changes)}
    deletes = {Cursor(Phase.PRUNE, wave) for _, wave in doomed(situation.changes)} if prune else set()
    hooks = {stop for phase in _ORDER for stop in hook_stops(situation, phase)}
    return sorted(applies | deletes | hooks, key=lambda stop: place_of(stop, prune_first=prune_first))


def is_prune_first(policy: SyncPolicy) -> bool:
    """Whether what Git no longer has goes before all else; never where the sync may have to be undone."""
    return policy.has("PruneFirst=true") and not policy.atomic


def place_of(cursor: Cursor, *, prune_first: bool) -> tuple[float, int]:
    """Where a (phase, wave) stands on the way; prune waves count downwards."""
    if cursor.phase is Phase.PRUNE:
        return _ORDER[Phase.SYNC] - 0.5 if prune_first else _ORDER[Phase.PRUNE], -cursor.wave
    return _ORDER[cursor.phase], cursor.wave
