"""APPLY, and its two dry runs: VALIDATE and VERIFY."""

from __future__ import annotations

from gitops_operator.apply.custody import ATTEMPTS, body_of, decoded, patched, prepare, read
from gitops_operator.apply.errors import is_kind_going
from gitops_operator.apply.merging import merge
from gitops_operator.apply.siblings import stolen_fields
from gitops_operator.apply.unknown import UnknownFields
from gitops_operator.apply.writer import How, Writer, Written
from gitops_operator.errors import ApplyError, ClusterError
from gitops_operator.model.adoption import take_over_patch
from gitops_operator.model.digest import same_digest
from gitops_operator.model.managed_fields import Lens, ownership
from gitops_operator.model.resource import DESIRED_DIGEST, TRACKING_ID, Body, Resource
from gitops_operator.model.sending import body_to_send, body_with_live
from gitops_operator.model.step import Outcome, Result, Task

_UNAPPLIABLE = frozenset({405, 415})


async def apply(task: Task, writer: Writer) -> Outcome:
    """Make the object what Git says, by server-side apply."""
    body, version = await prepare(task, writer)
    written, warnings = await send(task, writer, body)
    answer = decoded(written.body)
    if written.created:
        return Outcome(task.key, task.kind, Result.CREATED, warnings=warnings)
    before = version if version and not task.migrates else task.resource_version
    is_unchanged = answer["metadata"].get("resourceVersion") == before
    return Outcome(
        task.key,
        task.kind,
        Result.UNCHANGED if is_unchanged else Result.CONFIGURED,
        warnings=warnings,
        unsettled=is_unchanged or not _keeps_stamps(answer, body),
    )


def _keeps_stamps(answer: Body, body: Body) -> bool:
    """Whether our annotations are on what the server stored: an admission policy may strip them."""
    sent, kept = (part["metadata"].get("annotations") or {} for part in (body, answer))
    return all(kept.get(name) == sent.get(name) for name in (TRACKING_ID, DESIRED_DIGEST))


async def send(task: Task, writer: Writer, body: Body) -> tuple[Written, tuple[str, ...]]:
    """Apply, and again after curing what can be cured: the answer and what there is to warn of."""
    if (task.api_version, task.key.kind) in writer.unappliable:
        return await merge(task, writer, body), ()
    unknown = UnknownFields()
    how = How(force=task.force_conflicts, strict=task.validate)
    for attempt in range(ATTEMPTS):
        try:
            written = await writer.apply(task, body, how)
        except ClusterError as error:
            if _is_unappliable(error):
                writer.unappliable.add((task.api_version, task.key.kind))
                return await merge(task, writer, body), ()
            cured = None if attempt == ATTEMPTS - 1 else await _cured(task, writer, body, error, unknown)
            if cured is None:
                raise
            body = cured
        else:
            return written, (*written.warnings, *unknown.warnings(task))
    raise AssertionError  # the last attempt returns or raises


def _is_unappliable(error: ClusterError) -> bool:
    """Whether the kind knows no server-side apply at all."""
    return error.status in _UNAPPLIABLE and not is_kind_going(error)


async def _cured(  # five things are at hand when an apply is refused
    task: Task, writer: Writer, body: Body, error: ClusterError, unknown: UnknownFields
) -> Body | None:
    """The body to try again with, None when nothing helps."""
    if not task.validate and (less := unknown.dropped(body, error)) is not None:
        return less
    if _is_stale(error, body) and task.desired is not None:
        live = await read(task, writer)
        return body if live is None else body_to_send(task.desired, live, task.care.ignored)
    if error.status != 422:
        return None
    taken = await _taken_over(task, writer, body, error) if task.force_conflicts else None
    return taken or _live_instead(task, await read(task, writer), body)


def _is_stale(error: ClusterError, body: Body) -> bool:
    return error.status == 409 and "resourceVersion" in body["metadata"] and not error.causes


