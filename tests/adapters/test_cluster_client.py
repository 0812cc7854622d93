"""What a client makes of answers, and of their absence."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from gitops_operator.cluster.client import Client
from gitops_operator.errors import ClusterError
from tests.adapters.cluster_api import CONFIG_MAP, Answer, Body, FakeApi, connected, serving, status, text


class Seen(NamedTuple):
    cluster: str
    verb: str
    resource: str
    code: int
    dry_run: bool


class Observer:
    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def request(self, **labels: Any) -> None:
        self.seen.append(Seen(**labels))


@asynccontextmanager
async def client_of(api: FakeApi, folder: Path, observer: Observer | None = None) -> AsyncIterator[Client]:
    async with serving(api) as address, connected(address, folder, observer, patience=1) as client:
        yield client


async def test_an_apply_that_creates_is_told_from_one_that_changes(tmp_path: Path) -> None:
    api = FakeApi()
    codes = iter([201, 200])
    api.on_write = lambda method, name, body: (next(codes), "application/json", json.dumps(body))
    observer = Observer()
    async with client_of(api, tmp_path, observer) as client:
        first = await client.apply(CONFIG_MAP, "default", "a", {"data": {"x": "y"}}, force=True)
        second = await client.apply(CONFIG_MAP, "default", "a", b'{"data":{}}', force=True, dry_run=True)
    assert (first.created, json.loads(first.body)) == (True, {"data": {"x": "y"}})
    assert (second.created, second.status) == (False, 200)
    assert observer.seen == [
        Seen("fake", "apply", "configmaps", 201, dry_run=False),
        Seen("fake", "apply", "configmaps", 200, dry_run=True),
    ]


async def test_a_large_body_is_sent_whole(tmp_path: Path) -> None:
    api = FakeApi()
    sizes: list[int] = []

    def measured(method: str, name: str, body: Body) -> Answer:
        sizes.append(len(body["data"]["x"]))
        return 200, "application/json", "{}"

    api.on_write = measured
    async with client_of(api, tmp_path) as client:
        await client.apply(CONFIG_MAP, "default", "a", {"data": {"x": "y" * 900_000}}, force=True)
        await client.apply(CONFIG_MAP, "default", "a", {"data": {"x": "y" * 1_000_000 + "é" * 500_000}}, force=True)
    assert sizes == [900_000, 1_500_000]


@pytest.mark.parametrize(
    "answer, reason, message",
    [
        (status(409, "Conflict", "modified"), "Conflict", "modified"),
        (status(500, "", "failed to create typed patch object"), "", "failed to create typed patch object"),
        (text(404, "404 page not found\n"), "", "404 page not found"),
        (text(503, "service unavailable\n"), "", "service unavailable"),
        ((302, "text/html", "<a href='elsewhere'>"), "", "<a href='elsewhere'>"),
    ],
)
async def test_a_refusal_is_an_error_with_what_was_said(
    answer: tuple[int, str, str], reason: str, message: str, tmp_path: Path
) -> None:
    api = FakeApi()
    api.refusals["PATCH", "configmaps"] = answer
    async with client_of(api, tmp_path) as client:
        with pytest.raises(ClusterError) as caught:
            await client.merge_patch(CONFIG_MAP, "default", "a", {})
    assert (caught.value.status, caught.value.api_reason, caught.value.message) == (answer[0], reason, message)


async def test_a_delete_gives_the_object_that_is_going_or_nothing(tmp_path: Path) -> None:
    api = FakeApi()
    going = {"kind": "ConfigMap", "metadata": {"deletionTimestamp": "now"}}
    gone = {"kind": "Status", "status": "Success"}
    answers = iter([going, gone])
    api.on_write = lambda method, name, body: (200, "application/json", json.dumps(next(answers)))
    async with client_of(api, tmp_path) as client:
        assert json.loads(await client.delete(CONFIG_MAP, "default", "a", uid="u") or b"") == going
        assert await client.delete(CONFIG_MAP, "default", "a", uid="u") is None


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    observer = Observer()
    async with connected("127.0.0.1:1", tmp_path, observer) as client:
        with pytest.raises(ClusterError, match=r"No answer from http://127\.0\.0\.1:1: .*refused") as caught:
            await client.get(CONFIG_MAP, "default", "a")
    assert (caught.value.status, caught.value.transient) == (0, True)
    assert [seen.code for seen in observer.seen] == [0]


async def test_a_server_that_hangs_is_left(tmp_path: Path) -> None:
    async with _raw(_hang) as address, connected(address, tmp_path, patience=0.3) as client:
        with pytest.raises(ClusterError, match="did not answer in time"):
            await client.create(CONFIG_MAP, "default", {})


async def test_a_read_whose_connection_dies_is_sent_once_more_and_a_write_is_not(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def die_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b" "))
        if len(asked) > 1:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")

    async with _raw(die_once) as address, connected(address, tmp_path) as client:
        assert (await client.get(CONFIG_MAP, "default", "a")).body == b"{}"
        asked.clear()
        with pytest.raises(ClusterError, match=r"connection (was closed|broke)\.$") as caught:
            await client.create(CONFIG_MAP, "default", {})
    assert asked == [b"POST "]
    assert caught.value.status == 0


async def test_an_answer_that_breaks_off_is_no_answer(tmp_path: Path) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{")

    async with _raw(half) as address, connected(address, tmp_path) as client:
        with pytest.raises(ClusterError) as caught:
            await client.get(CONFIG_MAP, "default", "a")
    assert caught.value.status == 0


async def test_only_so_many_writes_are_in_flight_and_reads_do_not_wait_for_them(tmp_path: Path) -> None:
    api = FakeApi()
    api.put(CONFIG_MAP, "a")
    running, most = 0, 0
    handle = api.handle

    async def slowly(request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        if request.method == "GET":
            return await handle(request)
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return await handle(request)

    api.handle = slowly  # type: ignore[method-assign]  # it is slow now
    api.on_write = lambda method, name, body: (200, "application/json", "{}")
    async with serving(api) as address, connected(address, tmp_path) as bounded:
        client = Client(bounded._session, "fake", writes=4)
        writes = [asyncio.create_task(client.create(CONFIG_MAP, "default", {})) for _ in range(20)]
        await asyncio.sleep(0.02)
        await client.get(CONFIG_MAP, "default", "a")
        assert not any(write.done() for write in writes)
        await asyncio.gather(*writes)
    assert most == 4


async def test_warnings_and_etags_come_along(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nWarning: 299 - "old"\r\nETag: "e"\r\nContent-Length: 2\r\n\r\n{}')

    async with _raw(answer) as address, connected(address, tmp_path) as client:
        got = await client.get_path("/version")
    assert (got.warnings, got.etag) == (("old",), '"e"')


@asynccontextmanager
async def _raw(answer: Any) -> AsyncIterator[str]:
    """A server of bytes; each connection is answered once and closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
