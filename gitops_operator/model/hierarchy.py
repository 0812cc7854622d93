"""Who owns an object: the references that it carries, and those that Kubernetes leaves to be inferred."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from gitops_operator.model.resource import Body, GroupKind, group_of

_OPERATORS = "operators.coreos.com"
_TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105  # the type of a Secret, no secret
_ACCOUNT_NAME = "kubernetes.io/service-account.name"
_ACCOUNT_UID = "kubernetes.io/service-account.uid"
_OPERATOR_GROUP = "olm.operatorGroup"


class OwnerRef(NamedTuple):
    """An owner in the object's own namespace, or without one; `uid` is "" where only the name is known."""

    group: str
    kind: str
    name: str
    uid: str = ""
    controller: bool = False


def owners_of(body: Body) -> tuple[OwnerRef, ...]:
    """The owners of an object: its ownerReferences, then the inferred one of its kind.

    A StatefulSet's claims do not name their set: see `claims_of`.
    """
    references = tuple(_owner(reference) for reference in body["metadata"].get("ownerReferences") or ())
    infer = _INFERRED.get(GroupKind(group_of(body["apiVersion"]), body["kind"]))
    inferred = infer(body) if infer else None
    return (*references, inferred) if inferred else references


def claims_of(stateful_set: Body) -> tuple[re.Pattern[str], ...]:
    """The names of the claims that a StatefulSet makes from its templates, as patterns for `is_claim_of`."""
    name = stateful_set["metadata"]["name"]
    templates = (stateful_set.get("spec") or {}).get("volumeClaimTemplates") or ()
    return tuple(_claim_names(template["metadata"]["name"], name) for template in templates)


def is_claim_of(claim_name: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    """Whether a PersistentVolumeClaim of that name, in the set's namespace, was made by the set of the patterns."""
    return any(pattern.fullmatch(claim_name) for pattern in patterns)


def _claim_names(template: str, stateful_set: str) -> re.Pattern[str]:
    """`<template>-<set>-<ordinal>` and nothing around it: `other-data-web-0` is another set's."""
    return re.compile(rf"{re.escape(template)}-{re.escape(stateful_set)}-(?:0|[1-9][0-9]*)")


def _owner(reference: Mapping[str, Any]) -> OwnerRef:
    return OwnerRef(
        group=group_of(reference.get("apiVersion") or ""),
        kind=reference.get("kind") or "",
        name=reference.get("name") or "",
        uid=reference.get("uid") or "",
        controller=reference.get("controller") is True,
    )


def _service_of(endpoints: Body) -> OwnerRef | None:
    """Endpoints carry no reference (kubernetes#28483); those that do were made by somebody else."""
    metadata = endpoints["metadata"]
    return None if metadata.get("ownerReferences") else OwnerRef("", "Service", metadata["name"])


def _account_of(secret: Body) -> OwnerRef | None:
    name = _annotations(secret).get(_ACCOUNT_NAME)
    if secret.get("type") != _TOKEN_TYPE or not name:
        return None
    return OwnerRef("", "ServiceAccount", name, _annotations(secret).get(_ACCOUNT_UID) or "")


def _operator_group_of(cluster_service_version: Body) -> OwnerRef | None:
    name = _annotations(cluster_service_version).get(_OPERATOR_GROUP)
    return OwnerRef(_OPERATORS, "OperatorGroup", name) if name else None


def _annotations(body: Body) -> Mapping[str, str]:
    return body["metadata"].get("annotations") or {}


_INFERRED: dict[GroupKind, Callable[[Body], OwnerRef | None]] = {
    GroupKind("", "Endpoints"): _service_of,
    GroupKind("", "Secret"): _account_of,
    GroupKind(_OPERATORS, "ClusterServiceVersion"): _operator_group_of,
}

INFERRED = frozenset(_INFERRED)
"""The kinds whose owners stand elsewhere than in their references."""
