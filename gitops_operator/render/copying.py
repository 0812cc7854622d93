"""The part of a commit that a tool gets to see: named first, written out when the tool runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.tree import EntryKind, Tree
from gitops_operator.render.links import LinkError, resolve

MAX_BYTES = 64 * 1024 * 1024
MAX_FILES = 20_000
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""How a file begins whose content is elsewhere."""


@dataclass(slots=True)
class Part:
    """Files and links of a commit, by path, and folders with all that is in them ("": the whole commit); `missing` is
    what was looked for and is not there.
    """

    files: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    @property
    def paths(self) -> list[str]:
        """Every path that decides what a tool gives."""
        return sorted(self.files | self.links | self.folders | self.missing)

    def unfolded(self, tree: Tree) -> Part:
        """The same by its files and links alone.

        Raises:
            RenderError: it is too much.
        """
        found = Part(set(self.files), set(self.links))
        for folder in self.folders:
            found._add(tree, folder)
        return found

    def _add(self, tree: Tree, folder: str) -> None:
        """Links out of the repository stay away, as if they led nowhere."""
        for entry in tree.folder(folder):
            if entry.kind is EntryKind.FOLDER:
                self._add(tree, entry.path)
            elif entry.kind is EntryKind.FILE:
                self.files.add(entry.path)
            elif entry.kind is EntryKind.LINK and _stays_inside(tree, entry.path):
                self.links.add(entry.path)
            if len(self.files) > MAX_FILES:
                message = f"more than {MAX_FILES} files would have to be copied; name a folder with fewer in it"
                raise RenderError((Problem(folder, 0, 0, message),))


def _stays_inside(tree: Tree, path: str) -> bool:
    try:
        resolve(tree, path)
    except LinkError:
        return False
    return True


def is_outside(path: str, folder: str) -> bool:
    """Whether a path is neither a folder nor below it; "" is the root, which has everything below it."""
    return bool(folder) and path != folder and not path.startswith(folder + "/")


def write_out(tree: Tree, part: Part, made: Mapping[str, bytes], target: Path) -> None:
    """Writes a part of a commit below a folder of the disk; `made` has contents of our own, which take precedence.

    Raises:
        RenderError: a file cannot be given to a tool.
        OSError: the disk does not take it.
    """
    size, found = 0, part.unfolded(tree)
    for path in sorted(found.files - made.keys()):
        data = tree.read(path)
        size += len(data)
        _check(path, data, size)
        _place(target, path).write_bytes(data)
    for path in sorted(found.links - made.keys()):
        text = tree.read(path).decode("utf-8", "surrogateescape")
        _place(target, path).symlink_to(text)
    for path, data in made.items():
        _place(target, path).write_bytes(data)


def _check(path: str, data: bytes, size: int) -> None:
    if data.startswith(LFS_POINTER):
        message = "the file is a Git LFS pointer; files in Git LFS are not supported"
        raise RenderError((Problem(path, 0, 0, message),))
    if size > MAX_BYTES:
        message = f"the files that are rendered may not be larger than {MAX_BYTES >> 20} MiB together"
        raise RenderError((Problem(path, 0, 0, message),))


def _place(target: Path, path: str) -> Path:
    """Where a path belongs; no link that was written before is followed on the way, because links come last."""
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return place
