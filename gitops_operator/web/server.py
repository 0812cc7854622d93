"""/healthz, /readyz and /metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

Probe = Callable[[], str]
"""Gives "" when all is well, else a sentence that says what is not."""


class WebServer:
    """The HTTP server of the process; `port` is the real one after `start`."""

    def __init__(self, host: str, port: int, *, healthy: Probe, ready: Probe, metrics: Callable[[], bytes]) -> None:
        self._host, self.port = host, port
        self._metrics = metrics
        application = web.Application()
        application.router.add_get("/healthz", _answer(healthy))
        application.router.add_get("/readyz", _answer(ready))
        application.router.add_get("/metrics", self._show_metrics)
        self._runner = web.AppRunner(application, access_log=None)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _show_metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _answer(probe: Probe) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_request: web.Request) -> web.Response:
        problem = probe()
        return web.Response(status=503 if problem else 200, text=f"{problem or 'ok'}\n")

    return handle
