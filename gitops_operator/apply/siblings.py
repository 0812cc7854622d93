"""A refusal because a field that somebody else set stands beside ours: which fields to take over so that it goes.

The API server's validation sees the merged object: `value` that we apply beside `valueFrom` that somebody else set, an
`exec` beside their `httpGet`, our port beside theirs of the same name. A forced apply takes over only what it names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

from gitops_operator.errors import Cause, ClusterError
from gitops_operator.model.fields_v1 import MEMBER, Fields, Path, is_item_of, planted, unite
from gitops_operator.model.managed_fields import entries_of, fields_of, our_entry
from gitops_operator.model.resource import Body

_TOKEN = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")
_ANY = "*"
_EXCLUSIVE = re.compile(
    r"more than (?:1|one)|may not be (?:set|specified)|must not be specified|mutually exclusive|may only|must be empty"
    r"|cannot be (?:set|specified)|Duplicate value|must specify (?:a|exactly)|Required value"
)
_OF_A_LIST = re.compile(r"Duplicate value|Required value")
_FINAL = re.compile(r"immutable|are forbidden|may not change|can ?not be changed|cannot change")


def stolen_fields(error: ClusterError, desired: Body, live: Body) -> Fields:
    """The fields of others, and of nobody, whose removal may cure a 422; empty where nothing of the kind is seen."""
    if error.status != 422 or not error.causes or any(_FINAL.search(cause.message) for cause in error.causes):
        return {}
    found = [_stolen(cause, desired, live) for cause in error.causes if cause.field]
    return reduce(unite, found, {})


def _stolen(cause: Cause, desired: Body, live: Body) -> Fields:
    pattern = _pattern_of(cause.field)
    foreign: Fields = reduce(unite, _foreign(live), {})
    itself = list(_strangers(pattern[:-1], foreign, desired, only=pattern[-1])) if pattern else []
    if itself:
        return reduce(unite, itself, {})
    if not _EXCLUSIVE.search(cause.message):
        return {}
    beside = list(_strangers(pattern[:-1], foreign, desired)) if _is_narrow(pattern) else []
    others = list(_strange_items(_list_of(pattern), foreign, desired))
    first, second = (others, beside) if _OF_A_LIST.search(cause.message) else (beside, others)
    candidates = (first, list(_defaulted(pattern, desired, live)), second)
    return reduce(unite, next((found for found in candidates if found), []), {})


def _list_of(pattern: Path) -> Path:
    """The innermost list on the way to a field; the root where there is none."""
    steps = len(pattern) - pattern[::-1].index(_ANY) - 1 if _ANY in pattern else 0
    return pattern[:steps]


def _pattern_of(field: str) -> Path:
    """`spec.ports[1].name` as path elements, `*` for any item; `metadata.labels[a.b/c]` names a key."""
    return tuple(
        f"f:{name}" if name else _ANY if index.isdecimal() else f"f:{index}" for name, index in _TOKEN.findall(field)
    )


def _is_narrow(pattern: Path) -> bool:
    """Whether the parent of a field is small enough to say that what is beside it is in its way: not `spec` itself."""
    return len(pattern) > 2


def _foreign(live: Body) -> list[Fields]:
    our = our_entry(entries_of(live))
    version = our.get("apiVersion") if our else None
    others = [entry for entry in entries_of(live) if entry is not our and not entry.get("subresource")]
    return [fields_of(entry) for entry in others if entry.get("apiVersion") == version]


def _walk(pattern: Path, node: Fields, desired: Any, above: Path = ()) -> Iterator[tuple[Path, Fields, Any]]:
    """Every place that a pattern leads to in a set of fields and in what Git wants: path, node, desired value."""
    if not pattern:
        yield above, node, desired
        return
    first, rest = pattern[0], pattern[1:]
    if first != _ANY:
        if first in node and isinstance(desired, Mapping) and first[2:] in desired:
            yield from _walk(rest, node[first], desired[first[2:]], (*above, first))
        return
    for element, child in node.items():
        item = _item(element, desired)
        if item is not None:
            yield from _walk(rest, child, item, (*above, element))


def _item(element: str, items: Any) -> Any:
    if not element.startswith("k:") or not isinstance(items, list):
        return None
    keys = json.loads(element[2:])
    return next((item for item in items if is_item_of(item, keys)), None)


def _strangers(parent: Path, foreign: Fields, desired: Body, only: str = "") -> Iterator[Fields]:
    """Foreign fields right below a parent that Git does not name."""
    for path, node, wanted in _walk(parent, foreign, desired):
        for element, child in node.items():
            is_named = isinstance(wanted, Mapping) and element[2:] in wanted
            if element.startswith("f:") and not is_named and only in {"", element}:
                yield planted((*path, element), child)


def _strange_items(to_list: Path, foreign: Fields, desired: Body) -> Iterator[Fields]:
    """Foreign items of a list that are none of those that Git names."""
    for path, node, wanted in _walk(to_list, foreign, desired):
        for element, child in node.items():
            if element.startswith("k:") and _item(element, wanted) is None:
                yield planted((*path, element), child)


def _defaulted(pattern: Path, desired: Body, live: Body) -> Iterator[Fields]:
    """A value that nobody owns, a default of the server, at the very field that is refused (a rollingUpdate)."""
    if _ANY in pattern:
        return
    wanted: Any = desired
    value: Any = live
    for element in pattern:
        wanted = wanted.get(element[2:]) if isinstance(wanted, Mapping) else None
        value = value.get(element[2:]) if isinstance(value, Mapping) else None
    if wanted is None and value is not None:
        yield planted(pattern, _tree_of(value))


def _tree_of(value: Any) -> Fields:
    if not isinstance(value, Mapping) or not value:
        return {}
    return {MEMBER: {}, **{"f:" + name: _tree_of(item) for name, item in value.items()}}
