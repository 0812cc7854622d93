"""Where an apply needs care (drift.md), each case on the real API server."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from devcluster.cluster import DevCluster
from devcluster.waiting import wait_until
from gitops_operator.model.application import IgnoreRule, SyncPolicy
from gitops_operator.model.change import Why
from gitops_operator.model.managed_fields import entries_of
from gitops_operator.model.resource import DESIRED_DIGEST, Resource
from gitops_operator.model.step import Result, TaskKind
from gitops_operator.plan.tasks import prune_task
from tests.adapters.workbench import Live, Workbench, workbench

pytestmark = pytest.mark.cluster
Is = Callable[[Live], bool]


def config_map(name: str = "map", **data: Any) -> Live:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def deployment(container: Live | None = None, **spec: Any) -> Live:
    pods = {"containers": [{"name": "app", "image": "app:1", **(container or {})}], **spec.pop("pods", {})}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pods}
    whole = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": whole}


def service(*ports: Live, **spec: Any) -> Live:
    whole = {"selector": {"app": "web"}, "ports": list(ports), **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": whole}


def annotations(live: Live) -> Live:
    return live["metadata"].get("annotations") or {}


def is_in_sync(bench: Workbench, desired: Resource) -> bool:
    return bench.verdict(desired).is_in_sync


def app_of(live: Live) -> Any:
    [found] = live["spec"]["template"]["spec"]["containers"]
    return found


# A foreign sibling stays beside what we apply, and the server refuses the pair


class Sibling(NamedTuple):
    """What we apply, what somebody puts in its place, and how live shows that it is gone again."""

    manifest: Live
    path: str
    value: Any
    is_healed: Is


_BY_NAME = {"fieldRef": {"fieldPath": "metadata.name"}}
SIBLINGS = {
    "a value against a reference": Sibling(
        deployment({"env": [{"name": "A", "value": "a"}]}),
        "/spec/template/spec/containers/0/env/0",
        {"name": "A", "valueFrom": _BY_NAME},
        lambda live: bool(app_of(live)["env"] == [{"name": "A", "value": "a"}]),
    ),
    "a reference against a value": Sibling(
        deployment({"env": [{"name": "A", "valueFrom": _BY_NAME}]}),
        "/spec/template/spec/containers/0/env/0",
        {"name": "A", "value": "b"},
        lambda live: "value" not in app_of(live)["env"][0],
    ),
    "a request against a command": Sibling(
        deployment({"livenessProbe": {"httpGet": {"path": "/", "port": 80}}}),
        "/spec/template/spec/containers/0/livenessProbe",
        {"exec": {"command": ["true"]}},
        lambda live: "exec" not in app_of(live)["livenessProbe"],
    ),
    "an empty folder against one of the node": Sibling(
        deployment(pods={"volumes": [{"name": "data", "emptyDir": {}}]}),
        "/spec/template/spec/volumes/0",
        {"name": "data", "hostPath": {"path": "/data"}},
        lambda live: "hostPath" not in live["spec"]["template"]["spec"]["volumes"][0],
    ),
    "a port against the same name with another number": Sibling(
        service({"port": 80, "name": "web"}),
        "/spec/ports/0/port",
        81,
        lambda live: [port["port"] for port in live["spec"]["ports"]] == [80],
    ),
    "a strategy against another": Sibling(
        deployment(strategy={"type": "Recreate"}),
        "/spec/strategy",
        {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3}},
        lambda live: bool(live["spec"]["strategy"] == {"type": "Recreate"}),
    ),
}


async def taken(bench: Workbench, sibling: Sibling) -> Resource:
    """An object that we applied and in which somebody put something in the place of ours."""
    desired = bench.desired(sibling.manifest)
    await bench.sync(desired)
    await bench.patch(desired, [{"op": "replace", "path": sibling.path, "value": sibling.value}])
    return desired


@pytest.mark.parametrize("name", SIBLINGS)
async def test_what_stands_in_the_way_is_taken_over(name: str, devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        desired = await taken(bench, SIBLINGS[name])
        assert bench.verdict(desired).why is Why.DRIFTED
        await bench.sync(desired)
        assert SIBLINGS[name].is_healed(await bench.look(desired))
        assert is_in_sync(bench, desired)


async def test_a_new_commit_replaces_one_kind_of_volume_by_another_that_somebody_edited(
    devcluster: DevCluster, namespace: str
) -> None:
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(deployment(pods={"volumes": [{"name": "data", "emptyDir": {}}]}))
        await bench.sync(first)
        path = "/spec/template/spec/volumes/0/emptyDir"
        await bench.patch(first, [{"op": "add", "path": path, "value": {"sizeLimit": "1Gi"}}])
        second = bench.desired(deployment(pods={"volumes": [{"name": "data", "hostPath": {"path": "/data"}}]}))
        await bench.sync(second)
        live = await bench.look(second)
        assert "emptyDir" not in live["spec"]["template"]["spec"]["volumes"][0]
        assert is_in_sync(bench, second)


async def test_validation_lets_pass_what_an_apply_would_take_over(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        desired = await taken(bench, SIBLINGS["a value against a reference"])
        assert (await bench.outcome(desired, TaskKind.VALIDATE)).result is Result.VALID


# Somebody edited a field, and then Git removed it


async def test_what_somebody_edited_before_git_removed_it_goes(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(config_map(color="red", size="s"))
        await bench.sync(first)
        await bench.edit(first, {"data": {"color": "blue"}})
        second = bench.desired(config_map(size="s"))
        await bench.sync(second)
        assert (await bench.look(second))["data"] == {"size": "s"}


async def test_an_item_that_somebody_edited_before_git_removed_it_goes(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(deployment({"env": [{"name": "A", "value": "a"}, {"name": "B", "value": "b"}]}))
        await bench.sync(first)
        edited = {"name": "B", "value": "edited"}
        path = "/spec/template/spec/containers/0/env/1"
        await bench.patch(first, [{"op": "replace", "path": path, "value": edited}])
        second = bench.desired(deployment({"env": [{"name": "A", "value": "a"}]}))
        await bench.sync(second)
        assert app_of(await bench.look(second))["env"] == [{"name": "A", "value": "a"}]


async def test_what_others_added_stays_when_git_removes_something_else(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(config_map(color="red", size="s"))
        await bench.sync(first)
        await bench.edit(first, {"data": {"theirs": "x"}})
        second = bench.desired(config_map(size="s"))
        await bench.sync(second)
        assert (await bench.look(second))["data"] == {"size": "s", "theirs": "x"}


# Leaving a field out of an apply resets it while we alone own it


IGNORES_REPLICAS = IgnoreRule(group="apps", kind="Deployment", json_pointers=("/spec/replicas",))


async def test_a_field_that_a_new_rule_ignores_keeps_the_value_that_it_has(
    devcluster: DevCluster, namespace: str
) -> None:
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(deployment(replicas=3, paused=True))
        await bench.sync(first)
        bench.rules = (IGNORES_REPLICAS,)
        second = bench.desired(deployment(replicas=1, paused=True, minReadySeconds=1))
        await bench.sync(second)
        assert (await bench.look(second))["spec"]["replicas"] == 3
        assert is_in_sync(bench, second)


async def test_a_field_that_a_rule_ignores_and_git_removes_keeps_its_value(
    devcluster: DevCluster, namespace: str
) -> None:
    async with workbench(devcluster, namespace) as bench:
        bench.rules = (IGNORES_REPLICAS,)
        await bench.sync(bench.desired(deployment(replicas=3, paused=True)))
        without = deployment(paused=True)
        del without["spec"]["replicas"]
        second = bench.desired(without)
        await bench.sync(second)
        assert (await bench.look(second))["spec"]["replicas"] == 3


async def test_a_field_that_a_rule_ignores_is_left_to_who_edits_it(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        bench.rules = (IGNORES_REPLICAS,)
        desired = bench.desired(deployment(paused=True))
        await bench.sync(desired)
        await bench.edit(desired, {"spec": {"replicas": 2}})
        assert is_in_sync(bench, desired)
        newer = bench.desired(deployment(paused=True, minReadySeconds=1))
        await bench.sync(newer)
        assert (await bench.look(newer))["spec"]["replicas"] == 2


async def test_an_ignored_item_of_a_list_is_left_to_who_edits_it(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        expression = '.spec.template.spec.containers[] | select(.name == "app") | .image'
        bench.rules = (IgnoreRule(group="apps", kind="Deployment", jq_path_expressions=(expression,)),)
        desired = bench.desired(deployment())
        await bench.sync(desired)
        path = "/spec/template/spec/containers/0/image"
        await bench.patch(desired, [{"op": "replace", "path": path, "value": "app:2"}])
        assert is_in_sync(bench, desired)
        newer = bench.desired(deployment(minReadySeconds=1))
        await bench.sync(newer)
        assert app_of(await bench.look(newer))["image"] == "app:2"


async def test_what_an_ignored_manager_owns_is_left_to_it(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        bench.rules = (IgnoreRule(kind="ConfigMap", managers=("tuner",)),)
        desired = bench.desired(config_map(color="red", size="s"))
        await bench.sync(desired)
        await bench.edit(desired, {"data": {"color": "blue"}}, "tuner")
        assert is_in_sync(bench, desired)
        newer = bench.desired(config_map(color="red", size="m"))
        await bench.sync(newer)
        assert (await bench.look(newer))["data"] == {"color": "blue", "size": "m"}


# Autoscaled workloads


SCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "web"},
    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 9},
}


async def scaled_to(bench: Workbench, of: Resource, replicas: int) -> None:
    """What an autoscaler does; the real one waits for metrics."""
    metadata = {"name": of.key.name, "namespace": of.key.namespace}
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": replicas}}
    await bench.put(of, scale, "kube-controller-manager", "scale")


async def test_the_replicas_of_an_autoscaled_workload_are_no_drift(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        workload, scaler = bench.desired(deployment(paused=True)), bench.desired(SCALER)
        await bench.sync(workload, scaler)
        await bench.look(scaler)
        await scaled_to(bench, workload, 5)
        assert is_in_sync(bench, workload)


async def test_without_an_autoscaler_scaling_is_drift_and_undone(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        workload = bench.desired(deployment(paused=True))
        await bench.sync(workload)
        await scaled_to(bench, workload, 5)
        assert bench.verdict(workload).why is Why.DRIFTED
        await bench.sync(workload)
        assert (await bench.look(workload))["spec"]["replicas"] == 0


@pytest.mark.parametrize("keeps", [True, False])
async def test_a_commit_keeps_the_replicas_of_an_autoscaled_workload(
    keeps: bool, devcluster: DevCluster, namespace: str
) -> None:
    """Whether Git still names replicas or drops them."""
    async with workbench(devcluster, namespace) as bench:
        workload, scaler = bench.desired(deployment(paused=True)), bench.desired(SCALER)
        await bench.sync(workload, scaler)
        await bench.look(scaler)
        await scaled_to(bench, workload, 5)
        manifest = deployment(paused=True, minReadySeconds=1)
        if not keeps:
            del manifest["spec"]["replicas"]
        newer = bench.desired(manifest)
        await bench.sync(newer, scaler)
        assert (await bench.look(newer))["spec"]["replicas"] == 5
        assert is_in_sync(bench, newer)


async def test_replicas_that_git_drops_as_it_adds_an_autoscaler_stay(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        await bench.sync(bench.desired(deployment(replicas=4, paused=True)))
        scaler = bench.desired(SCALER)
        await bench.sync(bench.desired(deployment(replicas=4, paused=True)), scaler)
        await bench.look(scaler)
        manifest = deployment(paused=True)
        del manifest["spec"]["replicas"]
        newer = bench.desired(manifest)
        await bench.sync(newer, scaler)
        assert (await bench.look(newer))["spec"]["replicas"] == 4


# Admission


@contextmanager
def in_force(cluster: DevCluster, namespace: str, expression: str, probe: Live, is_changed: Is) -> Iterator[None]:
    """A MutatingAdmissionPolicy over the ConfigMaps of a namespace, from when it changes a probe."""
    rule = {"operations": ["CREATE", "UPDATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": namespace}}
    spec = {
        "reinvocationPolicy": "Never",
        "matchConstraints": {"namespaceSelector": selector, "resourceRules": [rule]},
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}],
    }
    policy = {**head, "kind": "MutatingAdmissionPolicy", "spec": spec}
    binding = {**head, "kind": "MutatingAdmissionPolicyBinding", "spec": {"policyName": namespace}}
    manifests = json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy, binding]})
    dry_run = ("apply", "-n", namespace, "-o", "json", "--dry-run=server", "-f", "-")
    cluster.apply(manifests)
    try:
        wait_until(
            lambda: is_changed(json.loads(cluster.kubectl(*dry_run, stdin=json.dumps(probe)))),
            "the policy to be in force",
            interval=0.3,
        )
        yield
    finally:
        cluster.kubectl("delete", "-f", "-", stdin=manifests)


async def test_what_a_policy_changes_in_our_own_apply_is_not_applied_again(
    devcluster: DevCluster, namespace: str
) -> None:
    forced = '[JSONPatch{op: "replace", path: "/data/color", value: "forced"}]'
    probe = config_map("probe", color="red")
    async with workbench(devcluster, namespace) as bench:
        with in_force(devcluster, namespace, forced, probe, lambda made: made["data"]["color"] == "forced"):
            desired = bench.desired(config_map(color="red"))
            await bench.sync(desired)
            assert (await bench.look(desired))["data"] == {"color": "forced"}
            assert is_in_sync(bench, desired)


async def test_what_strips_our_annotations_is_told_and_not_fought(devcluster: DevCluster, namespace: str) -> None:
    stripped = """
      has(object.metadata.annotations) && "gitops-operator.io/desired" in object.metadata.annotations
      ? [JSONPatch{op: "remove", path: "/metadata/annotations/gitops-operator.io~1desired"}] : []"""
    probe = config_map("probe")
    probe["metadata"]["annotations"] = {DESIRED_DIGEST: "x"}
    async with workbench(devcluster, namespace) as bench:
        with in_force(devcluster, namespace, stripped, probe, lambda made: DESIRED_DIGEST not in annotations(made)):
            desired = bench.desired(config_map(color="red"))
            await bench.sync(desired)
            await bench.look(desired)
            outcome = await bench.outcome(desired)
            assert outcome.unsettled
            live = bench.verdict(desired).live
            assert live is not None
            bench.at_admission.add((desired.key, desired.digest, live.ownership))
            assert bench.verdict(desired).why is Why.AT_ADMISSION


async def test_what_a_policy_changes_in_the_writes_of_others_is_drift_and_healed(
    devcluster: DevCluster, namespace: str
) -> None:
    """It changes only what somebody labels: our own apply goes through as it is."""
    expression = """
      has(object.metadata.labels) && "tuned" in object.metadata.labels && request.userInfo.username != "nobody"
      && object.data.color == "blue" ? [JSONPatch{op: "replace", path: "/data/size", value: "tuned"}] : []"""
    probe = config_map("probe", color="blue", size="s")
    probe["metadata"]["labels"] = {"tuned": "yes"}
    async with workbench(devcluster, namespace) as bench:
        with in_force(devcluster, namespace, expression, probe, lambda made: made["data"]["size"] == "tuned"):
            desired = bench.desired(config_map(color="red", size="s"))
            await bench.sync(desired)
            await bench.edit(desired, {"metadata": {"labels": {"tuned": "yes"}}, "data": {"color": "blue"}})
            assert bench.verdict(desired).why is Why.DRIFTED
            await bench.sync(desired)
            assert (await bench.look(desired))["data"] == {"color": "red", "size": "s"}
            assert is_in_sync(bench, desired)


# Copies of our annotations


async def test_what_a_controller_copies_our_annotations_to_is_not_ours(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(deployment())
        await bench.sync(desired)
        path = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
        wait_until(lambda: bool((devcluster.api.get(path) or {})["items"]), "the ReplicaSet")
        [made] = (devcluster.api.get(path) or {})["items"]
        assert "gitops-operator.io/tracking-id" in made["metadata"]["annotations"]
        key = desired.key._replace(kind="ReplicaSet", name=made["metadata"]["name"])
        await bench.look(key)
        assert [live.key for live in bench.store.tracked_by(bench.app)] == [desired.key]


# Without validation


async def test_without_validation_unknown_fields_are_left_out_with_a_warning(
    devcluster: DevCluster, namespace: str
) -> None:
    async with workbench(devcluster, namespace) as bench:
        bench.options = frozenset({"Validate=false"})
        manifest = deployment({"imagePullPolice": "Always"}, replics=3)
        desired = bench.desired(manifest)
        [outcome] = await bench.sync(desired)
        assert outcome.result is Result.CREATED
        [warning] = outcome.warnings
        assert ".spec.replics" in warning
        assert '.spec.template.spec.containers[name="app"].imagePullPolice' in warning
        assert is_in_sync(bench, desired)


# Objects that are going


async def test_an_object_that_is_going_is_not_applied_and_its_finalizers_are_named(
    devcluster: DevCluster, namespace: str
) -> None:
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(color="red"))
        await bench.sync(desired)
        await bench.edit(desired, {"metadata": {"finalizers": ["example.com/wait"]}})
        live = bench.verdict(desired).live
        assert live is not None
        await bench.client.delete(bench.kind(desired), namespace, "map", uid=live.uid)
        await bench.look(desired)
        change = bench.verdict(desired)
        assert change.why is Why.GOING
        assert "example.com/wait" in change.message
        await bench.client.merge_patch(bench.kind(desired), namespace, "map", {"metadata": {"finalizers": None}})


# Pruning


async def test_what_git_dropped_is_deleted(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        await bench.sync(bench.desired(config_map(color="red")))
        [outcome] = await bench.sync()
        assert outcome.result is Result.PRUNED
        path = f"/api/v1/namespaces/{namespace}/configmaps/map"
        wait_until(lambda: devcluster.api.get(path) is None, "the garbage collector to let it go")


async def test_what_moved_since_it_was_compared_is_read_again_and_deleted(
    devcluster: DevCluster, namespace: str
) -> None:
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(color="red"))
        await bench.sync(desired)
        kind = bench.kind(desired)
        await bench.client.merge_patch(kind, namespace, "map", {"data": {"more": "x"}}, manager="other")
        [outcome] = await bench.sync()
        assert outcome.result is Result.PRUNED


async def test_what_was_handed_to_another_application_since_it_was_compared_stays(
    devcluster: DevCluster, namespace: str
) -> None:
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(color="red"))
        await bench.sync(desired)
        taken = {"gitops-operator.io/tracking-id": desired.tracking_id.replace("argocd/", "other/")}
        kind = bench.kind(desired)
        await bench.client.merge_patch(kind, namespace, "map", {"metadata": {"annotations": taken}}, manager="other")
        [change] = bench.compared()
        [outcome] = await bench.carry_out(prune_task(change, SyncPolicy()))
        assert outcome.error is not None
        assert outcome.error.reason == "OwnershipConflict"
        assert devcluster.api.get(f"/api/v1/namespaces/{namespace}/configmaps/map") is not None


# Replace and Force


async def test_a_replacement_takes_out_what_others_added_and_is_ours(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(config_map(color="red"))
        await bench.sync(first)
        await bench.edit(first, {"data": {"theirs": "x"}})
        second = bench.desired(config_map(color="green"), "Replace=true")
        [outcome] = await bench.sync(second)
        assert outcome.result is Result.REPLACED
        live = await bench.look(second)
        assert live["data"] == {"color": "green"}
        assert [(one["manager"], one["operation"]) for one in entries_of(live)] == [("gitops-operator", "Apply")]
        assert is_in_sync(bench, second)


async def test_a_replacement_keeps_what_the_server_gave_to_a_service(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(service({"port": 80}))
        await bench.sync(first)
        address = (await bench.look(first))["spec"]["clusterIP"]
        second = bench.desired(service({"port": 81}), "Replace=true")
        await bench.sync(second)
        assert (await bench.look(second))["spec"]["clusterIP"] == address
        assert is_in_sync(bench, second)


async def test_duplicate_items_are_refused_and_replace_is_the_way_out(devcluster: DevCluster, namespace: str) -> None:
    container = {"ports": [{"containerPort": 80, "name": "a"}, {"containerPort": 80, "name": "b"}]}
    async with workbench(devcluster, namespace) as bench:
        await bench.sync(bench.desired(deployment()))
        refused = await bench.outcome(bench.desired(deployment(container)))
        assert refused.error is not None
        assert (refused.error.reason, refused.error.transient) == ("DuplicateItems", False)
        desired = bench.desired(deployment(container), "Replace=true")
        [outcome] = await bench.sync(desired)
        assert outcome.result is Result.REPLACED
        assert len(app_of(await bench.look(desired))["ports"]) == 2


async def test_an_immutable_field_is_refused_and_force_recreates(devcluster: DevCluster, namespace: str) -> None:
    other = deployment()
    other["spec"]["selector"]["matchLabels"] = other["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    async with workbench(devcluster, namespace) as bench:
        await bench.sync(bench.desired(deployment()))
        refused = await bench.outcome(bench.desired(other))
        assert refused.error is not None
        assert refused.error.reason == "Immutable"
        assert "spec.selector" in refused.error.message
        desired = bench.desired(other, "Force=true")
        [outcome] = await bench.sync(desired)
        assert outcome.result is Result.REPLACED
        assert (await bench.look(desired))["spec"]["selector"]["matchLabels"] == {"app": "other"}
        assert is_in_sync(bench, desired)


async def test_force_deletes_nothing_whose_successor_would_be_refused(devcluster: DevCluster, namespace: str) -> None:
    invalid = deployment({"livenessProbe": {"httpGet": {"path": "/", "port": 99999}}})
    invalid["spec"]["selector"]["matchLabels"] = invalid["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(deployment())
        await bench.sync(first)
        before = await bench.look(first)
        outcome = await bench.outcome(bench.desired(invalid, "Force=true"))
        assert outcome.result is Result.FAILED
        assert (await bench.look(first))["metadata"]["uid"] == before["metadata"]["uid"]


async def test_force_recreates_a_service_that_holds_its_address(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        first = bench.desired(service({"port": 80}))
        await bench.sync(first)
        second = bench.desired(service({"port": 80}, clusterIP="None"), "Force=true")
        [outcome] = await bench.sync(second)
        assert outcome.result is Result.REPLACED
        assert (await bench.look(second))["spec"]["clusterIP"] == "None"
        assert is_in_sync(bench, second)


# Two versions of one kind


async def test_an_object_applied_in_one_version_and_watched_in_another_is_compared(
    devcluster: DevCluster, namespace: str
) -> None:
    old = {
        **SCALER,
        "apiVersion": "autoscaling/v1",
        "spec": {**SCALER["spec"], "targetCPUUtilizationPercentage": 50},  # type: ignore[dict-item]  # a mapping
    }
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(old)
        await bench.sync(desired)
        await bench.look(desired)
        assert is_in_sync(bench, desired)
        target = {"type": "Utilization", "averageUtilization": 90}
        await bench.edit(
            desired, {"spec": {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]}}
        )
        assert bench.verdict(desired).why is Why.DRIFTED
        await bench.sync(desired)
        live = await bench.look(desired)
        assert live["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 50
        assert is_in_sync(bench, desired)
