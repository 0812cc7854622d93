"""What an event moved: the Applications to wake, and the counters that say whether a pass has anything to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gitops_operator.model.application import ApplicationKey


class Cause(StrEnum):
    """Why an Application should look again."""

    OBJECT = "object"
    HEALTH = "health"
    KIND = "kind"
    SPEC = "spec"


class Wake(NamedTuple):
    """One Application to wake. OBJECT: something that it tracks or desires; HEALTH: a descendant of that; KIND: a kind
    that it needs appeared, went, became ready or broke; SPEC: the Application itself.
    """

    app: ApplicationKey
    cause: Cause


@dataclass(frozen=True, slots=True)
class Moves:
    """What one call moved; every pair stands once."""

    wakes: tuple[Wake, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wakes)


NOTHING = Moves()


class News:
    """Gathers what one call moves."""

    __slots__ = ("apps", "wakes")

    def __init__(self, noted: Iterable[ApplicationKey] = ()) -> None:
        self.wakes: dict[Wake, None] = {}
        self.apps: set[ApplicationKey] = set(noted)

    def wake(self, apps: Iterable[ApplicationKey], cause: Cause) -> None:
        for app in apps:
            self.wakes[Wake(app, cause)] = None
            self.apps.add(app)

    def note(self, apps: Iterable[ApplicationKey]) -> None:
        """A change that the next pass should see and that is no reason for one."""
        self.apps.update(apps)


class Versions:
    """A counter for each Application. Numbers are never given twice, not even after `forget`."""

    __slots__ = ("_last", "_versions")

    def __init__(self) -> None:
        self._versions: dict[ApplicationKey, int] = {}
        self._last = 0

    def of(self, app: ApplicationKey) -> int:
        return self._versions.get(app, 0)

    def settle(self, news: News) -> Moves:
        for app in news.apps:
            self._last += 1
            self._versions[app] = self._last
        return Moves(tuple(news.wakes)) if news.wakes else NOTHING

    def forget(self, app: ApplicationKey) -> None:
        self._versions.pop(app, None)
