"""What a user asked for, what was tried already, and what there is to do: the facts that gates decide from."""

from __future__ import annotations

from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change
from gitops_operator.model.operation import HookStatus, Operation, OperationPhase
from gitops_operator.plan.ending import is_asked_again
from gitops_operator.plan.hold import returns
from gitops_operator.plan.situation import Situation


def wants_sync(situation: Situation) -> bool:
    """Whether a user asks for a sync that was not yet taken."""
    request = situation.application.pending
    return request is not None and request.asks_to_sync


def is_answered(application: Application) -> bool:
    """Whether the user's request may be removed: status has recorded it, or it asks to end what there is not."""
    request, operation = application.request, application.operation
    if request is None:
        return False
    if request.resume and (operation is None or operation.held is None):
        return True
    return application.pending is None or (request.terminate and (operation is None or not operation.is_running))


def asks_again(situation: Situation) -> bool:
    """Whether the sync that a user asked for has failed and is tried again, with all that was asked for."""
    operation = situation.application.operation
    failed = not wants_sync(situation) and has_failed(situation, operation)
    return failed and is_asked_again(situation.application, operation)


def options_now(situation: Situation) -> frozenset[str]:
    """The sync options for all objects, those of the user's request among them."""
    return situation.application.sync_policy.options | options_asked(situation)


def options_asked(situation: Situation) -> frozenset[str]:
    """The sync options that come with the user's request."""
    application = situation.application
    if application.request is not None and wants_sync(situation):
        return application.request.options
    return application.operation.options if application.operation and asks_again(situation) else frozenset()


def asked_to_prune(situation: Situation) -> bool:
    application = situation.application
    if application.request is not None and wants_sync(situation):
        return application.request.prune
    its = application.operation is not None and application.operation.prune and asks_again(situation)
    return its or returns(situation)


def may_prune(situation: Situation) -> bool:
    """Whether a sync that starts now may prune."""
    if wants_sync(situation) and situation.held is not None:
        return asked_to_prune(situation) or _prunes_by_itself(situation)
    if wants_sync(situation) or asks_again(situation) or returns(situation):
        return asked_to_prune(situation)
    return _prunes_by_itself(situation)


def _prunes_by_itself(situation: Situation) -> bool:
    automated = situation.application.sync_policy.automated
    return automated is not None and automated.enabled and automated.prune


def prunes(situation: Situation) -> list[Change]:
    """The objects that Git no longer has."""
    return [change for change in situation.remarkable if change.action is Action.PRUNE]


def to_do(situation: Situation) -> list[Change]:
    """The objects that are not as Git wants them and can be mended."""
    return [change for change in situation.remarkable if change.action is not Action.NONE]


def has_failed(situation: Situation, operation: Operation | None) -> bool:
    """Whether the last operation tried these inputs and failed."""
    return (
        operation is not None
        and operation.phase is OperationPhase.FAILED
        and operation.inputs == situation.inputs
        and (bool(to_do(situation)) or _owes_hooks(operation))
    )


def _owes_hooks(operation: Operation) -> bool:
    """Whether a hook failed, or did not come to an end: all else may be as Git wants it."""
    return any(record.status is not HookStatus.SUCCEEDED for record in operation.hooks)


def has_synced(situation: Situation) -> bool:
    """Whether these inputs were synced, with their prunes where those are due: what differs now is drift."""
    operation = situation.application.operation
    if operation is None or operation.synced_inputs != situation.inputs:
        return False
    return operation.prune or not _prunes_by_itself(situation) or not prunes(situation)
