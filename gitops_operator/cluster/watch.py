"""A cluster's objects, all kinds of them, as they change: follows discovery and runs one reflector a kind."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from gitops_operator.cluster.client import Client
from gitops_operator.cluster.discovery import Discovery, merge
from gitops_operator.cluster.exclusions import is_excluded
from gitops_operator.cluster.junction import Junction, KindFeed, Sink
from gitops_operator.cluster.pace import WatchSettings, delay
from gitops_operator.cluster.reflector import Reflector, Shared
from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.resource import GroupKind

_log = logging.getLogger(__name__)


class _Watched(NamedTuple):
    kind: Kind
    tasks: tuple[asyncio.Task[None], ...]


class Informers:
    """All informers of one cluster; `run` ends only by being cancelled."""

    def __init__(self, client: Client, sink: Sink, settings: WatchSettings | None = None) -> None:
        self.settings = settings or WatchSettings()
        self._client = client
        self._junction = Junction(sink)
        self._discovery = Discovery(client)
        self._shared = Shared(client, self.settings, asyncio.Semaphore(self.settings.lists_at_once))
        self._catalogue: Catalogue | None = None
        self._watched: dict[GroupKind, _Watched] = {}
        self._echoes: deque[float] = deque()
        self.discovery_error = ""

    @property
    def statuses(self) -> Mapping[GroupKind, KindStatus]:
        """What was last said of each kind."""
        return self._junction.statuses

    def rediscover(self) -> None:
        """Look soon whether the kinds that are served have changed."""
        self._junction.look.set()

    async def run(self) -> None:
        failures = 0
        try:
            while True:
                error = await self._try()
                if error is None:
                    failures = 0
                    await self._until_next()
                else:
                    failures += 1
                    await asyncio.sleep(delay(failures, error))
        finally:
            await self._stop(list(self._watched))

    async def _try(self) -> ClusterError | None:
        error: ClusterError | None = None
        try:
            await self._discover()
        except ClusterError as refused:
            error = refused
        except Exception as bug:  # noqa: BLE001 – the edge of a loop: whatever the sink makes of it, kinds are followed
            _log.exception("what discovery found could not be followed")
            error = ClusterError(f"internal error: {type(bug).__name__}", status=500)
        said = error.message if error else ""
        if said and said != self.discovery_error:
            _log.warning("discovery of %s failed: %s", self._client.name, said)
        self.discovery_error = said
        return error

    async def _until_next(self) -> None:
        """Soon after a definition changed, a few times more after that, and rarely by itself."""
        pause = self._echoes.popleft() if self._echoes else self.settings.rediscover * random.uniform(0.9, 1.1)  # noqa: S311
        try:
            async with asyncio.timeout(pause):
                await self._junction.look.wait()
        except TimeoutError:
            return
        await asyncio.sleep(self.settings.settle)
        self._junction.look.clear()
        self._echoes = deque(self.settings.echoes)

    async def _discover(self) -> None:
        known = self._catalogue or Catalogue()
        found = await self._confirm(known, merge(known, await self._discovery.discover()))
        if found == self._catalogue and self._watched:
            return
        self._junction.sink.catalogue(found)
        for group_kind in known.preferred.keys() - found.preferred.keys():
            await self._stop([group_kind])
            self._junction.gone(group_kind)
        for kind in found.preferred.values():
            await self._follow(kind)
        self._catalogue = found  # only now: what fails on the way is done again

    async def _confirm(self, known: Catalogue, found: Catalogue) -> Catalogue:
        """Keep kinds that discovery left out but the server still has: a server that starts shows too little."""
        missing = [kind for key, kind in known.preferred.items() if key not in found.preferred]
        absent = await asyncio.gather(*(self._is_absent(kind) for kind in missing))
        kept = [kind for kind, gone in zip(missing, absent, strict=True) if not gone]
        if not kept:
            return found
        return replace(
            found,
            preferred={**found.preferred, **{kind.group_kind: kind for kind in kept}},
            served={**found.served, **{(kind.api_version, kind.kind): kind for kind in kept}},
            stale=found.stale | {kind.group for kind in kept},
        )

    async def _is_absent(self, kind: Kind) -> bool:
        """Whether the server, which answers 503 while it does not know all of its paths yet, says 404."""
        try:
            await self._client.list_page(kind, limit=1)
        except ClusterError as error:
            status = self.statuses.get(kind.group_kind)
            forbidden = error.status == 403 and (status is None or status.state is not KindState.READY)
            return error.status == 404 or forbidden
        return False

    async def _follow(self, kind: Kind) -> None:
        """Watch the kind, in this version, unless that is what is done already."""
        group_kind = kind.group_kind
        running = self._watched.get(group_kind)
        if running and running.kind._replace(verbs=kind.verbs) == kind:
            return
        await self._stop([group_kind])
        namespaces = self._namespaces(kind)
        if not namespaces:
            self._junction.say(group_kind, KindStatus(KindState.EXCLUDED))
            return
        self._junction.restart(group_kind, namespaces)
        reflectors = [Reflector(kind, name, KindFeed(kind, name, self._junction), self._shared) for name in namespaces]
        tasks = tuple(
            asyncio.create_task(reflector.run(), name=f"watch {self._client.name} {group_kind}")
            for reflector in reflectors
        )
        self._watched[group_kind] = _Watched(kind, tasks)

    def _namespaces(self, kind: Kind) -> Sequence[str]:
        if is_excluded(kind.group_kind, self.settings.exclusions):
            return ()
        if self.settings.namespaces:
            return self.settings.namespaces if kind.namespaced else ()
        return ("",)

    async def _stop(self, group_kinds: Sequence[GroupKind]) -> None:
        tasks = [task for one in group_kinds if one in self._watched for task in self._watched.pop(one).tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
