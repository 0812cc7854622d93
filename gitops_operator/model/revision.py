"""What a reference of a repository resolved to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Revision(NamedTuple):
    """A commit: `sha` has 40 hex digits, `ref` is what the Application asked for."""

    sha: str
    ref: str = ""

    @property
    def short(self) -> str:
        """The seven digits people read."""
        return self.sha[:7]


class CommitNote(NamedTuple):
    """What people read of a commit; `date` in RFC 3339, `tag` is the one that a range of versions chose."""

    author: str
    date: str
    subject: str
    tag: str = ""

    def stanza(self) -> dict[str, str]:
        """As status stores it."""
        return {name: value for name, value in self._asdict().items() if value}


def stored_note(status: Mapping[str, Any]) -> CommitNote | None:
    """What status says of the commit that it names."""
    known = ((status.get("sync") or {}).get("commits") or [None])[0]
    return CommitNote(*(known.get(name, "") for name in CommitNote._fields)) if known else None
