"""From the source of a spec, or of a record of one, to a Source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gitops_operator.model.application import Directory, Source
from gitops_operator.model.packaging import Kustomize, Patch, Replicas
from gitops_operator.model.resource import Body

_Value = TypeVar("_Value")
_TARGET = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")


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
    directory, kustomize = source.get("directory"), source.get("kustomize")
    return Source(
        repo_url=source.get("repoURL", ""),
        target_revision=source.get("targetRevision") or "HEAD",
        path=problems.attempt("source.path", _path, source.get("path") or "", ""),
        directory=None if directory is None else _directory(directory),
        kustomize=None if kustomize is None else _kustomize(kustomize, problems),
    )


def _directory(directory: Body) -> Directory:
    return Directory(
        recurse=directory.get("recurse", False),
        include=directory.get("include", ""),
        exclude=directory.get("exclude", ""),
    )


def _kustomize(kustomize: Body, problems: SpecProblems) -> Kustomize:
    return Kustomize(
        name_prefix=kustomize.get("namePrefix", ""),
        name_suffix=kustomize.get("nameSuffix", ""),
        namespace=kustomize.get("namespace", ""),
        images=tuple(kustomize.get("images") or ()),
        replicas=tuple(_replicas(one, number, problems) for number, one in enumerate(kustomize.get("replicas") or ())),
        labels=kustomize.get("commonLabels") or {},
        annotations=kustomize.get("commonAnnotations") or {},
        force_labels=kustomize.get("forceCommonLabels", False),
        force_annotations=kustomize.get("forceCommonAnnotations", False),
        label_without_selector=kustomize.get("labelWithoutSelector", False),
        label_templates=kustomize.get("labelIncludeTemplates", False),
        components=tuple(kustomize.get("components") or ()),
        ignore_missing_components=kustomize.get("ignoreMissingComponents", False),
        patches=tuple(_patch(patch) for patch in kustomize.get("patches") or ()),
    )


def _replicas(replicas: Body, number: int, problems: SpecProblems) -> Replicas:
    """The number may be a text, as Argo CD has it."""
    place = f"source.kustomize.replicas[{number}].count"
    return Replicas(replicas.get("name", ""), problems.attempt(place, _count, replicas.get("count", 0), 0))


def _count(value: Any) -> int:
    text = str(value)
    if not text.isdigit():
        message = f"{text!r} is no number of replicas"
        raise ValueError(message)
    return int(text)


def _patch(patch: Body) -> Patch:
    return Patch(
        patch=patch.get("patch", ""),
        path=patch.get("path", ""),
        target={name: (patch.get("target") or {}).get(name) or "" for name in _TARGET},
        options=patch.get("options") or {},
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
