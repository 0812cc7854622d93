"""Whose an object is: conflicts are told before anything is written, hand-over and adoption are explicit."""

from typing import Any

import pytest

from tests.builders import application, as_file, config_map, namespace
from tests.fakes import Line, key, synced

TRACKING = "gitops-operator.io/tracking-id"
HANDOVER = "gitops-operator.io/handover"


async def two() -> Line:
    """`shop` and `blog` both want ConfigMap a; shop was first."""
    line = await synced(config_map("a"))
    line.create(application("blog", path="shop"))
    await line.settle()
    return line


async def test_an_object_of_another_application_is_a_conflict_that_names_both() -> None:
    line = await two()
    condition = line.condition("Stalled", "blog")
    assert condition["reason"] == "OwnershipConflict"
    assert "gitops/shop" in condition["message"]
    assert "gitops/blog" in condition["message"]
    assert "ConfigMap web/a" in condition["message"]


async def test_nothing_at_all_is_written_in_a_conflict() -> None:
    line = await synced(config_map("a"))
    line.commit(config_map("a"), files={"blog/all.yaml": as_file(config_map("a"), config_map("b"))})
    line.create(application("blog"))
    await line.settle()
    assert not line.has("ConfigMap", "b")


async def test_the_owner_is_not_disturbed() -> None:
    line = await two()
    assert line.words("shop") == ("Synced", "Healthy")
    assert line.live("ConfigMap", "a")["metadata"]["annotations"][TRACKING].startswith("gitops/shop:")


async def test_a_conflict_ends_when_the_owner_lets_go() -> None:
    line = await two()
    line.edit_app({"spec": {"syncPolicy": {"automated": {"prune": False}}, "deletionPolicy": "Orphan"}}, "shop")
    await line.settle()
    line.edit("ConfigMap", "a", {"metadata": {"annotations": {HANDOVER: "gitops/blog"}}})
    await line.settle()
    assert line.live("ConfigMap", "a")["metadata"]["annotations"][TRACKING].startswith("gitops/blog:")
    assert line.words("blog") == ("Synced", "Healthy")


async def test_a_handover_is_told() -> None:
    line = await two()
    line.edit("ConfigMap", "a", {"metadata": {"annotations": {HANDOVER: "gitops/blog"}}})
    await line.settle()
    (told,) = line.events("HandedOver")
    assert "gitops/shop" in told


async def test_after_a_handover_the_two_do_not_fight() -> None:
    line = await two()
    line.edit("ConfigMap", "a", {"metadata": {"annotations": {HANDOVER: "gitops/blog"}}})
    await line.after(600)
    with line.watching() as seen:
        await line.after(600)
    assert seen == []
    assert line.condition("Stalled", "shop")["reason"] == "OwnershipConflict"


async def test_a_handover_in_git_is_no_theft() -> None:
    line = await synced(config_map("a"))
    stealing = config_map("a", annotations={HANDOVER: "gitops/blog"})
    line.commit(config_map("a"), files={"blog/a.yaml": as_file(stealing)})
    line.create(application("blog"))
    await line.settle()
    assert line.live("ConfigMap", "a")["metadata"]["annotations"][TRACKING].startswith("gitops/shop:")


