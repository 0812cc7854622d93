"""Jobs that remove themselves: one with ttlSecondsAfterFinished that is gone after its sync is done, not missing."""

from __future__ import annotations

from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change, Why, remarkable
from gitops_operator.model.resource import GroupKind
from gitops_operator.plan.situation import Hints

_JOB = GroupKind("batch", "Job")


def without_reruns(
    changes: tuple[Change, ...], application: Application, inputs: str, hints: Hints
) -> tuple[Change, ...]:
    """The changes, less those that would run a Job again of which its own sync is through; the next sync runs it again.

    To make it anew as if it were drift would run it for ever. After a restart in the middle of a sync it may run twice.
    """
    if not any(map(_removes_itself, remarkable(changes))):
        return changes
    operation = application.operation
    is_synced = operation is not None and operation.synced_inputs == inputs
    return tuple(
        _done(change) if _removes_itself(change) and (is_synced or change.key in hints.applied) else change
        for change in changes
    )


def _removes_itself(change: Change) -> bool:
    if change.why is not Why.MISSING or change.key.group_kind != _JOB or change.desired is None:
        return False
    return (change.desired.body.get("spec") or {}).get("ttlSecondsAfterFinished") is not None


def _done(change: Change) -> Change:
    message = f"{change.key} is gone; by its ttlSecondsAfterFinished it goes once it has finished."
    return change._replace(action=Action.NONE, why=Why.IN_SYNC, message=message, sending=None)
