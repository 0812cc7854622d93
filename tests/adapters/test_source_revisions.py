"""What a target revision means in a real repository."""

import hashlib
from itertools import count
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import ObjectType

from devcluster.git_server import GitRepository, GitServer
from gitops_operator.errors import SourceError
from gitops_operator.model.application import Source
from tests.adapters.source_following import APP, OTHER, following

FILES = {"apps/a.yaml": "kind: A", "README": "hello"}


@pytest.fixture
def shop(server: GitServer) -> GitRepository:
    repository = server.create("shop", branch="trunk")
    repository.commit(FILES, "first")
    return repository


async def resolved(server: GitServer, mirrors: Path, revision: str) -> str:
    async with following(mirrors) as world:
        return (await world.resolved(Source(server.http_url("shop"), revision))).revision.sha


async def failed(server: GitServer, mirrors: Path, revision: str) -> SourceError:
    async with following(mirrors) as world:
        return await world.error(Source(server.http_url("shop"), revision))


@pytest.mark.parametrize("revision", ["stable", "refs/heads/stable", "team/stable"])
async def test_a_branch_is_its_newest_commit(
    server: GitServer, shop: GitRepository, mirrors: Path, revision: str
) -> None:
    shop.branch(revision.removeprefix("refs/heads/"))
    sha = shop.commit({"README": "fixed"}, branch=revision.removeprefix("refs/heads/"))
    assert await resolved(server, mirrors, revision) == sha


@pytest.mark.parametrize("annotated", [False, True])
async def test_a_tag_is_the_commit_that_it_names(
    server: GitServer, shop: GitRepository, mirrors: Path, annotated: bool
) -> None:
    sha = shop.tag("v1", annotated=annotated)
    shop.commit({"README": "later"})
    assert await resolved(server, mirrors, "v1") == sha


@pytest.mark.parametrize("revision", ["HEAD", ""])
async def test_head_is_the_default_branch(server: GitServer, shop: GitRepository, mirrors: Path, revision: str) -> None:
    shop.branch("main")
    sha = shop.commit({"README": "later"})
    assert await resolved(server, mirrors, revision) == sha


@pytest.mark.parametrize("length", [40, 39, 12, 7])
async def test_a_commit_is_named_by_its_digits(
    server: GitServer, shop: GitRepository, mirrors: Path, length: int
) -> None:
    sha = shop.sha()
    shop.commit({"README": "later"})
    assert await resolved(server, mirrors, sha[:length]) == sha
    assert await resolved(server, mirrors, sha[:length].upper()) == sha


