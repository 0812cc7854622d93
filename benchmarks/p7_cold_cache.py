"""P7: how long it takes until the cache knows 50,000 ConfigMaps, beside a bare client that only reads them."""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from benchmarks import bare, masses
from benchmarks.rows import Benchmark, Reading, Round, Row, Target
from benchmarks.world import Ground, ground
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.junction import Junction, KindFeed
from gitops_operator.cluster.pace import WatchSettings
from gitops_operator.cluster.reflector import Reflector, Shared
from gitops_operator.cluster.session import connect
from gitops_operator.feed import Feed
from gitops_operator.health import assess, assess_beside
from gitops_operator.live import Store
from gitops_operator.model.kind import Kind, KindState

_NUMBER = 50_000
_MAPS = Kind("", "v1", "ConfigMap", "configmaps", namespaced=True)
_ROW = "50,000 ConfigMaps of 1.5 KB in the cache"
_TOKEN = re.compile(rb'"continue":"([^"]+)"')
_HEAD = 1000  # the token stands among the first bytes of a page


def run(rounds: int) -> Iterator[Round]:
    """The first, which warms the API server's own cache up, does not count."""
    with ground() as place:
        masses.make_namespaces(place.cluster)
        masses.create_config_maps(place.cluster, _NUMBER)
        for number in range(rounds + 1):
            readings = [_ours(place), _bare(place)] if number % 2 else [_bare(place), _ours(place)][::-1]
            if number:
                yield {_ROW: Reading(*readings)}


BENCHMARK = Benchmark(
    "P7",
    "from the first request to 50,000 ConfigMaps in the cache",
    (Row(_ROW, "s", "bare client, pages of 500, bytes read and dropped", Target(1.5, of="ratio")),),
    run,
)


def _bare(place: Ground) -> float:
    return asyncio.run(_listed(place))


async def _listed(place: Ground) -> float:
    """Only the token of the next page is looked for."""
    async with bare.connected(place.cluster) as session:
        started, token = time.perf_counter(), ""
        while True:
            page = await _page(session, token)
            found = _TOKEN.search(page[:_HEAD])
            if not found:
                return time.perf_counter() - started
            token = found[1].decode()


async def _page(session: aiohttp.ClientSession, token: str) -> bytes:
    query = {"limit": "500", **({"continue": token} if token else {})}
    async with session.get("/api/v1/configmaps", params=query, headers={"Accept-Encoding": "identity"}) as answer:
        page = await answer.read()
        assert answer.status == 200, page[:500]
        return page


def _ours(place: Ground) -> float:
    return asyncio.run(_cached(place.kubeconfig))


async def _cached(kubeconfig: Path) -> float:
    """The operator's informer of that kind and its cache; the other kinds, which come beside it, are left out."""
    session = await connect(str(kubeconfig))
    store = Store(assess=assess, beside=assess_beside)
    feed = Feed(store, lambda _key, _priority: None, lambda: None, _Nobody())
    shared = Shared(Client(session, "benchmark"), WatchSettings(), asyncio.Semaphore(1))
    reflector = Reflector(_MAPS, "", KindFeed(_MAPS, "", Junction(feed)), shared)
    started = time.perf_counter()
    running = asyncio.create_task(reflector.run())
    try:
        while store.kind_status(_MAPS.group_kind).state is not KindState.READY:  # noqa: ASYNC110 - as fine as is measured
            await asyncio.sleep(0.005)
        taken = time.perf_counter() - started
        assert len(store) >= _NUMBER
        return taken
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await session.close()


class _Nobody:
    def event_lag(self, seconds: float) -> None:
        """Of no interest."""
