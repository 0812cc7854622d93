"""An API server of one object, honest about versions, that refuses what a test tells it to refuse."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gitops_operator.apply import How, Written
from gitops_operator.errors import Cause, ClusterError
from gitops_operator.model.access import Need, Right
from gitops_operator.model.adoption import JsonPatch
from gitops_operator.model.managed_fields import entries_of
from gitops_operator.model.resource import Body, Resource
from gitops_operator.model.step import Task, TaskKind
from tests.unit.diff.objects import entry, fields_of_value

Live = dict[str, Any]


def refused(status: int, message: str = "no", reason: str = "Refused", *causes: tuple[str, str, str]) -> ClusterError:
    return ClusterError(message, status=status, api_reason=reason, causes=tuple(Cause(*cause) for cause in causes))


NOT_FOUND = refused(404, 'configmaps "front" not found', "NotFound")
MODIFIED = refused(409, "the object has been modified", "Conflict")


class FakeWriter:
    """`refusals` are raised once each, in order, by the method that they are kept for."""

    def __init__(self, live: Live | None = None, **refusals: list[ClusterError]) -> None:
        self.live = live
        self.unappliable: set[tuple[str, str]] = set()
        self.calls: list[str] = []
        self.sent: list[tuple[str, Any]] = []
        self.options: list[How] = []
        self.goes = True
        self.lacks: list[Right] = []
        self.before_write: Callable[[Live], None] | None = None
        self._refusals = refusals

    async def get(self, task: Task) -> bytes:
        self._note("get", None)
        if self.live is None:
            raise NOT_FOUND
        return json.dumps(self.live).encode()

    async def apply(self, task: Task, body: Body, how: How) -> Written:
        self.options.append(how)
        self._note("dry apply" if how.dry_run else "apply", body)
        version = body["metadata"].get("resourceVersion")
        if self.live is not None and version not in {None, self.live["metadata"]["resourceVersion"]}:
            raise MODIFIED
        return self._stored(self._merged(body), dry_run=how.dry_run)

    async def json_patch(self, task: Task, patch: JsonPatch) -> Written:
        self._note("json_patch", patch)
        assert self.live is not None
        test, fields, version = patch
        assert test["value"] == self.live["metadata"]["uid"]
        if version["value"] != self.live["metadata"]["resourceVersion"]:
            raise MODIFIED
        metadata = {**self.live["metadata"], "managedFields": fields["value"]}
        return self._stored({**self.live, "metadata": metadata})

    async def merge_patch(self, task: Task, patch: Mapping[str, Any], *, dry_run: bool = False) -> Written:
        self._note("merge_patch", patch)
        assert self.live is not None
        return self._stored(_merge(self.live, patch), dry_run=dry_run)

    async def replace(self, task: Task, body: Body, *, dry_run: bool = False) -> Written:
        self._note("dry replace" if dry_run else "replace", body)
        return self._stored(_with_entry(dict(body), "Update"), dry_run=dry_run)

    async def create(self, task: Task, body: Body, *, dry_run: bool = False) -> Written:
        self._note("dry create" if dry_run else "create", body)
        if dry_run:
            return Written(b"{}")
        assert self.live is None
        metadata = {**body["metadata"], "uid": "uid-2"}
        return self._stored(_with_entry({**body, "metadata": metadata}, "Update"))

    async def lacking(self, needs: Iterable[Need]) -> Sequence[Right]:
        self._note("lacking", tuple(needs))
        return self.lacks

    def forget_rights(self) -> None:
        self.calls.append("forget")

    async def delete(self, task: Task, *, uid: str, resource_version: str = "", dry_run: bool = False) -> None:
        self._note("dry delete" if dry_run else "delete", (uid, resource_version))
        if self.live is None:
            raise NOT_FOUND
        metadata = self.live["metadata"]
        if uid != metadata["uid"] or resource_version not in {"", metadata["resourceVersion"]}:
            raise refused(409, "Precondition failed", "Conflict")
        self.live = self.live if dry_run else None

    async def gone(self, task: Task) -> bool:
        self.calls.append("gone")
        return self.goes

    def _note(self, call: str, sent: Any) -> None:
        self.calls.append(call)
        self.sent.append((call, sent))
        if self.before_write is not None and self.live is not None and call != "get":
            self.before_write(self.live)
        waiting = self._refusals.get(call.replace(" ", "_"), [])
        if waiting:
            raise waiting.pop(0)

    def _merged(self, body: Body) -> Live:
        metadata = {name: value for name, value in body["metadata"].items() if name != "resourceVersion"}
        if self.live is None:
            return _with_entry({**body, "metadata": {"uid": "uid-2", **metadata}}, "Apply")
        merged = {**self.live, **body, "metadata": {**self.live["metadata"], **metadata}}
        return _with_entry(merged, "Apply", of=body)

    def _stored(self, body: Live, *, dry_run: bool = False) -> Written:
        before = self.live
        version = before["metadata"]["resourceVersion"] if before else "1"
        now = {**body, "metadata": {**body["metadata"], "resourceVersion": version}}
        if now != before and not dry_run:
            now["metadata"]["resourceVersion"] = str(int(version) + 1)
            self.live = now
        return Written(json.dumps(now).encode(), created=before is None)


def _with_entry(body: Live, operation: str, of: Body | None = None) -> Live:
    """The body with an entry of ours for what `of` (or all of it) says."""
    fields = fields_of_value(of or body)
    del fields["f:apiVersion"], fields["f:kind"]
    for name in ("name", "namespace", "uid", "resourceVersion", "managedFields"):
        fields["f:metadata"].pop(f"f:{name}", None)
    others = [one for one in entries_of(body) if (one["manager"], one["operation"]) != ("gitops-operator", operation)]
    ours = entry(fields, operation=operation, apiVersion=body["apiVersion"])
    return {**body, "metadata": {**body["metadata"], "managedFields": [ours, *others]}}


def _merge(value: Any, patch: Mapping[str, Any]) -> Live:
    merged = dict(value) if isinstance(value, Mapping) else {}
    for name, item in patch.items():
        if item is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), item) if isinstance(item, Mapping) else item
    return merged


def task(desired: Resource, kind: TaskKind = TaskKind.APPLY, live: Live | None = None, **more: Any) -> Task:
    """The task that brings an object to what Git wants."""
    metadata = live["metadata"] if live else {"uid": "", "resourceVersion": ""}
    found = {"uid": metadata["uid"], "resource_version": metadata["resourceVersion"]}
    return Task(kind, desired.key, desired.api_version, desired, **{**found, **more})
