"""What an Application says of sources that a tool renders: what Kustomize is to do besides what Git says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Replicas:
    """The number of replicas of the workloads of a name."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch, by its text or by the path of its file; `target` and `options` as Kustomize has them."""

    patch: str = ""
    path: str = ""
    target: Mapping[str, str] = field(default_factory=dict, hash=False)
    options: Mapping[str, bool] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Kustomize:
    """What is set over the kustomization of a folder; the fields are Argo CD's.

    `images` are in the form `name=new-name:tag@digest`, each part but the name optional. Without `force_labels` (or
    `force_annotations`) a label that the kustomization sets itself is an error.
    """

    name_prefix: str = ""
    name_suffix: str = ""
    namespace: str = ""
    images: tuple[str, ...] = ()
    replicas: tuple[Replicas, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    force_labels: bool = False
    force_annotations: bool = False
    label_without_selector: bool = False
    label_templates: bool = False
    components: tuple[str, ...] = ()
    ignore_missing_components: bool = False
    patches: tuple[Patch, ...] = ()
