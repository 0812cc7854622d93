"""The informers against a real API server: what they see, and bad days."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devcluster.cluster import DevCluster
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.pace import WatchSettings
from gitops_operator.cluster.session import connect
from gitops_operator.cluster.watch import Informers
from gitops_operator.model.kind import KindState
from gitops_operator.model.resource import GroupKind
from tests.adapters.cluster_api import CONFIG_MAP
from tests.adapters.cluster_proxy import BadLine, bad_line, through
from tests.adapters.cluster_sink import RememberingSink

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

MAPS = CONFIG_MAP.group_kind
SECRETS = GroupKind("", "Secret")


@pytest.fixture(scope="module")
def fragile() -> Iterator[DevCluster]:
    """A cluster of our own, to stop the API server of."""
    with DevCluster("informers") as cluster:
        yield cluster


class Watching(RememberingSink):
    """The sink, and what is done to the cluster meanwhile."""

    def __init__(self, cluster: DevCluster) -> None:
        super().__init__()
        self._cluster = cluster

    async def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return await asyncio.to_thread(self._cluster.kubectl, *arguments, stdin=stdin)

    async def apply(self, *bodies: dict[str, Any]) -> None:
        await self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies}))


@asynccontextmanager
async def watching(
    cluster: DevCluster, kubeconfig: Path | None = None, settings: WatchSettings | None = None
) -> AsyncIterator[Watching]:
    session = await connect(str(kubeconfig or cluster.kubeconfig))
    sink = Watching(cluster)
    task = asyncio.create_task(Informers(Client(session, "dev"), sink, settings).run())
    try:
        yield sink
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await session.close()


@asynccontextmanager
async def badly_connected(
    cluster: DevCluster, folder: Path, settings: WatchSettings | None = None
) -> AsyncIterator[tuple[Watching, BadLine]]:
    async with (
        bad_line(cluster.url) as line,
        watching(cluster, through(line, cluster.kubeconfig, folder), settings) as sink,
    ):
        await sink.until(lambda: MAPS in sink.states and sink.all_ready())
        yield sink, line


def crd(group: str, **more: Any) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [
        {"name": name, "served": True, "storage": name == "v1", "schema": schema}
        for name in (["v1", "v2"] if "conversion" in more else ["v1"])
    ]
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions, **more},
    }


def widget(group: str, namespace: str) -> dict[str, Any]:
    return {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": namespace}}


def a_map(namespace: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


async def test_all_kinds_of_a_cluster_become_ready(devcluster: DevCluster) -> None:
    async with watching(devcluster) as sink:
        await sink.until(lambda: MAPS in sink.states and sink.all_ready())
        assert "default" in sink.names(GroupKind("", "Namespace"))
        assert sink.state_of(GroupKind("coordination.k8s.io", "Lease")) is KindState.EXCLUDED
        assert {state for _, state in sink.history} <= {KindState.CATCHING_UP, KindState.READY, KindState.EXCLUDED}


async def test_what_is_made_changed_and_deleted_is_told(devcluster: DevCluster, namespace: str) -> None:
    async with watching(devcluster) as sink:
        await sink.until(lambda: MAPS in sink.states and sink.all_ready())
        await sink.apply(a_map(namespace, "a"))
        await sink.until(lambda: "a" in sink.names(MAPS, namespace))
        await sink.kubectl("patch", "-n", namespace, "cm/a", "--type=merge", "-p", '{"data":{"x":"y"}}')
        await sink.until(lambda: sink.objects[MAPS][namespace, "a"].get("data") == {"x": "y"})
        await sink.kubectl("delete", "-n", namespace, "cm/a")
        await sink.until(lambda: "a" not in sink.names(MAPS, namespace))


async def test_a_kind_comes_with_its_definition_and_goes_with_it(devcluster: DevCluster, namespace: str) -> None:
    group = f"g{secrets.token_hex(3)}.example.com"
    kind = GroupKind(group, "Widget")
    async with watching(devcluster) as sink:
        await sink.until(lambda: MAPS in sink.states and sink.all_ready())
        await sink.apply(crd(group))
        await sink.until(lambda: sink.is_ready(kind))
        await sink.apply(widget(group, namespace))
        await sink.until(lambda: sink.names(kind) == {"w"})
        await sink.kubectl("delete", "crd", f"widgets.{group}")
        await sink.until(lambda: sink.left == [kind])


async def test_a_broken_conversion_webhook_breaks_its_kind_alone(devcluster: DevCluster, namespace: str) -> None:
    group = f"g{secrets.token_hex(3)}.example.com"
    kind = GroupKind(group, "Widget")
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/convert"}}
    async with watching(devcluster) as sink:
        await sink.apply(crd(group, conversion={"strategy": "Webhook", "webhook": webhook}))
        await asyncio.to_thread(devcluster.established, f"widgets.{group}")
        await sink.until(lambda: sink.is_ready(kind))  # nothing to convert yet
        await sink.apply(widget(group, namespace))
    async with watching(devcluster) as sink:
        await sink.until(lambda: sink.state_of(kind) is KindState.BROKEN)
        assert "conversion webhook" in sink.states[kind].message
        await sink.until(lambda: sink.unready().keys() == {kind})
        await sink.apply(crd(group, conversion={"strategy": "None"}))
        await sink.until(lambda: sink.is_ready(kind) and sink.names(kind) == {"w"}, 60)
        await sink.kubectl("delete", "crd", f"widgets.{group}")


async def test_a_kind_that_may_not_be_read_is_broken_alone_and_heals(devcluster: DevCluster, namespace: str) -> None:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]}]
    await asyncio.to_thread(_grant, devcluster, namespace, rules)
    kubeconfig = await asyncio.to_thread(devcluster.kubeconfig_for, "default", namespace)
    async with watching(devcluster, kubeconfig) as sink:
        await sink.until(lambda: sink.is_ready(MAPS) and sink.state_of(SECRETS) is KindState.BROKEN)
        assert "secrets is forbidden" in sink.states[SECRETS].message
        rules[0]["resources"].append("secrets")
        await asyncio.to_thread(_grant, devcluster, namespace, rules)
        await sink.until(lambda: sink.is_ready(SECRETS), 60)
        assert sink.is_ready(MAPS)


async def test_watches_that_are_cut_again_and_again_lose_nothing(
    devcluster: DevCluster, namespace: str, tmp_path: Path
) -> None:
    async with badly_connected(devcluster, tmp_path) as (sink, line):
        for number in range(5):
            line.cut()
            await sink.apply(*(a_map(namespace, f"m{number}-{one}") for one in range(4)))
        await sink.kubectl("delete", "-n", namespace, "cm/m0-0", "cm/m3-3")
        wanted = {f"m{number}-{one}" for number in range(5) for one in range(4)} - {"m0-0", "m3-3"}
        await sink.until(lambda: sink.names(MAPS, namespace) - {"kube-root-ca.crt"} == wanted)
        assert sink.lists.count(MAPS) == 1
        assert KindState.BROKEN not in {state for _, state in sink.history}


async def test_a_slow_line_delays_and_loses_nothing(devcluster: DevCluster, namespace: str, tmp_path: Path) -> None:
    async with badly_connected(devcluster, tmp_path) as (sink, line):
        line.delay = 5.0
        await sink.apply(a_map(namespace, "late"))
        began = asyncio.get_running_loop().time()
        await sink.until(lambda: "late" in sink.names(MAPS, namespace))
        assert asyncio.get_running_loop().time() - began > 3
        assert sink.all_ready()
        assert sink.lists.count(MAPS) == 1


async def test_a_stalled_line_is_left_for_a_new_one(devcluster: DevCluster, namespace: str, tmp_path: Path) -> None:
    async with badly_connected(devcluster, tmp_path, WatchSettings(stall=3.0)) as (sink, line):
        line.stalls = True
        await sink.apply(a_map(namespace, "unseen"))
        await asyncio.sleep(3.5)
        line.stalls = False
        await sink.until(lambda: "unseen" in sink.names(MAPS, namespace))
        assert sink.lists.count(MAPS) == 1


async def test_deletions_while_nobody_can_look_are_noticed(
    devcluster: DevCluster, namespace: str, tmp_path: Path
) -> None:
    async with badly_connected(devcluster, tmp_path) as (sink, line):
        await sink.apply(a_map(namespace, "a"), a_map(namespace, "b"))
        await sink.until(lambda: {"a", "b"} <= sink.names(MAPS, namespace))
        line.refuses = True
        line.cut()
        await sink.kubectl("delete", "-n", namespace, "cm/a")
        line.refuses = False
        await sink.until(lambda: "a" not in sink.names(MAPS, namespace))
        assert "b" in sink.names(MAPS, namespace)


async def test_deletions_before_history_was_lost_are_noticed(fragile: DevCluster, tmp_path: Path) -> None:
    async with badly_connected(fragile, tmp_path) as (sink, line):
        await sink.apply(a_map("default", "a"), a_map("default", "b"))
        await sink.until(lambda: {"a", "b"} <= sink.names(MAPS, "default"))
        line.refuses = True
        line.cut()
        await sink.kubectl("delete", "cm/a")
        await asyncio.to_thread(fragile.stop_apiserver)
        await asyncio.to_thread(fragile.start_apiserver)  # it begins with an empty watch cache: no history
        line.refuses = False
        await sink.until(lambda: "a" not in sink.names(MAPS, "default"), 30)
        await sink.until(sink.all_ready, 30)
        assert sink.lists.count(MAPS) == 2
        assert "b" in sink.names(MAPS, "default")


async def test_a_server_that_is_away_for_a_while_comes_back_as_it_was(fragile: DevCluster) -> None:
    async with watching(fragile, settings=WatchSettings(grace=1.0)) as sink:
        await sink.until(lambda: MAPS in sink.states and sink.all_ready())
        before = {kind: sink.names(kind) for kind in (MAPS, GroupKind("", "Namespace"), GroupKind("", "Service"))}
        await asyncio.to_thread(fragile.stop_apiserver)
        await sink.until(lambda: sink.state_of(MAPS) is KindState.CATCHING_UP)
        assert "No answer" in sink.states[MAPS].message or "interrupted" in sink.states[MAPS].message
        await asyncio.sleep(3)
        assert {kind: sink.names(kind) for kind in before} == before
        await asyncio.to_thread(fragile.start_apiserver)
        await sink.until(sink.all_ready, 60)
        assert sink.left == []
        await sink.apply(a_map("default", "after"))
        await sink.until(lambda: "after" in sink.names(MAPS, "default"))


def _grant(cluster: DevCluster, namespace: str, rules: list[dict[str, Any]]) -> None:
    """What the default service account of a namespace may read everywhere."""
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": namespace}}
    role = {**head, "kind": "ClusterRole", "rules": rules}
    binding = {
        **head,
        "kind": "ClusterRoleBinding",
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}],
    }
    cluster.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": [role, binding]}))
