"""The folder that a source names, or an error that says what stands there instead."""

from __future__ import annotations

import posixpath
from enum import StrEnum

from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.tree import Entry, EntryKind, Tree
from gitops_operator.render.links import LinkError, Resolved, resolve

_MAX_NAMED = 20


class SourceReason(StrEnum):
    """Why a folder is no source."""

    PATH_NOT_FOUND = "PathNotFound"
    INVALID_PATH = "InvalidPath"
    UNSUPPORTED = "UnsupportedSource"


def clean(path: str) -> str:
    """A source's path as trees know it: no `.` and no slash at either end, "" for the root.

    Raises:
        RenderError: the path is absolute or leaves the repository.
    """
    if path.startswith("/"):
        raise _error(f"the path {path!r} of the source begins with a slash; it is relative to the repository")
    normal = posixpath.normpath(path) if path else "."
    if normal == ".." or normal.startswith("../"):
        raise _error(f"the path {path!r} of the source leaves the repository")
    return "" if normal == "." else normal


def folder_at(tree: Tree, path: str) -> tuple[Entry, Resolved]:
    """The folder at a clean path, links followed, and how it was found.

    Raises:
        RenderError: there is no folder; the message names those at its parent.
    """
    try:
        found = resolve(tree, path)
    except LinkError as error:
        raise _error(str(error)) from None
    entry = found.entry or _in_the_way(tree, found.path)
    if entry is None:
        raise _error(
            f"there is no {path or 'folder'} in {_commit(tree)}; {_neighbours(tree, path)}", SourceReason.PATH_NOT_FOUND
        )
    if entry.kind is EntryKind.SUBMODULE:
        raise _error(f"{entry.path} is a Git submodule, which this version does not support", SourceReason.UNSUPPORTED)
    if entry.kind is not EntryKind.FOLDER:
        raise _error(
            f"{entry.path} in {_commit(tree)} is a file; the path of a source is a folder", SourceReason.PATH_NOT_FOUND
        )
    return entry, found


def _in_the_way(tree: Tree, path: str) -> Entry | None:
    """The submodule or file in which a path that is not there ends."""
    entry = tree.entry(posixpath.dirname(path))
    return entry if entry is not None and entry.kind is not EntryKind.FOLDER else None


def _neighbours(tree: Tree, path: str) -> str:
    """What stands at the nearest parent that exists."""
    parent = path
    while parent:
        parent = posixpath.dirname(parent)
        entry = tree.entry(parent)
        if entry is not None and entry.kind is EntryKind.FOLDER:
            break
    entries = tree.folder(parent) if tree.entry(parent) else []
    names = [posixpath.basename(entry.path) for entry in entries if entry.kind is EntryKind.FOLDER]
    where = parent or "the root of the repository"
    if not names:
        return f"there are no folders in {where}"
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return f"the folders in {where} are {', '.join(names[:_MAX_NAMED])}{more}"


def _commit(tree: Tree) -> str:
    return f"commit {tree.commit} of {tree.repository}" if tree.commit else tree.repository


def _error(message: str, reason: str = SourceReason.INVALID_PATH) -> RenderError:
    return RenderError((Problem("", 0, 0, message),), reason=reason)
