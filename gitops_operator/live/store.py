"""One cluster in memory: fed by its informers and by the answers to our own writes, read by the passes.

Nothing here waits or locks: one loop calls it, and what it returns is frozen. Every feeding method returns what moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from gitops_operator.live.baseline import REFUTED, Baseline
from gitops_operator.live.deletion import read_deletion
from gitops_operator.live.exclusions import Rules, always
from gitops_operator.live.kinds import Kinds
from gitops_operator.live.memory import Memory
from gitops_operator.live.moves import Cause, Moves, News, Versions
from gitops_operator.live.observer import Assess, Beside, Setup
from gitops_operator.live.record import Record
from gitops_operator.live.replacement import Replacement
from gitops_operator.live.sighting import Sighting
from gitops_operator.model.application import APPLICATION, ApplicationKey
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.live import LiveObject, Snapshot
from gitops_operator.model.resource import FIELD_MANAGER, Body, GroupKind, ResourceKey


class Store:
    """What one cluster says."""

    def __init__(
        self,
        *,
        assess: Assess,
        beside: Beside | None = None,
        installation: str = "",
        manager: str = FIELD_MANAGER,
        kept: frozenset[GroupKind | ResourceKey] = frozenset({APPLICATION}),
    ) -> None:
        self._memory = Memory(Setup(installation, assess, manager, kept, beside))
        self.dependencies = self._memory.dependencies
        self._kinds = Kinds()
        self._versions = Versions()
        self._unconfirmed: dict[ResourceKey, int] = {}

    # --- fed by the informers ---

    def replaced(self, kind: Kind, objects: Sequence[bytes], namespace: str = "") -> Moves:
        """A whole list of a kind, in one go."""
        replacement = self.replacing(kind, namespace)
        moves = (replacement.add(objects), replacement.done())
        return Moves(tuple(dict.fromkeys(wake for some in moves for wake in some.wakes)))

    def replacing(self, kind: Kind, namespace: str = "") -> Replacement:
        """A whole list of a kind, or of one namespace of it, that comes part by part."""
        return Replacement(self, kind, namespace)

    def changed(self, kind: Kind, raw: bytes) -> Moves:
        """An object was added or modified."""
        return self.seen([Sighting(kind, raw)])

    def seen(self, sightings: Iterable[Sighting]) -> Moves:
        """As `changed`, of several objects."""
        news = News()
        for sighting in sightings:
            self._see(sighting, news)
        return self._versions.settle(news)

    def missing(self, kind: Kind, namespace: str, listed: AbstractSet[ResourceKey], newest: int) -> Moves:
        """What a list did not show is gone. An object of our own making that no event has confirmed yet may be younger
        than the list: it is kept, once, when its resourceVersion is above all in the list; the next list began after
        the write and decides.
        """
        news = News()
        for record in self._memory.objects.under(kind.group_kind, namespace):
            if record.key not in listed and self._unconfirmed.pop(record.key, 0) <= newest:
                self._memory.end(record, news)
        return self._versions.settle(news)

    def deleted(self, kind: Kind, raw: bytes) -> Moves:
        """An object is gone; `raw` is its last state."""
        news = News()
        last = Sighting(kind, raw)
        record = self._memory.objects.find(last.key)
        self._memory.bury(last.uid)
        if record is not None and (record.uid == last.uid or record.version <= last.version):
            self._end(record, news)
        return self._versions.settle(news)

    def state(self, group_kind: GroupKind, status: KindStatus) -> Moves:
        """How well a kind is known. Catching up wakes nobody: what comes of it will."""
        news = News()
        if self._kinds.set(group_kind, status):
            self._tell_kind(group_kind, news, wakes=status.state is not KindState.CATCHING_UP)
        return self._versions.settle(news)

    def gone(self, group_kind: GroupKind) -> Moves:
        """A kind is not served, or not watched, any more."""
        news = News()
        if self._kinds.set(group_kind, None):
            self._tell_kind(group_kind, news, wakes=True)
        for record in self._memory.objects.under(group_kind):
            self._unconfirmed.pop(record.key, None)
            self._memory.drop(record, news)
        return self._versions.settle(news)

    def catalogue(self, catalogue: Catalogue) -> Moves:
        """What the cluster serves; Applications that need a kind which appeared, went or moved are woken."""
        news = News()
        needed = self._memory.interest.kinds() | self._memory.objects.tracked_kinds()
        for group_kind in self._kinds.learn(catalogue, needed):
            self._tell_kind(group_kind, news, wakes=True)
        return self._versions.settle(news)

    # --- our own writes ---

    def applied(self, kind: Kind, raw: bytes, *, baseline: bool) -> Moves:
        """The answer to a write of ours; `baseline`: it was a whole apply, and its H is what drift is measured from."""
        news = News()
        answer = Sighting(kind, raw)
        record = self._memory.objects.find(answer.key)
        if record is None or record.uid != answer.uid or not 0 < answer.version <= record.version:
            record = self._put_own(answer, news)
        if baseline and record is not None:
            self._memory.rebase_on(record, answer, news)
        return self._versions.settle(news)

    def verified(self, key: ResourceKey, owned: str) -> None:
        """A dry run of an object with this H showed that an apply would change nothing: H is good."""
        self._settle(key, owned, owned)

    def refuted(self, key: ResourceKey, owned: str) -> None:
        """A dry run of an object with this H showed that an apply would change something: it has moved."""
        self._settle(key, owned, REFUTED)

    def doubt(self, key: ResourceKey) -> None:
        """Ask again whether an apply would change nothing: an admission policy may have come or gone."""
        live = self.get(key)
        if live is not None:
            self._settle(key, live.ownership, "")

    def distrust(self) -> None:
        """Another operator may have applied meanwhile: every H is to be verified anew."""
        for key in self.tracked_keys():
            self.doubt(key)

    def _settle(self, key: ResourceKey, owned: str, baseline: str) -> None:
        record = self._memory.objects.find(key)
        if record is not None and record.held is not None and owned and record.held.live.ownership == owned:
            news = News()
            settled = record.held.live.body if baseline == REFUTED else None
            self._memory.rebase(record, Baseline(baseline, settled), record.version, news)
            self._versions.settle(news)

    def deleting(self, kind: Kind, key: ResourceKey, answer: bytes = b"", *, uid: str = "") -> Moves:
        """The answer to a delete: an object that goes, or a Status, or nothing (404): `uid` is what was deleted."""
        news = News()
        deletion = read_deletion(answer, uid)
        if deletion.is_going:
            self._put_own(Sighting(kind, answer), news)
            return self._versions.settle(news)
        record = self._memory.objects.find(key)
        self._memory.bury(deletion.uid)
        if record is not None and deletion.uid in {"", record.uid}:
            self._end(record, news)
        return self._versions.settle(news)

    def reassess(self, concerns: Callable[[GroupKind], bool]) -> Moves:
        """The health of what is held of some kinds follows other rules from now on."""
        news = News()
        self._memory.reassess(list(filter(concerns, self._kinds.all())), news)
        return self._versions.settle(news)

    # --- what the Applications want ---

    def watch_keys(self, app: ApplicationKey, keys: frozenset[ResourceKey]) -> None:
        """What an Application desires: these objects and their kinds wake it, tracked or not."""
        if self._memory.interest.watch(app, keys):
            self._versions.settle(News([app]))

    def exclude(self, app: ApplicationKey, rules: Rules | None, moved: Callable[[ResourceKey], bool] = always) -> None:
        """What of the objects of an Application does not count, and for which of them that may have changed."""
        if rules == self._memory.exclusions.rules_of(app):
            return
        self._memory.exclusions.set_rules(app, rules)
        tracked = [record for record in self._memory.objects.tracked_by(app) if moved(record.key)]
        changed = [record for record in tracked if self._memory.reconsider(record)]
        if changed:
            self._versions.settle(News([app]))

    def forget(self, app: ApplicationKey) -> None:
        """An Application is gone."""
        self._memory.interest.watch(app, frozenset())
        self._memory.exclusions.set_rules(app, None)
        self._versions.forget(app)

    def tell_dependents(self, app: ApplicationKey) -> Moves:
        """What an Application says of itself holds for its newest commit now."""
        return self._versions.settle(self.dependencies.told(app))

    # --- read ---

    def get(self, key: ResourceKey) -> LiveObject | None:
        record = self._memory.objects.find(key)
        return record.view() if record is not None else None

    def body(self, key: ResourceKey) -> Body | None:
        """The whole object, where it is held: tracked, of a kept kind, or with a label of ours."""
        live = self.get(key)
        return live.body.load() if live is not None and live.body is not None else None

    def version(self, app: ApplicationKey) -> int:
        """Equal numbers: what the Application tracks, desires and has below it is as it was, but for status churn."""
        return self._versions.of(app)

    def snapshot(self, app: ApplicationKey, desired: Iterable[ResourceKey]) -> Snapshot:
        """What a pass sees; `desired` are the keys given to `watch_keys`."""
        wanted = frozenset(desired)
        objects = {live.key: live for live in self.tracked_by(app)}
        for key in wanted.difference(objects):
            live = self.get(key)
            if live is not None:
                objects[key] = live
        keys = wanted if objects.keys() <= wanted else wanted | objects.keys()
        return Snapshot(
            version=self._versions.of(app),
            objects=objects,
            kinds={(kind := GroupKind(*pair)): self._kinds.status_of(kind) for pair in {key[:2] for key in keys}},
            autoscaled=self._memory.autoscalers.among(keys),
        )

    def tracked_by(self, app: ApplicationKey) -> list[LiveObject]:
        return [record.view() for record in self._memory.objects.tracked_by(app)]

    def tracked_keys(self) -> list[ResourceKey]:
        """Every object that some Application tracks."""
        return self._memory.objects.tracked_keys()

    def held(self, group_kind: GroupKind) -> Iterator[LiveObject]:
        """The objects of a kind that are held whole: tracked, of a kept kind, or with a label of ours."""
        return (record.view() for record in self._memory.objects.under(group_kind) if record.held is not None)

    def in_namespace(self, namespace: str) -> Iterator[LiveObject]:
        """Every object of a namespace; of "" every object without one."""
        return (record.view() for record in self._memory.objects.in_namespace(namespace))

    def children(self, key: ResourceKey) -> Iterator[LiveObject]:
        """What an object owns, by reference or inferred."""
        record = self._memory.objects.find(key)
        return (child.view() for child in self._memory.family.children(record)) if record is not None else iter(())

    def descendants(self, key: ResourceKey) -> Iterator[LiveObject]:
        """Everything below an object, once each."""
        record = self._memory.objects.find(key)
        return (each.view() for each in self._memory.family.descendants(record)) if record is not None else iter(())

    @property
    def discovered(self) -> Catalogue:
        """What the cluster serves, as far as it said."""
        return self._kinds.catalogue

    def kind_status(self, group_kind: GroupKind) -> KindStatus:
        return self._kinds.status_of(group_kind)

    def kind_statuses(self) -> Mapping[GroupKind, KindStatus]:
        return self._kinds.all()

    def kind_counts(self) -> Mapping[KindState, int]:
        return self._kinds.count()

    def __len__(self) -> int:
        """How many objects the cluster has, as far as is known."""
        return self._memory.objects.count

    # --- inside ---

    def _see(self, sighting: Sighting, news: News) -> None:
        """An informer's word, which also confirms what we wrote up to there."""
        if self._unconfirmed and self._unconfirmed.get(sighting.key, sighting.version + 1) <= sighting.version:
            del self._unconfirmed[sighting.key]
        self._memory.put(sighting, news)

    def _put_own(self, answer: Sighting, news: News) -> Record | None:
        record = self._memory.put(answer, news)
        if record is not None:
            self._unconfirmed[answer.key] = answer.version
        return record

    def _end(self, record: Record, news: News) -> None:
        self._unconfirmed.pop(record.key, None)
        self._memory.end(record, news)

    def _tell_kind(self, group_kind: GroupKind, news: News, *, wakes: bool) -> None:
        trackers = self._memory.objects.trackers_of(group_kind)
        apps = {*trackers, *self._memory.interest.watchers_of_kind(group_kind)}
        if wakes:
            news.wake(apps, Cause.KIND)
        else:
            news.note(apps)
