"""Desired objects from files and from JSON, by the render stage; live ones as the cache would hold them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.inputs import Input, documents_of
from gitops_operator.cli.offline.scopes import is_namespaced_at_most
from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.application import Application
from gitops_operator.model.hierarchy import owners_of
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import Body, Resource, ResourceKey, key_of
from gitops_operator.model.tracking import Tracker
from gitops_operator.plan.order import kind_defined
from gitops_operator.render import Rendered
from gitops_operator.render.directory import SourceFile
from gitops_operator.render.manifests import Manifests, manifests_of, objects_in
from gitops_operator.render.stamp import Stamped, stamp


@dataclass(frozen=True, slots=True)
class _Held:
    """A body that is held as it is."""

    body: Body

    def load(self) -> Body:
        return self.body


def desired_in(inputs: Iterable[Input]) -> list[Manifests]:
    """The desired objects of files."""
    return [manifests_of(SourceFile(one.name, one.data)) for one in inputs]


def desired_from(values: Sequence[Any], name: str) -> list[Manifests]:
    """Desired objects that come as JSON; their places in it say nothing."""
    found = []
    for index, value in enumerate(values):
        where = f"{name}[{index}]" if len(values) > 1 else name
        read = manifests_of(SourceFile(where, json.dumps(value).encode()))
        problems = tuple(Problem(where, 0, 0, problem.message) for problem in read.problems)
        resources = tuple(replace(resource, origin=resource.origin._replace(line=0)) for resource in read.resources)
        found.append(read._replace(problems=problems, resources=resources))
    return found


def stamped(parts: Iterable[Manifests], live: Iterable[ResourceKey], application: Application) -> Stamped:
    """The objects of an Application, each in the namespace of its live counterpart where it names none.

    Raises:
        RenderError: everything that is wrong with them.
    """
    parts = list(parts)
    problems = tuple(problem for part in parts for problem in part.problems)
    if problems:
        raise RenderError(problems)
    places = _namespaces(live)
    resources = [_placed(resource, places) for part in parts for resource in part.resources]
    # Apart from each other, so that a definition asks no namespace of objects for which nobody has named one.
    definitions = [resource for resource in resources if kind_defined(resource) is not None]
    others = [resource for resource in resources if kind_defined(resource) is None]
    found = [
        stamp(Rendered(tuple(some), (), ""), application.key, "", application.namespace, is_namespaced_at_most)
        for some in (definitions, others)
    ]
    warnings = [warning for part in parts for warning in part.warnings]
    warnings += [warning for part in found for warning in part.warnings]
    return Stamped(
        tuple(resource for part in found for resource in part.resources),
        tuple(warnings),
        hooks=tuple(hook for part in found for hook in part.hooks),
    )


def _namespaces(live: Iterable[ResourceKey]) -> dict[tuple[str, str, str], list[str]]:
    places: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for group, kind, namespace, name in live:
        places[group, kind, name].append(namespace)
    return places


def _placed(resource: Resource, places: dict[tuple[str, str, str], list[str]]) -> Resource:
    group, kind, namespace, name = resource.key
    found = places.get((group, kind, name), ())
    if namespace or len(found) != 1 or not found[0]:
        return resource
    return replace(resource, key=resource.key._replace(namespace=found[0]))


def live_in(inputs: Iterable[Input]) -> list[Any]:
    """The objects of files that hold live ones: what `kubectl get -o yaml` or `-o json` prints."""
    documents = [document for one in inputs for document in documents_of(*one)]
    return [value for document in documents for value, _ in objects_in(document.value)]


def live_of(values: Iterable[Any], application: Application) -> list[LiveObject]:
    """Live objects as the cache would hold them; the Application tracks them all."""
    tracker = Tracker("", *application.key)
    return [_live(value, f"live[{index}]", tracker) for index, value in enumerate(values)]


def _live(body: Any, where: str, tracker: Tracker) -> LiveObject:
    metadata = body.get("metadata") if isinstance(body, dict) else None
    words = [metadata.get("name") if isinstance(metadata, dict) else None]
    words += [body.get(field) for field in ("apiVersion", "kind")] if isinstance(body, dict) else []
    if not isinstance(metadata, dict) or not all(isinstance(word, str) and word for word in words):
        raise CommandError(f"{where} is no Kubernetes object: it needs apiVersion, kind and metadata.name")
    return LiveObject(
        key=key_of(body),
        api_version=body["apiVersion"],
        uid=str(metadata.get("uid") or ""),
        resource_version=str(metadata.get("resourceVersion") or ""),
        deletion_timestamp=metadata.get("deletionTimestamp") or "",
        finalizers=tuple(metadata.get("finalizers") or ()),
        annotations=metadata.get("annotations") or {},
        owners=owners_of(body),
        tracking=tracker,
        body=_Held(body),
    )
