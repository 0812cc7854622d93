"""How a pass comes to see: what Git wants beside what lives, compared and assessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import is_
from typing import NamedTuple

from gitops_operator.diff import Context, compare, walked
from gitops_operator.diff.ignore import NO_RULES, IgnoreRules, LensRules, compile_rules
from gitops_operator.looks import Looks
from gitops_operator.manifests import Manifests
from gitops_operator.model.account import account_of
from gitops_operator.model.application import Application, ApplicationKey, IgnoreRule
from gitops_operator.model.change import Change, Changes
from gitops_operator.model.live import LiveObject, Snapshot
from gitops_operator.model.resource import Resource, ResourceKey
from gitops_operator.plan import (
    Dependency,
    Hints,
    namespace_change,
    with_confirmations,
    with_doubts,
    with_spared,
    without_reruns,
)
from gitops_operator.ports import Cluster
from gitops_operator.source.interests import Resolved
from gitops_operator.turn import Turn
from gitops_operator.versions import Versions
from gitops_operator.view import Desired, View, healths_of


@dataclass(frozen=True, slots=True)
class _Followed:
    """What an Application's objects are compared by, and what that was made from."""

    made_from: tuple[object, ...] = ()
    keys: frozenset[ResourceKey] = frozenset()
    rules: IgnoreRules = NO_RULES
    lenses: LensRules = LensRules(NO_RULES, ())
    problems: str = ""


@dataclass(frozen=True, slots=True)
class _Compared:
    """What came of the last comparison, and what it was made from; `unverified` are the changes that rest on walks."""

    made_from: tuple[object, ...] = ()
    desired: tuple[Resource, ...] = ()
    objects: Mapping[ResourceKey, LiveObject] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    unverified: Mapping[ResourceKey, Change] = field(default_factory=dict)
    is_calm: bool = False

    def holds_for(self, desired: tuple[Resource, ...], snapshot: Snapshot) -> bool:
        """Whether all was in sync and nothing is another object than then."""
        return (
            self.is_calm
            and desired is self.desired
            and len(self.objects) == len(snapshot.objects)
            and all(map(is_, self.objects.values(), snapshot.objects.values()))
        )


_NOTHING = _Compared()
_AT_ONCE = 20


class Newest(NamedTuple):
    """The newest commit that is known, and how often there was news of it."""

    resolved: Resolved
    news: int

    @property
    def known(self) -> tuple[object, ...]:
        """Equal while there is nothing new."""
        return self.resolved.revision, self.resolved.stale, self.news


