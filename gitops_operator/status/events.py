"""What a person wants to read in `kubectl describe`: the Events of one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from gitops_operator.model.change import Change, Difference, Why
from gitops_operator.model.gate import GateReason
from gitops_operator.model.operation import DELETION, Operation, OperationPhase
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.step import Outcome, Result, TaskKind
from gitops_operator.status.bounds import shortened
from gitops_operator.status.conditions import is_said
from gitops_operator.status.observation import Observation

_LONGEST = 1000
_NAMED = 10
_SHOWN = 3
NO_DRIFT: Mapping[ResourceKey, Sequence[Difference]] = MappingProxyType({})
_QUIET = frozenset(
    {
        GateReason.DEPENDENCY_NOT_READY,
        GateReason.OPEN,
        GateReason.NOTHING_TO_DO,
        GateReason.ROLLED_BACK,
        GateReason.WAITING,
        GateReason.NOT_AUTOMATED,
    }
)


class Event(NamedTuple):
    """A Kubernetes Event on the Application; `type` is Normal or Warning."""

    type: str
    reason: str
    message: str


def events_of(
    seen: Observation,
    outcomes: Sequence[Outcome] = (),
    *,
    before: Sequence[Change] = (),
    drift: Mapping[ResourceKey, Sequence[Difference]] = NO_DRIFT,
) -> tuple[Event, ...]:
    """The Events of a pass.

    `before` are the changes that its step was made from, `drift` what of the corrected objects had moved.
    """
    found = [
        *_in_few(
            _prune_events(outcomes, "the Application is being deleted" if seen.deleting else "Git no longer has it")
        ),
        *_in_few(_adoption_events(outcomes, {change.key: change for change in before})),
        *_in_few(_drift_events(outcomes, drift)),
        *_operation_events(seen.application.operation, seen.operation),
        *_gate_events(seen),
    ]
    return tuple(Event(kind, reason, shortened(message, _LONGEST)) for kind, reason, message in found)


def _in_few(events: Iterable[Event]) -> Iterable[Event]:
    """An Event for each object, or one for all of them: a thousand would only push each other out."""
    everything = list(events)
    if len(everything) <= _NAMED:
        return everything
    words = " ".join(event.message for event in everything[:_SHOWN])
    return [everything[0]._replace(message=f"{words} And {len(everything) - _SHOWN} more objects.")]


def _operation_events(before: Operation | None, after: Operation | None) -> Iterable[Event]:
    if after is None or (before is not None and (before.id, before.phase) == (after.id, after.phase)):
        return
    revision = ", ".join(revision[:7] for revision in after.revisions)
    if after.trigger == DELETION:
        if after.phase is OperationPhase.FAILED:
            yield Event("Warning", "DeleteHookFailed", after.message)
        return
    name = "Partial sync" if after.resources else "Sync"
    if after.is_running:
        yield Event("Normal", "SyncStarted", f"{name} {after.id} to {revision} started ({after.trigger}).")
        return
    counts = after.counts
    done = f"{counts.created} created, {counts.updated} updated, {counts.pruned} pruned"
    if after.phase is OperationPhase.SUCCEEDED:
        yield Event("Normal", "SyncSucceeded", f"{name} {after.id} to {revision} succeeded: {done}.")
    elif after.is_superseded:
        yield Event("Normal", "SyncSuperseded", f"{name} {after.id} to {revision} ended ({done}): {after.message}")
    else:
        back = f"\nIt is taken back to {after.held.revision[:7]}." if after.held and after.is_undone else ""
        yield Event("Warning", "SyncFailed", f"{name} {after.id} to {revision} failed ({done}): {after.message}{back}")


def _prune_events(outcomes: Iterable[Outcome], why: str) -> Iterable[Event]:
    for outcome in outcomes:
        if outcome.task is TaskKind.PRUNE and outcome.result is Result.PRUNED:
            yield Event("Normal", "Pruned", f"Deleted {outcome.key}: {why}.")


def _adoption_events(outcomes: Iterable[Outcome], before: dict[ResourceKey, Change]) -> Iterable[Event]:
    for outcome in outcomes:
        change = before.get(outcome.key)
        if change is not None and outcome.result is not Result.FAILED and outcome.task is not TaskKind.VALIDATE:
            if change.why is Why.ADOPTED:
                yield Event("Normal", "Adopted", f"Adopted {change.desired}, which nobody tracked.")
            elif change.why is Why.HANDED_OVER:
                yield Event("Normal", "HandedOver", f"Took over {change.desired}: {change.message}")


def _drift_events(outcomes: Iterable[Outcome], drift: Mapping[ResourceKey, Sequence[Difference]]) -> Iterable[Event]:
    for outcome in outcomes:
        if outcome.key in drift and outcome.result not in {Result.FAILED, Result.VERIFIED, Result.DIFFERS}:
            yield _drift_event(outcome.key, drift[outcome.key])


def _drift_event(key: ResourceKey, differences: Sequence[Difference]) -> Event:
    if not differences:
        return Event("Normal", "DriftCorrected", f"{key} was missing or had moved; it is as Git wants it again.")
    managers = sorted({difference.manager for difference in differences if difference.manager})
    paths = ", ".join(difference.path for difference in differences[:5])
    by = f" by {', '.join(managers)}" if managers else ""
    return Event("Normal", "DriftCorrected", f"{key} was changed{by} at {paths}; it is as Git wants it again.")


def deletion_events(left: Sequence[ResourceKey]) -> tuple[Event, ...]:
    """The last Event of an Application that goes, where objects of it stay."""
    if not left:
        return ()
    names = ", ".join(str(key) for key in left[:_NAMED])
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    message = f"The Application is gone; these objects stay, no longer tracked by it: {names}{more}."
    return (Event("Normal", "LeftBehind", message),)


def _gate_events(seen: Observation) -> Iterable[Event]:
    """A closed gate is told once: when no stored condition says it yet."""
    reason, message = str(seen.gate.reason), seen.gate.message
    if seen.gate.reason in _QUIET or not message or _is_told_by_the_sync(seen):
        return
    if not any(is_said(stored, reason, message) for stored in seen.application.status.get("conditions") or ()):
        yield Event("Warning", reason, message)


def _is_told_by_the_sync(seen: Observation) -> bool:
    """Whether the Event of the failed sync has said why nothing is done now."""
    failed = seen.operation is not None and seen.operation.phase is OperationPhase.FAILED
    return failed and seen.gate.reason is GateReason.RETRY_LATER
