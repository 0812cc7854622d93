"""Manifests and Applications as people write them, with defaults; a test names only what it is about."""

import json
from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]

REPOSITORY = "https://git.example.com/shop.git"
SYNC_WAVE = "gitops-operator.io/sync-wave"
SYNC_OPTIONS = "gitops-operator.io/sync-options"


def manifest(api_version: str, kind: str, name: str, **parts: Any) -> Body:
    """One object. Parts: `namespace`, `wave`, `options`, `annotations`, `labels`, `finalizers`, and other fields."""
    annotations = dict(parts.pop("annotations", {}))
    if "wave" in parts:
        annotations[SYNC_WAVE] = str(parts.pop("wave"))
    if "options" in parts:
        annotations[SYNC_OPTIONS] = ",".join(parts.pop("options"))
    metadata: Body = {"name": name}
    for part in ("namespace", "labels", "finalizers"):
        if part in parts:
            metadata[part] = parts.pop(part)
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def config_map(name: str, data: Mapping[str, str] | None = None, **parts: Any) -> Body:
    return manifest("v1", "ConfigMap", name, data=dict(data or {"color": "blue"}), **parts)


def namespace(name: str, **parts: Any) -> Body:
    return manifest("v1", "Namespace", name, **parts)


def service(name: str, **parts: Any) -> Body:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "protocol": "TCP"}]}
    return manifest("v1", "Service", name, spec=spec, **parts)


def deployment(name: str, image: str = "shop:1", replicas: int = 1, **parts: Any) -> Body:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return manifest("apps/v1", "Deployment", name, spec=spec, **parts)


def job(name: str, **parts: Any) -> Body:
    container = {"name": "main", "image": "migrate:1"}
    spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    return manifest("batch/v1", "Job", name, spec=spec, **parts)


def custom_resource_definition(kind: str = "Gizmo", group: str = "example.com", **parts: Any) -> Body:
    plural = f"{kind.lower()}s"
    spec = {
        "group": group,
        "scope": "Namespaced",
        "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
        "versions": [{"name": "v1", "served": True, "storage": True}],
    }
    return manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}", spec=spec, **parts)


def gizmo(name: str, **parts: Any) -> Body:
    """An object of the kind that `custom_resource_definition` brings."""
    return manifest("example.com/v1", "Gizmo", name, **{"spec": {"size": 1}, **parts})


def application(name: str = "shop", **parts: Any) -> Body:
    """An automated Application that prunes and heals. Parts: `path`, `revision`, `automated` (None: off), `policy`
    (merged into syncPolicy), `spec` (merged in), `operation`, and those of a manifest.
    """
    automated = parts.pop("automated", {"prune": True, "selfHeal": True})
    source = {"repoURL": REPOSITORY, "path": parts.pop("path", name), "targetRevision": parts.pop("revision", "main")}
    policy = {**({} if automated is None else {"automated": automated}), **parts.pop("policy", {})}
    spec = {
        "source": source,
        "destination": {"namespace": parts.pop("to", "web")},
        "syncPolicy": policy,
        **parts.pop("spec", {}),
    }
    return manifest("gitops-operator.io/v1alpha1", "Application", name, namespace="gitops", spec=spec, **parts)


def as_file(*bodies: Body) -> str:
    """Manifests as one YAML file (JSON documents are YAML)."""
    return "\n---\n".join(json.dumps(body, indent=1) for body in bodies) + "\n"
