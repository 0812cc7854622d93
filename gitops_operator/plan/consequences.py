"""What comes of a sync besides the changes themselves: workloads that restart or should, and what is lost with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gitops_operator.model.change import Action, Change, Difference
from gitops_operator.model.live import LiveObject
from gitops_operator.model.proposal import Consequences
from gitops_operator.model.resource import Body, GroupKind, ResourceKey
from gitops_operator.plan.tasks import recreates

_WORKLOADS = frozenset(GroupKind("apps", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet"))
_CONFIGS = {GroupKind("", "ConfigMap"), GroupKind("", "Secret")}
_CONTENT = (".data", ".binaryData", ".stringData", ".type")
_CLAIM, _NAMESPACE = GroupKind("", "PersistentVolumeClaim"), GroupKind("", "Namespace")
_CRD = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_SERVED_BY_ALL = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
_ENVIRONMENT = {
    "configMapKeyRef": "ConfigMap",
    "configMapRef": "ConfigMap",
    "secretKeyRef": "Secret",
    "secretRef": "Secret",
}
_CHANGING = frozenset({Action.UPDATE, Action.REPLACE})

Differences = Callable[[Change], Sequence[Difference]]
Inside = Callable[[str], Iterable[LiveObject]]


class _Reference(NamedTuple):
    """A ConfigMap or Secret that pods use, and whether as files (else as environment)."""

    kind: str
    name: str
    mounted: bool


class Surroundings(NamedTuple):
    """What else is known: all changes, those in sync too; the fields of one that differ; what is in a namespace."""

    everything: Iterable[Change]
    differences: Differences
    inside: Inside


def consequences(planned: Sequence[Change], around: Surroundings, general: frozenset[str]) -> Consequences:
    """What comes of the planned changes, with these sync options for all objects."""
    everything, differences, inside = around
    found = [(change, _restart(change, differences, general)) for change in planned]
    restarting = {change.key: words for change, words in found if words and not _waits_for_hand(change)}
    by_hand = [words for change, words in found if words and _waits_for_hand(change)]
    configs = {change.key for change in planned if _is_other_config(change, differences)}
    stale = [line for change in everything if change.key not in restarting for line in _stale(change, configs)]
    losses = [line for change in planned for line in _loss(change, inside, general)]
    return Consequences(tuple(restarting.values()), (*by_hand, *stale), tuple(losses))


def _restart(change: Change, differences: Differences, general: frozenset[str]) -> str:
    if change.key.group_kind not in _WORKLOADS or change.desired is None or change.live is None:
        return ""
    if recreates(change, general):
        return f"{change.key} is deleted and made anew, with all its pods."
    if change.action not in _CHANGING:
        return ""
    paths = [one.path for one in differences(change) if one.path.startswith(".spec.template")]
    spec = change.desired.body.get("spec") or {}
    if not paths or spec.get("replicas") == 0:
        return ""
    more = f" and {len(paths) - 1} more fields" if len(paths) > 1 else ""
    if _waits_for_hand(change):
        return f"{change.key} does not replace its pods by itself, though its pod template changes: {paths[0]}{more}."
    return f"{change.key} replaces its pods: {paths[0]}{more} of its pod template changes."


def _waits_for_hand(change: Change) -> bool:
    """Whether somebody has to go on before pods are replaced."""
    spec = (change.desired.body.get("spec") or {}) if change.desired else {}
    return bool(spec.get("paused")) or (spec.get("updateStrategy") or {}).get("type") == "OnDelete"


def _is_other_config(change: Change, differences: Differences) -> bool:
    if change.key.group_kind not in _CONFIGS or change.action not in _CHANGING:
        return False
    return any(one.path.startswith(_CONTENT) for one in differences(change))


def _stale(change: Change, configs: set[ResourceKey]) -> Iterator[str]:
    """A workload whose pods use what changes, and do not restart for that."""
    if not configs or change.key.group_kind not in _WORKLOADS or change.desired is None or change.live is None:
        return
    used = sorted(set(_references(_pod_spec(change.desired.body))))
    for reference in used:
        key = ResourceKey("", reference.kind, change.key.namespace, reference.name)
        if key not in configs:
            continue
        if reference.mounted:
            yield f"{change.key} mounts {key} and does not restart: its files change in the running pods after a while."
        else:
            yield f"{change.key} has {key} in its environment and does not restart: its pods keep the old values."


def _pod_spec(body: Body) -> Mapping[str, Any]:
    template = (body.get("spec") or {}).get("template") or {}
    return template.get("spec") or {}


def _references(pod: Mapping[str, Any]) -> Iterator[_Reference]:
    for part in ("containers", "initContainers"):
        for container in pod.get(part) or ():
            yield from _in_environment(container)
    for volume in pod.get("volumes") or ():
        yield from _in_volume(volume)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _in_volume(source)


def _in_environment(container: Mapping[str, Any]) -> Iterator[_Reference]:
    of_single = [one.get("valueFrom") or {} for one in container.get("env") or ()]
    for source in (*of_single, *(container.get("envFrom") or ())):
        for name, kind in _ENVIRONMENT.items():
            if source.get(name):
                yield _Reference(kind, source[name].get("name", ""), mounted=False)


def _in_volume(volume: Mapping[str, Any]) -> Iterator[_Reference]:
    if volume.get("configMap"):
        yield _Reference("ConfigMap", volume["configMap"].get("name", ""), mounted=True)
    if volume.get("secret"):
        secret = volume["secret"]
        yield _Reference("Secret", secret.get("secretName") or secret.get("name", ""), mounted=True)


def _loss(change: Change, inside: Inside, general: frozenset[str]) -> Iterator[str]:
    key = change.key
    if change.live is None or not (change.action is Action.PRUNE or recreates(change, general)):
        return
    if key.group_kind == _CLAIM:
        yield f"{key}, and its data unless the volume's reclaim policy is Retain."
    elif key.group_kind == _NAMESPACE:
        yield f"{key}, and all that is in it{_contents(inside(key.name))}."
    elif key.group_kind == _CRD:
        yield f"{key}, and every object of its kind in all namespaces."


def _contents(objects: Iterable[LiveObject]) -> str:
    """The kinds, and the claims by name; what comes and goes by itself does not count."""
    own = [item.key for item in objects if not item.owners and (item.key.kind, item.key.name) not in _SERVED_BY_ALL]
    claims = sorted(key.name for key in own if key.group_kind == _CLAIM)
    kinds = sorted({str(key.group_kind) for key in own if key.group_kind != _CLAIM})
    words = [*kinds, *(f"PersistentVolumeClaim {name}" for name in claims)]
    return f": {', '.join(words)}" if words else ""