class Sight:
    """Fetch, render, observe, diff and health of one pass, in that order."""

    def __init__(self, cluster: Cluster, manifests: Manifests, global_rules: tuple[IgnoreRule, ...] = ()) -> None:
        self._cluster, self._manifests, self._global_rules = cluster, manifests, global_rules
        self._followed: dict[ApplicationKey, _Followed] = {}
        self._versions = Versions(manifests)
        self._last: dict[ApplicationKey, _Compared] = {}
        self._refreshing: set[ApplicationKey] = set()
        self.turn = Turn()
        self.looks = Looks(cluster.tell_dependents)

    def has_refreshed(self, application: Application) -> bool:
        """Whether the look that the refresh annotation asks for has ended; the first question starts it."""
        key = application.key
        if key not in self._refreshing:
            self._refreshing.add(key)
            self._manifests.refresh(application)
        if self._manifests.is_refreshing(key):
            return False
        if application.refresh == "hard":
            self._manifests.forget_render(application)
        self._refreshing.discard(key)
        return True

    def newest(self, application: Application) -> Newest | None:
        """The commit that the Application follows; None: the key is woken when it is known.

        Raises:
            SourceError: the repository cannot be read, or has no such revision.
        """
        news = self.looks.news(application.key)
        resolved = self._manifests.resolve(application)
        return None if resolved is None else Newest(resolved, news)

    def looked(self, key: ApplicationKey, newest: Newest, found: tuple[Desired, str]) -> None:
        """A pass has ended; what it says is of the newest commit, unless an operation kept it at its own."""
        desired, newest_inputs = found
        if desired.inputs == newest_inputs:
            self.looks.ended(key, newest.news)

    async def desired(self, application: Application, known: Newest) -> tuple[Desired, str] | None:
        """As `Versions.desired`."""
        return await self._versions.desired(application, known.resolved)

    async def delete_hooks(self, application: Application) -> Desired | None:
        """As `Versions.delete_hooks`."""
        return await self._versions.delete_hooks(application)

    async def view(
        self, application: Application, found: tuple[Desired, str], hints: Hints, *, wrote: bool = False
    ) -> View:
        """What the cluster has of it now, compared; `wrote`: this pass has changed something, and must be reported.

        Raises:
            GivenUpError: the operator ends.
        """
        desired, newest_inputs = found
        async with self.turn.taken(may_give_up=not wrote):
            return await self._view(application, desired, newest_inputs, hints)

    async def _view(self, application: Application, desired: Desired, newest_inputs: str, hints: Hints) -> View:
        followed = self._follow(application, desired)
        snapshot = self._cluster.snapshot(application.key, followed.keys)
        context = Context(
            application=application.key,
            installation=self._cluster.installation,
            rules=followed.rules,
            catalogue=self._cluster.catalogue,
            options=application.sync_policy.options,
            at_admission=hints.unsettled,
            is_gone=self._cluster.is_gone,
        )
        compared = await self._compared(desired, snapshot, context)
        changes = compared.changes
        if not compared.is_calm:  # else there is nothing that any of these speaks of
            changes = without_reruns(changes, application, desired.inputs, hints)
            changes = with_confirmations(with_doubts(changes, hints), application)
            changes = with_spared(changes, desired.held)
        if desired.namespace is not None:  # it is never pruned, even where it once came from Git
            key, number = desired.namespace.key, len(desired.resources)
            extra = namespace_change(desired.namespace, snapshot.objects.get(key))
            not_desired = [change for change in changes[number:] if change.key != key]
            changes = Changes((*changes[:number], *not_desired, *([extra] if extra else [])))
        if followed.problems:
            desired = replace(desired, warnings={**desired.warnings, "IgnoreRuleInvalid": followed.problems})
        healths = healths_of(changes, self._cluster.below)
        above = self._cluster.above(application.key)
        needs = self._dependencies(application)
        return View(
            application, desired, newest_inputs, snapshot, changes, healths, context, above, self._cluster.inside, needs
        )

    def _dependencies(self, application: Application) -> tuple[Dependency, ...]:
        return tuple(
            Dependency(key, self._cluster.application(key), self.looks.is_current(key))
            for key in application.depends_on
        )

    async def _compared(self, desired: Desired, snapshot: Snapshot, context: Context) -> _Compared:
        """Compared, a few walks at a time. While nothing is another object than last time, what came of it stands."""
        made_from = (context.rules, context.options, snapshot.autoscaled, snapshot.kinds, context.catalogue)
        last = self._last.get(context.application, _NOTHING)
        if last.made_from != made_from:
            last = _NOTHING
        if last.holds_for(desired.resources, snapshot):
            return last
        known = dict(last.unverified)
        for number, change in enumerate(walked(desired.resources, snapshot, context, known), start=1):
            known[change.key] = change
            if number % _AT_ONCE == 0:
                await self.turn.pause()
        changes = Changes(compare(desired.resources, snapshot, context, known))
        unverified = {change.key: change for change in changes if change.unverified}
        found = _Compared(
            made_from, desired.resources, snapshot.objects, changes, unverified, is_calm=not changes.remarkable
        )
        self._last[context.application] = found
        return found

    def _follow(self, application: Application, desired: Desired) -> _Followed:
        """From now on these objects wake the Application, and H of them is computed by its rules."""
        made_from = (
            application.ignore_differences,
            application.namespace,
            application.service_account_name,
            desired.inputs,
            desired.namespace,
            desired.resources,
        )
        followed = self._followed.get(application.key)
        if followed is None or followed.made_from != made_from:
            rules, problems = compile_rules((*self._global_rules, *application.ignore_differences))
            lenses = LensRules(rules, desired.resources)
            moved = lenses.moved_from((followed or _Followed()).lenses)
            words = "\n".join(problem.message for problem in problems)
            account = account_of(application)
            keys = desired.keys | ({account} if account else frozenset())
            followed = _Followed(made_from, keys, rules, lenses, words)
            self._followed[application.key] = followed
            self._cluster.follow(application.key, followed.keys, lenses, moved)
        return followed

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._followed.pop(key, None)
        self._versions.forget(key)
        self._last.pop(key, None)
        self._refreshing.discard(key)
        self.looks.forget(key)
        self._manifests.forget(key)
