"""The API server in memory that the line is tested over, against the real one: the same requests, the same answers."""

import copy
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from devcluster.cluster import DevCluster
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.session import Session, connect
from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Kind
from tests.builders import config_map, manifest, service
from tests.fake_api import BUILT_IN, FakeApi
from tests.fakes import FakeClock

pytestmark = pytest.mark.cluster

Live = dict[str, Any]
KINDS = {kind.kind: kind for kind in BUILT_IN}
CONFIG_MAP, POLICY, SERVICE = (KINDS[name] for name in ("ConfigMap", "NetworkPolicy", "Service"))
GONE = {"uid": "6f4b3c52-0000-0000-0000-000000000000"}


class Talk:
    """What one server answered to what was asked, without what differs between any two servers."""

    def __init__(self, client: Client, namespace: str) -> None:
        self.client, self.namespace = client, namespace
        self.said: list[Any] = []
        self.last: Live = {}

    async def apply(self, kind: Kind, body: Mapping[str, Any], **how: Any) -> None:
        options = {"force": True, **how}
        name = body["metadata"]["name"]
        await self._say(self.client.apply(kind, self._place(kind), name, self._whole(kind, body), **options))

    async def create(self, kind: Kind, body: Mapping[str, Any], **how: Any) -> None:
        await self._say(self.client.create(kind, self._place(kind), self._whole(kind, body), **how))

    async def replace(self, kind: Kind, body: Mapping[str, Any], **how: Any) -> None:
        name = body["metadata"]["name"]
        await self._say(self.client.replace(kind, self._place(kind), name, self._whole(kind, body), **how))

    async def merge(self, kind: Kind, name: str, patch: Mapping[str, Any], **how: Any) -> None:
        await self._say(self.client.merge_patch(kind, self._place(kind), name, patch, **how))

    async def json(self, kind: Kind, name: str, patch: list[Live], **how: Any) -> None:
        await self._say(self.client.json_patch(kind, self._place(kind), name, patch, **how))

    async def get(self, kind: Kind, name: str) -> None:
        await self._say(self.client.get(kind, self._place(kind), name))

    async def delete(self, kind: Kind, name: str, **which: Any) -> None:
        try:
            answer = await self.client.delete(kind, self._place(kind), name, **which)
        except ClusterError as error:
            self.said.append(refused(error))
            return
        self.said.append("deleted" if answer is None else shown(json.loads(answer)))

    def version(self) -> str:
        return str(self.last["metadata"]["resourceVersion"])

    def uid(self) -> str:
        return str(self.last["metadata"]["uid"])

    async def _say(self, asking: Any) -> None:
        try:
            answer = await asking
        except ClusterError as error:
            self.said.append(refused(error))
            return
        self.last = json.loads(answer.body)
        self.said.append((answer.status, shown(self.last)))

    def _place(self, kind: Kind) -> str:
        return self.namespace if kind.namespaced else ""

    def _whole(self, kind: Kind, body: Mapping[str, Any]) -> Live:
        whole = copy.deepcopy(dict(body))
        if kind.namespaced:
            whole["metadata"]["namespace"] = self.namespace
        return whole


def refused(error: ClusterError) -> Any:
    return error.status, error.api_reason, sorted(cause.reason for cause in error.causes)


def shown(body: Live) -> Live:
    """An object as far as the two servers should agree: what was sent of it, and who owns which fields."""
    metadata = body["metadata"]
    entries = [
        (entry["manager"], entry["operation"], entry.get("subresource", ""), _without_members(entry["fieldsV1"]))
        for entry in metadata.get("managedFields", ())
        if not entry.get("subresource")
    ]
    return {
        "data": body.get("data"),
        "policy": (body.get("spec") or {}).get("policyTypes"),
        "ports": [(port["port"], port.get("name")) for port in (body.get("spec") or {}).get("ports", ())],
        "labels": metadata.get("labels"),
        "annotations": metadata.get("annotations"),
        "finalizers": metadata.get("finalizers"),
        "is going": "deletionTimestamp" in metadata,
        "generation": metadata.get("generation"),
        "entries": sorted(entries, key=json.dumps),
    }


