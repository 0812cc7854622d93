"""Which Applications have looked at the newest commit that is known of them."""

from __future__ import annotations

from collections.abc import Callable

from gitops_operator.model.application import ApplicationKey


class Looks:
    """Lost with the process: after a restart each Application looks once before others rely on it."""

    def __init__(self, tell: Callable[[ApplicationKey], None]) -> None:
        """Make one; `tell` hears of an Application that has caught up."""
        self._tell = tell
        self._news: dict[ApplicationKey, int] = {}
        self._ended: dict[ApplicationKey, int] = {}

    def expect(self, key: ApplicationKey) -> None:
        """There is news in the repository of an Application."""
        self._news[key] = self.news(key) + 1

    def news(self, key: ApplicationKey) -> int:
        """How often there was; a look that begins now has seen that much."""
        return self._news.get(key, 0)

    def ended(self, key: ApplicationKey, news: int) -> None:
        """A look has ended that had seen so much."""
        was_current = self.is_current(key)
        self._ended[key] = news
        if not was_current and self.is_current(key):
            self._tell(key)

    def is_current(self, key: ApplicationKey) -> bool:
        """Whether the last look saw all that is known."""
        return self._ended.get(key) == self.news(key)

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._news.pop(key, None)
        self._ended.pop(key, None)
