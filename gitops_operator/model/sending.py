"""The body that an apply sends: what Git wants, our annotations, and care for fields that are not ours to set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from typing import NamedTuple

from gitops_operator.model.fields_v1 import (
    Fields,
    Location,
    Path,
    locate,
    node_at,
    placed,
    removed,
    resolve,
    touches,
    unite,
    value_at,
)
from gitops_operator.model.managed_fields import entries_of, fields_of, is_adoptable, our_entry
from gitops_operator.model.resource import DESIRED_DIGEST, TRACKING_ID, Body, Resource


class Care(NamedTuple):
    """Fields that an apply minds: `ignored` ones keep their live value; `previous` ones are given back to us first.

    These are what we owned before others took some and Git changed: without it a field that somebody edited before Git
    removed it would stay.
    """

    ignored: frozenset[Path] = frozenset()
    previous: Fields | None = None


CARELESS = Care()


def stamped(resource: Resource) -> Body:
    """A desired object with our two annotations in it."""
    metadata = resource.body.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {})}
    annotations[TRACKING_ID] = resource.tracking_id
    annotations[DESIRED_DIGEST] = resource.digest
    return {**resource.body, "metadata": {**metadata, "annotations": annotations}}


def body_to_send(resource: Resource, live: Body | None, ignored: Collection[Path], *, migrates: bool = False) -> Body:
    """What an apply sends.

    Leaving a field out of an apply deletes or resets it while we alone own it. So an ignored field is left out only if
    we do not own it (and will not after an adoption); while we do, its live value is sent, and with it the
    resourceVersion that it was read at, so that a newer value is not undone.
    """
    body = stamped(resource)
    if live is None or not ignored:
        return body
    owned = _owned(live, migrates=migrates)
    known: Fields = reduce(unite, map(fields_of, entries_of(live)), {})
    paths = sorted({resolve(path, known) for path in ignored})
    kept = [path for path in paths if _is_ours(path, owned, body) and locate(path, live) is not None]
    sent: Body = reduce(_left_out, (path for path in paths if path not in kept), body)
    for path in kept:
        sent = _with_live(sent, path, live)
    if not kept:
        return sent
    version = live["metadata"]["resourceVersion"]
    return {**sent, "metadata": {**sent["metadata"], "resourceVersion": version}}


def _owned(live: Body, *, migrates: bool) -> Fields:
    our = our_entry(entries_of(live))
    entries = [our] if our else []
    if migrates:
        entries += [entry for entry in entries_of(live) if entry is not our and is_adoptable(entry)]
    return reduce(unite, map(fields_of, entries), {})


def _is_ours(path: Path, owned: Fields, body: Body) -> bool:
    """Whether our entry names a path, or Git has something there that is part of an atomic value of ours."""
    return node_at(owned, path) is not None or (touches(owned, path) and locate(path, body) is not None)


def _left_out(sent: Body, path: Path) -> Body:
    here = locate(path, sent)
    return sent if here is None else removed(sent, here)


def _with_live(sent: Body, path: Path, live: Body) -> Body:
    """The body with the live value at a path, also where Git has nothing there."""
    value = value_at(locate(path, live) or (), live)
    here = locate(path, sent)
    if here is None:
        here = _new_place(sent, path)
    return sent if here is None else placed(sent, here, value)


def _new_place(sent: Body, path: Path) -> Location | None:
    parent = locate(path[:-1], sent)
    if parent is None:
        return None
    inside = value_at(parent, sent)
    if isinstance(inside, list):
        return (*parent, len(inside))
    return (*parent, path[-1][2:]) if isinstance(inside, Mapping) else None
