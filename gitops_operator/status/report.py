"""The status stanza of an Application: at most 64 KiB whatever its size, the same for the same observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import nsmallest
from operator import attrgetter
from typing import Any

from gitops_operator.model.change import Change
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.hold import Held, held_stanza
from gitops_operator.model.operation import DELETION, HookRecord, Operation, OperationPhase
from gitops_operator.model.resource import Body, ResourceKey
from gitops_operator.status.bounds import LONGEST, first_that_fit, last_that_fit, shortened, size_of, with_messages_cut
from gitops_operator.status.conditions import conditions_of, stamp
from gitops_operator.status.observation import Observation, SyncStatus
from gitops_operator.status.proposal import plan_stanza

_LISTED = 100
_LONGEST_MESSAGE = 512
_IMAGES = 50
# Bytes: of everything (etcd and clients bear 64 KiB), and of the parts that have no bound of their own. The conditions
# have a room of their own, too; `resources` get what is left.
_ROOM, _ROOM_OF_OPERATION, _ROOM_OF_HISTORY, _ROOM_OF_IMAGES = 60 * 1024, 12 * 1024, 12 * 1024, 4 * 1024


def report(seen: Observation) -> dict[str, Any]:
    """The whole status after a pass; equal to the stored one when nothing changed."""
    stored = seen.application.status
    status: dict[str, Any] = {
        "observedGeneration": seen.application.generation,
        "conditions": conditions_of(seen),
        "sync": _since(seen, stored.get("sync"), _sync(seen)),
        "health": _since(seen, stored.get("health"), _health(seen.health)),
    }
    if seen.operation is not None:
        status["operation"] = with_messages_cut([operation_stanza(seen.operation)], _ROOM_OF_OPERATION)[0]
    history = last_that_fit(_history(seen), _ROOM_OF_HISTORY)
    if history:
        status["history"] = history
    if seen.changes:
        unwell = _unwell(seen)
        status["resourceCounts"] = _counts(seen, unwell)
        status["resources"] = _resources(seen, unwell)
    elif stored.get("resources") and (seen.error is not None or seen.pending or seen.deleting):
        status |= {name: stored[name] for name in ("resourceCounts", "resources") if name in stored}
    if seen.proposal is not None:
        status["plan"] = plan_stanza(seen.proposal, seen.revision)
    hooks = _delete_hooks(seen)
    if hooks:
        status["deleteHooks"] = hooks
    if seen.images:
        status["summary"] = {"images": first_that_fit(seen.images[:_IMAGES], _ROOM_OF_IMAGES)}
    return _bounded(status)


def is_urgent(before: Body, after: Body) -> bool:
    """Whether the change is one of phase, cursor, conditions or summary; the rest may wait a second."""
    return bool(_urgent(before) != _urgent(after))


def _urgent(status: Body) -> Any:
    operation = status.get("operation") or {}
    conditions = [(item["type"], item["status"], item["reason"]) for item in status.get("conditions") or ()]
    words = [(status.get(name) or {}).get("status") for name in ("sync", "health")]
    return (
        [operation.get(name) for name in ("id", "phase", "cursor", "counts", "hooks", "request", "requestGeneration")],
        conditions,
        words,
        (status.get("sync") or {}).get("revisions"),
        (status.get("plan") or {}).get("digest"),
        status.get("observedGeneration"),
    )


def _delete_hooks(seen: Observation) -> Any:
    """Where the hooks of the deletion stand, as of when live was last equal to Git; None where there are none."""
    running = seen.operation is not None and seen.operation.is_running
    if seen.sync is not SyncStatus.SYNCED or running or seen.revision is None:
        return seen.application.status.get("deleteHooks")
    if not seen.delete_hooks:
        return None
    return {"count": seen.delete_hooks, "revision": seen.revision.sha, "source": seen.application.source_body}


def _since(seen: Observation, stored: Body | None, value: dict[str, Any]) -> dict[str, Any]:
    same = stored is not None and stored.get("status") == value["status"]
    return value | {"since": stored["since"] if stored and same and "since" in stored else stamp(seen)}


def _sync(seen: Observation) -> dict[str, Any]:
    stored = seen.application.status.get("sync") or {}
    revisions = [seen.revision.sha] if seen.revision else stored.get("revisions") or []
    commits = _commits(seen) if seen.revision else stored.get("commits") or []
    return {"status": str(seen.sync), "revisions": revisions} | ({"commits": commits} if commits else {})


def _commits(seen: Observation) -> list[dict[str, str]]:
    """What people read of the revisions."""
    return [seen.note.stanza()] if seen.note else []


def _health(health: Health) -> dict[str, Any]:
    value: dict[str, Any] = {"status": str(health.status)}
    return value | {"message": shortened(health.message, _LONGEST_MESSAGE)} if health.message else value


def operation_stanza(operation: Operation) -> dict[str, Any]:
    """An operation as status stores it; `parse_operation` reads it back."""
    stanza: dict[str, Any] = {
        "id": operation.id,
        "trigger": operation.trigger,
        "initiatedBy": {"username": operation.initiated_by} if operation.initiated_by else None,
        "phase": str(operation.phase),
        "revisions": list(operation.revisions),
        "inputs": operation.inputs,
        "cursor": {"phase": str(operation.cursor.phase), "wave": operation.cursor.wave},
        "attempts": operation.attempts,
        "startedAt": operation.started_at,
        "progressedAt": operation.progressed_at,
        "finishedAt": operation.finished_at,
        "retryAt": operation.retry_at,
        "message": shortened(operation.message, LONGEST),
        "prune": operation.prune,
        "pinned": operation.pinned,
        "syncOptions": sorted(operation.options),
        "retryLimit": operation.retry_limit,
        "request": operation.request,
        "requestGeneration": operation.request_generation,
        "counts": dict(operation.counts._asdict()),
        "hooks": [_hook(record) for record in operation.hooks],
        "resources": [{name: part for name, part in key._asdict().items() if part} for key in operation.resources],
        "synced": operation.synced,
        "confirmed": operation.confirmed,
        "approved": operation.approved,
        "held": _held(operation.held),
    }
    return {name: value for name, value in stanza.items() if value or (value == 0 and name == "retryLimit")}


def _held(held: Held | None) -> Any:
    if held is None:
        return None
    return held_stanza(replace(held, message=shortened(held.message, _LONGEST_MESSAGE)))


def _hook(record: HookRecord) -> dict[str, str]:
    stanza = {
        "phase": str(record.phase),
        **record.key._asdict(),
        "status": str(record.status),
        "message": shortened(record.message, _LONGEST_MESSAGE),
    }
    return {name: value for name, value in stanza.items() if value}


def _history(seen: Observation) -> list[dict[str, Any]]:
    limit, stored = seen.application.history_limit, list(seen.application.status.get("history") or ())
    operation = seen.operation if seen.operation and _is_for_history(seen.operation) else None
    if operation is not None and all(entry.get("operation") != operation.id for entry in stored):
        stored.append(_entry(seen, operation, (stored[-1]["id"] if stored else 0) + 1))
    return stored[-limit:] if limit else []


def _is_for_history(operation: Operation) -> bool:
    if operation.phase is not OperationPhase.SUCCEEDED or operation.trigger == DELETION or operation.resources:
        return False
    return operation.held is None or operation.held.is_asked_for  # what a failure goes back to is there already


def _entry(seen: Observation, operation: Operation, number: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": number,
        "operation": operation.id,
        "revisions": list(operation.revisions),
        "sources": [operation.held.source if operation.held else seen.application.source_body],
        "deployedAt": operation.finished_at,
    }
    if seen.revision and operation.revisions == (seen.revision.sha,) and seen.note:
        entry["commits"] = _commits(seen)
    if operation.initiated_by:
        entry["initiatedBy"] = {"username": operation.initiated_by}
    return entry


def _counts(seen: Observation, unwell: Mapping[ResourceKey, Health]) -> dict[str, int]:
    return {
        "total": len(seen.changes),
        "outOfSync": sum(not change.is_in_sync and not change.is_unknown for change in seen.remarkable),
        "unhealthy": sum(change.key in unwell for change in seen.changes) if unwell else 0,
    }


_WELL = (HealthStatus.HEALTHY, HealthStatus.SUSPENDED)


def _unwell(seen: Observation) -> Mapping[ResourceKey, Health]:
    return {key: health for key, health in seen.healths.items() if health is not None and health.status not in _WELL}


def _resources(seen: Observation, unwell: Mapping[ResourceKey, Health]) -> list[dict[str, Any]]:
    """What is not in sync comes first, what is not well next; of the rest as many as there is room for."""
    rest: Sequence[Change] = seen.changes
    first: list[Change] = []
    if unwell or seen.remarkable:
        first = [change for change in rest if not change.is_in_sync or change.key in unwell]
        rest = [change for change in rest if change.is_in_sync and change.key not in unwell]
    first = nsmallest(_LISTED, first, key=lambda change: (change.is_in_sync, change.key not in unwell, change.key))
    listed = [*first, *nsmallest(_LISTED - len(first), rest, key=attrgetter("key"))]
    return [_resource(change, seen.healths.get(change.key)) for change in listed]


def _resource(change: Change, health: Health | None) -> dict[str, Any]:
    key = change.key
    known = SyncStatus.SYNCED if change.is_in_sync else SyncStatus.OUT_OF_SYNC
    sync = SyncStatus.UNKNOWN if change.is_unknown else known
    stanza: dict[str, Any] = {
        "group": key.group,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "sync": str(sync),
        "reason": str(change.why),
        "message": shortened(change.message, _LONGEST_MESSAGE),
        "health": _health(health) if health else None,
    }
    return {name: value for name, value in stanza.items() if value}


def _bounded(status: dict[str, Any]) -> dict[str, Any]:
    """Entries of `resources` are left out from the end until the stanza fits."""
    if "resources" in status:
        room = _ROOM - size_of(status | {"resources": []})
        status["resources"] = first_that_fit(status["resources"], room)
    return status
