"""Tells people what passes did, by Events on the Application and in the log, and machines, by metrics."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from gitops_operator.errors import ClusterError, SourceError
from gitops_operator.metrics import Metrics
from gitops_operator.model.application import GROUP, KIND, VERSION, Application, ApplicationKey
from gitops_operator.model.kind import Kind
from gitops_operator.model.operation import Operation, OperationPhase
from gitops_operator.model.step import Result
from gitops_operator.source.urls import parse_url
from gitops_operator.status import Event, Observation, SyncStatus
from gitops_operator.view import Done

_EVENT = Kind("", "v1", "Event", "events", namespaced=True)
_COMPONENT = "gitops-operator"
_WAITING = 1000
_REMEMBERED = 4096
_SHORT = 12

_log = logging.getLogger(__name__)


class _Told(NamedTuple):
    """One Event that stands in the cluster; the same words again only count."""

    first: str
    times: int


class Applier(Protocol):
    """What takes Events: the client of a cluster."""

    async def apply(self, kind: Kind, namespace: str, name: str, body: dict[str, Any], *, force: bool) -> object: ...


def _now() -> datetime:
    return datetime.now(UTC)


class Storyteller:
    """Implements `ports.Narrator`. Events go out in the background, in order; `run` sends them."""

    def __init__(self, client: Applier, metrics: Metrics, now: Callable[[], datetime] = _now) -> None:
        self._client, self._metrics, self._now = client, metrics, now
        self._waiting: asyncio.Queue[tuple[Application, Event]] = asyncio.Queue(_WAITING)
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._shown: dict[ApplicationKey, tuple[str, ...]] = {}
        self._unhealthy_since: dict[ApplicationKey, float] = {}
        self._counted: dict[ApplicationKey, str] = {}
        self._fighting: set[ApplicationKey] = set()

    # --- people ---

    def tell(self, application: Application, events: Sequence[Event]) -> None:
        for event in events:
            level = logging.INFO if event.type == "Normal" else logging.WARNING
            _log.log(level, "%s: %s", event.reason, event.message)
            try:
                self._waiting.put_nowait((application, event))
            except asyncio.QueueFull:
                _log.warning("an Event was dropped: the API server takes them too slowly")

    async def run(self) -> None:
        """Send Events until cancelled."""
        while True:
            application, event = await self._waiting.get()
            try:
                await self._send(application, event)
            except ClusterError as error:  # a lost Event is no reason to fail
                _log.debug("an Event could not be written: %s", error)
            finally:
                self._waiting.task_done()

    async def flush(self, patience: float) -> None:
        """Wait until all Events are sent, but not for longer than so many seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._waiting.join()
        except TimeoutError:
            _log.warning("some Events were not sent")

    async def _send(self, application: Application, event: Event) -> None:
        key = application.key
        words = f"{application.uid}\n{event.reason}\n{event.message}"
        name = f"{key.name[:200]}.{hashlib.blake2b(words.encode(), digest_size=8).hexdigest()}"
        now = self._now().strftime("%Y-%m-%dT%H:%M:%SZ")
        told = self._told.pop(name, _Told(now, 0))
        self._told[name] = told._replace(times=told.times + 1)
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": key.namespace},
            "involvedObject": {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": KIND,
                "namespace": key.namespace,
                "name": key.name,
                "uid": application.uid,
            },
            "type": event.type,
            "reason": event.reason,
            "message": event.message,
            "source": {"component": _COMPONENT},
            "firstTimestamp": told.first,
            "lastTimestamp": now,
            "count": told.times + 1,
        }
        await self._client.apply(_EVENT, key.namespace, name, body, force=True)

    # --- machines ---

    def passed(self, seen: Observation, done: Done) -> None:
        key = seen.application.key
        self._show(key, seen)
        self._count_sync(seen)
        if seen.fights or key in self._fighting:
            self._fighting.add(key)
            self._metrics.fights.labels(*key).set(seen.fights)
        self._metrics.drift_detected.inc(len(done.drift))
        for outcome in done.outcomes or ():
            if outcome.key in done.drift and outcome.result is not Result.FAILED and done.began is not None:
                self._metrics.drift_corrected.observe((seen.now - done.began).total_seconds())

    def _show(self, key: ApplicationKey, seen: Observation) -> None:
        revision = seen.revision.sha[:_SHORT] if seen.revision else ""
        labels = (*key, str(seen.sync), str(seen.health.status), _shown(seen.application.source.repo_url), revision)
        before = self._shown.get(key)
        if before == labels:
            return
        if before is not None:
            self._metrics.application_info.remove(*before)
        self._metrics.application_info.labels(*labels).set(1)
        self._shown[key] = labels

    def _count_sync(self, seen: Observation) -> None:
        """Each sync once, though a pass whose status was refused is run again."""
        key, before, after = seen.application.key, seen.application.operation, seen.operation
        has_ended = after is not None and not after.is_running and (before is None or before != after)
        if after is not None and has_ended and self._counted.get(key) != after.id:
            self._counted[key] = after.id
            self._metrics.syncs.labels(after.trigger, str(after.phase)).inc()
            self._unhealthy_since.pop(key, None)
            if _brings_a_commit(seen, after):
                self._metrics.commit_to_applied.observe(max(seen.now.timestamp() - seen.committed_at, 0.0))
                self._unhealthy_since[key] = seen.committed_at
        is_well = seen.sync is SyncStatus.SYNCED and seen.health.status in {"Healthy", "Suspended"}
        if is_well and key in self._unhealthy_since:
            since = self._unhealthy_since.pop(key)
            self._metrics.commit_to_healthy.observe(max(seen.now.timestamp() - since, 0.0))

    def forget(self, key: ApplicationKey) -> None:
        before = self._shown.pop(key, None)
        if before is not None:
            self._metrics.application_info.remove(*before)
        if key in self._fighting:
            self._fighting.discard(key)
            self._metrics.fights.remove(*key)
        self._unhealthy_since.pop(key, None)
        self._counted.pop(key, None)


def _shown(url: str) -> str:
    """Without a user or a password, which is not for a metric."""
    try:
        return parse_url(url).shown
    except SourceError:
        return ""


def _brings_a_commit(seen: Observation, operation: Operation) -> bool:
    """Whether the sync brought something newer than the last one: the age of any other commit says nothing."""
    history = seen.application.status.get("history") or [{}]
    former = tuple(history[-1].get("revisions") or ())
    succeeded = operation.phase is OperationPhase.SUCCEEDED and not operation.pinned
    return succeeded and bool(seen.committed_at) and bool(former) and former != operation.revisions
