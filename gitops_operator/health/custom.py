"""Health rules that users give: which kinds they are about, and what they say of an object."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any, Protocol

from gitops_operator.health.facts import NO_FACTS, Facts, facts_of
from gitops_operator.health.lua import TOO_LONG
from gitops_operator.health.rules import assess, one_line
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import Body, GroupKind, group_of

_REMEMBERED = 4096
_STRIKES = 3


class Rule(Protocol):
    """A rule of one kind or several; `name` says where it stands. Rules that say the same are equal."""

    @property
    def name(self) -> str: ...

    def assess(self, body: Body, /) -> Health | None: ...


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that cannot be used: it says so of every object."""

    name: str
    problem: str

    def assess(self, _: Body, /) -> Health:
        """Unknown, and why."""
        return Health(HealthStatus.UNKNOWN, self.problem)


@dataclass(frozen=True, slots=True)
class CustomRules:
    """Rules by `group/Kind` (of the core group: `Kind`), with `*` and `?` for what may stand there."""

    rules: Mapping[str, Rule] = field(default_factory=dict)

    def rule_of(self, group_kind: GroupKind) -> Rule | None:
        """The rule that names a kind, else that of the longest pattern that fits."""
        name = "/".join(filter(None, group_kind))
        found = self.rules.get(name)
        if found is not None:
            return found
        fitting = [pattern for pattern in self.rules if fnmatchcase(name, pattern)]
        return self.rules[min(fitting, key=lambda pattern: (-len(pattern), pattern))] if fitting else None


NO_RULES = CustomRules()


class Assessor:
    """Assesses by the users' rules first, then by the built-in ones; what a rule said of an object is remembered."""

    def __init__(self) -> None:
        self.rules = NO_RULES
        self._by_kind: dict[GroupKind, Rule | None] = {}
        self._said: dict[bytes, Health | None] = {}
        self._strikes: dict[str, int] = {}

    def use(self, rules: CustomRules) -> None:
        """These rules from now on."""
        self.rules = rules
        for memory in (self._by_kind, self._said, self._strikes):
            memory.clear()

    def assess(self, body: Body) -> Health | None:
        """How well a live object does in a cluster of which nothing else is known."""
        return self._assess(body, NO_FACTS)

    def beside(self, storage_classes: Iterable[Body]) -> Callable[[Body], Health | None]:
        """How to assess objects of a cluster that has these StorageClasses."""
        facts = facts_of(storage_classes)
        return lambda body: self._assess(body, facts)

    def _assess(self, body: Body, facts: Facts) -> Health | None:
        rule = self._rule_of(body) if self.rules.rules else None
        if rule is None or body["metadata"].get("deletionTimestamp"):
            return assess(body, facts)
        digest = _digest(body)
        if digest not in self._said:
            while len(self._said) >= _REMEMBERED:
                del self._said[next(iter(self._said))]
            self._said[digest] = self._ask(rule, body)
        return self._said[digest]

    def _rule_of(self, body: Body) -> Rule | None:
        kind = GroupKind(group_of(body["apiVersion"]), body["kind"])
        if kind not in self._by_kind:
            self._by_kind[kind] = self.rules.rule_of(kind)
        return self._by_kind[kind]

    def _ask(self, rule: Rule, body: Body) -> Health | None:
        """What runs for too long again and again would hold up everything else: it is not asked any more."""
        strikes = self._strikes.get(rule.name, 0)
        if strikes >= _STRIKES:
            words = f"{rule.name}: it ran for too long {_STRIKES} times and is not asked any more until it is changed"
            return Health(HealthStatus.UNKNOWN, words)
        health = rule.assess(body)
        if health is None:
            return None
        is_endless = health.status is HealthStatus.UNKNOWN and health.message.endswith(TOO_LONG)
        self._strikes[rule.name] = strikes + 1 if is_endless else 0
        return health._replace(message=one_line(health.message))


def _digest(body: Body) -> bytes:
    """Of what a rule may read; what moves with every write is left out."""
    without = ("managedFields", "resourceVersion")
    metadata: dict[str, Any] = {name: value for name, value in body["metadata"].items() if name not in without}
    text = json.dumps({**body, "metadata": metadata}, sort_keys=True)
    return blake2b(text.encode(), digest_size=16).digest()
