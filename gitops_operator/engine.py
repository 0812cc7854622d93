"""Everything that runs: informers, pollers, workers, lease, Events and web server, from start to a clean end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gitops_operator.access import Access
from gitops_operator.cluster.lease import Leadership
from gitops_operator.cluster.session import Session
from gitops_operator.cluster.watch import Informers
from gitops_operator.footprint import give_back
from gitops_operator.live import Store
from gitops_operator.metrics import Metrics
from gitops_operator.model.application import APPLICATION, ApplicationKey
from gitops_operator.model.kind import KindState
from gitops_operator.narrator import Storyteller
from gitops_operator.render.renderer import Renderer
from gitops_operator.rulebook import Rulebook
from gitops_operator.settings import Settings
from gitops_operator.source.repositories import Repositories
from gitops_operator.tallies import Tallies
from gitops_operator.turn import Turn
from gitops_operator.wakeups import Priority, Wakeups
from gitops_operator.web import WebServer
from gitops_operator.web.receiver import Receiver, address_of
from gitops_operator.webhooks import Webhooks
from gitops_operator.workers import Workers

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_CALM = 60.0
_STUCK = 120.0
_SETTLE = 0.1  # several Secrets are often written together
_WARM_UP = 60.0
_STEP_IN_HAND = 20.0
_LAST_EVENTS = 2.0
_DOUBT_ALL = 6 * 3600.0  # each object is verified once in so many seconds
_DOUBT_TICK = 10.0
_GIVE_BACK = 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What assembly builds."""

    session: Session
    store: Store
    informers: Informers
    repositories: Repositories
    renderer: Renderer
    access: Access
    rulebook: Rulebook
    webhooks: Webhooks
    wakeups: Wakeups
    turn: Turn
    workers: Workers
    leadership: Leadership
    storyteller: Storyteller
    tallies: Tallies
    metrics: Metrics


