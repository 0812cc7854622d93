"""One bare repository on disk: everything here blocks, and runs in a thread."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import FetchPrune, RepositoryOpenFlag

from gitops_operator.errors import SourceError
from gitops_operator.model.push import BRANCHES, TAGS
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.libgit2 import Callbacks
from gitops_operator.source.pkt_line import peel
from gitops_operator.source.references import HEAD, is_covered
from gitops_operator.source.tree import CommitTree

_REFSPECS = (f"+{BRANCHES}*:{BRANCHES}*", f"+{TAGS}*:{TAGS}*")
_HEAD = "refs/gitops-operator/HEAD"  # a mirror has no branch of its own, so its HEAD is kept as a reference
_LOGIN = re.compile(r"://[^/\s@]*@")
_PINS = "refs/gitops-operator/pins/"


@dataclass(frozen=True, slots=True)
class Commit:
    """What is told of a commit; `tree` reads its files, `tag` is the one that a range of versions chose."""

    sha: str
    committed_at: float
    subject: str
    author: str
    tree: CommitTree
    tag: str = ""


class Damaged(Exception):  # noqa: N818  # a state of the mirror, caught by who can clone it again
    """The mirror cannot be read: half-written or corrupt."""


class Mirror:
    """Usable from any thread: each has a handle of its own, as libgit2 wants it."""

    def __init__(self, path: Path, shown: str) -> None:
        self.path = path
        self.is_damaged = False
        self.on_damage: Callable[[], None] = lambda: None
        self._shown = shown
        self._handles = threading.local()

    @classmethod
    def create(cls, path: Path, shown: str) -> Mirror:
        pygit2.init_repository(str(path), bare=True)
        return cls(path, shown)

    def check(self) -> None:
        """Find out whether a mirror that was found on disk is whole, as far as that is cheap.

        Raises:
            Damaged: it is not; a blob that went bad shows only when it is read.
        """
        with _reading():
            for leftover in _leftovers(self.path):
                leftover.unlink()
            repository = self.repository()
            if not repository.is_bare:
                raise Damaged("it is not a bare repository")
            for name in repository.references:
                _commit_of(repository, str(repository.references[name].target))

    def repository(self) -> pygit2.Repository:
        handle: pygit2.Repository | None = getattr(self._handles, "repository", None)
        if handle is None:
            handle = pygit2.Repository(str(self.path), RepositoryOpenFlag.BARE | RepositoryOpenFlag.NO_SEARCH)
            self._handles.repository = handle
        return handle

    def damaged(self, error: Exception) -> SourceError:
        if not self.is_damaged:
            self.is_damaged = True
            self.on_damage()
        return failure(
            Reason.REPOSITORY_CORRUPT,
            f"the mirror of {self._shown} is damaged ({type(error).__name__}: {error}); it is cloned again",
        )

    def references(self) -> dict[str, str]:
        """The commits of the references as of the last fetch.

        Raises:
            Damaged: they cannot be read.
        """
        found = {}
        with _reading():
            repository = self.repository()
            for name in repository.references:
                if name == _HEAD or is_covered(name):
                    commit = _commit_of(repository, str(repository.references[name].target))
                    if commit is not None:
                        found[HEAD if name == _HEAD else name] = str(commit.id)
        return found

    def commit(self, sha: str) -> Commit | None:
        """A commit by its full SHA, or None when it is not here.

        Raises:
            Damaged: it is here and cannot be read.
        """
        with _reading():
            repository = self.repository()
            if sha not in repository:
                return None
            commit = _commit_of(repository, sha)
            if commit is None:
                return None
            tree_id = str(commit.tree_id)
            if tree_id not in repository:
                raise Damaged(f"the files of commit {sha} are missing")
        tree = CommitTree(self, self._shown, str(commit.id), tree_id)
        author = _shown(commit.author.name, 100)
        return Commit(str(commit.id), float(commit.commit_time), _subject(commit), author, tree)

    def abbreviated(self, prefix: str) -> str | None:
        """The full SHA of the commit that starts with a prefix, or None.

        Raises:
            SourceError: several commits do.
            Damaged: it cannot be read.
        """
        with _reading():
            try:
                found: object = self.repository().get(prefix)  # the stubs say Object, of which Commit is none
            except (ValueError, pygit2.AmbiguousError):
                return self._commit_among(prefix)
            return str(found.id) if isinstance(found, pygit2.Commit) else None

    def _commit_among(self, prefix: str) -> str | None:
        """Several objects start with the prefix: the commit among them, as git has it."""
        repository = self.repository()
        alike = [str(oid) for oid in repository.odb if str(oid).startswith(prefix.lower())]
        commits = [sha for sha in alike if isinstance(repository[sha], pygit2.Commit)]
        if len(commits) > 1:
            raise failure(
                Reason.AMBIGUOUS_REVISION,
                f"{len(commits)} commits of {self._shown} start with {prefix}: {', '.join(sorted(commits)[:3])}",
            )
        return commits[0] if commits else None

    def packs(self) -> int:
        return sum(1 for _ in (self.path / "objects" / "pack").glob("*.pack"))

    def fetch(self, url: str, callbacks: Callbacks, commits: Iterable[str]) -> None:
        """Bring all branches and tags, and the given commits as far as the remote gives out single ones."""
        repository = self.repository()
        remote = repository.remotes.create_anonymous(url)
        remote.connect(callbacks=callbacks)
        advertised = _advertised(remote)
        self._prune(advertised)
        head = [f"+{HEAD}:{_HEAD}"] if HEAD in advertised else []
        if any(map(is_covered, advertised)):
            remote.fetch([*_REFSPECS, *head], callbacks=callbacks, prune=FetchPrune.NO_PRUNE)
        for sha in commits:
            if sha not in repository:
                self._fetch_one(url, callbacks, sha)

    def _fetch_one(self, url: str, callbacks: Callbacks, sha: str) -> None:
        """Fetch a commit that no reference leads to; most servers refuse that, which is an answer as well."""
        remote = self.repository().remotes.create_anonymous(url)
        try:
            remote.fetch([f"+{sha}:{_PINS}{sha}"], callbacks=callbacks, prune=FetchPrune.NO_PRUNE)
        except (pygit2.GitError, KeyError, ValueError):
            if callbacks.cancelled.is_set():
                raise

    def _prune(self, advertised: Mapping[str, str]) -> None:
        """Drop what the remote dropped, before the fetch: `a` must be gone when `a/b` comes."""
        references = self.repository().references
        for name in list(references):
            if name.startswith((BRANCHES, TAGS)) and name not in advertised:
                references.delete(name)


def list_references(repository: pygit2.Repository, url: str, callbacks: Callbacks) -> dict[str, str]:
    """The references of a remote; libgit2 needs some repository to ask from, and does not write to it."""
    remote = repository.remotes.create_anonymous(url)
    remote.connect(callbacks=callbacks)
    return _advertised(remote)


def is_same(mirror: Mirror, one: str, other: str, paths: Iterable[str]) -> bool:
    """Whether two commits have the same content at all the paths."""
    before, after = mirror.commit(one), mirror.commit(other)
    if before is None or after is None:
        return False
    return all(_id(before.tree, path) == _id(after.tree, path) for path in paths)


def retire(mirror: Mirror) -> None:
    """Delete a mirror's folder when nothing reads it any more."""
    weakref.finalize(mirror, shutil.rmtree, mirror.path, ignore_errors=True)


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        raise Damaged(str(error)) from error


