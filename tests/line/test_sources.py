"""What is wrong in Git, or on the way to it: told, and nothing that lives is touched for it."""

from gitops_operator.model.kind import KindState
from gitops_operator.source.failures import Reason, failure
from tests.builders import application, as_file, config_map, custom_resource_definition, deployment, gizmo
from tests.fake_api import EVERYBODY
from tests.fakes import Line, synced
from tests.unit.render.trees import Link

UNREACHABLE = failure(Reason.REPOSITORY_UNREACHABLE, "git.example.com does not answer")


async def test_a_repository_that_never_answered_is_an_error() -> None:
    line = Line()
    line.git.error = failure(Reason.AUTHENTICATION_FAILED, "the password is wrong")
    line.create(application())
    await line.settle()
    assert line.words()[0] == "Unknown"
    assert line.condition("Stalled")["reason"] == "AuthenticationFailed"
    assert "the password is wrong" in line.condition("Synced")["message"]


async def test_it_recovers_when_it_answers() -> None:
    line = Line()
    line.git.error = UNREACHABLE
    line.create(application())
    await line.settle()
    line.git.error = None
    line.commit(config_map("a"))
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.condition("Stalled")["status"] == "False"


async def test_while_a_repository_does_not_answer_what_is_known_of_it_counts() -> None:
    line = await synced(config_map("a"))
    line.git.error = UNREACHABLE
    line.wake_all()
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.condition("Ready")["status"] == "True"
    assert "does not answer" in line.condition("SourceStale")["message"]


async def test_drift_is_corrected_while_the_repository_does_not_answer() -> None:
    line = await synced(config_map("a"))
    line.git.error = UNREACHABLE
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_after_a_restart_without_the_repository_health_stays_as_it_was() -> None:
    line = await synced(config_map("a"), deployment("front"))
    line.git.commits.clear()
    line.git.error = UNREACHABLE
    line.restart()
    await line.settle()
    assert line.words() == ("Unknown", "Healthy")
    assert len(line.status()["resources"]) == 2
    assert len(line.status()["history"]) == 1


async def test_errors_in_files_name_file_and_line_all_of_them() -> None:
    line = Line()
    line.commit(files={"shop/a.yaml": "apiVersion: v1\nkind: [", "shop/b.yaml": "\n\nkind: ConfigMap\n"})
    line.create(application())
    await line.settle()
    message = line.condition("Stalled")["message"]
    assert "shop/a.yaml:2" in message
    assert "shop/b.yaml:3" in message


async def test_a_commit_that_cannot_be_rendered_touches_nothing() -> None:
    line = await synced(config_map("a"))
    line.commit(config_map("a", {"color": "red"}), files={"shop/bad.yaml": "kind: ["})
    await line.settle()
    assert line.words()[0] == "Unknown"
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert line.names("ConfigMap") == ["a"]


async def test_a_newer_commit_that_cannot_be_rendered_does_not_stop_the_sync_that_runs() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset())
    line.commit(deployment("back"), config_map("late", wave=1), files={"shop/bad.yaml": "kind: ["})
    await line.settle()
    assert line.operation()["phase"] == "Running"
    line.controllers = EVERYBODY
    await line.settle()
    assert line.operation()["phase"] == "Succeeded"
    assert line.has("ConfigMap", "late")
    assert "shop/bad.yaml" in line.condition("Stalled")["message"]


async def test_what_lies_outside_the_folder_is_followed_while_it_cannot_be_rendered() -> None:
    line, linked = Line(), {"shop/b.yaml": Link("../shared/b.yaml")}
    line.commit(files={**linked, "shared/b.yaml": as_file(config_map("b"))})
    line.create(application())
    await line.settle()
    line.commit(files={**linked, "shared/b.yaml": "kind: ["})
    await line.settle()
    assert line.condition("Stalled")["reason"] == "RenderFailed"
    assert list(line.git.noted.values()) == [frozenset({"shared/b.yaml"})]


async def test_a_mended_commit_is_synced() -> None:
    line = await synced(config_map("a"))
    line.commit(config_map("a"), files={"shop/bad.yaml": "kind: ["})
    await line.settle()
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}


async def test_an_error_that_stays_writes_status_once() -> None:
    line = Line()
    line.commit(files={"shop/a.yaml": "kind: ["})
    line.create(application())
    await line.settle()
    with line.watching() as seen:
        for _ in range(5):
            await line.after(60)
            line.wake_all()
    assert seen == []


async def test_an_object_that_stands_twice_is_an_error_that_names_both_places() -> None:
    line = Line()
    line.commit(config_map("a"), files={"shop/other.yaml": as_file(config_map("a"))})
    line.create(application())
    await line.settle()
    message = line.condition("Stalled")["message"]
    assert "shop/configmap-a.yaml" in message
    assert "shop/other.yaml" in message


async def test_a_folder_that_does_not_exist_is_an_error() -> None:
    line = Line()
    line.commit(config_map("a"))
    line.create(application(path="nowhere"))
    await line.settle()
    assert "nowhere" in line.condition("Stalled")["message"]


async def test_a_duplicate_key_is_a_warning() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  color: red\n  color: blue\n"
    line = Line()
    line.commit(files={"shop/a.yaml": text})
    line.create(application())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert "color" in line.condition("RenderWarning")["message"]


