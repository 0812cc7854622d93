"""From the source of a spec, or of a record of one, to a Source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gitops_operator.model.application import Directory, Source
from gitops_operator.model.resource import Body

_Value = TypeVar("_Value")


class SpecProblems(list[str]):
    """Sentences about what is wrong in the spec."""

    def attempt(self, field: str, convert: Callable[[Any], _Value], value: object, default: _Value) -> _Value:
        """What a value converts to, or the default and a sentence more."""
        try:
            return convert(value)
        except ValueError as error:
            self.append(f"spec.{field}: {error}")
            return default


def parse_source(source: Body, problems: SpecProblems) -> Source:
    """The Source that a stanza describes; what is wrong with it is added to the problems."""
    directory = source.get("directory") or {}
    return Source(
        repo_url=source.get("repoURL", ""),
        target_revision=source.get("targetRevision") or "HEAD",
        path=problems.attempt("source.path", _path, source.get("path") or "", ""),
        directory=Directory(
            recurse=directory.get("recurse", False),
            include=directory.get("include", ""),
            exclude=directory.get("exclude", ""),
        ),
    )


def stored_source(stanza: Body) -> Source:
    """The Source that status keeps; it was good when it was stored."""
    return parse_source(stanza, SpecProblems())


def _path(text: str) -> str:
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if ".." in parts:
        message = f"{text!r} leaves the repository; name a folder inside it"
        raise ValueError(message)
    return "/".join(parts)
