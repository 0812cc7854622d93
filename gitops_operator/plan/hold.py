"""Going back to a version of the history, and staying there: after a failed atomic sync, or because somebody asks."""

from __future__ import annotations

from datetime import datetime

from gitops_operator.errors import SpecError
from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.hold import Held, held_at
from gitops_operator.model.operation import DELETION, ROLLBACK, Operation, OperationPhase
from gitops_operator.model.parsing import parse_time
from gitops_operator.model.resource import GroupKind
from gitops_operator.plan.situation import Situation

_NEVER_UNDONE = frozenset({GroupKind("", "PersistentVolumeClaim"), GroupKind("", "Namespace")})


def may_be_held(application: Application) -> Held | None:
    """What the Application is kept at, as long as there are no newer inputs.

    Raises:
        SpecError: a rollback is asked for to what the history does not have.
    """
    operation, request = application.operation, application.pending
    if operation is not None and operation.is_running:
        return operation.held
    if request is None or request.terminate:
        return operation.held if operation is not None else None
    return None if request.rollback is None else _asked(application, request.rollback, request.initiated_by)


def _asked(application: Application, number: int, by: str) -> Held:
    history = application.status.get("history") or ()
    found = next((entry for entry in history if entry["id"] == number), None)
    if found is None:
        numbers = ", ".join(str(entry["id"]) for entry in history) or "none"
        raise SpecError(f"The history has no entry {number}; it has: {numbers}.", reason="NoSuchEntry")
    return held_at(found, by=by)


def is_in_force(held: Held, application: Application, newest_inputs: str) -> bool:
    """Whether it counts now: a sync back goes on to its end, then newer inputs end what a failure began."""
    operation = application.operation
    is_running = operation is not None and operation.is_running
    return is_running or held.is_asked_for or held.inputs == newest_inputs


def goes_back(situation: Situation, operation: Operation, message: str) -> Held | None:
    """What the Application goes back to, now that a sync has failed; None: it stays as the sync left it.

    There must be something to go back to; a sync of some objects only, and one back, are not undone.
    """
    application = situation.application
    history = application.status.get("history") or ()
    if not application.sync_policy.atomic or not history or operation.held is not None or operation.resources:
        return None
    held = held_at(history[-1], inputs=situation.newest_inputs, refused=operation.revisions[0], message=message)
    is_same = (held.revision, held.source) == (operation.revisions[0], application.source_body)
    return None if is_same or operation.trigger == DELETION else held


def returns(situation: Situation) -> bool:
    """Whether a failed atomic sync is yet to be undone: that waits for nobody's word."""
    held, operation = situation.held, situation.application.operation
    if held is None or held.is_asked_for or operation is None or operation.is_running:
        return False
    is_back = operation.trigger == ROLLBACK and operation.phase is OperationPhase.SUCCEEDED
    return not (is_back and operation.inputs == situation.inputs)


def undoes(operation: Operation) -> bool:
    """Whether an operation takes a failed one back."""
    return operation.held is not None and not operation.held.is_asked_for


def is_outdated(situation: Situation, operation: Operation) -> bool:
    """Whether there is something newer than what a running operation is about."""
    if operation.held is None:
        return situation.newest_inputs != operation.inputs
    return not operation.held.is_asked_for and situation.newest_inputs != operation.held.inputs


def kept(situation: Situation) -> Gate:
    """What is said where live equals what the Application is kept at."""
    held = situation.held
    if held is None:
        return Gate(GateReason.NOTHING_TO_DO)
    key = situation.application.key
    resume = f"kubectl gitops resume {key.name} -n {key.namespace}"
    version = f"{held.revision[:7]} (entry {held.entry} of its history)"
    if held.is_asked_for:
        by = f" by {held.by}" if held.by else ""
        return Gate(
            GateReason.ROLLED_BACK,
            f"Rolled back to {version}{by}. What is newer in Git waits until somebody resumes: {resume}",
        )
    return Gate(
        GateReason.HELD,
        f"The sync to {held.refused[:7]} failed, and the Application is kept at {version} until there is a newer "
        f"commit or spec. To try again now: {resume}\n{held.message}",
    )


def with_spared(changes: tuple[Change, ...], held: Held | None) -> tuple[Change, ...]:
    """The changes, less the prunes that going back must not do: of data, and of what the failed sync did not bring."""
    if held is None or not any(change.action is Action.PRUNE for change in changes):
        return changes
    return tuple(_spared(change, held) if change.action is Action.PRUNE else change for change in changes)


def _spared(change: Change, held: Held) -> Change:
    if change.key.group_kind in _NEVER_UNDONE:
        words = "going back to an earlier version deletes no claims and no namespaces"
    elif held.is_asked_for or _came_later(change, held):
        return change
    else:
        words = "it was there before the sync that failed"
    return change._replace(action=Action.NONE, why=Why.KEPT, message=f"{change.key} stays: {words}.")


def _came_later(change: Change, held: Held) -> bool:
    """Whether the object was made after the sync that the Application goes back to. Kubernetes keeps whole seconds."""
    body = change.live.body.load() if change.live is not None and change.live.body is not None else {}
    made = (body.get("metadata") or {}).get("creationTimestamp", "")
    return bool(made and held.since) and _time(made) >= _time(held.since)


def _time(text: str) -> datetime:
    return parse_time(text).replace(microsecond=0)
