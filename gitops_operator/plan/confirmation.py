"""What goes only when a user confirms it: Prune=confirm and Delete=confirm."""

from __future__ import annotations

from datetime import datetime

from gitops_operator.model.application import DELETION_APPROVED, Application
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.operation import Operation, OperationPhase
from gitops_operator.model.parsing import parse_time

_NOW = "$(date -u +%Y-%m-%dT%H:%M:%SZ)"


def with_confirmations(changes: tuple[Change, ...], application: Application) -> tuple[Change, ...]:
    """What waits for a confirmation is pruned like anything else once it has it."""
    if not any(change.why is Why.UNCONFIRMED for change in changes) or not is_confirmed(application):
        return changes
    return tuple(_confirmed(change) if change.why is Why.UNCONFIRMED else change for change in changes)


def _confirmed(change: Change) -> Change:
    return change._replace(action=Action.PRUNE, why=Why.CONFIRMED, message=f"{change.key} may go: that was confirmed.")


def is_confirmed(application: Application) -> bool:
    """Whether the sync that runs, or is to start, may prune what asks for a confirmation.

    One confirmation is for one sync, and for its retries: it counts if it is younger than the start of the last one.
    """
    operation = application.operation
    if operation is None:
        return False
    is_tried_again = operation.phase is OperationPhase.FAILED and bool(operation.retry_at)
    if operation.is_running or (is_tried_again and operation.confirmed):
        return operation.confirmed
    return is_approved(application, _second(operation))


def _second(operation: Operation) -> datetime:
    """Annotations name whole seconds."""
    return parse_time(operation.started_at).replace(microsecond=0)


def is_approved(application: Application, since: datetime) -> bool:
    """Whether a user has confirmed that objects go, not before a moment."""
    return any(time >= since for time in map(_time, _approvals(application)) if time is not None)


def _approvals(application: Application) -> list[str]:
    return [application.annotations[name] for name in DELETION_APPROVED if name in application.annotations]


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None


def how_to_confirm(application: Application) -> str:
    """The command that confirms, and what is wrong with the confirmation that is there."""
    name = DELETION_APPROVED[0]
    unreadable = [text for text in _approvals(application) if _time(text) is None]
    wrong = f" (the annotation says {unreadable[0]!r}, which is no time)" if unreadable else ""
    return f"To confirm{wrong}: {annotate(application, f'{name}={_NOW} --overwrite')}"


def annotate(application: Application, words: str) -> str:
    """The command that puts an annotation on the Application."""
    key = application.key
    return f"kubectl annotate applications.gitops-operator.io -n {key.namespace} {key.name} {words}"
