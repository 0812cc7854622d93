"""Tables whose last column is prose: it alone gives way where the terminal is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops_operator.cli.tables import Cell, Paint, Row, printable, table

_GAP = 3
_LEAST = 30


def prose_last(headings: Sequence[str], rows: Sequence[Row], width: int, paint: Paint) -> Iterator[str]:
    """The lines; a width of 0 cuts nothing. Where next to nothing would be left of the prose it stands below."""
    columns = [[heading, *(_text(row[index]) for row in rows)] for index, heading in enumerate(headings[:-1])]
    room = width - sum(max(map(len, column)) + _GAP for column in columns)
    if width and room < _LEAST:
        return _below(headings, rows, width, paint)
    return table(headings, [[*row[:-1], _cut(row[-1], room if width else 0)] for row in rows], 0, paint)


def _below(headings: Sequence[str], rows: Sequence[Row], width: int, paint: Paint) -> Iterator[str]:
    first, *lines = table(headings[:-1], [row[:-1] for row in rows], width, paint)
    yield first
    for line, row in zip(lines, rows, strict=True):
        yield line
        prose = _cut(row[-1], width - 2)
        if prose:
            yield f"  {prose}"


def _text(cell: str | Cell) -> str:
    return cell if isinstance(cell, str) else cell.text


def _cut(cell: str | Cell, size: int) -> str:
    """On one line; a size of 0 cuts nothing."""
    text = " ".join(printable(_text(cell)).split())
    return text if not size or len(text) <= size else text[: size - 1] + "…"
