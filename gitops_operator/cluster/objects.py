"""Objects as bytes: cut out of answers without being read, whole, and not holding the answer in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

import msgspec

from gitops_operator.cluster.answer import Answer, refusal
from gitops_operator.cluster.client import Client
from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Kind

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Listing(NamedTuple):
    """All objects of a kind and the resourceVersion at which that was true."""

    objects: list[bytes]
    position: str


class Event(msgspec.Struct):
    """One line of a watch; `object` is a view of that line."""

    type: str
    object: msgspec.Raw


class _ListMetadata(msgspec.Struct, rename={"position": "resourceVersion", "token": "continue"}):
    position: str = ""
    token: str = ""


class _Page(msgspec.Struct):
    metadata: _ListMetadata
    items: list[msgspec.Raw] | None = None


class _Metadata(msgspec.Struct, rename={"position": "resourceVersion"}):
    position: str = ""
    annotations: dict[str, str] | None = None


class _Object(msgspec.Struct, rename={"api_version": "apiVersion"}):
    api_version: str = ""
    kind: str = ""
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _Identity(msgspec.Struct):
    namespace: str = ""
    name: str = ""


class _Identified(msgspec.Struct):
    metadata: _Identity


class _Code(msgspec.Struct):
    code: int = 0


_PAGE = msgspec.json.Decoder(_Page)
_EVENT = msgspec.json.Decoder(Event)
_OBJECT = msgspec.json.Decoder(_Object)
_IDENTIFIED = msgspec.json.Decoder(_Identified)


async def list_all(client: Client, kind: Kind, namespace: str, *, limit: int, labels: str = "") -> Listing:
    """Every object of a kind, page by page; in one page when the server has forgotten the first ones meanwhile.

    `labels` is a selector.

    Raises:
        ClusterError: a page was refused or could not be read.
    """
    try:
        return await _whole(pages(client, kind, namespace, limit=limit, labels=labels))
    except ClusterError as error:
        if error.status != 410:
            raise
    return await _whole(pages(client, kind, namespace, limit=0, labels=labels))


async def _whole(some: AsyncGenerator[Listing]) -> Listing:
    objects: list[bytes] = []
    position = ""
    async with aclosing(some):
        async for page in some:
            objects += page.objects
            position = page.position
    return Listing(objects, position)


async def pages(client: Client, kind: Kind, namespace: str, *, limit: int, labels: str = "") -> AsyncGenerator[Listing]:
    """The pages of a list; while one is looked at, the next is on its way.

    Raises:
        ClusterError: a page was refused or could not be read; 410: the server has forgotten the first ones.
    """

    def fetch(token: str) -> asyncio.Task[Answer]:
        return asyncio.create_task(client.list_page(kind, namespace, limit=limit, token=token, labels=labels))

    fetching = fetch("")
    try:
        while True:
            page = _page_of(kind, await fetching)
            token = page.metadata.token
            if token:
                fetching = fetch(token)
            yield Listing(_copied(kind, page.items or []), page.metadata.position)
            if not token:
                return
    finally:
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)


def _page_of(kind: Kind, answer: Answer) -> _Page:
    try:
        return _PAGE.decode(answer.body)
    except msgspec.DecodeError as error:
        raise ClusterError(f"The list of {kind.group_kind} cannot be read: {error}.", status=502) from error


def _copied(kind: Kind, items: list[msgspec.Raw]) -> list[bytes]:
    """Lists of built-in kinds name neither apiVersion nor kind in their items; a list is of one making."""
    if not items or _OBJECT.decode(items[0]).kind:
        return [bytes(item) for item in items]
    head = b'{"apiVersion":"%s","kind":"%s",' % (kind.api_version.encode(), kind.kind.encode())
    return [head + bytes(item)[1:] for item in items]


def event_of(line: bytes) -> Event:
    """One event of a watch.

    Raises:
        ClusterError: the line is no event, or is the event that ends a watch; its status says why (410: expired).
    """
    try:
        event = _EVENT.decode(line)
    except msgspec.DecodeError as error:
        raise ClusterError(f"A line of the watch cannot be read: {error}.", status=502) from error
    if event.type == "ERROR":
        raw = bytes(event.object)
        raise refusal(_code(raw), raw)
    return event


def position_of(raw: bytes | msgspec.Raw) -> str:
    """The resourceVersion of an object."""
    return _OBJECT.decode(raw).metadata.position


def identity_of(raw: bytes) -> tuple[str, str]:
    """Namespace ("" if it has none) and name of an object."""
    metadata = _IDENTIFIED.decode(raw).metadata
    return metadata.namespace, metadata.name


def ends_initial_events(bookmark: msgspec.Raw) -> bool:
    """Whether a bookmark says that everything there was has been sent."""
    return (_OBJECT.decode(bookmark).metadata.annotations or {}).get(INITIAL_EVENTS_END) == "true"


def _code(raw: bytes) -> int:
    try:
        return msgspec.json.decode(raw, type=_Code).code or 500
    except msgspec.DecodeError:
        return 500
