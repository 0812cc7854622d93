"""Whether what a Git server tells of a push concerns a repository, and what is followed in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from gitops_operator.errors import SourceError
from gitops_operator.model.push import BRANCHES, TAGS, Push
from gitops_operator.source.references import HEAD, is_full_sha, prefixes_of
from gitops_operator.source.urls import RepositoryURL, parse_url

_HOSTS_OF_SSH = ("ssh.", "altssh.", "vs-ssh.")
_AZURE, _AZURE_ONCE = "dev.azure.com", "visualstudio.com"
_OF_AZURE = frozenset({"v3", "_git", "defaultcollection"})


class Place(NamedTuple):
    """Equal for all ways to write where a repository is: whatever the scheme, port, user or case of the letters."""

    host: str
    path: tuple[str, ...]


def place_of(url: RepositoryURL) -> Place:
    """Where a repository is."""
    host = url.host.rstrip(".")
    for prefix in _HOSTS_OF_SSH:
        host = host.removeprefix(prefix)
    path = tuple(unquote(segment).casefold() for segment in url.identity[-1])
    return _of_azure(host, path) if host == _AZURE or host.endswith(_AZURE_ONCE) else Place(host, path)


def places_of(push: Push) -> frozenset[Place]:
    """Where the repository of a push may be; a URL that nobody could follow is left out."""
    found: set[Place] = set()
    for text in push.repositories:
        with contextlib.suppress(SourceError):
            found.add(place_of(parse_url(text)))
    return frozenset(found)


def is_concerned(target: str, push: Push) -> bool:
    """Whether what a target means may be another commit after a push; a full commit id is what it is."""
    if not push.references:
        return True
    if is_full_sha(target):
        return False
    moved = frozenset(_full_names(push.references))
    if target == HEAD:
        return not push.default_branch or push.default_branch in moved
    return any(_is_below(name, prefix) for name in moved for prefix in prefixes_of(target))


def _is_below(name: str, prefix: str) -> bool:
    return name == prefix or (prefix.endswith("/") and name.startswith(prefix))


def _full_names(references: Iterable[str]) -> Iterable[str]:
    for name in references:
        yield from (name,) if name.startswith("refs/") else (BRANCHES + name, TAGS + name)


def _of_azure(host: str, path: tuple[str, ...]) -> Place:
    """Azure DevOps has two hosts, another path for SSH, and leaves out a project that is named as its repository."""
    organisation = host.removesuffix(_AZURE_ONCE).rstrip(".") if host != _AZURE else ""
    named = (*([organisation] if organisation else []), *(segment for segment in path if segment not in _OF_AZURE))
    return Place(_AZURE, (*named, named[-1]) if len(named) == 2 else named)
