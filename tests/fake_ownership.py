"""Who owns which field of an object, as the API server keeps it: server-side apply and the bookkeeping of other writes.

The rules are those of structured-merge-diff for the list and map types of the kinds that the tests use.
"""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from gitops_operator.model.fields_v1 import (
    MEMBER,
    Fields,
    Path,
    leaves,
    locate,
    node_at,
    removed,
    unite,
    value_at,
    without,
)

Live = dict[str, Any]
Entry = dict[str, Any]

_KEYS = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_SETS = frozenset({"finalizers"})
_ATOMIC = frozenset({"selector", "nodeSelector"})
_NOBODYS = frozenset({"apiVersion", "kind"})
_NOBODYS_METADATA = frozenset(
    {
        "creationTimestamp",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "name",
        "namespace",
        "resourceVersion",
        "uid",
    }
)


class FieldConflictError(Exception):
    """Fields that somebody else owns with another value: (manager, path as people read it)."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        super().__init__(str(fields))
        self.fields = fields


def apply(live: Live, config: Mapping[str, Any], manager: str, now: str, *, force: bool) -> Live:
    """The object after a server-side apply.

    Raises:
        FieldConflictError: without force, where somebody else owns a field with another value.
    """
    entries = entries_of(live)
    ours = next((entry for entry in entries if is_entry(entry, manager, "Apply")), None)
    others = [entry for entry in entries if entry is not ours]
    wanted = fields_of(config)
    stolen = [(entry, path) for entry in others for path in _conflicting(entry, wanted, config, live)]
    if stolen and not force:
        raise FieldConflictError([(entry["manager"], _words(path)) for entry, path in stolen])
    for entry, path in stolen:
        entry["fieldsV1"] = without(entry["fieldsV1"], path)
    merged = _merged(live, _managed(config), "")
    merged = _less(merged, ours["fieldsV1"] if ours else {}, wanted, others)
    entry = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": config["apiVersion"],
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": wanted,
    }
    if ours is not None and ours["fieldsV1"] == wanted and ours["apiVersion"] == config["apiVersion"]:
        entry["time"] = ours["time"]
    return with_entries(merged, [entry, *others])


def written_status(after: Live, manager: str, now: str) -> Live:
    """The object with its managedFields after a write of its status, of which nobody asks who owns what."""
    entries = [entry for entry in entries_of(after) if not is_entry(entry, manager, "Update", "status")]
    entry = _update_entry(after, manager) | {"time": now, "subresource": "status", "fieldsV1": {"f:status": {}}}
    return with_entries(after, [*entries, entry])


def written(before: Live, after: Live, manager: str, now: str) -> Live:
    """The object with its managedFields after a write that was no apply."""
    old, new = _values(before), _values(after)
    changed = [path for path, value in new.items() if path not in old or old[path] != value]
    gone = [path for path in old if path not in new]
    entries = entries_of(after)
    for entry in entries:
        for path in (*changed, *gone):
            entry["fieldsV1"] = without(entry["fieldsV1"], path)
    if changed:
        mine = [one for one in entries if is_entry(one, manager, "Update")] or [_update_entry(after, manager)]
        fields = reduce(unite, map(_planted, changed), mine[0]["fieldsV1"])
        entries = [one for one in entries if one is not mine[0]]
        entries.append({**mine[0], "time": now, "fieldsV1": fields})
    return with_entries(after, entries)


def _update_entry(body: Live, manager: str) -> Entry:
    version = body["apiVersion"]
    return {"manager": manager, "operation": "Update", "apiVersion": version, "fieldsType": "FieldsV1", "fieldsV1": {}}


def entries_of(body: Mapping[str, Any]) -> list[Entry]:
    """Copies of the entries of managedFields."""
    return copy.deepcopy(list(body["metadata"].get("managedFields") or ()))


def is_entry(entry: Entry, manager: str, operation: str, subresource: str = "") -> bool:
    return (entry["manager"], entry["operation"], entry.get("subresource", "")) == (manager, operation, subresource)


def with_entries(body: Live, entries: Iterable[Entry]) -> Live:
    kept = [entry for entry in entries if entry["fieldsV1"]]
    return {**body, "metadata": {**body["metadata"], "managedFields": kept}}


def fields_of(body: Mapping[str, Any]) -> Fields:
    """The fields that an object names."""
    return _fields(_managed(body), "")


def _managed(body: Mapping[str, Any]) -> Live:
    """What of an object anybody owns."""
    kept = {name: value for name, value in body.items() if name not in _NOBODYS}
    metadata = {name: value for name, value in body["metadata"].items() if name not in _NOBODYS_METADATA}
    kept.pop("metadata")
    return {**kept, "metadata": metadata} if metadata else kept


def _fields(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, Mapping) and name not in _ATOMIC:
        return {f"f:{inner}": _fields(item, inner) for inner, item in value.items()}
    if isinstance(value, list) and name in _SETS:
        return {f"v:{json.dumps(item)}": {} for item in value}
    keys = _keys(name, value)
    if keys:
        return {_element(item, keys): {MEMBER: {}, **_fields(item, "")} for item in value}
    return {}


def _keys(name: str, value: Any) -> tuple[str, ...]:
    """What tells the items of a list apart; () where it is atomic."""
    if not isinstance(value, list) or not value or not all(isinstance(item, Mapping) for item in value):
        return ()
    if name == "ports":
        return ("containerPort" if "containerPort" in value[0] else "port", "protocol")
    return _KEYS.get(name, ())


def _element(item: Mapping[str, Any], keys: Sequence[str]) -> str:
    defaults = {"protocol": "TCP"}
    return "k:" + json.dumps({key: item.get(key, defaults.get(key)) for key in keys}, separators=(",", ":"))


def _merged(live: Any, config: Any, name: str) -> Any:
    if isinstance(live, Mapping) and isinstance(config, Mapping) and name not in _ATOMIC:
        return {**live, **{inner: _merged(live.get(inner), item, inner) for inner, item in config.items()}}
    if name in _SETS and isinstance(live, list):
        return [*live, *(item for item in config if item not in live)]
    keys = _keys(name, config)
    if keys and isinstance(live, list):
        wanted = {_element(item, keys): item for item in config}
        found = {_element(item, keys): item for item in live}
        kept = [_merged(item, wanted.get(element, {}), "") for element, item in found.items()]
        return [*kept, *(item for element, item in wanted.items() if element not in found)]
    return copy.deepcopy(config)


def _conflicting(entry: Entry, wanted: Fields, config: Mapping[str, Any], live: Live) -> list[Path]:
    if entry.get("subresource"):
        return []
    return [
        path
        for path in leaves(wanted)
        if node_at(entry["fieldsV1"], path) is not None and _at(path, config) != _at(path, live)
    ]


def _at(path: Path, body: Mapping[str, Any]) -> Any:
    location = locate(path, body)
    return ... if location is None else value_at(location, body)


def _less(merged: Live, before: Fields, wanted: Fields, others: Sequence[Entry]) -> Live:
    """The object without what we alone owned and do not name any more."""
    for path in (*_items(before), *leaves(before)):  # whole items first: without its keys an item is not found
        owned = [wanted, *(entry["fieldsV1"] for entry in others)]
        if any(node_at(fields, path) is not None for fields in owned):
            continue
        merged = _without(merged, path)
    return merged


def _items(fields: Fields, above: Path = ()) -> list[Path]:
    """The paths of all items of keyed lists."""
    found = []
    for element, node in fields.items():
        if element != MEMBER:
            found += [(*above, element)] if element.startswith("k:") else []
            found += _items(node, (*above, element))
    return found


def _without(body: Live, path: Path) -> Live:
    """The object without a field; maps and lists that this leaves empty go too."""
    location = locate(path, body)
    if not location:
        return body
    less: Live = removed(body, location)
    parent = location[:-1]
    if len(parent) > 1 and not value_at(parent, less):
        return removed(less, parent)  # type: ignore[no-any-return]  # JSON data
    return less


def _values(body: Live) -> dict[Path, Any]:
    return {path: _at(path, body) for path in leaves(fields_of(body))}


def _planted(path: Path) -> Fields:
    node: Fields = {}
    for element in reversed(path):
        node = {element: {MEMBER: {}, **node} if element.startswith("k:") else node}
    return node


def _words(path: Path) -> str:
    return "".join(f".{element[2:]}" if element.startswith("f:") else f"[{element[2:]}]" for element in path)
