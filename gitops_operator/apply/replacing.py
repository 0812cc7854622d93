"""REPLACE and RECREATE: what an apply cannot do, after a dry run proved that the new object is valid."""

from __future__ import annotations

from dataclasses import replace as with_values

from gitops_operator.apply.applying import apply, send, validate
from gitops_operator.apply.custody import ATTEMPTS, body_of, decoded, patched, read
from gitops_operator.apply.errors import classify
from gitops_operator.apply.pruning import validate_prune
from gitops_operator.apply.writer import How, Writer, Written
from gitops_operator.errors import ApplyError, ClusterError
from gitops_operator.model.adoption import adoption_patch
from gitops_operator.model.resource import Body
from gitops_operator.model.step import Outcome, Result, Task

_KEPT = ("finalizers", "ownerReferences")
_UNTYPED = "DuplicateItems"


async def replace(task: Task, writer: Writer) -> Outcome:
    """PUT the object, then apply it so that an Apply entry says what we own."""
    result, written = await _replaced(task, writer)
    return await _applied_after(task, writer, result, written)


async def _replaced(task: Task, writer: Writer) -> tuple[Result, Written]:
    """The object as it is after a PUT or POST; one that moved meanwhile is read again."""
    body = body_of(task)
    for attempt in range(ATTEMPTS):
        live = await read(task, writer)
        try:
            written = await _put(task, writer, body, live)
        except ClusterError as error:
            if error.status != 409 or attempt == ATTEMPTS - 1:
                raise
        else:
            return Result.CREATED if live is None else Result.REPLACED, written
    raise AssertionError  # the last attempt returns or raises


async def _put(task: Task, writer: Writer, body: Body, live: Body | None) -> Written:
    if live is None:
        await writer.create(task, body, dry_run=True)
        return await writer.create(task, body)
    whole = replacement(body, live)
    await writer.replace(task, whole, dry_run=True)
    return await writer.replace(task, whole)


async def validate_replacement(task: Task, writer: Writer) -> Outcome:
    """Would the PUT go through? One that only came too late is tried again when its turn comes."""
    body, live = body_of(task), await read(task, writer)
    try:
        if live is None:
            await writer.create(task, body, dry_run=True)
        else:
            await writer.replace(task, replacement(body, live), dry_run=True)
    except ClusterError as error:
        if error.status != 409:
            raise
    return Outcome(task.key, task.kind, Result.VALID)


def replacement(body: Body, live: Body) -> Body:
    """The body of a PUT: exactly that object in exactly that version, its finalizers and owners kept."""
    kept = {name: live["metadata"][name] for name in _KEPT if name in live["metadata"]}
    exact = {name: live["metadata"][name] for name in ("uid", "resourceVersion")}
    return {**body, "metadata": {**kept, **body["metadata"], **exact}}


async def _applied_after(task: Task, writer: Writer, result: Result, written: Written) -> Outcome:
    """A PUT leaves an Update entry: make it ours as an Apply entry, and let an apply settle the rest.

    A list with two items of one key cannot be applied; then the entry that the PUT left is all there is.
    """
    task = with_values(task, uid=decoded(written.body)["metadata"]["uid"])
    await patched(task, writer, adoption_patch)
    try:
        _, warnings = await send(task, writer, _fresh(body_of(task)))
    except ClusterError as error:
        if classify(error, task).reason != _UNTYPED:
            raise
        warnings = ()
    return Outcome(task.key, task.kind, result, warnings=(*written.warnings, *warnings))


async def recreate(task: Task, writer: Writer) -> Outcome:
    """Delete the object and create it, when it cannot be changed in place, or always with Replace=true besides."""
    body = _fresh(body_of(task))
    options = task.desired.options if task.desired else frozenset()
    if "Replace=true" not in options and not await _is_refused_in_place(task, writer, body):
        return await apply(task, writer)
    await _prove(task, writer, body)
    try:
        await writer.delete(task, uid=task.uid)
    except ClusterError as error:
        if error.status != 404:
            raise
    if not await writer.gone(task):
        message = f"{task.desired or task.key} is deleted to be created anew, and does not go: see its finalizers."
        raise ApplyError(message, reason="Terminating", transient=True)
    _, warnings = await send(with_values(task, uid=""), writer, body)
    return Outcome(task.key, task.kind, Result.REPLACED, warnings=warnings)


async def validate_recreation(task: Task, writer: Writer) -> Outcome:
    """Would the object be changed in place, or else be deleted and the new one accepted?"""
    options = task.desired.options if task.desired else frozenset()
    if "Replace=true" not in options:
        try:
            return await validate(task, writer)
        except ClusterError as error:
            if classify(error, task).reason != "Immutable":
                raise
    await _prove(task, writer, _fresh(body_of(task)))
    return await validate_prune(task, writer)


def _fresh(body: Body) -> Body:
    metadata = {name: value for name, value in body["metadata"].items() if name != "resourceVersion"}
    return {**body, "metadata": metadata}


async def _is_refused_in_place(task: Task, writer: Writer, body: Body) -> bool:
    try:
        await writer.apply(task, body, How(dry_run=True, force=task.force_conflicts, strict=task.validate))
    except ClusterError as error:
        return classify(error, task).reason == "Immutable"
    return False


async def _prove(task: Task, writer: Writer, body: Body) -> None:
    """Would the new object be accepted? Under another name, for its own is still taken.

    Raises:
        ClusterError: no, and not only because of a name, an address or a port that its predecessor still holds.
    """
    name = body["metadata"]["name"]
    metadata = {key: value for key, value in body["metadata"].items() if key != "name"}
    try:
        await writer.create(task, {**body, "metadata": {**metadata, "generateName": f"{name[:50]}-"}}, dry_run=True)
    except ClusterError as error:
        held = [cause for cause in error.causes if _is_held_by_predecessor(cause.field, cause.message)]
        if error.status != 422 or not error.causes or len(held) < len(error.causes):
            raise


def _is_held_by_predecessor(field: str, message: str) -> bool:
    return field.startswith("metadata.") or "already allocated" in message
