"""Probes and metrics as the kubelet and Prometheus ask for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from gitops_operator.web import WebServer


class Process:
    """What the probes look at."""

    def __init__(self) -> None:
        self.illness = ""
        self.wait = ""

    def server(self, port: int = 0) -> WebServer:
        return WebServer(
            "127.0.0.1",
            port,
            healthy=lambda: self.illness,
            ready=lambda: self.wait,
            metrics=lambda: b"# HELP a b\n",
        )


@asynccontextmanager
async def serving(process: Process) -> AsyncIterator[str]:
    server = process.server()
    await server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.stop()


async def get(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text(), response.headers["Content-Type"]


async def test_a_process_without_a_problem_is_healthy_and_ready() -> None:
    async with serving(Process()) as url:
        assert (await get(f"{url}/healthz"))[:2] == (200, "ok\n")
        assert (await get(f"{url}/readyz"))[:2] == (200, "ok\n")


async def test_a_probe_that_fails_says_why_and_only_for_itself() -> None:
    process = Process()
    async with serving(process) as url:
        process.wait = "The cache of Deployments is not ready."
        assert (await get(f"{url}/readyz"))[:2] == (503, "The cache of Deployments is not ready.\n")
        assert (await get(f"{url}/healthz"))[0] == 200
        process.wait, process.illness = "", "The loop stands still."
        assert (await get(f"{url}/healthz"))[:2] == (503, "The loop stands still.\n")
        assert (await get(f"{url}/readyz"))[0] == 200


async def test_metrics_are_served_in_prometheus_text_format() -> None:
    async with serving(Process()) as url:
        status, text, content_type = await get(f"{url}/metrics")
    assert (status, text) == (200, "# HELP a b\n")
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"


async def test_nothing_else_is_served() -> None:
    async with serving(Process()) as url:
        assert (await get(f"{url}/"))[0] == 404


async def test_a_taken_port_is_an_error_at_start() -> None:
    process = Process()
    first = process.server()
    await first.start()
    second = process.server(first.port)
    with pytest.raises(OSError, match="address already in use"):
        await second.start()
    await second.stop()
    await first.stop()


async def test_after_the_stop_nobody_listens() -> None:
    server = Process().server()
    await server.start()
    await server.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(f"http://127.0.0.1:{server.port}/healthz")
