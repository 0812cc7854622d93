"""What a cluster serves, and how well each kind of it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from gitops_operator.model.kind import Catalogue, KindState, KindStatus
from gitops_operator.model.resource import GroupKind

_UNKNOWN = KindStatus(KindState.UNKNOWN)


class Kinds:
    """The catalogue and the state of each kind."""

    __slots__ = ("_statuses", "catalogue")

    def __init__(self) -> None:
        self._statuses: dict[GroupKind, KindStatus] = {}
        self.catalogue = Catalogue()

    def status_of(self, group_kind: GroupKind) -> KindStatus:
        status = self._statuses.get(group_kind)
        if status is not None:
            return status
        if group_kind.group in self.catalogue.stale:
            return KindStatus(KindState.UNKNOWN, f"the API group {group_kind.group or 'core'} could not be discovered")
        return _UNKNOWN

    def set(self, group_kind: GroupKind, status: KindStatus | None) -> bool:
        """Record a status, None for a kind that is gone; whether that changed anything."""
        before = self.status_of(group_kind)
        if status is None:
            self._statuses.pop(group_kind, None)
        else:
            self._statuses[group_kind] = status
        return self.status_of(group_kind) != before

    def learn(self, catalogue: Catalogue, kinds: Iterable[GroupKind]) -> list[GroupKind]:
        """Record a catalogue; those of `kinds` that look different in it."""
        before = {kind: (self.catalogue.preferred.get(kind), self.status_of(kind)) for kind in kinds}
        self.catalogue = catalogue
        return [kind for kind, was in before.items() if (catalogue.preferred.get(kind), self.status_of(kind)) != was]

    def all(self) -> Mapping[GroupKind, KindStatus]:
        return dict(self._statuses)

    def count(self) -> Mapping[KindState, int]:
        return Counter(status.state for status in self._statuses.values())
