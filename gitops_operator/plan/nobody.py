"""A deletion in nobody's name: the service account is gone, so what it would delete stays."""

from __future__ import annotations

from datetime import timedelta

from gitops_operator.model.application import Application
from gitops_operator.model.parsing import parse_time
from gitops_operator.plan.remains import DeletionPlan, Remains
from gitops_operator.plan.waves import first_of


def left_to_others(application: Application, remains: Remains) -> DeletionPlan:
    """Wait for the account to come back or the objects to go, for as long as a sync may go without progress."""
    left = sorted(str(item.key) for item in remains.objects)
    until = parse_time(application.deletion_timestamp) + timedelta(seconds=application.sync_policy.timeout)
    if not left or (remains.now is not None and remains.now >= until):
        return DeletionPlan(finished=True)
    return DeletionPlan(
        message=f"{remains.nobody.rstrip('.')}, so nothing can be deleted in its name; this is left: {first_of(left)}. "
        f"Create the account with the rights to delete it, or delete it yourself: at {until.isoformat()} the "
        "Application goes and it stays."
    )
