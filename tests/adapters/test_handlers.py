"""Kopf at the edge: it wakes keys, authenticates as we do, dies alone and is started again."""

import asyncio
import getpass
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gitops_operator.cluster import session as sessions
from gitops_operator.cluster.session import Session
from gitops_operator.errors import ClusterError
from gitops_operator.handlers import KopfThread, Pauses, settings
from gitops_operator.model.application import GROUP, KIND, PLURAL, VERSION, ApplicationKey
from gitops_operator.model.kind import Kind
from tests.adapters.cluster_api import CRD, FakeApi, line, serving, session_with, status
from tests.adapters.cluster_sink import until

APPLICATIONS = Kind(GROUP, VERSION, KIND, PLURAL, namespaced=True)
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
QUICK = Pauses(first=0.1, longest=0.4, calm=30, look=0.1)


class Kopf:
    """The thread, and what it said."""

    def __init__(self, connect: Callable[[], Awaitable[Session]]) -> None:
        self.woken: list[ApplicationKey] = []
        self.restarts = 0
        self.thread = KopfThread(self.woken.append, connect, on_restart=self._restarted, pauses=QUICK)

    def names(self) -> list[str]:
        return [key.name for key in self.woken]

    def _restarted(self) -> None:
        self.restarts += 1


@asynccontextmanager
async def kopf(
    api: FakeApi, folder: Path, connect: Callable[[str], Awaitable[Session]] | None = None
) -> AsyncIterator[Kopf]:
    async with serving(api) as address:
        connect = connect or (lambda address: session_with(address, folder))
        running = Kopf(lambda: connect(address))
        running.thread.start()
        try:
            yield running
        finally:
            await asyncio.to_thread(running.thread.stop)
            assert not running.thread.is_alive()


def api_with(*names: str) -> FakeApi:
    api = FakeApi()
    api.kinds = [NAMESPACES, CRD, APPLICATIONS]
    for name in names:
        api.put(APPLICATIONS, name, spec={})
    return api


async def test_what_is_there_and_each_event_wakes_a_key(tmp_path: Path) -> None:
    api = api_with("old")
    async with kopf(api, tmp_path) as running:
        await until(lambda: running.names() == ["old"])
        await until(lambda: api.watches(APPLICATIONS) == 1)
        api.put(APPLICATIONS, "new", "elsewhere")
        await until(lambda: running.woken[-1] == ApplicationKey("elsewhere", "new"))
        api.put(APPLICATIONS, "new", "elsewhere", spec={"project": "default"})
        await until(lambda: running.names() == ["old", "new", "new"])
        api.remove(APPLICATIONS, "new")
        await until(lambda: running.names() == ["old", "new", "new", "new"])


async def test_kopf_writes_nothing(tmp_path: Path) -> None:
    api = api_with("a")
    async with kopf(api, tmp_path) as running:
        await until(lambda: running.names() == ["a"] and api.watches(APPLICATIONS) == 1)
        for number in range(5):
            api.put(APPLICATIONS, "a", spec={"number": number})
        await until(lambda: len(running.woken) >= 2)
    assert {verb for verb, _, _ in api.requests} <= {"get", "list", "watch", "discovery"}


async def test_kopf_that_dies_is_started_again_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    api = api_with("a")
    async with kopf(api, tmp_path) as running:
        await until(lambda: api.watches(APPLICATIONS) == 1)
        api.say(APPLICATIONS, line("ERROR", {"kind": "Status", "code": 500, "message": "etcdserver: no leader"}))
        await until(lambda: running.restarts == 1)
        await until(lambda: api.watches(APPLICATIONS) == 1, 10)
        api.put(APPLICATIONS, "b")
        await until(lambda: "b" in running.names())
        assert running.restarts == 1
    assert "Kopf ended by itself; starting it again in 0.1 s" in caplog.text


async def test_kopf_that_has_missed_that_our_kind_is_served_again_begins_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    api = api_with()
    api.kinds = [NAMESPACES, CRD]
    async with kopf(api, tmp_path) as running:
        await until(lambda: api.watches(CRD) == 1)
        api.kinds = [NAMESPACES, CRD, APPLICATIONS]  # and no event of the definition comes after this
        api.put(APPLICATIONS, "a", spec={})
        await until(lambda: running.names() == ["a"])
        assert running.restarts == 1
    assert "Kopf has not noticed that applications.gitops-operator.io are served" in caplog.text


