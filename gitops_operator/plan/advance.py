"""A running operation: do what its cursor's wave needs, wait, move the cursor on, end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gitops_operator.model.change import Action
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.operation import SUPERSEDED, Counts, Cursor, Operation, OperationPhase, Phase
from gitops_operator.model.parsing import parse_time
from gitops_operator.model.step import BEFORE_WRITES, Result, Step, Task
from gitops_operator.plan.ending import End, ended
from gitops_operator.plan.fights import next_heal_at
from gitops_operator.plan.hold import goes_back, is_outdated, undoes
from gitops_operator.plan.hooks import (
    failures,
    hook_phases,
    hook_stop,
    hook_stops,
    is_hook_key,
    noted,
)
from gitops_operator.plan.order import in_order, in_reverse_order
from gitops_operator.plan.preflight import policy_of, prunes_first, reviewed, unproven, unserved, validation
from gitops_operator.plan.progress import (
    DEGRADED_FOR,
    at_rest,
    errors_in,
    given_up,
    in_words,
    is_held,
    learned,
    next_step_begins,
    progressed,
    times_out,
)
from gitops_operator.plan.situation import Hints, Plan, Situation
from gitops_operator.plan.tasks import prune_task, write_task
from gitops_operator.plan.waves import Pending, Wave, first_of, foundation, prune_stop, sync_wave
from gitops_operator.plan.way import place_of, stops

_AFTER_SYNC = frozenset({Phase.PRUNE, Phase.POST_SYNC})
_PAUSE = timedelta(seconds=1)
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
    operation = replace(operation, counts=_counted(situation, operation.counts))
    errors = errors_in(situation)
    situation = replace(situation, hints=learned(situation))
    if any(not error.transient for error in errors):
        return _fails(situation, operation, in_words(errors))
    heard = noted(situation, operation)
    if heard is not operation:
        return Plan(Gate(), heard, hints=situation.hints, look_again=situation.now)
    doubtful = unproven(situation, operation)
    if doubtful:
        wave = Wave(pending=tuple(Pending(change.key, f"{change.key} is not validated yet") for change in doubtful))
        return _working(situation, operation, wave, validation(doubtful, policy_of(situation, operation)))
    return _go_on(situation, operation)


def _go_on(situation: Situation, operation: Operation) -> Plan:
    """The objects and the hooks of the cursor's wave, then the next one; a hook that failed ends it."""
    way = stops(situation, prune_first=prunes_first(situation, operation), prune=operation.prune)
    wave, hooks = _wave_at(situation, operation, way), hook_stop(situation, operation)
    failed = failures(operation, operation.cursor.phase)
    if failed:  # those that run are not cut off
        wave = Wave(pending=tuple(item for item in hooks.pending if item.is_written))
        if not wave.pending:
            return _fails(situation, operation, "\n".join(failed))
    elif operation.cursor.phase is not Phase.PRE_SYNC or not wave.pending:
        wave = replace(wave, to_write=(*wave.to_write, *hooks.to_write), pending=(*wave.pending, *hooks.pending))
    if wave.to_write or wave.pending:
        return _working(situation, operation, wave, _step(situation, operation, wave))
    return _moved_on(situation, operation, way)


def _counted(situation: Situation, counts: Counts) -> Counts:
    """What the operation did to how many objects; its hooks do not count."""
    added = dict.fromkeys(Counts._fields, 0)
    for outcome in situation.outcomes or ():
        is_write = outcome.task not in BEFORE_WRITES and outcome.result in _COUNTED
        if is_write and not is_hook_key(situation, outcome.key):
            added[_COUNTED[outcome.result]] += 1
    return Counts(*(had + more for had, more in zip(counts, added.values(), strict=True)))


def _wave_at(situation: Situation, operation: Operation, way: Sequence[Cursor]) -> Wave:
    cursor, policy = operation.cursor, policy_of(situation, operation)
    sync = [stop.wave for stop in way if stop.phase is Phase.SYNC]
    is_last = bool(sync) and cursor.wave >= sync[-1]
    has_more = Phase.POST_SYNC in hook_phases(situation)
    if cursor.phase is Phase.PRE_SYNC:
        return foundation(situation)
    if cursor.phase is Phase.SYNC:
        # What undoes a failure does not wait: what is to be pruned may be just what keeps the rest from being healthy.
        waits = policy.wait or policy.atomic or has_more or not is_last
        return sync_wave(situation, cursor.wave, wait=waits and not undoes(operation))
    if (
        sync
        and cursor.phase in _AFTER_SYNC
        and not (cursor.phase is Phase.PRUNE and prunes_first(situation, operation))
    ):
        applied = sync_wave(situation, sync[-1], wait=False)
        if applied.to_write or applied.pending:
            return applied
    return prune_stop(situation.changes, cursor.wave) if cursor.phase is Phase.PRUNE else Wave()


def _step(situation: Situation, operation: Operation, wave: Wave) -> Step:
    policy, nowhere = policy_of(situation, operation), unserved(situation)
    applies: list[Task] = []
    deletes: list[Task] = []
    for change in wave.to_write:
        if change.action is Action.PRUNE:
            deletes.append(prune_task(change, policy))
        elif change.key.group_kind not in nowhere:
            applies.append(write_task(change, policy))
    return Step((*in_order(applies), *in_reverse_order(deletes)))


