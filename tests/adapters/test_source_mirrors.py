"""The mirrors on disk: whole or not there, whatever happens to them."""

import asyncio
import dataclasses
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2
import pytest
from aiohttp import web

from devcluster.git_server import GitRepository, GitServer
from gitops_operator.errors import SourceError
from gitops_operator.model.application import Source
from gitops_operator.source.libgit2 import OPEN_PACKS, prepare
from gitops_operator.source.repositories import Resolved
from tests.adapters.source_following import APP, OTHER, QUICK, STILL, Following, following, until
from tests.adapters.source_servers import answering, forwarding


@pytest.fixture
def shop(server: GitServer) -> GitRepository:
    repository = server.create("shop")
    repository.commit({f"apps/file{number}.yaml": str(number) * 100 for number in range(20)})
    return repository


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def source(server: GitServer) -> Source:
    return Source(server.http_url("shop"))


def mirror_in(data: Path) -> Path:
    (found,) = (data / "mirrors").iterdir()
    return found


def damage_packs(mirror: Path) -> None:
    for pack in (mirror / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o600)
        size = pack.stat().st_size
        pack.write_bytes(b"\0" * size)


def remove_packs(mirror: Path) -> None:
    for file in (mirror / "objects" / "pack").iterdir():
        file.unlink()


def remove_head(mirror: Path) -> None:
    (mirror / "HEAD").unlink()


def scribble_references(mirror: Path) -> None:
    (mirror / "packed-refs").write_text("garbage\n")
    (mirror / "refs" / "heads" / "main").write_text("garbage\n")


# Damage


@pytest.mark.parametrize("damage", [damage_packs, remove_packs, remove_head, scribble_references])
async def test_a_mirror_that_is_damaged_at_the_start_is_set_aside_and_cloned_again(
    server: GitServer, shop: GitRepository, data: Path, damage: Callable[[Path], None]
) -> None:
    async with following(data) as world:
        await world.resolved(source(server))
    damage(mirror_in(data))
    async with following(data) as world:
        found = await world.resolved(source(server))
        assert found.stale is None
        assert found.tree.read("apps/file7.yaml") == b"7" * 100
    assert len(list((data / "damaged").iterdir())) == 1


async def test_damage_that_shows_when_a_file_is_read_is_mended_and_wakes(
    server: GitServer, shop: GitRepository, data: Path
) -> None:
    async with following(data) as world:
        await world.resolved(source(server))
    async with following(data) as world:
        found = await world.resolved(source(server))
        spoil_blob(mirror_in(data))
        seen = world.wakes[APP]
        with pytest.raises(SourceError) as caught:
            found.tree.read("apps/file7.yaml")
        assert (caught.value.reason, caught.value.transient) == ("RepositoryCorrupt", True)
        await world.woken(since=seen)
        assert (await world.resolved(source(server))).tree.read("apps/file7.yaml") == b"7" * 100


def spoil_blob(mirror: Path) -> None:
    """Make the files unreadable and leave commits and trees as they are."""
    repository = pygit2.Repository(str(mirror))
    packs = list((mirror / "objects" / "pack").iterdir())
    everything = [repository[oid] for oid in repository.odb]
    loose = [(one.type, one.read_raw()) for one in everything if not isinstance(one, pygit2.Blob)]
    for file in packs:
        file.unlink()
    for kind, content in loose:
        pygit2.Repository(str(mirror)).write(kind, content)


async def test_a_corrupt_server_costs_nobody_the_mirror(server: GitServer, shop: GitRepository, data: Path) -> None:
    async with following(data) as world:
        known = await world.resolved(source(server))
        shop.commit({"apps/new.yaml": "new" * 50})
        shop.corrupt()
        await world.refreshed()
        await expect_stale(world, source(server), known)


async def test_a_pack_that_is_not_what_it_should_be_costs_nobody_the_mirror(
    server: GitServer, shop: GitRepository, data: Path
) -> None:
    is_tampering = False
    async with forwarding(server.http_url("shop")) as forward:

        async def tamper(request: web.BaseRequest) -> web.StreamResponse:
            answer = await forward(request)
            if is_tampering and isinstance(answer, web.Response) and isinstance(answer.body, bytes):
                answer.body = spoilt(answer.body)
            return answer

        async with answering(tamper) as port, following(data) as world:
            through = Source(f"http://127.0.0.1:{port}/shop.git")
            known = await world.resolved(through)
            sha = shop.commit({"apps/new.yaml": "new" * 50})
            is_tampering = True
            await world.refreshed()
            stale = await expect_stale(world, through, known)
            assert stale.reason == "RepositoryCorrupt", stale.message
            is_tampering = False
            await world.refreshed()
            assert (await world.resolved(through)).revision.sha == sha


