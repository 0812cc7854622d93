"""JSON patches on managedFields: fields of others become ours, or ours nobody's, before an apply that depends on it.

Each tests the uid and carries the resourceVersion that it was computed from: on anything newer it fails with 409.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from gitops_operator.model.fields_v1 import Fields, Path, leaves, locate, node_at, planted, unite, without
from gitops_operator.model.managed_fields import Entry, entries_of, fields_of, is_adoptable, our_entry
from gitops_operator.model.resource import FIELD_MANAGER, Body

JsonPatch = Sequence[Mapping[str, Any]]


def adoption_patch(body: Body, also: frozenset[str] = frozenset(), ours: str = FIELD_MANAGER) -> JsonPatch | None:
    """What makes the fields of adoptable managers (the usual ones, and `also`) our own; None if there is nothing to do.

    Without an Apply entry of ours one of theirs is renamed and keeps its apiVersion; entries of another version than
    ours cannot be united and stay.
    """
    entries = entries_of(body)
    our = our_entry(entries, ours)
    theirs = [entry for entry in entries if entry is not our and is_adoptable(entry, also, ours)]
    version = _version_to_unite(our, theirs, body)
    taken = [entry for entry in theirs if entry.get("apiVersion") == version]
    if not taken:
        return None
    base = our or _renamed(taken[0], ours)
    fields = reduce(unite, map(fields_of, taken), fields_of(base))
    gone = [our, *taken]
    rest = [entry for entry in entries if not any(entry is one for one in gone)]
    return _patch(body, [{**base, "fieldsV1": fields}, *rest])


def _version_to_unite(our: Entry | None, theirs: Sequence[Entry], body: Body) -> str:
    if our is not None:
        return str(our.get("apiVersion"))
    versions = [str(entry.get("apiVersion")) for entry in theirs]
    return str(body["apiVersion"]) if body["apiVersion"] in versions or not versions else versions[0]


def _renamed(entry: Entry, ours: str) -> Entry:
    return {**entry, "manager": ours, "operation": "Apply"}


def take_over_patch(body: Body, stolen: Fields, ours: str = FIELD_MANAGER) -> JsonPatch | None:
    """What moves fields into our own entry and out of all others; None where that changes nothing or cannot be done."""
    entries = entries_of(body)
    our = our_entry(entries, ours)
    if our is None or not stolen:
        return None
    taken = list(leaves(stolen))
    united = unite(fields_of(our), stolen)
    rest = [_less(entry, taken) for entry in entries if entry is not our]
    if united == fields_of(our) and all(one is other for one, other in zip(rest, _others(entries, our), strict=True)):
        return None
    return _patch(body, [{**our, "fieldsV1": united}, *(entry for entry in rest if fields_of(entry))])


def _others(entries: Iterable[Entry], our: Entry) -> list[Entry]:
    return [entry for entry in entries if entry is not our]


def _less(entry: Entry, paths: Iterable[Path]) -> Entry:
    if entry.get("subresource"):
        return entry
    fields = reduce(without, paths, fields_of(entry))
    return entry if fields == fields_of(entry) else {**entry, "fieldsV1": fields}


def previous_fields_patch(body: Body, previous: Fields, desired: Body, ours: str = FIELD_MANAGER) -> JsonPatch | None:
    """What gives us back the fields that others took and Git has removed since, so that the next apply removes them."""
    our = our_entry(entries_of(body), ours)
    if our is None:
        return None
    owned = fields_of(our)
    lost = [
        path
        for path in leaves(previous)
        if node_at(owned, path) is None and locate(path, desired) is None and locate(path, body) is not None
    ]
    stolen: Fields = reduce(unite, (planted(path, {}) for path in lost), {})
    return take_over_patch(body, stolen, ours)


def _patch(body: Body, entries: Sequence[Entry]) -> JsonPatch:
    metadata = body["metadata"]
    return [
        {"op": "test", "path": "/metadata/uid", "value": metadata["uid"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": list(entries)},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
    ]
