"""The table of the Applications: redrawn in place on a terminal, only what changed elsewhere."""

import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TextIO

_COLUMNS = 120  # where there is no terminal
_LEAST = (14, 9, 11, 8)
_GREEN, _YELLOW, _RED, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
_COLOURS = {
    "Synced": _GREEN,
    "Healthy": _GREEN,
    "OutOfSync": _YELLOW,
    "Progressing": _YELLOW,
    "Missing": _YELLOW,
    "Degraded": _RED,
}


class Row(NamedTuple):
    """One Application, as the table shows it."""

    name: str
    sync: str = ""
    health: str = ""
    revision: str = ""
    message: str = ""
    is_ready: bool = False

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What stands in columns of a fixed width."""
        return self.name, self.sync, self.health, self.revision

    @property
    def is_well(self) -> bool:
        """Whether it is Synced and Healthy, and no sync is under way."""
        return self.is_ready and (self.sync, self.health) == ("Synced", "Healthy")


HEADER = Row("APPLICATION", "SYNC", "HEALTH", "REVISION", "MESSAGE")


def row_of(application: Mapping[str, Any]) -> Row:
    """The row of an Application's JSON."""
    status = application.get("status", {})
    sync, health = status.get("sync", {}), status.get("health", {})
    ready = [condition for condition in status.get("conditions", []) if condition["type"] == "Ready"]
    return Row(
        name=application["metadata"]["name"],
        sync=sync.get("status", ""),
        health=health.get("status", ""),
        revision=next(iter(sync.get("revisions", [])), "")[:7],
        message=" ".join(ready[0]["message"].split()) if ready else "Not looked at yet.",
        is_ready=bool(ready) and ready[0]["status"] == "True",
    )


class Table:
    """Shows rows again and again."""

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output or sys.stdout
        self._in_place = self._output.isatty()
        self._started = time.monotonic()
        self._shown: Sequence[Row] = ()
        self._lines = 0

    def show(self, rows: Sequence[Row]) -> None:
        if rows == self._shown:
            return
        if self._in_place:
            self._redraw(rows)
        else:
            self._append([row for row in rows if row not in self._shown])
        self._shown = list(rows)
        self._output.flush()

    def _redraw(self, rows: Sequence[Row]) -> None:
        lines = drawn([HEADER, *rows], shutil.get_terminal_size().columns - 1, coloured=True)
        up = f"\x1b[{self._lines}A" if self._lines else ""
        self._output.write(up + "".join(f"\x1b[2K{line}\n" for line in lines) + "\x1b[J")
        self._lines = len(lines)

    def _append(self, changed: Sequence[Row]) -> None:
        first = [] if self._shown else [HEADER]
        for row, line in zip([*first, *changed], drawn([*first, *changed], _COLUMNS), strict=True):
            seconds = "       " if row is HEADER else f"{time.monotonic() - self._started:5.1f} s"
            self._output.write(f"{seconds}  {line}\n")


def drawn(rows: Sequence[Row], width: int, *, coloured: bool = False) -> list[str]:
    """The rows as lines of equal columns; the message is cut where the line is full."""
    # Wide enough from the start for what comes later: columns that move are hard to read.
    widths = [max(least, *(len(row.cells[column]) for row in rows)) for column, least in enumerate(_LEAST)]
    lines = []
    for row in rows:
        cells = [cell.ljust(size) for cell, size in zip(row.cells, widths, strict=True)]
        room = max(width - sum(widths) - 8, 0)
        message = row.message if len(row.message) <= room else row.message[: max(room - 1, 0)] + "…"
        lines.append("  ".join([*(_painted(cell) if coloured else cell for cell in cells), message]).rstrip())
    return lines


def _painted(cell: str) -> str:
    colour = _COLOURS.get(cell.strip())
    return f"{colour}{cell}{_PLAIN}" if colour else cell


def boxed(title: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table with a line below its title."""
    widths = [max(len(row[column]) for row in [title, *rows]) for column in range(len(title))]
    lines = [title, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
