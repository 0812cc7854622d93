"""Hooks of an operation: which to start and to wait for, what came of them, and which objects of ended runs go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.health import HealthStatus
from gitops_operator.model.hooks import (
    DEFAULT_POLICIES,
    BadHookError,
    DeletePolicy,
    Run,
    for_run,
    is_generated,
    phases_of,
    policies_of,
    run_of,
)
from gitops_operator.model.live import LiveObject
from gitops_operator.model.operation import Cursor, HookRecord, HookStatus, Operation, Phase
from gitops_operator.model.resource import Resource, ResourceKey
from gitops_operator.model.sending import stamped
from gitops_operator.plan.situation import Situation
from gitops_operator.plan.waves import Pending

_OUTCOMES = {
    None: HookStatus.SUCCEEDED,  # a kind without health has done its work by being there
    HealthStatus.HEALTHY: HookStatus.SUCCEEDED,
    HealthStatus.DEGRADED: HookStatus.FAILED,
    HealthStatus.UNKNOWN: HookStatus.FAILED,
}

_OF_SYNC = frozenset({Phase.PRE_SYNC, Phase.SYNC, Phase.POST_SYNC})


class HookRun(NamedTuple):
    """One hook in one phase of an operation: as Git has it, and as it is applied."""

    hook: Resource
    resource: Resource
    policies: frozenset[DeletePolicy]


@dataclass(frozen=True, slots=True)
class HookStop:
    """The hooks at the cursor: what to apply and what to delete now, and what is not done yet."""

    to_write: tuple[Change, ...] = ()
    pending: tuple[Pending, ...] = ()


def hook_phases(situation: Situation) -> frozenset[Phase]:
    """The phases that some hook runs in."""
    return frozenset(phase for hook in situation.hooks for phase in phases_of(hook))


def hook_stops(situation: Situation, phase: Phase) -> list[Cursor]:
    """The waves of a phase that have hooks, in order."""
    return [Cursor(phase, wave) for wave in sorted({hook.wave for hook in situation.hooks if phase in phases_of(hook)})]


def runs_at(situation: Situation, operation: Operation, cursor: Cursor) -> list[HookRun]:
    """The hooks of one (phase, wave)."""
    return [
        HookRun(hook, for_run(hook, operation, cursor.phase), policies_of(hook.body["metadata"]["annotations"]))
        for hook in situation.hooks
        if hook.wave == cursor.wave and cursor.phase in phases_of(hook)
    ]


def noted(situation: Situation, operation: Operation) -> Operation:
    """The operation with what is known of its hooks by now; status must have it before their objects are deleted."""
    records = {(record.phase, record.key): record for record in operation.hooks}
    phase = operation.cursor.phase
    for run in runs_at(situation, operation, operation.cursor):
        key = run.resource.key
        known = records.get((phase, key))
        if known is None or not known.has_ended:
            record = _record(situation, Run(operation.id, phase), key, known)
            if record is not None:
                records[phase, key] = record
    hooks = tuple(records.values())
    return operation if hooks == operation.hooks else replace(operation, hooks=hooks)


def _record(situation: Situation, run: Run, key: ResourceKey, known: HookRecord | None) -> HookRecord | None:
    live, phase = situation.objects.get(key), Phase(run.phase)
    if live is None or run_of(live.annotations) != run:
        if known is None:
            return None
        return HookRecord(phase, key, HookStatus.FAILED, "Somebody deleted it before its outcome was known.")
    status = _OUTCOMES.get(live.health.status if live.health else None, HookStatus.RUNNING)
    words = live.health.message if live.health and status is HookStatus.FAILED else ""
    return HookRecord(phase, key, status, words)


def failures(operation: Operation, phase: Phase) -> list[str]:
    """The hooks of a phase that have failed, in words."""
    return [
        f"The {record.phase} hook {record.key} failed{': ' + record.message.rstrip('.') if record.message else ''}."
        for record in operation.hooks
        if record.status is HookStatus.FAILED and record.phase is phase
    ]


def hook_stop(situation: Situation, operation: Operation) -> HookStop:
    """What the hooks at the cursor need; those whose outcome is recorded need nothing."""
    ended = {(record.phase, record.key) for record in operation.hooks if record.has_ended}
    to_write: list[Change] = []
    pending: list[Pending] = []
    for run in runs_at(situation, operation, operation.cursor):
        if (operation.cursor.phase, run.resource.key) not in ended:
            changes, waits = _needed(situation, Run(operation.id, operation.cursor.phase), run)
            to_write += changes
            pending.append(waits)
    return HookStop(tuple(to_write), tuple(pending))


def _needed(situation: Situation, run: Run, its: HookRun) -> tuple[list[Change], Pending]:
    key, live = its.resource.key, situation.objects.get(its.resource.key)
    name = f"The {run.phase} hook {key}"
    if live is not None and run_of(live.annotations) == run:
        health = live.health
        words = f" is {health.status}{': ' + health.message if health.message else ''}" if health else " runs"
        return [], Pending(key, name + words, is_written=True)
    if live is not None and live.is_going:
        return [], Pending(key, f"{name} waits for an earlier {key} to be gone")
    replaces = DeletePolicy.BEFORE_CREATION in its.policies
    if live is not None and replaces and _is_ours(live, situation):
        return [removal(live)], Pending(key, f"{name} replaces an earlier one")
    earlier = _earlier_runs(situation, its, run) if replaces and is_generated(its.hook) else ()
    start = Change(key, Action.CREATE, Why.MISSING, "", its.resource, live, stamped(its.resource))
    return [*map(removal, earlier), start], Pending(key, f"{name} is not started yet")


def _earlier_runs(situation: Situation, its: HookRun, run: Run) -> Iterator[LiveObject]:
    """What earlier operations made of a hook whose name is made anew each time."""
    for live in situation.objects.values():
        earlier = run_of(live.annotations)
        if earlier is None or earlier.operation == run.operation or earlier.phase != run.phase or live.is_going:
            continue
        prefix, end = its.hook.key.name, f"-{run.phase.lower()}-{earlier.operation}"
        is_same = live.key.name.startswith(prefix) and live.key.name.endswith(end)
        if is_same and live.key[:3] == its.resource.key[:3] and _is_ours(live, situation):
            yield live


def leftovers(situation: Situation) -> list[Change]:
    """The hook objects of the last operation, which has ended, that nobody needs any more.

    What still runs is deleted with the operation that waited for it; what has ended goes by its delete policy.
    """
    operation = situation.application.operation
    if operation is None or operation.is_running or not (situation.hooks or operation.hooks):
        return []
    return [removal(live) for live in _of_run(situation, operation) if is_left_over(live, operation)]


def _of_run(situation: Situation, operation: Operation) -> Iterator[LiveObject]:
    for live in situation.objects.values():
        run = run_of(live.annotations)
        if run is not None and run.operation == operation.id and not live.is_going and _is_ours(live, situation):
            yield live


def is_left_over(live: LiveObject, operation: Operation) -> bool:
    """Whether nobody needs a hook's object once the operation has ended."""
    run = run_of(live.annotations)
    records = [one for one in operation.hooks if run and (one.phase, one.key) == (run.phase, live.key)]
    if not records or not records[0].has_ended:
        return True
    policy = DeletePolicy.SUCCEEDED if records[0].status is HookStatus.SUCCEEDED else DeletePolicy.FAILED
    return policy in _policies(live)