async def test_a_branch_named_like_a_short_commit_is_the_branch(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    first = shop.sha()
    later = shop.commit({"README": "later"})
    shop.branch(first[:7])
    assert await resolved(server, mirrors, first[:7]) == later


async def test_a_short_commit_of_several_is_ambiguous(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    one, other = twins(shop)
    error = await failed(server, mirrors, one[:7])
    assert error.reason == "AmbiguousRevision"
    assert not error.transient
    assert one in error.message
    assert other in error.message
    assert await resolved(server, mirrors, one) == one


async def test_a_commit_that_no_branch_leads_to_is_fetched_by_its_digits(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    lost = shop.sha()
    shop.force_push({"README": "rewritten"})
    assert await resolved(server, mirrors, lost) == lost


async def test_any_other_reference_can_be_followed(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    sha = shop.commit({"README": "proposed"}, branch="proposal")
    bare = pygit2.Repository(str(shop.path))
    bare.references.create("refs/pull/7/head", sha)
    shop.delete_branch("proposal")
    assert await resolved(server, mirrors, "refs/pull/7/head") == sha


@pytest.mark.parametrize("revision", ["stabel", "refs/tags/stable", "deadbeef", "d" * 40])
async def test_a_revision_that_is_not_there_is_said_so(
    server: GitServer, shop: GitRepository, mirrors: Path, revision: str
) -> None:
    shop.branch("stable")
    error = await failed(server, mirrors, revision)
    assert (error.reason, error.transient) == ("RevisionNotFound", False)
    assert revision in error.message
    assert server.http_url("shop") in error.message


async def test_the_error_of_a_misspelt_branch_names_those_there_are(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    shop.tag("v1.2.0")
    error = await failed(server, mirrors, "v1")
    assert error.message.endswith("there are v1.2.0")


async def test_a_tag_of_a_single_file_is_no_revision(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    bare = pygit2.Repository(str(shop.path))
    bare.references.create("refs/tags/file", bare.create_blob(b"text"))
    error = await failed(server, mirrors, "file")
    assert error.reason == "RevisionNotFound"


async def test_an_empty_repository_is_said_so(server: GitServer, mirrors: Path) -> None:
    server.create("shop")
    assert (await failed(server, mirrors, "HEAD")).reason == "RepositoryEmpty"


async def test_a_range_is_the_highest_tag_in_it_and_moves_with_the_next(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    shop.tag("v1.2.9")
    shop.commit({"README": "next"})
    newer = shop.tag("v1.2.10", annotated=True)
    shop.commit({"README": "another line"})
    shop.tag("v1.3.0")
    async with following(mirrors) as world:
        source = Source(server.http_url("shop"), "1.2.*")
        assert (await world.resolved(source)).revision == (newer, "1.2.*")
        newest = shop.commit({"apps/a.yaml": "kind: B"})
        shop.tag("v1.2.11")
        await world.refreshed()
        assert (await world.resolved(source)).revision.sha == newest


async def test_a_range_beats_a_branch_of_that_name_as_soon_as_a_tag_is_in_it(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    shop.branch("1.x")
    branch = shop.commit({"README": "line"}, branch="1.x")
    assert await resolved(server, mirrors, "1.x") == branch
    tag = shop.tag("v1.0.0")
    assert tag != branch
    assert await resolved(server, mirrors, "1.x") == tag
    assert await resolved(server, mirrors, "refs/heads/1.x") == branch


@pytest.mark.parametrize(
    "tags, words",
    [
        (["v1.1.0", "v1.3.0"], "the nearest are v1.1.0, v1.3.0"),
        (["v1.2.1-rc.1"], "only pre-releases are, as v1.2.1-rc.1"),
        (["stable"], "no tag is a version at all"),
    ],
)
async def test_a_range_without_a_tag_says_what_there_is(
    server: GitServer, shop: GitRepository, mirrors: Path, tags: list[str], words: str
) -> None:
    for tag in tags:
        shop.tag(tag)
    error = await failed(server, mirrors, "~1.2.0")
    assert (error.reason, error.transient) == ("RevisionNotFound", False)
    assert error.message.startswith(f"no tag of {server.http_url('shop')} is in the range ~1.2.0: {words}")


async def test_a_revision_that_appears_is_found_at_the_next_look(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    source = Source(server.http_url("shop"), "v2")
    async with following(mirrors) as world:
        assert (await world.error(source)).reason == "RevisionNotFound"
        sha = shop.tag("v2")
        await world.refreshed()
        assert (await world.resolved(source)).revision.sha == sha


async def test_the_revision_of_an_operation_stays_whatever_the_branch_does(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    first = shop.sha()
    source = Source(server.http_url("shop"))
    async with following(mirrors) as world:
        await world.resolved(source)
        shop.force_push({"README": "rewritten"})
        await world.refreshed()
        assert (await world.resolved(source)).revision.sha == shop.sha()
        pinned = await world.resolved(source, revision=first)
        assert pinned.revision.sha == first
        assert pinned.tree.read("apps/a.yaml") == b"kind: A"


async def test_the_revision_of_an_operation_is_found_after_the_mirror_was_lost(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    first = shop.sha()
    shop.force_push({"README": "rewritten"})
    async with following(mirrors) as world:
        pinned = await world.resolved(Source(server.http_url("shop")), revision=first)
        assert pinned.tree.read("README") == b"hello"


async def test_an_operation_whose_revision_is_gone_everywhere_is_told(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    async with following(mirrors) as world:
        error = await world.error(Source(server.http_url("shop")), revision="d" * 40)
        assert (error.reason, error.transient) == ("RevisionGone", False)


async def test_an_operation_after_another_sees_what_its_branch_is_now(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    source = Source(server.http_url("shop"))
    first = shop.commit({"README": "one"}, branch="feature")
    async with following(mirrors) as world:
        assert (await world.resolved(source, revision="feature")).revision.sha == first
        world.repositories.release(APP)
        second = shop.commit({"README": "two"}, branch="feature")
        assert (await world.resolved(source, revision="feature")).revision.sha == second


async def test_an_operation_keeps_what_its_branch_was(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    source = Source(server.http_url("shop"))
    first = shop.commit({"README": "one"}, branch="feature")
    async with following(mirrors) as world:
        await world.resolved(source, revision="feature")
        shop.commit({"README": "two"}, branch="feature")
        assert (await world.resolved(source, revision="feature")).revision.sha == first


async def test_a_branch_that_came_after_an_operation_had_named_it_is_found_by_the_next_one(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    source = Source(server.http_url("shop"))
    async with following(mirrors) as world:
        await world.error(source, revision="feature")
        world.repositories.release(APP)
        sha = shop.commit({"README": "one"}, branch="feature")
        assert (await world.resolved(source, revision="feature")).revision.sha == sha


async def test_what_one_application_lets_go_another_keeps(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    source = Source(server.http_url("shop"))
    async with following(mirrors) as world:
        await world.resolved(source)
        followed = Source(server.http_url("shop"), "trunk")
        await world.resolved(followed, key=OTHER)
        await world.resolved(source, revision="trunk")
        world.repositories.release(APP)
        assert world.resolve(followed, key=OTHER) is not None


async def test_two_revisions_are_read_at_the_same_time(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    shop.tag("v1")
    shop.commit({"README": "later"})
    async with following(mirrors) as world:
        old = await world.resolved(Source(server.http_url("shop"), "v1"))
        new = await world.resolved(Source(server.http_url("shop"), "trunk"), key=OTHER)
        assert (old.tree.read("README"), new.tree.read("README")) == (b"hello", b"later")
        assert server.count("shop", "fetch") == 1


async def test_a_link_and_a_submodule_are_told_apart_from_files(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    bare = pygit2.Repository(str(shop.path))
    tree = bare.TreeBuilder(bare.revparse_single("trunk").peel(pygit2.Tree))
    tree.insert("vendor", pygit2.Oid(hex="c" * 40), pygit2.enums.FileMode.COMMIT)
    tree.insert("link", bare.create_blob(b"README"), pygit2.enums.FileMode.LINK)
    commit(bare, "refs/heads/trunk", f"tree {tree.write()}\n".encode())
    async with following(mirrors) as world:
        found = (await world.resolved(Source(server.http_url("shop")))).tree
        assert [(entry.path, entry.kind) for entry in found.folder("")] == [
            ("README", "file"),
            ("apps", "folder"),
            ("link", "link"),
            ("vendor", "submodule"),
        ]
        assert found.read("link") == b"README"
        for path in ("vendor", "apps", "nothing", "README/below"):
            with pytest.raises(KeyError):
                found.read(path)


def twins(shop: GitRepository) -> tuple[str, str]:
    """Two commits, each with a branch, whose first seven digits are the same."""
    bare = pygit2.Repository(str(shop.path))
    tree = f"tree {bare.revparse_single('trunk').peel(pygit2.Tree).id}\n".encode()
    seen: dict[str, bytes] = {}
    for number in count():
        body = body_of(tree, str(number))
        digits = hashlib.sha1(b"commit %d\0" % len(body) + body).hexdigest()[:7]
        if digits in seen:
            return commit(bare, "refs/heads/one", tree, str(number)), write(bare, "refs/heads/other", seen[digits])
        seen[digits] = body
    raise AssertionError("not reached")


def body_of(tree: bytes, message: str) -> bytes:
    who = b"A <a@example.com> 1700000000 +0000\n"
    return tree + b"author " + who + b"committer " + who + b"\n" + message.encode()


def commit(bare: pygit2.Repository, reference: str, tree: bytes, message: str = "change") -> str:
    return write(bare, reference, body_of(tree, message))


def write(bare: pygit2.Repository, reference: str, body: bytes) -> str:
    sha = str(bare.write(ObjectType.COMMIT, body))
    bare.references.create(reference, sha, force=True)
    return sha


async def test_what_is_told_of_a_commit_is_short_and_fit_for_a_terminal(
    server: GitServer, shop: GitRepository, mirrors: Path
) -> None:
    shop.commit({"README": "1"}, "Merge https://bob:correct-horse@git.example.com/shop \x1b[31mred" + "!" * 300)
    async with following(mirrors) as world:
        note = (await world.resolved(Source(server.http_url("shop")))).note
    assert note.subject.startswith("Merge https://git.example.com/shop  [31mred!")
    assert len(note.subject) == 200
    assert note.subject.endswith("…")
    assert note.author == "Dev Cluster"
    assert note.tag == ""


async def test_the_tag_that_a_range_chose_is_told(server: GitServer, shop: GitRepository, mirrors: Path) -> None:
    shop.tag("v1.2.3")
    async with following(mirrors) as world:
        assert (await world.resolved(Source(server.http_url("shop"), "^1"))).note.tag == "v1.2.3"
