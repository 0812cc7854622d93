"""Servers between the operator and the Git server, for what a Git server alone does not do."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A web server on a port of its own."""
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def forwarding(url: str) -> AsyncIterator[Handler]:
    """A handler that passes requests on to the server of a URL, without the header that asks for protocol version 2."""
    base = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def forward(request: web.BaseRequest) -> web.StreamResponse:
            headers = {name: request.headers[name] for name in ("Content-Type", "Accept") if name in request.headers}
            body = await request.read()
            target = base + request.path_qs
            async with session.request(request.method, target, headers=headers, data=body or None) as answer:
                return web.Response(
                    status=answer.status,
                    body=await answer.read(),
                    headers={"Content-Type": answer.headers["Content-Type"]},
                )

        yield forward


@asynccontextmanager
async def stalling(url: str, after: int) -> AsyncIterator[str]:
    """The URL of the same server through a wire that falls silent, and stays open, after so many bytes of answers."""
    parts = urlsplit(url)
    tasks: set[asyncio.Task[None]] = set()
    left = after

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(4096):
            writer.write(chunk)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        upstream_reader, upstream = await asyncio.open_connection(parts.hostname, parts.port)
        up = asyncio.create_task(carry(reader, upstream))
        tasks.add(up)
        try:
            while left > 0 and (chunk := await upstream_reader.read(min(left, 4096))):
                left -= len(chunk)
                writer.write(chunk)
            await asyncio.wait({up})
        finally:
            up.cancel()
            upstream.transport.abort()
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield url.replace(f":{parts.port}", f":{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # the connections end in tasks of their own
