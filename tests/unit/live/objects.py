"""Kubernetes objects as a server sends them, built from what a test is about."""

import json
from collections.abc import Mapping
from typing import Any

from gitops_operator.live import Moves, Store
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.kind import Kind
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import DESIRED_DIGEST, TRACKING_ID, Body, ResourceKey
from gitops_operator.model.tracking import tracking_id

APP = ApplicationKey("argocd", "shop")
OTHER = ApplicationKey("argocd", "blog")

DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments", namespaced=True)
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets", namespaced=True)
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets", namespaced=True)
POD = Kind("", "v1", "Pod", "pods", namespaced=True)
CLAIM = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", namespaced=True)
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", namespaced=True)
SECRET = Kind("", "v1", "Secret", "secrets", namespaced=True)
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts", namespaced=True)
CLUSTER_ROLE = Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False)
HPA = Kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", namespaced=True)
SCALED_OBJECT = Kind("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects", namespaced=True)
APPLICATION = Kind("gitops-operator.io", "v1alpha1", "Application", "applications", namespaced=True)

OUR_FIELDS: dict[str, Any] = {"f:spec": {"f:replicas": {}, "f:image": {}}, "f:data": {"f:color": {}}}


def key(kind: Kind, name: str, namespace: str = "web") -> ResourceKey:
    return ResourceKey(kind.group, kind.kind, namespace if kind.namespaced else "", name)


def body(kind: Kind, name: str = "front", version: int = 1, **parts: Any) -> dict[str, Any]:
    """One object. Parts: `namespace`, `uid`, `metadata` (merged in), and top-level fields."""
    namespace = parts.pop("namespace", "web" if kind.namespaced else "")
    metadata = {
        "name": name,
        "uid": parts.pop("uid", f"uid-{kind.kind}-{name}"),
        "resourceVersion": str(version),
        **({"namespace": namespace} if namespace else {}),
        **parts.pop("metadata", {}),
    }
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **parts}


def tracked(
    kind: Kind, name: str = "front", version: int = 1, app: ApplicationKey = APP, **parts: Any
) -> dict[str, Any]:
    """One object as our apply leaves it. More parts: `fields` that our entry names, `digest`, `installation`."""
    fields = parts.pop("fields", OUR_FIELDS)
    digest = parts.pop("digest", "v1:aa")
    installation = parts.pop("installation", "")
    metadata = dict(parts.pop("metadata", {}))
    made = body(kind, name, version, metadata=metadata, **parts)
    identity = key(kind, name, made["metadata"].get("namespace", ""))
    ours = {TRACKING_ID: tracking_id(installation, app, identity), DESIRED_DIGEST: digest}
    made["metadata"]["annotations"] = {**ours, **metadata.get("annotations", {})}
    made["metadata"]["managedFields"] = [our_entry(kind, fields), *metadata.get("managedFields", [])]
    return made


def our_entry(kind: Kind, fields: Mapping[str, Any] = OUR_FIELDS) -> dict[str, Any]:
    entry = {"manager": "gitops-operator", "operation": "Apply", "apiVersion": kind.api_version}
    return {**entry, "time": "2026-11-24T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields}


def owned_by(kind: Kind, name: str, uid: str = "", *, controller: bool = True) -> dict[str, Any]:
    """Metadata with an owner reference."""
    uid = uid or f"uid-{kind.kind}-{name}"
    reference = {"apiVersion": kind.api_version, "kind": kind.kind, "name": name, "uid": uid, "controller": controller}
    return {"ownerReferences": [reference]}


def raw(some: Body) -> bytes:
    return json.dumps(some, separators=(",", ":")).encode()


def assess(some: Body) -> Health | None:
    """Health is what `status.health` says."""
    status = (some.get("status") or {}).get("health")
    return Health(HealthStatus(status)) if status else None


def store(**settings: Any) -> Store:
    return Store(**{"assess": assess, **settings})


def filled(*objects: tuple[Kind, Body]) -> Store:
    """A store that has seen these objects."""
    some = store()
    for kind, each in objects:
        some.changed(kind, raw(each))
    return some


def seen(some: Store, of: ResourceKey) -> LiveObject:
    """The object of a key, which the store must hold."""
    live = some.get(of)
    assert live is not None, f"the store does not hold {of}"
    return live


def last_good(live: LiveObject) -> Body:
    """The last body that was as our apply left it."""
    assert live.settled is not None, "nothing of it was kept"
    return live.settled.load()


def wakes(moves: Moves) -> set[tuple[str, str]]:
    """The names of the Applications that were woken, with the cause."""
    return {(wake.app.name, wake.cause.value) for wake in moves.wakes}
