"""What a user asks for: one sync, of what and how he says; refresh; suspend."""

from datetime import timedelta

from gitops_operator.render.cache import Result
from gitops_operator.source.failures import Reason, failure
from tests.builders import Body, application, config_map, deployment
from tests.fake_api import RefusalError
from tests.fakes import START, Line, synced

MANUAL: Body = {"automated": None}


def asked(**sync: object) -> Body:
    return {"operation": {"sync": sync, "initiatedBy": {"username": "ada"}}}


async def test_without_automation_nothing_happens_and_it_says_so() -> None:
    line = await synced(config_map("a"), app=application(**MANUAL))
    assert line.written() == []
    assert line.words() == ("OutOfSync", "Missing")
    assert line.condition("Synced")["reason"] == "NotAutomated"


async def test_automation_that_is_switched_off_is_no_automation() -> None:
    line = await synced(config_map("a"), app=application(automated={"enabled": False, "prune": True}))
    assert line.written() == []
    assert line.condition("Synced")["reason"] == "NotAutomated"


async def test_a_sync_that_is_asked_for_is_done_once() -> None:
    line = await synced(config_map("a"), app=application(**MANUAL))
    line.edit_app(asked())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.operation()["trigger"] == "manual"
    assert line.operation()["initiatedBy"] == {"username": "ada"}
    assert "operation" not in line.app()
    assert len(line.status()["history"]) == 1
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.after(600)
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}


async def test_the_request_is_recorded_before_anything_is_written() -> None:
    line = await synced(config_map("a"), app=application(**MANUAL))
    line.edit_app(asked())
    with line.watching() as seen:
        await line.settle()
    words = [str(sent) for sent in seen]
    assert words.index("patch gitops-operator.io/Application gitops/shop/status") < words.index("apply ConfigMap web/a")


async def test_the_same_request_again_is_another_one() -> None:
    line = await synced(config_map("a"), app=application(**MANUAL))
    for _ in range(2):
        line.edit_app(asked())
        await line.settle()
    assert len(line.status()["history"]) == 2


async def test_a_request_names_the_revision() -> None:
    line = Line()
    old = line.commit(config_map("a", {"color": "old"}))
    line.commit(config_map("a", {"color": "new"}))
    line.create(application(**MANUAL))
    await line.settle()
    line.edit_app(asked(revision=old))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "old"}
    assert line.operation()["revisions"] == [old]
    assert line.words()[0] == "OutOfSync"


async def test_a_pinned_sync_is_not_dropped_for_a_newer_commit() -> None:
    line = Line(controllers=frozenset())
    old = line.commit(deployment("back"), config_map("late", wave=1))
    line.create(application(**MANUAL))
    await line.settle()
    line.edit_app(asked(revision=old))
    await line.settle()
    line.commit(config_map("other"))
    await line.settle()
    assert line.operation()["phase"] == "Running"
    assert line.operation()["revisions"] == [old]


async def test_a_revision_is_let_go_with_the_request_that_named_it() -> None:
    line = await synced(config_map("front"), app=application(automated=None))
    line.git.released.clear()
    line.edit_app(asked(revision=line.git.newest[:10]))
    await line.settle()
    assert line.git.released


async def test_a_revision_that_does_not_exist_ends_failed_and_is_removed() -> None:
    line = await synced(config_map("a"), app=application(**MANUAL))
    line.edit_app(asked(revision="f" * 40))
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert "f" * 40 in line.operation()["message"]
    assert "operation" not in line.app()
    with line.watching() as seen:
        await line.after(600)
    assert seen == []


async def test_a_request_prunes_only_when_it_says_so() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.edit_app({"spec": {"syncPolicy": {"automated": None}}})
    line.commit(config_map("a"))
    line.edit_app(asked())
    await line.settle()
    assert line.has("ConfigMap", "b")
    line.edit_app(asked(prune=True))
    await line.settle()
    assert not line.has("ConfigMap", "b")


async def test_a_request_brings_its_own_options() -> None:
    line = await synced(config_map("old"), app=application(**MANUAL))
    line.edit_app(asked())
    await line.settle()
    line.commit(config_map("new"))
    line.edit_app(asked(prune=True, syncOptions=["PruneFirst=true"]))
    with line.watching() as seen:
        await line.settle()
    assert [sent.verb for sent in seen if sent.key.kind == "ConfigMap" and not sent.dry_run] == ["delete", "apply"]


async def test_terminate_ends_the_running_sync() -> None:
    line = await synced(
        deployment("back"), config_map("late", wave=1), app=application(**MANUAL), controllers=frozenset()
    )
    line.edit_app(asked())
    await line.settle()
    assert line.operation()["phase"] == "Running"
    line.edit_app({"operation": {"terminate": True, "sync": None, "initiatedBy": {"username": "bob"}}})
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert line.operation()["message"] == "Terminated by bob."
    assert "operation" not in line.app()
    await line.after(600)
    assert not line.has("ConfigMap", "late")


async def test_an_automated_sync_that_was_terminated_is_not_started_again_by_itself() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset())
    line.edit_app({"operation": {"terminate": True}})
    await line.after(600)
    assert line.operation()["phase"] == "Failed"
    assert len(line.events("SyncStarted")) == 1


