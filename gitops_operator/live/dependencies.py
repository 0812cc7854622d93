"""Which Application depends on which, both ways, and whom it concerns that one moved."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_operator.live.moves import Cause, News
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.dependencies import dependencies_in, reached
from gitops_operator.model.resource import Body

_Standing = tuple[object, ...]


class Dependencies:
    """Kept up to date with each Application that comes, changes or goes."""

    __slots__ = ("_above", "_below", "_standings")

    def __init__(self) -> None:
        self._below: dict[ApplicationKey, tuple[ApplicationKey, ...]] = {}
        self._above: dict[ApplicationKey, set[ApplicationKey]] = {}
        self._standings: dict[ApplicationKey, _Standing] = {}

    def of(self, app: ApplicationKey) -> tuple[ApplicationKey, ...]:
        """What an Application depends on."""
        return self._below.get(app, ())

    def dependents_of(self, app: ApplicationKey) -> Iterator[ApplicationKey]:
        """What depends on an Application."""
        return iter(self._above.get(app, ()))

    def put(self, app: ApplicationKey, body: Body, news: News) -> None:
        """The Application is like this now: those that depend on it hear when that matters to them."""
        self._set(app, dependencies_in(body), news)
        if app in self._above:
            standing = _standing(body)
            if self._standings.get(app) != standing:
                self._standings[app] = standing
                self.tell(app, news)

    def end(self, app: ApplicationKey, news: News) -> None:
        """The Application is gone."""
        self._set(app, (), news)
        self._standings.pop(app, None)
        self.tell(app, news)

    def tell(self, app: ApplicationKey, news: News) -> None:
        """Those that depend on an Application have to look again."""
        news.wake(self._above.get(app, ()), Cause.HEALTH)

    def told(self, app: ApplicationKey) -> News:
        """The news that there is something new to know of an Application."""
        news = News()
        self.tell(app, news)
        return news

    def _set(self, app: ApplicationKey, below: tuple[ApplicationKey, ...], news: News) -> None:
        before = self.of(app)
        if below == before:
            return
        for key in before:
            self._above[key].discard(app)
            if not self._above[key]:
                del self._above[key]
                self._standings.pop(key, None)
        for key in below:
            self._above.setdefault(key, set()).add(app)
        self._below[app] = below
        if not below:
            del self._below[app]
        # What goes waits for its dependents; and for all above, a circle may have been closed or opened.
        news.wake({*before, *below, *reached(app, self.dependents_of)}, Cause.HEALTH)


def _standing(body: Body) -> _Standing:
    """What of an Application matters to those that depend on it."""
    metadata, status = body["metadata"], body.get("status") or {}
    ready: Body = next((one for one in status.get("conditions") or () if one["type"] == "Ready"), {})
    return (
        metadata.get("generation"),
        bool(metadata.get("deletionTimestamp")),
        status.get("observedGeneration"),
        ready.get("status"),
        ready.get("reason"),
    )
