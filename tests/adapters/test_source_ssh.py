"""Repositories behind SSH: keys, host keys, and servers that do not play along."""

import asyncio
import dataclasses
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from devcluster.git_server import GitServer
from gitops_operator.model.application import Source
from gitops_operator.source.bridge import _why_no_ssh
from gitops_operator.source.credentials import Credential
from gitops_operator.source.remote import Remote
from gitops_operator.source.urls import parse_url
from tests.adapters.source_following import QUICK, STILL, files_with, following


def source(server: GitServer, name: str = "shop") -> Source:
    return Source(server.ssh_url(name))


def credential(server: GitServer) -> Credential:
    return Credential(url="", ssh_private_key=server.client_key, known_hosts=server.known_hosts())


def some_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


def line_of(server: GitServer, key: asyncssh.SSHKey) -> str:
    host = server.known_hosts().split()[0]
    return f"{host} {key.export_public_key().decode().strip()}\n"


async def test_a_repository_is_read_with_the_key(server: GitServer, mirrors: Path) -> None:
    repository = server.create("shop")
    repository.commit({"a": "1"})
    async with following(mirrors) as world:
        assert (await world.resolved(source(server), credential(server))).tree.read("a") == b"1"
        sha = repository.commit({"a": "2"})
        await world.refreshed()
        found = await world.resolved(source(server), credential(server))
        assert found.revision.sha == sha
        assert found.tree.repository == server.ssh_url("shop")


