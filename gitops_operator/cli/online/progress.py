"""Says what is being waited for: one line that is redrawn on a terminal, else a line for each change."""

from __future__ import annotations

import shutil

from gitops_operator.cli.console import Console
from gitops_operator.cli.tables import printable

_CLEAR = "\r\x1b[2K"


class Progress:
    """Goes to the standard error: the answer alone is on the standard output."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_redrawn = console.stderr.isatty() and console.environ.get("TERM") != "dumb"
        self._said: dict[object, str] = {}
        self._is_drawn = False

    def tell(self, about: object, text: str) -> None:
        """What is to be said of something now; "" is nothing any more."""
        if self._said.get(about, "") == text:
            return
        self._said[about] = text
        if self._is_redrawn:
            self._draw()
        elif text:
            self._console.note(text)

    def _draw(self) -> None:
        lines = [" ".join(printable(text).split()) for text in self._said.values() if text]
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        self.clear()
        if lines:
            room = shutil.get_terminal_size().columns - 4 - len(more)  # room for the ^C of a terminal
            first = lines[0] if len(lines[0]) <= room else lines[0][: room - 1] + "…"
            self._console.stderr.write(first + more)
            self._console.stderr.flush()
            self._is_drawn = True

    def clear(self) -> None:
        """Leave an empty line for what comes next."""
        if self._is_drawn:
            self._console.stderr.write(_CLEAR)
            self._console.stderr.flush()
            self._is_drawn = False