def _without_members(fields: Mapping[str, Any]) -> Live:
    """Entries of updates name maps themselves, too, which nobody here asks for."""
    return {name: _without_members(inner) for name, inner in fields.items() if name != "."}


Script = Callable[[Talk], Any]


async def applied_and_applied_again(talk: Talk) -> None:
    await talk.apply(CONFIG_MAP, config_map("a", {"color": "blue", "size": "big"}, labels={"x": "y"}))
    before = talk.version()
    await talk.apply(CONFIG_MAP, config_map("a", {"color": "blue", "size": "big"}, labels={"x": "y"}))
    talk.said.append(before == talk.version())
    await talk.apply(CONFIG_MAP, config_map("a", {"color": "red"}))
    talk.said.append(before == talk.version())
    await talk.get(CONFIG_MAP, "a")


async def a_dry_run_stores_nothing(talk: Talk) -> None:
    await talk.apply(CONFIG_MAP, config_map("a"), dry_run=True)
    await talk.get(CONFIG_MAP, "a")
    await talk.apply(CONFIG_MAP, config_map("a"))
    before = talk.version()
    await talk.apply(CONFIG_MAP, config_map("a", {"color": "red"}), dry_run=True)
    await talk.get(CONFIG_MAP, "a")
    talk.said.append(before == talk.version())


async def drift_and_a_forced_apply(talk: Talk) -> None:
    await talk.apply(CONFIG_MAP, config_map("a"))
    await talk.merge(CONFIG_MAP, "a", {"data": {"color": "red", "theirs": "1"}}, manager="kubectl-edit")
    await talk.apply(CONFIG_MAP, config_map("a"), force=False)
    await talk.apply(CONFIG_MAP, config_map("a"))
    await talk.merge(CONFIG_MAP, "a", {"data": {"theirs": None}}, manager="kubectl-edit")


async def two_appliers(talk: Talk) -> None:
    await talk.apply(CONFIG_MAP, config_map("a", {"color": "blue", "size": "big"}))
    await talk.apply(CONFIG_MAP, config_map("a", {"size": "big"}), manager="other")
    await talk.apply(CONFIG_MAP, config_map("a", {"color": "blue"}))
    await talk.apply(CONFIG_MAP, config_map("a", {"size": "small"}), manager="other")


async def items_of_lists(talk: Talk) -> None:
    await talk.apply(SERVICE, service("front"))
    await talk.merge(SERVICE, "front", {"metadata": {"labels": {"x": "y"}}}, manager="kubectl-label")
    two = service("front")
    two["spec"]["ports"] = [
        {"port": 80, "protocol": "TCP", "name": "web"},
        {"port": 81, "protocol": "TCP", "name": "b"},
    ]
    await talk.apply(SERVICE, two)
    await talk.apply(SERVICE, service("front"))
    talk.said.append([port["port"] for port in talk.last["spec"]["ports"]])


def policy(kind: str = "Ingress", **parts: Any) -> Live:
    """Of a kind that has a generation and no controller that writes to it."""
    spec = {"podSelector": {}, "policyTypes": [kind]}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", "closed", spec=spec, **parts)


async def generations(talk: Talk) -> None:
    await talk.apply(POLICY, policy())
    await talk.apply(POLICY, policy(labels={"x": "y"}))
    await talk.apply(POLICY, policy("Egress", labels={"x": "y"}))
    await talk.merge(POLICY, "closed", {"spec": {"policyTypes": ["Egress"]}}, manager="kubectl-edit")
    await talk.merge(POLICY, "closed", {"spec": {"policyTypes": ["Ingress"]}}, manager="kubectl-edit")


