"""The line: one pass over one Application, fetch → render → observe → diff → plan → apply → assess → report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gitops_operator import logs
from gitops_operator.apply import execute
from gitops_operator.deletion import Deletion
from gitops_operator.errors import ClusterError, GitOpsError, SpecError
from gitops_operator.model.application import FINALIZER, Application, ApplicationKey
from gitops_operator.plan import Hints, next_step, used_up
from gitops_operator.ports import Clock, Cluster, Narrator
from gitops_operator.reporter import Reporter
from gitops_operator.sight import Newest, Sight
from gitops_operator.view import NOTHING_DONE, Done


@dataclass(slots=True)
class _Memory:
    """What is kept of an Application between passes; losing it costs time, never correctness.

    `settled` is what the last pass saw: while nothing of it moves there is nothing to do before `look_again`.
    """

    hints: Hints = Hints()
    settled: tuple[object, ...] = ()
    look_again: datetime | None = None


class Reconciler:
    """Walks the line. One pass at a time for each key; the caller sees to that."""

    def __init__(self, cluster: Cluster, sight: Sight, narrator: Narrator, clock: Clock) -> None:
        self._cluster, self._sight, self._narrator, self._clock = cluster, sight, narrator, clock
        self._reporter = Reporter(cluster, narrator)
        self._deletion = Deletion(cluster, sight, self._reporter, clock)
        self._memories: dict[ApplicationKey, _Memory] = {}

    async def reconcile(self, key: ApplicationKey) -> datetime | None:
        """One pass; gives when to look again by time alone.

        Raises:
            ClusterError: a write of ours to the Application itself was refused; the pass is to be run again.
        """
        application = self._cluster.application(key)
        if application is None:
            self._forget(key)
            return None
        try:
            if application.is_going:
                return await self._deletion.step(application)
            return await self._sync(application)
        except ClusterError:
            raise
        except GitOpsError as error:
            return await self._reporter.failed(application, error, self._clock.now(), self._clock.chance().new_id)

    async def _sync(self, application: Application) -> datetime | None:
        """Everything before the look at objects that may end the pass at once."""
        memory, now = self._memories.setdefault(application.key, _Memory()), self._clock.now()
        if used := used_up(application):  # before anything may end the sync that an approval is for
            await self._cluster.clear(application, used)
            return now
        if application.problems:
            raise SpecError("\n".join(application.problems))
        if application.refresh:
            if not self._sight.has_refreshed(application):  # no reason not to be Ready: the status stays as it is
                return memory.look_again
            await self._cluster.clear_refresh(application)
            memory.settled = ()
            return now
        newest = self._sight.newest(application)
        if newest is None:
            return await self._reporter.pending(application, now, "The repository is being read.")
        saw = (application.resource_version, newest.known, self._cluster.version(application.key))
        if saw == memory.settled and (memory.look_again is None or now < memory.look_again):
            return memory.look_again
        return await self._walk(application, newest, memory)

    async def _walk(self, application: Application, newest: Newest, memory: _Memory) -> datetime | None:
        """Look, decide, do one step, look again, report."""
        now, chance, done = self._clock.now(), self._clock.chance(), NOTHING_DONE
        with self._clock.stage("render"):
            found = await self._sight.desired(application, newest)
        if found is None:
            return await self._reporter.pending(application, now, "The commit is being fetched or rendered.")
        logs.note(revision=found[0].revision.short)
        with self._clock.stage("compare"):
            view = await self._sight.view(application, found, memory.hints)
            plan = next_step(view.situation(now, memory.hints, chance))
        if view.must_hold(plan):
            await self._cluster.set_finalizers(application, (*application.finalizers, FINALIZER))
            return now
        if plan.step.groups:
            drift = view.drift() if plan.heals else {}
            with self._clock.stage("apply"):
                done = Done(await execute(plan.step, self._cluster.writer(application)), view.changes, drift, now)
            self._cluster.settle(done.outcomes or (), view.changes)
            view, now = await self._sight.view(application, found, plan.hints, wrote=True), self._clock.now()
            plan = next_step(view.situation(now, plan.hints, chance, done))
        memory.hints = plan.hints
        with self._clock.stage("report"):
            version, due = await self._reporter.report(view.observation(now, plan, done), done)
        memory.settled = (version, newest.known, view.snapshot.version)
        self._sight.looked(application.key, newest, found)
        memory.look_again = min(filter(None, (plan.look_again, due)), default=None)
        return memory.look_again

    def remembers(self, key: ApplicationKey) -> bool:
        """Whether the Application was there when it was last looked at."""
        return key in self._memories

    def _forget(self, key: ApplicationKey) -> None:
        self._memories.pop(key, None)
        self._reporter.forget(key)
        self._sight.forget(key)
        self._cluster.forget(key)
