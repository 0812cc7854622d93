"""What RBAC makes of a request, which single rights a role consists of, and whether the API server grants them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from devcluster.cluster import DevCluster
from tests.cluster.gateway import Asked
from tests.cluster.kube import Kube

Rule = dict[str, Any]

_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/[^/]+(?:/namespaces/(?P<namespace>[^/]+)(?=/.))?"
    r"/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?"
)
_RBAC = "rbac.authorization.k8s.io/v1"
_PROBE = "probe"
_VERBS = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}


class Right(NamedTuple):
    """What a request needs, in the words of RBAC."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""


def rights_for(asked: Iterable[Asked]) -> set[Right]:
    """Without discovery, which everybody may ask for."""
    return {right for one in asked for right in _rights_for(one)}


def _rights_for(asked: Asked) -> Iterator[Right]:
    found = _PATH.fullmatch(asked.path)
    if found is None:
        return
    parts = {key: value or "" for key, value in found.groupdict().items()}
    reading = "get" if parts["name"] else "watch" if asked.is_watch else "list"
    yield Right(_VERBS.get(asked.method, reading), **parts)
    if asked.method == "PATCH" and asked.status == 201:  # an apply that made the object
        yield Right("create", **parts)


def single_rules(rules: Sequence[Rule]) -> Iterator[Rule]:
    """The same rights, each in a rule of its own."""
    for rule in rules:
        for group, resource, verb in product(rule["apiGroups"], rule["resources"], rule["verbs"]):
            yield {**rule, "apiGroups": [group], "resources": [resource], "verbs": [verb]}


def concerns(rule: Rule, right: Right) -> bool:
    """Whether a single rule is about what the right is about."""
    resource = f"{right.resource}/{right.subresource}".rstrip("/")
    return rule["verbs"] == [right.verb] and rule["resources"][0] in {"*", resource}


class Probe:
    """An account whose only rights are those of two roles that are given to it."""

    def __init__(self, cluster: DevCluster, namespace: str) -> None:
        self._cluster, self._kube, self._namespace = cluster, Kube(cluster), namespace
        for kind, place in (("ClusterRole", {}), ("Role", {"namespace": namespace})):
            binding = {
                "apiVersion": _RBAC,
                "kind": f"{kind}Binding",
                "metadata": {"name": _PROBE, **place},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": _PROBE},
                "subjects": [{"kind": "ServiceAccount", "name": _PROBE, "namespace": namespace}],
            }
            self._kube.apply(binding)

    def give(self, kind: str, rules: Sequence[Rule]) -> None:
        """The role (ClusterRole or Role) has these rules from now on."""
        place = {"namespace": self._namespace} if kind == "Role" else {}
        self._kube.apply({"apiVersion": _RBAC, "kind": kind, "metadata": {"name": _PROBE, **place}, "rules": [*rules]})

    def may(self, right: Right) -> bool:
        """What the API server's authorizer says."""
        spec = {"user": f"system:serviceaccount:{self._namespace}:{_PROBE}", "resourceAttributes": right._asdict()}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        answer = self._cluster.api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])
