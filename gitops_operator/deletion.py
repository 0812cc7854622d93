"""A pass over an Application that goes: a sync to nothing, and then it is let go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gitops_operator.apply import execute
from gitops_operator.errors import ClusterError, GitOpsError
from gitops_operator.model.application import ARGO_FINALIZERS, FINALIZER, Application
from gitops_operator.plan import (
    DeletionPlan,
    LastHooks,
    Remains,
    deletion_of,
    how_to_skip,
    left_behind,
    needs_hooks,
    next_deletion,
)
from gitops_operator.ports import Clock, Cluster
from gitops_operator.reporter import Reporter
from gitops_operator.sight import Sight
from gitops_operator.status import deletion_events
from gitops_operator.view import NOTHING_DONE, Done

_OURS = frozenset({FINALIZER, *ARGO_FINALIZERS})


@dataclass(frozen=True, slots=True)
class Deletion:
    """Lets Applications go. Neither Git nor a render is needed where status names no hooks of the deletion."""

    cluster: Cluster
    sight: Sight
    reporter: Reporter
    clock: Clock

    async def step(self, application: Application) -> datetime | None:
        """One pass; gives when to look again.

        Raises:
            ClusterError: the Application could not be written, or the server does not say whether we are being
                uninstalled.
        """
        if _OURS.isdisjoint(application.finalizers):
            return None
        if await self._has_answered(application):
            return self.clock.now()
        remains, done = await self.cluster.remains(application), NOTHING_DONE
        try:
            hooks = None if remains.uninstalling or remains.nobody else await self._hooks(application)
        except ClusterError:
            raise
        except GitOpsError as error:
            return await self._waits(application, f"The hooks of the deletion: {error.message}")
        if isinstance(hooks, str):
            return await self._waits(application, hooks)
        plan = next_deletion(application, self._with(remains, hooks, application))
        if plan.step.groups:
            done = Done(await execute(plan.step, self.cluster.writer(application)))
            remains = replace(await self.cluster.remains(application), outcomes=done.outcomes or ())
            plan = next_deletion(application, self._with(remains, hooks, application))
        if not plan.finished:
            moved = plan.operation is not None and plan.operation != application.operation
            due = await self.reporter.going(application, self.clock.now(), plan, done)
            return self.clock.now() if moved else due
        self.reporter.tell(application, deletion_events(left_behind(application, remains)))
        kept = [finalizer for finalizer in application.finalizers if finalizer not in _OURS]
        await self.cluster.set_finalizers(application, kept)
        return None

    async def _has_answered(self, application: Application) -> bool:
        """What a user asked for is taken away once status has it."""
        operation, request = deletion_of(application), application.request
        if operation is not None and operation.is_running and application.refresh:
            await self.cluster.clear_refresh(application)
            return True
        if operation is not None and request is not None and operation.request == request.digest:
            await self.cluster.clear(application, {"operation": None})
            return True
        return False

    async def _hooks(self, application: Application) -> LastHooks | str | None:
        """The hooks that are still to run; a sentence while they are not known, None where there are none.

        Raises:
            SourceError: their commit cannot be read.
            RenderError: what is wrong in its files.
        """
        if not needs_hooks(application) or not application.status.get("deleteHooks"):
            return None
        found = await self.sight.delete_hooks(application)
        if found is None:
            return "The commit that has the hooks of the deletion is being fetched or rendered."
        chance = self.clock.chance()
        return LastHooks(found.delete_hooks, found.revision.sha, self.clock.now(), chance.new_id)

    def _with(self, remains: Remains, hooks: LastHooks | None, application: Application) -> Remains:
        remains = replace(remains, now=self.clock.now())
        if hooks is None:
            return remains
        keys = [hook.key for hook in hooks.hooks]
        objects = self.cluster.snapshot(application.key, keys).objects
        return replace(remains, hooks=replace(hooks, objects=objects))

    async def _waits(self, application: Application, words: str) -> datetime:
        plan = DeletionPlan(message=f"{words}\n{how_to_skip(application)}")
        return await self.reporter.going(application, self.clock.now(), plan, NOTHING_DONE)
