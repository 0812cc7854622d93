"""Which Applications wait for which keys and kinds, tracked or not."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.resource import GroupKind, ResourceKey


class Interest:
    """What each Application desires, by Application and by key."""

    __slots__ = ("_keys", "_kinds", "_watchers")

    def __init__(self) -> None:
        self._keys: dict[ApplicationKey, frozenset[ResourceKey]] = {}
        self._kinds: dict[ApplicationKey, frozenset[GroupKind]] = {}
        self._watchers: dict[ResourceKey, tuple[ApplicationKey, ...]] = {}

    def watch(self, app: ApplicationKey, keys: frozenset[ResourceKey]) -> bool:
        """Replace the keys of an Application; whether that changed anything."""
        before = self._keys.get(app, frozenset())
        if keys == before:
            return False
        for key in before - keys:
            rest = tuple(other for other in self._watchers[key] if other != app)
            if rest:
                self._watchers[key] = rest
            else:
                del self._watchers[key]
        alone = (app,)  # most keys have one watcher: they share it
        for key in keys - before:
            others = self._watchers.get(key)
            self._watchers[key] = (*others, app) if others else alone
        if keys:
            self._keys[app] = keys
            self._kinds[app] = frozenset(key.group_kind for key in keys)
        else:
            self._keys.pop(app, None)
            self._kinds.pop(app, None)
        return True

    def watchers_of(self, key: ResourceKey) -> tuple[ApplicationKey, ...]:
        return self._watchers.get(key, ())

    def watchers_of_kind(self, group_kind: GroupKind) -> Iterator[ApplicationKey]:
        return (app for app, kinds in self._kinds.items() if group_kind in kinds)

    def kinds(self) -> frozenset[GroupKind]:
        """Every kind that some Application desires an object of."""
        return frozenset().union(*self._kinds.values())
