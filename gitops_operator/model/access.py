"""What writes need of whoever makes them, and what he may do, in the words of RBAC."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gitops_operator.model.resource import ResourceKey

_ANY = "*"


class Need(NamedTuple):
    """What it takes to write one object."""

    key: ResourceKey
    api_version: str
    verbs: frozenset[str]


class Right(NamedTuple):
    """One verb for one object; no namespace: of the whole cluster; no name: all objects."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class Rule(NamedTuple):
    """What a role gives."""

    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]
    names: frozenset[str] = frozenset()

    def gives(self, right: Right) -> bool:
        return (
            not self.verbs.isdisjoint({right.verb, _ANY})
            and not self.groups.isdisjoint({right.group, _ANY})
            and not self.resources.isdisjoint({right.resource, _ANY})
            and (not self.names or right.name in self.names)
        )


class Rules(NamedTuple):
    """What somebody may do in one namespace; `whole` is False where he may be allowed more than these say."""

    rules: tuple[Rule, ...] = ()
    whole: bool = False

    def give(self, right: Right) -> bool:
        return any(rule.gives(right) for rule in self.rules)


def rules_of(status: Mapping[str, Any]) -> Rules:
    """The rules of a SelfSubjectRulesReview."""
    rules = [
        Rule(*(frozenset(rule.get(part) or ()) for part in ("verbs", "apiGroups", "resources", "resourceNames")))
        for rule in status.get("resourceRules") or ()
    ]
    return Rules(tuple(rules), whole=not status.get("incomplete", False))


def roles_in_words(rights: Iterable[Right]) -> str:
    """The rules to add, so that somebody has these rights; as YAML, to be copied into a Role."""
    places: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for right in rights:
        places[right.namespace][right.group, right.resource].add(right.verb)
    lines: list[str] = []
    for place, verbs_of in sorted(places.items()):
        role = f"a Role in namespace {place}" if place else "a ClusterRole with a ClusterRoleBinding"
        lines += [f"Add to {role}:", *_rules_in_words(verbs_of)]
    return "\n".join(lines)


def _rules_in_words(verbs_of: Mapping[tuple[str, str], Iterable[str]]) -> list[str]:
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource), verbs in sorted(verbs_of.items()):
        alike[group, tuple(sorted(verbs))].append(resource)
    return [
        f"- {{apiGroups: {json.dumps([group])}, resources: {json.dumps(resources)}, verbs: {json.dumps(verbs)}}}"
        for (group, verbs), resources in alike.items()
    ]
