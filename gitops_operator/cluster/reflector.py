"""Keeps a feed equal to one kind's objects: list once, watch, resume; list again only when history is lost."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import AsyncExitStack, aclosing
from typing import NamedTuple, Protocol

from gitops_operator.cluster import objects
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.initial import AT_ONCE, InitialEvents, NotStreamedError
from gitops_operator.cluster.junction import Replacement
from gitops_operator.cluster.lines import Lines
from gitops_operator.cluster.pace import WatchSettings, delay, is_passing
from gitops_operator.cluster.standing import Standing
from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Kind, KindState, KindStatus

_SLICE = 200
_SHORT = 5.0  # a watch that ends sooner without an event counts as a failure
_SPOILED = 3  # so many bad lines at the same place, and history is given up
_NOT_ABOUT_LISTS = frozenset({0, 401, 410})  # errors that do not mean that lists cannot be streamed
_STREAMED_LIST = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}

_log = logging.getLogger(__name__)


class Feed(Protocol):
    """Where one kind's objects go."""

    def replacing(self) -> Replacement: ...
    def changed(self, raw: bytes) -> None: ...
    def deleted(self, raw: bytes) -> None: ...
    def state(self, status: KindStatus) -> None: ...
    def absent(self) -> None:
        """The server does not know the kind: 404."""


class Shared(NamedTuple):
    """What the reflectors of a cluster have in common."""

    client: Client
    settings: WatchSettings
    lists: asyncio.Semaphore


class Reflector:
    """One kind in one namespace, or in all of them ("")."""

    def __init__(self, kind: Kind, namespace: str, feed: Feed, shared: Shared) -> None:
        self._kind = kind
        self._namespace = namespace
        self._feed = feed
        self._client, self._settings, self._lists = shared
        self._standing = Standing(feed.state, shared.settings.grace)
        self._streams_lists = True
        self._pages_next = False
        self._position = ""
        self._last = b""  # the newest object seen: its resourceVersion is the position, read only when needed
        self._failures = 0
        self._spoiled = 0

    async def run(self) -> None:
        """Until cancelled."""
        self._standing.now(KindStatus(KindState.CATCHING_UP))
        try:
            while True:
                pause = await self._try()
                await asyncio.sleep(pause)
        finally:
            self._standing.close()

    async def _try(self) -> float:
        """One connection's worth; how long to wait before the next."""
        try:
            await self._follow()
        except ClusterError as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 – the edge of a loop: a bug here or in the feed costs one kind
            _log.exception("the watch of %s stumbled", self._kind.group_kind)
            return self._failed(ClusterError(f"internal error: {type(error).__name__}", status=500))
        if self._position:
            self._standing.lost(KindStatus(KindState.CATCHING_UP, "The watch was interrupted."))
        return delay(self._failures)

    async def _follow(self) -> None:
        if self._last:
            self._position, self._last = objects.position_of(self._last), b""
        if self._position:
            await self._resume()
        elif self._streams_lists and not self._pages_next:
            await self._stream_list()
        else:
            self._pages_next = False
            async with self._lists:
                await self._list()
            await self._resume()

    async def _list(self) -> None:
        """In one page when the server has forgotten the first ones meanwhile."""
        try:
            await self._list_in_pages(self._settings.page)
        except ClusterError as error:
            if error.status != 410:
                raise
            await self._list_in_pages(0)

    async def _list_in_pages(self, limit: int) -> None:
        replacement = self._feed.replacing()
        position = ""
        async with aclosing(objects.pages(self._client, self._kind, self._namespace, limit=limit)) as pages:
            async for page in pages:
                for start in range(0, len(page.objects), AT_ONCE):
                    replacement.add(page.objects[start : start + AT_ONCE])
                    await asyncio.sleep(0)
                position = page.position
        self._complete(replacement, position)

    async def _resume(self) -> None:
        lasting = str(random.randint(300, 600))  # noqa: S311 – spreads reconnections, protects nothing
        options = {"resourceVersion": self._position, "timeoutSeconds": lasting}
        async with self._client.watch(self._kind, self._namespace, options, stall=self._settings.stall) as lines:
            self._standing.resumed()
            await self._stream(lines)

    async def _stream_list(self) -> None:
        """List and watch in one request (WatchList); where that is refused, pages, which may say why, come at once."""
        try:
            async with AsyncExitStack() as slot:
                await slot.enter_async_context(self._lists)
                async with self._client.watch(
                    self._kind, self._namespace, _STREAMED_LIST, stall=self._settings.stall
                ) as lines:
                    replacement = self._feed.replacing()
                    position, rest = await InitialEvents(lines, self._settings.list_silence).into(replacement)
                    self._complete(replacement, position)
                    await slot.aclose()
                    await self._deliver(rest)
                    await self._stream(lines)
        except NotStreamedError:
            self._streams_lists = False
        except ClusterError as error:
            self._pages_next = not self._position and error.status not in _NOT_ABOUT_LISTS
            if not self._pages_next:
                raise

    def _complete(self, replacement: Replacement, position: str) -> None:
        replacement.done()
        self._position = position
        self._failures = 0
        self._standing.ready()

    async def _stream(self, lines: Lines) -> None:
        clock = asyncio.get_running_loop().time
        opened = clock()
        try:
            while batch := await lines.batch():
                await self._deliver(batch)
        finally:
            if clock() - opened > _SHORT:
                self._failures = 0
        if clock() - opened <= _SHORT:
            self._failures += 1

    async def _deliver(self, batch: list[bytes]) -> None:
        for count, line in enumerate(batch, start=1):
            self._spoiled += 1
            event = objects.event_of(line)
            self._take(event.type, bytes(event.object))
            self._spoiled = 0
            if count % _SLICE == 0:
                await asyncio.sleep(0)

    def _take(self, word: str, raw: bytes) -> None:
        if word == "DELETED":
            self._feed.deleted(raw)
        elif word != "BOOKMARK":
            self._feed.changed(raw)
        self._last = raw
        self._failures = min(self._failures, 1)  # not 0: a server may send the same events again and again

    def _failed(self, error: ClusterError) -> float:
        self._failures += 1
        if error.status == 404:
            self._feed.absent()
        status = KindStatus(KindState.CATCHING_UP if is_passing(error) else KindState.BROKEN, error.message)
        if error.status == 410 or self._spoiled >= _SPOILED:
            # History is lost. What was deleted meanwhile shows only in a new list: the kind is not ready at once.
            self._position, self._last, self._spoiled = "", b"", 0
            self._failures = min(self._failures, 2)  # it answers again: a long outage is over
            self._standing.now(status)
        else:
            self._standing.lost(status)
        return delay(self._failures, error)
