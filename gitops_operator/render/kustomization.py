"""One kustomization file: what it says, and which other files it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from gitops_operator.errors import Problem
from gitops_operator.render.places import Places
from gitops_operator.render.positions import Place, escape
from gitops_operator.render.yaml import read

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_FILES_OR_FOLDERS = ("resources", "bases", "components")
_FILES = ("crds", "configurations")
_WITH_PATHS = ("patches", "patchesJson6902", "replacements")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_PLUGINS = ("generators", "transformers", "validators")
_CHARTS = ("helmCharts", "helmChartInflationGenerator")


class Named(StrEnum):
    """What a kustomization may name."""

    ANY = "a file or a folder"
    FILE = "a file"
    TEXT_OR_FILE = "a patch, or a file"


class Reference(NamedTuple):
    """A path that a kustomization names, and where it does so (a JSON pointer)."""

    path: str
    pointer: str
    named: Named = Named.FILE


class Kustomization(NamedTuple):
    """A kustomization file that was read; `problems` are what keeps it from being used."""

    file: str
    content: Mapping[str, Any]
    problems: tuple[Problem, ...]
    places: Mapping[str, Place]

    @property
    def has_plugins(self) -> bool:
        """Whether it has parts that may read any file."""
        return any(self.content.get(name) for name in _PLUGINS)

    def problem(self, pointer: str, message: str) -> Problem:
        """Something about one place of it; what has none there comes from the Application."""
        place = self.places.get(pointer)
        return Problem(self.file, *place, message) if place else Problem("", 0, 0, f"source.kustomize: {message}")

    def references(self) -> Iterator[Reference]:
        """Everything that it names, in the order of the fields here."""
        for name in _FILES_OR_FOLDERS:
            yield from _texts(self.content.get(name), f"/{name}", Named.ANY)
        for name in _FILES:
            yield from _texts(self.content.get(name), f"/{name}", Named.FILE)
        yield from _texts(self.content.get("patchesStrategicMerge"), "/patchesStrategicMerge", Named.TEXT_OR_FILE)
        for name in _WITH_PATHS:
            yield from _with_paths(self.content.get(name), f"/{name}")
        yield from _with_paths([self.content.get("openapi")], "/openapi")
        for name in _GENERATORS:
            yield from _generated_from(self.content.get(name), f"/{name}")

    def refused(self) -> Iterator[Problem]:
        """What it wants and does not get."""
        for name in _CHARTS:
            if self.content.get(name):
                message = (
                    f"{name}: charts inside a kustomization are not rendered, for they are fetched while it is built; "
                    "make the chart a source of its own, or commit what helm template gives"
                )
                yield self.problem(f"/{name}", message)


def read_kustomization(data: bytes, file: str) -> Kustomization:
    """Reads a kustomization file."""
    found = read(data, file)
    problems = list(found.problems)
    if len(found.documents) > 1:
        problems.append(Problem(file, found.documents[1].line, 0, "a kustomization file holds one document"))
    value, line = found.documents[0] if found.documents else ({}, 0)
    if not isinstance(value, dict):
        problems.append(Problem(file, line, 0, "a kustomization is an object with fields such as resources"))
        value = {}
    return Kustomization(file, value, tuple(problems), Places(data).of(line) if line else {})


def _texts(values: Any, pointer: str, named: Named) -> Iterator[Reference]:
    for index, value in enumerate(_list(values)):
        if isinstance(value, str):
            yield Reference(value, f"{pointer}/{index}", named)


def _with_paths(values: Any, pointer: str) -> Iterator[Reference]:
    """Entries with a `path`; of old, a text alone was the path of a file."""
    for index, value in enumerate(_list(values)):
        if isinstance(value, str):
            yield Reference(value, f"{pointer}/{index}", Named.TEXT_OR_FILE)
        elif isinstance(value, dict) and isinstance(value.get("path"), str) and value["path"]:
            place = f"{pointer}/path" if pointer == "/openapi" else f"{pointer}/{index}/path"
            yield Reference(value["path"], place)


def _generated_from(values: Any, pointer: str) -> Iterator[Reference]:
    """The files of a generator: `files` may name the key first, `key=path`."""
    for index, value in enumerate(_list(values)):
        if not isinstance(value, dict):
            continue
        for name, paths in (("files", value.get("files")), ("envs", value.get("envs")), ("env", [value.get("env")])):
            for number, path in enumerate(_list(paths)):
                if isinstance(path, str):
                    where = f"{pointer}/{index}/{escape(name)}"
                    yield Reference(_after_key(path), where if name == "env" else f"{where}/{number}")


def _after_key(path: str) -> str:
    return path.partition("=")[2] or path


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
