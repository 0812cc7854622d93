"""managedFields: what an object says about who owns which of its fields, and what we read from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from gitops_operator.model.fields_v1 import (
    MEMBER,
    Fields,
    Path,
    leaf_above,
    node_at,
    planted,
    resolve,
    touches,
    unite,
    without,
)
from gitops_operator.model.resource import FIELD_MANAGER, Body

Entry = Mapping[str, Any]
"""One entry of managedFields."""

_WITHIN = "!"
"""Marks, for `project`, an atomic value less some of what is in it."""

_END = ")"
_ABSENT = ...


class Lens(NamedTuple):
    """What of our own entry counts when live is compared with what our last apply left.

    `ignored` paths are left out of entry and values; of `bare` ones (desired is `{}` or null) only the presence counts.
    `rules` names the ignore rules that were in force: values of H under different rules say nothing about each other.
    """

    rules: str = ""
    ignored: frozenset[Path] = frozenset()
    bare: frozenset[Path] = frozenset()


WHOLE = Lens()


def entries_of(body: Body) -> Sequence[Entry]:
    """The managedFields of an object."""
    return body.get("metadata", {}).get("managedFields") or ()


def fields_of(entry: Entry) -> Fields:
    """The fields of an entry."""
    return entry.get("fieldsV1") or {}


def our_entry(managed_fields: Iterable[Entry], manager: str = FIELD_MANAGER) -> Entry | None:
    """The entry that our own applies keep, or None."""
    for entry in managed_fields:
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            return entry
    return None


def ownership(body: Body, lens: Lens = WHOLE, manager: str = FIELD_MANAGER) -> str:
    """H of drift.md: our own entry and the live values at the paths that it names; "" without an entry of ours."""
    entry = our_entry(entries_of(body), manager)
    if entry is None:
        return ""
    parts = project(through(lens, fields_of(entry)), body)
    text = f"{entry.get('apiVersion')}\n{parts!r}"
    return f"{lens.rules}:{blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def through(lens: Lens, fields: Fields) -> Fields:
    """The fields as a lens shows them, for `project`."""
    for path in lens.ignored:
        fields = _less(fields, resolve(path, fields))
    for path in lens.bare:
        resolved = resolve(path, fields)
        if node_at(fields, resolved) == {}:
            fields = _replaced(fields, resolved, {MEMBER: {}})
    return fields


def _less(fields: Fields, path: Path) -> Fields:
    marked = (depth for depth in range(1, len(path)) if _WITHIN in (node_at(fields, path[:depth]) or {}))
    depth = next(marked, None) or leaf_above(fields, path)
    if depth is None:
        return without(fields, path)
    node = node_at(fields, path[:depth]) or {}
    return _replaced(fields, path[:depth], {_WITHIN: unite(node.get(_WITHIN, {}), planted(path[depth:], {}))})


def _replaced(fields: Fields, path: Path, node: Fields) -> Fields:
    if not path:
        return node
    return {**fields, path[0]: _replaced(fields[path[0]], path[1:], node)}


def project(fields: Fields, body: Body) -> list[Any]:
    """The live values at exactly the paths of a set, flat, each after its path elements, list items in live order."""
    parts: list[Any] = []
    _collect(fields, body, parts)
    return parts


def _collect(node: Fields, value: Mapping[str, Any], parts: list[Any]) -> None:
    for element, child in node.items():
        parts.append(element)
        if element == MEMBER:
            continue
        inner = value.get(element[2:], _ABSENT)
        if not child:
            parts.append(inner)
        elif len(child) == 1 and (MEMBER in child or _WITHIN in child):
            parts.append(_trimmed(child, inner))
        elif isinstance(inner, dict):
            _collect(child, inner, parts)
        elif isinstance(inner, list):
            _collect_items(child, inner, parts)
        else:
            parts.append(inner)
    parts.append(_END)


def _trimmed(child: Fields, inner: Any) -> Any:
    if inner is _ABSENT or MEMBER in child:
        return inner is not _ABSENT
    return _cut(inner, child[_WITHIN])


def _cut(value: Any, inside: Fields) -> Any:
    """A copy of an atomic value without some of what is in it."""
    if isinstance(value, Mapping):
        return {
            name: _cut(item, inside["f:" + name]) if "f:" + name in inside else item
            for name, item in value.items()
            if inside.get("f:" + name) != {}
        }
    if isinstance(value, list):
        return [
            _cut(item, inside.get(f"i:{index}") or {})
            for index, item in enumerate(value)
            if inside.get(f"i:{index}") != {}
        ]
    return value


def _collect_items(node: Fields, items: list[Any], parts: list[Any]) -> None:
    """The items of a list in live order; what the set names and live lacks shows by its absence."""
    values = {_plain(json.loads(element[2:])) for element in node if element[0] == "v"}
    if values:
        parts.extend(item for item in items if _plain(item) in values)
    for element, item, child in owned_items(node, items):
        parts.append(element)
        if child and isinstance(item, dict):
            _collect(child, item, parts)
        else:
            parts.append(item)
    parts += (len(node), _END)


def owned_items(node: Fields, items: Sequence[Any]) -> list[tuple[str, Any, Fields]]:
    """The items that a set names by keys or index, in live order: path element, item, and the node below."""
    first = next((element for element in node if element[0] == "k"), "")
    found = []
    if first:
        names = tuple(json.loads(first[2:]))
        for item in items:
            element = _element_of(names, item)
            if element in node:
                found.append((element, item, node[element]))
    if len(found) == len(node) - (MEMBER in node):
        return found
    return _slowly_owned_items(node, items)


def owned_part(node: Fields, value: Any) -> Any:
    """As much of a value as a node of a set names, list items in their order."""
    if not node:
        return value
    if isinstance(value, Mapping):
        return {name: owned_part(node[f"f:{name}"], item) for name, item in value.items() if f"f:{name}" in node}
    if not isinstance(value, list):
        return value
    values = {_plain(json.loads(element[2:])) for element in node if element[0] == "v"}
    if values:
        return [item for item in value if _plain(item) in values]
    return [owned_part(child, item) for _, item, child in owned_items(node, value)]


def _element_of(names: tuple[str, ...], item: Any) -> str:
    """How the server writes the keys of an item, as long as nothing in them needs an escape."""
    if not isinstance(item, dict):
        return ""
    if len(names) == 1 and type(value := item.get(names[0])) is str:
        return f'k:{{"{names[0]}":"{value}"}}'
    keys = {name: item.get(name) for name in names}
    return "k:" + json.dumps(keys, separators=(",", ":"), ensure_ascii=False)


def _slowly_owned_items(node: Fields, items: Sequence[Any]) -> list[tuple[str, Any, Fields]]:
    wanted: dict[tuple[tuple[str, Any], ...], tuple[str, Fields]] = {}
    for element, child in node.items():
        if element[0] == "k":
            wanted[_keys_of(json.loads(element[2:]))] = (element, child)
    names = {tuple(name for name, _ in keys) for keys in wanted}
    found = []
    for index, item in enumerate(items):
        if f"i:{index}" in node:
            found.append((f"i:{index}", item, node[f"i:{index}"]))
        if isinstance(item, dict):
            candidates = [_keys_of({name: item.get(name) for name in some}) for some in names]
            found.extend((wanted[keys][0], item, wanted[keys][1]) for keys in candidates if keys in wanted)
    return found


def _keys_of(keys: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, _plain(value)) for name, value in keys.items())


def _plain(value: Any) -> Any:
    """A value of a set, to be found again: numbers are equal as numbers, true is not 1."""
    return (type(value) is bool, value) if isinstance(value, (str, int, float)) else json.dumps(value, sort_keys=True)


_ADOPTED = frozenset({"kubectl-client-side-apply", "kubectl-create", "before-first-apply"})
HANDED_OVER = frozenset({"argocd-controller", "kustomize-controller", "helm-controller", "helm"})
"""The managers of other GitOps tools: their fields are taken over only when the object is handed over."""


def is_adoptable(entry: Entry, also: frozenset[str] = frozenset(), ours: str = FIELD_MANAGER) -> bool:
    """Whether the fields of an entry become ours before an apply; controllers' and subresources' never do."""
    if entry.get("subresource"):
        return False
    manager, operation = entry.get("manager"), entry.get("operation")
    if manager in also:
        return True
    return operation == "Update" and (manager == ours or manager in _ADOPTED)


def adoptable_managers(managed_fields: Iterable[Entry], ours: str = FIELD_MANAGER) -> tuple[str, ...]:
    """The co-owners whose fields an adoption can take over: entries of another version than ours cannot be united."""
    entries = list(managed_fields)
    entry = our_entry(entries, ours)
    found = [
        str(other.get("manager"))
        for other in entries
        if is_adoptable(other, ours=ours) and (entry is None or other.get("apiVersion") == entry.get("apiVersion"))
    ]
    return tuple(sorted(set(found)))


def owner_of(managed_fields: Iterable[Entry], path: Path, ours: str = FIELD_MANAGER) -> Entry | None:
    """The entry that owns what is at a path: the last writer that is not our own apply, before our own."""
    owning = [entry for entry in managed_fields if touches(fields_of(entry), path)]
    newest: Callable[[Entry], tuple[bool, str]] = lambda entry: (entry is not our, str(entry.get("time") or ""))  # noqa: E731
    our = our_entry(owning, ours)
    return max(owning, key=newest, default=None)


def owns(entry: Entry, path: Path) -> bool:
    """Whether an entry owns the field at a path, by itself or as part of an atomic value."""
    return touches(fields_of(entry), path)
