"""Who is woken by what happens in a repository, and how often it is asked."""

import asyncio
import dataclasses
import logging
import time
from pathlib import Path

import pytest

from devcluster.git_server import GitRepository, GitServer, Login
from gitops_operator.errors import SourceError
from gitops_operator.model.application import ApplicationKey, Source
from gitops_operator.source.credentials import Credential
from tests.adapters.source_following import APP, OTHER, QUICK, STILL, Following, following

WATCHER = ApplicationKey("default", "watcher")


@pytest.fixture
def shop(server: GitServer) -> GitRepository:
    repository = server.create("shop")
    repository.commit({"apps/a/x.yaml": "1", "apps/b/x.yaml": "1", "shared/base.yaml": "1", "README": "1"})
    return repository


def source(server: GitServer, path: str = "apps/a", revision: str = "HEAD") -> Source:
    return Source(server.http_url("shop"), revision, path)


async def looked(world: Following, server: GitServer) -> None:
    """A look at the repository that no Application under test asked for."""
    await world.resolved(source(server, "docs"), key=WATCHER)
    await world.refreshed(WATCHER)


async def woken_by_a_look(world: Following, server: GitServer) -> set[ApplicationKey]:
    before = world.wakes.copy()
    await looked(world, server)
    return {key for key in (APP, OTHER) if world.wakes[key] > before[key]}


# Commits


async def test_a_commit_wakes_only_those_whose_files_it_changed(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server, "apps/a"), key=APP)
        await world.resolved(source(server, "apps/b"), key=OTHER)
        shop.commit({"apps/b/x.yaml": "2"})
        assert await woken_by_a_look(world, server) == {OTHER}
        assert world.ledger.detections == [(OTHER, shop.sha())]


