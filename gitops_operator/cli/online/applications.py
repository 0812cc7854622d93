"""Applications of a cluster as their users see them: found by name, listed, followed, edited."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple

from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.online.reach import Reach
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.objects import event_of, list_all
from gitops_operator.errors import ClusterError
from gitops_operator.model.application import GROUP, PLURAL, VERSION, ApplicationKey
from gitops_operator.model.application import KIND as NAME_OF_KIND
from gitops_operator.model.kind import Kind
from gitops_operator.model.resource import Body

KIND = Kind(GROUP, VERSION, NAME_OF_KIND, PLURAL, namespaced=True)
MANAGER = "kubectl-gitops"
_TYPES = frozenset({"application", "applications", "gapp", f"application.{GROUP}", f"applications.{GROUP}"})
_PAGE = 500
_STALL = 90.0  # a watch says something at least once a minute
_PAUSE = 1.0
_ATTEMPTS = 5


class Scope(NamedTuple):
    """Which Applications: of one namespace ("" is all of them), with labels, and of certain names if there are any."""

    namespace: str
    labels: str = ""
    keys: tuple[ApplicationKey, ...] = ()


class Seen(NamedTuple):
    """One Application as it is now; no body: it is gone."""

    key: ApplicationKey
    body: Body | None


async def scope_of(arguments: argparse.Namespace, reach: Reach) -> Scope:
    """What the names, -n, -A and -l of a command line mean."""
    namespace = "" if arguments.all_namespaces else reach.namespace
    labels = getattr(arguments, "selector", "")
    names = [_split(text) for text in arguments.applications]
    if names and labels:
        raise CommandError("give names or -l, not both")
    if any(not given for given, _ in names) and arguments.all_namespaces:
        known = [key_of(body) for body in await list_applications(reach.client, Scope(""))]
        return Scope("", "", tuple(_found(*name, known) for name in names))
    return Scope(namespace, labels, tuple(ApplicationKey(given or namespace, name) for given, name in names))


async def chosen(arguments: argparse.Namespace, reach: Reach) -> list[dict[str, Any]]:
    """The Applications that are to be acted on: without names it must be said which.

    Raises:
        CommandError: none is chosen, or there is none.
    """
    scope = await scope_of(arguments, reach)
    if not (scope.keys or scope.labels or arguments.all_namespaces):
        raise CommandError("name the Applications, or choose them with -l or -A")
    if scope.keys:
        return [await get_application(reach, key) for key in scope.keys]
    found = await list_applications(reach.client, scope)
    if not found:
        raise CommandError("no Application matches")
    return found


async def key_named(arguments: argparse.Namespace, reach: Reach) -> ApplicationKey:
    """The one Application that a command line names."""
    return (await scope_of(arguments, reach)).keys[0]


def _split(text: str) -> tuple[str, str]:
    """Namespace, where one is given, and name: as `-o name` and our messages write them, too."""
    before, slash, name = text.rpartition("/")
    if not name or "/" in before:
        raise CommandError(f"{text!r} names no Application; give NAME or NAMESPACE/NAME")
    return ("" if not slash or before in _TYPES else before), name


def _found(namespace: str, name: str, known: Iterable[ApplicationKey]) -> ApplicationKey:
    if namespace:
        return ApplicationKey(namespace, name)
    found = sorted(key for key in known if key.name == name)
    if not found:
        raise CommandError(f"no namespace has an Application {name}")
    if len(found) > 1:
        places = ", ".join(key.namespace for key in found)
        raise CommandError(f"several namespaces have an Application {name}: {places}; choose one with -n")
    return found[0]


def key_of(body: Body) -> ApplicationKey:
    """Of an Application's JSON data."""
    return ApplicationKey(body["metadata"]["namespace"], body["metadata"]["name"])


async def get_application(reach: Reach, key: ApplicationKey) -> dict[str, Any]:
    """The Application; where there is none, the message says where one of that name is."""
    try:
        body: dict[str, Any] = json.loads((await reach.client.get(KIND, *key)).body)
    except ClusterError as error:
        if error.status == 404 and error.api_reason:
            raise CommandError(await _missing(reach, key)) from error
        raise
    return body


async def _missing(reach: Reach, key: ApplicationKey) -> str:
    said = f"namespace {key.namespace} has no Application {key.name} ({reach.place.said})"
    try:
        found = [key_of(body) for body in await list_applications(reach.client, Scope(""))]
    except ClusterError:  # who may not look everywhere can still be told about -A
        return f"{said}; -A looks in all namespaces"
    others = sorted(other.namespace for other in found if other.name == key.name)
    return f"{said}; there is one in {', '.join(others)}: choose it with -n" if others else said


async def list_applications(client: Client, scope: Scope) -> list[dict[str, Any]]:
    """All of a scope, by namespace and name; of those that are named, the ones that are there."""
    bodies, _ = await _listed(client, scope)
    return bodies


