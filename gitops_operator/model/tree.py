"""A commit's files, read without a checkout."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol


class EntryKind(StrEnum):
    """What stands at a path of a commit."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    SUBMODULE = "submodule"


class Entry(NamedTuple):
    """One entry of a folder: `path` from the root of the repository without a leading slash, `id` its Git object id."""

    path: str
    id: str
    kind: EntryKind


class Tree(Protocol):
    """The files of one commit. Reading is local, quick and needs no lock; any number may be open at once.

    `repository` is the URL without credentials, `commit` the full SHA.
    """

    @property
    def repository(self) -> str:
        """The URL of the repository, without credentials."""

    @property
    def commit(self) -> str:
        """The full SHA of the commit."""

    def entry(self, path: str) -> Entry | None:
        """What stands at a path ("" is the root folder), or None. Links are not followed."""

    def folder(self, path: str) -> list[Entry]:
        """The entries directly in a folder, by name.

        Raises:
            KeyError: there is no folder at the path.
        """

    def read(self, path: str) -> bytes:
        """The content of a file, or the target of a link.

        Raises:
            KeyError: there is no file or link at the path.
        """