async def test_kopf_that_waits_for_our_definition_goes_on(tmp_path: Path) -> None:
    api = api_with()
    api.kinds = [NAMESPACES, CRD]
    async with kopf(api, tmp_path) as running:
        await until(lambda: api.watches(CRD) == 1)
        asked = len(api.requests)
        await until(lambda: len(api.requests) >= asked + 3)
        assert running.restarts == 0


async def test_kopf_that_dies_again_and_again_stays_away_longer(caplog: pytest.LogCaptureFixture) -> None:
    running = Kopf(_nowhere)
    running.thread._run = _dies  # type: ignore[method-assign]  # a bug in Kopf
    running.thread.start()
    await until(lambda: running.restarts >= 4)
    await asyncio.to_thread(running.thread.stop)
    pauses = [record.args for record in caplog.records if "starting it again" in record.message]
    assert pauses[:4] == [(0.1,), (0.2,), (0.4,), (0.4,)]


async def test_a_cluster_that_cannot_be_reached_at_first_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_operator.handlers._LOGIN_PAUSE", 0.1)
    tries = 0

    async def connect(address: str) -> Session:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ClusterError("The kubeconfig is not there yet.")
        return await session_with(address, tmp_path)

    async with kopf(api_with("a"), tmp_path, connect) as running:
        await until(lambda: running.names() == ["a"], 10)
        assert running.restarts == 0


async def test_kopf_uses_a_renewed_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_RELOAD", 0.0)
    token = tmp_path / "token"
    token.write_text("first")
    api = api_with("a")
    async with kopf(api, tmp_path, lambda address: session_with(address, tmp_path, {"tokenFile": str(token)})):
        await until(lambda: api.watches(APPLICATIONS) == 1)
        assert api.headers["Authorization"] == "Bearer first"
        token.write_text("second")
        asked = len(api.asked("watch", PLURAL))
        api.drop(APPLICATIONS)
        await until(lambda: len(api.asked("watch", PLURAL)) > asked)
        assert api.headers["Authorization"] == "Bearer second"


async def test_kopf_whose_token_is_refused_logs_in_again(tmp_path: Path) -> None:
    api = api_with("a")
    logins = 0

    async def connect(address: str) -> Session:
        nonlocal logins
        logins += 1
        return await session_with(address, tmp_path, {"token": f"token-{logins}"})

    async with kopf(api, tmp_path, connect) as running:
        await until(lambda: api.watches(APPLICATIONS) == 1)
        api.once.append((("watch", PLURAL), status(401, "Unauthorized", "Unauthorized")))
        api.drop()
        await until(lambda: logins == 2)
        await until(lambda: api.watches(APPLICATIONS) == 1)
        assert api.headers["Authorization"] == "Bearer token-2"
        assert running.restarts == 0


async def test_kopf_stops_while_it_waits_for_a_login(tmp_path: Path) -> None:
    waiting = threading.Event()

    async def connect(address: str) -> Session:
        waiting.set()
        return await _nowhere()

    async with kopf(api_with(), tmp_path, connect):
        await until(waiting.is_set)


async def test_stopping_before_it_has_begun_is_fine(tmp_path: Path) -> None:
    async with kopf(api_with(), tmp_path):
        pass


async def test_kopf_needs_no_user_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 65532")

    monkeypatch.setattr(getpass, "getuser", nobody)
    async with kopf(api_with("a"), tmp_path) as running:
        await until(lambda: running.names() == ["a"])


async def test_an_event_is_not_logged_as_such(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api = api_with("a")
    async with kopf(api, tmp_path) as running:
        await until(lambda: running.names() == ["a"] and api.watches(APPLICATIONS) == 1)
        before = len(caplog.records)
        for number in range(5):
            api.put(APPLICATIONS, f"n{number}")
        await until(lambda: len(running.woken) == 6)
        assert [record for record in caplog.records[before:] if record.name.startswith("kopf")] == []


def test_kopf_never_kills_the_process() -> None:
    assert settings().process.ultimate_exiting_timeout is None


async def _dies() -> None:
    raise ValueError("a bug in Kopf")


async def _nowhere() -> Session:
    raise ClusterError("no cluster far and wide")
