"""What passes did, as metrics: Applications, syncs, drift, fights, and the way of each commit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gitops_operator.deliveries import Deliveries
from gitops_operator.errors import SourceError
from gitops_operator.metrics import Metrics
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.change import Why
from gitops_operator.model.gate import GateReason
from gitops_operator.model.operation import ROLLBACK, Operation, OperationPhase
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.revision import Revision
from gitops_operator.model.step import Result
from gitops_operator.source.urls import parse_url
from gitops_operator.status import Observation, SyncStatus, ready_reason
from gitops_operator.view import Done

_SHORT = 12
_TRIGGERS = ("automated", "manual", "retry", ROLLBACK)
_DRIFT_STAYS = frozenset({GateReason.SELF_HEAL_OFF, GateReason.FIGHT})
_CORRECTED = frozenset({Result.CREATED, Result.CONFIGURED, Result.REPLACED, Result.UNCHANGED})


@dataclass(slots=True)
class _Tally:
    """What is shown of one Application, the last operation that was counted, and since when objects have drifted."""

    shown: tuple[str, ...] = ()
    counted: str = ""
    drifted: dict[ResourceKey, float] = field(default_factory=dict)
    has_fought: bool = False


class Tallies:
    """Counts while this process leads; what another process counts is not shown twice."""

    def __init__(self, metrics: Metrics, now: Callable[[], float] = time.time) -> None:
        self._metrics, self._now = metrics, now
        self._deliveries = Deliveries(metrics)
        self._tallies: dict[ApplicationKey, _Tally] = {}
        self._leads = False
        for trigger in _TRIGGERS:  # a series that began with its first failure would hide that one from increase()
            for phase in (OperationPhase.SUCCEEDED, OperationPhase.FAILED):
                metrics.syncs.labels(trigger, str(phase))

    def lead(self, *, leads: bool) -> None:
        """Begin to count, or leave it to the process that leads now."""
        self._leads = leads
        if not leads:
            for key in list(self._tallies):
                self.forget(key)
            self._deliveries.clear()

    def detected(self, key: ApplicationKey, revision: Revision, committed_at: float) -> None:
        """A commit changes what an Application reads. Pollers go on in a process that does not lead any more."""
        if self._leads:
            self._deliveries.detected(key, revision.sha, committed_at, self._now())

    def passed(self, seen: Observation, done: Done) -> None:
        """A pass ended; one that was still under way when the lease was lost is not shown any more."""
        if not self._leads:
            return
        key = seen.application.key
        tally = self._tallies.setdefault(key, _Tally())
        self._show(tally, seen)
        self._deliveries.passed(seen, self._count_sync(tally, seen))
        self._count_drift(tally, seen, done)
        if seen.fights or tally.has_fought:
            tally.has_fought = True
            self._metrics.fights.labels(*key).set(seen.fights)

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._deliveries.forget(key)
        tally = self._tallies.pop(key, None)
        if tally is None:
            return
        self._metrics.application_info.remove(*tally.shown)
        if tally.has_fought:
            self._metrics.fights.remove(*key)

    def _show(self, tally: _Tally, seen: Observation) -> None:
        application, health = seen.application, seen.health.status
        revision = seen.revision.sha[:_SHORT] if seen.revision else ""
        words = (str(seen.sync), str(health), ready_reason(seen), _shown(application.source.repo_url), revision)
        labels = (*application.key, *words)
        if labels == tally.shown:
            return
        if tally.shown:
            self._metrics.application_info.remove(*tally.shown)
        self._metrics.application_info.labels(*labels).set(1)
        tally.shown = labels

    def _count_sync(self, tally: _Tally, seen: Observation) -> Operation | None:
        """The operation that ended; each once, though a pass whose status was refused is run again."""
        before, after = seen.application.operation, seen.operation
        if after is None or after.is_running or after == before or after.id == tally.counted:
            return None
        tally.counted = after.id
        self._metrics.syncs.labels(after.trigger, str(after.phase)).inc()
        return after

    def _count_drift(self, tally: _Tally, seen: Observation, done: Done) -> None:
        """Each object once when it moves away, whoever corrects it, and whether anybody does."""
        now = seen.now.timestamp()
        known, drifted = {*tally.drifted, *done.drift}, [change for change in seen.remarkable if change.is_drift]
        # What is missing may be new in Git; it is not where it was seen to go, or where all that differs is drift.
        stays = seen.gate.reason in _DRIFT_STAYS
        left = {one.key for one in drifted if stays or one.why is Why.DRIFTED or one.key in known}
        since = done.began.timestamp() if done.began else now
        for its in sorted(left.union(done.drift).difference(tally.drifted)):
            tally.drifted[its] = since if its in done.drift else now
            self._metrics.drift_detected.inc()
        for outcome in done.outcomes or ():
            if outcome.key in tally.drifted and outcome.result in _CORRECTED:
                self._metrics.drift_corrected.observe(now - tally.drifted.pop(outcome.key))
        if seen.sync is not SyncStatus.UNKNOWN:  # else nobody knows
            tally.drifted = {its: since for its, since in tally.drifted.items() if its in left}


def _shown(url: str) -> str:
    """Without a user or a password, which is not for a metric."""
    try:
        return parse_url(url).shown
    except SourceError:
        return ""
