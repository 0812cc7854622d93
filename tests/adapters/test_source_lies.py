"""Servers that lie about sizes: nothing is believed, little is kept in memory, and the mirror that is there stays."""

import asyncio
import dataclasses
import hashlib
import resource
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from devcluster.git_server import GitRepository, GitServer
from gitops_operator.errors import SourceError
from gitops_operator.model.application import Source
from tests.adapters.source_following import QUICK, STILL, following
from tests.adapters.source_servers import answering, forwarding

_TEBIBYTE = 1 << 40
_BLOB, _OFS_DELTA = 3, 6


@pytest.fixture
def shop(server: GitServer) -> GitRepository:
    repository = server.create("shop")
    repository.commit({"a": "1"})
    return repository


def pack(objects: bytes, count: int) -> bytes:
    data = b"PACK" + struct.pack(">II", 2, count) + objects
    return data + hashlib.sha1(data).digest()


def entry(kind: int, size: int, content: bytes, before: bytes = b"") -> bytes:
    """An object of a pack that claims a size."""
    head, size = (kind << 4) | (size & 15), size >> 4
    data = bytearray()
    while size:
        data.append(head | 0x80)
        head, size = size & 0x7F, size >> 7
    return bytes([*data, head]) + before + zlib.compress(content)


def number(value: int) -> bytes:
    data = bytearray()
    while value >= 0x80:
        data.append((value & 0x7F) | 0x80)
        value >>= 7
    return bytes([*data, value])


def sent(data: bytes, length: int | None = None) -> bytes:
    """A pack as a server sends it; `length` is what its line claims."""
    line = b"\x01" + data
    return b"0008NAK\n" + b"%04x" % (length or len(line) + 4) + line + b"0000"


BASE = entry(_BLOB, 3, b"abc")
DELTA = number(3) + number(_TEBIBYTE) + bytes([0x90, 3])
LIES = {
    "more objects than there are": sent(pack(BASE, (1 << 31) - 1)),
    "an object of a tebibyte": sent(pack(entry(_BLOB, _TEBIBYTE, b"abc"), 1)),
    "an object that is larger than it says": sent(pack(entry(_BLOB, 3, b"abc" * 100_000), 1)),
    "a difference that makes a tebibyte": sent(
        pack(BASE + entry(_OFS_DELTA, len(DELTA), DELTA, bytes([len(BASE)])), 2)
    ),
    "a difference to what lies before the pack": sent(pack(entry(_OFS_DELTA, len(DELTA), DELTA, b"\x7f"), 1)),
    "a line that is longer than it is": sent(pack(BASE, 1), 0xFFF0),
    "a pack without an end": sent(pack(BASE, 1)[:-25]),
    "no pack at all": b"0008NAK\n0000",
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_pack_that_lies_about_sizes_is_refused_and_costs_nobody_the_mirror(
    server: GitServer, shop: GitRepository, tmp_path: Path, lie: str
) -> None:
    is_lying = False
    async with forwarding(server.http_url("shop")) as forward:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if is_lying and request.method == "POST":
                return web.Response(body=LIES[lie], headers={"Content-Type": "application/x-git-upload-pack-result"})
            return await forward(request)

        async with answering(answer) as port, following(tmp_path / "mirrors", QUICK) as world:
            source = Source(f"http://127.0.0.1:{port}/shop.git")
            known = await world.resolved(source)
            sha, is_lying = shop.commit({"a": "2"}), True
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            await world.refreshed()
            found = await world.resolved(source)
            assert (found.revision, found.tree.read("a")) == (known.revision, b"1")
            assert found.stale is not None
            assert found.stale.transient
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
            is_lying = False
            assert (await world.recovered(source)).revision.sha == sha


@asynccontextmanager
async def misstating(url: str, by: int) -> AsyncIterator[str]:
    """The URL of the same server through somebody who adds to each Content-Length."""
    parts = urlsplit(url)

    tasks: set[asyncio.Task[object]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        upstream_reader, upstream = await asyncio.open_connection(parts.hostname, parts.port)
        upstream.write((await reader.readuntil(b"\r\n\r\n")).replace(b"keep-alive", b"close"))
        head = await upstream_reader.readuntil(b"\r\n\r\n")
        body = await upstream_reader.read(1 << 20)
        lines = [line for line in head.split(b"\r\n") if line and not line.lower().startswith(b"transfer-encoding")]
        writer.write(b"\r\n".join([*lines, b"Content-Length: %d" % (len(body) + by), b"", body]))
        await writer.drain()
        writer.close()
        upstream.close()

    one = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield url.replace(f":{parts.port}", f":{one.sockets[0].getsockname()[1]}")
    finally:
        one.close()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("by", [100, -100])
async def test_a_list_that_is_shorter_or_longer_than_its_length_is_no_list(
    server: GitServer, shop: GitRepository, tmp_path: Path, by: int
) -> None:
    async with misstating(server.http_url("shop"), by) as url, following(tmp_path / "mirrors") as world:
        error = await world.error(Source(url))
    assert (error.reason, error.transient) == ("RepositoryUnreachable", True)


async def test_a_file_that_grows_out_of_all_proportion_is_not_read(
    server: GitServer, shop: GitRepository, tmp_path: Path
) -> None:
    shop.commit({"apps/bomb.yaml": "0" * (65 << 20), "apps/a.yaml": "kind: A"})
    patient = dataclasses.replace(STILL, timeout=60.0, deadline=60.0)  # the server packs it first
    async with following(tmp_path / "mirrors", patient) as world:
        found = await world.resolved(Source(server.http_url("shop")))
        assert found.tree.read("apps/a.yaml") == b"kind: A"
        with pytest.raises(SourceError) as caught:
            found.tree.read("apps/bomb.yaml")
    assert (caught.value.reason, caught.value.transient) == ("FileTooLarge", False)
    assert caught.value.message == f"apps/bomb.yaml of {server.http_url('shop')} has 65 MiB: more than 64 are not read"