async def test_a_commit_elsewhere_wakes_nobody_and_is_the_revision_all_the_same(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        shop.commit({"README": "2"})
        assert await woken_by_a_look(world, server) == set()
        assert (await world.resolved(source(server))).revision.sha == shop.sha()


async def test_a_commit_after_quiet_looks_is_found(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        for _ in range(2):
            assert await woken_by_a_look(world, server) == set()
        shop.commit({"apps/a/x.yaml": "2"})
        assert await woken_by_a_look(world, server) == {APP}


async def test_a_change_that_was_missed_is_told_with_the_next_one(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        shop.commit({"README": "2"})
        assert await woken_by_a_look(world, server) == set()
        shop.commit({"apps/a/x.yaml": "2"})
        assert await woken_by_a_look(world, server) == {APP}


async def test_a_commit_in_a_noted_read_wakes(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        world.repositories.note_reads(APP, frozenset({"shared/base.yaml", "not/there"}))
        shop.commit({"shared/other.yaml": "1"})
        assert await woken_by_a_look(world, server) == set()
        shop.commit({"shared/base.yaml": "2"})
        assert await woken_by_a_look(world, server) == {APP}


async def test_a_file_that_was_missed_and_appears_wakes(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        world.repositories.note_reads(APP, frozenset({"not/there"}))
        shop.commit({"not/there": "now"})
        assert await woken_by_a_look(world, server) == {APP}


async def test_reads_noted_after_the_commit_that_changed_them_wake(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        shop.commit({"shared/base.yaml": "2"})
        assert await woken_by_a_look(world, server) == set()
        world.repositories.note_reads(APP, frozenset({"shared/base.yaml"}))
        assert world.wakes[APP] == 2


async def test_a_path_that_disappears_wakes(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        shop.delete("apps/a")
        assert await woken_by_a_look(world, server) == {APP}


async def test_a_commit_to_another_branch_wakes_nobody(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    shop.branch("stable")
    async with following(mirrors) as world:
        await world.resolved(source(server))
        shop.commit({"apps/a/x.yaml": "2"}, branch="stable")
        assert await woken_by_a_look(world, server) == set()
        assert world.ledger.fetches == 1


async def test_a_force_push_with_the_same_files_wakes_nobody(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        sha = shop.force_push(shop.files())
        assert await woken_by_a_look(world, server) == set()
        assert (await world.resolved(source(server))).revision.sha == sha


async def test_a_force_push_with_other_files_wakes(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        old = await world.resolved(source(server))
        shop.force_push({"apps/a/x.yaml": "2"})
        assert await woken_by_a_look(world, server) == {APP}
        new = await world.resolved(source(server))
        assert (old.tree.read("apps/a/x.yaml"), new.tree.read("apps/a/x.yaml")) == (b"1", b"2")


async def test_a_poll_finds_a_commit_without_being_asked(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors, QUICK) as world:
        await world.resolved(source(server))
        seen = world.wakes[APP]
        shop.commit({"apps/a/x.yaml": "2"})
        await world.woken(since=seen)
        assert (await world.resolved(source(server))).revision.sha == shop.sha()


async def test_who_follows_another_branch_now_gets_its_commit(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    shop.branch("stable")
    sha = shop.commit({"apps/a/x.yaml": "2"}, branch="stable")
    async with following(mirrors) as world:
        await world.resolved(source(server))
        assert (await world.resolved(source(server, revision="stable"))).revision.sha == sha


async def test_a_refresh_wakes_who_asked_for_it_and_nobody_else(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server), key=APP)
        await world.resolved(source(server), key=OTHER)
        before = world.wakes.copy()
        await world.refreshed(APP)
        assert world.wakes - before == {APP: 1}


# Repositories that go away and come back


async def test_an_outage_keeps_what_was_known_and_says_so(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors, QUICK) as world:
        known = await world.resolved(source(server))
        seen = world.wakes[APP]
        server.refuse(503)
        await world.woken(since=seen)
        stale = await world.resolved(source(server))
        assert stale.revision == known.revision
        assert stale.stale is not None
        assert stale.stale.reason == "RepositoryUnreachable"
        assert stale.tree.read("apps/a/x.yaml") == b"1"
        server.recover()
        assert (await world.recovered(source(server))).revision == known.revision


async def test_an_outage_is_told_once(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        server.refuse(503)
        assert await woken_by_a_look(world, server) == {APP}
        await world.resolved(source(server))
        assert await woken_by_a_look(world, server) == set()


async def test_a_restart_during_an_outage_begins_with_what_the_mirror_has(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    shop.tag("v1", annotated=True)
    async with following(mirrors) as world:
        known = await world.resolved(source(server))
    server.refuse(500)
    async with following(mirrors) as world:
        for revision in ("HEAD", "main", "v1", known.revision.sha[:8]):
            stale = await world.resolved(source(server, revision=revision))
            assert (stale.revision.sha, stale.stale is not None) == (known.revision.sha, True)
        exact = await world.resolved(source(server, revision=known.revision.sha))
        assert exact.stale is None  # a commit never changes: it needs no server


@pytest.mark.parametrize("how", ["emptied", "branch deleted", "repository deleted"])
async def test_what_is_taken_away_leaves_the_last_commit_and_an_error(
    server: GitServer, shop: GitRepository, mirrors: Path, how: str
) -> None:
    async with following(mirrors) as world:
        known = await world.resolved(source(server, revision="main"))
        away = shop.path.with_name("away")
        if how == "emptied":
            shop.forget_everything()
        elif how == "branch deleted":
            shop.branch("other")
            shop.delete_branch("main")
        else:
            shop.path.rename(away)
        assert await woken_by_a_look_without_watcher(world) == {APP}
        stale = await world.resolved(source(server, revision="main"))
        assert stale.revision == known.revision
        assert stale.stale is not None
        assert (
            stale.stale.reason
            == {
                "emptied": "RepositoryEmpty",
                "branch deleted": "RevisionNotFound",
                "repository deleted": "RepositoryNotFound",
            }[how]
        )
        if away.exists():
            away.rename(shop.path)
        sha = shop.force_push({"apps/a/x.yaml": "back"}, branch="main")
        await world.refreshed()
        back = await world.resolved(source(server, revision="main"))
        assert (back.revision.sha, back.stale) == (sha, None)


async def woken_by_a_look_without_watcher(world: Following) -> set[ApplicationKey]:
    before = world.wakes[APP]
    await world.refreshed()
    return {APP} if world.wakes[APP] > before else set()


async def test_a_branch_may_make_room_for_one_below_its_name(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    shop.branch("team")
    async with following(mirrors) as world:
        await world.resolved(source(server, revision="team"))
        shop.delete_branch("team")
        shop.branch("team/one")
        sha = shop.commit({"apps/a/x.yaml": "2"}, branch="team/one")
        found = await world.resolved(source(server, revision="team/one"), key=OTHER)
        assert (found.revision.sha, found.stale) == (sha, None)
        await world.refreshed()
        stale = (await world.resolved(source(server, revision="team"))).stale
        assert stale is not None
        assert stale.reason == "RevisionNotFound"


async def test_an_emptied_folder_is_a_commit_like_any_other(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        sha = shop.empty()
        assert await woken_by_a_look(world, server) == {APP}
        found = await world.resolved(source(server))
        assert (found.revision.sha, found.stale) == (sha, None)
        assert found.tree.entry("apps/a") is None


async def test_polls_back_off_while_there_are_errors_and_come_back_after_them(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    limits = dataclasses.replace(QUICK, interval=0.2, jitter=0.0, backoff_limit=0.6)
    async with following(mirrors, limits) as world:
        await world.resolved(source(server))
        server.refuse(500)
        await asyncio.sleep(1.0)  # the waits begin with an eighth of the interval and double
        server.reset_counts()
        await asyncio.sleep(1.0)
        assert 1 <= server.count("shop") <= 3
        server.recover()
        await world.recovered(source(server))
        server.reset_counts()
        await asyncio.sleep(0.7)
        assert server.count("shop", "ls-refs") >= 2


# How often a repository is asked


async def test_asking_again_while_a_look_goes_on_makes_no_second_look(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    server.slow(0.1)
    async with following(mirrors) as world:
        for _ in range(5):
            assert world.resolve(source(server)) is None
            await asyncio.sleep(0.02)
        await world.resolved(source(server))
        await asyncio.sleep(0.3)
        assert world.ledger.requests == {("list", "ok"): 1, ("clone", "ok"): 1}


async def test_a_poll_without_news_is_one_request_and_no_fetch(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        for number in range(10):
            await world.resolved(source(server, f"apps/{number}"), key=ApplicationKey("default", f"app{number}"))
        await looked(world, server)
        server.reset_counts()
        before = world.wakes.copy()
        await world.refreshed(WATCHER)
        assert server.counts() == {("ls-refs", "shop.git"): 1}
        assert world.wakes - before == {WATCHER: 1}


async def test_a_poll_without_news_reads_no_git_object(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors) as world:
        await world.resolved(source(server))
        await world.refreshed()
        world.repositories._environment.threads.shutdown()  # from here on, whoever reads objects fails
        await world.refreshed()
        assert (await world.resolved(source(server))).stale is None
        assert world.ledger.requests["list", "ok"] == 3


async def test_a_commit_by_its_digits_needs_no_poll(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    async with following(mirrors, QUICK) as world:
        await world.resolved(source(server, revision=shop.sha()))
        server.reset_counts()
        await asyncio.sleep(0.4)
        assert server.counts() == {}


async def test_a_repository_that_nobody_follows_is_not_asked(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors, QUICK) as world:
        await world.resolved(source(server), key=APP)
        await world.resolved(source(server), key=OTHER)
        world.repositories.forget(APP)
        server.reset_counts()
        await asyncio.sleep(0.4)
        assert server.count("shop") >= 1
        world.repositories.forget(OTHER)
        await asyncio.sleep(0.1)
        server.reset_counts()
        await asyncio.sleep(0.4)
        assert server.counts() == {}
        assert (await world.resolved(source(server))).revision.sha == shop.sha()


async def test_who_moves_to_another_repository_leaves_the_first_one(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    other = server.create("other")
    sha = other.commit({"apps/a/x.yaml": "other"})
    async with following(mirrors, QUICK) as world:
        await world.resolved(source(server))
        assert (await world.resolved(Source(server.http_url("other")))).revision.sha == sha
        await asyncio.sleep(0.1)
        server.reset_counts()
        await asyncio.sleep(0.3)
        assert server.count("shop") == 0


async def test_who_names_an_impossible_repository_leaves_the_one_before(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors, QUICK) as world:
        await world.resolved(source(server))
        assert (await world.error(Source("ftp://git.example.com/shop"))).reason == "UnsupportedURL"
        await asyncio.sleep(0.1)
        server.reset_counts()
        await asyncio.sleep(0.3)
        assert server.counts() == {}


async def test_a_poller_outlives_a_failure_of_those_it_tells(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors, QUICK) as world:
        world.is_deaf = True
        assert world.resolve(source(server)) is None
        await asyncio.sleep(0.5)
        world.is_deaf = False
        assert (await world.resolved(source(server))).revision.sha == shop.sha()


async def test_forgetting_during_a_look_ends_it(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    server.hang()
    async with following(mirrors, dataclasses.replace(STILL, timeout=30.0)) as world:
        assert world.resolve(source(server)) is None
        await asyncio.sleep(0.2)
        world.repositories.forget(APP)
        started = time.monotonic()
    assert time.monotonic() - started < 1


async def test_what_is_unknown_to_repositories_is_no_error(mirrors: Path) -> None:
    async with following(mirrors) as world:
        world.repositories.note_reads(APP, frozenset({"x"}))
        world.repositories.refresh(APP)
        world.repositories.forget(APP)
        assert not world.repositories.is_refreshing(APP)


# Several tenants


async def test_applications_share_a_mirror_only_with_the_same_credential(tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    with GitServer(tmp_path / "served", login=Login("bob", "correct-horse")) as server:
        server.create("shop").commit({"a": "1"})
        credential = Credential(url="", username="bob", password="correct-horse")
        async with following(tmp_path / "mirrors") as world:
            await world.resolved(source(server), credential, key=APP)
            await world.resolved(source(server), credential, key=OTHER)
            assert len(list((tmp_path / "mirrors" / "mirrors").iterdir())) == 1
            error = await world.error(source(server), None, key=WATCHER)
            assert error.reason == "AuthenticationFailed"


async def test_a_changed_password_is_used_at_once(tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    with GitServer(tmp_path / "served", login=Login("bob", "correct-horse")) as server:
        sha = server.create("shop").commit({"a": "1"})
        async with following(tmp_path / "mirrors") as world:
            wrong = Credential(url="", username="bob", password="wrong-donkey")
            assert (await world.error(source(server), wrong)).reason == "AuthenticationFailed"
            right = dataclasses.replace(wrong, password="correct-horse")
            assert (await world.resolved(source(server), right)).revision.sha == sha


async def test_no_log_line_holds_a_credential(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "served").mkdir()
    with GitServer(tmp_path / "served", login=Login("bob", "correct-horse")) as server:
        server.create("shop").commit({"a": "1"})
        credential = Credential(url="", username="bob", password="correct-horse")
        with_login = Source(server.http_url("shop").replace("://", "://bob:correct-horse@"))
        async with following(tmp_path / "mirrors") as world:
            await world.resolved(source(server), credential)
            await world.resolved(with_login, key=OTHER)
            server.cut(20)
            await world.refreshed()
            await world.refreshed(OTHER)
            stale = (await world.resolved(with_login, key=OTHER)).stale
            assert stale is not None
            assert "horse" not in stale.message
    assert "horse" not in caplog.text


# What was followed before


async def test_a_commit_of_another_repository_is_had_beside_what_is_followed(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    old = server.create("old")
    sha = old.commit({"apps/a/x.yaml": "old"})
    async with following(mirrors) as world:
        newest = await world.resolved(source(server))
        then = Source(server.http_url("old"), "main", "apps/a")
        found = await world.recalled(then, sha)
        assert (found.revision.sha, found.tree.read("apps/a/x.yaml")) == (sha, b"old")
        assert world.resolve(source(server)) == newest  # at once: nothing of it was forgotten


async def test_an_earlier_commit_of_another_folder_leaves_what_is_followed_alone(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    first = shop.sha()
    shop.commit({"apps/a/x.yaml": "2"})
    async with following(mirrors) as world:
        newest = await world.resolved(source(server))
        assert (await world.recalled(source(server, "apps/b"), first)).revision.sha == first
        assert world.resolve(source(server)) == newest
        shop.commit({"apps/a/x.yaml": "3"})
        assert await woken_by_a_look(world, server) == {APP}


async def test_a_commit_of_another_repository_that_is_gone_says_so(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    server.create("old").commit({"x": "1"})
    async with following(mirrors) as world:
        await world.resolved(source(server))
        with pytest.raises(SourceError) as caught:
            await world.recalled(Source(server.http_url("old"), "main", ""), "0123456789" * 4)
        assert caught.value.reason == "RevisionGone"


async def test_another_repository_is_left_when_nothing_of_it_is_wanted_any_more(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    sha = server.create("old").commit({"x": "1"})
    async with following(mirrors) as world:
        await world.resolved(source(server))
        await world.recalled(Source(server.http_url("old"), "main", ""), sha)
        assert len(polls()) == 2
        world.repositories.release(APP)
        await asyncio.sleep(0)
        assert len(polls()) == 1


def polls() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("watch ")]
