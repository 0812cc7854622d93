"""Desired objects, and live ones as our apply left them, built from what a test is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_operator.diff import Context
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.digest import desired_digest
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.live import LiveObject, Snapshot
from gitops_operator.model.managed_fields import WHOLE, Lens, adoptable_managers, entries_of, ownership
from gitops_operator.model.resource import (
    DESIRED_DIGEST,
    TRACKING_ID,
    Body,
    GroupKind,
    Origin,
    Resource,
    group_of,
    key_of,
)
from gitops_operator.model.sending import stamped
from gitops_operator.model.tracking import counts_on, owner_of, parse_tracking_id

APP = ApplicationKey("argocd", "shop")
OTHER = ApplicationKey("argocd", "blog")
CONTEXT = Context(APP)
API_VERSIONS = {
    "Deployment": "apps/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "Widget": "example.com/v1",
}
CLUSTER_SCOPED = {"CustomResourceDefinition"}


@dataclass(frozen=True)
class Stored:
    """A body that is held as it is."""

    body: Body

    def load(self) -> Body:
        return self.body


def resource(kind: str = "ConfigMap", name: str = "front", app: ApplicationKey = APP, **parts: Any) -> Resource:
    """A desired object. Parts: `options`, `metadata` (merged in), and top-level fields."""
    options = frozenset(parts.pop("options", ()))
    namespace = {} if kind in CLUSTER_SCOPED else {"namespace": "web"}
    metadata = {"name": name, **namespace, **parts.pop("metadata", {})}
    body = {"apiVersion": API_VERSIONS.get(kind, "v1"), "kind": kind, "metadata": metadata, **parts}
    key = key_of(body)
    return Resource(
        key,
        body["apiVersion"],
        body,
        Origin("shop.yaml", 3),
        options=options,
        owner=owner_of("", app),
        digest=desired_digest(body),
    )


def deployment(**spec: Any) -> Resource:
    return resource("Deployment", spec={"replicas": 2, "paused": False, **spec})


def entry(fields: Mapping[str, Any], manager: str = "gitops-operator", operation: str = "Apply", **more: Any) -> Body:
    """One entry of managedFields."""
    base = {"manager": manager, "operation": operation, "apiVersion": "v1", "time": "2026-11-24T00:00:00Z"}
    return {**base, **more, "fieldsV1": fields}


def fields_of_value(value: Any) -> dict[str, Any]:
    """The fields of a mapping, lists atomic."""
    if not isinstance(value, Mapping) or not value:
        return {}
    return {f"f:{name}": fields_of_value(item) for name, item in value.items()}


def left_by_apply(desired: Resource, **parts: Any) -> dict[str, Any]:
    """What the server holds after our apply. Parts: `entries` of others, `uid`, `version`, `metadata`, other fields."""
    sent = stamped(desired)
    names = {"apiVersion", "kind"}
    owned = fields_of_value({name: value for name, value in sent.items() if name not in names})
    for name in ("f:name", "f:namespace"):
        owned["f:metadata"].pop(name, None)
    ours = entry(owned, apiVersion=desired.api_version)
    metadata = {
        **sent["metadata"],
        "uid": parts.pop("uid", "uid-1"),
        "resourceVersion": str(parts.pop("version", 5)),
        "managedFields": [ours, *parts.pop("entries", ())],
        **parts.pop("metadata", {}),
    }
    return {**sent, "metadata": metadata, **parts}


def seen(body: Body, lens: Lens = WHOLE, **more: Any) -> LiveObject:
    """A live object as the cache holds it; `baseline` is its H unless something else is said."""
    metadata = body["metadata"]
    annotations = metadata.get("annotations") or {}
    tracking = parse_tracking_id(annotations.get(TRACKING_ID, ""))
    key = key_of(body)
    counts = tracking.tracker if tracking is not None and counts_on(tracking, key) else None
    owned = ownership(body, lens) if counts else ""
    shown = {name: value for name, value in annotations.items() if name not in {TRACKING_ID, DESIRED_DIGEST}}
    found = {
        "key": key,
        "api_version": body["apiVersion"],
        "uid": metadata["uid"],
        "resource_version": metadata["resourceVersion"],
        "deletion_timestamp": metadata.get("deletionTimestamp", ""),
        "finalizers": tuple(metadata.get("finalizers", ())),
        "annotations": shown,
        "tracking": counts,
        "digest": annotations.get(DESIRED_DIGEST, "") if counts else "",
        "ownership": owned,
        "baseline": owned,
        "managers": adoptable_managers(entries_of(body)),
        "body": Stored(body),
    }
    return LiveObject(**{**found, **more})


def applied(desired: Resource, **more: Any) -> LiveObject:
    """A live object that nobody touched since our apply."""
    return seen(left_by_apply(desired), **more)


def edited(desired: Resource, **parts: Any) -> LiveObject:
    """A live object that we applied and somebody edited: `parts` are what its fields are now."""
    before, now = left_by_apply(desired), left_by_apply(desired, version=6, **parts)
    return seen(now, baseline=ownership(before), settled=Stored(before))


def group_kind(kind: str) -> GroupKind:
    return GroupKind(group_of(API_VERSIONS.get(kind, "v1")), kind)


def snapshot(*objects: LiveObject, **more: Any) -> Snapshot:
    """What is there, all kinds but Widget ready; `kinds` says otherwise of some, `autoscaled` who scales what."""
    known = ("ConfigMap", "Secret", "Service", "Deployment", "CustomResourceDefinition")
    ready = {group_kind(kind): KindStatus(KindState.READY) for kind in known}
    kinds = {**ready, **more.pop("kinds", {})}
    return Snapshot(1, {live.key: live for live in objects}, kinds, more.pop("autoscaled", {}))
