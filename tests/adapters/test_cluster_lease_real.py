"""The lease on a real API server: it validates what is written, and a line to it breaks."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devcluster.cluster import DevCluster
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.lease import Leadership, LeaseName, LeaseTimes
from gitops_operator.cluster.session import connect
from tests.adapters.cluster_proxy import BadLine, bad_line, through
from tests.adapters.cluster_sink import until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

QUICK = LeaseTimes(duration=2.0, look=0.1)


class Candidate:
    def __init__(self, client: Client, lease: LeaseName, name: str, times: LeaseTimes) -> None:
        self.heard: list[bool] = []
        self.leadership = Leadership(client, lease, name, self.heard.append, times)
        self.task = asyncio.create_task(self.leadership.run())

    def leads(self) -> bool:
        return self.leadership.is_leader()

    async def crash(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def candidate(
    kubeconfig: Path, lease: LeaseName, name: str, times: LeaseTimes = QUICK
) -> AsyncIterator[Candidate]:
    session = await connect(str(kubeconfig))
    one = Candidate(Client(session, "dev"), lease, name, times)
    try:
        yield one
    finally:
        await one.crash()
        await session.close()


def a_lease() -> LeaseName:
    return LeaseName("default", f"operator-{secrets.token_hex(3)}")


async def spec_of(cluster: DevCluster, lease: LeaseName) -> dict[str, Any]:
    said = await asyncio.to_thread(cluster.kubectl, "get", "lease", lease.name, "-o", "json")
    spec: dict[str, Any] = json.loads(said)["spec"]
    return spec


async def test_a_clean_exit_hands_over_in_less_than_a_second(devcluster: DevCluster) -> None:
    lease = a_lease()
    async with (
        candidate(devcluster.kubeconfig, lease, "one", LeaseTimes()) as first,
        candidate(devcluster.kubeconfig, lease, "two", LeaseTimes()) as second,
    ):
        await until(lambda: first.leads() or second.leads())
        leader, other = (first, second) if first.leads() else (second, first)
        await asyncio.sleep(0.6)
        began = time.monotonic()
        await leader.leadership.release()
        await until(other.leads)
        assert time.monotonic() - began < 1
        spec = await spec_of(devcluster, lease)
        assert (spec["holderIdentity"], spec["leaseTransitions"]) == (other.leadership.identity, 1)
        assert spec["leaseDurationSeconds"] == 15


async def test_a_released_lease_names_nobody(devcluster: DevCluster) -> None:
    lease = a_lease()
    async with candidate(devcluster.kubeconfig, lease, "one") as only:
        await until(only.leads)
        await only.leadership.release()
        assert not (await spec_of(devcluster, lease)).get("holderIdentity")


@pytest.mark.parametrize("way", ["refused", "silent", "crash"])
async def test_a_leader_that_loses_the_server_stops_before_the_next_begins(
    way: str, devcluster: DevCluster, tmp_path: Path
) -> None:
    lease = a_lease()
    async with bad_line(devcluster.url) as line:
        far = through(line, devcluster.kubeconfig, tmp_path)
        async with candidate(far, lease, "one") as first:
            await until(first.leads)
            async with candidate(devcluster.kubeconfig, lease, "two") as second:
                await asyncio.sleep(3 * QUICK.look)
                await _lose(first, line, way)
                began = time.monotonic()
                await until(lambda: not first.leads())
                assert not second.leads()
                assert time.monotonic() - began <= QUICK.deadline + 0.3
                await until(second.leads)
                assert time.monotonic() - began <= QUICK.duration + 1.5
                assert first.heard == [True, False]


async def test_candidates_that_begin_together_agree_on_one(devcluster: DevCluster) -> None:
    lease = a_lease()
    session = await connect(str(devcluster.kubeconfig))
    many = [Candidate(Client(session, "dev"), lease, "same", QUICK) for _ in range(10)]
    most = 0
    for _ in range(100):
        most = max(most, sum(one.leads() for one in many))
        await asyncio.sleep(0.01)
    assert most == 1
    for one in many:
        await one.crash()
    await session.close()


async def _lose(first: Candidate, line: BadLine, way: str) -> None:
    if way == "crash":
        await first.crash()
    elif way == "silent":
        line.stalls = True
    else:
        line.refuses = True
        line.cut()