@pytest.mark.parametrize(
    "metadata, tool",
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "web:/ConfigMap:web/a"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "web"}}, "Flux"),
    ],
)
async def test_objects_of_other_tools_are_a_conflict_until_handed_over(
    metadata: dict[str, dict[str, str]], tool: str
) -> None:
    line = Line()
    line.create(config_map("a", namespace="web", **metadata))
    line.commit(config_map("a"))
    line.create(application())
    await line.settle()
    assert line.condition("Stalled")["reason"] == "OwnershipConflict"
    assert tool in line.condition("Stalled")["message"]
    line.edit("ConfigMap", "a", {"metadata": {"annotations": {HANDOVER: "gitops/shop"}}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_an_untracked_object_is_adopted_and_told() -> None:
    line = Line()
    line.create(config_map("a", {"color": "red", "old": "yes"}, namespace="web"))
    uid = line.live("ConfigMap", "a")["metadata"]["uid"]
    line.commit(config_map("a"))
    line.create(application())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.live("ConfigMap", "a")["metadata"]["uid"] == uid
    assert line.events("Adopted") == ["Adopted ConfigMap web/a (shop/configmap-a.yaml:1), which nobody tracked."]


async def test_what_kubectl_had_set_and_git_has_not_goes_on_adoption() -> None:
    line = Line()
    line.create(config_map("a", {"color": "red", "old": "yes"}, namespace="web"))
    line.commit(config_map("a"))
    line.create(application())
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_what_a_controller_had_set_stays_on_adoption() -> None:
    line = Line()
    line.api.put(config_map("a", {"color": "red", "injected": "yes"}, namespace="web"), manager="injector")
    line.commit(config_map("a"))
    line.create(application())
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue", "injected": "yes"}


async def test_another_field_manager_may_own_other_fields() -> None:
    line = await synced(config_map("a"))
    theirs = config_map("a", {"theirs": "1"}, namespace="web")
    line.api.apply_as("helper", theirs)
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "red", "theirs": "1"}


async def test_with_force_conflicts_off_a_conflict_of_fields_names_manager_and_field() -> None:
    line = Line()
    line.api.put(config_map("a", {"color": "red"}, namespace="web"), manager="rival")
    line.commit(config_map("a", options=["ForceConflicts=false"]))
    line.create(application())
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert "rival" in line.operation()["message"]
    assert "data.color" in line.operation()["message"]


# --- CreateNamespace ---

CREATES: dict[str, Any] = {"policy": {"syncOptions": ["CreateNamespace=true"]}, "to": "new"}


async def test_the_destination_is_made_first() -> None:
    line = await synced(config_map("a"), app=application(**CREATES))
    assert line.written() == ["apply Namespace new", "apply ConfigMap new/a"]
    assert line.words() == ("Synced", "Healthy")


async def test_a_namespace_that_is_there_is_left_alone() -> None:
    line = Line()
    line.create(namespace("new", labels={"team": "a"}))
    line.commit(config_map("a"))
    line.create(application(**CREATES))
    await line.settle()
    assert line.written() == ["apply ConfigMap new/a"]


async def test_its_metadata_is_kept() -> None:
    metadata = {"labels": {"team": "a"}, "annotations": {"cost": "1"}}
    policy = {"syncOptions": ["CreateNamespace=true"], "managedNamespaceMetadata": metadata}
    line = await synced(config_map("a"), app=application(policy=policy, to="new"))
    assert line.live("Namespace", "new")["metadata"]["labels"]["team"] == "a"
    assert line.words() == ("Synced", "Healthy")
    line.edit("Namespace", "new", {"metadata": {"labels": {"team": "b"}}})
    await line.settle()
    assert line.live("Namespace", "new")["metadata"]["labels"]["team"] == "a"


async def test_its_metadata_may_change_and_go() -> None:
    metadata = {"labels": {"team": "a", "old": "yes"}}
    policy = {"syncOptions": ["CreateNamespace=true"], "managedNamespaceMetadata": metadata}
    line = await synced(config_map("a"), app=application(policy=policy, to="new"))
    line.edit_app({"spec": {"syncPolicy": {"managedNamespaceMetadata": {"labels": {"team": "b", "old": None}}}}})
    await line.settle()
    labels = line.live("Namespace", "new")["metadata"]["labels"]
    assert labels["team"] == "b"
    assert "old" not in labels


async def test_the_namespace_stays_when_the_application_goes() -> None:
    line = await synced(config_map("a"), app=application(**CREATES))
    line.delete_app()
    await line.settle()
    assert line.names("Application", "ConfigMap") == []
    assert line.has("Namespace", "new")


async def test_two_applications_may_both_want_the_namespace_made() -> None:
    line = await synced(config_map("a"), app=application(**CREATES))
    line.commit(config_map("a"), files={"blog/readme": ""})
    line.create(application("blog", **CREATES))
    await line.settle()
    assert line.words("shop") == ("Synced", "Healthy")
    assert line.words("blog") == ("Synced", "Healthy")


async def test_metadata_of_two_applications_for_one_namespace_is_a_conflict() -> None:
    policy = {"syncOptions": ["CreateNamespace=true"], "managedNamespaceMetadata": {"labels": {"team": "a"}}}
    line = await synced(config_map("a"), app=application(policy=policy, to="new"))
    line.commit(config_map("a"), files={"blog/readme": ""})
    line.create(application("blog", policy=policy, to="new"))
    await line.settle()
    assert line.condition("Stalled", "blog")["reason"] == "OwnershipConflict"
    assert "gitops/shop" in line.condition("Stalled", "blog")["message"]
    assert key("Namespace", "new") in line.api.objects