async def test_an_unknown_option_is_a_warning() -> None:
    line = await synced(config_map("a"), app=application(policy={"syncOptions": ["Prunne=true"]}))
    assert line.words() == ("Synced", "Healthy")
    assert "Prunne=true" in line.condition("OptionUnknown")["message"]


async def test_an_ignore_rule_that_cannot_be_read_is_a_warning() -> None:
    rule = {"group": "apps", "kind": "Deployment", "jqPathExpressions": [".spec.["]}
    line = await synced(config_map("a"), app=application(spec={"ignoreDifferences": [rule]}))
    assert line.words() == ("Synced", "Healthy")
    assert ".spec.[" in line.condition("IgnoreRuleInvalid")["message"]


async def test_an_ignored_field_is_no_drift_and_is_not_reset_by_the_next_sync() -> None:
    rule = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
    line = await synced(deployment("front"), app=application(spec={"ignoreDifferences": [rule]}))
    line.edit("Deployment", "front", {"spec": {"replicas": 7}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    line.commit(deployment("front", "shop:2"))
    await line.settle()
    assert line.live("Deployment", "front")["spec"]["replicas"] == 7
    assert line.words() == ("Synced", "Healthy")


async def test_the_replicas_of_an_autoscaled_workload_are_the_autoscalers() -> None:
    line = await synced(deployment("front"))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "front"}
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
    line.create({**scaler, "metadata": {"name": "front", "namespace": "web"}, "spec": {"scaleTargetRef": target}})
    line.edit("Deployment", "front", {"spec": {"replicas": 7}})
    await line.settle()
    assert line.live("Deployment", "front")["spec"]["replicas"] == 7
    assert line.words() == ("Synced", "Healthy")


# --- kinds ---


async def test_a_kind_that_the_cluster_does_not_serve_is_told_with_what_to_do() -> None:
    line = await synced(config_map("a"), gizmo("one"))
    message = line.condition("Stalled")["message"]
    assert line.condition("Stalled")["reason"] == "KindUnknown"
    assert "example.com/Gizmo web/one (shop/gizmo-one.yaml:1)" in message
    assert "CustomResourceDefinition" in message
    assert line.written() == []


async def test_it_is_synced_when_the_kind_appears() -> None:
    line = await synced(config_map("a"), gizmo("one"))
    line.create(custom_resource_definition())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_objects_may_wait_for_their_kind_while_the_rest_is_synced() -> None:
    options = ["SkipDryRunOnMissingResource=true"]
    line = await synced(config_map("a"), gizmo("one", options=options))
    assert line.has("ConfigMap", "a")
    line.create(custom_resource_definition())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_a_version_that_is_not_served_is_told_with_those_that_are() -> None:
    old = deployment("front") | {"apiVersion": "apps/v1beta1"}
    line = await synced(old)
    assert "apps/v1beta1" in line.condition("Synced")["message"]
    assert "apps/v1" in line.condition("Synced")["message"]


async def test_a_kind_that_is_broken_holds_only_who_needs_it() -> None:
    line = Line()
    line.say("Deployment", KindState.BROKEN, "its conversion webhook fails")
    line.commit(config_map("a"), files={"blog/all.yaml": as_file(deployment("front"), config_map("b"))})
    line.create(application(), application("blog"))
    await line.settle()
    assert line.words("shop") == ("Synced", "Healthy")
    assert line.condition("Synced", "blog")["reason"] == "KindNotReady"
    assert "its conversion webhook fails" in line.condition("Synced", "blog")["message"]
    assert not line.has("Deployment", "front")


async def test_nothing_of_a_kind_that_broke_is_pruned_or_called_missing() -> None:
    line = await synced(config_map("a"), deployment("front"))
    line.say("Deployment", KindState.BROKEN, "403 Forbidden")
    line.commit(config_map("a"))
    await line.settle()
    assert line.has("Deployment", "front")
    line.say("Deployment", KindState.READY)
    await line.settle()
    assert not line.has("Deployment", "front")
    assert line.words() == ("Synced", "Healthy")


async def test_an_application_recovers_when_the_kind_is_ready() -> None:
    line = Line()
    line.say("Deployment", KindState.CATCHING_UP)
    line.commit(deployment("front"))
    line.create(application())
    await line.settle()
    assert line.written() == []
    line.say("Deployment", KindState.READY)
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_the_history_keeps_the_source_as_it_was_written() -> None:
    line = Line()
    line.commit(files={"shop/deep/all.yaml": as_file(config_map("a"))})
    app = application()
    app["spec"]["source"]["directory"] = {"recurse": True}
    line.create(app)
    await line.settle()
    (entry,) = line.status()["history"]
    assert entry["sources"] == [app["spec"]["source"]]


async def test_status_tells_of_the_commit_that_changed_something_also_after_a_restart() -> None:
    line = await synced(config_map("a"))
    [first] = line.status()["sync"]["commits"]
    assert first["subject"] == "commit 1"
    assert line.status()["history"][0]["commits"] == [first]
    line.commit(config_map("a"), files={"README": "nothing that the Application reads"})
    line.restart()
    await line.settle()
    assert line.status()["sync"]["commits"] == [first]
    line.commit(config_map("b"))
    await line.settle()
    assert line.status()["sync"]["commits"][0]["subject"] == "commit 3"
