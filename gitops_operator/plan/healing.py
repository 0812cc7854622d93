"""What self-heal corrects, and whether that is all there is to do."""

from __future__ import annotations

from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.operation import OperationPhase
from gitops_operator.plan.hold import returns
from gitops_operator.plan.requests import asks_again, has_synced, may_prune, to_do, wants_sync
from gitops_operator.plan.situation import Situation


def is_asked_for(situation: Situation) -> bool:
    """Whether somebody asks for the sync, or a failed one is to be undone."""
    return wants_sync(situation) or asks_again(situation) or returns(situation)


def is_only_drift(situation: Situation) -> bool:
    """Whether all that differs moved away from what was synced, so that no sync is due but corrections.

    After a commit that changes nothing of these objects that is so, too, as long as each of them was applied as it is.
    """
    if is_asked_for(situation):
        return False
    if any(change.why is Why.CONFIRMED for change in situation.remarkable):  # a confirmation is for one sync
        return False
    if has_synced(situation):
        return True
    operation = situation.application.operation
    failed = operation is not None and operation.phase is OperationPhase.FAILED
    return not failed and all(change.why is Why.DRIFTED for change in to_do(situation))


def healable(situation: Situation) -> list[Change]:
    """What self-heal would correct: all that is out of sync; prunes where pruning is on and needs no approval."""
    also_prunes = may_prune(situation) and not situation.application.sync_policy.approval
    return [change for change in to_do(situation) if change.action is not Action.PRUNE or also_prunes]


def heals(situation: Situation) -> bool:
    """Whether corrections are due, and no sync."""
    return is_only_drift(situation) and bool(healable(situation))
