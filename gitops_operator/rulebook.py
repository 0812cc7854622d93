"""The health rules that users give in a ConfigMap of the operator's namespace, followed as they change.

Argo CD's keys are understood, so that what stands in its `argocd-cm` can be moved as it is; ours is `health.yaml`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from gitops_operator.health import Assessor, BrokenRule, CustomRules, Rule
from gitops_operator.health.expressions import RuleError, cel_rule
from gitops_operator.health.lua import LuaRule
from gitops_operator.live import Moves
from gitops_operator.model.resource import Body, GroupKind, ResourceKey
from gitops_operator.render.yaml import read

OUR_KEY = "health.yaml"
_ARGO_KEY = "resource.customizations"
_ARGO_KIND = _ARGO_KEY + ".health."

_log = logging.getLogger(__name__)


class Store(Protocol):
    """The cache, as far as it is read here."""

    def body(self, key: ResourceKey) -> Body | None: ...

    def reassess(self, concerns: Callable[[GroupKind], bool]) -> Moves: ...


class Found(NamedTuple):
    """What a ConfigMap says; `problems` name what of it cannot be used."""

    rules: CustomRules
    problems: tuple[str, ...]


class Rulebook:
    """Hands the rules to the assessor, and has looked at again what they are about."""

    def __init__(self, store: Store, key: ResourceKey, assessor: Assessor, moved: Callable[[Moves], None]) -> None:
        self._store, self._key, self._assessor, self._moved = store, key, assessor, moved
        self._read: Mapping[str, str] = {}

    def read(self) -> None:
        """Read them again; what cannot be used is named in the log, and is Unknown where it applies."""
        data = (self._store.body(self._key) or {}).get("data") or {}
        if data == self._read:
            return
        self._read = data
        before, found = self._assessor.rules, rules_of(data, f"ConfigMap {self._key.namespace}/{self._key.name}")
        for problem in found.problems:
            _log.error("%s", problem)
        _log.info("%d custom health rules", len(found.rules.rules))
        self._assessor.use(found.rules)
        self._moved(self._store.reassess(lambda kind: before.rule_of(kind) != found.rules.rule_of(kind)))


def rules_of(data: Mapping[str, str], place: str) -> Found:
    """The rules of a ConfigMap's data; of several about the same kinds ours win, then those in a key of their own."""
    problems: list[str] = []
    readers = (_argo_whole, _argo_single, _ours)
    rules = dict(found for read_from in readers for found in read_from(data, place, problems.append))
    problems += [rule.problem for rule in rules.values() if isinstance(rule, BrokenRule)]
    return Found(CustomRules(rules), tuple(problems))


_Tell = Callable[[str], None]
_Named = Iterator[tuple[str, Rule]]


def _argo_whole(data: Mapping[str, str], place: str, tell: _Tell) -> _Named:
    """`resource.customizations`: everything in one text, by kind. What is not about health is Argo CD's own."""
    for pattern, entry in _entries(data, _ARGO_KEY, place, tell):
        script = entry.get("health.lua")
        if script:
            yield pattern, _lua(script, f"{place}, {_ARGO_KEY}, {pattern}")


def _argo_single(data: Mapping[str, str], place: str, _: _Tell) -> _Named:
    """`resource.customizations.health.<group>_<kind>`: of the core group only the kind."""
    for key in sorted(data):
        if key.startswith(_ARGO_KIND):
            group, _underscore, kind = key.removeprefix(_ARGO_KIND).rpartition("_")
            yield "/".join(filter(None, (group, kind))), _lua(data[key], f"{place}, {key}")


def _ours(data: Mapping[str, str], place: str, tell: _Tell) -> _Named:
    for pattern, entry in _entries(data, OUR_KEY, place, tell):
        name = f"{place}, {OUR_KEY}, {pattern}"
        if entry.keys() == {"lua"}:
            yield pattern, _lua(entry["lua"], name)
        elif entry.keys() == {"cel"} and isinstance(entry["cel"], dict):
            yield pattern, _cel(entry["cel"], name)
        else:
            yield pattern, BrokenRule(name, f"{name}: give either lua, a text, or cel with current, inProgress, failed")


def _entries(data: Mapping[str, str], key: str, place: str, tell: _Tell) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a text in YAML says of each kind."""
    result = read(data.get(key, "").encode(), f"{place}, {key}")
    for problem in result.problems:
        tell(str(problem))
    for document in result.documents:
        if not isinstance(document.value, dict):
            tell(f"{place}, {key}: rules are given by group/Kind")
            continue
        for pattern, entry in document.value.items():
            if isinstance(entry, dict):
                yield str(pattern), entry
            else:
                tell(f"{place}, {key}, {pattern}: what stands there is no rule")


def _lua(script: Any, name: str) -> Rule:
    if not isinstance(script, str):
        return BrokenRule(name, f"{name}: the script is no text")
    rule = LuaRule(script, name)
    problem = rule.problem()
    return BrokenRule(name, problem) if problem else rule


def _cel(expressions: Mapping[str, Any], name: str) -> Rule:
    try:
        return cel_rule(expressions, name)
    except RuleError as error:
        return BrokenRule(name, str(error))
