"""`diff -f … --live …`: what differs between files and live objects that were read before."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gitops_operator.cli.batch import Answer, Case, answer_batch, part_of
from gitops_operator.cli.changed import MARKS, changed_object
from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.inputs import inputs_of, named_inputs
from gitops_operator.cli.offline.application import NOBODYS, application_in, application_of
from gitops_operator.cli.offline.comparison import Compared, compared
from gitops_operator.cli.offline.objects import desired_from, desired_in, live_in, live_of, stamped
from gitops_operator.cli.online.words import now, plural
from gitops_operator.model.change import Action, Change, Difference, Why
from gitops_operator.model.resource import ResourceKey
from gitops_operator.render.lines import Lines

_ACTIONS = {Action.REPLACE: "update"}
_WHYS = {
    Why.MISSING: "it is missing",
    Why.DESIRED_CHANGED: "it differs",
    Why.NOT_DESIRED: "no manifest has it",
    Why.EXTRANEOUS: "no manifest has it",
}


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    """Exit 1 where anything differs, as `kubectl diff`."""
    if arguments.batch:
        return answer_batch(arguments.batch, answer, console)
    if not arguments.live:
        raise CommandError("give the live objects with --live FILE (what `kubectl get -o yaml` prints)")
    application = application_in(arguments.app, console) if arguments.app else application_of(NOBODYS)
    values = live_in(named_inputs(arguments.live, console))
    live = live_of(values, application)
    inputs = inputs_of(arguments, console)
    found = stamped(desired_in(inputs), (item.key for item in live), application)
    result = compared(found.resources, live, application)
    differing = [change for change in result.changes if change.action is not Action.NONE]
    if arguments.output == "table":
        lines = {one.name: Lines(one.data) for one in inputs}
        for change in differing:
            fields = [_at_its_line(one, lines) for one in _differences(change, result)]
            for line in changed_object(change, fields, now(), console.paint, _WHYS):
                console.line(line)
        console.line(_summary(differing, result))
    else:
        console.document([_described(change, result) for change in differing], arguments.output)
    for warning in found.warnings:
        console.note(f"warning: {warning}")
    return Exit.SEEN if differing else Exit.FINE


def answer(case: Case) -> Answer:
    rules = part_of(case, "ignoreDifferences", list, [])
    application = application_of({**NOBODYS, "spec": {"ignoreDifferences": [_about_anything(rule) for rule in rules]}})
    wanted, there = (part_of(case, name, dict, None) for name in ("desired", "live"))
    live = live_of([] if there is None else [there], application)
    found = stamped(
        desired_from([] if wanted is None else [wanted], "desired"), (item.key for item in live), application
    )
    if len(found.resources) > 1:
        raise CommandError("desired is a list; one object is compared with one")
    if found.resources and live and found.resources[0].key != live[0].key:
        raise CommandError(f"desired is {found.resources[0].key} and live is {live[0].key}: these are two objects")
    result = compared(found.resources, live, application)
    if not result.changes:
        return {"action": str(Action.NONE), "differences": []}
    return {"action": _action(result.changes[0]), "differences": _fields(result.changes[0], result)}


def _about_anything(rule: Any) -> Any:
    """One that names no kind speaks of the object that it comes with."""
    if not isinstance(rule, Mapping):
        raise CommandError("ignoreDifferences holds something that is no rule")
    return rule if rule.get("kind") or rule.get("group") else {**rule, "group": "*", "kind": "*"}


def _action(change: Change) -> str:
    return _ACTIONS.get(change.action, str(change.action))


def _differences(change: Change, result: Compared) -> tuple[Difference, ...]:
    return result.differences.get(change.key, ()) if change.action is not Action.NONE else ()


def _fields(change: Change, result: Compared) -> list[dict[str, Any]]:
    return [{"path": one.path, "desired": one.desired, "live": one.live} for one in _differences(change, result)]


def _described(change: Change, result: Compared) -> dict[str, Any]:
    return {**named(change.key), "action": _action(change), "differences": _fields(change, result)}


def named(key: ResourceKey) -> dict[str, str]:
    """The identity of an object, as all answers of programs say it."""
    return dict(zip(ResourceKey._fields, key, strict=True))


def _at_its_line(one: Difference, lines: Mapping[str, Lines]) -> Difference:
    """Objects know their own line; the field's is looked for where a person reads it."""
    if one.origin is None or one.origin.file not in lines:
        return one
    return one._replace(origin=one.origin._replace(line=lines[one.origin.file].of(one.origin.line, one.location)))


def _summary(differing: Sequence[Change], result: Compared) -> str:
    total = plural(len(result.changes), "object")
    if not differing:
        return f"No differences: {total} compared."
    counts = Counter(MARKS[change.action][2] for change in differing)
    return f"{len(differing)} of {total} differ: {', '.join(f'{number} {what}' for what, number in counts.items())}."
