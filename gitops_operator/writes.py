"""The one way to a cluster for a step: each write is fenced by the lease, and its answer is in the cache at once."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gitops_operator.apply import How, Written
from gitops_operator.cluster.answer import Answer
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.reviews import Reviews
from gitops_operator.errors import ClusterError
from gitops_operator.live import Moves, Store
from gitops_operator.model.access import Need, Right
from gitops_operator.model.adoption import JsonPatch
from gitops_operator.model.kind import Kind
from gitops_operator.model.resource import Body, GroupKind, group_of
from gitops_operator.model.step import Task

_GONE_PATIENCE = 30.0
_GONE_LOOK = 0.2


class LeadershipLostError(Exception):
    """The lease is not ours any more: whatever is going on ends here, and another operator goes on with it."""


class Writes:
    """Implements `apply.Writer` with one cluster's client and cache.

    `may_write` is asked before each write; `moved` hears what an answer moved.
    """

    def __init__(
        self, client: Client, store: Store, *, may_write: Callable[[], bool], moved: Callable[[Moves], None]
    ) -> None:
        self.client, self._store, self._may_write, self._moved = client, store, may_write, moved
        self.unappliable: set[tuple[str, str]] = set()
        self._reviews: dict[str, Reviews] = {}

    def in_name_of(self, user: str) -> Writes:
        """The same with the rights of another user; "" is the operator itself."""
        if not user:
            return self
        twin = copy.copy(self)
        twin.client = self.client.in_name_of(user)
        return twin

    async def lacking(self, needs: Iterable[Need]) -> Sequence[Right]:
        kinds = [(need, self._served(need.api_version, need.key.kind)) for need in needs]
        rights = [
            Right(verb, kind.group, kind.plural, need.key.namespace, need.key.name)
            for need, kind in kinds
            for verb in need.verbs
        ]
        return await self._reviews.setdefault(self.client.user, Reviews(self.client)).lacking(rights)

    def forget_rights(self) -> None:
        self._reviews.pop(self.client.user, None)

    async def get(self, task: Task) -> bytes:
        return (await self.client.get(self._kind(task), *_place(task))).body

    async def apply(self, task: Task, body: Body, how: How) -> Written:
        kind = self._fenced(task, writes=not how.dry_run)
        answer = await self.client.apply(
            kind, *_place(task), body, force=how.force, strict=how.strict, dry_run=how.dry_run
        )
        return self._written(kind, answer, baseline=True, dry_run=how.dry_run)

    async def json_patch(self, task: Task, patch: JsonPatch) -> Written:
        kind = self._fenced(task)
        return self._written(kind, await self.client.json_patch(kind, *_place(task), patch))

    async def merge_patch(self, task: Task, patch: Mapping[str, Any], *, dry_run: bool = False) -> Written:
        kind = self._fenced(task, writes=not dry_run)
        answer = await self.client.merge_patch(kind, *_place(task), patch, dry_run=dry_run)
        return self._written(kind, answer, dry_run=dry_run)

    async def replace(self, task: Task, body: Body, *, dry_run: bool = False) -> Written:
        kind = self._fenced(task, writes=not dry_run)
        answer = await self.client.replace(kind, *_place(task), body, strict=task.validate, dry_run=dry_run)
        return self._written(kind, answer, dry_run=dry_run)

    async def create(self, task: Task, body: Body, *, dry_run: bool = False) -> Written:
        kind = self._fenced(task, writes=not dry_run)
        answer = await self.client.create(kind, task.key.namespace, body, strict=task.validate, dry_run=dry_run)
        return self._written(kind, answer, dry_run=dry_run)

    async def delete(self, task: Task, *, uid: str, resource_version: str = "", dry_run: bool = False) -> None:
        kind = self._fenced(task, writes=not dry_run)
        propagation = task.propagation.value
        answer = await self.client.delete(
            kind, *_place(task), uid=uid, resource_version=resource_version, propagation=propagation, dry_run=dry_run
        )
        if dry_run:
            return
        self._moved(self._store.deleting(kind, task.key, answer or b"", uid=uid))

    async def gone(self, task: Task) -> bool:
        """Watched in the cache, which hears of it first."""
        for _ in range(round(_GONE_PATIENCE / _GONE_LOOK)):
            live = self._store.get(task.key)
            if live is None or live.uid != task.uid:
                return True
            await asyncio.sleep(_GONE_LOOK)
        return False

    def _fenced(self, task: Task, *, writes: bool = True) -> Kind:
        """The kind of the task, when we may write."""
        if writes and not self._may_write():
            raise LeadershipLostError
        return self._kind(task)

    def _kind(self, task: Task) -> Kind:
        return self._served(task.api_version, task.key.kind)

    def _served(self, api_version: str, name: str) -> Kind:
        kind = self._store.discovered.served.get((api_version, name))
        if kind is None:
            known = self._store.discovered.preferred.get(GroupKind(group_of(api_version), name))
            version = f", only {known.api_version}" if known else ""
            raise ClusterError(f"the cluster does not serve {api_version} {name}{version}", status=404)
        return kind

    def _written(self, kind: Kind, answer: Answer, *, baseline: bool = False, dry_run: bool = False) -> Written:
        if not dry_run:
            self._moved(self._store.applied(kind, answer.body, baseline=baseline))
        return Written(answer.body, answer.created, answer.warnings)


def _place(task: Task) -> tuple[str, str]:
    return task.key.namespace, task.key.name
