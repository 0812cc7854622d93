"""The order inside a sync: waves, kinds, and what must stand before what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from gitops_operator.model.change import Change
from gitops_operator.model.resource import GroupKind, Resource, ResourceKey
from gitops_operator.model.step import Task

# Helm's InstallOrder as Argo CD keeps it; kinds that are not named come after, admission webhooks last.
_KINDS = """
    Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount Secret
    ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole
    ClusterRoleBinding Role RoleBinding Service DaemonSet Pod ReplicationController ReplicaSet Deployment
    HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass Ingress APIService
""".split()  # noqa: SIM905 - a list literal of 30 lines reads worse
_RANK = {kind: rank for rank, kind in enumerate(_KINDS)}
_OTHERS = len(_KINDS)
_WEBHOOKS = frozenset(
    {
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
)
_CRD = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_NAMESPACE = GroupKind("", "Namespace")
_PROVIDERS = frozenset({_CRD, _NAMESPACE})


def rank_of(group_kind: GroupKind) -> int:
    """The place of a kind in the order of applying."""
    if is_custom(group_kind):
        return _OTHERS
    if group_kind.kind in _WEBHOOKS:
        return _OTHERS + 1
    return _RANK.get(group_kind.kind, _OTHERS)


def is_custom(group_kind: GroupKind) -> bool:
    """Whether the kind belongs to an operator rather than to Kubernetes itself."""
    return "." in group_kind.group and not group_kind.group.endswith(".k8s.io")


def in_order(tasks: Iterable[Task]) -> tuple[tuple[Task, ...], ...]:
    """Tasks as groups: equal kinds side by side, kinds one after the other, names in order."""
    groups: dict[tuple[int, GroupKind], list[Task]] = defaultdict(list)
    for task in tasks:
        groups[rank_of(task.key.group_kind), task.key.group_kind].append(task)
    return tuple(tuple(sorted(groups[rank], key=lambda task: task.key)) for rank in sorted(groups))


def in_reverse_order(tasks: Iterable[Task]) -> tuple[tuple[Task, ...], ...]:
    """The same for deletes: the last kind first."""
    return tuple(reversed(in_order(tasks)))


def waves_of(desired: Sequence[Resource]) -> Mapping[ResourceKey, int]:
    """The wave of each desired object, where a Namespace or a CRD is pulled before the first object that needs it."""
    waves = {resource.key: resource.wave for resource in desired}
    needs = {resource.key: list(provided(resource)) for resource in desired if resource.key[:2] in _PROVIDERS}
    if not needs:
        return waves
    first: dict[tuple[str, ...], int] = {}
    for key, wave in waves.items():
        for need in (("ns", key.namespace), ("kind", key.group, key.kind)):
            first[need] = min(first.get(need, wave), wave)
    for key, provides in needs.items():
        waves[key] = min([waves[key], *(first[need] for need in provides if need in first)])
    return waves


def provided(resource: Resource) -> Iterable[tuple[str, ...]]:
    """What others live by: a Namespace's name, or the kind of a CRD."""
    kind = kind_defined(resource)
    if kind is not None:
        yield ("kind", *kind)
    elif resource.key[:2] == _NAMESPACE:
        yield ("ns", resource.key.name)


def kind_defined(resource: Resource) -> GroupKind | None:
    """The kind that a CRD defines; None for anything else."""
    if resource.key[:2] != _CRD:
        return None
    spec = resource.body.get("spec") or {}
    return GroupKind(spec.get("group", ""), (spec.get("names") or {}).get("kind", ""))


def doomed_waves(waves: Mapping[ResourceKey, int]) -> Mapping[ResourceKey, int]:
    """The waves in which objects are deleted: a Namespace, or a CRD, not before anything that lives by it."""
    lowest: dict[tuple[str, str], int] = {}
    for key, wave in waves.items():
        for need in (("ns", key.namespace), ("group", key.group)):
            lowest[need] = min(lowest.get(need, wave), wave)
    return {key: min(wave, lowest.get(_provided_by(key), wave)) for key, wave in waves.items()}


def _provided_by(key: ResourceKey) -> tuple[str, str]:
    """What lives by an object of this key; the name of a CRD ends with its group."""
    if key.group_kind == _NAMESPACE:
        return "ns", key.name
    return ("group", key.name.partition(".")[2]) if key.group_kind == _CRD else ("", "")


# Inside a wave, custom resources go before the workloads whose controllers clear their finalizers; what they live in
# goes last.
_TIER = {_CRD: 2, _NAMESPACE: 3}


def tier_of(change: Change) -> int:
    """Which objects of one prune wave must be gone before the next ones are touched."""
    group_kind = change.key.group_kind
    return 0 if is_custom(group_kind) else _TIER.get(group_kind, 1)
