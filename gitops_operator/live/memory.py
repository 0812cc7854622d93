"""Records one object at a time: what is old is refused, every index is kept, and what moved is told.

The rules of order, for a key: a UID that was seen to end never comes back; of one UID the higher resourceVersion wins;
of two UIDs the one with the higher resourceVersion is the later object.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from gitops_operator.live.autoscalers import Autoscalers, is_autoscaler, target_of
from gitops_operator.live.baseline import Baseline
from gitops_operator.live.dependencies import Dependencies
from gitops_operator.live.exclusions import Exclusions
from gitops_operator.live.family import CLAIM, Family, may_have_parents
from gitops_operator.live.interest import Interest
from gitops_operator.live.moves import Cause, News
from gitops_operator.live.objects import Objects, app_of
from gitops_operator.live.observer import STORAGE_CLASS, Observer, Setup
from gitops_operator.live.record import Record
from gitops_operator.live.sighting import Sighting
from gitops_operator.model.application import APPLICATION, ApplicationKey
from gitops_operator.model.health import Health
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import GroupKind, ResourceKey

_REMEMBERED_DEAD = 4096
"""How many ended UIDs are remembered. Late words of the dead are seconds old: answers to writes, or another stream."""

_WHAT_MATTERS = attrgetter(
    "api_version",
    "uid",
    "deletion_timestamp",
    "finalizers",
    "annotations",
    "owners",
    "tracking",
    "foreign_owner",
    "digest",
    "ownership",
    "baseline",
    "managers",
    "health",
)
"""All of a LiveObject but resourceVersion, generation and body, which move with every status."""


class _Trace(NamedTuple):
    """What somebody may have seen of an object; `live` only where an Application looks at it."""

    live: LiveObject | None = None
    health: Health | None = None
    fingerprint: int | None = None


_ABSENT = _Trace()


class Memory:
    """The records of one cluster and everything that is derived from them."""

    def __init__(self, setup: Setup) -> None:
        self.objects = Objects()
        self.family = Family(self.objects)
        self.interest = Interest()
        self.autoscalers = Autoscalers()
        self.dependencies = Dependencies()
        self.exclusions = Exclusions(self.autoscalers)
        self.observer = Observer(setup, self.exclusions)
        self._dead: dict[str, None] = {}

    def put(self, sighting: Sighting, news: News) -> Record | None:
        """Record a sighting and return its record; None when it is older than what is known."""
        record = self.objects.find(sighting.key)
        if self._is_old(sighting, record):
            return None
        if record is not None and record.uid != sighting.uid:
            self.end(record, news)
            record = None
        before = self._trace(sighting.key, record)
        detail = self.observer.observe(sighting, record.held if record else None)
        if record is None:
            record = Record(sighting.kind, sighting.key, sighting.uid)
            self.objects.add(record)
        else:
            self._unlink(record)
        record.kind, record.version, record.generation = sighting.kind, sighting.version, sighting.metadata.generation
        record.detail = detail
        self.objects.track(record)
        self.family.join(record, sighting)
        self._tell(record, before, self._trace(sighting.key, record), news)
        if is_autoscaler(sighting.key.group_kind):
            self._scale(sighting.key, target_of(sighting), news)
        elif sighting.key.group_kind == STORAGE_CLASS:
            self._learn(news)
        elif sighting.key.group_kind == APPLICATION:
            self.dependencies.put(ApplicationKey(record.namespace, record.name), sighting.body, news)
        return record

    def end(self, record: Record, news: News) -> None:
        """The object is gone, and its UID for ever."""
        self.bury(record.uid)
        self.drop(record, news)

    def drop(self, record: Record, news: News) -> None:
        """The store does not know any more whether the object is there."""
        key = record.key
        self._tell(record, self._trace(key, record), _ABSENT, news)
        self._unlink(record)
        self.family.end(record)
        self.objects.remove(record)
        if is_autoscaler(key.group_kind):
            self._scale(key, None, news)
        elif key.group_kind == STORAGE_CLASS:
            self._learn(news)
        elif key.group_kind == APPLICATION:
            app = ApplicationKey(key.namespace, key.name)
            news.wake(self._heirs(app), Cause.OBJECT)
            self.dependencies.end(app, news)

    def bury(self, uid: str) -> None:
        if uid:
            self._dead[uid] = None
        if len(self._dead) > _REMEMBERED_DEAD:
            del self._dead[next(iter(self._dead))]

    def concerned(self, key: ResourceKey, record: Record | None) -> AbstractSet[ApplicationKey]:
        """The Applications that track or desire an object."""
        app = app_of(record) if record is not None else None
        watchers = self.interest.watchers_of(key)
        return {*watchers, app} if app is not None else set(watchers)

    def reconsider(self, record: Record) -> bool:
        """Look at an object through the lens of now; whether that changed anything."""
        held = record.held
        if held is None:
            return False
        record.detail = self.observer.reconsider(held)
        return record.detail is not held

    def rebase(self, record: Record, baseline: Baseline, applied_at: int, news: News) -> None:
        """Measure the drift of a tracked object from here on. Drift that is found so is told; its absence waits."""
        held = record.held
        if held is None or held.live.tracking is None:
            return
        live = replace(held.live, baseline=baseline.value, settled=baseline.settled)
        record.detail = held.but(live=live, applied_at=applied_at)
        if live.baseline != held.live.baseline:
            apps = self.concerned(live.key, record)
            news.note(apps)
            if live.baseline not in {"", live.ownership}:
                news.wake(apps, Cause.OBJECT)

    def rebase_on(self, record: Record, answer: Sighting, news: News) -> None:
        """Measure drift from the answer to an apply, which may have been overtaken already."""
        held = record.held
        if held is None or answer.version < held.applied_at:
            return
        baseline = Baseline(held.live.ownership)
        if record.version != answer.version:
            is_comparable = held.live.api_version == answer.api_version
            value = self.observer.ownership_of(answer, held) if is_comparable else ""
            if value != held.live.ownership:
                baseline = Baseline(value, self.observer.pack(answer))
        self.rebase(record, baseline, answer.version, news)

    def _is_old(self, sighting: Sighting, record: Record | None) -> bool:
        if sighting.uid in self._dead:
            return True
        if record is None or not (sighting.version and record.version):
            return False
        if sighting.version == record.version and sighting.uid == record.uid:
            return sighting.api_version == record.api_version
        return sighting.version < record.version

    def _unlink(self, record: Record) -> None:
        self.objects.untrack(record)
        self.family.leave(record)

    def _trace(self, key: ResourceKey, record: Record | None) -> _Trace:
        if record is None:
            return _ABSENT
        held = record.held
        if held is not None:
            return _Trace(held.live, held.live.health, held.fingerprint)
        return _Trace(record.view() if self.interest.watchers_of(key) else None, record.health)

    def _tell(self, record: Record, before: _Trace, after: _Trace, news: News) -> None:
        """Say who has to look again. The record is, or still is, in its indexes."""
        if (before.live or after.live) and _has_moved(before, after):
            apps = {live.tracking.application for live in (before.live, after.live) if live and live.tracking}
            news.wake(apps.union(self.interest.watchers_of(record.key)), Cause.OBJECT)
        if record.kind.group_kind == APPLICATION and before.fingerprint != after.fingerprint:
            news.wake([ApplicationKey(record.namespace, record.name)], Cause.SPEC)
        if before.health != after.health and may_have_parents(record.owners, record.kind.group_kind):
            above = (app_of(ancestor) for ancestor in self.family.ancestors(record))
            news.wake(dict.fromkeys(app for app in above if app is not None), Cause.HEALTH)

    def _heirs(self, gone: ApplicationKey) -> set[ApplicationKey]:
        """The Applications that desire what one that is gone has left."""
        left = (record.key for record in self.objects.tracked_by(gone))
        return {app for key in left for app in self.interest.watchers_of(key)} - {gone}

    def _scale(self, scaler: ResourceKey, target: ResourceKey | None, news: News) -> None:
        for workload in self.autoscalers.put(scaler, target):
            record = self.objects.find(workload)
            if record is not None:
                self.reconsider(record)
            news.wake(self.concerned(workload, record), Cause.OBJECT)

    def _learn(self, news: News) -> None:
        """The StorageClasses are others: what is held of claims may be healthy now, or no longer."""
        classes = [record.held.live.body for record in self.objects.under(STORAGE_CLASS) if record.held is not None]
        self.observer.learn([stored.load() for stored in classes if stored is not None])
        self.reassess([CLAIM], news)

    def reassess(self, kinds: Iterable[GroupKind], news: News) -> None:
        """Other rules hold for what is held of these kinds."""
        for record in chain.from_iterable(map(self.objects.under, kinds)):
            if record.held is not None:
                before = self._trace(record.key, record)
                record.detail = self.observer.reassess(record.held)
                self._tell(record, before, self._trace(record.key, record), news)


def _has_moved(before: _Trace, after: _Trace) -> bool:
    """Whether a pass would see a difference. Of an object that is held for a label of ours it sees the metadata."""
    is_labelled = after.live is not None and after.live.tracking is None and after.fingerprint is not None
    if is_labelled and before.fingerprint != after.fingerprint:
        return True
    return bool(_what_matters(before.live) != _what_matters(after.live))


def _what_matters(live: LiveObject | None) -> Any:
    return _WHAT_MATTERS(live) if live is not None else None
