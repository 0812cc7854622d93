"""Where things stand in one file, for messages: taken apart only when somebody asks, document by document."""

from __future__ import annotations

import contextlib

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from gitops_operator.render.decoding import SEPARATOR, decode
from gitops_operator.render.events import MAX_SLOW, events, slow_events
from gitops_operator.render.positions import Finder, Place


class Places:
    """The places of a file's values. Ask for documents in their order: then each part of the file is read once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._text: str | None = None
        self._start, self._line = 0, 1
        self._found: tuple[int, dict[str, Place]] = (0, {})

    def of(self, line: int) -> dict[str, Place]:
        """Line and column of every value of the document that begins on a line, by JSON pointer ("": the document)."""
        if self._found[0] != line:
            self._found = (line, _places(self._document(line), line))
        return self._found[1]

    def _document(self, line: int) -> str:
        """The text from the beginning of a line to the next document."""
        if self._text is None:
            self._text = decode(self._data, "")[0]
        if line < self._line:
            self._start, self._line = 0, 1
        while self._line < line:
            self._start = self._text.find("\n", self._start) + 1
            self._line += 1
        separator = SEPARATOR.search(self._text, self._start + 1)
        return self._text[self._start : separator.start() if separator else len(self._text)]


def _places(text: str, line: int) -> dict[str, Place]:
    finder = Finder(line)
    try:
        finder.feed(events(text))
    except (MarkedYAMLError, ReaderError):
        finder = Finder(line)
        with contextlib.suppress(MarkedYAMLError, ReaderError):
            finder.feed(slow_events(text[:MAX_SLOW]))
    return finder.places
