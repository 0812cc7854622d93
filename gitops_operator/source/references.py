"""What a target revision means among the references of a repository.

A branch beats a tag of the same name, as in Argo CD (`git rev-parse` prefers the tag); `refs/tags/<name>` says the tag.
A name that exists beats the commit that it might abbreviate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HEAD = "HEAD"
BRANCHES = "refs/heads/"
TAGS = "refs/tags/"

_FULL = re.compile(r"[0-9a-fA-F]{40}")
_SHORT = re.compile(r"[0-9a-fA-F]{7,39}")


def is_full_sha(target: str) -> bool:
    return _FULL.fullmatch(target) is not None


def is_short_sha(target: str) -> bool:
    return _SHORT.fullmatch(target) is not None


def names_of(target: str) -> tuple[str, ...]:
    """The full names that a target may stand for, the winning one first."""
    if target in {"", HEAD}:
        return (HEAD,)
    if target.startswith("refs/"):
        return (target,)
    return (BRANCHES + target, TAGS + target)


def prefixes_of(target: str) -> tuple[str, ...]:
    """What to ask a server for; a commit may be anywhere, and only all references show that one moved."""
    return (BRANCHES, TAGS) if is_full_sha(target) or is_short_sha(target) else names_of(target)


def find(target: str, references: Mapping[str, str]) -> str | None:
    """The commit of a target, or None when no reference has that name."""
    return next((references[name] for name in names_of(target) if name in references), None)


def is_covered(name: str) -> bool:
    """Whether a mirror fetches a reference of this name."""
    return name == HEAD or name.startswith((BRANCHES, TAGS))


def nearby(target: str, references: Mapping[str, str], limit: int = 5) -> list[str]:
    """Names that a user may have meant, for the message of an error."""
    short = [name.removeprefix(BRANCHES).removeprefix(TAGS) for name in references if name != HEAD]
    wanted = target.removeprefix(BRANCHES).removeprefix(TAGS).lower()
    alike = [name for name in short if wanted in name.lower() or name.lower() in wanted]
    return sorted(alike or short)[:limit]
