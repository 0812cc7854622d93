"""One walk over a desired object beside the live one, which finds the fields that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import reduce
from typing import Any

from gitops_operator.diff.sameness import MISSING, is_filled_in, is_picked, is_same
from gitops_operator.diff.shapes import Form, Shape, shape_of
from gitops_operator.model.change import Difference
from gitops_operator.model.fields_v1 import (
    MEMBER,
    Fields,
    Path,
    has_keys,
    is_item_of,
    locate,
    node_at,
    text_of,
    touches,
    unite,
    value_at,
)
from gitops_operator.model.managed_fields import entries_of, fields_of, is_adoptable, our_entry, owner_of
from gitops_operator.model.resource import DESIRED_DIGEST, Body, Resource

_SECRET = ("", "Secret")
_MASKED = ("f:data", "f:stringData")


class Walk:
    """Collects `differences`. How lists and maps go together is known of the API server's own kinds, and read from
    managedFields of all others.
    """

    def __init__(self, resource: Resource, live: Body) -> None:
        entries = entries_of(live)
        our = our_entry(entries)
        self.differences: list[Difference] = []
        self.owned: Fields = fields_of(our) if our else {}
        annotations = live.get("metadata", {}).get("annotations") or {}
        self.is_same_desired = our is not None and annotations.get(DESIRED_DIGEST) == resource.digest
        self._resource, self._body, self._live, self._entries = resource, resource.body, live, entries
        self._known: Fields = reduce(unite, map(fields_of, entries), {})
        others = [entry for entry in entries if entry is not our and not is_adoptable(entry)]
        self._others: Fields = reduce(unite, map(fields_of, others), {})
        self._mask = Mask() if resource.key[:2] == _SECRET else None

    def whole(self, desired: Body, live: Body) -> None:
        """The object itself."""
        self._mapping(desired, live, (), shape_of(self._resource.api_version, self._resource.key.kind))

    def _mapping(self, desired: Mapping[str, Any], live: Mapping[str, Any], path: Path, shape: Shape) -> None:
        for name, value in desired.items():
            if not (shape.is_builtin and is_picked(name, value)):
                self._value(value, live.get(name, MISSING), (*path, "f:" + name), shape.child(name))

    def _value(self, desired: Any, live: Any, path: Path, shape: Shape) -> None:
        if isinstance(desired, Mapping) and isinstance(live, Mapping):
            self._mapping(desired, live, path, shape)
            if shape.is_whole:
                self._extras(desired, live, path, shape)
        elif isinstance(desired, list) and isinstance(live, list) and desired:
            self._list(desired, live, path, shape)
        elif not is_same(desired, live, shape):
            self._differs(path, desired, live)

    def _extras(self, desired: Mapping[str, Any], live: Mapping[str, Any], path: Path, shape: Shape) -> None:
        """What stands beside the fields that Git names, in a value that is written whole."""
        for name, value in live.items():
            is_named = desired.get(name) is not None
            if not is_named and (shape.form is Form.MAP or not is_filled_in(name, value)):
                self._differs((*path, "f:" + name), MISSING, value)

    def _list(self, desired: list[Any], live: list[Any], path: Path, shape: Shape) -> None:
        known = {element[0] for element in node_at(self._known, path) or ()}
        if not shape.is_whole and (shape.form is Form.SET or "v" in known):
            self._set(desired, live, path)
        elif not shape.is_whole and (shape.keys or "k" in known):
            self._items(desired, live, path, shape)
        elif len(desired) == len(live) and all(isinstance(item, Mapping) for item in (*desired, *live)):
            for index, (item, other) in enumerate(zip(desired, live, strict=True)):
                self._value(item, other, (*path, f"i:{index}"), shape.item)
        elif not is_same(desired, live, shape):
            self._differs(path, desired, live)

    def _set(self, desired: list[Any], live: list[Any], path: Path) -> None:
        for value in desired:
            if value not in live:
                self._differs((*path, "v:" + _compact(value)), value, MISSING)

    def _items(self, desired: list[Any], live: list[Any], path: Path, shape: Shape) -> None:
        free = {element: json.loads(element[2:]) for element in node_at(self._known, path) or () if element[0] == "k"}
        left = list(live)
        for index, item in enumerate(desired):
            named = [element for element, keys in free.items() if is_item_of(item, keys)]
            element = max(named, key=lambda found: has_keys(item, free[found]), default="")
            keys = free.pop(element, None) or shape.keys_of(item)
            other = next((one for one in left if keys and self._has(one, keys, shape)), MISSING)
            if other is not MISSING:
                left.remove(other)
            name = element or ("k:" + _compact(keys) if keys else f"i:{index}")
            self._value(item, other, (*path, name), shape.item)

    def _has(self, item: Any, keys: Mapping[str, Any], shape: Shape) -> bool:
        return has_keys(item, keys) or shape.keys_of(item) == keys

    def _differs(self, path: Path, desired: Any, live: Any) -> None:
        """What our own apply wrote last, of this very desired object, is as Git wants it, in whatever words."""
        if not (self.is_same_desired and touches(self.owned, path)):
            self._found(path, desired, live)

    def removed(self, node: Fields, desired: Body, path: Path) -> None:
        """What we own and Git does not want any more: the next apply removes it."""
        for element, child in node.items():
            below = (*path, element)
            if element == MEMBER:
                continue
            if locate(below, desired) is not None:
                self.removed(child, desired, below)
                continue
            place = locate(below, self._live)
            if place is not None and not self._stays(below):
                self._found(below, MISSING, value_at(place, self._live))

    def _stays(self, path: Path) -> bool:
        """Whether another manager applies the field as well: it stays when we no longer do."""
        return touches(self._others, path)

    def _found(self, path: Path, desired: Any, live: Any) -> None:
        owner = owner_of(self._entries, path) or {}
        wanted, found = (None if value is MISSING else value for value in (desired, live))
        if self._mask is not None and path[0] in _MASKED:
            wanted, found = self._mask.of(wanted), self._mask.of(found)
        self.differences.append(
            Difference(
                text_of(path),
                wanted,
                found,
                str(owner.get("manager", "")),
                str(owner.get("time", "")),
                self._resource.origin,
                () if desired is MISSING else locate(path, self._body) or (),
            )
        )


class Mask:
    """Stands for secret values: equal values get equal masks, as in Argo CD."""

    def __init__(self) -> None:
        self._masks: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        """The mask of a value; of every value of a mapping."""
        if isinstance(value, Mapping):
            return {name: self.of(item) for name, item in value.items()}
        if value is None:
            return None
        return self._masks.setdefault(json.dumps(value), "+" * (8 + 4 * len(self._masks)))


def _compact(value: Any) -> str:
    """As the API server writes the elements of a path."""
    return json.dumps(value, sort_keys=isinstance(value, Mapping), separators=(",", ":"), ensure_ascii=False)
