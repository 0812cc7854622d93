"""The conditions: Ready, Synced, Healthy, Reconciling, Stalled, and a warning each of its own type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitops_operator.model.change import Change, Why
from gitops_operator.model.gate import GateReason
from gitops_operator.model.health import HealthStatus
from gitops_operator.model.operation import DELETION, Operation, OperationPhase
from gitops_operator.status.bounds import with_messages_cut
from gitops_operator.status.observation import Observation, SyncStatus

_ROOM = 20 * 1024
_NAMED = 3
_NEEDS_A_PERSON = frozenset(
    {
        GateReason.INVALID_SPEC,
        GateReason.ACCOUNT_MISSING,
        GateReason.KIND_UNKNOWN,
        GateReason.OWNERSHIP_CONFLICT,
        GateReason.AWAITS_CONFIRMATION,
        GateReason.WOULD_PRUNE_EVERYTHING,
        GateReason.PRUNE_LIMIT_EXCEEDED,
    }
)
_AFTER_A_FAILURE = frozenset({GateReason.OPEN, GateReason.RETRY_LATER})
_WELL = frozenset({HealthStatus.HEALTHY, HealthStatus.SUSPENDED})
WARNINGS = (
    "RenderWarning",
    "SourceStale",
    "OptionUnknown",
    "IgnoreRuleInvalid",
    "Fight",
    "ChangedAtAdmission",
    "ApplyWarning",
    "ApplicationCycle",
)
"""The types of the warning conditions; each is there only while it is true."""

_Said = tuple[str, str, str]
"""Status, reason and message of a condition."""


def conditions_of(seen: Observation) -> list[dict[str, Any]]:
    """All conditions, with the times of the stored ones where nothing changed."""
    said: dict[str, _Said] = {
        "Ready": _ready(seen),
        "Synced": _synced(seen),
        "Healthy": _healthy(seen),
        "Reconciling": _reconciling(seen),
        "Stalled": _stalled(seen),
    }
    if seen.gate.reason is GateReason.SUSPENDED:
        said["Suspended"] = ("True", "Suspended", seen.gate.message)
    said |= {kind: ("True", kind, seen.warnings[kind]) for kind in WARNINGS if seen.warnings.get(kind)}
    stored = {condition["type"]: condition for condition in seen.application.status.get("conditions") or ()}
    conditions = [_condition(seen, kind, words, stored.get(kind)) for kind, words in said.items()]
    return with_messages_cut(conditions, _ROOM)


def _condition(seen: Observation, kind: str, said: _Said, stored: Mapping[str, Any] | None) -> dict[str, Any]:
    status, reason, message = said
    unchanged = stored is not None and stored.get("status") == status
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": seen.application.generation,
        "lastTransitionTime": stored["lastTransitionTime"] if stored and unchanged else stamp(seen),
    }


def stamp(seen: Observation) -> str:
    """Now, as Kubernetes writes it."""
    return seen.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def ready_reason(seen: Observation) -> str:
    """The reason of the condition Ready."""
    return str(_ready(seen)[1])


def is_said(stored: Mapping[str, Any], reason: str, message: str) -> bool:
    """Whether a stored condition says this already, though perhaps cut."""
    said = str(stored.get("message", ""))
    whole = said == message or (said.endswith("…") and message.startswith(said[:-1]))
    return whole and stored.get("reason") == reason


def _ready(seen: Observation) -> _Said:
    for said in (_stalled(seen), _reconciling(seen)):
        if said[0] == "True":
            return "False", said[1], said[2]
    failed = _failed(seen)
    if failed:
        return "False", "SyncFailed", failed
    synced, healthy = _synced(seen), _healthy(seen)
    if synced[0] != "True":
        return "False", synced[1], synced[2]
    if healthy[0] != "True":
        return "False", healthy[1], healthy[2]
    return "True", "Ready", synced[2]


def _failed(seen: Observation) -> str:
    """Why the last sync failed, as long as it is that which keeps live from being equal to Git."""
    operation = seen.operation
    if operation is None or operation.phase is not OperationPhase.FAILED or seen.deleting:
        return ""
    matters = seen.error is None and seen.sync is not SyncStatus.SYNCED and seen.gate.reason in _AFTER_A_FAILURE
    return (operation.message or "The sync failed.") if matters else ""


def _synced(seen: Observation) -> _Said:
    if seen.error is not None:
        return "Unknown", seen.error.reason, seen.error.message
    if seen.sync is SyncStatus.SYNCED:
        return "True", "Synced", f"Live objects equal {_revision(seen)}."
    if seen.sync is SyncStatus.UNKNOWN:
        return "Unknown", *_unknown(seen)
    if not seen.gate.is_open and seen.gate.reason is not GateReason.NOTHING_TO_DO and seen.gate.message:
        return "False", seen.gate.reason, seen.gate.message
    return "False", "OutOfSync", f"Out of sync: {named_changes(seen)}."


def _revision(seen: Observation) -> str:
    revision = seen.revision
    if revision is None:
        return "what Git describes"
    return f"{revision.ref} ({revision.short})" if revision.ref else revision.short


def _unknown(seen: Observation) -> tuple[str, str]:
    """Why nothing can be told: what is waited for, the gate, or the objects that the cluster cannot compare."""
    waits = seen.pending or seen.deleting
    if waits:
        return ("Pending" if seen.pending else "Deleting"), waits
    if seen.gate.message:
        return seen.gate.reason, seen.gate.message
    unknown = [change for change in seen.remarkable if change.is_unknown]
    words = "\n".join(sorted({change.message for change in unknown})[:_NAMED])
    return (unknown[0].why, words) if unknown else ("Pending", "The objects have not been compared yet.")


def named_changes(seen: Observation) -> str:
    """Up to three objects that are not in sync, and the number of the rest."""
    differing = [_named(change) for change in seen.remarkable if not change.is_in_sync and not change.is_unknown]
    rest = len(differing) - _NAMED
    return ", ".join(differing[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _named(change: Change) -> str:
    """With what it waits for, where it is not ours to act."""
    name = str(change.desired or change.key)
    if change.why is not Why.GOING:
        return name
    finalizers = change.live.finalizers if change.live is not None else ()
    return f"{name} (being deleted{'; it waits for ' + ', '.join(finalizers) if finalizers else ''})"


def _healthy(seen: Observation) -> _Said:
    status = "True" if seen.health.status in _WELL else "False"
    if seen.health.status is HealthStatus.UNKNOWN:
        status = "Unknown"
    return status, seen.health.status, seen.health.message


def _reconciling(seen: Observation) -> _Said:
    """Never together with Stalled, as kstatus wants it."""
    if _stalled(seen)[0] == "True":
        return "False", "Idle", ""
    if seen.deleting:
        return "True", "Deleting", seen.deleting
    if seen.operation is not None and seen.operation.is_running:
        return "True", "Syncing", _progress(seen, seen.operation)
    if seen.pending:
        return "True", "Pending", seen.pending
    return "False", "Idle", ""


def _progress(seen: Observation, operation: Operation) -> str:
    if seen.gate.reason is GateReason.SUSPENDED:
        return seen.gate.message
    words = f": {seen.waits_for}" if seen.waits_for else ""
    return f"{operation.cursor.phase} wave {operation.cursor.wave}{words}."


def _stalled(seen: Observation) -> _Said:
    if seen.error is not None and not seen.error.transient:
        return "True", seen.error.reason, seen.error.message
    if seen.gate.reason in _NEEDS_A_PERSON:
        return "True", seen.gate.reason, seen.gate.message
    if seen.deleting and seen.operation is not None and _is_failed_deletion(seen.operation):
        return "True", "DeleteHookFailed", seen.deleting
    failed = _failed(seen)
    if failed and seen.operation is not None and not seen.operation.retry_at and not seen.operation.is_undone:
        return "True", "SyncFailed", failed
    return "False", "Idle", ""


def _is_failed_deletion(operation: Operation) -> bool:
    return operation.trigger == DELETION and operation.phase is OperationPhase.FAILED
