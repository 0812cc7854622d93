"""Says which fields differ, and who wrote them: for people, never in the pass itself."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from functools import reduce
from typing import Any

from deepdiff import DeepDiff

from gitops_operator.diff.verdict import less
from gitops_operator.model.change import Difference
from gitops_operator.model.coverage import tracked_part
from gitops_operator.model.fields_v1 import (
    MEMBER,
    Fields,
    Path,
    has_keys,
    is_item_of,
    locate,
    node_at,
    resolve,
    text_of,
    touches,
    unite,
    value_at,
    without,
)
from gitops_operator.model.managed_fields import entries_of, fields_of, our_entry, owner_of
from gitops_operator.model.resource import DESIRED_DIGEST, STAMPED_ANNOTATIONS, Body, Resource

_SECRET = ("", "Secret")
_MASKED = ("f:data", "f:stringData")
_MISSING: Any = object()
_QUANTITY = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)(m|u|n|k|[KMGTPE]i|[MGTPE]|[eE][+-]?[0-9]+|)\Z")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def explain(resource: Resource, live: Body, ignored: Collection[Path] = ()) -> tuple[Difference, ...]:
    """The fields in which a live object differs from what Git wants, those that Git removed included.

    Where our own apply wrote a field last, and of this very desired object, a value in other words (`1000m` and `1`) is
    the server's; everywhere else values decide.
    """
    walk = _Walk(resource, live)
    desired = tracked_part(less(resource.body, ignored))
    walk.mapping(desired, tracked_part(live), ())
    if not walk.is_same_desired:
        hidden = [*ignored, *(("f:metadata", "f:annotations", "f:" + name) for name in STAMPED_ANNOTATIONS)]
        owned = reduce(lambda fields, path: without(fields, resolve(path, fields)), hidden, walk.owned)
        walk.removed(owned, desired, ())
    return tuple(walk.differences)


class _Walk:
    """One walk over the desired object beside the live one."""

    def __init__(self, resource: Resource, live: Body) -> None:
        entries = entries_of(live)
        our = our_entry(entries)
        self.differences: list[Difference] = []
        self.owned: Fields = fields_of(our) if our else {}
        annotations = live.get("metadata", {}).get("annotations") or {}
        self.is_same_desired = our is not None and annotations.get(DESIRED_DIGEST) == resource.digest
        self._resource, self._live, self._entries = resource, live, entries
        self._known: Fields = reduce(unite, map(fields_of, entries), {})
        self._mask = Mask() if resource.key[:2] == _SECRET else None

    def mapping(self, desired: Mapping[str, Any], live: Any, path: Path) -> None:
        live = live if isinstance(live, Mapping) else {}
        for name, value in desired.items():
            self._value(value, live.get(name, _MISSING), (*path, "f:" + name))

    def _value(self, desired: Any, live: Any, path: Path) -> None:
        if isinstance(desired, Mapping) and desired and isinstance(live, Mapping) and not self._is_atomic(path):
            self.mapping(desired, live, path)
        elif isinstance(desired, list) and isinstance(live, list) and self._is_keyed(path):
            self._items(desired, live, path)
        elif not is_same(desired, live) and not (self.is_same_desired and touches(self.owned, path)):
            self._found(path, desired, live)

    def _is_atomic(self, path: Path) -> bool:
        return node_at(self._known, path) == {}

    def _is_keyed(self, path: Path) -> bool:
        return any(element[0] == "k" for element in node_at(self._known, path) or ())

    def _items(self, desired: list[Any], live: list[Any], path: Path) -> None:
        free = {element: json.loads(element[2:]) for element in node_at(self._known, path) or () if element[0] == "k"}
        for index, item in enumerate(desired):
            named = [element for element, keys in free.items() if is_item_of(item, keys)]
            element = max(named, key=lambda found: has_keys(item, free[found]), default=f"i:{index}")
            keys = free.pop(element, None)
            other = next((value for value in live if keys and has_keys(value, keys)), _MISSING)
            self._value(item, other, (*path, element))

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
            if place is not None:
                self._found(below, _MISSING, value_at(place, self._live))

    def _found(self, path: Path, desired: Any, live: Any) -> None:
        owner = owner_of(self._entries, path) or {}
        wanted, found = (None if value is _MISSING else value for value in (desired, live))
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
                () if desired is _MISSING else locate(path, self._resource.body) or (),
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


def is_same(desired: Any, live: Any) -> bool:
    """Whether two values mean the same: nothing may be null, empty or absent; quantities are numbers."""
    if desired in (None, {}, []):
        return live is _MISSING or live in (None, {}, []) or isinstance(live, Mapping)
    if isinstance(desired, Mapping) and isinstance(live, Mapping):
        return all(is_same(value, live.get(name, _MISSING)) for name, value in desired.items())
    if isinstance(desired, list) and isinstance(live, list):
        return len(desired) == len(live) and all(is_same(one, other) for one, other in zip(desired, live, strict=True))
    return bool(desired == live) or _quantity(desired) == _quantity(live) is not None


def _quantity(value: Any) -> Decimal | None:
    found = None if isinstance(value, bool) else _QUANTITY.match(str(value))
    if found is None:
        return None
    number, suffix = Decimal(found[1]), found[2]
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix])
    exponent = _DECIMAL.get(suffix)
    return number.scaleb(int(suffix[1:]) if exponent is None else exponent)


def as_text(differences: Iterable[Difference]) -> str:
    """Differences for a terminal, a field a line."""
    return "\n".join(_line(difference) for difference in differences)


def _line(difference: Difference) -> str:
    writer = (
        f" ({difference.manager}{f', {difference.since}' if difference.since else ''})" if difference.manager else ""
    )
    if isinstance(difference.live, (Mapping, list)) and isinstance(difference.desired, (Mapping, list)):
        inside = DeepDiff(difference.live, difference.desired, verbose_level=2).pretty()
        return "\n".join([f"{difference.path}:{writer}", *(f"  {line}" for line in inside.splitlines())])
    return f"{difference.path}: {_shown(difference.live)} → {_shown(difference.desired)}{writer}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
