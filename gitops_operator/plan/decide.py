"""The next step of an Application: take a request, go on with an operation, start one, correct drift, or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import timedelta

from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.operation import ROLLBACK, Cursor, Operation, OperationPhase, Phase
from gitops_operator.model.step import Result, Step, TaskKind
from gitops_operator.plan.advance import advance
from gitops_operator.plan.approval import approved_drift, awaited
from gitops_operator.plan.confirmation import is_confirmed
from gitops_operator.plan.ending import MANUAL, End, ended, terminated
from gitops_operator.plan.fights import after_healing, after_refusal, after_refusals, next_heal_at, peace_at
from gitops_operator.plan.gate import may_act, may_sync
from gitops_operator.plan.healing import healable, heals
from gitops_operator.plan.hooks import leftovers
from gitops_operator.plan.order import in_order, in_reverse_order
from gitops_operator.plan.partial import narrowed, not_found, resources_asked, synced_before
from gitops_operator.plan.progress import at_rest, unsettled
from gitops_operator.plan.requests import asks_again, has_failed, may_prune, options_asked, options_now, wants_sync
from gitops_operator.plan.situation import Hints, Plan, Situation
from gitops_operator.plan.tasks import prune_task, write_task
from gitops_operator.plan.way import is_prune_first, stops

_VERIFY_AT_ONCE = 20
_VERIFY_PAUSE = timedelta(seconds=1)


def next_step(situation: Situation) -> Plan:
    """What this pass does; after the step was executed, what status says and when to look again."""
    application, held = situation.application, situation.held
    if held is not None and not held.is_asked_for:  # what they did for that version is done, and no apply undoes it
        situation = replace(situation, hooks=())
    operation = application.operation
    if operation is None or not operation.is_running:
        situation = replace(situation, hints=_learned(situation))
        if operation is not None and application.pending is not None and application.pending.resume:
            return _resumed(situation, operation)
        lost = not_found(situation) if may_act(situation).is_open else ""
        return _refused(situation, lost) if lost else _at_rest(narrowed(situation))
    situation = narrowed(situation)
    if application.request is not None:
        hints = at_rest(situation.hints, situation.now)
        return Plan(Gate(), _ended_by_request(situation, operation), hints=hints, look_again=situation.now)
    gate = may_act(situation)
    if not gate.is_open:
        hints = replace(situation.hints, progressed_at=situation.now)
        return Plan(gate, operation=operation, hints=hints, look_again=gate.until)
    return advance(situation, operation)


def _resumed(situation: Situation, operation: Operation) -> Plan:
    """The newest version counts again, at once."""
    request, now = situation.application.request, situation.now
    free = replace(
        operation,
        held=None,
        retry_at=now.isoformat() if operation.phase is OperationPhase.FAILED else "",
        request=request.digest if request else "",
        request_generation=situation.application.generation,
    )
    return Plan(Gate(), free, hints=situation.hints, look_again=now)


def _refused(situation: Situation, why: str) -> Plan:
    """A request that has failed before it began."""
    end = End(OperationPhase.FAILED, why, situation.now)
    previous = situation.application.operation
    failed = replace(ended(situation.application, _started(narrowed(situation)), end), retry_at="")
    failed = replace(failed, held=previous.held if previous is not None else None)
    return Plan(Gate(), failed, hints=situation.hints, look_again=situation.now)


def _ended_by_request(situation: Situation, operation: Operation) -> Operation:
    application, request = situation.application, situation.application.request
    if request is not None and request.terminate:
        return terminated(application, operation, situation.now)
    end = End(OperationPhase.FAILED, "Terminated: a newer sync was asked for.", situation.now)
    return ended(application, operation, end)


def _at_rest(situation: Situation) -> Plan:
    left = leftovers(situation) if situation.outcomes is None and may_act(situation).is_open else ()
    if left:
        return _clearing(situation, left)
    gate = may_sync(situation)
    if gate.reason is GateReason.APPROVAL_PENDING:
        plan = _awaiting(situation, gate)
    elif not gate.is_open:
        plan = _resting(situation, gate)
    elif heals(situation):
        plan = _healing(situation, gate, healable(situation))
    else:
        started = _started(situation)
        hints = replace(at_rest(situation.hints, situation.now), began=started.id)
        return Plan(gate, started, hints=hints, look_again=situation.now)
    times = (plan.look_again, peace_at(situation.hints.fights))
    return replace(plan, look_again=min((time for time in times if time is not None), default=None))


def _awaiting(situation: Situation, gate: Gate) -> Plan:
    """What was applied before as Git wants it is corrected all the same; the plan that waits is the same afterwards."""
    drift = approved_drift(situation)
    plan = _healing(situation, gate, drift) if drift else _resting(situation, gate)
    return replace(plan, awaited=awaited(situation))


def _clearing(situation: Situation, left: Iterable[Change]) -> Plan:
    """What is left of the last operation's hooks goes before anything else begins."""
    policy, now = situation.application.sync_policy, situation.now
    step = Step(in_reverse_order(prune_task(change, policy) for change in left))
    return Plan(Gate(), situation.application.operation, step, hints=situation.hints, look_again=now)


