"""The way of each commit through the operator: committed, detected, applied, healthy; each is measured once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gitops_operator.metrics import Metrics
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.gate import GateReason
from gitops_operator.model.health import HealthStatus
from gitops_operator.model.operation import Operation, OperationPhase
from gitops_operator.model.parsing import parse_time
from gitops_operator.status import Observation, SyncStatus

_REMEMBERED = 100  # commits of one Application that nobody could apply yet
_WELL = frozenset({HealthStatus.HEALTHY, HealthStatus.SUSPENDED})


class _Commit(NamedTuple):
    """One on its way; times in seconds since 1970."""

    sha: str
    committed_at: float
    detected_at: float


def _some() -> deque[_Commit]:
    return deque(maxlen=_REMEMBERED)


@dataclass(slots=True)
class _Way:
    """One Application: what waits to be applied and to be healthy, and the time of the commit last looked at."""

    detected: _Commit | None = None
    waiting: deque[_Commit] = field(default_factory=_some)
    applied: deque[_Commit] = field(default_factory=_some)
    committed_at: float = 0.0


class Deliveries:
    """Follows commits from their detection on.

    Only those that a new commit brings, to an Application that syncs by itself: the age of the commit of a first sync,
    of a rollback or of a branch that was set back says nothing, and where a person decides when to sync, the time is
    the person's.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._ways: dict[ApplicationKey, _Way] = {}

    def detected(self, key: ApplicationKey, sha: str, committed_at: float, now: float) -> None:
        """A commit changes what an Application reads."""
        way = self._ways.setdefault(key, _Way())
        is_old = committed_at < way.committed_at
        if is_old or (way.detected is not None and way.detected.sha == sha):
            return
        way.detected = _Commit(sha, committed_at, now)
        way.waiting.append(way.detected)
        self._metrics.commit_to_detected.observe(max(now - committed_at, 0.0))

    def passed(self, seen: Observation, ended: Operation | None) -> None:
        """A pass ended, and perhaps with it an operation."""
        key, now = seen.application.key, seen.now.timestamp()
        if key not in self._ways:
            self._take_over(seen, now)
        way = self._ways.setdefault(key, _Way())
        if not seen.application.is_automated or seen.gate.reason is GateReason.SUSPENDED:
            way.waiting.clear()
        for commit in _applied(way, seen, ended):
            way.waiting.remove(commit)
            way.applied.append(commit)
            self._metrics.commit_to_applied.observe(max(now - commit.committed_at, 0.0))
            self._metrics.detected_to_applied.observe(max(now - commit.detected_at, 0.0))
        while way.applied and seen.health.status in _WELL:
            commit = way.applied.popleft()
            self._metrics.commit_to_healthy.observe(max(now - commit.committed_at, 0.0))
            self._metrics.detected_to_healthy.observe(max(now - commit.detected_at, 0.0))
        way.committed_at = seen.committed_at or way.committed_at

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._ways.pop(key, None)

    def clear(self) -> None:
        """Somebody else follows them now."""
        self._ways.clear()

    def _take_over(self, seen: Observation, now: float) -> None:
        """The first pass of this process: a commit that came while nobody led, or whose sync another one began."""
        application, operation = seen.application, seen.operation
        if operation is None or operation.pinned or operation.held or not operation.is_running or not seen.committed_at:
            return
        before = application.operation
        has_begun = before is not None and before.is_running and before.id == operation.id
        former = _former_revisions(application.status, has_begun=has_begun)
        if not former or former == operation.revisions or seen.revision is None:
            return
        if not has_begun:
            self.detected(application.key, seen.revision.sha, seen.committed_at, now)
            return
        began = parse_time(operation.started_at).timestamp()
        self._ways[application.key] = way = _Way()
        way.waiting.append(_Commit(operation.revisions[0], seen.committed_at, began))


def _former_revisions(status: object, *, has_begun: bool) -> tuple[str, ...]:
    """What was looked at before the sync; for one that has begun, what was synced before it."""
    stored = status if isinstance(status, dict) else {}
    history = stored.get("history") or [{}]
    place = history[-1] if has_begun else stored.get("sync") or {}
    return tuple(place.get("revisions") or ())


def _applied(way: _Way, seen: Observation, ended: Operation | None) -> list[_Commit]:
    """The commits that the cluster now has: an operation brought them, or there was nothing to do for them."""
    if not way.waiting:
        return []
    if ended is not None:
        if ended.phase is not OperationPhase.SUCCEEDED or ended.pinned:
            return []
        return list(_up_to(way, ended.revisions[0], seen.committed_at))
    is_running = seen.operation is not None and seen.operation.is_running
    if is_running or seen.revision is None or seen.sync is not SyncStatus.SYNCED:
        return []
    return list(_up_to(way, seen.revision.sha, seen.committed_at))


def _up_to(way: _Way, sha: str, committed_at: float) -> Iterator[_Commit]:
    """That commit and those before it; where it is none that was detected, those that are not younger.

    A later commit may not concern the Application, and one that was detected may turn out to change nothing.
    """
    place = next((number for number, commit in enumerate(way.waiting) if commit.sha == sha), None)
    for number, commit in enumerate(way.waiting):
        if number <= place if place is not None else commit.committed_at <= committed_at:
            yield commit
