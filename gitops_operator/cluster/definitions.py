"""Tells the changes of CRDs and APIServices that discovery will show from those of their status that it will not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from gitops_operator.model.resource import GroupKind

CRD = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
API_SERVICE = GroupKind("apiregistration.k8s.io", "APIService")
_TELLING = frozenset({"Established", "NamesAccepted", "Available"})

Shape = tuple[Any, ...]


class Definitions:
    """What each definition said last about what is served."""

    def __init__(self) -> None:
        self._shapes: dict[GroupKind, dict[str, Shape]] = {CRD: {}, API_SERVICE: {}}

    def heeds(self, kind: GroupKind) -> bool:
        """Whether objects of a kind say anything about what is served."""
        return kind in self._shapes

    def replaced(self, kind: GroupKind, objects: Sequence[bytes]) -> bool:
        """Whether discovery should be asked because of a new list."""
        if kind not in self._shapes:
            return False
        known = self._shapes[kind]
        self._shapes[kind] = dict(_shape_of(raw) for raw in objects)
        return known != self._shapes[kind]

    def changed(self, kind: GroupKind, raw: bytes) -> bool:
        """Whether discovery should be asked because of a new or changed object."""
        if kind not in self._shapes:
            return False
        name, shape = _shape_of(raw)
        known = self._shapes[kind].get(name)
        self._shapes[kind][name] = shape
        return known != shape

    def deleted(self, kind: GroupKind, raw: bytes) -> bool:
        """Whether discovery should be asked because of a deletion."""
        return kind in self._shapes and self._shapes[kind].pop(_shape_of(raw)[0], None) is not None


class _Metadata(msgspec.Struct):
    name: str = ""


class _Condition(msgspec.Struct):
    type: str = ""
    status: str = ""


class _Version(msgspec.Struct):
    name: str = ""
    served: bool = True


class _Names(msgspec.Struct):
    kind: str = ""
    plural: str = ""


class _Spec(msgspec.Struct):
    group: str = ""
    version: str = ""
    scope: str = ""
    names: _Names = msgspec.field(default_factory=_Names)
    versions: list[_Version] = []
    group_priority: int = msgspec.field(default=0, name="groupPriorityMinimum")
    version_priority: int = msgspec.field(default=0, name="versionPriority")


class _Status(msgspec.Struct):
    conditions: list[_Condition] | None = None


class _Definition(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


_DECODER = msgspec.json.Decoder(_Definition)


def _shape_of(raw: bytes) -> tuple[str, Shape]:
    said = _DECODER.decode(raw)
    conditions = said.status.conditions or ()
    telling = sorted((one.type, one.status) for one in conditions if one.type in _TELLING)
    return said.metadata.name, (msgspec.to_builtins(said.spec), telling)
