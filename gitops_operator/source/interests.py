"""What Applications follow in one repository, what they were told, and what concerns them of the news."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from gitops_operator.errors import SourceError
from gitops_operator.model.revision import CommitNote, Revision
from gitops_operator.model.tree import Tree
from gitops_operator.source.failures import same
from gitops_operator.source.mirror import Commit


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a source means. `committed_at` is in seconds since 1970.

    `stale` says why the repository could not be looked at anew; then this is what was known before.
    """

    revision: Revision
    tree: Tree
    committed_at: float
    note: CommitNote
    stale: SourceError | None = None


class Answer(NamedTuple):
    """What is known of a target revision: a commit, or an error, or both (then the commit is from before)."""

    resolved: Resolved | None = None
    error: SourceError | None = None

    @property
    def sha(self) -> str:
        return self.resolved.revision.sha if self.resolved else ""

    @property
    def tag(self) -> str:
        return self.resolved.note.tag if self.resolved else ""


@dataclass(slots=True)
class Interest:
    """What one Application follows, and what it was told last; `pin` is the revision of its operation."""

    target: str
    path: str
    pin: str = ""
    reads: frozenset[str] = frozenset()
    told: Answer = Answer()
    is_waiting: bool = False
    is_refreshing: bool = False

    @property
    def paths(self) -> frozenset[str]:
        return self.reads | {self.path}


def resolved(commit: Commit, target: str, stale: SourceError | None = None) -> Resolved:
    revision = Revision(commit.sha, target)
    date = datetime.fromtimestamp(commit.committed_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = CommitNote(commit.author, date, commit.subject, commit.tag)
    return Resolved(revision, commit.tree, commit.committed_at, note, stale)


def fold(before: Answer, commit: Commit | None, error: SourceError | None, target: str) -> Answer:
    """What is known after a look: the same value as before, where nothing is new."""
    if commit is None and before.resolved is None:
        return Answer(None, error)
    if same(before.error, error) and (commit is None or (commit.sha, commit.tag) == (before.sha, before.tag)):
        return before
    if commit is None and before.resolved is not None:
        return Answer(replace(before.resolved, stale=error), error)
    return Answer(resolved(commit, target, error) if commit else None, error)


def is_news(interest: Interest, answer: Answer) -> bool:
    """Whether an answer concerns an Application whatever the files say."""
    if interest.is_waiting or interest.is_refreshing or not same(interest.told.error, answer.error):
        return True
    return (interest.told.resolved is None) != (answer.resolved is None)
