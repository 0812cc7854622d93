"""The coverage walk: does our entry name every field that Git wants? A hint, while H of our last apply is not known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gitops_operator.model.fields_v1 import MEMBER, Fields, Path, has_keys, is_item_of, node_at
from gitops_operator.model.managed_fields import entries_of, fields_of, our_entry
from gitops_operator.model.resource import FIELD_MANAGER, Body

_UNTRACKED_ROOTS = frozenset({"apiVersion", "kind", "status"})
_UNTRACKED_METADATA = frozenset(
    {"name", "namespace", "uid", "resourceVersion", "generation", "selfLink", "creationTimestamp", "managedFields"}
)


def covers(live: Body, desired: Body, manager: str = FIELD_MANAGER) -> bool:
    """Whether our entry on a live object names every field of the desired one."""
    return next(iter(uncovered(live, desired, manager)), None) is None


def uncovered(live: Body, desired: Body, manager: str = FIELD_MANAGER) -> tuple[Path, ...]:
    """The paths of the desired object that our entry does not name; the empty one (the object) without an entry."""
    entry = our_entry(entries_of(live), manager)
    if entry is None or entry.get("apiVersion") != desired.get("apiVersion"):
        return ((),)
    foreign = [fields_of(other) for other in entries_of(live) if other is not entry]
    walk = _Walk(foreign)
    walk.mapping(fields_of(entry), tracked_part(desired), live, ())
    return tuple(walk.uncovered)


def tracked_part(desired: Body) -> Body:
    """The desired object less what no manager ever owns."""
    kept = {name: value for name, value in desired.items() if name not in _UNTRACKED_ROOTS}
    metadata = {name: value for name, value in desired.get("metadata", {}).items() if name not in _UNTRACKED_METADATA}
    kept.pop("metadata", None)
    return {**kept, "metadata": metadata} if metadata else kept


class _Walk:
    """One walk over the desired object, beside our node and the live value."""

    def __init__(self, foreign: Sequence[Fields]) -> None:
        self.uncovered: list[Path] = []
        self._foreign = foreign

    def mapping(self, node: Fields, desired: Mapping[str, Any], live: Any, path: Path) -> None:
        live = live if isinstance(live, Mapping) else {}
        for name, value in desired.items():
            element = "f:" + name
            self._value(node.get(element), value, live.get(name), (*path, element))

    def _value(self, node: Fields | None, desired: Any, live: Any, path: Path) -> None:
        if node is None:
            if desired != [] or self._is_filled(live, path):
                self.uncovered.append(path)
        elif _children(node) == 0:
            self._leaf(desired, live, path)
        elif isinstance(desired, Mapping):
            self.mapping(node, desired, live, path)
        elif isinstance(desired, list):
            self._items(node, desired, live, path)

    def _is_filled(self, live: Any, path: Path) -> bool:
        """Whether somebody filled a list that we want empty: only atomic ones are owned whole."""
        return bool(live) and any(node_at(fields, path) == {} for fields in self._foreign)

    def _leaf(self, desired: Any, live: Any, path: Path) -> None:
        """A node without children covers an atomic value, but only itself where others took what was below it."""
        if isinstance(desired, Mapping) and desired:
            missing = [name for name in desired if not isinstance(live, Mapping) or name not in live]
            if missing or any(_children(node_at(fields, path) or {}) for fields in self._foreign):
                self.uncovered.append(path)

    def _items(self, node: Fields, desired: list[Any], live: Any, path: Path) -> None:
        if any(element[0] == "v" for element in node):
            self._set(node, desired, path)
            return
        live = live if isinstance(live, list) else []
        pairs, unmatched = _matched(node, desired)
        for element, item in pairs:
            keys = json.loads(element[2:])
            inner = next((value for value in live if isinstance(value, Mapping) and is_item_of(value, keys)), None)
            child, below = node[element], (*path, element)
            if _children(child) == 0:
                self._leaf(item, inner, below)
            else:
                self.mapping(child, item, inner, below)
        self.uncovered += [(*path, f"i:{index}") for index in unmatched]

    def _set(self, node: Fields, desired: list[Any], path: Path) -> None:
        owned = [json.loads(element[2:]) for element in node if element[0] == "v"]
        self.uncovered += [(*path, "v:" + json.dumps(value)) for value in desired if not _has(owned, value)]


def _has(values: list[Any], wanted: Any) -> bool:
    """Whether a set holds a value: numbers are equal as numbers, true is not 1."""
    return any(value == wanted and isinstance(value, bool) is isinstance(wanted, bool) for value in values)


def _children(node: Fields) -> int:
    return len(node) - (MEMBER in node)


def _matched(node: Fields, desired: list[Any]) -> tuple[list[tuple[str, Mapping[str, Any]]], list[int]]:
    """Desired items and the path elements that name them, one to one: exact keys first, then what is left."""
    free = {element: json.loads(element[2:]) for element in node if element[0] == "k"}
    pairs: list[tuple[str, Mapping[str, Any]]] = []
    rest = list(enumerate(desired))
    for is_match in (_is_exactly, is_item_of):
        later = []
        for index, item in rest:
            found = next((element for element, keys in free.items() if is_match(item, keys)), None)
            if found is None:
                later.append((index, item))
            else:
                pairs.append((found, item))
                del free[found]
        rest = later
    return pairs, [index for index, _ in rest]


def _is_exactly(item: Any, keys: Mapping[str, Any]) -> bool:
    return isinstance(item, Mapping) and has_keys(item, keys)