def spoilt(answer: bytes) -> bytes:
    """The same with other bits in the first object of the pack, if there is one."""
    place = answer.find(b"PACK") + 16
    return answer if place < 16 else answer[:place] + bytes([answer[place] ^ 0xFF]) + answer[place + 1 :]


async def expect_stale(world: Following, wanted: Source, known: Resolved) -> SourceError:
    """The Application keeps the commit that it knew, and can read it."""
    found = await world.resolved(wanted)
    assert found.revision == known.revision
    assert found.tree.read("apps/file7.yaml") == b"7" * 100
    assert found.stale is not None
    assert found.stale.transient
    return found.stale


async def test_a_full_disk_is_said_so_and_keeps_the_mirror(server: GitServer, shop: GitRepository, data: Path) -> None:
    async with following(data) as world:
        known = await world.resolved(source(server))
        shop.commit({"apps/new.yaml": os.urandom(100_000).hex()})
        with files_of_at_most(16_384):
            await world.refreshed()
        stale = await world.resolved(source(server))
        assert stale.revision == known.revision
        assert stale.stale is not None
        assert (stale.stale.reason, stale.stale.transient) == ("MirrorFailed", True), stale.stale.message
        await world.refreshed()
        assert (await world.recovered(source(server))).revision.sha == shop.sha()


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As near to a full disk as one comes without one: the kernel refuses to make any file larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Half-written


async def test_what_a_killed_clone_left_is_removed(server: GitServer, shop: GitRepository, data: Path) -> None:
    half = data / "incoming" / "0123-abcd" / "objects"
    half.mkdir(parents=True)
    (half / "tmp_pack").write_bytes(b"PACK")
    async with following(data) as world:
        await world.resolved(source(server))
        assert not list((data / "incoming").iterdir())


async def test_what_a_killed_fetch_left_is_removed(server: GitServer, shop: GitRepository, data: Path) -> None:
    async with following(data) as world:
        await world.resolved(source(server))
    mirror = mirror_in(data)
    packs = mirror / "objects" / "pack"
    leftovers = [packs / "pack-0123.pack", packs / "pack_git2_0123", mirror / "refs/heads/main.lock"]
    for leftover in [*leftovers, mirror / "packed-refs.lock", mirror / "config.lock"]:
        leftover.write_bytes(b"")
    sha = shop.commit({"apps/new.yaml": "new"})
    async with following(data) as world:
        assert (await world.resolved(source(server))).revision.sha == sha
    assert not any(leftover.exists() for leftover in leftovers)


@pytest.mark.parametrize("after", [0.05, 0.3])
async def test_a_process_killed_while_it_clones_leaves_nothing_that_counts(
    server: GitServer, shop: GitRepository, data: Path, after: float
) -> None:
    shop.commit({f"large{number}": os.urandom(20_000).hex() for number in range(40)})
    command = ("-c", CHILD, str(data), server.http_url("shop"))
    child = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert child.stdout
    assert await child.stdout.readline() == b"begins\n"
    await asyncio.sleep(after)
    child.kill()
    await child.communicate()
    async with following(data) as world:
        found = await world.resolved(source(server))
        assert found.revision.sha == shop.sha()
        assert len(found.tree.read("large39")) == 40_000
    assert not list((data / "incoming").iterdir())


CHILD = """
import asyncio, pathlib, sys
from gitops_operator.model.application import ApplicationKey, Source
from gitops_operator.source.repositories import Repositories

async def main():
    repositories = Repositories(pathlib.Path(sys.argv[1]), wake=lambda key: None)
    repositories.resolve(ApplicationKey("default", "app"), Source(sys.argv[2]), None)
    print("begins", flush=True)
    await repositories.run()

asyncio.run(main())
"""


# One folder, one operator


async def test_a_second_operator_on_the_same_folder_is_refused(data: Path) -> None:
    async with following(data):
        with pytest.raises(SourceError) as caught:
            Following(data, STILL)
        assert caught.value.reason == "MirrorFolderInUse"
        assert str(data) in caught.value.message


async def test_another_process_on_the_same_folder_is_refused(data: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(data), "http://127.0.0.1:1/shop.git"]
    async with following(data):
        second = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
        assert second.returncode != 0
        assert "another operator uses the mirror folder" in second.stderr


async def test_a_folder_is_free_again_when_its_operator_has_ended(data: Path) -> None:
    for _ in range(2):
        async with following(data):
            await asyncio.sleep(0)


async def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SourceError, match="cannot be used") as caught:
        Following(tmp_path / "file" / "data", STILL)
    assert caught.value.reason == "MirrorFailed"


# Size and age


