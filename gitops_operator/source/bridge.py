"""The way from libgit2 to a Git server: libgit2 talks only to this process; the sockets that leave it are asyncio's.

So each repository has its own CA, client certificate, proxy and token (libgit2's are for the whole process, or
missing), and ending a fetch is closing a socket: no thread stays behind with a server that is silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from gitops_operator.errors import SourceError
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.http import INFO_REFS, UPLOAD_PACK, HttpRemote
from gitops_operator.source.known_hosts import HostKeys
from gitops_operator.source.urls import RepositoryURL

_LOOPBACK = "127.0.0.1"
_CHUNK = 64 * 1024
_MAX_REQUEST = 64 << 20  # what libgit2 wants and has: 50 bytes for each reference
_QUERIES = {INFO_REFS: "?service=git-upload-pack", UPLOAD_PACK: ""}


@dataclass(eq=False, slots=True)
class Passage:
    """One way through: `url` is for libgit2, `error` is why it broke."""

    url: str
    remote: HttpRemote | None = None
    error: SourceError | None = None
    transports: set[asyncio.BaseTransport] = field(default_factory=set)

    def close(self) -> None:
        for transport in self.transports:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()


class Bridge:
    """`home` is a folder that libgit2 takes for the home folder: it looks for known_hosts there."""

    def __init__(self, home: Path, timeout: float) -> None:
        self._known_hosts = home / ".ssh" / "known_hosts"
        self._timeout = timeout
        self._passages: dict[str, Passage] = {}
        self._lines: dict[int, str] = {}
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._starting = asyncio.Lock()

    async def close(self) -> None:
        for passage in self._passages.values():
            passage.close()
        if self._listener is not None and self._server is not None:
            self._listener.close()
            await self._server.shutdown(0.1)

    @contextlib.asynccontextmanager
    async def to_http(self, remote: HttpRemote) -> AsyncIterator[Passage]:
        """A way to a repository behind HTTP(S). Only who knows the token, which is used once, gets through."""
        token = secrets.token_urlsafe(32)
        passage = Passage(f"http://{_LOOPBACK}:{await self._port()}/{token}", remote)
        self._passages[token] = passage
        try:
            yield passage
        finally:
            del self._passages[token]
            passage.close()

    @contextlib.asynccontextmanager
    async def to_ssh(self, url: RepositoryURL, keys: HostKeys) -> AsyncIterator[Passage]:
        """A way to a repository behind SSH; a server that does not greet gets no thread of ours.

        Raises:
            SourceError: there is no SSH server.
        """
        relay = _Relay(url, await self._greeted(url), self._timeout)
        server = await asyncio.start_server(relay.connected, _LOOPBACK, 0)
        port = server.sockets[0].getsockname()[1]
        relay.passage.url = _loopback_url(url, port)
        self._announce(port, keys)
        try:
            yield relay.passage
        finally:
            self._announce(port, None)
            server.close()
            relay.close()

    async def _port(self) -> int:
        async with self._starting:
            if self._listener is None:
                loop = asyncio.get_running_loop()
                self._server = web.Server(self._answer, handler_cancellation=True)
                self._listener = await loop.create_server(self._server, _LOOPBACK, 0)
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        token, _, what = request.path.lstrip("/").partition("/")
        passage = self._passages.get(token)
        if passage is None or passage.remote is None or what not in _QUERIES or request.transport is None:
            return web.Response(status=404)
        passage.transports.add(request.transport)
        try:
            return await self._forward(request, passage.remote, what)
        except SourceError as error:
            passage.error = error
            request.transport.abort()
            return web.Response(status=502)

    async def _forward(self, request: web.BaseRequest, remote: HttpRemote, what: str) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in ("Content-Type", "Accept") if name in request.headers}
        body = await _body(request) if request.method == "POST" else None
        async with remote.exchange(request.method, what + _QUERIES[what], headers=headers, body=body) as answer:
            response = web.StreamResponse(headers={"Content-Type": answer.content_type, "Cache-Control": "no-cache"})
            response.enable_chunked_encoding()
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                if not await _write(response, chunk):
                    break
            return response

    async def _greeted(self, url: RepositoryURL) -> _Upstream:
        """A connection to a server that has begun to speak SSH."""
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await asyncio.open_connection(url.host, url.port)
                try:
                    greeting = await reader.readuntil(b"SSH-")
                except BaseException:
                    writer.transport.abort()
                    raise
        except TimeoutError:
            raise failure(Reason.TIMEOUT, f"{url.shown}: the SSH server did not answer in time") from None
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise failure(Reason.REPOSITORY_UNREACHABLE, f"{url.shown}: {_why_no_ssh(error, url)}") from None
        return _Upstream(reader, writer, greeting)

    def _announce(self, port: int, keys: HostKeys | None) -> None:
        """Tell libgit2 which kinds of host key are known: it asks the server for one of those."""
        if keys is None:
            self._lines.pop(port, None)
        else:
            self._lines[port] = "".join(f"[{_LOOPBACK}]:{port} {key.line}\n" for key in sorted(keys.trusted))
        self._known_hosts.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._known_hosts.with_suffix(".new")
        fresh.write_text("".join(self._lines.values()))
        fresh.replace(self._known_hosts)


class _Upstream(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    greeting: bytes


class _Relay:
    """Carries the bytes of one SSH connection."""

    def __init__(self, url: RepositoryURL, upstream: _Upstream, timeout: float) -> None:
        self.passage = Passage("")
        self._url = url
        self._upstream = upstream
        self._timeout = timeout
        self._tasks: list[asyncio.Task[None]] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.passage.transports.add(writer.transport)
        if self._tasks:  # libgit2 connects once; this is somebody else
            writer.transport.abort()
            return
        writer.write(self._upstream.greeting)
        self._tasks.append(asyncio.create_task(_copy(reader, self._upstream.writer)))
        self._tasks.append(asyncio.create_task(self._copy_answers(writer)))

    def close(self) -> None:
        self.passage.close()
        self._upstream.writer.transport.abort()
        for task in self._tasks:
            task.cancel()

    async def _copy_answers(self, writer: asyncio.StreamWriter) -> None:
        try:
            await _copy(self._upstream.reader, writer, self._timeout)
        except TimeoutError:
            self.passage.error = failure(Reason.TIMEOUT, f"{self._url.shown}: the SSH server fell silent")
            writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence: float | None = None) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            async with asyncio.timeout(silence):
                chunk = await reader.read(_CHUNK)
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
    writer.close()


def _why_no_ssh(error: Exception, url: RepositoryURL) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name of the host {url.host} cannot be resolved"
    if isinstance(error, OSError):
        return f"no connection to {url.host}:{url.port} ({os.strerror(error.errno) if error.errno else error})"
    return f"what listens on {url.host}:{url.port} is no SSH server"


def _loopback_url(url: RepositoryURL, port: int) -> str:
    user = url.user or "git"
    if url.path.startswith("/"):
        return f"ssh://{user}@{_LOOPBACK}:{port}{url.path}"
    return f"[{user}@{_LOOPBACK}:{port}]:{url.path}"  # libgit2's own form for a relative path and a port


async def _body(request: web.BaseRequest) -> bytes:
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > _MAX_REQUEST:
            raise failure(Reason.REPOSITORY_UNREACHABLE, "the repository has too many references to negotiate a fetch")
    return bytes(data)


async def _write(response: web.StreamResponse, chunk: bytes) -> bool:
    """Whether libgit2 still listens; why it went away it says itself."""
    try:
        await response.write(chunk)
    except OSError:
        return False
    return True
