"""The body that an apply sends: what Git wants, our annotations, and care for fields that are not ours to set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from typing import Any, NamedTuple

from gitops_operator.model.fields_v1 import (
    Fields,
    Location,
    Path,
    is_key,
    leaf_above,
    left_out,
    locate,
    node_at,
    placed,
    resolve,
    unite,
    value_at,
)
from gitops_operator.model.managed_fields import entries_of, fields_of, is_adoptable, our_entry, owned_part
from gitops_operator.model.resource import DESIRED_DIGEST, TRACKING_ID, Body, Resource, StoredBody


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
    return _with_stamps(resource.body, resource)


def _with_stamps(body: Body, resource: Resource) -> Body:
    metadata = body.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {})}
    annotations[TRACKING_ID] = resource.tracking_id
    annotations[DESIRED_DIGEST] = resource.digest
    return {**body, "metadata": {**metadata, "annotations": annotations}}


def body_to_send(resource: Resource, live: Body | None, ignored: Collection[Path], *, migrates: bool = False) -> Body:
    """What an apply sends.

    Leaving a field out of an apply deletes or resets it while we alone own it. So of an ignored field we send, as it is
    live, what we own (or will after an adoption), and leave out the rest. Inside an atomic value, which is written
    whole, the live value stands for ours. Live values go with the resourceVersion that they were read at, so that a
    newer one is not undone.
    """
    body = stamped(resource)
    if live is None or not ignored:
        return body
    owners = _Owners(_owned(live, migrates=migrates), _owned_by_anybody(live))
    paths = _paths(live, ignored)
    for path in paths:
        body = _minding(body, path, live, owners)
    return _fenced(body, resource, live, paths)


class Unsent(NamedTuple):
    """What an apply would send, as long as nobody asks: a thousand bodies at a time take a lot of memory."""

    resource: Resource
    live: StoredBody | None
    ignored: frozenset[Path]
    migrates: bool = False

    def load(self) -> Body:
        """The body; made anew at each call."""
        live = self.live.load() if self.live is not None else None
        return body_to_send(self.resource, live, self.ignored, migrates=self.migrates)


def body_with_live(resource: Resource, live: Body, ignored: Collection[Path]) -> Body:
    """What an apply sends where leaving out ignored fields is refused: their live values, whoever owns them."""
    body = stamped(resource)
    paths = _paths(live, ignored)
    for path in paths:
        body = _as_live(body, path, live)
    return _fenced(body, resource, live, paths)


def _paths(live: Body, ignored: Collection[Path]) -> list[Path]:
    known = _owned_by_anybody(live)
    return sorted(path for path in {resolve(path, known) for path in ignored} if not is_key(path))


def _owned_by_anybody(live: Body) -> Fields:
    return reduce(unite, map(fields_of, entries_of(live)), {})


def _fenced(sent: Body, resource: Resource, live: Body, paths: Collection[Path]) -> Body:
    """Live values go with their version; and no rule ignores what we know our objects by."""
    sent = _with_stamps(sent, resource)
    if not any(locate(path, sent) is not None and locate(path, live) is not None for path in paths):
        return sent
    return {**sent, "metadata": {**sent["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}}


def _as_live(sent: Body, path: Path, live: Body) -> Body:
    there = locate(path, live)
    return sent if there is None else _with(sent, path, value_at(there, live))


class _Owners(NamedTuple):
    ours: Fields
    everybodys: Fields


def _minding(sent: Body, path: Path, live: Body, owners: _Owners) -> Body:
    """The body with care taken of one field that is not ours to set."""
    there = locate(path, live)
    node = node_at(owners.ours, path)
    if node is not None:
        is_bare = not node and (here := locate(path, sent)) is not None and value_at(here, sent) == {}
        return sent if there is None or is_bare else _with(sent, path, owned_part(node, value_at(there, live)))
    is_inside = any(element[0] == "i" for element in path) or any(leaf_above(one, path) is not None for one in owners)
    if not is_inside:
        return _left_out(sent, path)
    if there is None:
        siblings = node_at(owners.everybodys, path[:-1]) or {}
        is_keyed = any(element[0] in "kv" for element in siblings)
        return _left_out(sent, path) if path[-1][0] == "i" and is_keyed else sent
    return _as_live(sent, path, live)


def _left_out(sent: Body, path: Path) -> Body:
    rest: Body = left_out(sent, path)
    return rest


def _owned(live: Body, *, migrates: bool) -> Fields:
    our = our_entry(entries_of(live))
    entries = [our] if our else []
    if migrates:
        entries += [entry for entry in entries_of(live) if entry is not our and is_adoptable(entry)]
    return reduce(unite, map(fields_of, entries), {})


def _with(sent: Body, path: Path, value: Any) -> Body:
    """The body with a value at a path, also where Git has nothing there but the parent."""
    here = locate(path, sent) or _new_place(sent, path)
    return sent if here is None else placed(sent, here, value)


def _new_place(sent: Body, path: Path) -> Location | None:
    parent = locate(path[:-1], sent)
    if parent is None:
        return None
    inside = value_at(parent, sent)
    if isinstance(inside, list):
        return (*parent, len(inside)) if path[-1][0] != "i" else None
    return (*parent, path[-1][2:]) if isinstance(inside, Mapping) else None
