"""A sink that remembers a cluster as the informers tell it, and waits for what a test expects."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.resource import GroupKind

Name = tuple[str, str]


class RememberingSink:
    def __init__(self) -> None:
        self.objects: dict[GroupKind, dict[Name, dict[str, Any]]] = {}
        self.states: dict[GroupKind, KindStatus] = {}
        self.history: list[tuple[GroupKind, KindState]] = []
        self.lists: list[GroupKind] = []
        self.parts: list[int] = []
        self.left: list[GroupKind] = []
        self.catalogues: list[Catalogue] = []
        self._moved = asyncio.Event()

    def replacing(self, kind: Kind, namespace: str = "") -> "_Replacement":
        return _Replacement(self, kind, namespace)

    def replaced(self, kind: Kind, objects: Sequence[bytes], namespace: str) -> None:
        known = self.objects.setdefault(kind.group_kind, {})
        for name in [name for name in known if namespace in {"", name[0]}]:
            del known[name]
        known.update((_name(body), body) for body in map(json.loads, objects))
        assert all(body["kind"] and body["apiVersion"] for body in known.values())
        self.lists.append(kind.group_kind)
        self._moved.set()

    def changed(self, kind: Kind, raw: bytes) -> None:
        body = json.loads(raw)
        self.objects.setdefault(kind.group_kind, {})[_name(body)] = body
        self._moved.set()

    def deleted(self, kind: Kind, raw: bytes) -> None:
        self.objects.setdefault(kind.group_kind, {}).pop(_name(json.loads(raw)), None)
        self._moved.set()

    def state(self, group_kind: GroupKind, status: KindStatus) -> None:
        self.states[group_kind] = status
        self.history.append((group_kind, status.state))
        self._moved.set()

    def gone(self, group_kind: GroupKind) -> None:
        self.objects.pop(group_kind, None)
        self.states.pop(group_kind, None)
        self.left.append(group_kind)
        self._moved.set()

    def catalogue(self, catalogue: Catalogue) -> None:
        self.catalogues.append(catalogue)
        self._moved.set()

    def names(self, group_kind: GroupKind, namespace: str | None = None) -> set[str]:
        known = self.objects.get(group_kind, {})
        return {name for space, name in known if namespace in {None, space}}

    def is_ready(self, group_kind: GroupKind) -> bool:
        return self.state_of(group_kind) is KindState.READY

    def state_of(self, group_kind: GroupKind) -> KindState:
        return self.states.get(group_kind, KindStatus(KindState.UNKNOWN)).state

    def all_ready(self) -> bool:
        return bool(self.states) and not self.unready()

    def unready(self) -> dict[GroupKind, KindStatus]:
        fine = {KindState.READY, KindState.EXCLUDED}
        return {kind: status for kind, status in self.states.items() if status.state not in fine}

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until what has been told fulfils a condition."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._moved.clear()
                await self._moved.wait()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something that tells nobody becomes true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 – nothing is told
            await asyncio.sleep(0.01)


def _name(body: dict[str, Any]) -> Name:
    return body["metadata"].get("namespace", ""), body["metadata"]["name"]


class _Replacement:
    """A list that counts once it is done."""

    def __init__(self, sink: RememberingSink, kind: Kind, namespace: str) -> None:
        self._sink, self._kind, self._namespace = sink, kind, namespace
        self._found: dict[Name, bytes] = {}

    def add(self, objects: Sequence[bytes]) -> None:
        self._sink.parts.append(len(objects))
        self._found.update((_name(json.loads(raw)), raw) for raw in objects)

    def drop(self, raw: bytes) -> None:
        self._found.pop(_name(json.loads(raw)), None)

    def done(self) -> None:
        self._sink.replaced(self._kind, list(self._found.values()), self._namespace)
