"""From the custom resource's JSON to an Application: the one place that reads spec by key.

The API server has checked types and CEL rules; what it cannot check becomes a sentence in `Application.problems`.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from gitops_operator.model.application import (
    Application,
    ApplicationKey,
    Automated,
    IgnoreRule,
    NamespaceMetadata,
    PruneLimit,
    Retry,
    Suspend,
    SyncPolicy,
)
from gitops_operator.model.dependencies import dependencies_in
from gitops_operator.model.duration import seconds_of
from gitops_operator.model.hold import parse_held
from gitops_operator.model.operation import (
    Counts,
    Cursor,
    HookRecord,
    HookStatus,
    Operation,
    OperationPhase,
    OperationRequest,
    Phase,
)
from gitops_operator.model.resource import Body, key_in
from gitops_operator.model.schedule import Schedule, parse_schedule, parse_zone
from gitops_operator.model.source_parsing import SpecProblems, parse_source
from gitops_operator.model.window import SyncWindow, WindowKind, parse_duration


def parse_application(body: Body) -> Application:
    """The Application of a custom resource; never raises for a body that the API server accepted."""
    metadata, spec, status = body["metadata"], body.get("spec") or {}, body.get("status") or {}
    problems = SpecProblems()
    return Application(
        key=ApplicationKey(metadata["namespace"], metadata["name"]),
        uid=metadata.get("uid", ""),
        resource_version=metadata.get("resourceVersion", ""),
        generation=metadata.get("generation", 0),
        source=parse_source(spec.get("source") or {}, problems),
        source_body=spec.get("source") or {},
        namespace=(spec.get("destination") or {}).get("namespace", ""),
        sync_policy=_sync_policy(spec.get("syncPolicy") or {}, problems),
        ignore_differences=tuple(_ignore_rule(rule) for rule in spec.get("ignoreDifferences") or ()),
        depends_on=dependencies_in(body),
        suspend=_suspend(spec.get("suspend"), problems),
        service_account_name=spec.get("serviceAccountName", ""),
        deletion_policy=spec.get("deletionPolicy", "MirrorPrune"),
        history_limit=spec.get("revisionHistoryLimit", 10),
        deletion_timestamp=metadata.get("deletionTimestamp") or "",
        finalizers=tuple(metadata.get("finalizers") or ()),
        annotations=metadata.get("annotations") or {},
        request=_request(body.get("operation")),
        operation=parse_operation(status.get("operation")),
        status=status,
        problems=tuple(problems),
    )


def parse_operation(stanza: Body | None) -> Operation | None:
    """The operation that status stores; None when there is none."""
    if not stanza:
        return None
    cursor = stanza.get("cursor") or {}
    counts = stanza.get("counts") or {}
    return Operation(
        id=stanza["id"],
        trigger=stanza.get("trigger", ""),
        phase=OperationPhase(stanza.get("phase", OperationPhase.RUNNING)),
        revisions=tuple(stanza.get("revisions") or ()),
        inputs=stanza.get("inputs", ""),
        cursor=Cursor(Phase(cursor.get("phase", Phase.SYNC)), cursor.get("wave", 0)),
        started_at=stanza.get("startedAt", ""),
        progressed_at=stanza.get("progressedAt", ""),
        finished_at=stanza.get("finishedAt", ""),
        attempts=stanza.get("attempts", 1),
        retry_at=stanza.get("retryAt", ""),
        message=stanza.get("message", ""),
        initiated_by=(stanza.get("initiatedBy") or {}).get("username", ""),
        prune=stanza.get("prune", False),
        pinned=stanza.get("pinned", False),
        options=frozenset(stanza.get("syncOptions") or ()),
        retry_limit=stanza.get("retryLimit"),
        request=stanza.get("request", ""),
        request_generation=stanza.get("requestGeneration", 0),
        counts=Counts(**{name: counts.get(name, 0) for name in Counts._fields}),
        hooks=tuple(_hook_record(hook) for hook in stanza.get("hooks") or ()),
        resources=tuple(map(key_in, stanza.get("resources") or ())),
        synced=stanza.get("synced", ""),
        confirmed=stanza.get("confirmed", False),
        approved=stanza.get("approved", ""),
        held=parse_held(stanza.get("held")),
    )


def _hook_record(hook: Body) -> HookRecord:
    return HookRecord(Phase(hook["phase"]), key_in(hook), HookStatus(hook["status"]), hook.get("message", ""))


def _sync_policy(policy: Body, problems: SpecProblems) -> SyncPolicy:
    automated, metadata, limit = (policy.get(name) for name in ("automated", "managedNamespaceMetadata", "pruneLimit"))
    default = SyncPolicy()
    return SyncPolicy(
        automated=None if automated is None else _automated(automated),
        options=frozenset(policy.get("syncOptions") or ()),
        retry=_retry(policy.get("retry") or {}, problems),
        namespace_metadata=None
        if metadata is None
        else NamespaceMetadata(metadata.get("labels") or {}, metadata.get("annotations") or {}),
        wait=policy.get("wait", False),
        timeout=problems.attempt("syncPolicy.timeout", seconds_of, policy.get("timeout", "600s"), default.timeout),
        prune_limit=None if limit is None else problems.attempt("syncPolicy.pruneLimit", _prune_limit, limit, None),
        approval=policy.get("approval") == "required",
        atomic=policy.get("atomic", False),
        windows=tuple(_window(window, number, problems) for number, window in enumerate(policy.get("windows") or ())),
    )


def _window(window: Body, number: int, problems: SpecProblems) -> SyncWindow:
    place = f"syncPolicy.windows[{number}]."
    schedule = problems.attempt(place + "schedule", parse_schedule, window["schedule"], "@daily")
    zone = problems.attempt(place + "timeZone", parse_zone, window.get("timeZone", "UTC"), parse_zone("UTC"))
    return SyncWindow(
        kind=WindowKind(window["kind"]),
        schedule=Schedule(schedule, zone),
        lasts=problems.attempt(place + "duration", parse_duration, window["duration"], timedelta(hours=1)),
        duration=window["duration"],
        manual=window.get("manualSync", False),
    )


def _automated(automated: Body) -> Automated:
    return Automated(
        enabled=automated.get("enabled", True),
        prune=automated.get("prune", False),
        self_heal=automated.get("selfHeal", False),
        allow_empty=automated.get("allowEmpty", False),
    )


def _retry(retry: Body, problems: SpecProblems) -> Retry:
    backoff, default = retry.get("backoff") or {}, Retry()
    place = "syncPolicy.retry.backoff."
    return Retry(
        limit=retry.get("limit", default.limit),
        duration=problems.attempt(place + "duration", seconds_of, backoff.get("duration", "5s"), default.duration),
        factor=float(backoff.get("factor", default.factor)),
        max_duration=problems.attempt(
            place + "maxDuration", seconds_of, backoff.get("maxDuration", "3m"), default.max_duration
        ),
    )


def _prune_limit(limit: object) -> PruneLimit:
    text = str(limit)
    if text.isdigit():
        return PruneLimit(number=int(text))
    if text.endswith("%") and text[:-1].isdigit() and int(text[:-1]) <= 100:
        return PruneLimit(percent=int(text[:-1]))
    message = f"{text!r} is neither a number nor a percentage such as 20%"
    raise ValueError(message)


def _ignore_rule(rule: Body) -> IgnoreRule:
    return IgnoreRule(
        group=rule.get("group", ""),
        kind=rule.get("kind", ""),
        name=rule.get("name", ""),
        namespace=rule.get("namespace", ""),
        json_pointers=tuple(rule.get("jsonPointers") or ()),
        jq_path_expressions=tuple(rule.get("jqPathExpressions") or ()),
        managers=tuple(rule.get("managedFieldsManagers") or ()),
    )


def _suspend(suspend: Body | None, problems: SpecProblems) -> Suspend | None:
    if suspend is None:
        return None
    until = suspend.get("until")
    return Suspend(
        until=None if until is None else problems.attempt("suspend.until", parse_time, until, None),
        reason=suspend.get("reason", ""),
    )


def parse_time(text: str) -> datetime:
    """An RFC 3339 time.

    Raises:
        ValueError: the text is no such time, or names no zone.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        message = f"{text!r} is not an RFC 3339 time with a zone such as 2027-01-31T08:00:00Z"
        raise ValueError(message)
    return time


def _request(operation: Body | None) -> OperationRequest | None:
    if not operation:
        return None
    sync, rollback = operation.get("sync") or {}, operation.get("rollback") or {}
    return OperationRequest(
        digest=hashlib.blake2b(json.dumps(operation, sort_keys=True).encode(), digest_size=8).hexdigest(),
        revision=sync.get("revision", ""),
        prune=rollback.get("prune", sync.get("prune", False)),
        options=frozenset(sync.get("syncOptions") or ()),
        initiated_by=(operation.get("initiatedBy") or {}).get("username", ""),
        retry_limit=(operation.get("retry") or {}).get("limit"),
        terminate=operation.get("terminate", False),
        resources=tuple(map(key_in, sync.get("resources") or ())),
        rollback=rollback.get("id"),
        resume=operation.get("resume", False),
    )
