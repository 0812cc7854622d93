"""What a target revision means among the references of a repository.

A branch beats a tag of the same name, as in Argo CD (`git rev-parse` prefers the tag); `refs/tags/<name>` says the tag.
A name that exists beats the commit that it might abbreviate. A range of versions beats a name while a tag is in it, as
in Argo CD: `1.x` is the highest 1.x tag, `refs/heads/1.x` the branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gitops_operator.model.push import BRANCHES, TAGS
from gitops_operator.model.versions import Range, parse_range

HEAD = "HEAD"

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
    if is_full_sha(target) or is_short_sha(target):
        return (BRANCHES, TAGS)
    return names_of(target) if parse_range(target) is None else (TAGS, *names_of(target))


def find(target: str, references: Mapping[str, str]) -> str | None:
    """The commit of a target, or None when no reference has that name."""
    tag = version_tag(target, references)
    names = names_of(target) if tag is None else (TAGS + tag,)
    return next((references[name] for name in names if name in references), None)


def version_tag(target: str, references: Mapping[str, str]) -> str | None:
    """The tag of the highest version in a range; None where the target is none, or no tag is in it."""
    versions = parse_range(target)
    return versions.best(_tags(references)) if versions else None


def is_covered(name: str) -> bool:
    """Whether a mirror fetches a reference of this name."""
    return name == HEAD or name.startswith((BRANCHES, TAGS))


def why_no_tag(versions: Range, references: Mapping[str, str]) -> str:
    """What there is instead of a version in a range."""
    tags = list(_tags(references))
    prerelease = versions.best(tags, prereleases=True)
    if prerelease is not None:
        return f"only pre-releases are, as {prerelease}; a range that names one takes them, as >=1.0.0-0 does"
    nearest = versions.nearest(tags)
    return f"the nearest are {', '.join(nearest)}" if nearest else "no tag is a version at all"


def nearby(target: str, references: Mapping[str, str], limit: int = 5) -> list[str]:
    """Names that a user may have meant, for the message of an error."""
    short = [name.removeprefix(BRANCHES).removeprefix(TAGS) for name in references if name != HEAD]
    wanted = target.removeprefix(BRANCHES).removeprefix(TAGS).lower()
    alike = [name for name in short if wanted in name.lower() or name.lower() in wanted]
    return sorted(alike or short)[:limit]


def _tags(references: Mapping[str, str]) -> Iterator[str]:
    return (name.removeprefix(TAGS) for name in references if name.startswith(TAGS))
