"""What a command comes to, as the shell sees it; the same for all of them, like `kubectl diff`."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes; SEEN is an answer, TROUBLE is none."""

    FINE = 0
    SEEN = 1
    TROUBLE = 2
    TIMED_OUT = 3
    INTERRUPTED = 130


MEANINGS = {
    Exit.FINE: "all is well: no difference, no error, the wish fulfilled",
    Exit.SEEN: "there is something to see: differences, errors in manifests, an object that is not well, a failed sync",
    Exit.TROUBLE: "no answer: wrong usage, a file that cannot be read, a cluster that does not answer or refuses",
    Exit.TIMED_OUT: "what was waited for did not come in time",
    Exit.INTERRUPTED: "interrupted with Ctrl-C",
}


class CommandError(Exception):
    """Why there is no answer, in words for the person at the terminal; `exit_code` is what the shell gets."""

    def __init__(self, message: str, exit_code: Exit = Exit.TROUBLE) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
