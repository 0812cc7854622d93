"""What others do to an object: each mutation is a name and a coroutine that does it."""

import copy
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

from gitops_operator.model.resource import Resource
from tests.adapters.workbench import Live, Workbench

Do = Callable[[Workbench, Resource, Live], Awaitable[Any]]
Location = tuple[str | int, ...]


class Mutation(NamedTuple):
    name: str
    do: Do


def mutations(desired: Resource) -> Iterator[Mutation]:
    """Everything that is done to one object: to each of its fields by each way to write, and to the whole of it."""
    yield from _of_the_whole()
    for place in places(tracked(desired.body)):
        yield from _of_a_field(place, at(place, desired.body))


def tracked(body: Any) -> dict[str, Any]:
    """What Git says less identity."""
    rest = {name: value for name, value in body.items() if name not in {"apiVersion", "kind", "metadata"}}
    metadata = {name: body["metadata"][name] for name in ("labels", "annotations") if name in body["metadata"]}
    return {**rest, **({"metadata": metadata} if metadata else {})}


def places(value: Any, above: Location = ()) -> Iterator[Location]:
    """Every field and item, the containers before what is in them."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*above, step)
        yield from places(inner, (*above, step))


def at(place: Location, value: Any) -> Any:
    for step in place:
        value = value[step]
    return value


# To one field


def _of_a_field(place: Location, value: Any) -> Iterator[Mutation]:
    text = ".".join(map(str, place))
    for name, other in _others(value):
        yield Mutation(f"PUT {text} {name}", _put(place, other))
    other = next((found for _, found in _others(value)), None)
    yield Mutation(f"JSON patch {text} replaced", _json_patch("replace", place, other))
    yield Mutation(f"JSON patch {text} removed", _json_patch("remove", place))
    if all(isinstance(step, str) for step in place):
        yield Mutation(f"merge patch {text} null", _merge_patch(place, None))
        yield Mutation(f"forced apply of {text} with another value", _apply(place, other, force=True))
        yield Mutation(f"apply of {text} with the same value", _apply(place, value, force=False))
    if isinstance(value, list):
        yield from _of_a_list(text, place, value)
    if isinstance(value, dict):
        yield Mutation(f"PUT {text} with one more", _put(place, {**value, "foreign": "x"}))


def _of_a_list(text: str, place: Location, items: list[Any]) -> Iterator[Mutation]:
    more = _one_more(items)
    yield Mutation(f"PUT {text} with one more at the end", _put(place, lambda now: [*now, more]))
    yield Mutation(f"PUT {text} with one more at the start", _put(place, lambda now: [more, *now]))
    if len(items) > 1:
        yield Mutation(f"PUT {text} in another order", _put(place, lambda now: now[::-1]))
        yield Mutation(f"PUT {text} without the first", _put(place, lambda now: now[1:]))
        yield Mutation(f"PUT {text} with the first removed and added again", _twice(place))


def _one_more(items: list[Any]) -> Any:
    """Another item of the same type; one with keys has others."""
    first = items[0] if items else {"name": "foreign", "port": 99}
    if isinstance(first, dict):
        keys = [name for name in ("name", "port", "containerPort", "id") if name in first]
        return {**first, **{name: f"{first[name]}x" if isinstance(first[name], str) else 99 for name in keys}}
    return "foreign" if isinstance(first, str) else [99] if isinstance(first, list) else 99


def _others(value: Any) -> Iterator[tuple[str, Any]]:
    """Other values of the same type."""
    match value:
        case bool():
            yield "turned", not value
        case int() | float():
            yield "more", value + 1
        case str():
            yield "other", f"{value}x"
            yield "emptied", ""
        case list():
            yield "emptied", []
        case dict():
            yield "emptied", {}
        case None:
            yield "filled", "x"
            yield "true", True


def _with(body: Live, place: Location, new: Any) -> Live:
    """A copy with a value at a place, or what a function makes of the value there."""
    changed = copy.deepcopy(body)
    value: Any = changed
    for step in place[:-1]:
        value = value[step]
    if callable(new):
        new = new(value[place[-1]])
    value[place[-1]] = new
    return changed


def _put(place: Location, new: Any) -> Do:
    async def do(bench: Workbench, desired: Resource, live: Live) -> None:
        await bench.put(desired, _with(live, place, new))

    return do


def _twice(place: Location) -> Do:
    async def do(bench: Workbench, desired: Resource, live: Live) -> None:
        first = at(place, live)[0]
        now = await bench.put(desired, _with(live, place, lambda items: items[1:]))
        await bench.put(desired, _with(now, place, lambda items: [*items, first]))

    return do


def _json_patch(operation: str, place: Location, value: Any = None) -> Do:
    path = "/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in place)

    async def do(bench: Workbench, desired: Resource, _: Live) -> None:
        await bench.patch(desired, [{"op": operation, "path": path, "value": value}])

    return do


def _merge_patch(place: Location, value: Any) -> Do:
    async def do(bench: Workbench, desired: Resource, _: Live) -> None:
        await bench.edit(desired, _nested(place, value))

    return do


def _apply(place: Location, value: Any, *, force: bool) -> Do:
    async def do(bench: Workbench, desired: Resource, _: Live) -> None:
        await bench.apply_as("other", _partial(desired, _nested(place, value)), force=force)

    return do


def _nested(place: Location, value: Any) -> dict[str, Any]:
    for step in reversed(place):
        value = {step: value}
    return value  # type: ignore[no-any-return]  # a place has one step at least


def _partial(desired: Resource, body: dict[str, Any]) -> dict[str, Any]:
    """An object that says nothing but this."""
    named = desired.body["metadata"]
    metadata = {name: named[name] for name in ("name", "namespace") if name in named}
    identity = {"apiVersion": desired.api_version, "kind": desired.key.kind}
    return {**identity, **body, "metadata": {**metadata, **body.get("metadata", {})}}


# To the whole


def _of_the_whole() -> Iterator[Mutation]:
    yield Mutation("nothing", _nothing)
    yield Mutation("PUT of what is there", _put_same)
    yield Mutation("PUT of what Git says (kubectl replace)", _kubectl_replace)
    yield Mutation("a label more", _edit({"metadata": {"labels": {"foreign": "x"}}}))
    yield Mutation("an annotation more", _edit({"metadata": {"annotations": {"foreign": "x"}}}))
    yield Mutation("all labels gone", _edit({"metadata": {"labels": None}}))
    yield Mutation("our digest gone", _edit({"metadata": {"annotations": {"gitops-operator.io/desired": None}}}))
    yield Mutation("our digest wrong", _edit({"metadata": {"annotations": {"gitops-operator.io/desired": "v1:no"}}}))
    yield Mutation("all annotations gone", _edit({"metadata": {"annotations": None}}))
    yield Mutation("a finalizer more", _edit({"metadata": {"finalizers": ["example.com/foreign"]}}))
    yield Mutation("managedFields reset", _reset_managed_fields)
    yield Mutation("our managedFields entry taken out", _without_our_entry)
    yield Mutation("apply of all of it by another without force", _apply_whole(force=False))
    yield Mutation("apply of all of it by another with force", _apply_whole(force=True))
    yield Mutation("co-owned, then given up", _co_own_and_leave)
    yield Mutation("status written", _write_status)
    yield Mutation("scaled", _scale)


async def _nothing(bench: Workbench, desired: Resource, live: Live) -> None:
    await bench.look(desired)


async def _put_same(bench: Workbench, desired: Resource, live: Live) -> None:
    await bench.put(desired, live)


async def _kubectl_replace(bench: Workbench, desired: Resource, live: Live) -> None:
    await bench.put(desired, dict(desired.body), "kubectl-replace")


def _edit(patch: dict[str, Any]) -> Do:
    async def do(bench: Workbench, desired: Resource, _: Live) -> None:
        await bench.edit(desired, patch)

    return do


async def _reset_managed_fields(bench: Workbench, desired: Resource, _: Live) -> None:
    await bench.edit(desired, {"metadata": {"managedFields": [{}]}})


async def _without_our_entry(bench: Workbench, desired: Resource, live: Live) -> None:
    rest = [entry for entry in live["metadata"]["managedFields"] if entry["manager"] != "gitops-operator"]
    await bench.edit(desired, {"metadata": {"managedFields": rest or [{}]}})


def _apply_whole(*, force: bool) -> Do:
    async def do(bench: Workbench, desired: Resource, _: Live) -> None:
        await bench.apply_as("other", dict(desired.body), force=force)

    return do


async def _co_own_and_leave(bench: Workbench, desired: Resource, _: Live) -> None:
    await bench.apply_as("other", dict(desired.body), force=False)
    await bench.apply_as("other", _partial(desired, {}), force=False)


async def _write_status(bench: Workbench, desired: Resource, live: Live) -> None:
    await bench.put(desired, {**live, "status": {**live.get("status", {}), "replicas": 3}}, subresource="status")


async def _scale(bench: Workbench, desired: Resource, live: Live) -> None:
    metadata = {name: live["metadata"][name] for name in ("name", "namespace")}
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": 4}}
    await bench.put(desired, scale, "scaler", "scale")
