"""`plan`: what a sync would write, step by step."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from gitops_operator.cli.batch import Answer, Case, answer_batch, part_of
from gitops_operator.cli.console import Colour, Console
from gitops_operator.cli.exits import Exit
from gitops_operator.cli.inputs import inputs_of, named_inputs
from gitops_operator.cli.offline.application import NOBODYS, application_in, application_of
from gitops_operator.cli.offline.comparison import compared
from gitops_operator.cli.offline.diff import named
from gitops_operator.cli.offline.objects import desired_from, desired_in, live_in, live_of, stamped
from gitops_operator.cli.offline.rehearsal import Done, Rehearsal, rehearse
from gitops_operator.cli.tables import Cell, Row
from gitops_operator.model.application import Application
from gitops_operator.model.hooks import OF_SYNC, hooks_in
from gitops_operator.plan import namespace_change, namespace_resource
from gitops_operator.render.manifests import Manifests
from gitops_operator.render.stamp import Stamped

HEADINGS = ("STEP", "PHASE", "WAVE", "ACTION", "KIND", "NAMESPACE", "NAME")
_COLOURS = {"apply": Colour.GREEN, "prune": Colour.RED, "delete-hook": Colour.RED}


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    """Exit 1 where there is something to do, as `diff`."""
    if arguments.batch:
        return answer_batch(arguments.batch, answer, console)
    application = application_in(arguments.app, console) if arguments.app else application_of(NOBODYS)
    application = _with(application, arguments.sync_options)
    live = live_in(named_inputs(arguments.live, console))
    automated = application.sync_policy.automated
    prune = arguments.prune or bool(automated and automated.enabled and automated.prune)
    found, steps = _plan(application, desired_in(inputs_of(arguments, console)), live, prune=prune)
    if arguments.output != "table":
        console.document([described(step) for step in steps], arguments.output)
    elif steps:
        console.table(HEADINGS, [row(number, step) for number, step in enumerate(steps, 1)])
    for warning in found.warnings:
        console.note(f"warning: {warning}")
    return Exit.SEEN if steps else Exit.FINE


def answer(case: Case) -> Answer:
    application = _with(application_of(NOBODYS), part_of(case, "syncOptions", list, []))
    desired = desired_from(part_of(case, "desired", list, []), "desired")
    prune = part_of(case, "prune", bool, default=False)
    _, steps = _plan(application, desired, part_of(case, "live", list, []), prune=prune)
    return {"steps": [described(step) for step in steps]}


def _with(application: Application, options: Sequence[Any]) -> Application:
    policy = application.sync_policy
    return replace(application, sync_policy=replace(policy, options=policy.options | {str(one) for one in options}))


def _plan(
    application: Application, desired: Iterable[Manifests], values: Sequence[Any], *, prune: bool
) -> tuple[Stamped, list[Done]]:
    # What is being deleted is as good as gone: the sync waits for it before it goes on.
    live = [item for item in live_of(values, application) if not item.is_going]
    found = stamped(desired, (item.key for item in live), application)
    result = compared(found.resources, live, application)
    changes, namespace = result.changes, namespace_resource(application)
    if namespace is not None:
        extra = namespace_change(namespace, next((item for item in live if item.key == namespace.key), None))
        changes = (*(change for change in changes if change.key != namespace.key), *([extra] if extra else []))
    rehearsed = Rehearsal(application, changes, result.kinds, hooks_in(found.hooks, OF_SYNC), live)
    return found, list(rehearse(rehearsed, prune=prune))


def described(step: Done) -> dict[str, Any]:
    """A write as JSON data."""
    return {"phase": str(step.cursor.phase), "wave": step.cursor.wave, "action": step.action, **named(step.key)}


def row(number: int, step: Done) -> Row:
    """A write in the table."""
    key, colour = step.key, _COLOURS.get(step.action, "")
    where = (str(key.group_kind), key.namespace or "-", key.name)
    return [str(number), str(step.cursor.phase), str(step.cursor.wave), Cell(step.action, colour), *where]
