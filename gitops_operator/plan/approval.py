"""Syncs that wait for somebody's approval: what exactly is approved, and whether it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from gitops_operator.model.application import APPROVE, Application
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.digest import desired_digest
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.proposal import Awaited
from gitops_operator.model.resource import Body, Resource
from gitops_operator.plan.hold import returns
from gitops_operator.plan.requests import is_answered, may_prune, options_now, to_do
from gitops_operator.plan.situation import Situation
from gitops_operator.plan.tasks import recreates

_SHOWN = ((Action.CREATE, "create"), (Action.UPDATE, "update"), (Action.REPLACE, "replace"), (Action.PRUNE, "prune"))


def awaited(situation: Situation) -> Awaited | None:
    """What a sync that starts now would do, if that is to be approved and is not."""
    application = situation.application
    if not application.sync_policy.approval or returns(situation):
        return None
    found = proposed(situation)
    return None if found is None or found.digest == application.approved else found


def proposed(situation: Situation) -> Awaited | None:
    """What a sync that starts now would do; None: nothing."""
    changes = tuple(change for change in to_do(situation) if change.action is not Action.PRUNE or may_prune(situation))
    if not changes and not situation.hooks:
        return None
    digest = _digest(changes, situation.hooks, options_now(situation))
    return Awaited(digest, changes, len(situation.hooks))


def _digest(changes: Iterable[Change], hooks: Iterable[Resource], general: frozenset[str]) -> str:
    """Equal digests: the same is done to the same objects, and of these nothing moved that we own."""
    parts = [*(_change(change, general) for change in changes), *map(_hook, hooks)]
    text = json.dumps(sorted(parts, key=json.dumps))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _change(change: Change, general: frozenset[str]) -> list[Any]:
    live, desired = change.live, change.desired
    return [
        str(change.action),
        *change.key,
        live.uid if live else "",
        desired.digest if desired else "",
        live.ownership if live else "",
        recreates(change, general),
    ]


def _hook(hook: Resource) -> list[Any]:
    return ["hook", *hook.key, desired_digest(hook.body)]


def approval_pending(situation: Situation) -> Gate:
    """The last gate: it says what is to be approved, and how."""
    waiting = awaited(situation)
    if waiting is None:
        return Gate()
    key, approved = situation.application.key, situation.application.approved
    counts = ", ".join(f"{number} to {word}" for action, word in _SHOWN if (number := waiting.count(action)))
    hooks = f"{waiting.hooks} hooks to run" if waiting.hooks else ""
    revision = situation.revision.short
    late = f"The approval was for another plan, {approved}: something has moved since. " if approved else ""
    return Gate(
        GateReason.APPROVAL_PENDING,
        f"{late}The sync to {revision} waits for approval: {', '.join(filter(None, (counts, hooks)))}. Look at its "
        f"changes: kubectl gitops diff {key.name} -n {key.namespace}. Approve it: kubectl gitops approve {key.name} "
        f"-n {key.namespace} --digest {waiting.digest}",
    )


def used_up(application: Application) -> Body:
    """What users have put on the Application and what has served its purpose, as a merge patch that removes it."""
    request: Body = {"operation": None} if is_answered(application) else {}
    approval: Body = {"metadata": {"annotations": {APPROVE: None}}} if _is_approval_taken(application) else {}
    return {**request, **approval}


def _is_approval_taken(application: Application) -> bool:
    """Whether the sync that runs is what was approved: the approval may not serve another one."""
    operation = application.operation
    return (
        operation is not None
        and operation.is_running
        and bool(application.approved)
        and operation.approved == application.approved
    )


def approved_drift(situation: Situation) -> list[Change]:
    """What is corrected while a plan waits: what Git wants of these objects was applied before as it is."""
    automated = situation.application.sync_policy.automated
    if automated is None or not automated.enabled or not automated.self_heal:
        return []
    return [change for change in to_do(situation) if change.why is Why.DRIFTED]