async def test_the_key_is_nowhere_on_disk(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    async with following(mirrors) as world:
        await world.resolved(source(server), credential(server))
    assert not files_with(mirrors, server.client_key.splitlines()[2])


async def test_the_scp_like_form_is_read(server: GitServer, mirrors: Path) -> None:
    sha = server.create("shop").commit({"a": "1"})
    port = int(server.known_hosts().split()[0].rpartition(":")[2])
    url = dataclasses.replace(parse_url("git@127.0.0.1:shop.git"), port=port)  # the form has no place for a port
    async with following(mirrors) as world:
        remote = Remote(url, credential(server), world.repositories._environment)
        assert (await remote.references(["HEAD"]))["HEAD"] == sha


async def test_another_key_is_refused(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    wrong = some_key().export_private_key().decode()
    async with following(mirrors) as world:
        error = await world.error(source(server), dataclasses.replace(credential(server), ssh_private_key=wrong))
        assert (error.reason, error.transient) == ("AuthenticationFailed", False)
        assert server.ssh_url("shop") in error.message


async def test_a_key_that_cannot_be_read_is_an_authentication_error(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    broken = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"
    async with following(mirrors) as world:
        error = await world.error(source(server), dataclasses.replace(credential(server), ssh_private_key=broken))
        assert error.reason == "AuthenticationFailed", error.message
        assert "c2VjcmV0" not in error.message


async def test_without_a_key_the_error_says_what_is_missing(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    async with following(mirrors) as world:
        error = await world.error(source(server), Credential(url="", known_hosts=server.known_hosts()))
        assert error.reason == "AuthenticationFailed"
        assert "sshPrivateKey" in error.message


async def test_an_unknown_host_is_refused_with_the_line_that_would_vouch_for_it(
    server: GitServer, mirrors: Path
) -> None:
    server.create("shop").commit({"a": "1"})
    async with following(mirrors) as world:
        error = await world.error(source(server), Credential(url="", ssh_private_key=server.client_key))
        assert (error.reason, error.transient) == ("HostKeyUnknown", False)
        assert server.known_hosts().strip() in error.message


async def test_another_host_key_than_the_known_one_is_refused(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    other = dataclasses.replace(credential(server), known_hosts=line_of(server, some_key()))
    async with following(mirrors) as world:
        error = await world.error(source(server), other)
        assert (error.reason, error.transient) == ("HostKeyMismatch", False)
        assert error.message.count("SHA256:") == 2


async def test_a_revoked_host_key_is_refused(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    revoked = dataclasses.replace(
        credential(server), known_hosts=server.known_hosts() + "@revoked " + server.known_hosts()
    )
    async with following(mirrors) as world:
        error = await world.error(source(server), revoked)
        assert error.reason == "HostKeyMismatch"
        assert "revoked" in error.message


async def test_one_of_several_known_keys_is_enough(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    several = line_of(server, some_key()) + server.known_hosts()
    async with following(mirrors) as world:
        found = await world.resolved(source(server), dataclasses.replace(credential(server), known_hosts=several))
        assert found.tree.read("a") == b"1"


async def test_insecure_takes_any_host_key(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    careless = Credential(url="", ssh_private_key=server.client_key, insecure=True)
    async with following(mirrors) as world:
        assert (await world.resolved(source(server), careless)).tree.read("a") == b"1"


async def test_a_missing_repository_is_not_found(server: GitServer, mirrors: Path) -> None:
    async with following(mirrors) as world:
        error = await world.error(source(server, "nowhere"), credential(server))
        assert (error.reason, error.transient) == ("RepositoryNotFound", False), error.message


async def test_a_server_that_accepts_and_never_answers_is_a_timeout(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    server.hang()
    async with following(mirrors) as world:
        started = time.monotonic()
        error = await world.error(source(server), credential(server))
        assert (error.reason, error.transient) == ("Timeout", True), error.message
        assert time.monotonic() - started < 2.5


async def test_ending_does_not_wait_for_a_server_that_is_silent(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({"a": "1"})
    server.hang()
    async with following(mirrors, dataclasses.replace(STILL, timeout=30.0)) as world:
        assert world.resolve(source(server), credential(server)) is None
        await asyncio.sleep(0.4)
        started = time.monotonic()
    assert time.monotonic() - started < 1


async def test_a_pack_that_is_cut_off_is_no_mirror(server: GitServer, mirrors: Path) -> None:
    server.create("shop").commit({f"file{number}": str(number) * 5000 for number in range(50)})
    server.cut(2000)
    async with following(mirrors, QUICK) as world:
        error = await world.error(source(server), credential(server))
        assert error.transient, error.message
        server.recover()
        assert (await world.recovered(source(server), credential(server))).tree.read("file7") == b"7" * 5000
    assert not list((mirrors / "incoming").iterdir())


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-slow\r\n")
    await reader.read()


async def talking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    "behaviour, reason, words",
    [
        (silent, "Timeout", "did not answer in time"),
        (greeting, "Timeout", "fell silent"),
        (talking, "RepositoryUnreachable", "is no SSH server"),
    ],
)
async def test_what_is_no_ssh_server_does_not_hold_anybody(
    mirrors: Path, behaviour: "Behaviour", reason: str, words: str
) -> None:
    async with listening(behaviour) as port, following(mirrors) as world:
        started = time.monotonic()
        error = await world.error(Source(f"ssh://git@127.0.0.1:{port}/shop.git"), Credential(url="", insecure=True))
        assert (error.reason, error.transient) == (reason, True)
        assert words in error.message
        assert time.monotonic() - started < 2


async def test_nobody_listening_is_unreachable(mirrors: Path) -> None:
    async with following(mirrors) as world:
        error = await world.error(Source("ssh://git@127.0.0.1:1/shop.git"))
        assert (error.reason, error.transient) == ("RepositoryUnreachable", True)
        assert error.message.endswith("no connection to 127.0.0.1:1 (Connection refused)")


def test_a_host_without_an_address_is_said_so() -> None:
    """Not by asking for one: where there is no name server, that takes longer than a test may."""
    why = _why_no_ssh(socket.gaierror(-2, "Name or service not known"), parse_url("git@nowhere.invalid:shop.git"))
    assert why == "the name of the host nowhere.invalid cannot be resolved"


Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(behaviour: Behaviour) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaviour(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