def _started(situation: Situation) -> Operation:
    application, now = situation.application, situation.now.isoformat()
    request = application.request if wants_sync(situation) else None
    previous = application.operation
    failed = previous if request is None and has_failed(situation, previous) else None
    asked = previous if asks_again(situation) else None
    options, prune = options_asked(situation), may_prune(situation)
    return Operation(
        id=situation.new_id,
        trigger=_trigger(situation, asked=bool(request or asked), again=failed is not None),
        phase=OperationPhase.RUNNING,
        revisions=(situation.revision.sha,),
        inputs=situation.inputs,
        cursor=_first_stop(situation, options_now(situation), prune=prune),
        started_at=now,
        progressed_at=now,
        attempts=failed.attempts + 1 if failed else 1,
        initiated_by=request.initiated_by if request else asked.initiated_by if asked else "",
        prune=prune,
        pinned=bool(request.revision) if request else bool(asked and asked.pinned),
        options=options,
        retry_limit=request.retry_limit if request else asked.retry_limit if asked else None,
        request=request.digest if request else previous.request if previous else "",
        request_generation=application.generation if request else previous.request_generation if previous else 0,
        resources=(wanted := resources_asked(situation)),
        synced=synced_before(previous, wanted),
        confirmed=is_confirmed(application),
        approved=application.approved if application.sync_policy.approval else "",
        held=situation.held,
    )


def _trigger(situation: Situation, *, asked: bool, again: bool) -> str:
    if situation.held is not None:
        return ROLLBACK
    return MANUAL if asked else "retry" if again else "automated"


def _first_stop(situation: Situation, options: frozenset[str], *, prune: bool) -> Cursor:
    policy = replace(situation.application.sync_policy, options=options)
    way = stops(situation, prune_first=is_prune_first(policy), prune=prune)
    return way[0] if way else Cursor(Phase.SYNC, 0)


def _healing(situation: Situation, gate: Gate, drift: Iterable[Change]) -> Plan:
    policy, now, hints = situation.application.sync_policy, situation.now, situation.hints
    again = [(change, next_heal_at(hints, change.key) or now) for change in drift]
    ready = [change for change, time in again if time <= now]
    applies = [write_task(change, policy) for change in ready if change.action is not Action.PRUNE]
    deletes = [prune_task(change, policy) for change in ready if change.action is Action.PRUNE]
    step = Step((*in_order(applies), *in_reverse_order(deletes)))
    # What moved while other drift was being corrected waits for the next pass, which comes at once.
    soonest = max(min(time for _, time in again), now)
    return Plan(gate, situation.application.operation, step, heals=True, hints=hints, look_again=soonest)


def _learned(situation: Situation) -> Hints:
    """What time, and the outcomes of this pass's step, teach outside an operation."""
    hints, outcomes, now = situation.hints, situation.outcomes or (), situation.now
    accepted = [outcome for outcome in outcomes if outcome.result is not Result.FAILED]
    healed = {o.key: situation.drift.get(o.key, ()) for o in accepted if o.task is not TaskKind.VERIFY}
    refused = after_refusals(hints.refused, outcomes, now)
    useless = hints.unsettled | unsettled(situation.changes, accepted)
    known = {change.key for change in situation.changes} if refused or useless else set()
    return replace(
        hints,
        fights=after_healing(hints.fights, healed, now),
        refused={key: refusal for key, refusal in refused.items() if key in known},
        unsettled=frozenset(item for item in useless if item[0] in known),
    )


def _resting(situation: Situation, gate: Gate) -> Plan:
    """Nothing to write: a few of the objects that rest on a guess are verified, those that fail less and less often."""
    application, hints, now = situation.application, situation.hints, situation.now
    again = [(change, after_refusal(hints, change.key) or now) for change in situation.remarkable if change.unverified]
    if not again or gate.reason in {GateReason.SUSPENDED, GateReason.INVALID_SPEC, GateReason.ACCOUNT_MISSING}:
        return Plan(gate, application.operation, hints=hints, look_again=gate.until)
    ready = [change for change, time in again if time <= now][:_VERIFY_AT_ONCE]
    tasks = tuple(write_task(change, application.sync_policy, TaskKind.VERIFY) for change in ready)
    step = Step((tasks,)) if tasks else Step()
    times = [gate.until, now + _VERIFY_PAUSE if ready else min(time for _, time in again)]
    return Plan(gate, application.operation, step, hints=hints, look_again=min(filter(None, times)))


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
        **({"account": application.service_account_name} if application.service_account_name else {}),
    }
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()
