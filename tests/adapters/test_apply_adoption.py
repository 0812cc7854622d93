"""Objects that other tools wrote become ours (drift.md, Adoption), on the real API server."""

import json

import pytest

from devcluster.cluster import DevCluster
from gitops_operator.apply import Written
from gitops_operator.model.adoption import JsonPatch, adoption_patch
from gitops_operator.model.change import Action, Why
from gitops_operator.model.managed_fields import entries_of
from gitops_operator.model.resource import HANDOVER, Resource
from gitops_operator.model.step import Result, Task
from tests.adapters.workbench import ClusterWriter, Live, Workbench, workbench

pytestmark = pytest.mark.cluster


class OvertakenWriter(ClusterWriter):
    """Somebody writes right before our first JSON patch."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench.client, bench.store)
        self.catalogue = bench.catalogue
        self.overtakes = True

    async def json_patch(self, task: Task, patch: JsonPatch) -> Written:
        if self.overtakes:
            self.overtakes = False
            kind = self.catalogue.preferred[task.key.group_kind]
            data = {"data": {"theirs": "x"}}
            await self.client.merge_patch(kind, task.key.namespace, task.key.name, data, manager="other")
        return await super().json_patch(task, patch)


def config_map(**data: str) -> Live:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map"}, "data": data}


def by_kubectl(cluster: DevCluster, namespace: str, manifest: Live, *verb: str) -> None:
    cluster.kubectl(*(verb or ("apply",)), "-n", namespace, "-f", "-", stdin=json.dumps(manifest))


def managers(live: Live) -> list[tuple[str, str]]:
    return sorted((one["manager"], one["operation"]) for one in entries_of(live))


async def adopted(bench: Workbench, manifest: Live) -> Resource:
    """The object after a sync that found it there."""
    desired = bench.desired(manifest)
    await bench.look(desired)
    assert bench.verdict(desired).why is Why.ADOPTED
    await bench.sync(desired)
    return desired


@pytest.mark.parametrize("verb", [("apply",), ("create",), ("apply", "--server-side")])
async def test_what_kubectl_made_is_adopted(verb: tuple[str, ...], devcluster: DevCluster, namespace: str) -> None:
    by_kubectl(devcluster, namespace, config_map(color="red"), *verb)
    async with workbench(devcluster, namespace) as bench:
        desired = await adopted(bench, config_map(color="green"))
        assert (await bench.look(desired))["data"] == {"color": "green"}
        assert bench.verdict(desired).is_in_sync


@pytest.mark.parametrize("verb", ["apply", "create"])
async def test_what_git_lacks_goes_with_the_adoption(verb: str, devcluster: DevCluster, namespace: str) -> None:
    by_kubectl(devcluster, namespace, config_map(color="red", old="x"), verb)
    async with workbench(devcluster, namespace) as bench:
        desired = await adopted(bench, config_map(color="red"))
        live = await bench.look(desired)
        assert live["data"] == {"color": "red"}
        assert managers(live) == [("gitops-operator", "Apply")]


async def test_without_migration_what_git_lacks_stays(devcluster: DevCluster, namespace: str) -> None:
    by_kubectl(devcluster, namespace, config_map(color="red", old="x"))
    async with workbench(devcluster, namespace) as bench:
        bench.options = frozenset({"ClientSideApplyMigration=false"})
        desired = await adopted(bench, config_map(color="red"))
        assert (await bench.look(desired))["data"] == {"color": "red", "old": "x"}
        assert bench.verdict(desired).is_in_sync


async def test_what_a_controller_or_a_person_added_stays(devcluster: DevCluster, namespace: str) -> None:
    by_kubectl(devcluster, namespace, config_map(color="red"))
    async with workbench(devcluster, namespace) as bench:
        key = bench.desired(config_map()).key
        await bench.edit(key, {"data": {"theirs": "x"}}, "some-controller")
        desired = await adopted(bench, config_map(color="red"))
        assert (await bench.look(desired))["data"] == {"color": "red", "theirs": "x"}


async def test_kubectl_that_comes_back_is_taken_over_again(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(color="red"))
        await bench.sync(desired)
        by_kubectl(devcluster, namespace, config_map(color="red", foreign="x"))
        await bench.look(desired)
        assert bench.verdict(desired).why is Why.DRIFTED
        await bench.sync(desired)
        live = await bench.look(desired)
        assert live["data"] == {"color": "red"}
        assert managers(live) == [("gitops-operator", "Apply")]
        assert bench.verdict(desired).is_in_sync


async def test_the_object_of_another_tool_is_a_conflict_until_it_is_handed_over(
    devcluster: DevCluster, namespace: str
) -> None:
    theirs = config_map(color="red", old="x")
    theirs["metadata"]["labels"] = {
        "kustomize.toolkit.fluxcd.io/name": "infra",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    }
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(color="red"))
        await bench.apply_as("kustomize-controller", {**theirs, "metadata": {**theirs["metadata"]}})
        change = bench.verdict(desired)
        assert (change.action, change.why) == (Action.NONE, Why.CONFLICT)
        assert "Flux (flux-system/infra)" in change.message
        await bench.edit(desired, {"metadata": {"annotations": {HANDOVER: str(bench.app)}}})
        assert bench.verdict(desired).why is Why.HANDED_OVER
        await bench.sync(desired)
        live = await bench.look(desired)
        assert live["data"] == {"color": "red"}
        assert "kustomize-controller" not in [manager for manager, _ in managers(live)]
        assert bench.verdict(desired).is_in_sync


async def test_the_object_of_another_application_is_never_written(devcluster: DevCluster, namespace: str) -> None:
    async with workbench(devcluster, namespace) as bench, workbench(devcluster, namespace) as other:
        other.app = bench.app._replace(name="blog")
        await other.sync(other.desired(config_map(color="theirs")))
        desired = bench.desired(config_map(color="ours"))
        await bench.look(desired)
        change = bench.verdict(desired)
        assert (change.action, change.why) == (Action.NONE, Why.CONFLICT)
        assert "argocd/blog" in change.message
        assert await bench.sync(desired) == []


async def test_an_adoption_in_the_middle_of_which_somebody_writes_is_done_again(
    devcluster: DevCluster, namespace: str
) -> None:
    by_kubectl(devcluster, namespace, config_map(color="red", old="x"))
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(color="red"))
        await bench.look(desired)
        bench.writer = OvertakenWriter(bench)
        await bench.sync(desired)
        assert not bench.writer.overtakes
        assert (await bench.look(desired))["data"] == {"color": "red", "theirs": "x"}


async def test_a_crash_between_the_two_writes_of_an_adoption_is_harmless(
    devcluster: DevCluster, namespace: str
) -> None:
    by_kubectl(devcluster, namespace, config_map(color="red", old="x"))
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(color="red"))
        live = await bench.look(desired)
        patch = adoption_patch(live)
        assert patch is not None
        await bench.client.json_patch(bench.kind(desired), namespace, "map", patch)
        await bench.look(desired)
        assert bench.verdict(desired).why is Why.ADOPTED
        await bench.sync(desired)
        assert (await bench.look(desired))["data"] == {"color": "red"}
        assert bench.verdict(desired).is_in_sync


async def test_an_object_that_was_written_in_another_version_is_adopted(devcluster: DevCluster, namespace: str) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    old = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 9},
    }
    by_kubectl(devcluster, namespace, old)
    new = {**old, "apiVersion": "autoscaling/v2", "spec": {"scaleTargetRef": target, "maxReplicas": 7}}
    async with workbench(devcluster, namespace) as bench:
        desired = await adopted(bench, new)
        live = await bench.look(desired)
        assert live["spec"]["maxReplicas"] == 7
        assert bench.verdict(desired).is_in_sync


async def test_an_object_without_managed_fields_is_adopted_in_two_passes(
    devcluster: DevCluster, namespace: str
) -> None:
    """The server makes before-first-apply, owner of everything, at the first apply."""
    by_kubectl(devcluster, namespace, config_map(color="red", old="x"))
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(color="red"))
        await bench.edit(desired, {"metadata": {"managedFields": [{}]}})
        await bench.sync(desired)
        assert ("before-first-apply", "Update") in managers(await bench.look(desired))
        await bench.sync(desired)
        live = await bench.look(desired)
        assert (live["data"], managers(live)) == ({"color": "red"}, [("gitops-operator", "Apply")])
        assert bench.verdict(desired).is_in_sync


async def test_forcing_may_be_turned_off_and_the_conflict_names_manager_and_field(
    devcluster: DevCluster, namespace: str
) -> None:
    async with workbench(devcluster, namespace) as bench:
        bench.options = frozenset({"ForceConflicts=false", "ClientSideApplyMigration=false"})
        desired = bench.desired(config_map(color="red"))
        await bench.sync(desired)
        await bench.edit(desired, {"data": {"color": "blue"}}, "somebody")
        outcome = await bench.outcome(desired)
        assert outcome.result is Result.FAILED
        assert outcome.error is not None
        assert (outcome.error.reason, outcome.error.transient) == ("FieldConflict", False)
        assert ".data.color (of somebody)" in outcome.error.message