async def test_terminate_without_a_sync_is_removed() -> None:
    line = await synced(config_map("a"))
    line.edit_app({"operation": {"terminate": True}})
    await line.settle()
    assert "operation" not in line.app()
    assert line.words() == ("Synced", "Healthy")


async def test_terminate_works_while_the_repository_cannot_be_read() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset())
    line.git.commits.clear()
    line.git.error = failure(Reason.TIMEOUT, "the repository was not read in time")
    line.edit_app({"operation": {"terminate": True}})
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert "operation" not in line.app()


async def test_a_second_request_ends_the_running_sync() -> None:
    line = Line(controllers=frozenset())
    old = line.commit(deployment("back"), config_map("late", wave=1))
    newest = line.commit(config_map("other"))
    line.create(application(**MANUAL))
    await line.settle()
    line.edit_app(asked(revision=old))
    await line.settle()
    line.edit_app(asked(revision=newest))
    await line.settle()
    assert line.operation()["revisions"] == [newest]
    assert line.operation()["phase"] == "Succeeded"
    assert line.has("ConfigMap", "other")
    assert "operation" not in line.app()
    assert any("a newer sync was asked for" in message for message in line.events("SyncFailed"))


async def test_a_request_that_fails_is_tried_again_as_it_was_asked_for() -> None:
    line = Line()
    old = line.commit(config_map("a", {"color": "old"}))
    line.commit(config_map("a", {"color": "new"}))
    line.create(application(**MANUAL))
    line.api.refuse(RefusalError(422, "bad", "Invalid", ("FieldValueInvalid", "bad", "data")), "apply", "a", times=1)
    await line.settle()
    line.edit_app(asked(revision=old))
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    await line.after(10)
    assert line.operation()["phase"] == "Succeeded"
    assert line.live("ConfigMap", "a")["data"] == {"color": "old"}


async def test_a_commit_that_is_gone_ends_the_sync_of_it() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset({"garbage"}))
    old = line.git.newest
    del line.git.commits[old]
    newest = line.commit(config_map("a"))
    await line.settle()
    assert line.operation()["revisions"] == [newest]
    assert any(old in message for message in line.events("SyncFailed"))
    assert line.words() == ("Synced", "Healthy")


# --- refresh ---


async def test_a_refresh_asks_the_repository_and_is_taken_away() -> None:
    line = await synced(config_map("a"))
    line.edit_app({"metadata": {"annotations": {"gitops-operator.io/refresh": "normal"}}})
    await line.settle()
    assert line.git.refreshes == 1
    assert "annotations" not in line.app()["metadata"] or line.app()["metadata"]["annotations"] == {}


async def test_a_refresh_does_not_make_ready_flap() -> None:
    line = await synced(config_map("a"))
    line.edit_app({"metadata": {"annotations": {"gitops-operator.io/refresh": "normal"}}})
    with line.watching() as seen:
        await line.settle()
    assert [str(sent) for sent in seen] == ["patch gitops-operator.io/Application gitops/shop"]


async def test_a_hard_refresh_renders_anew() -> None:
    line = await synced(config_map("a"))
    rendered = line.operator.renders.results.count(Result.RENDERED)
    line.edit_app({"metadata": {"annotations": {"gitops-operator.io/refresh": "normal"}}})
    await line.settle()
    assert line.operator.renders.results.count(Result.RENDERED) == rendered
    line.edit_app({"metadata": {"annotations": {"gitops-operator.io/refresh": "hard"}}})
    await line.settle()
    assert line.operator.renders.results.count(Result.RENDERED) == rendered + 1
    assert line.words() == ("Synced", "Healthy")


# --- suspend ---


async def test_a_suspended_application_is_observed_and_left_alone() -> None:
    line = await synced(config_map("a"))
    line.edit_app({"spec": {"suspend": {"reason": "migration"}}})
    await line.settle()
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    line.commit(config_map("a"), config_map("b"))
    await line.after(600)
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert not line.has("ConfigMap", "b")
    assert line.words()[0] == "OutOfSync"
    assert line.condition("Synced")["reason"] == "Suspended"
    assert "migration" in line.condition("Synced")["message"]


async def test_it_goes_on_when_the_suspension_is_taken_away() -> None:
    line = await synced(config_map("a"), app=application(spec={"suspend": {}}))
    assert line.written() == []
    line.edit_app({"spec": {"suspend": None}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_a_suspension_ends_by_itself() -> None:
    until = (START + timedelta(minutes=10)).isoformat()
    line = await synced(config_map("a"), app=application(spec={"suspend": {"until": until}}))
    await line.after(590)
    assert line.written() == []
    await line.after(11)
    assert line.words() == ("Synced", "Healthy")


async def test_a_running_sync_pauses_while_suspended() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset())
    line.edit_app({"spec": {"suspend": {}}})
    line.controllers = frozenset({"Deployment"})
    await line.after(1200)
    assert line.operation()["phase"] == "Running"
    assert not line.has("ConfigMap", "late")
    line.edit_app({"spec": {"suspend": None}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert len(line.status()["history"]) == 1


async def test_a_suspended_application_can_be_deleted() -> None:
    line = await synced(config_map("a"), app=application(spec={"suspend": {}}))
    line.delete_app()
    await line.settle()
    assert line.names("Application") == []
