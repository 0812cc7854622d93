"""What apply needs of a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableSet, Sequence
from typing import Any, NamedTuple, Protocol

from gitops_operator.model.access import Need, Right
from gitops_operator.model.adoption import JsonPatch
from gitops_operator.model.resource import Body
from gitops_operator.model.step import Task


class Written(NamedTuple):
    """The answer to a write."""

    body: bytes
    created: bool = False
    warnings: tuple[str, ...] = ()


class How(NamedTuple):
    """How to apply: `force` takes fields over, `strict` refuses unknown ones, `dry_run` writes nothing."""

    dry_run: bool = False
    force: bool = True
    strict: bool = True


class Writer(Protocol):
    """The one way to the cluster: it bounds what is in flight, checks the lease, and records each answer.

    The object is the task's: its key, in its apiVersion. Every method raises ClusterError for an answer that is not a
    success; anything else that is raised ends the whole step. Dry runs are not recorded.
    """

    @property
    def unappliable(self) -> MutableSet[tuple[str, str]]:
        """The (apiVersion, kind) that refuse server-side apply, remembered from step to step."""

    async def lacking(self, needs: Iterable[Need]) -> Sequence[Right]:
        """Of what writes need, that which whoever writes may not do; what he may is remembered for a while."""

    def forget_rights(self) -> None:
        """What he may do has changed, or is about to."""

    async def get(self, task: Task) -> bytes:
        """The object as it is now."""

    async def apply(self, task: Task, body: Body, how: How) -> Written:
        """Server-side apply as our field manager."""

    async def json_patch(self, task: Task, patch: JsonPatch) -> Written:
        """A JSON patch as our field manager."""

    async def merge_patch(self, task: Task, patch: Mapping[str, Any], *, dry_run: bool = False) -> Written:
        """A JSON merge patch as our field manager."""

    async def replace(self, task: Task, body: Body, *, dry_run: bool = False) -> Written:
        """PUT as our field manager."""

    async def create(self, task: Task, body: Body, *, dry_run: bool = False) -> Written:
        """POST as our field manager."""

    async def delete(self, task: Task, *, uid: str, resource_version: str = "", dry_run: bool = False) -> None:
        """Delete exactly that object, with the task's propagation."""

    async def gone(self, task: Task) -> bool:
        """Wait until the object with the task's uid is gone; False when that takes too long."""
