"""Who writes: one candidate at a time, whatever happens to it, to the others and to the server."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import web

from gitops_operator.cluster.client import Client
from gitops_operator.cluster.lease import LEASE, Leadership, LeaseName, LeaseTimes
from tests.adapters.cluster_api import Answer, Body, FakeApi, connected, serving, session_with, status
from tests.adapters.cluster_sink import until

NAME = LeaseName("default", "operator")
QUICK = LeaseTimes(duration=2.0, look=0.05)


class LeaseApi(FakeApi):
    """An API server that keeps leases and refuses writes that carry an old resourceVersion."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds = [LEASE]
        self.on_write = self._write

    @property
    def spec(self) -> Body:
        body = self._objects.get("leases", {}).get(NAME.name)
        return body["spec"] if body else {}

    def hold(self, holder: str, seconds: int = 1) -> None:
        self.put(LEASE, NAME.name, spec={"holderIdentity": holder, "leaseDurationSeconds": seconds})

    def _write(self, method: str, name: str, body: Body) -> Answer:
        known = self._objects.get("leases", {}).get(NAME.name)
        if method == "POST" and known:
            return status(409, "AlreadyExists", "it exists")
        if known and known["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            return status(409, "Conflict", "the object has been modified")
        self.put(LEASE, NAME.name, spec={**self.spec, **body["spec"]})
        return 200, "application/json", json.dumps(self._objects["leases"][NAME.name])


class Contestant(Protocol):
    def leads(self) -> bool: ...
    async def crash(self) -> None: ...


class Candidate:
    """One operator: its leadership, what it heard of it, and the task that stands for election."""

    def __init__(self, client: Client, name: str, times: LeaseTimes = QUICK) -> None:
        self.heard: list[bool] = []
        self.leadership = Leadership(client, NAME, name, self.heard.append, times)
        self.task = asyncio.create_task(self.leadership.run())

    def leads(self) -> bool:
        return self.leadership.is_leader()

    async def crash(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class Election:
    """Candidates of one Lease, watched all the time for two leaders at once."""

    def __init__(self, client: Client) -> None:
        self.candidates: list[Contestant] = []
        self.client = client
        self.most = 0

    def stand(self, name: str, times: LeaseTimes = QUICK) -> Candidate:
        candidate = Candidate(self.client, name, times)
        self.candidates.append(candidate)
        return candidate

    async def watch(self) -> None:
        while True:
            self.most = max(self.most, sum(one.leads() for one in self.candidates))
            await asyncio.sleep(0.002)


@asynccontextmanager
async def election(api: FakeApi, folder: Path) -> AsyncIterator[Election]:
    async with serving(api) as address, connected(address, folder) as client, contested(client) as contest:
        yield contest


@asynccontextmanager
async def contested(client: Client) -> AsyncIterator[Election]:
    contest = Election(client)
    watching = asyncio.create_task(contest.watch())
    try:
        yield contest
    finally:
        for one in contest.candidates:
            await one.crash()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert contest.most <= 1, "two leaders at once"


async def test_the_first_leads_and_the_second_waits(tmp_path: Path) -> None:
    async with election(LeaseApi(), tmp_path) as contest:
        first = contest.stand("one")
        await until(first.leads)
        second = contest.stand("two")
        await asyncio.sleep(2 * QUICK.duration)
        assert (first.heard, second.heard) == ([True], [])


async def test_a_clean_exit_hands_over_in_less_than_a_second(tmp_path: Path) -> None:
    async with election(LeaseApi(), tmp_path) as contest:
        first = contest.stand("one", LeaseTimes())
        await until(first.leads)
        second = contest.stand("two", LeaseTimes())
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await first.leadership.release()
        assert first.heard == [True, False]
        await until(second.leads)
        assert time.monotonic() - began < 1
        await asyncio.wait_for(first.task, 1)


async def test_after_a_crash_the_next_leads_when_the_lease_has_ended_and_not_before(tmp_path: Path) -> None:
    async with election(LeaseApi(), tmp_path) as contest:
        first = contest.stand("one")
        await until(first.leads)
        second = contest.stand("two")
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await first.crash()
        await until(second.leads)
        # the last renewal may be a whole interval old
        assert QUICK.duration - QUICK.renew - 0.2 < time.monotonic() - began < QUICK.duration + 1


async def test_two_candidates_of_one_name_do_not_lead_together(tmp_path: Path) -> None:
    async with election(LeaseApi(), tmp_path) as contest:
        first, second = contest.stand("same"), contest.stand("same")
        await until(lambda: first.leads() or second.leads())
        await asyncio.sleep(QUICK.duration)
        assert sorted([first.heard, second.heard]) == [[], [True]]


async def test_a_leader_without_a_server_stops_before_its_lease_ends(tmp_path: Path) -> None:
    api = LeaseApi()
    async with election(api, tmp_path) as contest:
        leader = contest.stand("one")
        await until(leader.leads)
        api.refusals["get", "leases"] = status(500, "InternalError", "etcd is away")
        began = time.monotonic()
        await until(lambda: leader.heard == [True, False])
        assert time.monotonic() - began < QUICK.deadline + 0.3
        api.refusals.clear()
        await until(lambda: leader.heard == [True, False, True])


async def test_a_server_that_hangs_costs_leadership_in_time_and_is_told_in_time(tmp_path: Path) -> None:
    api = LeaseApi()
    handle, hangs = api.handle, False

    async def hanging(request: web.Request) -> web.StreamResponse:
        while hangs:  # noqa: ASYNC110 – a server that does nothing
            await asyncio.sleep(0.05)
        return await handle(request)

    api.handle = hanging  # type: ignore[method-assign]  # it may hang
    async with election(api, tmp_path) as contest:
        leader = contest.stand("one")
        await until(leader.leads)
        hangs, began = True, time.monotonic()
        await until(lambda: leader.heard == [True, False])
        assert time.monotonic() - began < QUICK.deadline + 0.3
        hangs = False


async def test_a_paused_leader_does_not_believe_longer_than_its_lease(tmp_path: Path) -> None:
    async with serving(LeaseApi()) as address:
        with elsewhere(address, tmp_path) as paused:
            await until(paused.leadership.is_leader)
            async with connected(address, tmp_path) as client, contested(client) as contest:
                contest.candidates.append(paused)
                second = contest.stand("two")
                await asyncio.sleep(0.3)
                paused.sleep(2 * QUICK.duration)
                await until(second.leads)
                await until(lambda: paused.awake)
                assert second.leads()
                await asyncio.sleep(0.3)
                contest.candidates.remove(paused)
        assert paused.heard[:2] == [True, False]


async def test_a_leader_that_is_overruled_stops_at_once(tmp_path: Path) -> None:
    api = LeaseApi()
    async with election(api, tmp_path) as contest:
        leader = contest.stand("one")
        await until(leader.leads)
        began = time.monotonic()
        api.hold("an administrator", seconds=60)
        await until(lambda: leader.heard == [True, False])
        assert time.monotonic() - began < QUICK.deadline - 0.1


async def test_a_deleted_lease_is_made_again_by_who_holds_it(tmp_path: Path) -> None:
    api = LeaseApi()
    async with election(api, tmp_path) as contest:
        leader, other = contest.stand("one"), contest.stand("two")
        await until(lambda: leader.leads() or other.leads())
        holder = api.spec["holderIdentity"]
        for _ in range(3):
            await asyncio.sleep(2 * QUICK.look)
            api.remove(LEASE, NAME.name)
            await until(lambda: bool(api.spec))
        assert api.spec["holderIdentity"] == holder


async def test_a_lease_of_somebody_who_is_long_gone_is_waited_for_by_our_own_clock(tmp_path: Path) -> None:
    api = LeaseApi()
    api.hold("gone")
    async with election(api, tmp_path) as contest:
        began = time.monotonic()
        leader = contest.stand("one")
        await until(leader.leads)
        assert time.monotonic() - began > 1
        assert api.spec["leaseTransitions"] == 1


async def test_a_rolling_update_never_has_two_leaders(tmp_path: Path) -> None:
    async with election(LeaseApi(), tmp_path) as contest:
        old = [contest.stand("old-1"), contest.stand("old-2")]
        await until(lambda: any(one.leads() for one in old))
        for number, leaving in enumerate(old):
            contest.stand(f"new-{number}")
            await asyncio.sleep(0.1)
            await leaving.leadership.release()
            await until(lambda: any(one.leads() for one in contest.candidates))
        assert not any(one.leads() for one in old)


async def test_a_release_that_nobody_hears_ends_in_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    api = LeaseApi()
    async with election(api, tmp_path) as contest:
        leader = contest.stand("one")
        await until(leader.leads)
        api.refusals["get", "leases"] = status(503, "ServiceUnavailable", "going down")
        await asyncio.wait_for(leader.leadership.release(), QUICK.deadline)
        assert not leader.leads()
    assert "could not be released: going down" in caplog.text


async def test_a_lasting_trouble_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    api = LeaseApi()
    api.refusals["get", "leases"] = status(403, "Forbidden", "leases is forbidden")
    async with election(api, tmp_path) as contest:
        contest.stand("one")
        await until(lambda: len(api.asked("get", "leases")) > 5)
    assert caplog.text.count("leases is forbidden") == 1


class Elsewhere:
    """A candidate in a thread and loop of its own, which can be put to sleep as a whole."""

    def __init__(self, address: str, folder: Path) -> None:
        self.heard: list[bool] = []
        self.awake = False
        self.leadership: Leadership
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main(address, folder)))
        self._thread.start()
        assert self._ready.wait(5)

    def leads(self) -> bool:
        return self.leadership.is_leader()

    def sleep(self, seconds: float) -> None:
        self._loop.call_soon_threadsafe(self._sleep, seconds)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(5)

    async def crash(self) -> None:
        """It ends by itself."""

    def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)
        self.awake = True

    async def _main(self, address: str, folder: Path) -> None:
        self._loop = asyncio.get_running_loop()
        session = await session_with(address, folder)
        self.leadership = Leadership(Client(session, "fake"), NAME, "paused", self.heard.append, QUICK)
        self._task = asyncio.create_task(self.leadership.run())
        self._ready.set()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await session.close()


@contextmanager
def elsewhere(address: str, folder: Path) -> Iterator[Elsewhere]:
    candidate = Elsewhere(address, folder)
    try:
        yield candidate
    finally:
        candidate.end()
