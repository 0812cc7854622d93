"""The yardstick: a bare asyncio client that does nothing but send the requests, so many in flight."""

import asyncio
import json
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import aiohttp

from devcluster.cluster import DevCluster
from tests.cluster.operator import ACCOUNT, NAMESPACE

Json = Mapping[str, Any]

IN_FLIGHT = 32
COLLECTIONS = {
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Service": "/api/v1/namespaces/{}/services",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
}
"""Where the API server keeps the kinds of the benchmarks."""

_QUERY = "fieldManager=bare&fieldValidation=Strict&force=true"
_HEADERS = {"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"}


def apply_all(cluster: DevCluster, objects: Sequence[Json], *, in_flight: int = IN_FLIGHT) -> float:
    """The seconds that server-side applies of these objects take, from the first request to the last answer."""
    return asyncio.run(_apply_all(cluster, objects, in_flight))


async def _apply_all(cluster: DevCluster, objects: Sequence[Json], in_flight: int) -> float:
    waiting = iter(objects)

    async def work(session: aiohttp.ClientSession) -> None:
        for one in waiting:  # shared by all workers
            await apply(session, one)

    async with connected(cluster) as session:
        started = time.perf_counter()
        await asyncio.gather(*(work(session) for _ in range(in_flight)))
        return time.perf_counter() - started


async def create_all(session: aiohttp.ClientSession, bodies: Iterable[tuple[str, Json]]) -> None:
    """Creates objects, each at the path of its collection."""
    waiting = iter(bodies)

    async def work() -> None:
        for path, body in waiting:  # shared by all workers
            async with session.post(path, json=body) as answer:
                assert answer.status == 201, await answer.text()

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


async def apply(session: aiohttp.ClientSession, body: Json) -> bytes:
    """One server-side apply; the answer is read and not looked at."""
    async with session.patch(f"{path_of(body)}?{_QUERY}", data=json.dumps(body).encode(), headers=_HEADERS) as answer:
        read = await answer.read()
        assert answer.status < 300, read[:500]
        return read


def path_of(body: Json) -> str:
    """Where the API server keeps an object."""
    metadata = body["metadata"]
    return f"{COLLECTIONS[body['kind']].format(metadata['namespace'])}/{quote(metadata['name'])}"


def connected(cluster: DevCluster) -> aiohttp.ClientSession:
    """A session with the API server, with the operator's own rights; paths are enough."""
    tls = ssl.create_default_context(cafile=str(cluster.ca_file))
    connector = aiohttp.TCPConnector(limit=0, ssl=tls)
    return aiohttp.ClientSession(cluster.url, connector=connector, headers=authorization(cluster))


def authorization(cluster: DevCluster) -> dict[str, str]:
    """The operator's own: what the server has to check is the same then."""
    return {"Authorization": f"Bearer {cluster.token(ACCOUNT, NAMESPACE)}"}