async def test_a_mirror_of_many_packs_is_replaced_by_a_fresh_clone_while_it_is_read(
    server: GitServer, shop: GitRepository, data: Path
) -> None:
    async with following(data, dataclasses.replace(STILL, pack_limit=3)) as world:
        old = await world.resolved(source(server))
        for number in range(4):
            shop.commit({"apps/new.yaml": str(number)})
            await world.refreshed()
        found = await world.resolved(source(server))
        assert found.tree.read("apps/new.yaml") == b"3"
        assert world.ledger.requests["clone", "ok"] == 2
        assert old.tree.read("apps/file7.yaml") == b"7" * 100  # its mirror stays for as long as somebody reads
        del old, found
    async with following(data) as world:
        await world.resolved(source(server))
        assert len(list((mirror_in(data) / "objects" / "pack").glob("*.pack"))) == 2


def repository_of_packs(path: Path, number: int) -> tuple[pygit2.Repository, list[pygit2.Oid]]:
    """Each fetch leaves a pack behind; here each has one object."""
    writing = pygit2.init_repository(str(path), bare=True)
    found = [writing.create_blob(f"object {index}".encode()) for index in range(number)]
    for one in found:
        builder = pygit2.PackBuilder(writing)
        builder.add(one)
        builder.write(str(path / "objects" / "pack"))
        (path / "objects" / str(one)[:2] / str(one)[2:]).unlink()
    return pygit2.Repository(str(path)), found


def test_however_many_packs_are_read_few_files_stay_open(tmp_path: Path) -> None:
    """Else some busy repositories would use up what a process may open, which is 1,024 in many places."""
    prepare(tmp_path, timeout=1)
    repository, found = repository_of_packs(tmp_path / "many.git", OPEN_PACKS + 50)
    for _ in range(2):
        assert [repository[one].id for one in found] == found
    files = {file.resolve() for file in Path("/proc/self/fd").iterdir()}
    assert sum(file.is_relative_to(tmp_path) for file in files) <= OPEN_PACKS


@pytest.mark.parametrize("gives_out", [True, False])
async def test_a_commit_in_use_outlives_the_replacement_of_its_mirror(
    server: GitServer, shop: GitRepository, data: Path, gives_out: bool
) -> None:
    """The Git server gives out every commit that it has; libgit2 on files only what a branch leads to."""
    url = server.http_url("shop") if gives_out else f"file://{shop.path}"
    lost = shop.sha()
    async with following(data, dataclasses.replace(STILL, pack_limit=2)) as world:
        await world.resolved(Source(url))
        first = mirror_in(data)
        for number in range(4):
            shop.force_push({"apps/new.yaml": str(number)})
            await world.refreshed()
            await world.resolved(Source(url))
            old = await world.resolved(Source(url, lost), key=OTHER)
            assert old.tree.read("apps/file7.yaml") == b"7" * 100
        assert (await world.resolved(Source(url))).tree.read("apps/new.yaml") == b"3"
        assert any(path != first for path in (data / "mirrors").iterdir()) == gives_out
        await until(lambda: not list((data / "incoming").iterdir()))


async def test_mirrors_that_nobody_uses_are_evicted_by_age(server: GitServer, shop: GitRepository, data: Path) -> None:
    async with following(data) as world:
        await world.resolved(source(server))
    old = mirror_in(data)
    os.utime(old, (1, 1))
    async with following(data):
        await until(lambda: not old.exists())


async def test_a_mirror_in_use_is_not_evicted_however_large(server: GitServer, shop: GitRepository, data: Path) -> None:
    limits = dataclasses.replace(QUICK, max_bytes=1, max_age=0.0, sweep_interval=0.05)
    async with following(data, limits) as world:
        found = await world.resolved(source(server))
        await asyncio.sleep(0.3)
        assert found.tree.read("apps/file7.yaml") == b"7" * 100
        assert mirror_in(data).is_dir()


# file://


async def test_a_repository_on_the_operators_disk_is_read_where_that_is_allowed(
    shop: GitRepository, data: Path
) -> None:
    local = Source(f"file://{shop.path}")
    async with following(data) as world:
        assert (await world.resolved(local)).revision.sha == shop.sha()
        shop.commit({"apps/new.yaml": "new"})
        await world.refreshed()
        assert (await world.resolved(local)).tree.read("apps/new.yaml") == b"new"


async def test_a_repository_on_the_operators_disk_is_refused_by_default(shop: GitRepository, data: Path) -> None:
    async with following(data, dataclasses.replace(STILL, allow_file=False)) as world:
        error = await world.error(Source(f"file://{shop.path}"))
        assert (error.reason, error.transient) == ("UnsupportedURL", False)
        assert not list((data / "mirrors").iterdir())


async def test_a_folder_that_is_no_repository_is_not_found(tmp_path: Path, data: Path) -> None:
    async with following(data) as world:
        assert (await world.error(Source(f"file://{tmp_path}"))).reason == "RepositoryNotFound"
        assert (await world.error(Source(f"file://{tmp_path}/x"), key=OTHER)).reason == "RepositoryNotFound"
