"""From the documents of a file to desired Resources, before stamping; all that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Iterator
from sys import intern
from typing import Any, NamedTuple

from gitops_operator.errors import Problem
from gitops_operator.model.hooks import BadHookError, hook_of
from gitops_operator.model.resource import (
    HANDOVER,
    WAVE_ANNOTATIONS,
    Origin,
    Resource,
    key_of,
    options_of,
    wave_of,
)
from gitops_operator.render.directory import SourceFile
from gitops_operator.render.objects import FOREIGN_TRACKING_ID, OURS, annotations_of, applied, complaints
from gitops_operator.render.places import Places
from gitops_operator.render.positions import Place, escape
from gitops_operator.render.yaml import Document, read


class Manifests(NamedTuple):
    """What one file gives."""

    resources: tuple[Resource, ...] = ()
    warnings: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def manifests_of(file: SourceFile) -> Manifests:
    """The objects of a file, with those of its Lists one by one."""
    content = read(file.data, file.path)
    reading = _Reading(file)
    for document in content.documents:
        for value, pointer in objects_in(document.value):
            reading.take(_Found(value, document, pointer))
    warnings = (*content.warnings, *reading.warnings)
    return Manifests(tuple(reading.resources), warnings, (*content.problems, *reading.problems))


class _Found(NamedTuple):
    """One object of a document, and where in it."""

    value: Any
    document: Document
    pointer: str


def objects_in(value: Any, pointer: str = "") -> Iterator[tuple[Any, str]]:
    """The object of a document itself, or the items of a List, and where each stands.

    Those of a `ConfigMapList` may leave out what the list says.
    """
    if not _is_list(value):
        yield value, pointer
        return
    kind = value["kind"].removesuffix("List")
    implied = {"apiVersion": value.get("apiVersion"), "kind": kind} if kind else {}
    for index, item in enumerate(value["items"] or ()):
        full = {**implied, **item} if isinstance(item, dict) else item
        yield from objects_in(full, f"{pointer}/items/{index}")


def _is_list(value: Any) -> bool:
    if not isinstance(value, dict) or "items" not in value:
        return False
    kind = value.get("kind")
    items = value["items"]
    return isinstance(kind, str) and kind.endswith("List") and (items is None or isinstance(items, list))


class _Reading:
    """Collects from the objects of one file."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._places = Places(file.data)
        self.resources: list[Resource] = []
        self.warnings: list[Problem] = []
        self.problems: list[Problem] = []

    def take(self, found: _Found) -> None:
        wrong = [self._problem(found, message, pointer) for message, pointer in complaints(found.value)]
        self.problems += wrong
        if wrong:
            return
        annotations = annotations_of(found.value)
        try:
            hook = hook_of(annotations)
        except BadHookError as error:
            self.problems.append(self._problem(found, str(error), _pointer(error.annotation)))
            return
        if hook is None or hook.phases:
            self._add(found, annotations, is_hook=hook is not None)

    def _add(self, found: _Found, annotations: dict[str, str], *, is_hook: bool) -> None:
        try:
            wave = wave_of(annotations)
        except ValueError as error:
            name = next(name for name in WAVE_ANNOTATIONS if name in annotations)
            self.problems.append(self._problem(found, str(error), _pointer(name)))
            return
        self._warn(found, annotations)
        body = applied(found.value)
        line = self._place(found, "").line if found.pointer else found.document.line
        origin = Origin(self._file.path, line)
        options = options_of(annotations)
        self.resources.append(
            Resource(key_of(body), intern(body["apiVersion"]), body, origin, wave, options, is_hook=is_hook)
        )

    def _warn(self, found: _Found, annotations: dict[str, str]) -> None:
        for name in (*OURS, FOREIGN_TRACKING_ID):
            if name in annotations:
                why = "is put on the live object by hand, never in Git" if name == HANDOVER else "is not for Git to set"
                message = f"the annotation {name} {why}; it is left out"
                self.warnings.append(self._problem(found, message, _pointer(name)))

    def _problem(self, found: _Found, message: str, pointer: str) -> Problem:
        place = self._place(found, pointer)
        return Problem(self._file.path, place.line, place.column, f"{_subject(found.value)}{message}")

    def _place(self, found: _Found, pointer: str) -> Place:
        """The place of a field, or of the nearest thing around it."""
        line = found.document.line
        places = self._places.of(line)
        path = found.pointer + pointer
        while path and path not in places:
            path = path.rpartition("/")[0]
        return places.get(path, Place(line, 0))


def _pointer(annotation: str) -> str:
    return f"/metadata/annotations/{escape(annotation)}"


def _subject(value: Any) -> str:
    """What a message is about, as far as the object says it."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(name, str) and isinstance(value.get("kind"), str):
        return f"{value['kind']} {name}: "
    return ""