def _policies(live: LiveObject) -> frozenset[DeletePolicy]:
    try:
        return policies_of(live.annotations)
    except BadHookError:  # somebody wrote it there by hand
        return DEFAULT_POLICIES


def _is_ours(live: LiveObject, situation: Situation) -> bool:
    return live.tracking is not None and live.tracking.application == situation.application.key


def removal(live: LiveObject) -> Change:
    """The change that deletes a hook's object."""
    return Change(live.key, Action.PRUNE, Why.NOT_DESIRED, live=live)


def claimed(situation: Situation) -> list[str]:
    """The hooks whose names others' objects have, in words."""
    return [
        f"{hook} is a hook, and an object of that name belongs to {owner}: rename the hook, or delete the object."
        for hook in situation.hooks
        if (owner := _other_owner(situation.objects.get(hook.key), situation))
    ]


def _other_owner(live: LiveObject | None, situation: Situation) -> str:
    if live is None or _is_ours(live, situation):
        return ""
    if live.tracking is not None:
        return f"Application {live.tracking.application}"
    return f"{live.foreign_owner.tool} ({live.foreign_owner.name})" if live.foreign_owner else ""


def is_hook_key(situation: Situation, key: ResourceKey) -> bool:
    """Whether an object of this key is a hook's, of this run or an earlier one."""
    return any(
        hook.key[:3] == key[:3]
        and (hook.key.name == key.name or (is_generated(hook) and key.name.startswith(hook.key.name)))
        for hook in situation.hooks
    )


def unproven_hooks(situation: Situation, operation: Operation) -> list[Change]:
    """The hooks of a sync that a dry run has yet to prove: those that were not started and stand in nobody's place."""
    started = {record.key for record in operation.hooks} | situation.hints.validated
    resources = [
        for_run(hook, operation, min(phases_of(hook) & _OF_SYNC))
        for hook in situation.hooks
        if phases_of(hook) & _OF_SYNC
    ]
    return [
        Change(resource.key, Action.CREATE, Why.MISSING, "", resource, None, stamped(resource))
        for resource in resources
        if resource.key not in started and resource.key not in situation.objects
    ]
