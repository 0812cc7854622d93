"""What a Git server says has happened in a repository; believed only as a reason to look there."""

from __future__ import annotations

from dataclasses import dataclass

BRANCHES, TAGS = "refs/heads/", "refs/tags/"


@dataclass(frozen=True, slots=True)
class Push:
    """`repositories` are its URLs, `references` what moved (none: it does not say), `changed` the paths of files.

    A reference without `refs/` may be a branch or a tag. `default_branch` is a full name, "" where it is not told.
    """

    repositories: tuple[str, ...]
    references: tuple[str, ...] = ()
    default_branch: str = ""
    changed: tuple[str, ...] = ()

    @property
    def revision(self) -> str:
        """The first reference as people call it."""
        return self.references[0].removeprefix(BRANCHES).removeprefix(TAGS) if self.references else ""
