"""Which workloads belong to an autoscaler: their replicas are its business, not Git's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from gitops_operator.live.sighting import Sighting
from gitops_operator.model.resource import GroupKind, ResourceKey, group_of


class _Reference(msgspec.Struct, rename="camel"):
    name: str = ""
    api_version: str | None = None
    kind: str | None = None


class _Spec(msgspec.Struct, rename="camel"):
    scale_target_ref: _Reference = msgspec.field(default_factory=_Reference)


class _Scaler(msgspec.Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)


_SCALER = msgspec.json.Decoder(_Scaler)
_DEFAULTS = {
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): GroupKind("", ""),
    GroupKind("keda.sh", "ScaledObject"): GroupKind("apps", "Deployment"),
}


def is_autoscaler(group_kind: GroupKind) -> bool:
    """Whether objects of a kind scale workloads."""
    return group_kind in _DEFAULTS


def target_of(scaler: Sighting) -> ResourceKey | None:
    """The workload that an autoscaler scales; None where its spec names none."""
    default = _DEFAULTS[scaler.key.group_kind]
    try:
        reference = _SCALER.decode(scaler.raw).spec.scale_target_ref
    except msgspec.ValidationError:
        return None
    kind = reference.kind or default.kind
    group = default.group if reference.api_version is None else group_of(reference.api_version)
    return ResourceKey(group, kind, scaler.key.namespace, reference.name) if kind and reference.name else None


class Autoscalers:
    """The autoscalers of a cluster and what they scale."""

    __slots__ = ("_scalers", "_targets")

    def __init__(self) -> None:
        self._targets: dict[ResourceKey, ResourceKey] = {}
        self._scalers: dict[ResourceKey, set[ResourceKey]] = {}

    def of(self, workload: ResourceKey) -> ResourceKey | None:
        """The autoscaler of a workload: the first by name where several fight."""
        scalers = self._scalers.get(workload)
        return min(scalers) if scalers else None

    def among(self, workloads: Iterable[ResourceKey]) -> Mapping[ResourceKey, ResourceKey]:
        """The autoscaler of each workload that has one."""
        if not self._scalers:
            return {}
        return {workload: min(self._scalers[workload]) for workload in workloads if workload in self._scalers}

    def put(self, scaler: ResourceKey, target: ResourceKey | None) -> tuple[ResourceKey, ...]:
        """Record what an autoscaler scales now (None: nothing, or it is gone); the workloads for which that changed."""
        before = self._targets.pop(scaler, None)
        if target is not None:
            self._targets[scaler] = target
        if before == target:
            return ()
        if before is not None:
            self._scalers[before].discard(scaler)
            if not self._scalers[before]:
                del self._scalers[before]
        if target is not None:
            self._scalers.setdefault(target, set()).add(scaler)
        return tuple(workload for workload in (before, target) if workload is not None)
