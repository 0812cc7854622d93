"""The verdict on one live object: is it ours, and is it as Git wants it?"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from typing import NamedTuple

from gitops_operator.diff.context import Context
from gitops_operator.model.change import Why
from gitops_operator.model.coverage import uncovered
from gitops_operator.model.digest import same_digest
from gitops_operator.model.fields_v1 import Fields, Path, is_key, left_out, resolve, text_of, unite
from gitops_operator.model.hooks import HOOK_ANNOTATIONS
from gitops_operator.model.live import LiveObject
from gitops_operator.model.managed_fields import entries_of, fields_of
from gitops_operator.model.merging import LAST_APPLIED, difference, with_last_applied
from gitops_operator.model.resource import HANDOVER, HOOK_RUN, Body, Resource
from gitops_operator.model.sending import stamped

_SHOWN = 3


class Verdict(NamedTuple):
    """Why an object needs a change or does not; `unverified` where only a dry run can be sure."""

    why: Why
    message: str = ""
    unverified: bool = False


def is_tracked_by(live: LiveObject, context: Context) -> bool:
    """Whether the Application tracks the object."""
    return live.tracking == context.tracker


def is_kept_by(live: LiveObject, context: Context) -> bool:
    """Whether the Application tracks the object for good: a hook's only passes through."""
    return is_tracked_by(live, context) and not any(
        live.annotations.get(name) for name in (HOOK_RUN, *HOOK_ANNOTATIONS)
    )


def judge(resource: Resource, live: LiveObject, ignored: Collection[Path], context: Context) -> Verdict:
    """What to think of a live object of a desired key."""
    verdict = _ownership(resource, live, context) or _content(resource, live, ignored, context)
    is_write = verdict.why in {Why.ADOPTED, Why.HANDED_OVER, Why.DESIRED_CHANGED, Why.DRIFTED}
    if is_write and (live.key, resource.digest, live.ownership) in context.at_admission:
        message = f"An apply of {resource} changes nothing: an admission policy or webhook changes it back."
        return Verdict(Why.AT_ADMISSION, message)
    return verdict


def _ownership(resource: Resource, live: LiveObject, context: Context) -> Verdict | None:
    """The verdict on an object that is going, another's, or not ours yet; None for one of ours."""
    if live.is_going:
        waits = f"; it waits for its finalizers {', '.join(live.finalizers)}" if live.finalizers else ""
        return Verdict(Why.GOING, f"{live.key} is being deleted{waits}.")
    owner = owner_of(live, context)
    if owner and live.annotations.get(HANDOVER) != str(context.application):
        return Verdict(Why.CONFLICT, _conflict(resource, owner, context))
    if is_tracked_by(live, context):
        return None
    if owner:
        return Verdict(Why.HANDED_OVER, f"{live.key} is handed over by {owner}.")
    return Verdict(Why.ADOPTED, f"{live.key} exists already and is tracked by nobody.")


def owner_of(live: LiveObject, context: Context) -> str:
    """Who else claims an object, in words; "" for nobody."""
    if live.tracking is not None and not is_tracked_by(live, context) and not _is_left_behind(live, context):
        return f"Application {live.tracking.application}"
    return f"{live.foreign_owner.tool} ({live.foreign_owner.name})" if live.foreign_owner else ""


def _is_left_behind(live: LiveObject, context: Context) -> bool:
    """Whether the Application that tracks the object is gone. Of another installation's we cannot know."""
    tracking = live.tracking
    return (
        tracking is not None and tracking.installation == context.installation and context.is_gone(tracking.application)
    )


def _conflict(resource: Resource, owner: str, context: Context) -> str:
    return (
        f"{resource} belongs to {owner}, and Application {context.application} wants it too: remove it from one of the "
        f"two, or hand it over with the annotation {HANDOVER}: {context.application} on the live object."
    )


def _content(resource: Resource, live: LiveObject, ignored: Collection[Path], context: Context) -> Verdict:
    if not _is_digest_of(live.digest, resource):
        return Verdict(Why.DESIRED_CHANGED)
    if not live.ownership and LAST_APPLIED in live.annotations and live.body is not None:
        return _merged(resource, live.body.load(), ignored)
    if not live.ownership:
        return Verdict(Why.DRIFTED, f"Nothing of {live.key} is ours any more: somebody replaced it.")
    if live.managers and context.migrates:
        return Verdict(Why.DRIFTED, f"{', '.join(live.managers)} writes {live.key} as well.")
    if live.baseline:
        return Verdict(Why.IN_SYNC if live.ownership == live.baseline else Why.DRIFTED)
    return _walked(resource, live, ignored)


def _merged(resource: Resource, live: Body, ignored: Collection[Path]) -> Verdict:
    """Of a kind without server-side apply: would our merge patch change anything?"""
    differs = difference(with_last_applied(less(stamped(resource), ignored)), live, ignored)
    return Verdict(Why.DRIFTED if differs else Why.IN_SYNC)


def _is_digest_of(stored: str, resource: Resource) -> bool:
    """Whether our last apply sent what Git wants today, by the algorithm that was in use then."""
    if stored == resource.digest:
        return True
    version = resource.digest.partition(":")[0]
    return not stored.startswith(f"{version}:") and same_digest(stored, resource.body)


def _walked(resource: Resource, live: LiveObject, ignored: Collection[Path]) -> Verdict:
    """After a restart: does our entry name every field that Git wants? A dry run makes sure later."""
    if live.body is None:
        return Verdict(Why.IN_SYNC, unverified=True)
    body = live.body.load()
    known: Fields = reduce(unite, map(fields_of, entries_of(body)), {})
    counted = [path for path in ignored if not is_key(resolve(path, known))]
    missing = uncovered(body, less(resource.body, counted))
    if not missing:
        return Verdict(Why.IN_SYNC, unverified=True)
    fields = ", ".join(text_of(path) or "the whole object" for path in missing[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return Verdict(Why.DRIFTED, f"Somebody else took {fields}{more} of {live.key}.")


def less(body: Body, ignored: Collection[Path]) -> Body:
    """The desired object without the fields that do not count."""
    return reduce(left_out, ignored, body)