async def preconditions(talk: Talk) -> None:
    await talk.apply(CONFIG_MAP, config_map("a"))
    stale = talk.version()
    await talk.merge(CONFIG_MAP, "a", {"data": {"x": "1"}}, manager="kubectl-edit")
    old = config_map("a")
    old["metadata"]["resourceVersion"] = stale
    await talk.apply(CONFIG_MAP, old)
    await talk.replace(CONFIG_MAP, old)
    await talk.merge(CONFIG_MAP, "a", {"metadata": {"resourceVersion": stale}, "data": {"x": "2"}})
    await talk.json(CONFIG_MAP, "a", [{"op": "replace", "path": "/metadata/resourceVersion", "value": stale}])
    await talk.json(CONFIG_MAP, "a", [{"op": "test", "path": "/metadata/uid", "value": GONE["uid"]}])
    await talk.delete(CONFIG_MAP, "a", **GONE)
    await talk.delete(CONFIG_MAP, "a", uid=talk.uid(), resource_version=stale)
    await talk.delete(CONFIG_MAP, "a", uid=talk.uid())
    await talk.delete(CONFIG_MAP, "a", **GONE)


async def creations(talk: Talk) -> None:
    await talk.create(CONFIG_MAP, config_map("a"))
    await talk.create(CONFIG_MAP, config_map("a"))
    await talk.create(CONFIG_MAP, config_map("b"), dry_run=True)
    await talk.get(CONFIG_MAP, "b")
    await talk.replace(CONFIG_MAP, config_map("a", {"color": "red"}))


async def adoption(talk: Talk) -> None:
    await talk.create(CONFIG_MAP, config_map("a", {"color": "red", "old": "yes"}), manager="kubectl-create")
    entry = dict(talk.last["metadata"]["managedFields"][0]) | {"manager": "gitops-operator", "operation": "Apply"}
    await talk.json(
        CONFIG_MAP,
        "a",
        [
            {"op": "test", "path": "/metadata/uid", "value": talk.uid()},
            {"op": "replace", "path": "/metadata/managedFields", "value": [entry]},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": talk.version()},
        ],
    )
    await talk.apply(CONFIG_MAP, config_map("a"))


async def finalizers(talk: Talk) -> None:
    await talk.apply(CONFIG_MAP, config_map("a", finalizers=["example.com/wait"]))
    await talk.delete(CONFIG_MAP, "a", uid=talk.uid())
    await talk.apply(CONFIG_MAP, config_map("a", {"color": "red"}, finalizers=["example.com/wait"]))
    await talk.merge(CONFIG_MAP, "a", {"metadata": {"finalizers": None}}, manager="kubectl-edit")
    await talk.get(CONFIG_MAP, "a")


async def missing_places(talk: Talk) -> None:
    there, talk.namespace = talk.namespace, "nowhere-at-all"
    await talk.apply(CONFIG_MAP, config_map("a"))
    await talk.create(CONFIG_MAP, config_map("a"))
    talk.namespace = there
    await talk.get(CONFIG_MAP, "nobody")
    await talk.merge(CONFIG_MAP, "nobody", {"data": {}})
    nothing = Kind("example.com", "v1", "Nothing", "nothings", namespaced=True)
    await talk.apply(nothing, {"apiVersion": "example.com/v1", "kind": "Nothing", "metadata": {"name": "a"}})


SCRIPTS = [
    applied_and_applied_again,
    a_dry_run_stores_nothing,
    drift_and_a_forced_apply,
    two_appliers,
    items_of_lists,
    generations,
    preconditions,
    creations,
    adoption,
    finalizers,
    missing_places,
]


@asynccontextmanager
async def real(cluster: DevCluster, namespace: str) -> AsyncIterator[Talk]:
    session = await connect(str(cluster.kubeconfig))
    try:
        yield Talk(Client(session, "devcluster"), namespace)
    finally:
        await session.close()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
async def test_the_fake_answers_as_the_real_one(script: Script, devcluster: DevCluster, namespace: str) -> None:
    fake = Talk(Client(cast("Session", FakeApi(FakeClock().now)), "fake"), "web")
    await script(fake)
    async with real(devcluster, namespace) as talk:
        await script(talk)
    assert fake.said == talk.said
