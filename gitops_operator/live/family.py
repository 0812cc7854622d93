"""Who made whom: owner references, and a StatefulSet's claims, which carry none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gitops_operator.live.objects import Objects
from gitops_operator.live.record import Record
from gitops_operator.live.sighting import Sighting
from gitops_operator.model.hierarchy import OwnerRef, claims_of, is_claim_of
from gitops_operator.model.resource import GroupKind, ResourceKey

_SET = GroupKind("apps", "StatefulSet")
CLAIM = GroupKind("", "PersistentVolumeClaim")

_Patterns = tuple[re.Pattern[str], ...]


class Family:
    """Children by the UID of their owner, or by its key where an inferred owner's UID is not known."""

    __slots__ = ("_children", "_claims", "_objects")

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._children: dict[str | ResourceKey, set[Record]] = {}
        self._claims: dict[str, _Patterns] = {}

    def join(self, record: Record, sighting: Sighting) -> None:
        for owner in record.owners:
            self._children.setdefault(_slot(owner, record), set()).add(record)
        if record.kind.group_kind == _SET and record.uid not in self._claims:  # templates cannot change
            self._claims[record.uid] = claims_of(sighting.body)

    def leave(self, record: Record) -> None:
        for owner in record.owners:
            slot = _slot(owner, record)
            siblings = self._children.get(slot)
            if siblings is not None:
                siblings.discard(record)
                if not siblings:
                    del self._children[slot]

    def end(self, record: Record) -> None:
        """A record is gone for good."""
        self.leave(record)
        self._claims.pop(record.uid, None)

    def parents(self, record: Record) -> Iterator[Record]:
        for owner in record.owners:
            found = self._owner(owner, record.namespace)
            if found is not None:
                yield found
        if record.kind.group_kind == CLAIM:
            for stateful_set in self._objects.under(_SET, record.namespace):
                if is_claim_of(record.name, self._claims.get(stateful_set.uid, ())):
                    yield stateful_set

    def children(self, record: Record) -> Iterator[Record]:
        yield from self._children.get(record.uid, ())
        yield from self._children.get(record.key, ())
        patterns = self._claims.get(record.uid)
        if patterns:
            for claim in self._objects.under(CLAIM, record.namespace):
                if is_claim_of(claim.name, patterns):
                    yield claim

    def ancestors(self, record: Record) -> Iterator[Record]:
        """Everything above a record, once each; references may go in circles."""
        return _walk(record, self.parents)

    def descendants(self, record: Record) -> Iterator[Record]:
        """Everything below a record, once each."""
        return _walk(record, self.children)

    def _owner(self, owner: OwnerRef, namespace: str) -> Record | None:
        for place in dict.fromkeys((namespace, "")):
            found = self._objects.find(ResourceKey(owner.group, owner.kind, place, owner.name))
            if found is not None and owner.uid in {"", found.uid}:
                return found
        return None


def may_have_parents(owners: tuple[OwnerRef, ...], group_kind: GroupKind) -> bool:
    """Whether something may be above an object: a claim may have a StatefulSet there without a reference to it."""
    return bool(owners) or group_kind == CLAIM


def _slot(owner: OwnerRef, child: Record) -> str | ResourceKey:
    return owner.uid or ResourceKey(owner.group, owner.kind, child.namespace, owner.name)


def _walk(start: Record, step: Callable[[Record], Iterator[Record]]) -> Iterator[Record]:
    seen = {start}
    waiting = [start]
    while waiting:
        for record in step(waiting.pop()):
            if record not in seen:
                seen.add(record)
                waiting.append(record)
                yield record
