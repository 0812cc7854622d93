"""Who may do what in the API server in memory: the rights of impersonated users, and what reviews say of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gitops_operator.cluster.request import APPLY_PATCH, Request

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
REVIEWS = frozenset({"selfsubjectrulesreviews", "selfsubjectaccessreviews"})


class Grant(NamedTuple):
    """Verbs for a resource ("apps/deployments", "*") in a namespace, or everywhere ("*"); some names only."""

    verbs: frozenset[str]
    resource: str = "*"
    namespace: str = "*"
    names: tuple[str, ...] = ()

    def allows(self, verb: str, resource: str, namespace: str, name: str) -> bool:
        return (
            not self.verbs.isdisjoint({verb, "*"})
            and self.resource in {resource, "*"}
            and self.namespace in {namespace, "*"}
            and (not self.names or name in self.names)
        )

    def rule(self) -> dict[str, Any]:
        """As a SelfSubjectRulesReview shows it."""
        group, _, plural = self.resource.rpartition("/")
        groups = ["*"] if self.resource == "*" else [group]
        names = {"resourceNames": list(self.names)} if self.names else {}
        return {"verbs": sorted(self.verbs), "apiGroups": groups, "resources": [plural], **names}


def grant(verbs: str, resource: str = "*", namespace: str = "*", names: Iterable[str] = ()) -> Grant:
    return Grant(frozenset(verbs.split()), resource, namespace, tuple(names))


@dataclass
class Rights:
    """What each user may; nobody is asked who is not impersonated. `incomplete` rules do not tell everything."""

    of: dict[str, list[Grant]] = field(default_factory=dict)
    incomplete: bool = False

    def refused(self, request: Request, resource: str, place: tuple[str, str], *, is_new: bool) -> str:
        """Why a request is refused; "" where it is not."""
        if not request.user:
            return ""
        namespace, name = place
        verbs = [_VERBS[request.method], *(["create"] if request.content_type == APPLY_PATCH and is_new else [])]
        for verb in verbs:
            if not self._may(request.user, verb, resource, place):
                group, _, plural = resource.rpartition("/")
                where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
                return (
                    f'{plural} "{name}" is forbidden: User "{request.user}" cannot {verb} resource "{plural}" '
                    f'in API group "{group}" {where}'
                )
        return ""

    def _may(self, user: str, verb: str, resource: str, place: tuple[str, str]) -> bool:
        return any(one.allows(verb, resource, *place) for one in self.of.get(user, ()))

    def review(self, user: str, kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """The status of a review."""
        grants = self.of.get(user, [])
        if kind == "selfsubjectrulesreviews":
            rules = [one.rule() for one in grants if one.namespace in {"*", spec["namespace"]}]
            return {"resourceRules": [] if self.incomplete else rules, "incomplete": self.incomplete}
        asked = spec["resourceAttributes"]
        resource = "/".join(filter(None, (asked.get("group", ""), asked["resource"])))
        place = asked.get("namespace", ""), asked.get("name", "")
        return {"allowed": self._may(user, asked["verb"], resource, place)}
