"""What one Application adds to a render: default namespace, tracking id, digest. Pure, so that it can be remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.digest import desired_digest
from gitops_operator.model.resource import (
    GroupKind,
    Resource,
    ResourceKey,
)
from gitops_operator.model.tracking import owner_of
from gitops_operator.render import Rendered

_DEFINITION = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_NO_NAMESPACE = "neither the file nor the Application's destination names one"

ScopeOf = Callable[[GroupKind], bool | None]
"""Whether a kind is namespaced; None where the cluster does not know it."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """The desired objects of one Application, and its hooks; `unknown_kinds` were taken for namespaced.

    Unknown is what neither the cluster nor a CustomResourceDefinition of the same render knows.
    """

    resources: tuple[Resource, ...]
    warnings: tuple[Problem, ...] = ()
    unknown_kinds: frozenset[GroupKind] = frozenset()
    hooks: tuple[Resource, ...] = ()


def stamp(  # noqa: PLR0913 - what an Application adds, and what it had before; a type for them would be used once
    rendered: Rendered,
    key_of_app: ApplicationKey,
    installation: str,
    default_namespace: str,
    scope_of: ScopeOf,
    *,
    before: Iterable[Resource] = (),
) -> Stamped:
    """Makes a render the Application's own.

    What was stamped `before` is taken over where it has the same body: to compute a digest, that must be read.

    Raises:
        RenderError: objects without the namespace that they need, and objects that stand twice.
    """
    kinds = {resource.key.group_kind for resource in rendered.resources}
    defined = dict(filter(None, map(_defined, rendered.resources)))
    known = {kind: scope_of(kind) for kind in kinds}
    scopes = {kind: defined.get(kind) if scope is None else scope for kind, scope in known.items()}
    warnings = list(rendered.warnings)
    problems: list[Problem] = []
    placed = []
    for resource in rendered.resources:
        scope = scopes[resource.key.group_kind]
        if scope is False and resource.key.namespace:
            warnings.append(
                _problem(resource, "a cluster-scoped object has no namespace; the one in the file is left out")
            )
        namespace = "" if scope is False else resource.key.namespace or default_namespace
        if scope and not namespace:
            problems.append(_problem(resource, f"{resource.key} needs a namespace; {_NO_NAMESPACE}"))
        placed.append(_placed(resource, namespace))
    problems += _duplicates(placed)
    if problems:
        raise RenderError(tuple(problems))
    owner = owner_of(installation, key_of_app)
    former = {id(one.content): one for one in before}
    stamped = [_stamped(one, owner, former.get(id(one.content))) for one in placed]
    kept = tuple(one for one in stamped if not one.is_hook)
    hooks = tuple(one for one in stamped if one.is_hook)
    return Stamped(kept, tuple(warnings), frozenset(kind for kind in kinds if scopes[kind] is None), hooks)


def _stamped(resource: Resource, owner: str, before: Resource | None) -> Resource:
    if before is None or before.content is not resource.content or before.key != resource.key:
        return replace(resource, owner=owner, digest=desired_digest(resource.body))
    return replace(resource, owner=owner, digest=before.digest)


def _defined(resource: Resource) -> tuple[GroupKind, bool] | None:
    """The kind that a CustomResourceDefinition defines, and whether it is namespaced: the cluster learns it later."""
    if resource.key.group_kind != _DEFINITION:
        return None
    spec = resource.body.get("spec")
    names = spec.get("names") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(names, Mapping):
        return None
    return GroupKind(str(spec.get("group")), str(names.get("kind"))), spec.get("scope") != "Cluster"


def _placed(resource: Resource, namespace: str) -> Resource:
    """The object in its namespace; "" takes it out of any."""
    if namespace == resource.key.namespace:
        return resource
    return replace(resource, key=resource.key._replace(namespace=namespace))


def _duplicates(resources: list[Resource]) -> list[Problem]:
    first: dict[ResourceKey, Resource] = {}
    problems = []
    for resource in resources:
        other = first.setdefault(resource.key, resource)
        if other is not resource:
            problems.append(_problem(resource, f"{resource.key} stands twice; first in {other.origin}"))
    return problems


def _problem(resource: Resource, message: str) -> Problem:
    return Problem(resource.origin.file, resource.origin.line, 0, message)
