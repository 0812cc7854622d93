"""Deleting an Application is a sync to nothing with a gate of its own: it needs neither Git nor a render."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.live import LiveObject
from gitops_operator.model.parsing import parse_time
from gitops_operator.model.resource import GroupKind, ResourceKey, options_of
from gitops_operator.model.step import Step
from gitops_operator.plan.confirmation import how_to_confirm, is_approved
from gitops_operator.plan.delete_hooks import hooks_step, objects_are_gone, spared
from gitops_operator.plan.namespace import OPTION as CREATE_NAMESPACE
from gitops_operator.plan.nobody import left_to_others
from gitops_operator.plan.order import in_reverse_order
from gitops_operator.plan.remains import DeletionPlan, Remains
from gitops_operator.plan.tasks import prune_task
from gitops_operator.plan.waves import first_of, prune_stop

_CRD = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_NAMESPACE = GroupKind("", "Namespace")
_KEEP, _CONFIRM = "Delete=false", "Delete=confirm"


def next_deletion(application: Application, remains: Remains) -> DeletionPlan:
    """The hooks before, the next deletes, in reverse waves, each gone before the next, and the hooks after."""
    if remains.uninstalling or not application.cascades:
        return DeletionPlan(finished=True)
    if remains.dependents:
        return DeletionPlan(message=_dependents_in_words(remains.dependents))
    unready = [(kind, status) for kind, status in remains.kinds.items() if status.state in _UNREADY]
    if unready:
        return DeletionPlan(message=_unready_in_words(unready))
    if remains.nobody:
        return left_to_others(application, remains)
    unconfirmed = _unconfirmed(application, remains)
    if unconfirmed:
        return DeletionPlan(message=unconfirmed)
    plan = hooks_step(application, remains, remains.hooks) if remains.hooks is not None else None
    return plan if plan is not None else _pruned(application, remains)


def _pruned(application: Application, remains: Remains) -> DeletionPlan:
    stay = spared(application, remains)
    left = [item for item in remains.objects if item.key not in stay]
    doomed = [_doomed(item) for item in left if not _is_kept(item, application, remains)]
    if not doomed and remains.hooks is not None:
        return objects_are_gone(application, remains, remains.hooks)
    if not doomed:
        return DeletionPlan(finished=True)
    wave = prune_stop(doomed)
    tasks = in_reverse_order(prune_task(change, application.sync_policy) for change in wave.to_write)
    failed = sorted({outcome.error.message for outcome in remains.outcomes if outcome.error is not None})
    words = "\n".join(failed) or f"{first_of([item.words for item in wave.pending])}."
    later = len(doomed) - len(wave.pending)
    more = f" Then go {later} more." if later else ""
    return DeletionPlan(Step(tasks), message=f"{words}{more}")


def _unconfirmed(application: Application, remains: Remains) -> str:
    """Nothing goes before a user has confirmed what asks for it, once the Application was deleted."""
    waiting = [
        str(item.key)
        for item in remains.objects
        if _CONFIRM in options_of(item.annotations) | application.sync_policy.options
        and not item.is_going
        and not _is_kept(item, application, remains)
    ]
    if not waiting or is_approved(application, parse_time(application.deletion_timestamp)):
        return ""
    return f"Nothing goes before that is confirmed (Delete=confirm): {first_of(sorted(waiting))}.\n" + how_to_confirm(
        application
    )


_UNREADY = frozenset({KindState.CATCHING_UP, KindState.BROKEN})


def _dependents_in_words(dependents: Iterable[ApplicationKey]) -> str:
    names = first_of([str(key) for key in sorted(dependents)])
    return (
        f"Applications that depend on this one go first: {names}. Delete them, or take this one out of their dependsOn."
    )


def _unready_in_words(kinds: Iterable[tuple[GroupKind, KindStatus]]) -> str:
    words = "; ".join(f"{kind} ({status.message or status.state})" for kind, status in kinds)
    return f"The cluster cannot say which objects of these kinds are left: {words}."


def _doomed(item: LiveObject) -> Change:
    why, action = (Why.GOING, Action.NONE) if item.is_going else (Why.NOT_DESIRED, Action.PRUNE)
    return Change(item.key, action, why, live=item)


def _is_kept(item: LiveObject, application: Application, remains: Remains) -> bool:
    key, options = item.key, options_of(item.annotations) | application.sync_policy.options
    return (
        key in remains.protected
        or key.group_kind == _CRD
        or (key.group_kind == _NAMESPACE and _is_for_all(key.name, application))
        or item.is_controlled
        or _KEEP in options
        or item.annotations.get("helm.sh/resource-policy") == "keep"
    )


def _is_for_all(namespace: str, application: Application) -> bool:
    """Whether a namespace is not only for the Application's own objects, though it may once have come from Git."""
    is_made = namespace == application.namespace and application.sync_policy.has(CREATE_NAMESPACE)
    return is_made or namespace == "default" or namespace.startswith("kube-")


def left_behind(application: Application, remains: Remains) -> tuple[ResourceKey, ...]:
    """What stays in the cluster when the Application has gone, for its last event."""
    if remains.uninstalling or remains.nobody or not application.cascades:
        return tuple(item.key for item in remains.objects)
    stay = spared(application, remains)
    return tuple(item.key for item in remains.objects if item.key in stay or _is_kept(item, application, remains))
