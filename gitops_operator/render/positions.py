"""Where each value of a document stands; walked only when somebody asks, because reading does not need it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from gitops_operator.render.scalars import key_text, resolve


class Place(NamedTuple):
    """Line and column, from 1."""

    line: int
    column: int


class _Parent:
    """A list or object on the way to the value at hand."""

    __slots__ = ("is_list", "key", "place", "pointer", "position")

    def __init__(self, pointer: str, *, is_list: bool) -> None:
        self.pointer = pointer
        self.is_list = is_list
        self.position = 0
        self.key = ""
        self.place: Place | None = None


class Finder:
    """Notes the place of every value of the first document that it is fed: of its key, in objects."""

    def __init__(self, first_line: int) -> None:
        self.places: dict[str, Place] = {}
        self._first_line = first_line
        self._stack: list[_Parent] = []

    def feed(self, events: Iterable[Any]) -> None:
        """Walks one document."""
        for event in events:
            if isinstance(event, DocumentEndEvent):
                return
            if isinstance(event, NodeEvent):
                self._node(event)
            elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
                self._stack.pop()

    def _node(self, event: Any) -> None:
        parent = self._stack[-1] if self._stack else None
        place = Place(event.start_mark.line + self._first_line, event.start_mark.column + 1)
        if parent is None:
            pointer = ""
        elif parent.is_list:
            pointer = f"{parent.pointer}/{parent.position}"
            parent.position += 1
        elif parent.place is None:
            parent.key, parent.place = _key_of(event), place
            if isinstance(event, (ScalarEvent, AliasEvent)):
                return
            pointer = f"{parent.pointer}/"
        else:
            pointer, place = f"{parent.pointer}/{escape(parent.key)}", parent.place
            parent.place = None
        self.places[pointer] = place
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            self._stack.append(_Parent(pointer, is_list=isinstance(event, SequenceStartEvent)))


def escape(key: str) -> str:
    """A key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _key_of(event: Any) -> str:
    if not isinstance(event, ScalarEvent):
        return ""
    if not event.implicit[0]:
        return str(event.value)
    try:
        return key_text(resolve(event.value))
    except ValueError:
        return ""
