"""An Application goes: its objects in reverse waves, and it last; or its objects stay, where somebody says so."""

from typing import Any

import pytest

from gitops_operator.model.kind import KindState
from gitops_operator.source.failures import Reason, failure
from tests.builders import application, config_map, custom_resource_definition, deployment, gizmo, namespace
from tests.fake_api import UNAVAILABLE, RefusalError
from tests.fakes import Line, key, synced

CRD = "applications.gitops-operator.io"
FINALIZER = "gitops-operator.io/finalizer"


async def deleted(*objects: dict[str, Any], **settings: Any) -> Line:
    line = await synced(*objects, **settings)
    line.delete_app()
    await line.settle()
    return line


def deletes(line: Line) -> list[str]:
    return [sent.key.name for sent in line.writes() if sent.verb == "delete"]


async def test_its_objects_go_and_then_it() -> None:
    line = await deleted(config_map("a"), deployment("front"))
    assert line.names("Application", "ConfigMap", "Deployment") == []
    assert [str(sent) for sent in line.api.requests][-1] == "patch gitops-operator.io/Application gitops/shop"


async def test_they_go_in_reverse_waves_each_gone_before_the_next() -> None:
    line = await deleted(
        config_map("a"), config_map("b", wave=1), config_map("c", wave=2, finalizers=["example.com/wait"])
    )
    assert deletes(line) == ["c"]
    line.edit("ConfigMap", "c", {"metadata": {"finalizers": ["foregroundDeletion"]}})
    await line.settle()
    assert deletes(line) == ["c", "b", "a"]
    assert line.names("Application") == []


async def test_a_stuck_object_is_named_with_its_finalizers() -> None:
    line = await deleted(config_map("a", finalizers=["example.com/wait"]))
    message = line.condition("Reconciling")["message"]
    assert "ConfigMap web/a" in message
    assert "example.com/wait" in message
    assert line.condition("Ready")["reason"] == "Deleting"


async def test_waiting_for_a_stuck_object_sends_nothing() -> None:
    line = await deleted(config_map("a", finalizers=["example.com/wait"]))
    with line.watching() as seen:
        await line.after(300)
    assert {str(sent) for sent in seen} <= {f"get apiextensions.k8s.io/CustomResourceDefinition {CRD}"}


async def test_orphan_leaves_everything() -> None:
    line = await deleted(config_map("a"), app=application(spec={"deletionPolicy": "Orphan"}))
    assert line.names("Application") == []
    assert line.has("ConfigMap", "a")
    assert deletes(line) == []


@pytest.mark.parametrize("prune", [True, False])
async def test_by_default_its_objects_go_when_it_prunes(prune: bool) -> None:
    line = await deleted(config_map("a"), app=application(automated={"prune": prune}))
    assert line.names("Application") == []
    assert line.has("ConfigMap", "a") is not prune


async def test_delete_deletes_without_automation_too() -> None:
    line = await synced(config_map("a"), app=application(automated=None, spec={"deletionPolicy": "Delete"}))
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    line.delete_app()
    await line.settle()
    assert line.names("Application", "ConfigMap") == []


async def test_an_application_without_objects_or_finalizer_just_goes() -> None:
    line = await deleted(config_map("a"), app=application(automated=None))
    assert line.names("Application") == []


async def test_argo_cds_finalizer_is_honoured() -> None:
    app = application(automated=None, finalizers=["resources-finalizer.argocd.argoproj.io"])
    line = await synced(config_map("a"), app=app)
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    line.delete_app()
    await line.settle()
    assert line.names("Application", "ConfigMap") == []


async def test_finalizers_of_others_are_left_alone() -> None:
    line = await synced(config_map("a"), app=application(finalizers=["example.com/audit"]))
    line.delete_app()
    await line.settle()
    assert line.names("ConfigMap") == []
    assert line.app()["metadata"]["finalizers"] == ["example.com/audit"]
    with line.watching() as seen:
        await line.after(60)
    assert seen == []


async def test_it_needs_neither_git_nor_a_render() -> None:
    line = await synced(config_map("a"))
    line.git.commits.clear()
    line.git.error = failure(Reason.TIMEOUT, "the repository was not read in time")
    line.delete_app()
    await line.settle()
    assert line.names("Application", "ConfigMap") == []


async def test_a_running_sync_does_not_hold_it() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset({"garbage"}))
    line.delete_app()
    await line.settle()
    assert line.names("Application", "Deployment", "ConfigMap") == []


