"""A folder of the disk as the render stage reads a commit: what would be in Git if it were committed now."""

from __future__ import annotations

import os
from pathlib import Path

from gitops_operator.cli.exits import CommandError
from gitops_operator.model.tree import Entry, EntryKind


class Folder:
    """Reads below a root. Nothing outside of it is read: links are followed by the render stage, which refuses that."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        if not self._root.is_dir():
            raise CommandError(f"{root} is not a folder")
        self.repository = str(root)
        self.commit = ""

    def entry(self, path: str) -> Entry | None:
        """What stands at a path; a link above it is not followed, as in a commit."""
        here = self._root
        for part in path.split("/") if path else ():
            here /= part
            if here.is_symlink() and here != self._root / path:
                return None
        if not os.path.lexists(here):
            return None
        return Entry(path, "", _kind(here))

    def folder(self, path: str) -> list[Entry]:
        here = self._root / path
        if not here.is_dir():
            raise KeyError(path)
        names = sorted(child.name for child in here.iterdir() if child.name != ".git")
        return [Entry(f"{path}/{name}" if path else name, "", _kind(here / name)) for name in names]

    def read(self, path: str) -> bytes:
        here = self._root / path
        if here.is_symlink():
            return os.fsencode(here.readlink())
        try:
            return here.read_bytes()
        except IsADirectoryError:
            raise KeyError(path) from None
        except OSError as error:
            raise CommandError(f"{here} cannot be read: {error.strerror or error}") from None


def _kind(path: Path) -> EntryKind:
    if path.is_symlink():
        return EntryKind.LINK
    return EntryKind.FOLDER if path.is_dir() else EntryKind.FILE
