"""Every error that the engine raises on purpose; each carries the reason word of its condition.

GitOpsError
├── SpecError        the Application itself cannot be understood
├── SourceError      the repository, its revision or its credentials
├── RenderError      what the files say: one error that lists every problem with file, line and column
├── ApplyError       one write that the cluster refused
└── ClusterError     one answer of the Kubernetes API, as it came
"""

from __future__ import annotations

from typing import NamedTuple


class GitOpsError(Exception):
    """An error with an answer: `reason` is the word for the condition, `transient` whether trying again may help."""

    default_reason = "Error"

    def __init__(self, message: str, *, reason: str = "", transient: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.transient = transient


class SpecError(GitOpsError):
    """The Application's spec is not valid; only its author can mend it."""

    default_reason = "InvalidSpec"


class SourceError(GitOpsError):
    """The repository could not be read; the message never holds a credential."""

    default_reason = "SourceFailed"


class Problem(NamedTuple):
    """One thing that is wrong in a file: `line` and `column` count from 1, 0 where unknown."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.message}" if place else self.message


class RenderError(GitOpsError):
    """Everything that is wrong in the files of a source, all at once.

    `reads` are paths outside the source's folder that were read, or looked for: a change there may mend it.
    """

    default_reason = "RenderFailed"

    def __init__(
        self,
        problems: tuple[Problem, ...],
        *,
        reason: str = "",
        transient: bool = False,
        reads: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__("\n".join(str(problem) for problem in problems), reason=reason, transient=transient)
        self.problems = problems
        self.reads = reads


class ApplyError(GitOpsError):
    """A write that the cluster refused, in words for the author of the manifest."""

    default_reason = "ApplyFailed"


class Cause(NamedTuple):
    """One entry of a Kubernetes Status' details.causes."""

    reason: str
    message: str
    field: str


class ClusterError(GitOpsError):
    """An answer of the Kubernetes API that is not a success.

    `status` is the HTTP status (0: no answer at all), `api_reason` the Status' reason word ("" when the body is not a
    Status), `causes` its details, `retry_after` seconds (0: not said).
    """

    default_reason = "ClusterUnavailable"

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        api_reason: str = "",
        causes: tuple[Cause, ...] = (),
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(message, transient=status in {0, 408, 429, 500, 502, 503, 504})
        self.status = status
        self.api_reason = api_reason
        self.causes = causes
        self.retry_after = retry_after
