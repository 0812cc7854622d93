"""Workers: keys from the queue to passes, side by side, one at a time for each Application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from gitops_operator.errors import ClusterError
from gitops_operator.metrics import Metrics
from gitops_operator.model.application import ApplicationKey
from gitops_operator.reconciler import Reconciler
from gitops_operator.turn import GivenUpError
from gitops_operator.wakeups import Priority, Wakeups
from gitops_operator.workers import Workers
from gitops_operator.writes import LeadershipLostError

SHOP, BLOG = ApplicationKey("gitops", "shop"), ApplicationKey("gitops", "blog")


async def _nothing(key: ApplicationKey) -> datetime | None:
    return None


@dataclass
class Passes:
    """Stands for the reconciler; `does` is what a pass does."""

    does: Callable[[ApplicationKey], Awaitable[datetime | None]] = _nothing
    made: list[ApplicationKey] = field(default_factory=list)
    running: list[ApplicationKey] = field(default_factory=list)
    at_once: int = 0

    gone: set[ApplicationKey] = field(default_factory=set)

    def remembers(self, key: ApplicationKey) -> bool:
        return key not in self.gone

    async def reconcile(self, key: ApplicationKey) -> datetime | None:
        self.made.append(key)
        self.running.append(key)
        assert self.running.count(key) == 1, "two passes over one Application"
        self.at_once = max(self.at_once, len(self.running))
        try:
            return await self.does(key)
        finally:
            self.running.remove(key)


@dataclass
class Bench:
    """Workers that run, and what they work on."""

    passes: Passes
    wakeups: Wakeups
    workers: Workers
    metrics: Metrics
    leads: bool = True

    def failures(self) -> dict[str, float]:
        """Passes that are run again, by their reasons."""
        families = self.metrics.registry.collect()
        (found,) = [family for family in families if family.name == "gitops_reconcile_failures"]
        return {sample.labels["reason"]: sample.value for sample in found.samples}

    async def until(self, passes: int) -> None:
        async with asyncio.timeout(5):
            while len(self.passes.made) < passes:  # noqa: ASYNC110 - a list tells nobody
                await asyncio.sleep(0.002)


@asynccontextmanager
async def working(
    does: Callable[[ApplicationKey], Awaitable[datetime | None]] = _nothing, *, number: int = 2, interval: float = 60.0
) -> AsyncIterator[Bench]:
    passes, wakeups = Passes(does), Wakeups(asyncio.get_running_loop().time)
    metrics = Metrics()
    workers = Workers(cast("Reconciler", passes), wakeups, lambda: bench.leads, metrics, look_interval=interval)
    bench = Bench(passes, wakeups, workers, metrics)
    running = asyncio.create_task(workers.run(number))
    try:
        yield bench
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_wake_up_is_a_pass() -> None:
    async with working() as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(1)
        await asyncio.sleep(0.05)
        assert bench.passes.made == [SHOP]


async def test_a_pass_that_is_given_up_at_the_end_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def give_up(key: ApplicationKey) -> datetime | None:
        raise GivenUpError

    async with working(give_up) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(1)
        await bench.workers.stop(5)
        assert set(bench.failures().values()) == {0}
    assert not caplog.records


async def test_applications_are_looked_at_side_by_side() -> None:
    barrier = asyncio.Barrier(2)

    async def meet(key: ApplicationKey) -> None:
        await barrier.wait()

    async with working(meet) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        bench.wakeups.wake(BLOG, Priority.USER)
        await bench.until(2)
        assert bench.passes.at_once == 2


async def test_a_wake_up_during_a_pass_makes_another_one_after_it() -> None:
    async def wake_once(key: ApplicationKey) -> None:
        if len(bench.passes.made) == 1:
            bench.wakeups.wake(key, Priority.DRIFT)
            await asyncio.sleep(0.02)

    async with working(wake_once) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(2)
        await asyncio.sleep(0.05)
        assert bench.passes.made == [SHOP, SHOP]


async def test_a_pass_says_when_to_look_again() -> None:
    async def soon(key: ApplicationKey) -> datetime | None:
        return datetime.now(UTC) + timedelta(seconds=0.05) if len(bench.passes.made) == 1 else None

    async with working(soon) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(2)
        await asyncio.sleep(0.1)
        assert len(bench.passes.made) == 2


async def test_an_application_is_looked_at_now_and_then_when_nothing_happens() -> None:
    async with working(interval=0.03) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(4)


async def test_an_application_that_is_gone_is_not_looked_at_any_more() -> None:
    async with working(interval=0.02) as bench:
        bench.passes.gone.add(SHOP)
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(1)
        await asyncio.sleep(0.1)
        assert bench.passes.made == [SHOP]


async def test_a_conflict_makes_the_pass_run_again_soon() -> None:
    async def moved(key: ApplicationKey) -> None:
        if len(bench.passes.made) == 1:
            raise ClusterError("the object has been modified", status=409)

    async with working(moved) as bench:
        began = asyncio.get_running_loop().time()
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(2)
        assert asyncio.get_running_loop().time() - began < 0.8


async def test_a_server_that_is_down_is_asked_later() -> None:
    async def down(key: ApplicationKey) -> None:
        raise ClusterError("unavailable", status=503)

    async with working(down) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(1)
        await asyncio.sleep(0.3)
        assert len(bench.passes.made) == 1
        await bench.until(2)


async def test_a_bug_costs_one_application_a_pass_and_the_worker_nothing() -> None:
    async def broken(key: ApplicationKey) -> None:
        if key == SHOP:
            raise ZeroDivisionError

    async with working(broken, number=1) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        bench.wakeups.wake(BLOG, Priority.USER)
        await bench.until(2)
        assert set(bench.passes.made) == {SHOP, BLOG}
        await bench.until(3)
        assert bench.passes.made[2] == SHOP


async def test_a_pass_that_loses_the_lease_just_ends() -> None:
    async def lost(key: ApplicationKey) -> None:
        raise LeadershipLostError

    async with working(lost) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(1)
        await asyncio.sleep(0.1)
        assert bench.passes.made == [SHOP]


async def test_who_does_not_lead_looks_at_nothing() -> None:
    async with working() as bench:
        bench.leads = False
        bench.wakeups.wake(SHOP, Priority.USER)
        await asyncio.sleep(0.05)
        assert bench.passes.made == []
        bench.leads = True
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(1)


async def test_stopping_waits_for_the_pass_in_hand_and_takes_no_other() -> None:
    ended = []

    async def slow(key: ApplicationKey) -> None:
        await asyncio.sleep(0.05)
        ended.append(key)

    async with working(slow, number=1) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        bench.wakeups.wake(BLOG, Priority.USER)
        await bench.until(1)
        await bench.workers.stop(5)
        assert ended == bench.passes.made
        await asyncio.sleep(0.1)
        assert len(bench.passes.made) == 1


async def test_stopping_does_not_wait_for_ever() -> None:
    async def stuck(key: ApplicationKey) -> None:
        await asyncio.sleep(60)

    async with working(stuck) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(1)
        began = asyncio.get_running_loop().time()
        await bench.workers.stop(0.05)
        assert asyncio.get_running_loop().time() - began < 2


@pytest.mark.parametrize(
    "error, reason",
    [
        (ClusterError("the object has been modified", status=409), "conflict"),
        (ClusterError("unavailable", status=503), "api"),
        (RuntimeError("nobody foresaw this"), "bug"),
    ],
    ids=["conflict", "api", "bug"],
)
async def test_a_pass_that_is_run_again_is_counted_by_its_reason(error: Exception, reason: str) -> None:
    async def fail_once(key: ApplicationKey) -> None:
        if len(bench.passes.made) == 1:
            raise error

    async with working(fail_once) as bench:
        bench.wakeups.wake(SHOP, Priority.USER)
        await bench.until(2)
        assert bench.failures() == {"conflict": 0, "api": 0, "bug": 0, reason: 1}
