"""What kind of source a folder is: what the Application says, else what stands in it, as in Argo CD."""

from __future__ import annotations

import posixpath
from enum import StrEnum

from gitops_operator.model.application import Source
from gitops_operator.model.tree import Tree
from gitops_operator.render.kustomization import NAMES
from gitops_operator.render.paths import clean, folder_at


class SourceKind(StrEnum):
    """How a source is rendered."""

    DIRECTORY = "directory"
    KUSTOMIZE = "kustomize"


def kind_of(tree: Tree, source: Source) -> SourceKind:
    """The kind of a source.

    Raises:
        RenderError: there is no such folder.
    """
    if source.directory is not None:
        return SourceKind.DIRECTORY
    if source.kustomize is not None:
        return SourceKind.KUSTOMIZE
    folder, _ = folder_at(tree, clean(source.path))
    is_kustomization = any(tree.entry(posixpath.join(folder.path, name)) is not None for name in NAMES)
    return SourceKind.KUSTOMIZE if is_kustomization else SourceKind.DIRECTORY
