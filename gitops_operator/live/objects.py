"""Every record of a cluster, by kind, namespace and name, and by the Application that tracks it."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_operator.live.record import Record
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.resource import GroupKind, ResourceKey

_Names = dict[str, Record]


class Objects:
    """Each event costs a few look-ups, whatever the size of the cluster."""

    __slots__ = ("_kinds", "_tracked", "count")

    def __init__(self) -> None:
        self._kinds: dict[GroupKind, dict[str, _Names]] = {}
        self._tracked: dict[ApplicationKey, dict[GroupKind, set[Record]]] = {}
        self.count = 0

    def find(self, key: ResourceKey) -> Record | None:
        namespaces = self._kinds.get(key[:2])  # type: ignore[call-overload]  # a slice of it equals its GroupKind
        names = namespaces.get(key.namespace) if namespaces else None
        return names.get(key.name) if names else None

    def add(self, record: Record) -> None:
        namespaces = self._kinds.setdefault(record.kind.group_kind, {})
        namespaces.setdefault(record.namespace, {})[record.name] = record
        self.count += 1

    def remove(self, record: Record) -> None:
        group_kind = record.kind.group_kind
        namespaces = self._kinds[group_kind]
        names = namespaces[record.namespace]
        del names[record.name]
        self.count -= 1
        if not names:
            del namespaces[record.namespace]
        if not namespaces:
            del self._kinds[group_kind]

    def track(self, record: Record) -> None:
        """Put a record under the Application that it belongs to, if it belongs to one."""
        app = app_of(record)
        if app is not None:
            self._tracked.setdefault(app, {}).setdefault(record.kind.group_kind, set()).add(record)

    def untrack(self, record: Record) -> None:
        app = app_of(record)
        if app is None:
            return
        kinds = self._tracked[app]
        group_kind = record.kind.group_kind
        kinds[group_kind].discard(record)
        if not kinds[group_kind]:
            del kinds[group_kind]
        if not kinds:
            del self._tracked[app]

    def tracked_by(self, app: ApplicationKey) -> list[Record]:
        return [record for records in self._tracked.get(app, {}).values() for record in records]

    def tracked_keys(self) -> list[ResourceKey]:
        """Every object that some Application tracks."""
        kinds = (kind for app in self._tracked.values() for kind in app.values())
        return [record.key for records in kinds for record in records]

    def tracked_kinds(self) -> set[GroupKind]:
        """Every kind of which some Application tracks an object."""
        return {group_kind for kinds in self._tracked.values() for group_kind in kinds}

    def trackers_of(self, group_kind: GroupKind) -> Iterator[ApplicationKey]:
        """The Applications that track an object of a kind."""
        return (app for app, kinds in self._tracked.items() if group_kind in kinds)

    def under(self, group_kind: GroupKind, namespace: str = "") -> list[Record]:
        """The objects of a kind; with a namespace, those in it. A list of its own: records may go while it is read."""
        namespaces = self._kinds.get(group_kind, {})
        some = [namespaces.get(namespace, {})] if namespace else namespaces.values()
        return [record for names in some for record in names.values()]

    def in_namespace(self, namespace: str) -> Iterator[Record]:
        for namespaces in self._kinds.values():
            yield from namespaces.get(namespace, {}).values()


def app_of(record: Record) -> ApplicationKey | None:
    """The Application that a record belongs to."""
    held = record.held
    return held.live.tracking.application if held is not None and held.live.tracking is not None else None
