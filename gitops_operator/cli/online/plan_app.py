"""`kubectl gitops plan APP`: what a sync would do now, step by step, and what comes of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.offline.plan import HEADINGS, described, row
from gitops_operator.cli.offline.rehearsal import Done, Rehearsal, rehearse
from gitops_operator.cli.online.applications import get_application, key_named
from gitops_operator.cli.online.approve import described as summary
from gitops_operator.cli.online.comparison import Compared, Comparison, settings_of
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.words import now
from gitops_operator.cli.tables import printable
from gitops_operator.model.operation import OperationRequest
from gitops_operator.model.parsing import parse_application
from gitops_operator.model.proposal import Proposal
from gitops_operator.plan import Hints
from gitops_operator.plan.approval import proposed
from gitops_operator.plan.requests import may_prune, options_now
from gitops_operator.plan.situation import Situation
from gitops_operator.status.proposal import plan_stanza
from gitops_operator.view import Chance, View


class Planned(NamedTuple):
    """The plan as status shows one that waits for an approval (empty: nothing to do), and its writes in their order.

    `why_not` says why a sync would stop after them.
    """

    stanza: dict[str, Any]
    steps: tuple[Done, ...] = ()
    why_not: str = ""


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        key = await key_named(arguments, reach)
        application = parse_application(await get_application(reach, key))
        progress = Progress(console)
        try:
            comparison = Comparison(reach, application, settings_of(arguments, console.environ), progress)
            compared, view = await comparison.viewed(arguments.revision)
        finally:
            progress.clear()
        view = replace(view, changes=compared.changes)
        return _say(arguments, console, compared, planned(view, arguments.sync_options, prune=arguments.prune))

    return online(work, arguments, console)


def planned(view: View, options: Sequence[str] = (), *, prune: bool = False) -> Planned:
    """What a sync would do that starts now, by itself or as it is asked for."""
    if options or prune:
        request = OperationRequest("plan", prune=prune, options=frozenset(options))
        view = replace(view, application=replace(view.application, request=request))
    situation = view.situation(now(), Hints(), Chance(0.0, "plan"))
    found = proposed(situation)
    if found is None:
        return Planned({})
    stanza = plan_stanza(Proposal(found, view.consequences(found.changes)), view.desired.revision)
    steps: list[Done] = []
    try:
        steps.extend(rehearse(_rehearsal(situation), prune=may_prune(situation)))
    except CommandError as error:
        return Planned(stanza, tuple(steps), error.message)
    return Planned(stanza, tuple(steps))


def _rehearsal(situation: Situation) -> Rehearsal:
    """The question is what a sync would do, not whether one may start now."""
    application = situation.application
    policy = replace(application.sync_policy, options=options_now(situation), approval=False, windows=())
    free = replace(application, sync_policy=policy, suspend=None)
    live = [item for item in situation.objects.values() if not item.is_going]
    return Rehearsal(free, situation.changes, situation.kinds, situation.hooks, live)


def _say(arguments: argparse.Namespace, console: Console, compared: Compared, plan: Planned) -> Exit:
    if arguments.output == "table":
        _say_table(console, compared, plan)
    else:
        console.document(_data(compared, plan), arguments.output)
    for remark in compared.remarks:
        console.note(f"warning: {remark}")
    if plan.why_not:
        console.error(plan.why_not)
        return Exit.TROUBLE
    return Exit.SEEN if plan.stanza else Exit.FINE


def _say_table(console: Console, compared: Compared, plan: Planned) -> None:
    for line in _lines(compared, plan):
        console.line(printable(line))
    if plan.steps:
        console.table(HEADINGS, [row(number, step) for number, step in enumerate(plan.steps, 1)])


def _lines(compared: Compared, plan: Planned) -> Iterator[str]:
    key, revision = compared.application.key, compared.desired.revision
    if not plan.stanza:
        yield f"{key} is as Git wants it at {revision.short}: a sync would change nothing."
        return
    yield from summary(plan.stanza)
    if compared.application.sync_policy.approval:
        yield f"Approve exactly this: kubectl gitops approve {key} --digest {plan.stanza['digest']}"


def _data(compared: Compared, plan: Planned) -> dict[str, Any]:
    key = compared.application.key
    lists: dict[str, list[str]] = {"restarts": [], "notRestarted": [], "losses": []}
    return {
        "application": {"namespace": key.namespace, "name": key.name},
        "revision": compared.desired.revision.sha,
        **({**lists, **plan.stanza} if plan.stanza else {}),
        "steps": [described(step) for step in plan.steps],
        "failure": plan.why_not,
    }
