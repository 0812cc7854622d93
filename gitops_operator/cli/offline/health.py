"""`health`: how well objects do, as they were read."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from gitops_operator.cli.batch import Answer, Case, answer_batch, part_of
from gitops_operator.cli.console import Colour, Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.inputs import inputs_of, named_inputs
from gitops_operator.cli.offline.diff import named
from gitops_operator.cli.offline.objects import live_in
from gitops_operator.cli.tables import Cell
from gitops_operator.health import assess, assess_beside
from gitops_operator.health.lua import LuaRule
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import Body, key_of

_HEADINGS = ("KIND", "NAMESPACE", "NAME", "HEALTH", "MESSAGE")
_FINE = frozenset({HealthStatus.HEALTHY, HealthStatus.SUSPENDED})
_COLOURS = {
    HealthStatus.HEALTHY: Colour.GREEN,
    HealthStatus.SUSPENDED: Colour.CYAN,
    HealthStatus.PROGRESSING: Colour.YELLOW,
    HealthStatus.MISSING: Colour.YELLOW,
    HealthStatus.DEGRADED: Colour.RED,
    HealthStatus.UNKNOWN: Colour.RED,
}


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    """Exit 1 where one of them is neither healthy, nor suspended, nor of a kind without health."""
    if arguments.batch:
        return answer_batch(arguments.batch, answer, console)
    rule = _rule(arguments.lua, console) if arguments.lua else None
    bodies = [_object(value) for value in live_in(inputs_of(arguments, console))]
    assessed = map(rule.assess, bodies) if rule else _assessed(bodies)
    healths = list(zip(bodies, assessed, strict=True))
    if arguments.output == "table":
        console.table(_HEADINGS, [_row(body, health) for body, health in healths])
    else:
        console.document([{**named(key_of(body)), **_said(health)} for body, health in healths], arguments.output)
    return Exit.FINE if all(health is None or health.status in _FINE for _, health in healths) else Exit.SEEN


def answer(case: Case) -> Answer:
    body, script = _object(part_of(case, "object", dict)), part_of(case, "lua", str, "")
    return _said(LuaRule(script).assess(body) if script else assess(body))


def _rule(name: str, console: Console) -> LuaRule:
    """The script of a file.

    Raises:
        CommandError: it cannot be read, or is no Lua.
    """
    [found] = named_inputs([name], console)
    rule = LuaRule(found.data.decode("utf-8", "replace"), found.name)
    problem = rule.problem()
    if problem:
        raise CommandError(problem)
    return rule


def _said(health: Health | None) -> Answer:
    return {"status": str(health.status) if health else None, "message": health.message if health else ""}


def _assessed(bodies: Iterable[Body]) -> Iterable[Health | None]:
    """A claim's health depends on its StorageClass, where that is among the objects."""
    bodies = list(bodies)
    check: Callable[[Body], Health | None] = assess_beside(body for body in bodies if _is_class(body))
    return map(check, bodies)


def _is_class(body: Body) -> bool:
    return bool(body["kind"] == "StorageClass" and body["apiVersion"].startswith("storage.k8s.io/"))


def _object(value: Any) -> Body:
    if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in ("apiVersion", "kind")):
        raise CommandError("this is no Kubernetes object: it needs apiVersion and kind")
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise CommandError(f"the metadata of this {value['kind']} is no object")
    return {**value, "metadata": {"name": "", **metadata}}


def _row(body: Body, health: Health | None) -> list[str | Cell]:
    key = key_of(body)
    shown = Cell(str(health.status), _COLOURS[health.status]) if health else Cell("-", Colour.GREY)
    return [str(key.group_kind), key.namespace or "-", key.name, shown, health.message if health else ""]