def _live_instead(task: Task, live: Body | None, body: Body) -> Body | None:
    """The body with what is live where it leaves out what rules ignore: some of that may be required."""
    if live is None or task.desired is None or not task.care.ignored:
        return None
    instead = body_with_live(task.desired, live, task.care.ignored)
    return None if instead == body else instead


async def _taken_over(task: Task, writer: Writer, body: Body, error: ClusterError) -> Body | None:
    live = await read(task, writer)
    if live is None or not stolen_fields(error, body, live):
        return None
    after = await patched(task, writer, lambda now: take_over_patch(now, stolen_fields(error, body, now)))
    if after is None:
        return body
    if after["metadata"]["resourceVersion"] == live["metadata"]["resourceVersion"]:
        return None
    if task.desired is not None and task.care.ignored:
        return body_to_send(task.desired, after, task.care.ignored)
    return body


async def validate(task: Task, writer: Writer) -> Outcome:
    """Would the apply go through?"""
    body, unknown = body_of(task), UnknownFields()
    how = How(dry_run=True, force=task.force_conflicts, strict=task.validate)
    for attempt in range(ATTEMPTS):
        try:
            await writer.apply(task, body, how)
        except ClusterError as error:
            less = None if task.validate or attempt == ATTEMPTS - 1 else unknown.dropped(body, error)
            if less is not None:
                body = less
            elif await _is_curable(task, writer, body, error):
                break
            else:
                raise
        else:
            break
    return Outcome(task.key, task.kind, Result.VALID, warnings=unknown.warnings(task))


async def _is_curable(task: Task, writer: Writer, body: Body, error: ClusterError) -> bool:
    """Whether the real apply would take over what is in the way, or a fresh look, or another way to write."""
    if _is_unappliable(error) or _is_stale(error, body):
        return True
    if error.status != 422 or not task.uid:
        return False
    live = await read(task, writer)
    if live is not None and task.force_conflicts and stolen_fields(error, body, live):
        return True
    instead = _live_instead(task, live, body)
    return instead is not None and await _is_accepted(task, writer, instead)


async def _is_accepted(task: Task, writer: Writer, body: Body) -> bool:
    try:
        await writer.apply(task, body, How(dry_run=True, force=task.force_conflicts, strict=task.validate))
    except ClusterError as error:
        if error.status != 422:
            raise
        return False
    return True


async def verify(task: Task, writer: Writer) -> Outcome:
    """Would an apply change anything of ours? Only then is what lives not what our last apply left."""
    for _ in range(ATTEMPTS):
        live = await read(task, writer)
        if live is None:
            return Outcome(task.key, task.kind, Result.DIFFERS)
        body = body_of(task)
        if task.desired is not None:
            body = _with_digest_of(live, body_to_send(task.desired, live, task.care.ignored), task.desired)
        try:
            same = await _changes_nothing(task, writer, body, live)
        except ClusterError as error:
            if _is_stale(error, body):
                continue
            if not await _is_curable(task, writer, body, error):
                raise
            same = False
        return Outcome(task.key, task.kind, Result.VERIFIED if same else Result.DIFFERS)
    message = f"{task.desired or task.key} changes faster than it can be verified; it is tried again."
    raise ApplyError(message, reason="Conflict", transient=True)


async def _changes_nothing(task: Task, writer: Writer, body: Body, live: Body) -> bool:
    written = await writer.apply(task, body, How(dry_run=True, strict=task.validate))
    lens = Lens(ignored=task.care.ignored)
    return ownership(decoded(written.body), lens) == ownership(live, lens) != ""


def _with_digest_of(live: Body, body: Body, desired: Resource) -> Body:
    """The body with the digest that an older version of the operator wrote, when it says the same: it may stay."""
    stored = (live["metadata"].get("annotations") or {}).get(DESIRED_DIGEST, "")
    if not same_digest(stored, desired.body):
        return body
    annotations = {**body["metadata"]["annotations"], DESIRED_DIGEST: stored}
    return {**body, "metadata": {**body["metadata"], "annotations": annotations}}
