"""What a rule has to know of the cluster beyond the object itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_operator.model.resource import Body

_DEFAULT_CLASS_ANNOTATIONS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """`delayed_storage_classes` bind a claim only when a pod uses it; `default_storage_class` is "" without one."""

    delayed_storage_classes: frozenset[str] = frozenset()
    default_storage_class: str = ""


NO_FACTS = Facts()


def facts_of(storage_classes: Iterable[Body]) -> Facts:
    """The facts that a cluster's StorageClasses say.

    Of several default classes Kubernetes takes the youngest, and of two of one age the first by name.
    """
    classes = sorted(storage_classes, key=_name)
    delayed = [_name(body) for body in classes if body.get("volumeBindingMode") == "WaitForFirstConsumer"]
    youngest = max(filter(_is_default, classes), key=_created, default=None)
    return Facts(frozenset(delayed), _name(youngest) if youngest else "")


def _is_default(storage_class: Body) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(annotations.get(name) == "true" for name in _DEFAULT_CLASS_ANNOTATIONS)


def _created(storage_class: Body) -> str:
    return storage_class["metadata"].get("creationTimestamp") or ""


def _name(storage_class: Body) -> str:
    return str(storage_class["metadata"]["name"])
