"""What an Application's objects own, read with the rights of whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gitops_operator.cli.online.reach import Reach
from gitops_operator.cli.online.reader import Reader
from gitops_operator.cluster.discovery import Discovery
from gitops_operator.cluster.exclusions import DEFAULT_EXCLUSIONS, is_excluded
from gitops_operator.health import Assessor
from gitops_operator.live import Store
from gitops_operator.model.application import APPLICATION, Application
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.kind import Catalogue
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import GroupKind, ResourceKey, key_in
from gitops_operator.rulebook import rules_of
from gitops_operator.settings import Settings

_INFERRED = (GroupKind("", "Endpoints"), GroupKind("discovery.k8s.io", "EndpointSlice"))
"""Kinds that the operator does not follow, and that people look for."""
_CONFIG_MAP = GroupKind("", "ConfigMap")


class Member(NamedTuple):
    """One object, and what it owns; `sync` is "" of what no Application tracks."""

    key: ResourceKey
    sync: str
    health: Health | None
    children: tuple[Member, ...] = ()


class Family(NamedTuple):
    """The objects of an Application; `remarks` say what could not be looked at."""

    members: tuple[Member, ...]
    remarks: tuple[str, ...]


async def family_of(reach: Reach, application: Application, operator_namespace: str) -> Family:
    """Everything that the Application tracks or desires, with what is below."""
    catalogue = await Discovery(reach.client).discover()
    reader = Reader(reach.client, catalogue)
    listed = {key_in(one): one for one in application.status.get("resources") or ()}
    await reader.read(listed)
    namespaces = {key.namespace for key in listed if key.namespace} | {application.namespace}
    await reader.list_places(_places(catalogue, sorted(filter(None, namespaces))), "what is below may not be seen")
    store = await _filled(reader, catalogue, application, operator_namespace)
    tracked = {live.key: live for live in store.tracked_by(application.key)}
    members = [_member(store, key, listed.get(key), tracked.get(key)) for key in sorted({*listed, *tracked})]
    return Family(tuple(members), tuple(dict.fromkeys(reader.remarks)))


def _places(catalogue: Catalogue, namespaces: Sequence[str]) -> Iterator[tuple[GroupKind, str]]:
    """Whatever may be owned by something of these namespaces."""
    for group_kind, kind in catalogue.preferred.items():
        is_followed = group_kind in _INFERRED or not is_excluded(group_kind, DEFAULT_EXCLUSIONS)
        if kind.namespaced and is_followed and group_kind != APPLICATION:
            yield from ((group_kind, namespace) for namespace in namespaces)


async def _filled(reader: Reader, catalogue: Catalogue, application: Application, operator_namespace: str) -> Store:
    """A store of what was read, that assesses as the operator does."""
    assessor = Assessor()
    rules = ResourceKey("", "ConfigMap", operator_namespace, Settings().health_rules)
    await reader.read([rules])
    if rules in reader.unreadable:
        reader.remarks.append(f"health may be by other rules than the operator's: {reader.unreadable[rules]}")
    data = (reader.bodies.get(rules) or {}).get("data") or {}
    assessor.use(rules_of(data, f"ConfigMap {rules.namespace}/{rules.name}").rules)
    store = Store(assess=assessor.assess, installation=reader.installation_of(application.key))
    store.catalogue(catalogue)
    reader.fill(store, {key.group_kind for key in reader.bodies})
    return store


def _member(store: Store, key: ResourceKey, said: Mapping[str, Any] | None, live: LiveObject | None) -> Member:
    """An object of the Application itself: in sync or not, as the operator says."""
    sync = str((said or {}).get("sync", "")) or ("Synced" if live else "Unknown")
    found = live or store.get(key)
    if found is None:
        health = (said or {}).get("health") or {}
        known = Health(HealthStatus(health["status"]), health.get("message", "")) if health else None
        return Member(key, sync, known)
    return Member(key, sync, found.health, _children(store, key, frozenset({key})))


def _children(store: Store, key: ResourceKey, above: frozenset[ResourceKey]) -> tuple[Member, ...]:
    """What an object owns; references may go in circles."""
    found = sorted((child for child in store.children(key) if child.key not in above), key=lambda child: child.key)
    return tuple(
        Member(child.key, "", child.health, _children(store, child.key, above | {child.key})) for child in found
    )
