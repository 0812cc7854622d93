"""A push that a Git server tells of: when the repository is looked at for it, and how often it is polled besides."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from devcluster.git_server import GitRepository, GitServer
from gitops_operator.errors import SourceError
from gitops_operator.model.application import Source
from gitops_operator.model.push import Push
from gitops_operator.source.credentials import Credential
from gitops_operator.source.watch import Watch
from tests.adapters.source_following import OTHER, STILL, Following, following, until

PATIENT = replace(STILL, told_spacing=0.0)
HOUR = STILL.interval


@pytest.fixture
def shop(server: GitServer) -> GitRepository:
    repository = server.create("shop")
    repository.commit({"apps/a/x.yaml": "1"})
    return repository


def source(server: GitServer, revision: str = "HEAD") -> Source:
    return Source(server.http_url("shop"), revision, "apps/a")


def push(server: GitServer, *references: str, default: str = "refs/heads/main") -> Push:
    return Push((server.http_url("shop").removesuffix(".git"),), references, default)


def watch(world: Following) -> Watch:
    (found,) = world.repositories._watches.values()
    return found


def looks(world: Following) -> int:
    return world.ledger.requests["list", "ok"]


async def test_a_push_has_its_commit_found_at_once(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        seen = world.wakes.total()
        sha = shop.commit({"apps/a/x.yaml": "2"})
        assert world.repositories.pushed(push(server, "refs/heads/main")) == (server.http_url("shop"),)
        await world.woken(since=seen)
        assert (await world.resolved(source(server))).revision.sha == sha


async def test_a_push_without_a_new_commit_changes_nothing(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors, PATIENT) as world:
        known = await world.resolved(source(server))
        before = looks(world)
        world.repositories.pushed(push(server, "refs/heads/main"))
        await until(lambda: looks(world) > before)
        assert (await world.resolved(source(server))).revision == known.revision


@pytest.mark.parametrize("moved", ["refs/heads/other", "refs/tags/v1"])
async def test_a_push_elsewhere_in_the_repository_asks_nothing(
    server: GitServer, shop: GitRepository, mirrors: Path, moved: str
) -> None:
    async with following(mirrors, PATIENT) as world:
        await world.resolved(source(server))
        assert world.repositories.pushed(push(server, moved)) == ()
        assert not watch(world)._nudged.is_set()


async def test_a_push_to_another_repository_asks_nothing(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        assert world.repositories.pushed(Push(("https://git.example.com/shop",))) == ()


async def test_a_commit_that_is_not_there_yet_may_come_with_any_push(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        wanted = source(server, "0" * 40)
        assert "no commit" in (await world.error(wanted)).message
        assert world.repositories.pushed(push(server, "refs/heads/other")) == (server.http_url("shop"),)


async def test_a_commit_that_is_known_needs_no_look(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server, shop.sha()))
        assert world.repositories.pushed(push(server, "refs/heads/main")) == ()


async def test_a_branch_that_is_made_ends_the_error_of_who_follows_it(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors, PATIENT) as world:
        await world.error(source(server, "next"))
        shop.branch("next")
        seen = world.wakes.total()
        world.repositories.pushed(push(server, "refs/heads/next"))
        await world.woken(since=seen)
        assert (await world.resolved(source(server, "next"))).revision.sha == shop.sha()


async def test_two_credentials_of_one_repository_are_both_looked_at(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        await world.resolved(source(server), Credential(url="", username="bob", password="horse"), key=OTHER)
        before = looks(world)
        world.repositories.pushed(push(server, "refs/heads/main"))
        await until(lambda: looks(world) == before + 2)


# Replay and flood


async def test_a_flood_is_one_look_in_a_while(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors, replace(STILL, told_spacing=0.5)) as world:
        await world.resolved(source(server))
        before, began = looks(world), time.monotonic()
        while time.monotonic() - began < 2:
            for _ in range(100):
                world.repositories.pushed(push(server, "refs/heads/main"))
            await asyncio.sleep(0.01)
        lasted = time.monotonic() - began
        assert 1 <= looks(world) - before <= lasted / 0.5 + 1


async def test_the_last_push_of_a_flood_is_looked_at_too(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors, replace(STILL, told_spacing=0.3)) as world:
        await world.resolved(source(server))
        world.repositories.pushed(push(server, "refs/heads/main"))
        await until(lambda: looks(world) >= 2)
        seen = world.wakes.total()
        sha = shop.commit({"apps/a/x.yaml": "2"})
        world.repositories.pushed(push(server, "refs/heads/main"))
        await world.woken(since=seen)
        assert (await world.resolved(source(server))).revision.sha == sha


async def test_a_push_while_the_repository_is_away_asks_it_at_once(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors, PATIENT) as world:
        server.refuse(503)
        with pytest.raises(SourceError):
            await world.resolved(source(server))
        server.recover()
        world.repositories.pushed(push(server, "refs/heads/main"))
        assert (await world.recovered(source(server))).revision.sha == shop.sha()


# Polling besides


async def test_a_repository_whose_pushes_are_told_is_polled_less_often(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        before = watch(world)._delay() or 0
        world.repositories.pushed(push(server, "refs/heads/other"))
        told = watch(world)._delay() or 0
    assert before == pytest.approx(HOUR, rel=0.11)
    assert told == pytest.approx(5 * HOUR, rel=0.11)


async def test_a_commit_that_a_poll_finds_first_shows_that_they_are_not_told(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors, replace(STILL, interval=0.1, told_stretch=3.0)) as world:
        await world.resolved(source(server))
        world.repositories.pushed(push(server, "refs/heads/other"))
        assert watch(world)._is_told
        shop.commit({"README": "2"})
        await until(lambda: not watch(world)._is_told)


async def test_a_commit_that_was_told_leaves_it_so(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors, PATIENT) as world:
        await world.resolved(source(server))
        sha = shop.commit({"apps/a/x.yaml": "2"})
        seen = world.wakes.total()
        world.repositories.pushed(push(server, "refs/heads/main"))
        await world.woken(since=seen)
        assert (await world.resolved(source(server))).revision.sha == sha
        assert watch(world)._is_told