async def _listed(client: Client, scope: Scope) -> tuple[list[dict[str, Any]], str]:
    listing = await list_all(client, KIND, _namespace(scope), limit=_PAGE, labels=scope.labels)
    bodies = [json.loads(raw) for raw in listing.objects]
    wanted = [body for body in bodies if not scope.keys or key_of(body) in scope.keys]
    return sorted(wanted, key=key_of), listing.position


def _namespace(scope: Scope) -> str:
    """The one to ask; "" where there are several."""
    namespaces = {key.namespace for key in scope.keys} or {scope.namespace}
    return namespaces.pop() if len(namespaces) == 1 else ""


async def follow(client: Client, scope: Scope) -> AsyncGenerator[Seen]:
    """Each Application of a scope as it is, then each change of one, without an end; what goes is told once.

    Raises:
        ClusterError: the server refuses; that it is silent for a while is waited for.
    """
    versions: dict[ApplicationKey, str] = {}
    began = False
    while True:
        try:
            async with aclosing(_round(client, scope, versions)) as changes:
                async for seen in changes:
                    began = True
                    yield seen
        except ClusterError as error:
            if not began or not (error.transient or error.status == 410):
                raise
        await asyncio.sleep(_PAUSE)


async def _round(client: Client, scope: Scope, versions: dict[ApplicationKey, str]) -> AsyncGenerator[Seen]:
    """What moved since the last round, then the changes for as long as the server keeps the watch open."""
    bodies, position = await _now(client, scope)
    for gone in versions.keys() - {key_of(body) for body in bodies}:
        del versions[gone]
        yield Seen(gone, None)
    for body in bodies:
        if versions.get(key_of(body)) != body["metadata"]["resourceVersion"]:
            versions[key_of(body)] = body["metadata"]["resourceVersion"]
            yield Seen(key_of(body), body)
    if not position:
        return
    async with aclosing(_watched(client, scope, position)) as changes:
        async for seen in changes:
            if seen.body is None:
                versions.pop(seen.key, None)
            else:
                versions[seen.key] = seen.body["metadata"]["resourceVersion"]
            yield seen


async def _now(client: Client, scope: Scope) -> tuple[list[dict[str, Any]], str]:
    """What is there, and where a watch goes on; of a single name the right to get it is enough."""
    if len(scope.keys) != 1:
        return await _listed(client, scope)
    try:
        body: dict[str, Any] = json.loads((await client.get(KIND, *scope.keys[0])).body)
    except ClusterError as error:
        if error.status == 404 and error.api_reason:
            return [], ""
        raise
    return [body], body["metadata"]["resourceVersion"]


async def _watched(client: Client, scope: Scope, position: str) -> AsyncGenerator[Seen]:
    options = {"resourceVersion": position}
    if scope.labels:
        options["labelSelector"] = scope.labels
    if len(scope.keys) == 1:
        options["fieldSelector"] = f"metadata.name={scope.keys[0].name}"
    async with client.watch(KIND, _namespace(scope), options, stall=_STALL) as lines:
        while batch := await lines.batch():
            for event in map(event_of, batch):
                body = json.loads(bytes(event.object)) if event.type != "BOOKMARK" else None
                if body is not None and (not scope.keys or key_of(body) in scope.keys):
                    yield Seen(key_of(body), None if event.type == "DELETED" else body)


async def edit(client: Client, key: ApplicationKey, patch: Mapping[str, Any]) -> dict[str, Any]:
    """A merge patch of an Application; a resourceVersion in it fences it.

    Raises:
        ClusterError: refused; 409 when somebody wrote in between.
    """
    answer = await client.merge_patch(KIND, *key, patch, manager=MANAGER)
    body: dict[str, Any] = json.loads(answer.body)
    return body


async def edit_operation(
    reach: Reach, key: ApplicationKey, wanted: Callable[[Body], Mapping[str, Any] | None]
) -> tuple[Body, Body]:
    """Replace the `operation` by what is wanted of the Application as it stands; gives that, and what was written.

    Somebody else's write in between makes us look again.

    Raises:
        ClusterError: refused.
    """
    for attempt in range(_ATTEMPTS):
        before = await get_application(reach, key)
        operation = wanted(before)
        fence = {"metadata": {"resourceVersion": before["metadata"]["resourceVersion"]}}
        # A merge patch merges: what an earlier request holds and ours does not must go.
        patch = None if operation is None else _whole(before.get("operation"), operation)
        try:
            return before, await edit(reach.client, key, {**fence, "operation": patch})
        except ClusterError as error:
            if error.status != 409 or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError  # the loop returns or raises


def _whole(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, Any]:
    """A merge patch that makes one object of another: what is not wanted is null."""
    gone = dict.fromkeys((before or {}).keys() - after.keys())
    both = {
        name: _whole((before or {}).get(name), value) if isinstance(value, Mapping) else value
        for name, value in after.items()
    }
    return {**gone, **both}