class Engine:
    """Runs the parts."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts, self._workers = parts, settings.workers
        self._web = WebServer(
            settings.http_host,
            settings.http_port,
            healthy=self.not_healthy,
            ready=self.not_ready,
            metrics=self.scrape,
        )
        self._receiver = Receiver(settings.http_host, settings.webhook_port, parts.webhooks)
        self._advertised_host = settings.advertised_host
        self._is_warm = False
        self._settings_moved = False
        self._ending = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then the steps in hand are finished, the lease is given back and everything is closed.

        Raises:
            OSError: a port is taken.
        """
        parts = self._parts
        await self._open()
        loops = [
            self._keep("informers", parts.informers.run),
            self._keep("repositories", parts.repositories.run),
            self._keep("renders", parts.renderer.run),
            self._keep("lease", parts.leadership.run),
            self._keep("events", parts.storyteller.run),
            self._keep("workers", self._work),
            self._keep("verification", self._doubt),
            self._keep("return of memory", self._give_back),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            await stop.wait()
            self._ending = True
            _log.info("ending: the steps in hand are finished first")
            parts.turn.end()
            await parts.workers.stop(_STEP_IN_HAND)
            await parts.leadership.release()
            await parts.storyteller.flush(_LAST_EVENTS)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._receiver.stop()
            await self._web.stop()
            await parts.session.close()

    async def _open(self) -> None:
        """Serve, and have the Lease tell where: nobody can be passed a webhook before."""
        await self._web.start()
        _log.info("serving probes and metrics on port %d", self._web.port)
        await self._receiver.start()
        _log.info("serving webhooks on port %d", self._receiver.port)
        if self._advertised_host:
            self._parts.leadership.address = address_of(self._advertised_host, self._receiver.port)

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a loop for ever: one that ends by itself is started again, later and later."""
        clock, pause = asyncio.get_running_loop().time, _FIRST_PAUSE
        while True:
            began = clock()
            try:
                await run()
                if self._ending:
                    return
                _log.warning("the loop of the %s ended by itself", name)
            except Exception:  # noqa: BLE001 - the edge: one loop's bug must not end the others
                _log.exception("the loop of the %s failed", name)
            pause = _FIRST_PAUSE if clock() - began > _CALM else min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _work(self) -> None:
        """The first pass waits for the cache: what is not known yet would only be reported as unknown."""
        clock = asyncio.get_running_loop().time
        end = clock() + _WARM_UP
        while self.not_ready() and clock() < end:  # noqa: ASYNC110 - it hangs on the state of every kind
            await asyncio.sleep(0.05)
        lacking = self.not_ready()
        if lacking:
            _log.warning("working without a whole cache: %s", lacking)
        self._parts.rulebook.read()
        self._parts.webhooks.read()
        self._parts.access.read()  # a first pass without credentials would only fail
        await self._parts.workers.run(self._workers)

    async def _doubt(self) -> None:
        """What no event shows, an admission policy that came or went, is found by asking anew, object by object."""
        while True:
            keys = self._parts.store.tracked_keys()
            pause = max(_DOUBT_ALL / max(len(keys), 1), 0.01)
            for key in keys:
                await asyncio.sleep(pause)
                self._parts.store.doubt(key)
                live = self._parts.store.get(key)
                if live is not None and live.tracking is not None:
                    self._parts.wakeups.wake(live.tracking.application, Priority.PERIODIC)
            await asyncio.sleep(_DOUBT_TICK)

    async def _give_back(self) -> None:
        """The C library keeps what a burst of work has freed."""
        while True:
            await asyncio.sleep(_GIVE_BACK)
            await asyncio.to_thread(give_back)

    # --- what moves it ---

    def lead(self, *, leads: bool) -> None:
        """Begin to act, or leave it to another operator."""
        self._parts.metrics.leader.set(leads)
        self._parts.tallies.lead(leads=leads)
        _log.info("leading" if leads else "not leading any more")
        if leads:
            self.wake_all(Priority.PERIODIC)
        else:
            self._parts.store.distrust()

    def wake_all(self, priority: Priority) -> None:
        """Look at every Application."""
        for live in self._parts.store.held(APPLICATION):
            self._parts.wakeups.wake(ApplicationKey(live.key.namespace, live.key.name), priority)

    def settings_moved(self) -> None:
        """A Secret or ConfigMap of ours may have changed: read them soon."""
        if not self._settings_moved:
            self._settings_moved = True
            asyncio.get_running_loop().call_later(_SETTLE, self._read_settings)

    def _read_settings(self) -> None:
        self._settings_moved = False
        self._parts.rulebook.read()
        self._parts.webhooks.read()
        if self._parts.access.read():
            self.wake_all(Priority.COMMIT)

    # --- what it says of itself ---

    def not_healthy(self) -> str:
        """Why the process should be started anew, or "". A loop that stands still does not answer at all."""
        waited = self._parts.wakeups.longest_wait()
        if self._is_warm and waited > _STUCK and self._parts.workers.has_room:
            return f"An Application has waited for {waited:.0f} s though nothing is being worked on."
        return ""

    def not_ready(self) -> str:
        """What the cache still lacks; "" once it has everything. A standby is ready, too."""
        store, informers = self._parts.store, self._parts.informers
        if not store.discovered.preferred:
            return f"The cluster is not known yet. {informers.discovery_error}".strip()
        if APPLICATION not in store.discovered.preferred:
            return "The CRD of Applications is not installed: kubectl apply -f crds/"
        status = store.kind_status(APPLICATION)
        if status.state is not KindState.READY:
            return f"The Applications cannot be listed yet. {status.message}".strip()
        if self._is_warm:
            return ""
        statuses = store.kind_statuses()
        missing = [
            str(kind)
            for kind in store.discovered.preferred
            if kind not in statuses or statuses[kind].state is KindState.CATCHING_UP
        ]
        self._is_warm = not missing
        return f"These kinds are still being listed: {', '.join(sorted(missing))}." if missing else ""

    def scrape(self) -> bytes:
        """The metrics, with those that are only counted when somebody asks."""
        parts, metrics = self._parts, self._parts.metrics
        name = "in-cluster"
        metrics.queue_depth.set(parts.wakeups.depth)
        metrics.queue_oldest_seconds.set(parts.wakeups.longest_wait())
        metrics.workers_busy.set(parts.wakeups.working)
        metrics.cache_objects.labels(name).set(len(parts.store))
        metrics.cache_kind_state.clear()
        for kind, status in parts.store.kind_statuses().items():
            if status.state not in {KindState.READY, KindState.EXCLUDED}:
                metrics.cache_kind_state.labels(name, kind.group, kind.kind, str(status.state)).set(1)
        return metrics.text()
