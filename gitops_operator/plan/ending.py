"""How an operation ends, and when a failed one is tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from gitops_operator.errors import GitOpsError, RenderError
from gitops_operator.model.application import Application, Retry
from gitops_operator.model.operation import ROLLBACK, Cursor, Operation, OperationPhase, Phase

SELF_HEAL_EVERY = 300.0
MANUAL = "manual"
_JITTER = 0.1
_GONE = "RevisionGone"


class End(NamedTuple):
    """What came of an operation; `jitter` in [0, 1) spreads the next try."""

    phase: OperationPhase
    message: str
    now: datetime
    jitter: float = 0.0


def ended(application: Application, operation: Operation, end: End) -> Operation:
    """The operation as it is stored once it has ended; a request to terminate it has been answered then."""
    again = retry_at(application, operation, end.now, end.jitter) if end.phase is OperationPhase.FAILED else None
    done = replace(
        operation,
        phase=end.phase,
        finished_at=end.now.isoformat(),
        message=end.message,
        retry_at=again.isoformat() if again else "",
    )
    request = application.request
    if request is None or not request.terminate:
        return done
    return replace(done, retry_at="", request=request.digest, request_generation=application.generation)


def terminated(application: Application, operation: Operation, now: datetime) -> Operation:
    """The running operation, ended because a user asked for it; it is not tried again by itself."""
    by = f" by {application.request.initiated_by}" if application.request and application.request.initiated_by else ""
    return ended(application, operation, End(OperationPhase.FAILED, f"Terminated{by}.", now))


def abandoned(application: Application, error: GitOpsError, now: datetime, new_id: str) -> Operation | None:
    """The operation to store when a pass could not even compare.

    A commit that is gone, or cannot be rendered any more, ends the operation that was syncing it; a request for a
    revision that does not exist has failed before it began; a request to terminate needs neither Git nor a comparison.
    """
    operation, request = application.operation, application.request
    if operation is not None and operation.is_running:
        if request is not None and request.terminate:
            return terminated(application, operation, now)
        if error.reason == _GONE or isinstance(error, RenderError):
            return ended(application, operation, End(OperationPhase.FAILED, error.message, now))
        return operation
    if request is None or not request.asks_to_sync or error.transient:
        return operation
    moment = now.isoformat()
    return Operation(
        id=new_id,
        trigger=MANUAL,
        phase=OperationPhase.FAILED,
        revisions=(request.revision or application.source.target_revision,),
        inputs="",
        cursor=Cursor(Phase.SYNC, 0),
        started_at=moment,
        finished_at=moment,
        message=error.message,
        initiated_by=request.initiated_by,
        request=request.digest,
        request_generation=application.generation,
        held=operation.held if operation is not None else None,
    )


def backoff(retry: Retry, attempts: int) -> float:
    """Seconds to wait after so many attempts: the first wait is `retry.duration`."""
    wait = retry.duration
    for _ in range(min(attempts - 1, 64)):  # step by step: the power alone may be larger than any float
        if wait >= retry.max_duration:
            break
        wait *= retry.factor
    return min(wait, retry.max_duration)


def retry_at(application: Application, operation: Operation, now: datetime, jitter: float) -> datetime | None:
    """When an operation that has just failed is tried again; None is never.

    With selfHeal an exhausted automated sync is tried again every five minutes: it is never given up silently.
    """
    policy = application.sync_policy
    if is_within_limit(application, operation):
        wait = backoff(policy.retry, operation.attempts)
    elif application.is_automated and policy.automated is not None and policy.automated.self_heal:
        wait = SELF_HEAL_EVERY
    else:
        return None
    return now + timedelta(seconds=wait * (1 + _JITTER * jitter))


def is_within_limit(application: Application, operation: Operation) -> bool:
    """Whether a failed operation has tries left."""
    own = operation.retry_limit
    limit = application.sync_policy.retry.limit if own is None else own
    return limit < 0 or operation.attempts <= limit


def is_asked_again(application: Application, operation: Operation | None) -> bool:
    """Whether the last operation was asked for by a user, failed, and is tried again as it was asked for."""
    return (
        operation is not None
        and operation.trigger in {MANUAL, ROLLBACK}
        and operation.phase is OperationPhase.FAILED
        and bool(operation.retry_at)
        and is_within_limit(application, operation)
    )


def revision_to_retry(application: Application) -> str:
    """The commit that a user named and whose sync is tried again; "" where the newest one counts.

    Where syncs are automated the newest one always wins, and an edit of the spec ends it, too: taking the request and
    removing it makes one generation more, anything else is news.
    """
    operation = application.operation
    if operation is None or not operation.pinned or application.is_automated:
        return ""
    is_as_asked = application.generation <= operation.request_generation + 1
    return operation.revisions[0] if is_as_asked and is_asked_again(application, operation) else ""
