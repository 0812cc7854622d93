"""The mirror of one repository through its life: found, cloned, fetched, damaged, renewed."""

from __future__ import annotations

from collections.abc import Callable

from gitops_operator.errors import SourceError
from gitops_operator.source.environment import Environment
from gitops_operator.source.failures import Reason
from gitops_operator.source.mirror import Mirror
from gitops_operator.source.remote import Remote


class Clone:
    """Used by one task at a time; only `mirror` may be read by others."""

    def __init__(self, name: str, remote: Remote, environment: Environment) -> None:
        self.mirror: Mirror | None = None
        self.on_damage: Callable[[], None] = lambda: None
        self._name = name
        self._remote = remote
        self._shown = remote.url.shown
        self._environment = environment
        self._pack_limit = environment.limits.pack_limit

    @property
    def is_damaged(self) -> bool:
        return self.mirror is not None and self.mirror.is_damaged

    async def open(self) -> Mirror | None:
        """The mirror as it is on disk, or None when there is none that is whole."""
        if self.mirror is not None and not self.mirror.is_damaged:
            return self.mirror
        mirror = await self._environment.in_thread(self._open)
        return None if mirror is None else self._take(mirror)

    async def references(self, prefixes: frozenset[str]) -> dict[str, str]:
        """What the server says now."""
        return await self._remote.references(prefixes)

    async def update(self, commits: frozenset[str]) -> Mirror:
        """The mirror with all that the server has now, and the given commits if it gives them out.

        Raises:
            SourceError: the server or the disk does not let us.
        """
        mirror = await self.open()
        if mirror is None:
            return await self._clone(commits)
        try:
            await self._remote.fetch(mirror, commits)
        except SourceError as error:
            if error.reason != Reason.REPOSITORY_CORRUPT:
                raise
            fresh = await self._clone(commits)  # raises when it is theirs that is corrupt; then ours stays
            self._environment.store.set_aside(mirror)
            return fresh
        if await self._environment.in_thread(mirror.packs) > self._pack_limit:
            return await self._renew(mirror, commits)
        return mirror

    def set_aside(self) -> None:
        """Give up a mirror that turned out to be damaged."""
        if self.mirror is not None:
            self._environment.store.set_aside(self.mirror)
        self.mirror = None

    async def _clone(self, commits: frozenset[str]) -> Mirror:
        store = self._environment.store
        fresh = await self._fill(commits)
        return self._take(await self._environment.in_thread(lambda: store.install(self._name, fresh, self._shown)))

    async def _renew(self, mirror: Mirror, commits: frozenset[str]) -> Mirror:
        """libgit2 never repacks: put a fresh clone in the place of a mirror of many packs."""
        fresh = await self._fill(commits)
        store = self._environment.store
        if not all(fresh.commit(sha) for sha in commits if mirror.commit(sha)):
            self._pack_limit *= 2  # the old one holds a commit in use that the server no longer gives out
            self._environment.threads.submit(store.discard, fresh)
            return mirror
        renewed = await self._environment.in_thread(lambda: store.install(self._name, fresh, self._shown))
        store.retire(mirror)
        return self._take(renewed)

    async def _fill(self, commits: frozenset[str]) -> Mirror:
        """A clone in a place of its own: what is killed half-way is never taken for a mirror."""
        store = self._environment.store
        fresh = await self._environment.in_thread(lambda: store.begin(self._name, self._shown))
        try:
            await self._remote.fetch(fresh, commits, "clone")
        except BaseException:
            self._environment.threads.submit(store.discard, fresh)
            raise
        return fresh

    def _open(self) -> Mirror | None:
        if self.is_damaged:
            self.set_aside()
        return self._environment.store.find(self._name, self._shown)

    def _take(self, mirror: Mirror) -> Mirror:
        mirror.on_damage = self.on_damage
        self.mirror = mirror
        return mirror
