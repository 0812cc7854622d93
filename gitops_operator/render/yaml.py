"""Reads YAML and JSON as Kubernetes does: several documents, all errors with their places, and nothing invented.

Built on libyaml's events (ruamel's C parser). That library is older than one rule that Go follows, colons in flow
collections (`[nginx:1.21]`); documents that need it are read by ruamel's parser in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.reader import ReaderError

from gitops_operator.errors import Problem
from gitops_operator.render.builder import Broken, Builder
from gitops_operator.render.decoding import FORBIDDEN, SEPARATOR, decode, place_of
from gitops_operator.render.events import MAX_SLOW, events, slow_events
from gitops_operator.render.jsontext import JsonError, read_json
from gitops_operator.render.wording import explain

MAX_BYTES = 32 * 1024 * 1024
MAX_REMARKS = 100
_JSON_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\/")
_SLOW_START = 500  # what starting the parser in Python costs, in characters


class Document(NamedTuple):
    """One document: JSON data, and the line of its first key or item."""

    value: Any
    line: int


class ReadResult(NamedTuple):
    """What a file holds; where there are problems, `documents` are those that are not broken."""

    documents: tuple[Document, ...]
    warnings: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def read(data: bytes, file: str) -> ReadResult:
    """Reads all documents of a file; empty ones and those of comments only do not count."""
    if len(data) > MAX_BYTES:
        return ReadResult((), (), (Problem(file, 0, 0, f"the file is larger than {MAX_BYTES >> 20} MiB"),))
    text, problems = decode(data, file)
    if not text.lstrip().startswith("{"):
        return _read_yaml(text, file, problems)
    try:
        return ReadResult((Document(*read_json(text)),), (), problems)
    except JsonError as error:
        result = _read_yaml(text, file, problems)
        if result.problems and file.endswith(".json"):
            return result._replace(problems=(*problems, Problem(file, *place_of(text, error.index), error.message)))
        return result


def _read_yaml(text: str, file: str, problems: tuple[Problem, ...]) -> ReadResult:
    reading = _Reading(text, file)
    try:
        reading.run()
    except ReaderError:  # the parser looks ahead: without these characters the documents before them can be read
        noted = tuple(reading.problem(found.start(), explain("control character")) for found in _forbidden(text))
        problems += noted
        reading = _Reading(FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text), file)
        reading.run()
    return ReadResult(tuple(reading.documents), _capped(reading.warnings), _capped((*problems, *reading.problems)))


class _Reading:
    """One pass over a text. After an error it goes on with the next document, and from then on document by document:
    the time stays in proportion to the size whatever the errors.
    """

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._slow_left = MAX_SLOW
        self._counted = (0, 1)
        self._is_strict = "\\/" in text and not text.lstrip().startswith("{")
        self.documents: list[Document] = []
        self.warnings: list[Problem] = []
        self.problems: list[Problem] = []

    def run(self) -> None:
        part = self._text
        start = self._read(part, 0, events(part))
        while start < len(self._text) and len(self.problems) <= MAX_REMARKS:
            part = self._text[start : self._separator(start + 1)]
            start = self._read(part, start, events(part))

    def problem(self, index: int, message: str) -> Problem:
        line = self._text[self._text.rfind("\n", 0, index) + 1 :].partition("\n")[0] if "{{" in self._text else ""
        hint = "; the line holds a template `{{ }}`, which is not filled in here" if "{{" in line else ""
        return Problem(self._file, *place_of(self._text, index), message + hint)

    def _read(self, part: str, start: int, events: Iterable[Any]) -> int:
        """Reads documents up to the first syntax error; says where to go on."""
        builder = Builder()
        end = start + len(part)
        try:
            builder.feed(_as_go(events, part) if self._is_strict else events)
        except Broken as error:
            self._collect(builder, start)
            self.problems.append(self.problem(start + error.index, error.message))
            end = self._next(start + error.index, start + builder.started)
        except MarkedYAMLError as error:
            self._collect(builder, start)
            end = self._next(start + _index(error.problem_mark), start + builder.started)
            if not self._read_slowly(error, start + builder.started, end):
                self.problems.append(self._syntax_problem(error, start))
        else:
            self._collect(builder, start)
        return end

    def _read_slowly(self, error: MarkedYAMLError, start: int, end: int) -> bool:
        """Reads one document with the parser that knows colons in flow collections, while there is time for it."""
        if error.problem != "found unexpected ':'" or error.context != "while scanning a plain scalar":
            return False
        self._slow_left -= end - start + _SLOW_START
        if self._slow_left < 0:
            return False
        document = self._text[start:end]
        self._read(document, start, slow_events(document))
        return True

    def _syntax_problem(self, error: MarkedYAMLError, start: int) -> Problem:
        index = start + _index(error.problem_mark)
        message = explain(error.problem, self._text[index : index + 1])
        if error.context == "while scanning a quoted scalar":  # say where the quote opens
            index = start + _index(error.context_mark)
        return self.problem(index, message)

    def _next(self, index: int, started: int) -> int:
        """The beginning of the document after the one with the error; always after the one that is open."""
        return self._separator(max(self._text.rfind("\n", 0, index) + 1, started + 1))

    def _separator(self, index: int) -> int:
        found = SEPARATOR.search(self._text, index)
        return found.start() if found else len(self._text)

    def _collect(self, builder: Builder, start: int) -> None:
        for value, index in builder.documents:
            self.documents.append(Document(value, self._line_of(start + index)))
        self.problems += [self.problem(start + index, text) for index, text in builder.problems[:MAX_REMARKS]]
        for index, text in builder.warnings[:MAX_REMARKS]:
            self.warnings.append(Problem(self._file, *place_of(self._text, start + index), text))

    def _line_of(self, index: int) -> int:
        """The line of a character; documents come in order, so each part of the text is counted once."""
        before, line = self._counted
        self._counted = (index, line + self._text.count("\n", before, index))
        return self._counted[1]


def _as_go(events: Iterable[Any], text: str) -> Iterator[Any]:
    """The events, up to the one escape that JSON and libyaml know and Go's YAML does not."""
    for event in events:
        found = None
        if isinstance(event, ScalarEvent) and event.style == '"':
            found = _JSON_ESCAPE.search(text, _index(event.start_mark), _index(event.end_mark))
        if found:
            raise Broken(found.end() - 2, explain("found unknown escape character"))
        yield event


def _index(mark: Any) -> int:
    """Where a mark stands; the parser in Python leaves some out."""
    return 0 if mark is None else int(mark.index)


def _forbidden(text: str) -> Iterator[re.Match[str]]:
    for number, found in enumerate(FORBIDDEN.finditer(text)):
        if number > MAX_REMARKS:
            return
        yield found


def _capped(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """In the order of the file, and not without end."""
    ordered = sorted(problems)
    if len(ordered) <= MAX_REMARKS:
        return tuple(ordered)
    more = Problem(ordered[0].file, 0, 0, f"and {len(ordered) - MAX_REMARKS} more")
    return (*ordered[:MAX_REMARKS], more)
