"""The namespace of CreateNamespace=true: there before what is in it, its metadata kept, never tracked or pruned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.digest import desired_digest
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import DESIRED_DIGEST, PREFIX, Body, Resource, ResourceKey

OPTION = "CreateNamespace=true"
_MANAGED = PREFIX + "managed-namespace"  # as a label: the cache holds bodies of objects that carry one of ours
_OWNER = PREFIX + "managed-namespace-of"


def namespace_resource(application: Application) -> Resource | None:
    """The namespace that the Application wants made, with the metadata that it is to have; None: no such wish."""
    if not application.sync_policy.has(OPTION) or not application.namespace:
        return None
    metadata: dict[str, Any] = {"name": application.namespace}
    wanted = application.sync_policy.namespace_metadata
    if wanted is not None:
        metadata["labels"] = {**wanted.labels, _MANAGED: "true"}
        metadata["annotations"] = {**wanted.annotations, _OWNER: str(application.key)}
    body: Body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    return Resource(ResourceKey("", "Namespace", "", application.namespace), "v1", body, digest=desired_digest(body))


def namespace_change(namespace: Resource, live: LiveObject | None) -> Change | None:
    """What is to be done for it; None when nothing is."""
    sent = _sent(namespace)
    if live is None:
        return Change(namespace.key, Action.CREATE, Why.MISSING, desired=namespace, sending=sent)
    if live.is_going:
        return Change(namespace.key, Action.NONE, Why.GOING, f"{namespace.key} is being deleted.", namespace, live)
    if sent is namespace.body:
        return None
    owner = _other_owner(live, namespace.body["metadata"]["annotations"][_OWNER])
    if owner:
        message = (
            f"{namespace.key} has its metadata from {owner}: leave managedNamespaceMetadata out here, or the metadata "
            "out there."
        )
        return Change(namespace.key, Action.NONE, Why.CONFLICT, message, namespace, live)
    if live.body is not None and _has(live.body.load()["metadata"], sent["metadata"]):
        return None
    return Change(namespace.key, Action.UPDATE, Why.DESIRED_CHANGED, "", namespace, live, sent)


def _other_owner(live: LiveObject, we: str) -> str:
    """Who else keeps the metadata: two Applications share one field manager, each apply would undo the other's."""
    if live.tracking is not None and str(live.tracking.application) != we:
        return f"Application {live.tracking.application}, which tracks it"
    if live.foreign_owner is not None:
        return f"{live.foreign_owner.tool} ({live.foreign_owner.name})"
    owner = live.annotations.get(_OWNER, we)
    return f"Application {owner}" if owner != we else ""


def _sent(namespace: Resource) -> Body:
    """Without metadata of its own it is only made; with some, its digest tells what Git has removed."""
    metadata = namespace.body["metadata"]
    if "annotations" not in metadata:
        return namespace.body
    annotations = {**metadata["annotations"], DESIRED_DIGEST: namespace.digest}
    return {**namespace.body, "metadata": {**metadata, "annotations": annotations}}


def _has(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(
        (live.get(part) or {}).get(name) == value
        for part in ("labels", "annotations")
        for name, value in wanted[part].items()
    )
