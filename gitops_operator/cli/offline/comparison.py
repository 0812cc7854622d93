"""Desired objects beside live ones, compared by the operator's own stage.

The operator knows from its last apply whether a live object is as it left it. Here nobody has applied anything: the
fields say it, by ownership where the live object has an entry of ours, else by their values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_operator.cli.exits import CommandError
from gitops_operator.diff import Context, compare, ignored_in
from gitops_operator.diff.explain import explain
from gitops_operator.diff.ignore import compile_rules
from gitops_operator.model.application import Application
from gitops_operator.model.change import Change, Difference
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.live import LiveObject, Snapshot
from gitops_operator.model.resource import GroupKind, Resource, ResourceKey
from gitops_operator.plan.order import kind_defined

_UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Compared:
    """What should happen to each object, and the fields that say so."""

    changes: tuple[Change, ...]
    differences: Mapping[ResourceKey, tuple[Difference, ...]]
    kinds: Mapping[GroupKind, KindStatus]


def compared(desired: Sequence[Resource], live: Iterable[LiveObject], application: Application) -> Compared:
    """Compares all of them."""
    objects = {item.key: item for item in live}
    kinds = _kinds(desired, objects)
    rules, problems = compile_rules(application.ignore_differences)
    if problems:
        raise CommandError("\n".join(problem.message for problem in problems))
    context = Context(application.key, rules=rules, options=application.sync_policy.options)
    snapshot = Snapshot(1, objects, kinds)
    differences = {
        resource.key: _differences(resource, objects[resource.key], snapshot, context)
        for resource in desired
        if resource.key in objects
    }
    for resource in desired:
        if resource.key in objects and not differences[resource.key]:
            objects[resource.key] = _as_we_left_it(objects[resource.key], resource)
    return Compared(compare(desired, replace(snapshot, objects=objects), context), differences, kinds)


def _differences(resource: Resource, live: LiveObject, snapshot: Snapshot, context: Context) -> tuple[Difference, ...]:
    assert live.body is not None  # noqa: S101 - every live object of a file has one
    body = live.body.load()
    found = explain(resource, body, ignored_in(resource, body, snapshot, context))
    if found and resource.api_version != live.api_version:
        raise CommandError(
            f"{resource.key} is desired as {resource.api_version} and was read as {live.api_version}: read it in the "
            f"version that Git names (kubectl get {_versioned(resource)})"
        )
    return found


def _versioned(resource: Resource) -> str:
    """As kubectl names a kind of one version: `horizontalpodautoscaler.v1.autoscaling`."""
    version = resource.api_version.rpartition("/")[2]
    return ".".join(filter(None, (resource.key.kind.lower(), version, resource.key.group)))


def _as_we_left_it(live: LiveObject, resource: Resource) -> LiveObject:
    return replace(live, digest=resource.digest, ownership=_UNCHANGED, baseline=_UNCHANGED)


def _kinds(desired: Sequence[Resource], live: Mapping[ResourceKey, LiveObject]) -> dict[GroupKind, KindStatus]:
    """All kinds are there, but for those whose CustomResourceDefinition is yet to come."""
    ready = KindStatus(KindState.READY)
    kinds = {key.group_kind: ready for key in (*live, *(resource.key for resource in desired))}
    defined = {kind: resource.key for resource in desired if (kind := kind_defined(resource)) is not None}
    for kind, definition in defined.items():
        if definition not in live and not any(key.group_kind == kind for key in live):
            kinds[kind] = KindStatus(KindState.UNKNOWN)
    return kinds
