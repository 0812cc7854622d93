"""The next step of an Application: take a request, go on with an operation, start one, correct drift, or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change, Difference
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.operation import Cursor, Operation, OperationPhase, Phase
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.step import Outcome, Result, Step, TaskKind
from gitops_operator.plan.advance import advance
from gitops_operator.plan.ending import End, ended, terminated
from gitops_operator.plan.fights import after_healing, next_heal_at
from gitops_operator.plan.gate import (
    has_failed,
    has_synced,
    healable,
    may_act,
    may_prune,
    may_sync,
    wants_sync,
)
from gitops_operator.plan.order import in_order, in_reverse_order
from gitops_operator.plan.situation import Hints, Plan, Situation
from gitops_operator.plan.tasks import prune_task, write_task
from gitops_operator.plan.waves import stops

_VERIFY_AT_ONCE = 20
_VERIFY_PAUSE = timedelta(seconds=1)


def next_step(situation: Situation) -> Plan:
    """What this pass does; after the step was executed, what status says and when to look again."""
    application = situation.application
    operation = application.operation
    if operation is None or not operation.is_running:
        return _at_rest(replace(situation, hints=_learned(situation)))
    if application.request is not None:
        return Plan(Gate(), operation=_ended_by_request(situation, operation), look_again=situation.now)
    gate = may_act(situation)
    if not gate.is_open:
        hints = replace(situation.hints, progressed_at=situation.now)
        return Plan(gate, operation=operation, hints=hints, look_again=gate.until)
    return advance(situation, operation)


def _ended_by_request(situation: Situation, operation: Operation) -> Operation:
    application, request = situation.application, situation.application.request
    if request is not None and request.terminate:
        return terminated(application, operation, situation.now)
    end = End(OperationPhase.FAILED, "Terminated: a newer sync was asked for.", situation.now)
    return ended(application, operation, end)


def _at_rest(situation: Situation) -> Plan:
    gate = may_sync(situation)
    if not gate.is_open:
        return _resting(situation, gate)
    if wants_sync(situation) or not has_synced(situation):
        return Plan(gate, operation=_started(situation), hints=_fresh(situation.hints), look_again=situation.now)
    return _healing(situation, gate)


def _started(situation: Situation) -> Operation:
    application, now = situation.application, situation.now.isoformat()
    request = application.request if wants_sync(situation) else None
    previous = application.operation
    retries = previous is not None and request is None and has_failed(situation, previous)
    options = request.options if request else frozenset[str]()
    prune = may_prune(situation)
    return Operation(
        id=situation.new_id,
        trigger="manual" if request else "retry" if retries else "automated",
        phase=OperationPhase.RUNNING,
        revisions=(situation.revision.sha,),
        inputs=situation.inputs,
        cursor=_first_stop(situation, options | application.sync_policy.options, prune=prune),
        started_at=now,
        progressed_at=now,
        attempts=previous.attempts + 1 if previous is not None and retries else 1,
        initiated_by=request.initiated_by if request else "",
        prune=prune,
        pinned=bool(request and request.revision),
        options=options,
        retry_limit=request.retry_limit if request else None,
        request=request.digest if request else previous.request if previous else "",
        request_generation=application.generation if request else previous.request_generation if previous else 0,
    )


def _first_stop(situation: Situation, options: frozenset[str], *, prune: bool) -> Cursor:
    way = stops(situation.changes, prune_first="PruneFirst=true" in options, prune=prune)
    return way[0] if way else Cursor(Phase.SYNC, 0)


def _fresh(hints: Hints) -> Hints:
    return Hints(fights=hints.fights, unsettled=hints.unsettled)


def _healing(situation: Situation, gate: Gate) -> Plan:
    policy, now, hints = situation.application.sync_policy, situation.now, situation.hints
    ready = [change for change in healable(situation) if _may_heal(hints, change, now)]
    applies = [write_task(change, policy) for change in ready if change.action is not Action.PRUNE]
    deletes = [prune_task(change, policy) for change in ready if change.action is Action.PRUNE]
    step = Step((*in_order(applies), *in_reverse_order(deletes)))
    return Plan(gate, situation.application.operation, step, heals=True, hints=hints, look_again=_next_heal(situation))


def _may_heal(hints: Hints, change: Change, now: datetime) -> bool:
    at = next_heal_at(hints.fights, change.key)
    return at is None or at <= now


def _next_heal(situation: Situation) -> datetime | None:
    times = [next_heal_at(situation.hints.fights, change.key) for change in healable(situation)]
    later = [time for time in times if time is not None and time > situation.now]
    return min(later) if later else None


def _learned(situation: Situation) -> Hints:
    """What the outcomes of this pass's step teach outside an operation."""
    hints = situation.hints
    if not situation.outcomes:
        return hints
    written = [outcome for outcome in situation.outcomes if outcome.task is not TaskKind.VERIFY]
    return replace(
        hints,
        fights=after_healing(hints.fights, _healed(situation, written), situation.now),
        unsettled=hints.unsettled | _unsettled(situation, written),
    )


def _healed(situation: Situation, written: list[Outcome]) -> dict[ResourceKey, Sequence[Difference]]:
    return {outcome.key: situation.drift.get(outcome.key, ()) for outcome in written}


def _unsettled(situation: Situation, outcomes: list[Outcome]) -> frozenset[tuple[ResourceKey, str, str]]:
    keys = {outcome.key for outcome in outcomes if outcome.unsettled and outcome.result is not Result.FAILED}
    return frozenset(
        (change.key, change.desired.digest, change.live.ownership)
        for change in situation.changes
        if change.key in keys and change.desired is not None and change.live is not None
    )


def _resting(situation: Situation, gate: Gate) -> Plan:
    operation, hints = situation.application.operation, situation.hints
    unverified = [change for change in situation.changes if change.unverified][:_VERIFY_AT_ONCE]
    if not unverified or gate.reason in {GateReason.SUSPENDED, GateReason.INVALID_SPEC}:
        return Plan(gate, operation, hints=hints, look_again=gate.until)
    policy = situation.application.sync_policy
    step = Step((tuple(write_task(change, policy, TaskKind.VERIFY) for change in unverified),))
    return Plan(gate, operation, step, hints=hints, look_again=situation.now + _VERIFY_PAUSE)


def inputs_digest(application: Application, rendered: str) -> str:
    """What decides the result of a sync: what was rendered (its trees and parameters), destination, options, rules."""
    policy = application.sync_policy
    parts = {
        "rendered": rendered,
        "namespace": application.namespace,
        "options": sorted(policy.options),
        "prune": bool(policy.automated and policy.automated.enabled and policy.automated.prune),
        "metadata": asdict(policy.namespace_metadata) if policy.namespace_metadata else None,
        "ignore": [asdict(rule) for rule in application.ignore_differences],
    }
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()
