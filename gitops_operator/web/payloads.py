"""The bodies of pushes as Git servers send them: only the fields that are used are read, whatever else there is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from gitops_operator.model.push import BRANCHES, TAGS, Push

_T = TypeVar("_T")
_KINDS = {"branch": BRANCHES, "tag": TAGS, "named_branch": BRANCHES}


class MalformedError(ValueError):
    """What is wrong with a body, in a sentence."""


class _Commit(msgspec.Struct):
    added: list[str] | None = None
    modified: list[str] | None = None
    removed: list[str] | None = None


class _Repository(msgspec.Struct):
    html_url: str
    clone_url: str = ""
    ssh_url: str = ""
    default_branch: str = ""


class _Pushed(msgspec.Struct):
    repository: _Repository
    ref: str
    ref_type: str = ""
    commits: list[_Commit] | None = None


def of_github(body: bytes) -> Push:
    """Of GitHub, Gitea, Gogs and Forgejo: a push, or the creation or deletion of a branch or tag."""
    seen = _read(body, _Pushed)
    where = seen.repository
    return Push(
        _urls(where.html_url, where.clone_url, where.ssh_url),
        (_KINDS.get(seen.ref_type, "") + seen.ref,),
        _branch(where.default_branch),
        _changed(seen.commits),
    )


class _Project(msgspec.Struct):
    web_url: str
    git_http_url: str = ""
    git_ssh_url: str = ""
    default_branch: str | None = ""


class _GitLab(msgspec.Struct):
    project: _Project
    ref: str
    commits: list[_Commit] | None = None


class _GitLabKind(msgspec.Struct):
    object_kind: str = ""
    event_name: str = ""


def gitlab_event(body: bytes) -> str:
    """GitLab's header says only whether it is a hook of a project or of the whole server."""
    kind = _read(body, _GitLabKind)
    return kind.object_kind or kind.event_name


def of_gitlab(body: bytes) -> Push:
    """A push or tag push; a system hook's body is the same."""
    seen = _read(body, _GitLab)
    where = seen.project
    urls = _urls(where.web_url, where.git_http_url, where.git_ssh_url)
    return Push(urls, (seen.ref,), _branch(where.default_branch or ""), _changed(seen.commits))


class _Link(msgspec.Struct):
    href: str
    name: str = ""


class _CloudLinks(msgspec.Struct):
    html: _Link


class _CloudRepository(msgspec.Struct):
    links: _CloudLinks


class _CloudReference(msgspec.Struct):
    name: str
    type: str = "branch"


class _CloudChange(msgspec.Struct):
    new: _CloudReference | None = None
    old: _CloudReference | None = None  # all that there is of one that was deleted


class _CloudPush(msgspec.Struct):
    changes: list[_CloudChange]


class _Cloud(msgspec.Struct):
    repository: _CloudRepository
    push: _CloudPush


def of_bitbucket(body: bytes) -> Push:
    """Of Bitbucket Cloud, which names neither the default branch nor files."""
    seen = _read(body, _Cloud)
    moved = [change.new or change.old for change in seen.push.changes]
    references = tuple(_KINDS.get(one.type, BRANCHES) + one.name for one in moved if one is not None)
    return Push(_urls(seen.repository.links.html.href), references)


class _ServerLinks(msgspec.Struct):
    clone: list[_Link]


class _ServerRepository(msgspec.Struct):
    links: _ServerLinks


class _ServerReference(msgspec.Struct):
    id: str


class _ServerChange(msgspec.Struct):
    ref: _ServerReference


class _Server(msgspec.Struct, rename="camel"):
    repository: _ServerRepository
    changes: list[_ServerChange]
    ref_limit_exceeded: bool = False  # of a mirror: there are more than are listed


def of_bitbucket_server(body: bytes) -> Push:
    """Of Bitbucket Data Center, which names neither the default branch nor files."""
    seen = _read(body, _Server)
    urls = _urls(*(link.href for link in seen.repository.links.clone))
    return Push(urls, () if seen.ref_limit_exceeded else tuple(change.ref.id for change in seen.changes))


class _AzureRepository(msgspec.Struct, rename="camel"):
    remote_url: str
    default_branch: str = ""


class _AzureUpdate(msgspec.Struct):
    name: str


class _AzureResource(msgspec.Struct, rename="camel"):
    repository: _AzureRepository
    ref_updates: list[_AzureUpdate]


class _AzureKind(msgspec.Struct, rename="camel"):
    event_type: str


class _Azure(msgspec.Struct):
    resource: _AzureResource


def azure_event(body: bytes) -> str:
    """Azure DevOps says in the body what has happened."""
    return _read(body, _AzureKind).event_type


def of_azure(body: bytes) -> Push:
    """It names no files."""
    resource = _read(body, _Azure).resource
    references = tuple(update.name for update in resource.ref_updates)
    return Push(_urls(resource.repository.remote_url), references, resource.repository.default_branch)


class _Generic(msgspec.Struct):
    repository: str | list[str]
    ref: str | list[str] = ""
    changed: list[str] = []


def of_anybody(body: bytes) -> Push:
    """The form for whoever has none of their own."""
    seen = _read(body, _Generic)
    return Push(_urls(*_listed(seen.repository)), tuple(filter(None, _listed(seen.ref))), "", tuple(seen.changed))


def _read(body: bytes, type_: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
        raise MalformedError(f"The body is not what this event has: {error}") from None


def _urls(*urls: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(filter(None, urls)))
    if not found:
        raise MalformedError("The body names no repository.")
    return found


def _branch(name: str) -> str:
    return BRANCHES + name if name else ""


def _changed(commits: Iterable[_Commit] | None) -> tuple[str, ...]:
    lists = [some for one in commits or () for some in (one.added, one.modified, one.removed)]
    return tuple(dict.fromkeys(path for some in lists for path in some or ()))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
