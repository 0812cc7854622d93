"""Whether the cache can say anything about the objects of a kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from gitops_operator.model.change import Why
from gitops_operator.model.kind import Catalogue, KindState, KindStatus
from gitops_operator.model.live import Snapshot
from gitops_operator.model.resource import GroupKind, Resource

_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_ABSENT = KindStatus(KindState.UNKNOWN)


class Obstacle(NamedTuple):
    """Why an object cannot be compared."""

    why: Why
    message: str


def defined_kinds(desired: Iterable[Resource]) -> frozenset[tuple[str, str]]:
    """The (apiVersion, kind) of every CRD among the desired objects."""
    return frozenset(
        found for resource in desired if resource.key[:2] == _CRD for found in _defined(resource.body.get("spec"))
    )


def _defined(spec: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(spec, Mapping):
        return
    kind = (spec.get("names") or {}).get("kind", "")
    for version in spec.get("versions") or ():
        yield f"{spec.get('group')}/{version.get('name')}", kind


class Kinds:
    """The kinds of one comparison."""

    def __init__(self, snapshot: Snapshot, catalogue: Catalogue, desired: Sequence[Resource]) -> None:
        self._states = snapshot.kinds
        self._catalogue = catalogue
        self._desired = desired
        self._ready = frozenset(kind for kind, status in self._states.items() if status.state is KindState.READY)

    def are_told(self, api_version: str, kind: GroupKind) -> bool:
        """Whether the cache knows all objects of a kind, and the cluster serves it in that version."""
        served = self._catalogue.served
        return kind in self._ready and (not served or (api_version, kind.kind) in served)

    def obstacle_for(self, resource: Resource) -> Obstacle | None:
        """What stands in the way of comparing a desired object; None where nothing does, or its kind is yet to come."""
        kind = resource.key.group_kind
        comes = (resource.api_version, kind.kind) in self._defined
        if kind in self._ready:
            return None if comes else self._unserved_version(resource, kind)
        state, message = self._states.get(kind, _ABSENT)
        if state is not KindState.UNKNOWN or kind in self._catalogue.preferred:
            return self.obstacle_of(kind, state, message)
        if comes:
            return None
        if kind.group in self._catalogue.stale:
            return Obstacle(Why.KIND_NOT_READY, f"The discovery of group {kind.group} fails: {kind} may exist.")
        return Obstacle(Why.KIND_UNKNOWN, f"The cluster serves no kind {kind}; {resource} needs it.")

    def obstacle_of(self, kind: GroupKind, state: KindState | None = None, message: str = "") -> Obstacle | None:
        """What stands in the way of saying anything about the objects of a kind that the cluster has."""
        if state is None:
            state, message = self._states.get(kind, _ABSENT)
        if state is KindState.READY:
            return None
        said = f": {message}" if message else ""
        return Obstacle(Why.KIND_NOT_READY, f"{_SENTENCES[state].format(kind=kind)}{said}.")

    @cached_property
    def _defined(self) -> frozenset[tuple[str, str]]:
        return defined_kinds(self._desired)

    def _unserved_version(self, resource: Resource, kind: GroupKind) -> Obstacle | None:
        served = self._catalogue.served
        if not served or (resource.api_version, kind.kind) in served or kind.group in self._catalogue.stale:
            return None
        versions = ", ".join(sorted(version for version, name in served if name == kind.kind and _is_of(version, kind)))
        message = (
            f"The cluster does not serve {kind.kind} as {resource.api_version}, only as {versions}; {resource} says"
        )
        return Obstacle(Why.KIND_UNKNOWN, f"{message} otherwise.")


_SENTENCES = {
    KindState.CATCHING_UP: "The objects of {kind} are still being listed",
    KindState.BROKEN: "The objects of {kind} cannot be listed",
    KindState.EXCLUDED: "The settings exclude {kind} from what is watched, so its objects cannot be compared",
    KindState.UNKNOWN: "The objects of {kind} have not been listed yet",
}


def _is_of(api_version: str, kind: GroupKind) -> bool:
    return api_version.rpartition("/")[0] == kind.group