async def test_definitions_and_objects_that_say_so_stay() -> None:
    kept = config_map("kept", options=["Delete=false"])
    helm = config_map("helm", annotations={"helm.sh/resource-policy": "keep"})
    line = await deleted(custom_resource_definition(), gizmo("one"), kept, helm, config_map("a"))
    assert line.names("Application", "Gizmo") == []
    assert line.names("ConfigMap") == ["helm", "kept"]
    assert line.has("CustomResourceDefinition", "gizmos.example.com")


async def test_what_stays_is_told() -> None:
    line = await deleted(config_map("a"), config_map("kept", options=["Delete=false"]))
    (told,) = line.events("LeftBehind")
    assert "ConfigMap web/kept" in told


async def test_namespaces_that_everybody_needs_stay() -> None:
    line = Line()
    line.commit(namespace("default", labels={"x": "y"}), namespace("other"))
    line.create(application())
    await line.settle()
    line.delete_app()
    await line.settle()
    assert line.names("Application") == []
    assert line.has("Namespace", "default")
    assert not line.has("Namespace", "other")


async def test_the_operators_own_objects_stay() -> None:
    own = config_map("operator", labels={"app.kubernetes.io/name": "gitops-operator"})
    line = await deleted(own, config_map("a"))
    assert line.names("ConfigMap") == ["operator"]


async def test_nothing_cascades_while_our_own_definition_goes() -> None:
    line = await synced(config_map("a"))
    line.controllers = frozenset()
    line.api.remove(key("CustomResourceDefinition", CRD))
    line.delete_app()
    await line.settle()
    assert line.names("Application") == []
    assert line.has("ConfigMap", "a")


async def test_kinds_that_are_not_known_well_are_waited_for() -> None:
    line = await synced(config_map("a"), deployment("front"))
    line.say("Deployment", KindState.BROKEN, "403 Forbidden")
    line.delete_app()
    await line.settle()
    assert deletes(line) == []
    assert "403 Forbidden" in line.condition("Reconciling")["message"]
    line.say("Deployment", KindState.READY)
    await line.after(10)
    assert line.names("Application", "ConfigMap", "Deployment") == []


async def test_a_delete_that_fails_is_told_and_tried_again() -> None:
    line = await synced(config_map("a"))
    fault = line.api.refuse(RefusalError(403, "deletes are frozen", "Forbidden"), "delete", "a")
    line.delete_app()
    await line.settle()
    assert "deletes are frozen" in line.condition("Reconciling")["message"]
    line.api.faults.remove(fault)
    await line.after(10)
    assert line.names("Application", "ConfigMap") == []


async def test_it_waits_while_the_server_does_not_say_whether_we_are_uninstalled() -> None:
    line = await synced(config_map("a"))
    line.api.refuse(UNAVAILABLE, "get", CRD, times=3)
    line.delete_app()
    await line.settle(soon=0)
    assert line.has("ConfigMap", "a")
    await line.after(30)
    assert line.names("Application", "ConfigMap") == []


async def test_objects_that_were_given_away_stay() -> None:
    line = await synced(config_map("a"), config_map("b"))
    tracking = {"gitops-operator.io/tracking-id": "gitops/other:/ConfigMap:web/b"}
    line.edit("ConfigMap", "b", {"metadata": {"annotations": tracking}})
    line.delete_app()
    await line.settle()
    assert line.names("ConfigMap") == ["b"]


async def test_an_application_that_is_made_again_starts_from_nothing() -> None:
    line = await deleted(config_map("a"))
    line.create(application())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert [entry["id"] for entry in line.status()["history"]] == [1]


async def test_the_finalizer_is_set_before_the_first_write_and_only_when_objects_would_go() -> None:
    line = await synced(config_map("a"))
    assert line.app()["metadata"]["finalizers"] == [FINALIZER]
    line = await synced(config_map("a"), app=application(automated={"selfHeal": True}))
    assert "finalizers" not in line.app()["metadata"]


async def test_turning_cascading_on_later_sets_the_finalizer() -> None:
    line = await synced(config_map("a"), app=application(automated={"selfHeal": True}))
    line.edit_app({"spec": {"deletionPolicy": "Delete"}})
    await line.settle()
    assert line.app()["metadata"].get("finalizers") == [FINALIZER]
    line.delete_app()
    await line.settle()
    assert line.names("Application", "ConfigMap") == []
