"""Partial syncs: only the objects that a user named; no hooks, no other prunes, no entry in the history."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace

from gitops_operator.model.change import Change
from gitops_operator.model.operation import Operation
from gitops_operator.model.resource import ResourceKey
from gitops_operator.plan.ending import is_asked_again
from gitops_operator.plan.requests import wants_sync
from gitops_operator.plan.situation import Situation


def resources_asked(situation: Situation) -> tuple[ResourceKey, ...]:
    """What the sync that runs, or is to start, is confined to; nothing where it is about everything.

    Where syncs are automated a partial one that failed is not tried again: what it left undone is due anyway.
    """
    application = situation.application
    request, operation = application.request, application.operation
    if operation is not None and operation.is_running:
        return operation.resources
    if request is not None and wants_sync(situation):
        return request.resources
    if operation is not None and not application.is_automated and is_asked_again(application, operation):
        return operation.resources
    return ()


def narrowed(situation: Situation) -> Situation:
    """The situation as a partial sync sees it; its inputs differ from those of a whole one."""
    wanted = resources_asked(situation)
    if not wanted:
        return situation
    named = {change.key for change in situation.changes if any(_names(one, change.key) for one in wanted)}
    spaces = {key.namespace for key in named}
    return replace(
        situation,
        changes=tuple(one for one in situation.changes if one.key in named or _is_made_for(one, spaces)),
        hooks=(),
        inputs=_inputs(situation.inputs, wanted),
        newest_inputs=_inputs(situation.newest_inputs, wanted),
    )


def _names(wanted: ResourceKey, key: ResourceKey) -> bool:
    """Without a namespace it names the object in any, as for Argo CD."""
    return wanted in {key, key._replace(namespace="")}


def _is_made_for(change: Change, namespaces: Collection[str]) -> bool:
    """Whether it is the namespace that CreateNamespace makes, and something named is to live in it."""
    is_made = change.desired is not None and not change.desired.tracking_id
    return is_made and change.key.name in namespaces


def _inputs(whole: str, wanted: Iterable[ResourceKey]) -> str:
    parts = "\n".join([whole, *("/".join(key) for key in sorted(wanted))])
    return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()


def not_found(situation: Situation) -> str:
    """What was asked for and cannot be synced, in words; "" where all of it can."""
    request = situation.application.request
    if request is None or not wants_sync(situation):
        return ""
    keys, hooks = [change.key for change in situation.changes], [hook.key for hook in situation.hooks]
    lost = [one for one in request.resources if not any(_names(one, key) for key in keys)]
    return "\n".join(_why_not(one, hooks) for one in sorted(lost))


def _why_not(wanted: ResourceKey, hooks: Iterable[ResourceKey]) -> str:
    if any(_names(wanted, hook) for hook in hooks):
        return f"{wanted} is a hook, and a partial sync runs none: sync the whole Application."
    return f"{wanted} is not part of the Application: neither does Git want it, nor does it track such an object."


def synced_before(operation: Operation | None, wanted: tuple[ResourceKey, ...]) -> str:
    """What a partial sync keeps of the last whole one: the inputs that live was brought to."""
    return operation.synced_inputs if operation is not None and wanted else ""
