"""A pass over an Application that goes: a sync to nothing, and then it is let go."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gitops_operator.apply import execute
from gitops_operator.model.application import ARGO_FINALIZERS, FINALIZER, Application
from gitops_operator.plan import left_behind, next_deletion
from gitops_operator.ports import Clock, Cluster
from gitops_operator.reporter import Reporter
from gitops_operator.status import deletion_events
from gitops_operator.view import NOTHING_DONE, Done

_OURS = frozenset({FINALIZER, *ARGO_FINALIZERS})


async def delete(application: Application, cluster: Cluster, reporter: Reporter, clock: Clock) -> datetime | None:
    """One pass; gives when to look again. It needs neither Git nor a render.

    Raises:
        ClusterError: the Application could not be written, or the server does not say whether we are being uninstalled.
    """
    if _OURS.isdisjoint(application.finalizers):
        return None
    remains, done = await cluster.remains(application), NOTHING_DONE
    plan = next_deletion(application, remains)
    if plan.step.groups:
        done = Done(await execute(plan.step, cluster.writer))
        remains = replace(await cluster.remains(application), outcomes=done.outcomes or ())
        plan = next_deletion(application, remains)
    if not plan.finished:
        return await reporter.going(application, clock.now(), plan, done)
    reporter.tell(application, deletion_events(left_behind(application, remains)))
    kept = [finalizer for finalizer in application.finalizers if finalizer not in _OURS]
    await cluster.set_finalizers(application, kept)
    return None
