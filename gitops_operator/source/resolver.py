"""What the revisions that Applications follow mean now: commits, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from gitops_operator.errors import SourceError
from gitops_operator.model.push import BRANCHES, TAGS
from gitops_operator.model.versions import parse_range
from gitops_operator.source.clone import Clone
from gitops_operator.source.environment import Environment
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.mirror import Commit, Damaged, Mirror
from gitops_operator.source.references import (
    HEAD,
    find,
    is_full_sha,
    is_short_sha,
    nearby,
    prefixes_of,
    version_tag,
    why_no_tag,
)

Found: TypeAlias = dict[str, "Commit | SourceError"]
_EVERYTHING = frozenset({HEAD, BRANCHES, TAGS})


class _Settled(NamedTuple):
    """A look that found all it wanted without a fetch: while the server says the same, there is nothing to do."""

    mirror: Mirror | None
    targets: frozenset[str]
    references: dict[str, str]
    answers: Found


class Resolver:
    """For one repository, one look at a time."""

    def __init__(self, clone: Clone, shown: str, environment: Environment) -> None:
        self._clone = clone
        self._shown = shown
        self._environment = environment
        self._settled: _Settled | None = None

    async def resolve(self, targets: frozenset[str], keep: frozenset[str]) -> Found:
        """A commit or an error for each target; `keep` are commits in use, which a renewed mirror must have.

        Raises:
            SourceError: the repository as a whole cannot be read.
        """
        try:
            return await self._resolve(targets, keep)
        except Damaged:
            self._clone.set_aside()
        try:
            return await self._resolve(targets, keep)
        except Damaged as error:
            self._clone.set_aside()
            raise failure(Reason.REPOSITORY_CORRUPT, f"{self._shown} cannot be read: {error}") from None

    async def remembered(self, targets: frozenset[str]) -> dict[str, Commit]:
        """What the targets meant when the mirror was fetched: better than nothing while the server is away."""
        try:
            mirror = await self._clone.open()
            if mirror is None:
                return {}
            found = await self._environment.in_thread(lambda: _look_up(mirror, targets, mirror.references()))
        except (Damaged, SourceError, OSError):
            return {}
        return {target: commit for target, commit in found.items() if isinstance(commit, Commit)}

    async def _resolve(self, targets: frozenset[str], keep: frozenset[str]) -> Found:
        mirror = await self._clone.open()
        local = await self._in_mirror(mirror, frozenset(filter(is_full_sha, targets)))
        rest = targets - local.keys()
        if not rest:
            return dict(local)
        prefixes = frozenset(prefix for target in rest for prefix in prefixes_of(target))
        references = await self._clone.references(prefixes)
        if self._settled is not None and self._settled[:3] == (mirror, rest, references):
            return {**local, **self._settled.answers}
        lacking = await self._lacking(mirror, rest, references)
        if lacking is not None:
            mirror = await self._clone.update(lacking | keep)
            # What the fetch saw is newer than the list.
            fetched = mirror
            references |= await self._environment.in_thread(fetched.references)
        answers = await self._answers(mirror, rest, references)
        if lacking is None and all(isinstance(answer, Commit) for answer in answers.values()):
            self._settled = _Settled(mirror, rest, references, answers)
        return {**local, **answers}

    async def _in_mirror(self, mirror: Mirror | None, commits: frozenset[str]) -> dict[str, Commit]:
        if mirror is None or not commits:
            return {}
        found = await self._environment.in_thread(lambda: {sha: mirror.commit(sha.lower()) for sha in commits})
        return {sha: commit for sha, commit in found.items() if commit is not None}

    async def _lacking(
        self, mirror: Mirror | None, targets: frozenset[str], references: Mapping[str, str]
    ) -> frozenset[str] | None:
        """The commits to fetch, or None when nothing moved and no fetch is needed."""
        named = {sha for target in targets if (sha := find(target, references))}
        commits = frozenset(named | {target.lower() for target in targets if is_full_sha(target)})
        present = await self._in_mirror(mirror, commits)
        if commits - present.keys():
            return commits - present.keys()
        if any(is_short_sha(target) and not find(target, references) for target in targets):
            everything = frozenset(references.values())
            if everything - (await self._in_mirror(mirror, everything)).keys():
                return frozenset()
        return None

    async def _answers(self, mirror: Mirror | None, targets: frozenset[str], references: Mapping[str, str]) -> Found:
        answers: Found = {}
        if mirror is not None:
            answers = await self._environment.in_thread(lambda: _look_up(mirror, targets, references))
        return answers | await self._explain(targets - answers.keys())

    async def _explain(self, missing: frozenset[str]) -> Found:
        if not missing:
            return {}
        everything = await self._clone.references(_EVERYTHING)
        return {target: _why_missing(target, everything, self._shown) for target in missing}


def _look_up(mirror: Mirror, targets: frozenset[str], references: Mapping[str, str]) -> Found:
    """The commits of the targets that have one; an error where several may be meant."""
    found: Found = {}
    for target in targets:
        try:
            commit = _commit_of(mirror, target, references)
        except SourceError as error:
            found[target] = error
            continue
        if commit is not None:
            found[target] = commit
    return found


def _commit_of(mirror: Mirror, target: str, references: Mapping[str, str]) -> Commit | None:
    tag = version_tag(target, references)
    sha = references[TAGS + tag] if tag else find(target, references)
    if sha is None and is_full_sha(target):
        sha = target.lower()
    if sha is None and is_short_sha(target):
        sha = mirror.abbreviated(target)
    commit = mirror.commit(sha) if sha else None
    return replace(commit, tag=tag) if commit and tag else commit


def _why_missing(target: str, references: Mapping[str, str], shown: str) -> SourceError:
    if not references:
        return failure(Reason.REPOSITORY_EMPTY, f"{shown} is empty: it has no branch and no tag")
    if is_full_sha(target):
        return failure(
            Reason.REVISION_NOT_FOUND,
            f"{shown} has no commit {target}, or it is on no branch and no tag and the server does not give it out",
        )
    if find(target, references):
        return failure(Reason.REVISION_NOT_FOUND, f"{target or HEAD} of {shown} leads to no commit that can be fetched")
    versions = parse_range(target)
    if versions is not None:
        why = why_no_tag(versions, references)
        return failure(Reason.REVISION_NOT_FOUND, f"no tag of {shown} is in the range {target}: {why}")
    names = ", ".join(nearby(target, references))
    kinds = "branch, tag or commit" if is_short_sha(target) else "branch or tag"
    what = "no HEAD" if target in {"", HEAD} else f"no {kinds} {target}"
    return failure(Reason.REVISION_NOT_FOUND, f"{shown} has {what}; there are {names or 'only others'}")
