"""Ignore rules: which fields of an object do not count as drift."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol

import jq

from gitops_operator.errors import SpecError
from gitops_operator.model.application import IgnoreRule
from gitops_operator.model.digest import desired_digest
from gitops_operator.model.fields_v1 import Location, Path, leaves, path_of
from gitops_operator.model.managed_fields import WHOLE, Lens, entries_of, fields_of
from gitops_operator.model.resource import Body, Resource, ResourceKey

REPLICAS: Path = ("f:spec", "f:replicas")
_ENDLESS = re.compile(
    r"(?<![.\w$])(?:def|repeat|until|while|range|recurse\s*\(|inputs?|debug|import|include|limit|foreach|reduce)\b"
    r"|(?<![.\w])(?:\$ENV|env)\b"
)
_STRING = re.compile(r'"(?:[^"\\]|\\[^(])*"')


class _Program(Protocol):
    def input_value(self, value: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, ready to be asked."""

    rule: IgnoreRule
    pointers: tuple[tuple[str, ...], ...]
    programs: tuple[_Program, ...]
    name: str

    def is_about(self, key: ResourceKey) -> bool:
        """Whether the rule speaks of this object."""
        rule = self.rule
        return (
            fnmatchcase(key.group, rule.group)
            and fnmatchcase(key.kind, rule.kind or "*")
            and rule.name in {"", key.name}
            and rule.namespace in {"", key.namespace}
        )


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules of an Application, the global ones first."""

    rules: tuple[CompiledRule, ...] = ()

    def about(self, key: ResourceKey) -> tuple[CompiledRule, ...]:
        """The rules that speak of this object."""
        return tuple(rule for rule in self.rules if rule.is_about(key))


NO_RULES = IgnoreRules()


def compile_rules(rules: Iterable[IgnoreRule]) -> tuple[IgnoreRules, tuple[SpecError, ...]]:
    """The rules, ready to be asked, without those parts that do not compile, and a sentence for each of these."""
    compiled = []
    problems: list[SpecError] = []
    for index, rule in enumerate(rules):
        where = f"ignoreDifferences[{index}]"
        pointers = [_pointer(text, where, problems) for text in rule.json_pointers]
        programs = [_program(text, where, problems) for text in rule.jq_path_expressions]
        compiled.append(
            CompiledRule(
                rule,
                tuple(pointer for pointer in pointers if pointer is not None),
                tuple(program for program in programs if program is not None),
                _name_of(rule),
            )
        )
    return IgnoreRules(tuple(compiled)), tuple(problems)


def _name_of(rule: IgnoreRule) -> str:
    parts = {"pointers": rule.json_pointers, "jq": rule.jq_path_expressions, "managers": rule.managers}
    return desired_digest(parts)[-8:]


def _pointer(text: str, where: str, problems: list[SpecError]) -> tuple[str, ...] | None:
    if not text.startswith("/"):
        problems.append(SpecError(f"{where}: JSON pointer {text!r} does not start with a slash", reason="InvalidRule"))
        return None
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def _program(text: str, where: str, problems: list[SpecError]) -> _Program | None:
    word = _ENDLESS.search(_STRING.sub('""', text))
    if word:
        sentence = f"{where}: jq expression {text!r} may not use {word.group().rstrip('( ')!r}: it might never end"
        problems.append(SpecError(sentence, reason="InvalidRule"))
        return None
    try:
        return jq.compile(f"path({text}\n)")  # type: ignore[no-any-return]
    except ValueError as error:
        cause = str(error).splitlines()[0]
        problems.append(SpecError(f"{where}: jq expression {text!r} is not valid: {cause}", reason="InvalidRule"))
        return None


class LensRules:
    """What of our own entry counts in each live object of an Application, for the store that computes H.

    Autoscalers are not in it: the store knows them itself.
    """

    def __init__(self, rules: IgnoreRules, desired: Iterable[Resource]) -> None:
        self._rules = rules
        self._wanted = {resource.key: resource for resource in desired}

    def __call__(self, key: ResourceKey, live: Body) -> Lens:
        """The lens of one object."""
        resource = self._wanted.get(key)
        if resource is None:
            return WHOLE
        body = resource.body
        about = self._rules.about(key) if self._rules.rules else ()
        name = "+".join(rule.name for rule in about)
        return Lens(name, ignored_paths(about, body, live) if about else frozenset(), bare_paths(body))

    def moved_from(self, other: LensRules) -> Callable[[ResourceKey], bool]:
        """Of which objects the lens may differ from what other rules made it: a commit moves few."""
        if [one.rule for one in self._rules.rules] != [one.rule for one in other._rules.rules]:
            return lambda _: True
        return lambda key: self._digest(key) != other._digest(key)

    def _digest(self, key: ResourceKey) -> str:
        resource = self._wanted.get(key)
        return resource.digest if resource is not None else ""


def ignored_paths(rules: Iterable[CompiledRule], desired: Body, live: Body | None) -> frozenset[Path]:
    """The paths that rules select in the desired or in the live object."""
    bodies = [body for body in (desired, live) if body is not None]
    return frozenset(path for rule in rules for body in bodies for path in _selected(rule, body))


def bare_paths(desired: Body) -> frozenset[Path]:
    """The paths where Git wants `{}` or null: of these only the presence counts."""
    return frozenset(path_of(location, desired) for location in _bare(desired))


def _selected(rule: CompiledRule, body: Body) -> Iterator[Path]:
    for pointer in rule.pointers:
        location = _follow(pointer, body)
        if location is not None:
            yield path_of(location, body)
    for program in rule.programs:
        for location in _run(program, body):
            yield path_of(location, body)
    for entry in entries_of(body):
        if entry.get("manager") in rule.rule.managers:
            yield from leaves(fields_of(entry))


def _follow(pointer: tuple[str, ...], body: Body) -> Location | None:
    location: list[str | int] = []
    value: Any = body
    for token in pointer:
        if isinstance(value, Mapping):
            location.append(token)
            value = value.get(token)
        elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            location.append(int(token))
            value = value[int(token)]
        elif value is None:  # nothing here yet: the path holds when there is, unless it passes through a list
            location.append(token)
        else:
            return None
    return tuple(location)


def _run(program: _Program, body: Body) -> list[Location]:
    """The places that a jq expression selects; one that fails on this object (a null is iterated) selects nothing."""
    try:
        return [tuple(location) for location in program.input_value(body).all() if location]
    except ValueError:
        return []


def _bare(value: Any, above: Location = ()) -> Iterator[Location]:
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for step, item in items:
        if item is None or item == {}:
            yield (*above, step)
        elif isinstance(item, (Mapping, list)):
            yield from _bare(item, (*above, step))
