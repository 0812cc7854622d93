"""Validate=false: the server refuses unknown fields in an apply whatever it is told, so they are dropped here."""

from __future__ import annotations

import json
import re

from gitops_operator.errors import ClusterError
from gitops_operator.model.fields_v1 import Path, locate, removed, text_of
from gitops_operator.model.resource import Body
from gitops_operator.model.step import Task

_UNDECLARED = re.compile(r"(\.\S.*?): field not declared in schema")
_TOKEN = re.compile(r'\.([^.\[\]]+)|\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]')


class UnknownFields:
    """The fields that one apply had to leave out."""

    def __init__(self) -> None:
        self._dropped: list[Path] = []

    def dropped(self, body: Body, error: ClusterError) -> Body | None:
        """The body without the fields that the server does not know; None when it refuses for another reason."""
        found = [_path_of(text) for text in _UNDECLARED.findall(error.message)]
        less = body
        for path in found:
            location = locate(path, less)
            if location:
                less = removed(less, location)
                self._dropped.append(path)
        return None if less is body else less

    def warnings(self, task: Task) -> tuple[str, ...]:
        """A sentence that names what was left out."""
        if not self._dropped:
            return ()
        fields = ", ".join(text_of(path) for path in self._dropped)
        return (f"{task.desired or task.key}: the server does not know {fields}; Validate=false leaves it out.",)


def _path_of(text: str) -> Path:
    """`.spec.containers[name="a"].x` as path elements."""
    return tuple("f:" + name if name else _item(index) for name, index in _TOKEN.findall(text))


def _item(text: str) -> str:
    if text.isdecimal():
        return f"i:{text}"
    pairs = (pair.partition("=") for pair in text.split(","))
    return "k:" + json.dumps({name: json.loads(value) for name, _, value in pairs if value}, separators=(",", ":"))
