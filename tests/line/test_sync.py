"""From nothing to Synced and Healthy, and from one commit to the next."""

from tests.builders import application, config_map, custom_resource_definition, deployment, gizmo, manifest, namespace
from tests.fake_api import EVERYBODY
from tests.fakes import Line, synced


async def test_what_git_has_comes_to_be() -> None:
    line = await synced(config_map("settings"), deployment("front"))
    assert line.words() == ("Synced", "Healthy")
    assert line.condition("Ready")["status"] == "True"
    assert line.live("ConfigMap", "settings")["data"] == {"color": "blue"}


async def test_nothing_is_written_before_the_finalizer_and_the_operation_are_stored() -> None:
    line = await synced(config_map("settings"))
    assert line.requests()[:3] == [
        "patch gitops-operator.io/Application gitops/shop",
        "patch gitops-operator.io/Application gitops/shop/status",
        "apply ConfigMap web/settings",
    ]


async def test_a_new_commit_changes_only_what_it_changed() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.commit(config_map("a"), config_map("b", {"color": "red"}))
    with line.watching() as seen:
        await line.settle()
    assert [sent.key.name for sent in seen if sent.verb == "apply"] == ["b"]
    assert line.live("ConfigMap", "b")["data"] == {"color": "red"}
    assert line.words() == ("Synced", "Healthy")


async def test_a_field_that_git_removes_goes() -> None:
    line = await synced(config_map("a", {"color": "blue", "size": "big"}))
    line.commit(config_map("a", {"color": "blue"}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_fields_of_others_stay() -> None:
    line = await synced(config_map("a"))
    line.edit("ConfigMap", "a", {"data": {"theirs": "1"}})
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "red", "theirs": "1"}


async def test_a_sync_that_succeeded_is_in_the_history_once() -> None:
    line = Line()
    first = line.commit(config_map("a"))
    line.create(application())
    await line.settle()
    second = line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    await line.after(600)
    assert [entry["revisions"] for entry in line.status()["history"]] == [[first], [second]]


async def test_history_is_kept_as_long_as_the_application_says() -> None:
    line = await synced(config_map("a"), app=application(spec={"revisionHistoryLimit": 2}))
    for color in ("red", "green", "white"):
        line.commit(config_map("a", {"color": color}))
        await line.settle()
    assert [entry["id"] for entry in line.status()["history"]] == [3, 4]


async def test_a_commit_that_changes_nothing_here_starts_no_sync() -> None:
    line = await synced(config_map("a"))
    before = line.operation()["id"]
    newest = line.commit(config_map("a"), files={"other/readme": "changed"})
    await line.settle()
    assert line.operation()["id"] == before
    assert line.status()["sync"]["revisions"] != [newest]


async def test_counts_say_what_a_sync_did() -> None:
    line = await synced(config_map("a"), config_map("b"), config_map("c"))
    line.commit(config_map("a", {"color": "red"}), config_map("b"), config_map("d"))
    await line.settle()
    assert line.operation()["counts"] == {"created": 1, "updated": 1, "pruned": 1, "failed": 0}


async def test_an_application_is_progressing_until_its_objects_are_well() -> None:
    line = await synced(deployment("front"), controllers=frozenset())
    assert line.words() == ("Synced", "Progressing")
    assert line.condition("Ready")["status"] == "False"
    line.controllers = EVERYBODY
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.condition("Ready")["status"] == "True"


async def test_a_repository_that_is_still_being_fetched_is_waited_for() -> None:
    line = Line()
    sha = line.commit(config_map("a"))
    line.git.unfetched = {sha}
    line.create(application())
    await line.settle()
    assert line.condition("Ready")["reason"] == "Pending"
    line.git.unfetched.clear()
    line.wake_all()
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_kinds_are_applied_in_order() -> None:
    objects = [
        deployment("front"),
        config_map("settings"),
        manifest("v1", "Secret", "password", data={}),
        manifest("v1", "ServiceAccount", "robot"),
        manifest("networking.k8s.io/v1", "NetworkPolicy", "closed", spec={"podSelector": {}}),
    ]
    line = await synced(*objects)
    assert [sent.key.kind for sent in line.writes()] == [
        "NetworkPolicy",
        "ServiceAccount",
        "Secret",
        "ConfigMap",
        "Deployment",
    ]


async def test_a_namespace_comes_before_what_is_in_it() -> None:
    line = await synced(config_map("a", namespace="new"), namespace("new"))
    assert line.written() == ["apply Namespace new", "apply ConfigMap new/a"]
    assert line.words() == ("Synced", "Healthy")


async def test_a_namespace_of_a_later_wave_is_pulled_before_its_objects() -> None:
    line = await synced(config_map("a", namespace="new"), namespace("new", wave=3))
    assert line.written() == ["apply Namespace new", "apply ConfigMap new/a"]


async def test_a_definition_is_established_before_its_objects() -> None:
    line = await synced(gizmo("one"), custom_resource_definition())
    assert line.written() == [
        "apply apiextensions.k8s.io/CustomResourceDefinition gizmos.example.com",
        "apply example.com/Gizmo web/one",
    ]
    assert line.words() == ("Synced", "Healthy")


async def test_objects_wait_while_their_definition_is_not_established() -> None:
    line = await synced(gizmo("one"), custom_resource_definition(), controllers=frozenset())
    assert not any("Gizmo" in words for words in line.written())
    assert line.operation()["phase"] == "Running"
    line.controllers = EVERYBODY
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_an_empty_folder_is_synced() -> None:
    line = await synced()
    assert line.words() == ("Synced", "Healthy")


async def test_objects_without_a_namespace_go_to_the_destination() -> None:
    line = await synced(config_map("a"), config_map("b", namespace="default"))
    assert line.has("ConfigMap", "a", "web")
    assert line.has("ConfigMap", "b", "default")


async def test_images_are_listed() -> None:
    line = await synced(deployment("front", "shop:2"), deployment("back", "stock:7"))
    assert line.status()["summary"]["images"] == ["shop:2", "stock:7"]


async def test_warnings_of_the_server_are_shown() -> None:
    line = Line()
    line.api.warnings = ("this version is deprecated",)
    line.commit(config_map("a"))
    line.create(application())
    await line.step()
    await line.step()
    await line.step()
    assert "ConfigMap web/a: this version is deprecated" in line.condition("ApplyWarning").get("message", "")


async def test_an_application_outside_the_served_namespaces_says_so() -> None:
    line = Line()
    line.served = set()
    line.commit(config_map("a"))
    line.create(application())
    await line.settle()
    assert line.condition("Stalled")["reason"] == "InvalidSpec"
    assert "application-namespaces" in line.condition("Stalled")["message"]
    assert line.written() == []
