"""Tells people what passes did, by Events on the Application and in the log; machines are told by `tallies`."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from gitops_operator.errors import ClusterError
from gitops_operator.model.application import GROUP, KIND, VERSION, Application, ApplicationKey
from gitops_operator.model.kind import Kind
from gitops_operator.status import Event, Observation
from gitops_operator.tallies import Tallies
from gitops_operator.view import Done

_EVENT = Kind("", "v1", "Event", "events", namespaced=True)
_COMPONENT = "gitops-operator"
_WAITING = 1000
_REMEMBERED = 4096

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

    def __init__(self, client: Applier, tallies: Tallies, now: Callable[[], datetime] = _now) -> None:
        self._client, self._tallies, self._now = client, tallies, now
        self._waiting: asyncio.Queue[tuple[Application, Event]] = asyncio.Queue(_WAITING)
        self._told: OrderedDict[str, _Told] = OrderedDict()

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
        self._tallies.passed(seen, done)

    def forget(self, key: ApplicationKey) -> None:
        self._tallies.forget(key)
