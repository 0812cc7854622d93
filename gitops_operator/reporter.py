"""One way out: a pass ends in one status, written once, and not at all if nothing changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gitops_operator.errors import ClusterError, GitOpsError
from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.plan import DeletionPlan, abandoned
from gitops_operator.ports import Cluster, Narrator
from gitops_operator.status import Event, Observation, events_of, is_urgent, report
from gitops_operator.view import NOTHING_DONE, Done, deletion_observation, failed_observation, pending_observation

_UNHURRIED = timedelta(seconds=1)
_WHILE_GOING = timedelta(seconds=5)  # deletes that failed, and kinds that nothing of the Application wakes it for


class Reporter:
    """Writes statuses, and tells people and metrics."""

    def __init__(self, cluster: Cluster, narrator: Narrator) -> None:
        self._cluster, self._narrator = cluster, narrator
        self._written: dict[ApplicationKey, datetime] = {}

    async def report(self, seen: Observation, done: Done = NOTHING_DONE) -> tuple[str, datetime | None]:
        """The Application's resourceVersion afterwards, and when to come back with what may wait a second.

        Raises:
            ClusterError: the status was refused; 409 when the Application is not as the pass read it any more.
        """
        application, status = seen.application, report(seen)
        self._narrator.passed(seen, done)
        events = events_of(seen, done.outcomes or (), before=done.before, drift=done.drift)
        due = self._due(seen)
        if status == application.status or (due is not None and not is_urgent(application.status, status)):
            self._narrator.tell(application, events)
            return application.resource_version, None if status == application.status else due
        try:
            version = await self._cluster.write_status(application, status)
        except ClusterError:
            self._narrator.tell(application, events if done.outcomes else ())  # the writes did happen
            raise
        self._written[application.key] = seen.now
        self._narrator.tell(application, events)
        return version, None

    async def pending(self, application: Application, now: datetime, what: str) -> datetime | None:
        """Nothing is known yet; gives when to look again. What status says of this very spec stays until then."""
        if application.status.get("observedGeneration") == application.generation:
            return None
        return (await self.report(pending_observation(application, now, what)))[1]

    async def failed(self, application: Application, error: GitOpsError, now: datetime, new_id: str) -> datetime | None:
        """A stage before the comparison failed; gives when to look again: at once, when that ended an operation."""
        operation = abandoned(application, error, now, new_id)
        _, due = await self.report(replace(failed_observation(application, now, error), operation=operation))
        return due if operation == application.operation else now

    async def going(self, application: Application, now: datetime, plan: DeletionPlan, done: Done) -> datetime:
        """The Application is being deleted; gives when to look again."""
        _, due = await self.report(deletion_observation(application, now, plan), done)
        return due or now + _WHILE_GOING

    def tell(self, application: Application, events: Sequence[Event]) -> None:
        """Put Events on the Application that no status belongs to."""
        self._narrator.tell(application, events)

    def _due(self, seen: Observation) -> datetime | None:
        written = self._written.get(seen.application.key)
        due = written + _UNHURRIED if written is not None else seen.now
        return due if due > seen.now else None

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._written.pop(key, None)
        self._narrator.forget(key)
