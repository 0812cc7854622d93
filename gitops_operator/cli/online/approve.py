"""`kubectl gitops approve`: approve the plan that waits for it, and say what that is."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.online.applications import edit, get_application, key_named
from gitops_operator.cli.online.goals import said
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.words import condition, short
from gitops_operator.cli.tables import printable
from gitops_operator.model.application import APPROVE, ApplicationKey

_COUNTS = ("create", "update", "replace", "prune")
_LISTS = {"restarts": "Restarts", "notRestarted": "Does not restart", "losses": "Lost for good"}


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        key = await key_named(arguments, reach)
        plan = _waiting(key, await get_application(reach, key), arguments.digest)
        for line in described(plan):
            console.line(printable(line))
        await edit(reach.client, key, {"metadata": {"annotations": {APPROVE: plan["digest"]}}})
        console.line(f"Approved plan {plan['digest']} of {key}; to see its end: kubectl gitops wait {key}")
        return Exit.FINE

    return online(work, arguments, console)


def _waiting(key: ApplicationKey, body: Mapping[str, Any], digest: str) -> Mapping[str, Any]:
    """The plan that waits, if it is the one that is meant."""
    plan: Mapping[str, Any] | None = (body.get("status") or {}).get("plan")
    if plan is None:
        raise CommandError(f"no sync of {key} waits for an approval; {said(condition(body, 'Ready'))}", Exit.SEEN)
    if digest not in {"", plan["digest"]}:
        message = f"the plan of {key} that waits is {plan['digest']}, not {digest}: something has moved since"
        raise CommandError(f"{message}. Look at it anew: kubectl gitops diff {key}", Exit.SEEN)
    return plan


def described(plan: Mapping[str, Any]) -> Iterator[str]:
    """A plan in lines."""
    revisions = ", ".join(map(short, plan.get("revisions") or ()))
    counts = [f"{plan[name]} to {name}" for name in _COUNTS if plan.get(name)]
    hooks = [f"{plan['hooks']} hooks to run"] if plan.get("hooks") else []
    yield f"To {revisions}: {', '.join([*counts, *hooks])}."
    for name, heading in _LISTS.items():
        for line in plan.get(name) or ():
            yield f"{heading}: {line}"
