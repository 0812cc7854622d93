"""Kustomizations: what `kustomize build` gives for a folder, with the overrides of the Application."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.packaging import Kustomize
from gitops_operator.model.resource import Origin, Resource
from gitops_operator.render.build import Build, Request, digest_of, read_paths, reads_of
from gitops_operator.render.closure import Closure
from gitops_operator.render.copying import Part
from gitops_operator.render.directory import SourceFile
from gitops_operator.render.kustomization import Kustomization
from gitops_operator.render.links import LinkError, resolve
from gitops_operator.render.manifests import Manifests, manifests_of
from gitops_operator.render.overrides import OverrideError, edited, says_origins
from gitops_operator.render.paths import clean, folder_at
from gitops_operator.render.programs import Programs, find
from gitops_operator.render.yaml import read

TOOL = "kustomize"
_FORM = "kustomize-1"
"""Changes whenever equal files may give another render than before."""
_ORIGIN = "config.kubernetes.io/origin"


def prepare(request: Request, programs: Programs) -> Build:
    """A build of the source's folder.

    Raises:
        RenderError: everything that keeps it from being built: files that are missing, what stands elsewhere, circles.
    """
    tree = request.tree
    folder, found = folder_at(tree, clean(request.source.path))
    closure = Closure(tree)
    closure.part.links.update(found.links)
    overrides = _with_components(closure, folder.path, request.source.kustomize or Kustomize())
    root = _followed(closure, folder.path, overrides)
    if closure.problems:
        reads = read_paths(reads_of(tree, closure.part, folder.path))
        raise RenderError(tuple(closure.problems), reads=reads)
    part = Part(folders={""}) if closure.has_plugins else closure.part
    tool = find(programs.kustomize, "kustomize-program", "kustomize 5")
    keeps_origins = says_origins(root.content)
    return Build(
        tool=TOOL,
        program=tool,
        arguments=("build", "."),
        tree=tree,
        folder=folder.path,
        part=part,
        made={root.file: json.dumps(edited(root.content, overrides)).encode()},
        digest=digest_of(tree, part, _FORM, tool.identity, folder.path, asdict(overrides)),
        reads=reads_of(tree, part, folder.path),
        understand=lambda output: _understood(output, folder.path, keeps_origins=keeps_origins),
        is_whole_tree=closure.has_plugins,
    )


def _followed(closure: Closure, folder: str, overrides: Kustomize) -> Kustomization:
    """The kustomization of a folder, with everything taken in that it reads once the overrides are set."""
    root = closure.read(folder)
    if root is None:
        where = folder or "the root of the repository"
        closure.problems.append(Problem("", 0, 0, f"there is no kustomization.yaml in {where}"))
        return Kustomization("", {}, (), {})
    try:
        closure.follow(root._replace(content=edited(root.content, overrides)), folder)
    except OverrideError as error:
        closure.problems.append(Problem("", 0, 0, f"source.kustomize.{error}"))
    return root


def _with_components(closure: Closure, folder: str, overrides: Kustomize) -> Kustomize:
    """The overrides without the components that may be missing, and are."""
    if not overrides.ignore_missing_components:
        return overrides
    found = []
    for component in overrides.components:
        path = posixpath.join(folder, component)
        try:
            real, entry, _ = resolve(closure.tree, path)
        except LinkError:
            real, entry = path, None
        if entry is None:
            closure.part.missing.add(real)
        else:
            found.append(component)
    return replace(overrides, components=tuple(found))


def _understood(output: bytes, folder: str, *, keeps_origins: bool) -> Manifests:
    """The objects that Kustomize printed, each with the file that it comes from."""
    found = manifests_of(SourceFile(folder, output))
    said = f"what kustomize build gives for {folder or 'the root of the repository'}: "
    problems = tuple(Problem(folder, 0, 0, said + problem.message) for problem in found.problems)
    warnings = tuple(Problem(folder, 0, 0, said + problem.message) for problem in found.warnings)
    resources = tuple(_placed(resource, folder, keeps_origins=keeps_origins) for resource in found.resources)
    return Manifests(resources, warnings, problems)


def _placed(resource: Resource, folder: str, *, keeps_origins: bool) -> Resource:
    metadata = resource.body["metadata"]
    annotations = metadata.get("annotations") or {}
    origin = Origin(_file_of(annotations.get(_ORIGIN, ""), folder))
    if keeps_origins or _ORIGIN not in annotations:
        return replace(resource, origin=origin)
    rest = {name: text for name, text in annotations.items() if name != _ORIGIN}
    others = {name: value for name, value in metadata.items() if name != "annotations"}
    body = {**resource.body, "metadata": {**others, "annotations": rest} if rest else others}
    return replace(resource, origin=origin, content=body)


def _file_of(origin: str, folder: str) -> str:
    """The file that an origin annotation names: where the object stands, or the kustomization that makes it."""
    documents = read(origin.encode(), "").documents
    said: Mapping[str, Any] = documents[0].value if documents and isinstance(documents[0].value, dict) else {}
    named = said.get("path") or said.get("configuredIn")
    return posixpath.normpath(posixpath.join(folder, str(named))) if named else folder
