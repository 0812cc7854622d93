"""A gateway in front of the API server: it remembers all requests, and plays an overloaded server or a slow network."""

import asyncio
import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import aiohttp
from aiohttp import web

from devcluster.cluster import DevCluster

_HOP_BY_HOP = frozenset({"connection", "content-length", "host", "transfer-encoding", "keep-alive"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Write(NamedTuple):
    """One request that changed something, as it was answered; `at` is when it was sent, on the monotonic clock."""

    at: float
    method: str
    path: str
    status: int

    @property
    def name(self) -> str:
        """Of the object."""
        return self.path.rpartition("/")[2]


class Asked(NamedTuple):
    """Any request, as it was answered; `user` is in whose name it was sent, "" in the operator's own."""

    method: str
    path: str
    is_watch: bool
    status: int
    user: str = ""


Refusal = Callable[[web.Request], int]
"""The status to refuse a request with; 0 lets it pass."""


class Gateway:
    """Its switches are its attributes; it speaks plain HTTP on loopback, the bearer token goes through."""

    def __init__(self, cluster: DevCluster) -> None:
        self.delay = 0.0
        """Seconds that each answer to a write comes late."""
        self.watch_delay = 0.0
        """Seconds that what a watch says comes late."""
        self.refusal: Refusal = lambda _: 0
        self.refused = 0
        self.writes: list[Write] = []
        self.asked: set[Asked] = set()
        self._url = cluster.url
        self._trust = ssl.create_default_context(cafile=str(cluster.ca_file))
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._ending = asyncio.Event()
        self._watches: set[asyncio.Task[None]] = set()
        self._port = 0
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()), name="gateway")

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(10)
        self._loop.close()

    def cut_watches(self) -> None:
        """Every open watch breaks in the middle."""
        self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in self._watches])

    def of_objects(self, since: float = 0.0) -> list[Write]:
        """Writes to what Applications manage, in order: neither leases, Events nor Applications."""
        ours = ("/leases/", "/events", "gitops-operator.io")
        return [one for one in self.writes if one.at >= since and not any(word in one.path for word in ours)]

    def kubeconfig(self, of: Path, folder: Path) -> Path:
        """That kubeconfig with the gateway for a server."""
        config = json.loads(of.read_text())
        for cluster in config["clusters"]:
            cluster["cluster"] = {"server": f"http://127.0.0.1:{self._port}"}
        path = folder / f"gateway-{self._port}.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    async def _serve(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, connect=5)
        connector = aiohttp.TCPConnector(ssl=self._trust, limit=0)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, auto_decompress=False, skip_auto_headers=["Content-Type"]
        ) as session:

            async def handle(request: web.Request) -> web.StreamResponse:
                return await self._pass(request, session)

            app = web.Application(client_max_size=2**24)
            app.router.add_route("*", "/{path:.*}", handle)
            runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._port = runner.addresses[0][1]
            self._ready.set()
            await self._ending.wait()
            await runner.cleanup()

    async def _pass(self, request: web.Request, session: aiohttp.ClientSession) -> web.StreamResponse:
        status = self.refusal(request)
        if status:
            self.refused += 1
            return web.json_response(_status(status), status=status, headers={"Retry-After": "1"})
        # Who asks may die meanwhile: the server does what it was asked all the same, and it is to be known.
        sending = asyncio.ensure_future(self._send(request, await request.read() or None, session))
        try:
            upstream = await asyncio.shield(sending)
        except aiohttp.ClientError:
            return web.Response(status=502)
        async with upstream:
            if request.method not in _READS:
                await asyncio.sleep(self.delay)
            return await self._relay(request, upstream)

    async def _send(
        self, request: web.Request, data: bytes | None, session: aiohttp.ClientSession
    ) -> aiohttp.ClientResponse:
        """Pass a request on, and note it with what came of it."""
        at, url = time.monotonic(), self._url + request.raw_path
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        upstream = await session.request(request.method, url, headers=headers, data=data)
        user = request.headers.get("Impersonate-User", "")
        self.asked.add(Asked(request.method, request.path, "watch" in request.query, upstream.status, user))
        if request.method not in _READS and "dryRun" not in request.query:
            self.writes.append(Write(at, request.method, request.path, upstream.status))
        return upstream

    async def _relay(self, request: web.Request, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
        kept = {name: value for name, value in upstream.headers.items() if name.lower() not in _HOP_BY_HOP}
        response = web.StreamResponse(status=upstream.status, headers=kept)
        is_watch = "watch" in request.query
        await response.prepare(request)
        carrying = asyncio.ensure_future(self._carry(upstream, response, is_watch=is_watch))
        if is_watch:
            self._watches.add(carrying)
        try:
            await carrying
            await response.write_eof()
        except (asyncio.CancelledError, aiohttp.ClientError, OSError):
            carrying.cancel()
            if request.transport:
                request.transport.abort()
        finally:
            self._watches.discard(carrying)
        return response

    async def _carry(self, upstream: aiohttp.ClientResponse, response: web.StreamResponse, *, is_watch: bool) -> None:
        async for data in upstream.content.iter_any():
            if is_watch and self.watch_delay:
                await asyncio.sleep(self.watch_delay)
            await response.write(data)


def _status(code: int) -> dict[str, object]:
    reason = {400: "BadRequest", 429: "TooManyRequests"}.get(code, "InternalError")
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": "the gateway has a bad day",
    }


@contextlib.contextmanager
def gateway(cluster: DevCluster) -> Iterator[Gateway]:
    """One that serves for the block."""
    served = Gateway(cluster)
    served.start()
    try:
        yield served
    finally:
        served.stop()
