"""fieldsV1: the set of fields that a manager owns, as the API server writes it.

A tree of path elements: `f:<name>` a field, `k:<json object>` the item of an associative list with these keys,
`v:<json>` a value of a set, `i:<n>` an index; `.` says that the node itself belongs to the set, which a node without
children says by itself. A node without children may stand for an atomic value, whole, or for the bare presence of a
granular one: the tree alone cannot tell.

Paths that were found in JSON data know an item of a list only by its index and its scalar fields: `~<n>:<json>`. A tree
says how its lists are keyed: `resolve` translates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Fields = Mapping[str, Any]
"""A tree, or a node of one. Never changed in place."""

Path = tuple[str, ...]
"""Path elements from the root of the object."""

Location = tuple[str | int, ...]
"""A place in JSON data: keys of objects and indexes of lists."""

MEMBER = "."


def unite(one: Fields, other: Fields) -> Fields:
    """The union of two sets of fields."""
    united = dict(one)
    for element, node in other.items():
        if element == MEMBER:
            united[MEMBER] = {}
        elif element not in united:
            united[element] = node
        else:
            united[element] = _unite_nodes(united[element], node)
    return united


def _unite_nodes(one: Fields, other: Fields) -> Fields:
    if not one or not other:
        return {} if _is_leaf(one) and _is_leaf(other) else {MEMBER: {}, **one, **other}
    return unite(one, other)


def _is_leaf(node: Fields) -> bool:
    return not node or (len(node) == 1 and MEMBER in node)


def node_at(fields: Fields, path: Path) -> Fields | None:
    """The node that stands at a path, or None."""
    node: Any = fields
    for element in path:
        node = node.get(element)
        if node is None:
            return None
    return node  # type: ignore[no-any-return]


def leaf_above(fields: Fields, path: Path) -> int | None:
    """How many elements of the path lead to a node without children that ends before the path does, or None."""
    node: Any = fields
    for depth, element in enumerate(path):
        if depth and _is_leaf(node):
            return depth
        node = node.get(element)
        if node is None:
            return None
    return None


def touches(fields: Fields, path: Path) -> bool:
    """Whether a set names a path, or an atomic value around it."""
    return node_at(fields, path) is not None or leaf_above(fields, path) is not None


def without(fields: Fields, path: Path) -> Fields:
    """The set less a path and all that is below it; parents that this leaves empty go too."""
    if not path or path[0] not in fields:
        return fields
    rest = {element: node for element, node in fields.items() if element != path[0]}
    if len(path) > 1:
        before = fields[path[0]]
        after = without(before, path[1:])
        if after or not before:
            return fields if after is before else {**fields, path[0]: after}
    return rest


def planted(path: Path, node: Fields) -> Fields:
    """A set with nothing but a node at a path."""
    for element in reversed(path):
        node = {element: node}
    return node


def leaves(fields: Fields, above: Path = ()) -> Iterable[Path]:
    """Every path of the set that has nothing below it."""
    for element, node in fields.items():
        if element == MEMBER:
            continue
        path = (*above, element)
        if _is_leaf(node):
            yield path
        else:
            yield from leaves(node, path)


def resolve(path: Path, fields: Fields) -> Path:
    """A path as a tree writes it; below its leaves, and where it names no such item, items go by their index."""
    node: Fields = fields
    resolved = []
    for element in path:
        actual = _actual(element, node) if element[0] == "~" else element
        node = node.get(actual, {})
        resolved.append(actual)
    return tuple(resolved)


def _actual(element: str, node: Fields) -> str:
    index, _, text = element[1:].partition(":")
    item = json.loads(text)
    named = [(other, json.loads(other[2:])) for other in node if other[0] in "kv"]
    for other, keys in named:
        if other[0] == "v" and keys == item:
            return other
    found = [(has_keys(item, keys), other) for other, keys in named if other[0] == "k" and is_item_of(item, keys)]
    return max(found)[1] if found else f"i:{index}"


def is_key(path: Path) -> bool:
    """Whether a path leads to a key of an item of a list: without it the item would be none."""
    if len(path) < 2 or path[-2][0] != "k":
        return False
    return path[-1][2:] in json.loads(path[-2][2:])


def path_of(location: Location, value: Any) -> Path:
    """The path of a place in JSON data, its items not yet resolved."""
    path = []
    for step in location:
        value = _child(value, step)
        if isinstance(step, str):
            path.append("f:" + step)
        else:
            path.append(f"~{step}:{json.dumps(_scalars(value))}")
    return tuple(path)


def _scalars(item: Any) -> Any:
    if isinstance(item, Mapping):
        return {name: value for name, value in item.items() if not isinstance(value, (Mapping, list))}
    return None if isinstance(item, list) else item


def _child(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, Mapping) else None
    return value[step] if isinstance(value, list) and 0 <= step < len(value) else None


def locate(path: Path, value: Any) -> Location | None:
    """Where a path leads in JSON data, or None; list items are found by their keys, as far as an item has them."""
    location: list[str | int] = []
    for element in path:
        step = _step(element, value)
        if step is None:
            return None
        location.append(step)
        value = value[step]
    return tuple(location)


def _step(element: str, value: Any) -> str | int | None:
    if element.startswith("f:"):
        return element[2:] if isinstance(value, Mapping) and element[2:] in value else None
    if not isinstance(value, list):
        return None
    kind, _, text = element.partition(":")
    wanted = json.loads(text)
    if kind == "i":
        return int(wanted) if wanted < len(value) else None
    if kind == "k":
        items = [index for index, item in enumerate(value) if is_item_of(item, wanted)]
        return max(items, key=lambda index: has_keys(value[index], wanted), default=None)
    return next((index for index, item in enumerate(value) if _scalars(item) == wanted), None)


def is_item_of(item: Any, keys: Mapping[str, Any]) -> bool:
    """Whether an item may be the one with these keys: it has at least one of them, and none that differs."""
    if not isinstance(item, Mapping) or not any(name in item for name in keys):
        return False
    return all(item.get(name, wanted) == wanted for name, wanted in keys.items())


def has_keys(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    """Whether an item has all of these keys."""
    return all(name in item and item[name] == value for name, value in keys.items())


def placed(value: Any, location: Location, new: Any) -> Any:
    """A copy of JSON data with a value at a place whose parent exists; an index past the end of a list appends."""
    if not location:
        return new
    step, rest = location[0], location[1:]
    if isinstance(step, str):
        return {**value, step: placed(value.get(step), rest, new)}
    if step >= len(value):
        return [*value, new]
    return [*value[:step], placed(value[step], rest, new), *value[step + 1 :]]


def removed(value: Any, location: Location) -> Any:
    """A copy of JSON data without what stands at a place that exists."""
    step, rest = location[0], location[1:]
    if rest:
        inner = removed(value[step], rest)
        return placed(value, (step,), inner)
    if isinstance(step, str):
        return {name: item for name, item in value.items() if name != step}
    return [*value[:step], *value[step + 1 :]]


def left_out(body: Any, path: Path) -> Any:
    """JSON data without a field, and without parents that this leaves empty: to name one would be to own it."""
    here = locate(path, body)
    if here is None:
        return body
    rest = removed(body, here)
    return left_out(rest, path[:-1]) if len(path) > 1 and not value_at(here[:-1], rest) else rest


def value_at(location: Location, value: Any) -> Any:
    """What stands at a place that exists."""
    for step in location:
        value = value[step]
    return value


def text_of(path: Path) -> str:
    """A path as people read it: `.spec.template.spec.containers[name="app"].image`."""
    return "".join(_element_text(element) for element in path)


def _element_text(element: str) -> str:
    kind, _, name = element.partition(":")
    if kind == "f":
        return f".{name}" if name.replace("_", "a").replace("-", "a").isalnum() else f"[{json.dumps(name)}]"
    if kind == "k":
        keys = ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(name).items())
        return f"[{keys}]"
    return f"[={name}]" if kind == "v" else f"[{name if kind == 'i' else kind[1:]}]"
