"""Compares what Git wants with what lives: for each object what should happen to it, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from gitops_operator.diff.context import Context
from gitops_operator.diff.ignore import REPLICAS, ignored_paths
from gitops_operator.diff.kinds import Kinds
from gitops_operator.diff.verdict import Verdict, is_kept_by, judge
from gitops_operator.model.application import APPLICATION
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.fields_v1 import Fields, Path, resolve, without
from gitops_operator.model.live import LiveObject, Snapshot
from gitops_operator.model.managed_fields import entries_of, fields_of, our_entry
from gitops_operator.model.resource import COMPARE_OPTIONS, Body, Resource, ResourceKey, options_of
from gitops_operator.model.sending import Care, Unsent

__all__ = ["Context", "compare", "ignored_in", "walked"]

Known = Mapping[ResourceKey, Change]
_NOTHING_KNOWN: Known = MappingProxyType({})

_EXTRANEOUS = "IgnoreExtraneous"


def compare(
    desired: Sequence[Resource], snapshot: Snapshot, context: Context, known: Known = _NOTHING_KNOWN
) -> tuple[Change, ...]:
    """One Change for every desired object, in their order, then one for every tracked object that is not desired.

    The rule of drift.md: ours, not going, Git says the same, and what we own is as our last apply left it. An object
    for which that holds costs two comparisons of short strings. `known` are changes of `walked`, in the same context:
    they hold while the desired and the live object are the same ones.
    """
    kinds = Kinds(snapshot, context.catalogue, desired)
    told: dict[tuple[str, str], bool] = {}
    objects, we, none, in_sync = snapshot.objects, context.tracker, Action.NONE, Why.IN_SYNC
    changes: list[Change] = []
    for resource in desired:
        key = resource.key
        live = objects.get(key)
        is_told = told.get((resource.api_version, key[1]))
        if is_told is None:
            is_told = told[resource.api_version, key[1]] = kinds.are_told(resource.api_version, key.group_kind)
        if live is not None and is_told and live.as_applied == resource.digest and live.tracking == we:
            changes.append(Change(key, none, in_sync, "", resource, live))
        elif is_told and _still_holds(known.get(key), resource, live):
            changes.append(known[key])
        else:
            changes.append(_compared(resource, live, snapshot, context, kinds))
    changes.extend(_undesired({resource.key for resource in desired}, snapshot, context, kinds))
    return tuple(changes)


def walked(
    desired: Sequence[Resource], snapshot: Snapshot, context: Context, known: Known = _NOTHING_KNOWN
) -> Iterator[Change]:
    """The changes of objects whose baseline is not known, less those that are known: as many as rest on the coverage
    walk take a millisecond each when they are asked for, and after a restart that is every object.
    """
    kinds = Kinds(snapshot, context.catalogue, desired)
    for resource in desired:
        live = snapshot.objects.get(resource.key)
        if live is None or live.baseline or _still_holds(known.get(resource.key), resource, live):
            continue
        yield _compared(resource, live, snapshot, context, kinds)


def _still_holds(change: Change | None, resource: Resource, live: LiveObject | None) -> bool:
    return change is not None and change.desired is resource and change.live is live


def ignored_in(resource: Resource, live: Body | None, snapshot: Snapshot, context: Context) -> frozenset[Path]:
    """The fields of an object that do not count: what rules select, and the replicas of an autoscaled workload."""
    about = context.rules.about(resource.key) if context.rules.rules else ()
    ignored = ignored_paths(about, resource.body, live) if about else frozenset()
    return ignored | {REPLICAS} if resource.key in snapshot.autoscaled else ignored


def _compared(
    resource: Resource, live: LiveObject | None, snapshot: Snapshot, context: Context, kinds: Kinds
) -> Change:
    key = resource.key
    obstacle = kinds.obstacle_for(resource)
    if obstacle is not None:
        return Change(key, Action.NONE, obstacle.why, obstacle.message, resource, live)
    body = live.body.load() if live is not None and live.body is not None else None
    ignored = ignored_in(resource, body, snapshot, context)
    if live is None:
        return Change(
            key, Action.CREATE, Why.MISSING, "", resource, None, Unsent(resource, None, ignored), care=Care(ignored)
        )
    verdict = judge(resource, live, ignored, context)
    action = _action(verdict, resource, context)
    if action is Action.NONE and not verdict.unverified:
        return Change(key, action, verdict.why, verdict.message, resource, live)
    migrates = context.migrates and (bool(live.managers) or verdict.why in {Why.ADOPTED, Why.HANDED_OVER})
    return Change(
        key,
        action,
        verdict.why,
        verdict.message,
        resource,
        live,
        Unsent(resource, live.body, ignored, migrates),
        unverified=verdict.unverified,
        migrates=migrates,
        care=Care(ignored, _previous_fields(live, ignored)),
    )


def _action(verdict: Verdict, resource: Resource, context: Context) -> Action:
    if verdict.why in {Why.IN_SYNC, Why.AT_ADMISSION, Why.GOING, Why.CONFLICT}:
        return Action.NONE
    return Action.REPLACE if "Replace=true" in resource.options | context.options else Action.UPDATE


def _previous_fields(live: LiveObject, ignored: Collection[Path]) -> Fields | None:
    """What we owned before others took some of it; what does not count is not taken back."""
    entry = our_entry(entries_of(live.settled.load())) if live.settled is not None else None
    if entry is None:
        return None
    fields = fields_of(entry)
    for path in ignored:
        fields = without(fields, resolve(path, fields))
    return fields


def _undesired(
    desired: AbstractSet[ResourceKey], snapshot: Snapshot, context: Context, kinds: Kinds
) -> Iterator[Change]:
    """The tracked objects that Git does not want any more."""
    itself = ResourceKey(*APPLICATION, *context.application)
    if snapshot.objects.keys() <= desired:  # as it nearly always is
        return
    for key, live in snapshot.objects.items():
        if key not in desired and is_kept_by(live, context) and not live.is_controlled and key != itself:
            yield _to_prune(live, context, kinds)


def _to_prune(live: LiveObject, context: Context, kinds: Kinds) -> Change:
    obstacle = kinds.obstacle_of(live.key.group_kind)
    if obstacle is not None:
        return Change(live.key, Action.NONE, obstacle.why, obstacle.message, live=live)
    if live.is_going:
        return Change(live.key, Action.NONE, Why.GOING, f"{live.key} is being deleted.", live=live)
    options = options_of(live.annotations) | context.options
    keeping = "Prune=false" in options
    if keeping or live.annotations.get("helm.sh/resource-policy") == "keep":
        reason = "Prune=false" if keeping else "helm.sh/resource-policy: keep"
        message = f"{live.key} is not in Git any more and stays: {reason}."
        return Change(live.key, Action.NONE, Why.KEPT, message, live=live)
    if "Prune=confirm" in options:
        message = f"{live.key} is not in Git any more, and goes once that is confirmed: Prune=confirm."
        return Change(live.key, Action.NONE, Why.UNCONFIRMED, message, live=live)
    is_extraneous = _EXTRANEOUS in options_of(live.annotations, COMPARE_OPTIONS)
    return Change(live.key, Action.PRUNE, Why.EXTRANEOUS if is_extraneous else Why.NOT_DESIRED, live=live)
