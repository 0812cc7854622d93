"""Where a command reads and writes: colours and widths only where a person looks on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, BinaryIO, TextIO

from gitops_operator.cli.tables import Row, printable, table
from gitops_operator.cli.yamltext import yaml_text


class Colour(StrEnum):
    """The few that every terminal has, as ANSI writes them."""

    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"
    GREY = "90"


class Console:
    """Standard input, output and error of one call."""

    def __init__(self, stdin: BinaryIO, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> None:
        self.stdin, self.stdout, self.stderr, self.environ = stdin, stdout, stderr, environ
        self.is_terminal = stdout.isatty()
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        self._is_coloured = self.is_terminal and not plain

    @property
    def width(self) -> int:
        """How many characters fit into a line; 0 where nothing limits it."""
        return shutil.get_terminal_size().columns if self.is_terminal else 0

    def write(self, text: str) -> None:
        """The text as it is."""
        self.stdout.write(text)

    def line(self, text: str) -> None:
        """The text and the end of its line."""
        self.stdout.write(text + "\n")

    def flush(self) -> None:
        """All that was written is out: a reader at the other end of a pipe has it."""
        self.stdout.flush()

    def record(self, value: Any) -> None:
        """One JSON object on a line of its own, at once."""
        self.line(json.dumps(value, separators=(",", ":")))
        self.flush()

    def document(self, value: Any, form: str) -> None:
        """JSON data for programs (`json`) and people (`yaml`); a list in YAML is one document after the other."""
        if form == "json":
            self.line(json.dumps(value, ensure_ascii=False, indent=2))
        elif isinstance(value, list):
            self.write("---\n".join(yaml_text(item) for item in value))
        else:
            self.write(yaml_text(value))

    def table(self, headings: Sequence[str], rows: Sequence[Row]) -> None:
        """Columns under their headings, cut to the width of a terminal."""
        for line in table(headings, rows, self.width, self.paint):
            self.line(line)

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour, where there are any."""
        return f"\x1b[{colour}m{text}\x1b[0m" if colour and self._is_coloured else text

    def note(self, text: str) -> None:
        """Something beside the answer: it goes to the standard error."""
        self.stdout.flush()
        self.stderr.write(printable(text) + "\n")
        self.stderr.flush()

    def error(self, text: str) -> None:
        """Why there is no answer."""
        self.note(f"error: {text}")
