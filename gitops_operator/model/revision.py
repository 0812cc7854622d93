"""What a reference of a repository resolved to."""

from __future__ import annotations

from typing import NamedTuple


class Revision(NamedTuple):
    """A commit: `sha` has 40 hex digits, `ref` is what the Application asked for."""

    sha: str
    ref: str = ""

    @property
    def short(self) -> str:
        """The seven digits people read."""
        return self.sha[:7]
