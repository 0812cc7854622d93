"""How a step of an operation comes along: what it has reached, and for how long it has reached nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gitops_operator.errors import ApplyError
from gitops_operator.model.change import Change
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.step import Outcome, Result, TaskKind
from gitops_operator.plan.fights import after_healing, unforgotten
from gitops_operator.plan.situation import Hints, Situation
from gitops_operator.plan.waves import Wave

DEGRADED_FOR = timedelta(seconds=15)
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_WRITES = frozenset({TaskKind.APPLY, TaskKind.REPLACE, TaskKind.RECREATE})


def errors_in(situation: Situation) -> list[ApplyError]:
    """What the cluster refused in this pass."""
    return [outcome.error for outcome in situation.outcomes or () if outcome.error is not None]


def in_words(errors: Sequence[ApplyError]) -> str:
    """All of them, each once."""
    return "\n".join(sorted({error.message for error in errors}))


def learned(situation: Situation) -> Hints:
    """What the outcomes of this pass's step teach a running operation."""
    hints = situation.hints
    if situation.outcomes is None:
        return hints
    accepted = [outcome for outcome in situation.outcomes if outcome.result is not Result.FAILED]
    written = {outcome.key for outcome in accepted if outcome.task in _WRITES}
    again = {key: situation.drift.get(key, ()) for key in written & hints.applied}
    hints = replace(
        hints,
        validated=hints.validated | {outcome.key for outcome in accepted if outcome.task is TaskKind.VALIDATE},
        reviewed=hints.reviewed.union(*(outcome.cleared for outcome in accepted)),
        applied=hints.applied | written,
        fights=after_healing(hints.fights, again, situation.now),
        unsettled=hints.unsettled | unsettled(situation.changes, accepted),
    )
    return _troubled(hints, situation)


def _troubled(hints: Hints, situation: Situation) -> Hints:
    """Failures that may pass hold further writes for a while, longer each time."""
    errors = errors_in(situation)
    if not errors:
        return replace(hints, failures=0, not_before=None, trouble="")
    wait = min(_FIRST_WAIT * 2 ** min(hints.failures, 10), _LONGEST_WAIT) * (1 + situation.jitter / 10)
    until = situation.now + timedelta(seconds=wait)
    return replace(hints, failures=hints.failures + 1, not_before=until, trouble=in_words(errors))


def unsettled(changes: Sequence[Change], outcomes: Sequence[Outcome]) -> frozenset[tuple[ResourceKey, str, str]]:
    """The objects, as they are and as Git wants them, for which an apply changed nothing."""
    keys = {outcome.key for outcome in outcomes if outcome.unsettled}
    if not keys:
        return frozenset()
    return frozenset(
        (change.key, change.desired.digest, change.live.ownership)
        for change in changes
        if change.key in keys and change.desired is not None and change.live is not None
    )


def progressed(situation: Situation, wave: Wave) -> Hints:
    """What the step still waits for; each mark that is reached for the first time is progress."""
    hints, now, marks = situation.hints, situation.now, wave.marks
    reached = hints.waited - marks - hints.done
    return replace(
        hints,
        waited=hints.waited | marks,
        done=hints.done | reached,
        progressed_at=now if reached or hints.progressed_at is None else hints.progressed_at,
        degraded={key: hints.degraded.get(key, now) for key in wave.degraded},
    )


def next_step_begins(hints: Hints, now: datetime) -> Hints:
    """The cursor has moved; what failed on the way here does not matter any more."""
    hints = replace(hints, failures=0, not_before=None, trouble="")
    return replace(hints, waited=frozenset(), done=frozenset(), progressed_at=now, degraded={})


def at_rest(hints: Hints, now: datetime) -> Hints:
    """What outlives an operation."""
    return Hints(fights=unforgotten(hints.fights, now), unsettled=hints.unsettled)


def given_up(situation: Situation, hints: Hints, wave: Wave) -> list[str]:
    """The objects that have been Degraded for too long, in words."""
    return [words for key, words in wave.degraded.items() if situation.now - hints.degraded[key] >= DEGRADED_FOR]


def times_out(situation: Situation, hints: Hints) -> datetime:
    """When the operation fails unless something is reached before."""
    since = hints.progressed_at or situation.now
    return since + timedelta(seconds=situation.application.sync_policy.timeout)


def is_held(situation: Situation) -> bool:
    """Whether nothing is written now because the last write failed."""
    not_before = situation.hints.not_before
    return not_before is not None and situation.now < not_before
