"""Every Kopf decorator; each body wakes a key. Kopf lives in a thread and a loop of its own and is restarted alone."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import kopf
from kopf._cogs.structs.references import Insights  # the argument's type, which Kopf exports nowhere else

from gitops_operator.cluster.served import is_served
from gitops_operator.cluster.session import Session
from gitops_operator.errors import ClusterError
from gitops_operator.model.application import GROUP, PLURAL, VERSION, ApplicationKey

_log = logging.getLogger(__name__)
_LOGIN_PAUSE = 5.0
_BEGINNING = 1.0
_MISSED = 2  # looks in a row, since Kopf may be about to notice
_GOODBYE = 0.1  # TLS connections that Kopf leaves open end after their session, and before the loop
# Of type Any because Kopf does not export its type. Without one it asks for the name of the user and looks up that of
# the host; the user of a container often has none, and Kopf would die of it.
_IDENTITY: Any = "gitops-operator"

Wake = Callable[[ApplicationKey], None]
Connect = Callable[[], Awaitable[Session]]


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds: how long Kopf stays away after it has ended by itself, doubling until it has lived for `calm`.

    `look` lies between two looks at whether it follows our kind.
    """

    first: float = 1.0
    longest: float = 60.0
    calm: float = 300.0
    look: float = 5.0


def register(registry: kopf.OperatorRegistry, wake: Wake, login: Callable[[], Awaitable[kopf.AiohttpSession]]) -> None:
    """Put our handlers into a registry; `wake` is called in Kopf's thread."""

    @kopf.on.login(registry=registry, errors=kopf.ErrorsMode.TEMPORARY, backoff=_LOGIN_PAUSE)
    async def _login(**_: Any) -> kopf.AiohttpSession:
        return await login()

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def _moved(namespace: str | None, name: str | None, **_: Any) -> None:
        wake(ApplicationKey(namespace or "", name or ""))


class _NothingHandled(kopf.DiffBaseStorage):
    """Nobody asks Kopf what changed. It would copy each object, with all of its status, at each event to find out."""

    def build(self, **_: Any) -> Any:
        return {}

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        """There is nothing to keep."""


def settings() -> kopf.OperatorSettings:
    """Kopf only watches: it posts no events, sees no peers, and never ends the process."""
    wanted = kopf.OperatorSettings()
    wanted.posting.enabled = False
    wanted.peering.standalone = True
    wanted.persistence.diffbase_storage = _NothingHandled()
    wanted.process.ultimate_exiting_timeout = None  # it would be SIGKILL
    wanted.queueing.idle_timeout = 0.5  # for so long an object costs a task after its event
    wanted.queueing.exit_timeout = 0.5
    wanted.networking.connect_timeout = 10.0
    wanted.networking.request_timeout = 60.0
    wanted.networking.error_backoffs = (0.5, 1.0, 2.0)  # then it ends, and is started again: nothing depends on it
    return wanted


class KopfThread:
    """Kopf, supervised: when it ends by itself it is started again, with back-off, and nothing else is touched.

    It has a thread because Kopf, when it ends, cancels every task of its loop (measured with 1.45).
    """

    def __init__(
        self, wake: Wake, connect: Connect, *, on_restart: Callable[[], None], pauses: Pauses | None = None
    ) -> None:
        self._wake, self._connect, self._on_restart = wake, connect, on_restart
        self._pauses = pauses or Pauses()
        self._stopping = threading.Event()
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="kopf", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        # Kopf says at INFO that a handler has succeeded, for each event, and warns that our thread gets no signals.
        logging.getLogger("kopf").setLevel(logging.WARNING)
        logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread runs; between two lives of Kopf it does."""
        return self._thread.is_alive()

    def stop(self, timeout: float = 5.0) -> None:
        """Ask Kopf to end and wait for it; it blocks, so call it from a thread or when the loop has ended."""
        self._stopping.set()
        self._has_begun.wait(
            _BEGINNING
        )  # Kopf leaves coroutines behind that it never awaits when it is cancelled sooner
        if self._running:
            loop, task = self._running
            with suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(task.cancel)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _supervise(self) -> None:
        pause = self._pauses.first
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                asyncio.run(self._live())
            except asyncio.CancelledError:
                _log.debug("Kopf was cancelled")
            except Exception:  # noqa: BLE001  # the edge: whatever ends Kopf, it is started again
                _log.exception("Kopf ended with an error")
            if self._stopping.is_set():
                return
            if time.monotonic() - began > self._pauses.calm:
                pause = self._pauses.first
            _log.warning("Kopf ended by itself; starting it again in %g s", pause)
            self._on_restart()
            self._stopping.wait(pause)
            pause = min(pause * 2, self._pauses.longest)

    async def _live(self) -> None:
        """One life of Kopf, ended by cancelling: on a stop flag it first waits 5 s for requests without an answer."""
        self._running = asyncio.get_running_loop(), asyncio.create_task(self._run())
        if not self._stopping.is_set():
            await self._running[1]

    async def _run(self) -> None:
        self._has_begun.clear()
        logins = _Logins(self._connect)
        registry = kopf.OperatorRegistry()
        register(registry, self._wake, logins.login)
        insights = Insights()
        looking = asyncio.create_task(self._end_when_blind(insights, logins, asyncio.current_task()))
        try:
            await kopf.operator(
                registry=registry,
                settings=settings(),
                insights=insights,
                identity=_IDENTITY,
                standalone=True,
                clusterwide=True,
                ready_flag=self._has_begun,
            )
        finally:
            looking.cancel()
            await logins.close()

    async def _end_when_blind(self, insights: Insights, logins: _Logins, life: asyncio.Task[None] | None) -> None:
        """End this life of Kopf when our kind is served and not followed; the next one finds it when it begins.

        Kopf asks what is served once for each event of a definition. The server lists a new kind a moment after the
        last of these events, and a busy one so late that Kopf never learns of it (seen with 1.45).
        """
        missed = 0
        while missed < _MISSED:
            await asyncio.sleep(self._pauses.look)
            is_blind = insights.ready_resources.is_set() and not _follows(insights)
            missed = missed + 1 if is_blind and await logins.is_served() else 0
        _log.warning("Kopf has not noticed that %s.%s are served", PLURAL, GROUP)
        if life:
            life.cancel()


def _follows(insights: Insights) -> bool:
    return any((found.group, found.plural) == (GROUP, PLURAL) for found in insights.watched_resources)


class _Logins:
    """The sessions that Kopf was given; it closes those that it has used, and only when it ends in peace."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._given: list[kopf.AiohttpSession] = []

    async def login(self) -> kopf.AiohttpSession:
        try:
            session = await self._connect()
        except ClusterError as error:
            raise kopf.TemporaryError(error.message, delay=_LOGIN_PAUSE) from error
        self._given.append(kopf.AiohttpSession(server=session.server, aiohttp_session=session.lend()))
        return self._given[-1]

    async def is_served(self) -> bool:
        """Whether the server lists our kind; not when it cannot be asked."""
        if not self._given:
            return False
        given = self._given[-1]
        return await is_served(given.aiohttp_session, given.server, GROUP, VERSION, PLURAL)

    async def close(self) -> None:
        for given in self._given:
            await given.aiohttp_session.close()
        await asyncio.sleep(_GOODBYE)
