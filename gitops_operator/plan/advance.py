"""A running operation: do what its cursor's wave needs, wait, move the cursor on, end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gitops_operator.errors import ApplyError
from gitops_operator.model.application import SyncPolicy
from gitops_operator.model.change import Action
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.kind import KindState
from gitops_operator.model.operation import Counts, Cursor, Operation, OperationPhase, Phase
from gitops_operator.model.parsing import parse_time
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.step import Outcome, Result, Step, Task, TaskKind
from gitops_operator.plan.ending import End, ended
from gitops_operator.plan.order import in_order, in_reverse_order
from gitops_operator.plan.situation import Hints, Plan, Situation
from gitops_operator.plan.tasks import prune_task, write_task
from gitops_operator.plan.waves import Wave, prune_stop, stops, sync_wave

DEGRADED_FOR = timedelta(seconds=15)
_NAMED = 3
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_COUNTED = {
    Result.CREATED: "created",
    Result.CONFIGURED: "updated",
    Result.REPLACED: "updated",
    Result.PRUNED: "pruned",
    Result.FAILED: "failed",
}


def advance(situation: Situation, operation: Operation) -> Plan:
    """The next step of a running operation."""
    if situation.inputs != operation.inputs:
        return _superseded(situation, operation, "the Application's spec changed")
    operation = replace(operation, counts=_counted(operation.counts, situation.outcomes or ()))
    errors = [outcome.error for outcome in situation.outcomes or () if outcome.error is not None]
    if any(not error.transient for error in errors):
        return _end(situation, operation, OperationPhase.FAILED, _in_words(errors))
    situation = replace(situation, hints=_learned(situation, operation, errors))
    policy = _policy(situation, operation)
    way = stops(situation.changes, prune_first=policy.has("PruneFirst=true"), prune=operation.prune)
    dry_run = _validation(situation, operation, way)
    if dry_run.groups:
        return Plan(Gate(), operation, dry_run, hints=situation.hints, look_again=situation.now)
    wave = _wave_at(situation, operation, way)
    if wave.to_write or wave.pending:
        return _working(situation, operation, wave, errors)
    return _moved_on(situation, operation, way)


def _policy(situation: Situation, operation: Operation) -> SyncPolicy:
    policy = situation.application.sync_policy
    return replace(policy, options=policy.options | operation.options)


def _counted(counts: Counts, outcomes: Sequence[Outcome]) -> Counts:
    added = dict.fromkeys(Counts._fields, 0)
    for outcome in outcomes:
        if outcome.task is not TaskKind.VALIDATE and outcome.result in _COUNTED:
            added[_COUNTED[outcome.result]] += 1
    return Counts(*(had + more for had, more in zip(counts, added.values(), strict=True)))


def _in_words(errors: Sequence[ApplyError]) -> str:
    return "\n".join(sorted({error.message for error in errors}))


def _learned(situation: Situation, operation: Operation, errors: Sequence[ApplyError]) -> Hints:
    hints = situation.hints
    if situation.outcomes is None:
        return hints
    validated = bool(situation.outcomes) and all(outcome.task is TaskKind.VALIDATE for outcome in situation.outcomes)
    if validated and not errors:
        hints = replace(hints, validated=operation.id)
    if not errors:
        return replace(hints, failures=0, not_before=None, unsettled=hints.unsettled | _unsettled(situation))
    wait = min(_FIRST_WAIT * 2**hints.failures, _LONGEST_WAIT) * (1 + situation.jitter / 10)
    return replace(hints, failures=hints.failures + 1, not_before=situation.now + timedelta(seconds=wait))


def _unsettled(situation: Situation) -> frozenset[tuple[ResourceKey, str, str]]:
    keys = {outcome.key for outcome in situation.outcomes or () if outcome.unsettled}
    return frozenset(
        (change.key, change.desired.digest, change.live.ownership)
        for change in situation.changes
        if change.key in keys and change.desired is not None and change.live is not None
    )


def _validation(situation: Situation, operation: Operation, way: Sequence[Cursor]) -> Step:
    """Before the first write of a sync of several waves: a dry run of what comes later, all errors at once."""
    waves = [stop.wave for stop in way if stop.phase is Phase.SYNC]
    started = situation.hints.validated == operation.id or operation.cursor != way[0] if way else True
    if started or len(waves) < 2 or _is_held(situation):
        return Step()
    first = sync_wave(situation, waves[0], wait=False).to_write
    later = sync_wave(situation, waves[-1], wait=False).to_write
    coming = {change.key.name for change in later if change.key.kind == "Namespace" and not change.key.group}
    tasks = [
        write_task(change, _policy(situation, operation), TaskKind.VALIDATE)
        for change in later
        if change not in first and change.key.namespace not in coming and _is_served(situation, change.key)
    ]
    return Step((tuple(tasks),)) if tasks else Step()


def _is_served(situation: Situation, key: ResourceKey) -> bool:
    status = situation.kinds.get(key.group_kind)
    return status is None or status.state is not KindState.UNKNOWN


def _wave_at(situation: Situation, operation: Operation, way: Sequence[Cursor]) -> Wave:
    cursor, policy = operation.cursor, _policy(situation, operation)
    prune_first = policy.has("PruneFirst=true")
    sync = [stop.wave for stop in way if stop.phase is Phase.SYNC]
    last = bool(sync) and cursor.wave >= sync[-1]
    if cursor.phase is Phase.SYNC:
        return sync_wave(situation, cursor.wave, wait=policy.wait or not last)
    if prune_first or not sync:
        return prune_stop(situation.changes, cursor.wave)
    applied = sync_wave(situation, sync[-1], wait=False)
    return applied if applied.to_write else prune_stop(situation.changes, cursor.wave)


def _working(situation: Situation, operation: Operation, wave: Wave, errors: Sequence[ApplyError]) -> Plan:
    hints = _progress(situation, wave)
    waiting = bool(errors) or not wave.to_write
    if waiting and not operation.pinned and situation.newest_inputs != operation.inputs:
        return _superseded(situation, operation, "there is a newer commit")
    words = _in_words(errors) or _first_of(wave.pending)
    end = _times_out(situation, hints)
    if end <= situation.now:
        timeout = situation.application.sync_policy.timeout
        return _end(situation, operation, OperationPhase.FAILED, f"No progress for {timeout:g} s: {words}.")
    if hints.degraded_since is not None and situation.now - hints.degraded_since >= DEGRADED_FOR:
        return _end(situation, operation, OperationPhase.FAILED, f"{_first_of(wave.degraded)}.")
    hold = _is_held(situation)
    step = Step() if hold else _step(situation, operation, wave)
    return Plan(
        Gate(GateReason.WAITING, f"Waiting: {words}."),
        operation,
        step,
        hints=hints,
        look_again=_look_again(situation, hints, end, step),
        waits_for=words,
    )


def _is_held(situation: Situation) -> bool:
    not_before = situation.hints.not_before
    return not_before is not None and situation.now < not_before


def _progress(situation: Situation, wave: Wave) -> Hints:
    hints = situation.hints
    moved = hints.progressed_at is None or wave.done > hints.done
    return replace(
        hints,
        done=max(wave.done, hints.done),
        progressed_at=situation.now if moved else hints.progressed_at,
        degraded_since=(hints.degraded_since or situation.now) if wave.degraded else None,
    )


def _times_out(situation: Situation, hints: Hints) -> datetime:
    since = hints.progressed_at or situation.now
    return since + timedelta(seconds=situation.application.sync_policy.timeout)


def _step(situation: Situation, operation: Operation, wave: Wave) -> Step:
    policy = _policy(situation, operation)
    applies: list[Task] = []
    deletes: list[Task] = []
    for change in wave.to_write:
        if change.action is Action.PRUNE:
            deletes.append(prune_task(change, policy))
        elif _is_served(situation, change.key):
            applies.append(write_task(change, policy))
    return Step((*in_order(applies), *in_reverse_order(deletes)))


def _look_again(situation: Situation, hints: Hints, end: datetime, step: Step) -> datetime:
    times = [end]
    if hints.not_before is not None and hints.not_before > situation.now:
        times.append(hints.not_before)
    elif step.groups:
        times.append(situation.now)
    if hints.degraded_since is not None:
        times.append(hints.degraded_since + DEGRADED_FOR)
    return min(times)


def _first_of(words: Sequence[str]) -> str:
    rest = len(words) - _NAMED
    return "; ".join(words[:_NAMED]) + (f"; and {rest} more" if rest > 0 else "")


def _moved_on(situation: Situation, operation: Operation, way: Sequence[Cursor]) -> Plan:
    prune_first = _policy(situation, operation).has("PruneFirst=true")
    here = _place(operation.cursor, prune_first=prune_first)
    following = [stop for stop in way if _place(stop, prune_first=prune_first) > here]
    if not following:
        return _end(situation, operation, OperationPhase.SUCCEEDED, "")
    moved = replace(operation, cursor=following[0], progressed_at=situation.now.isoformat())
    hints = replace(situation.hints, done=-1, progressed_at=situation.now, degraded_since=None)
    return Plan(Gate(), moved, hints=hints, look_again=situation.now)


def _place(cursor: Cursor, *, prune_first: bool) -> tuple[bool, int]:
    """Where a (phase, wave) stands on the way; prune waves count downwards."""
    prunes = cursor.phase is Phase.PRUNE
    return prunes != prune_first, -cursor.wave if prunes else cursor.wave


def _superseded(situation: Situation, operation: Operation, why: str) -> Plan:
    end = End(OperationPhase.FAILED, f"Superseded: {why}.", situation.now, situation.jitter)
    done = ended(situation.application, operation, end)
    # Should the same inputs come back, they are tried at once.
    done = replace(done, retry_at=situation.now.isoformat())
    return Plan(Gate(), done, hints=situation.hints, look_again=situation.now)


def _end(situation: Situation, operation: Operation, phase: OperationPhase, message: str) -> Plan:
    done = ended(situation.application, operation, End(phase, message, situation.now, situation.jitter))
    hints = Hints(fights=situation.hints.fights, unsettled=situation.hints.unsettled)
    again = parse_time(done.retry_at) if done.retry_at else situation.now
    return Plan(Gate(), done, hints=hints, look_again=again)
