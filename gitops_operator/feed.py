"""From the informers of a cluster into its cache, and from there to the Applications that have to look again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from gitops_operator.live import Cause, Moves, Store
from gitops_operator.live.replacement import Replacement
from gitops_operator.live.sighting import Sighting
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.kind import Catalogue, Kind, KindStatus
from gitops_operator.model.resource import PREFIX, GroupKind
from gitops_operator.wakeups import Priority

_PRIORITIES = {
    Cause.SPEC: Priority.USER,
    Cause.OBJECT: Priority.DRIFT,
    Cause.HEALTH: Priority.DEPENDENCY,
    Cause.KIND: Priority.DEPENDENCY,
}
_CRD = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_SETTINGS_KINDS = frozenset({GroupKind("", "Secret"), GroupKind("", "ConfigMap")})
_OURS = PREFIX.encode()
_WRITTEN_AT = re.compile(rb'"time":"([0-9TZ:-]{20})"')
_SAMPLE = 16  # one event in so many tells its lag


class Observer(Protocol):
    """Hears how late an event came, in seconds: from the write of an object to its event."""

    def event_lag(self, seconds: float) -> None: ...


class Feed:
    """Implements `cluster.junction.Sink`. `settings_moved` hears that a Secret or ConfigMap of ours may have moved.

    It is ours by a label, or by its name, if that is `also`.
    """

    def __init__(
        self,
        store: Store,
        wake: Callable[[ApplicationKey, Priority], None],
        settings_moved: Callable[[], None],
        observer: Observer,
        *,
        also: str = "",
    ) -> None:
        self._ours = (_OURS, json.dumps(also).encode()) if also else (_OURS,)
        self._store, self._wake, self._settings_moved, self._observer = store, wake, settings_moved, observer
        self._events = 0

    def moved(self, moves: Moves) -> None:
        """Wake whom it concerns."""
        for app, cause in moves.wakes:
            self._wake(app, _PRIORITIES[cause])

    def replacing(self, kind: Kind, namespace: str = "") -> Listed:
        return Listed(self, kind, self._store.replacing(kind, namespace))

    def changed(self, kind: Kind, raw: bytes) -> None:
        redefined = self._redefined(kind, raw) if kind.group_kind == _CRD else None
        self.moved(self._store.changed(kind, raw))
        if redefined is not None:
            self._doubt(redefined)
        self.look_at_settings(kind, [raw])
        self._events += 1
        if self._events % _SAMPLE == 0:
            self._measure(raw)

    def deleted(self, kind: Kind, raw: bytes) -> None:
        self.moved(self._store.deleted(kind, raw))
        self.look_at_settings(kind, [raw])

    def state(self, group_kind: GroupKind, status: KindStatus) -> None:
        self.moved(self._store.state(group_kind, status))

    def gone(self, group_kind: GroupKind) -> None:
        self.moved(self._store.gone(group_kind))

    def catalogue(self, catalogue: Catalogue) -> None:
        self.moved(self._store.catalogue(catalogue))

    def _redefined(self, kind: Kind, raw: bytes) -> GroupKind | None:
        """The kind whose definition is not as it was: other defaults, other list types."""
        now = Sighting(kind, raw)
        before = self._store.get(now.key)
        if before is None or before.generation == now.metadata.generation:
            return None
        defined = self._store.discovered.preferred.values()
        return next((one.group_kind for one in defined if f"{one.plural}.{one.group}" == now.key.name), None)

    def _doubt(self, group_kind: GroupKind) -> None:
        """Under another definition an apply may change what it left alone before: its objects are verified anew."""
        for key in self._store.tracked_keys():
            live = self._store.get(key) if key.group_kind == group_kind else None
            if live is not None and live.tracking is not None:
                self._store.doubt(key)
                self._wake(live.tracking.application, Priority.DEPENDENCY)

    def look_at_settings(self, kind: Kind, objects: Sequence[bytes]) -> None:
        """Whether one of these is a setting of ours."""
        if kind.group_kind in _SETTINGS_KINDS and any(name in raw for name in self._ours for raw in objects):
            self._settings_moved()

    def _measure(self, raw: bytes) -> None:
        times = _WRITTEN_AT.findall(raw)
        if times:
            written = datetime.fromisoformat(max(times).decode()).timestamp()
            self._observer.event_lag(max(time.time() - written, 0.0))


class Listed:
    """Implements `cluster.junction.Replacement`."""

    def __init__(self, feed: Feed, kind: Kind, replacement: Replacement) -> None:
        self._feed, self._kind, self._replacement = feed, kind, replacement

    def add(self, objects: Sequence[bytes]) -> None:
        self._feed.look_at_settings(self._kind, objects)
        self._feed.moved(self._replacement.add(objects))

    def drop(self, raw: bytes) -> None:
        self._feed.look_at_settings(self._kind, [raw])
        self._feed.moved(self._replacement.drop(raw))

    def done(self) -> None:
        self._feed.moved(self._replacement.done())