def _working(situation: Situation, operation: Operation, wave: Wave, step: Step) -> Plan:
    """The step, unless nothing comes of it any more."""
    hints, held = progressed(situation, wave), is_held(situation)
    if (held or not wave.to_write) and _is_outdated(situation, operation):
        return _superseded(situation, operation, "there is a newer commit")
    words = hints.trouble if held else f"{first_of([item.words for item in wave.pending])}."
    if times_out(situation, hints) <= situation.now:
        timeout = situation.application.sync_policy.timeout
        return _fails(situation, operation, f"No progress for {timeout:g} s: {words}")
    lost = given_up(situation, hints, wave)
    if lost:
        return _fails(situation, operation, f"{first_of(lost)}.")
    step = Step() if held else reviewed(situation, operation, step)
    gate = Gate(GateReason.WAITING, f"Waiting: {words}")
    return Plan(
        gate, operation, step, hints=hints, look_again=_look_again(situation, hints, step), waits_for=words.rstrip(".")
    )


def _is_outdated(situation: Situation, operation: Operation) -> bool:
    """Whether a newer commit waits for this operation to end; where nothing is automated it would wait in vain."""
    newer = is_outdated(situation, operation)
    return newer and not operation.pinned and situation.application.is_automated


def _look_again(situation: Situation, hints: Hints, step: Step) -> datetime:
    fights = [next_heal_at(hints, change.key) for change in situation.remarkable if change.action is not Action.NONE]
    times = [
        times_out(situation, hints),
        *(since + DEGRADED_FOR for since in hints.degraded.values()),
        *([hints.not_before] if hints.not_before is not None and is_held(situation) else []),
        *([_soon(situation, step)] if step.groups else []),
        *(time for time in fights if time is not None and time > situation.now),
    ]
    return min(times)


def _soon(situation: Situation, step: Step) -> datetime:
    """At once, unless it would only write again what was written in this very pass: the cache has yet to see that."""
    written = {outcome.key for outcome in situation.outcomes or ()}
    return situation.now + (_PAUSE if all(task.key in written for task in step.tasks) else timedelta())


def _moved_on(situation: Situation, operation: Operation, way: Sequence[Cursor]) -> Plan:
    if operation.cursor.phase is Phase.SYNC_FAIL:
        waves = [stop for stop in hook_stops(situation, Phase.SYNC_FAIL) if stop.wave > operation.cursor.wave]
        if waves:
            return _moved(situation, operation, waves[0])
        return _end(situation, operation, OperationPhase.FAILED, operation.message)
    prune_first = prunes_first(situation, operation)
    here = place_of(operation.cursor, prune_first=prune_first)
    following = [stop for stop in way if place_of(stop, prune_first=prune_first) > here]
    if not following:
        return _end(situation, operation, OperationPhase.SUCCEEDED, "")
    if _is_outdated(situation, operation):
        return _superseded(situation, operation, "there is a newer commit")
    return _moved(situation, operation, following[0])


def _moved(situation: Situation, operation: Operation, cursor: Cursor) -> Plan:
    moved = replace(operation, cursor=cursor, progressed_at=situation.now.isoformat())
    hints = next_step_begins(situation.hints, situation.now)
    return Plan(Gate(), moved, hints=hints, look_again=situation.now)


def _fails(situation: Situation, operation: Operation, message: str) -> Plan:
    """The end, after the hooks for it; where nothing was written there is nothing to clean up after."""
    if operation.cursor.phase is Phase.SYNC_FAIL:
        return _end(situation, operation, OperationPhase.FAILED, f"{operation.message}\n{message}")
    waves = hook_stops(situation, Phase.SYNC_FAIL)
    if not waves or not _may_have_written(situation, operation):
        return _end(situation, operation, OperationPhase.FAILED, message)
    return _moved(situation, replace(operation, message=message), waves[0])


def _may_have_written(situation: Situation, operation: Operation) -> bool:
    """Whether anything was, or may have been before a restart."""
    counts = operation.counts._replace(failed=0)
    return any(counts) or bool(operation.hooks) or situation.hints.began != operation.id


def _superseded(situation: Situation, operation: Operation, why: str) -> Plan:
    end = End(OperationPhase.FAILED, f"{SUPERSEDED}{why}.", situation.now, situation.jitter)
    done = ended(situation.application, operation, end)
    # Should the same inputs come back, they are tried at once.
    done = replace(done, retry_at=situation.now.isoformat())
    return Plan(Gate(), done, hints=at_rest(situation.hints, situation.now), look_again=situation.now)


def _end(situation: Situation, operation: Operation, phase: OperationPhase, message: str) -> Plan:
    done = ended(situation.application, operation, End(phase, message, situation.now, situation.jitter))
    back = goes_back(situation, operation, message) if phase is OperationPhase.FAILED else None
    done = done if back is None else replace(done, held=back, retry_at="")
    again = parse_time(done.retry_at) if done.retry_at and not done.hooks else situation.now
    return Plan(Gate(), done, hints=at_rest(situation.hints, situation.now), look_again=again)
