"""From the events of a YAML parser to JSON data, as Kubernetes understands it: merge keys, aliases, text keys.

Works on a stack of its own, so depth is a limit that we choose and not Python's; what is wrong inside a document is
noted and the document goes on, so that one look finds everything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from gitops_operator.render.scalars import TAG_PREFIX, Scalar, json_value, key_text, resolve, resolve_tagged

MAX_DEPTH = 200
MAX_COPIED_NODES = 100_000

_MERGE_TAG = TAG_PREFIX + "merge"
_NO_KEY = "a list or an object cannot be a key"
_WANTED: Final[Any] = object()  # a key comes next
_MERGE: Final[Any] = object()  # the key was `<<`


class Broken(Exception):  # noqa: N818 - not an error that anybody sees: the reader turns it into a Problem
    """The document cannot be read further; `index` counts characters of the parsed text."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index
        self.message = message


class Built(NamedTuple):
    """One document: its data, and where in the parsed text its first key or item stands."""

    value: Any
    at: int


class Remark(NamedTuple):
    """Something about one place of the parsed text."""

    at: int
    message: str


class _Open:
    """A list or object whose end has not come yet."""

    __slots__ = ("anchor", "index", "items", "key", "mapping", "merged", "nodes")

    def __init__(self, mapping: dict[str, Any] | None) -> None:
        self.mapping = mapping
        self.items: list[Any] = []
        self.key: Any = None if mapping is None else _WANTED
        self.merged: set[str] | None = None
        self.anchor: _Anchor | None = None
        self.index = self.nodes = 0


class _Anchor:
    """What an alias stands for; `size` counts nodes with all aliases inside written out, 0 while it is still open."""

    __slots__ = ("raw", "size", "value")

    def __init__(self, value: Any = None, raw: Any = None, size: int = 0) -> None:
        self.value = value
        self.raw = raw
        self.size = size


