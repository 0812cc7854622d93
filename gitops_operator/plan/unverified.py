"""Objects that rest on a guess after a restart, and whose dry run is refused: nobody can say that they are in sync."""

from __future__ import annotations

from gitops_operator.model.change import Change, Why
from gitops_operator.plan.situation import Hints


def with_doubts(changes: tuple[Change, ...], hints: Hints) -> tuple[Change, ...]:
    """The changes, where a verification that failed more than once makes the verdict Unknown."""
    doubtful = {key: refusal for key, refusal in hints.refused.items() if refusal.times > 1}
    if not doubtful or not any(change.unverified and change.key in doubtful for change in changes):
        return changes
    return tuple(
        change._replace(why=Why.UNVERIFIED, message=f"It cannot be told whether it is in sync: {refusal.message}")
        if change.unverified and (refusal := doubtful.get(change.key)) is not None
        else change
        for change in changes
    )