def _id(tree: CommitTree, path: str) -> str | None:
    entry = tree.entry(path)
    return entry.id if entry else None


def _advertised(remote: pygit2.Remote) -> dict[str, str]:
    return peel({head.name: str(head.oid) for head in remote.list_heads(connect=False) if head.name})


def _commit_of(repository: pygit2.Repository, sha: str) -> pygit2.Commit | None:
    """The commit at an object, through tags; None for what is no commit, as a tag of a single file."""
    found: object = repository[sha]
    while isinstance(found, pygit2.Tag):
        found = repository[found.target]
    return found if isinstance(found, pygit2.Commit) else None


def _subject(commit: pygit2.Commit) -> str:
    text = commit.raw_message.decode(commit.message_encoding or "utf-8", errors="replace").strip()
    return _shown(text.partition("\n")[0], 200)


def _shown(text: str, longest: int) -> str:
    """What strangers wrote, fit for a status and a terminal: no control characters, no password of a URL."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    masked = _LOGIN.sub("://", printable)
    return masked if len(masked) <= longest else f"{masked[: longest - 1]}…"


def _leftovers(path: Path) -> list[Path]:
    """What a fetch leaves behind that was killed: packs without an index are never read, and locks never released."""
    packs = path / "objects" / "pack"
    files = list(packs.glob("*"))
    halves = [file for file in files if file.suffix not in {".idx", ".pack", ".keep", ".rev"}]
    halves += [file for file in files if file.suffix == ".pack" and not file.with_suffix(".idx").exists()]
    return halves + list(path.glob("*.lock")) + list((path / "refs").rglob("*.lock"))