class Builder:
    """Takes events one by one; `documents`, `problems` and `warnings` are what came of them.

    `started` is where the open document began, or where the last one ended.
    """

    def __init__(self) -> None:
        self.documents: list[Built] = []
        self.problems: list[Remark] = []
        self.warnings: list[Remark] = []
        self.started = self._begun = 0
        self._handlers: dict[type, Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._start_mapping,
            MappingEndEvent: self._end,
            SequenceStartEvent: self._start_sequence,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._start_document,
            DocumentEndEvent: self._end_document,
            StreamStartEvent: _ignore,
            StreamEndEvent: _ignore,
        }
        self._reset()

    def feed(self, events: Iterable[Any]) -> None:
        """Builds all documents of a stream of events.

        Raises:
            Broken: the rest of the document makes no sense.
        """
        handlers = self._handlers
        for event in events:
            handlers[type(event)](event)

    def _reset(self) -> None:
        self._anchors: dict[str, _Anchor] = {}
        self._frame = _Open(None)
        self._stack: list[_Open] = []
        self._nodes = 0
        self._copied = 0
        self._problems_before = len(self.problems)

    def _start_document(self, event: Any) -> None:
        self._reset()
        self.started = self._begun = event.start_mark.index
        if event.version not in {None, (1, 1)}:
            raise Broken(self.started, "the directive asks for another YAML than 1.1, which is what Kubernetes reads")

    def _end_document(self, event: Any) -> None:
        self.started = event.end_mark.index
        root = self._frame
        if len(self.problems) == self._problems_before and root.items and root.items[0] is not None:
            self.documents.append(Built(root.items[0], root.index or self._begun))

    def _scalar(self, event: Any) -> None:
        self._nodes += 1
        if event.ctag is not None:
            raw = self._tagged(event)
        elif event.implicit[0]:
            raw = resolve(event.value)
        else:
            raw = event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(raw=raw, value=self._json(raw, event), size=1)
        if self._frame.key is not _WANTED:
            self._put(raw if raw.__class__ is not float else self._json(raw, event), event)
        elif raw == "<<" and (event.implicit[0] or event.tag == _MERGE_TAG):
            self._frame.key = _MERGE
        else:
            self._take_key(raw, event)

    def _tagged(self, event: Any) -> Scalar:
        try:
            return resolve_tagged(event.value, event.tag)
        except ValueError as error:
            self._problem(event, str(error))
            return None

    def _json(self, raw: Scalar, event: Any) -> Scalar:
        try:
            return json_value(raw)
        except ValueError as error:
            self._problem(event, str(error))
            return None

    def _take_key(self, raw: Scalar, event: Any) -> None:
        frame = self._frame
        try:
            key = sys.intern(key_text(raw))
        except ValueError as error:
            self._problem(event, str(error))
            key = ""
        if key in frame.mapping:  # type: ignore[operator] # keys are wanted in objects only
            if frame.merged and key in frame.merged:
                frame.merged.discard(key)
            else:
                self.warnings.append(Remark(event.start_mark.index, f"duplicate key {key!r}: the last one counts"))
        frame.key = key

    def _put(self, value: Any, event: Any) -> None:
        frame = self._frame
        key = frame.key
        if key is None:
            frame.items.append(value)
        elif key is _MERGE:
            self._merge(value, event)
        else:
            frame.mapping[key] = value  # type: ignore[index] # keys are set in objects only
            frame.key = _WANTED

    def _merge(self, value: Any, event: Any) -> None:
        """Merges `<<`: of several objects the first wins; what stood before in the object itself loses, as in Go."""
        frame = self._frame
        frame.key = _WANTED
        parts = value if isinstance(value, list) and not isinstance(event, AliasEvent) else [value]
        if not all(isinstance(part, dict) for part in parts):
            self._problem(event, "a merge key `<<` wants an object or a list of objects")
            return
        frame.merged = frame.merged or set()
        for part in reversed(parts):
            frame.mapping.update(part)  # type: ignore[union-attr] # merge keys stand in objects only
            frame.merged.update(part)

    def _start_mapping(self, event: Any) -> None:
        self._start(event, _Open({}))

    def _start_sequence(self, event: Any) -> None:
        self._start(event, _Open(None))

    def _start(self, event: Any, frame: _Open) -> None:
        self._nodes += 1
        frame.nodes = self._nodes
        frame.index = event.start_mark.index
        if event.anchor is not None:
            frame.anchor = self._anchors[event.anchor] = _Anchor()
        if not self._stack:
            self._frame.index = frame.index
        elif len(self._stack) >= MAX_DEPTH:
            raise Broken(frame.index, f"nested more than {MAX_DEPTH} levels deep")
        self._stack.append(self._frame)
        self._frame = frame

    def _end(self, event: Any) -> None:
        frame = self._frame
        self._frame = self._stack.pop()
        value = frame.items if frame.mapping is None else frame.mapping
        if frame.anchor is not None:
            frame.anchor.value = value
            frame.anchor.size = 1 + self._nodes - frame.nodes
        if self._frame.key is _WANTED:
            self.problems.append(Remark(frame.index, _NO_KEY))
            self._frame.key = ""
        else:
            self._put(value, event)

    def _alias(self, event: Any) -> None:
        anchor = self._anchors.get(event.anchor)
        if anchor is None or not anchor.size:
            text = "is not known" if anchor is None else "contains itself"
            self._problem(event, f"the anchor {event.anchor!r} {text}")
            anchor = _Anchor(raw="", size=1)
        self._nodes += anchor.size
        self._copied += anchor.size
        if self._copied > MAX_COPIED_NODES:
            message = f"aliases written out would make more than {MAX_COPIED_NODES} values"
            raise Broken(event.start_mark.index, message)
        if self._frame.key is not _WANTED:
            self._put(anchor.value, event)
        elif isinstance(anchor.value, (dict, list)):
            self._problem(event, _NO_KEY)
            self._frame.key = ""
        else:
            self._take_key(anchor.raw, event)

    def _problem(self, event: Any, message: str) -> None:
        self.problems.append(Remark(event.start_mark.index, message))


def _ignore(_event: Any) -> None:
    """Streams begin and end without a word."""
