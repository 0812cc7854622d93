"""What becomes of an object that is not as Git wants it: what the operator will do, or why it does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gitops_operator.cli.online.words import condition
from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.gate import GateReason
from gitops_operator.model.resource import key_in

_STAYS = frozenset(
    {
        GateReason.INVALID_SPEC,
        GateReason.KIND_NOT_READY,
        GateReason.KIND_UNKNOWN,
        GateReason.AWAITS_CONFIRMATION,
        GateReason.HELD,
        GateReason.ROLLED_BACK,
        GateReason.RETRY_LATER,
        GateReason.PRUNE_OFF,
        GateReason.WOULD_PRUNE_EVERYTHING,
        GateReason.PRUNE_LIMIT_EXCEEDED,
        GateReason.OUTSIDE_SYNC_WINDOW,
        GateReason.APPROVAL_PENDING,
        GateReason.OWNERSHIP_CONFLICT,
        GateReason.FIGHT,
    }
)
_DONE = {Action.CREATE: "created", Action.UPDATE: "applied", Action.REPLACE: "replaced", Action.PRUNE: "deleted"}


def verdict(application: Application, body: Mapping[str, Any], change: Change, now: datetime) -> str:
    """In a few words; `body` is the Application with the operator's own words in its status."""
    if change.action is Action.NONE:
        return _untouched(change)
    if _said_of(body, change) == Why.AT_ADMISSION:
        return "stays: changed at admission, and an apply would change nothing"
    return _held(application, body, change, now) or _will(application, change)


def _untouched(change: Change) -> str:
    """Of an object that an apply would not touch."""
    if change.why is Why.GOING:
        return "is being deleted"
    return f"stays: {change.message}" if change.message and not change.is_in_sync else "stays"


def _said_of(body: Mapping[str, Any], change: Change) -> str:
    """The reason that status gives for an object."""
    for one in (body.get("status") or {}).get("resources") or ():
        if key_in(one) == change.key:
            return str(one.get("reason", ""))
    return ""


def _held(application: Application, body: Mapping[str, Any], change: Change, now: datetime) -> str:
    """Why the operator does not act; "" where it does."""
    suspend, operation = application.suspend, application.operation
    if application.is_going:
        return "stays: the Application is being deleted"
    if suspend is not None and (suspend.until is None or suspend.until > now):
        until = f" until {suspend.until.isoformat()}" if suspend.until else ""
        return f"stays: suspended{until}{f' ({suspend.reason})' if suspend.reason else ''}"
    if operation is not None and operation.is_running:
        return f"is being synced: {operation.cursor.phase} wave {operation.cursor.wave} of sync {operation.id}"
    if not application.is_automated:
        return "stays until somebody syncs: the sync policy is not automated"
    automated = application.sync_policy.automated
    if automated is not None and change.is_drift and not automated.self_heal and change.why is Why.DRIFTED:
        return "stays until the next sync: selfHeal is off"
    said = condition(body, "Synced")
    if said.get("reason") == GateReason.APPROVAL_PENDING and change.why is Why.DRIFTED:
        return ""  # corrections need no approval
    return f"stays: {said['message']}" if said.get("reason") in _STAYS else ""


def _will(application: Application, change: Change) -> str:
    if change.why is Why.DRIFTED:
        return "will be reverted"
    automated = application.sync_policy.automated
    if change.action is Action.PRUNE and not (automated and automated.prune):
        return "stays: prune is off"
    return f"will be {_DONE[change.action]}"
