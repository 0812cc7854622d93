"""What the line needs of the world: one cluster, somebody to tell, and the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from gitops_operator.apply import Writer
from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.model.change import Change
from gitops_operator.model.kind import Catalogue
from gitops_operator.model.live import LiveObject, Snapshot
from gitops_operator.model.managed_fields import Lens
from gitops_operator.model.resource import Body, ResourceKey
from gitops_operator.model.step import Outcome
from gitops_operator.plan import Remains
from gitops_operator.status import Event, Observation
from gitops_operator.view import Chance, Done

LensOf = Callable[[ResourceKey, Body], Lens]
"""What of our own entry counts in one live object."""

Moved = Callable[[ResourceKey], bool]


class Clock(NamedTuple):
    """Where time and chance come from: `now` is in UTC, `stage` measures what happens inside."""

    now: Callable[[], datetime]
    chance: Callable[[], Chance]
    stage: Callable[[str], AbstractContextManager[None]]


class Cluster(Protocol):
    """One cluster: what the cache says of it, and the writes. Every answer to a write is in the cache at once."""

    installation: str

    def writer(self, application: Application) -> Writer:
        """The one way to change objects: in the name of the Application's service account, where it has one."""

    @property
    def catalogue(self) -> Catalogue:
        """What the cluster serves."""

    def application(self, key: ApplicationKey) -> Application | None:
        """The Application as the cache has it; None when it is gone."""

    def is_gone(self, key: ApplicationKey) -> bool:
        """Whether there is certainly no such Application: all of them are known, and it is not among them."""

    def version(self, key: ApplicationKey) -> int:
        """Equal numbers: nothing moved that a pass over the Application would see."""

    def follow(self, key: ApplicationKey, desired: frozenset[ResourceKey], rules: LensOf, moved: Moved) -> None:
        """From now on these objects wake the Application, and their drift is told by these rules.

        `moved` says for which objects the rules may say something else than those before.
        """

    def snapshot(self, key: ApplicationKey, desired: Iterable[ResourceKey]) -> Snapshot:
        """What a pass sees."""

    def below(self, key: ResourceKey) -> Iterable[LiveObject]:
        """The descendants of an object."""

    def inside(self, namespace: str) -> Iterable[LiveObject]:
        """The objects in a namespace."""

    def above(self, key: ApplicationKey) -> frozenset[ApplicationKey]:
        """The Applications that track this one, and those that track them, as far as it goes."""

    def tell_dependents(self, key: ApplicationKey) -> None:
        """Those that depend on an Application look again: it has looked at its newest commit."""

    async def remains(self, application: Application) -> Remains:
        """What a deletion decides from.

        Raises:
            ClusterError: the server does not say whether our own CRD is there.
        """

    def settle(self, outcomes: Iterable[Outcome], before: Iterable[Change]) -> None:
        """Take note of what dry runs said of objects that were, before, in sync by the coverage walk alone."""

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""

    async def write_status(self, application: Application, status: Mapping[str, object]) -> str:
        """Replace the status, if the Application is still as the pass read it; gives the new resourceVersion.

        Raises:
            ClusterError: refused; 409 when somebody wrote in between.
        """

    async def set_finalizers(self, application: Application, finalizers: Sequence[str]) -> None:
        """Replace the finalizers, fenced like `write_status`."""

    async def clear_refresh(self, application: Application) -> None:
        """Remove the refresh annotation, fenced like `write_status`."""

    async def clear(self, application: Application, patch: Body) -> None:
        """Remove by a merge patch what has served its purpose, fenced like `write_status`."""


class Narrator(Protocol):
    """Tells people and metrics what a pass did; nothing of it fails or waits."""

    def tell(self, application: Application, events: Sequence[Event]) -> None:
        """Put Events on the Application."""

    def passed(self, seen: Observation, done: Done) -> None:
        """A pass ended."""

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
