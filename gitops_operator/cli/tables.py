"""Columns of text, like kubectl's, that fit into a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_GAP = "   "
_LEAST = 8
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Cell(NamedTuple):
    """A text with a colour ("": none)."""

    text: str
    colour: str = ""


Row = Sequence[str | Cell]
Paint = Callable[[str, str], str]


def table(
    headings: Sequence[str], rows: Sequence[Row], width: int = 0, paint: Paint = lambda text, _: text
) -> Iterator[str]:
    """The lines of a table; a width of 0 cuts nothing."""
    cells = [[Cell(heading) for heading in headings], *(_cells(row) for row in rows)]
    widths = _fitting([max(len(row[column].text) for row in cells) for column in range(len(headings))], width)
    for row in cells:
        texts = [_cut(cell.text, size) for cell, size in zip(row, widths, strict=True)]
        padding = [" " * (size - len(text)) for text, size in zip(texts, widths, strict=True)]
        painted = [paint(text, cell.colour) + pad for text, cell, pad in zip(texts, row, padding, strict=True)]
        yield _GAP.join(painted).rstrip()


def printable(text: str) -> str:
    """Without control characters: what comes from a cluster or a file must not speak to the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def _cells(row: Row) -> list[Cell]:
    cells = [Cell(cell) if isinstance(cell, str) else cell for cell in row]
    return [Cell(" ".join(printable(cell.text).split()), cell.colour) for cell in cells]


def _fitting(widths: list[int], width: int) -> list[int]:
    """The widest columns give way first, the rightmost of equal ones; none below what can still be read."""
    fitting = list(widths)
    over = sum(fitting) + len(_GAP) * (len(fitting) - 1) - width if width else 0
    while over > 0 and max(fitting) > _LEAST:
        widest = max(range(len(fitting)), key=lambda column: (fitting[column], column))
        fitting[widest] -= 1
        over -= 1
    return fitting


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "…"
