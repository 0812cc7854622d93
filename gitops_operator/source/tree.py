"""The files of one commit, read from a mirror."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import pygit2
from pygit2.enums import FileMode

from gitops_operator.errors import SourceError
from gitops_operator.model.tree import Entry, EntryKind
from gitops_operator.source.failures import Reason, failure

_KINDS: dict[int, EntryKind] = {
    FileMode.TREE: EntryKind.FOLDER,
    FileMode.LINK: EntryKind.LINK,
    FileMode.COMMIT: EntryKind.SUBMODULE,
}
_LARGEST = 64 << 20
"""A file of a few kilobytes can grow to gigabytes when it is unpacked, and would take the operator down."""
_T = TypeVar("_T")


class ObjectStore(Protocol):
    """Where the objects are: usable from any thread."""

    def repository(self) -> pygit2.Repository:
        """The calling thread's own handle."""

    def damaged(self, error: Exception) -> SourceError:
        """Takes note that an object cannot be read, and says so."""


class CommitTree:
    """A Tree (model.tree) of a mirror. It keeps its mirror's files alive, also when a fresh mirror took its place."""

    __slots__ = ("_commit", "_repository", "_root", "_store")

    def __init__(self, store: ObjectStore, repository: str, commit: str, tree_id: str) -> None:
        self._store = store
        self._repository = repository
        self._commit = commit
        self._root = Entry("", tree_id, EntryKind.FOLDER)

    def __repr__(self) -> str:
        return f"CommitTree({self._repository}, {self._commit})"

    @property
    def repository(self) -> str:
        return self._repository

    @property
    def commit(self) -> str:
        return self._commit

    def entry(self, path: str) -> Entry | None:
        found: Entry | None = self._root
        for name in path.split("/") if path else ():
            if found is None or found.kind is not EntryKind.FOLDER:
                return None
            found = self._child(found, name)
        return found

    def folder(self, path: str) -> list[Entry]:
        found = self.entry(path)
        if found is None or found.kind is not EntryKind.FOLDER:
            raise KeyError(path)
        prefix = f"{path}/" if path else ""
        return self._guard(
            lambda repository: sorted(_entry(f"{prefix}{one.name}", one) for one in _folder_of(repository, found))
        )

    def read(self, path: str) -> bytes:
        found = self.entry(path)
        if found is None or found.kind not in {EntryKind.FILE, EntryKind.LINK}:
            raise KeyError(path)
        size = self._guard(lambda repository: _size_of(repository, found))
        if size > _LARGEST:
            message = f"{path} of {self._repository} has {size >> 20} MiB: more than {_LARGEST >> 20} are not read"
            raise failure(Reason.FILE_TOO_LARGE, message)
        return self._guard(lambda repository: _content_of(repository, found))

    def _child(self, parent: Entry, name: str) -> Entry | None:
        def look(repository: pygit2.Repository) -> Entry | None:
            folder = _folder_of(repository, parent)
            path = f"{parent.path}/{name}" if parent.path else name
            return _entry(path, folder[name]) if name and name in folder else None

        return self._guard(look)

    def _guard(self, reading: Callable[[pygit2.Repository], _T]) -> _T:
        try:
            return reading(self._store.repository())
        except (pygit2.GitError, KeyError, OSError) as error:  # the commit names it, so it must be there
            raise self._store.damaged(error) from error


def _folder_of(repository: pygit2.Repository, entry: Entry) -> pygit2.Tree:
    found = repository[entry.id]
    if not isinstance(found, pygit2.Tree):
        raise KeyError(entry.id)
    return found


def _size_of(repository: pygit2.Repository, entry: Entry) -> int:
    """What it is when it is unpacked; that is read without unpacking it."""
    return int(repository.odb.read_header(pygit2.Oid(hex=entry.id))[1])


def _content_of(repository: pygit2.Repository, entry: Entry) -> bytes:
    found = repository[entry.id]
    if not isinstance(found, pygit2.Blob):
        raise KeyError(entry.id)
    return found.data


def _entry(path: str, found: pygit2.Object) -> Entry:
    return Entry(path, str(found.id), _KINDS.get(found.filemode or FileMode.BLOB, EntryKind.FILE))
