"""Follows symbolic links of a commit, inside its repository and no further."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from gitops_operator.model.tree import Entry, EntryKind, Tree

_MAX_LINKS = 40


class LinkError(Exception):
    """A link that cannot be followed; the message says why."""


class Resolved(NamedTuple):
    """What stands at a path when links are followed: where that is, None where nothing is, and the links on the way."""

    path: str
    entry: Entry | None
    links: tuple[str, ...]


def resolve(tree: Tree, path: str) -> Resolved:
    """Follows the links of a path ("" is the root folder).

    Raises:
        LinkError: a link leaves the repository, or links form a circle.
    """
    links: list[str] = []
    waiting = _parts(path)
    here = ""
    while waiting:
        name = waiting.pop()
        if name == "..":
            if not here:
                raise LinkError(f"{f'the symbolic link {links[-1]}' if links else 'the path'} leaves the repository")
            here = posixpath.dirname(here)
            continue
        here = posixpath.join(here, name)
        entry = tree.entry(here)
        if entry is None:
            return Resolved(here, None, tuple(links))
        if entry.kind is EntryKind.LINK:
            links.append(here)
            waiting += _target(tree, links)
            here = posixpath.dirname(here)
    return Resolved(here, tree.entry(here), tuple(links))


def _target(tree: Tree, links: list[str]) -> list[str]:
    """The names that the newest link stands for, last first."""
    text = tree.read(links[-1]).decode("utf-8", "replace")
    if text.startswith("/"):
        raise LinkError(f"the symbolic link {links[-1]} leaves the repository (it points to {text})")
    if len(links) > _MAX_LINKS:
        raise LinkError(f"the symbolic link {links[0]} leads in a circle")
    return _parts(text)


def _parts(path: str) -> list[str]:
    return [part for part in reversed(path.split("/")) if part not in {"", "."}]
