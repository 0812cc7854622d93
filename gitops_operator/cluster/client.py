"""Sends requests to one cluster: bytes in, bytes out, every failure a ClusterError, every call with an end."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol, Unpack

import aiohttp
import msgspec

from gitops_operator.cluster import request as build
from gitops_operator.cluster.answer import Answer, ConnectionLostError, no_answer, refusal, warnings_of
from gitops_operator.cluster.lines import Lines
from gitops_operator.cluster.request import (
    JSON,
    JSON_PATCH,
    MERGE_PATCH,
    ApplyOptions,
    DeleteOptions,
    PatchOptions,
    Payload,
    Request,
    WriteOptions,
)
from gitops_operator.cluster.session import Session
from gitops_operator.model.kind import Kind

_CONNECT = 10.0
_NO_ANSWER = (aiohttp.ClientError, OSError)  # TimeoutError is an OSError


class Observer(Protocol):
    """Hears of each request when its answer, or the lack of one (code 0), is known."""

    def request(self, *, cluster: str, verb: str, resource: str, code: int, dry_run: bool) -> None: ...


class Unobserved:
    """Nobody listens."""

    def request(self, *, cluster: str, verb: str, resource: str, code: int, dry_run: bool) -> None: ...


class Client:
    """One cluster's API. Only writes are bounded (`writes` in flight); a failed call is the caller's to repeat."""

    def __init__(
        self, session: Session, name: str, observer: Observer | None = None, *, writes: int = 32, timeout: float = 60.0
    ) -> None:
        self.name = name
        self._session = session
        self._observer = observer or Unobserved()
        self._writes = asyncio.Semaphore(writes)
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=_CONNECT)
        self.user = ""

    def in_name_of(self, user: str) -> Client:
        """The same connection and bounds, each request as another user (impersonation); "" is ourselves."""
        twin = copy.copy(self)
        twin.user = user
        return twin

    async def get(self, kind: Kind, namespace: str, name: str) -> Answer:
        return await self.send(build.get(kind, namespace, name))

    async def get_path(self, path: str, *, accept: str = JSON, etag: str = "") -> Answer:
        """Anything that is not an object: discovery, OpenAPI, /version."""
        return await self.send(build.get_path(path, accept=accept, etag=etag))

    async def list_page(
        self, kind: Kind, namespace: str = "", *, limit: int = 0, token: str = "", labels: str = ""
    ) -> Answer:
        return await self.send(build.list_page(kind, namespace, limit=limit, token=token, labels=labels))

    async def apply(self, kind: Kind, namespace: str, name: str, body: Payload, **how: Unpack[ApplyOptions]) -> Answer:
        """Server-side apply: 201 for a new object."""
        return await self.send(build.apply(kind, (namespace, name), body, how))

    async def json_patch(
        self, kind: Kind, namespace: str, name: str, patch: Payload, **how: Unpack[PatchOptions]
    ) -> Answer:
        return await self.send(build.patch(kind, (namespace, name), patch, JSON_PATCH, how))

    async def merge_patch(
        self, kind: Kind, namespace: str, name: str, patch: Payload, **how: Unpack[PatchOptions]
    ) -> Answer:
        return await self.send(build.patch(kind, (namespace, name), patch, MERGE_PATCH, how))

    async def create(self, kind: Kind, namespace: str, body: Payload, **how: Unpack[WriteOptions]) -> Answer:
        return await self.send(build.create(kind, namespace, body, how))

    async def replace(
        self, kind: Kind, namespace: str, name: str, body: Payload, **how: Unpack[PatchOptions]
    ) -> Answer:
        return await self.send(build.replace(kind, (namespace, name), body, how))

    async def delete(self, kind: Kind, namespace: str, name: str, **which: Unpack[DeleteOptions]) -> bytes | None:
        """The object as the server shows it on its way out; None where it answers with a Status only."""
        answer = await self.send(build.delete(kind, (namespace, name), which))
        said = msgspec.json.decode(answer.body, type=_Kind).kind if answer.body else "Status"
        return None if said == "Status" and kind.kind != "Status" else answer.body

    async def send(self, request: Request) -> Answer:
        """Send one request; a read whose connection died is sent once more.

        Raises:
            ClusterError: any answer above 299 but 304, or none (status 0).
        """
        request = request._replace(user=self.user) if self.user else request
        if request.method != "GET":
            async with self._writes:
                return await self._send(request)
        try:
            return await self._send(request)
        except ConnectionLostError:
            return await self._send(request)

    async def _send(self, request: Request) -> Answer:
        try:
            async with self._session.open(request, self._timeout) as response:
                body = await response.read()
        except _NO_ANSWER as error:
            self._observe(request, 0)
            raise no_answer(self._session.server, error) from error
        self._observe(request, response.status)
        if response.status > 299 and response.status != 304:
            raise refusal(response.status, body, response.headers.get("Retry-After", ""))
        warnings = warnings_of(response.headers.getall("Warning", ()))
        return Answer(response.status, body, warnings, response.headers.get("ETag", ""))

    @asynccontextmanager
    async def watch(
        self, kind: Kind, namespace: str, options: Mapping[str, str], *, stall: float
    ) -> AsyncIterator[Lines]:
        """The lines of a watch, for as long as the server keeps it; silence of `stall` seconds ends it.

        Raises:
            ClusterError: the server refused, was silent, or the connection broke.
        """
        request = build.watch(kind, namespace, options)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT, sock_read=stall)
        answered = False
        try:
            async with self._session.open(request, timeout) as response:
                answered = True
                self._observe(request, response.status)
                if response.status != 200:
                    raise refusal(response.status, await response.read(), response.headers.get("Retry-After", ""))
                yield Lines(response.content)
        except _NO_ANSWER as error:
            if not answered:
                self._observe(request, 0)
            raise no_answer(self._session.server, error) from error

    def _observe(self, request: Request, code: int) -> None:
        self._observer.request(
            cluster=self.name, verb=request.verb, resource=request.resource, code=code, dry_run=request.dry_run
        )


class _Kind(msgspec.Struct):
    kind: str = ""
