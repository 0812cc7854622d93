"""Partial syncs: a user names objects, and only these are synced."""

from typing import Any

from tests.builders import Body, application, as_file, config_map, deployment, job, namespace
from tests.fake_api import EVERYBODY, RefusalError
from tests.fakes import Line, synced

BY_HAND = application(automated=None)


def only(*resources: Body, **sync: Any) -> Body:
    return {"operation": {"sync": {"resources": list(resources), **sync}}}


def named(name: str, kind: str = "ConfigMap", **more: str) -> Body:
    return {"kind": kind, "name": name, **more}


def ids(line: Line) -> list[int]:
    return [entry["id"] for entry in line.status().get("history", ())]


async def whole(*objects: Body) -> Line:
    """Everything has been synced by hand, once."""
    line = await synced(*objects, app=BY_HAND)
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    line.api.requests.clear()
    return line


async def test_only_what_is_named_is_synced() -> None:
    line = await synced(config_map("a"), config_map("b"), deployment("front"), app=BY_HAND)
    line.edit_app(only(named("a"), named("front", "Deployment", group="apps", namespace="web")))
    await line.settle()
    assert line.names("ConfigMap", "Deployment") == ["a", "front"]
    assert line.operation()["phase"] == "Succeeded"
    assert line.words()[0] == "OutOfSync"
    assert "operation" not in line.app()


async def test_it_runs_no_hooks_and_is_not_in_the_history() -> None:
    before = job("before", annotations={"gitops-operator.io/hook": "PreSync"})
    line = await whole(before, config_map("a"))
    line.commit(before, config_map("a", {"color": "red"}))
    line.edit_app(only(named("a")))
    await line.settle()
    assert line.written() == ["apply ConfigMap web/a"]
    assert ids(line) == [1]


async def test_the_namespace_that_it_needs_is_made() -> None:
    app = application(automated=None, policy={"syncOptions": ["CreateNamespace=true"]}, to="new")
    line = await synced(config_map("a"), config_map("b"), app=app)
    line.edit_app(only(named("a", namespace="new")))
    await line.settle()
    assert line.written() == ["apply Namespace new", "apply ConfigMap new/a"]


async def test_others_are_not_pruned() -> None:
    line = await whole(config_map("a"), config_map("b"), config_map("c"))
    line.commit(config_map("a", {"color": "red"}))
    line.edit_app(only(named("a"), named("b"), prune=True))
    await line.settle()
    assert line.names("ConfigMap") == ["a", "c"]


async def test_another_namespace_is_another_object() -> None:
    line = Line()
    other = as_file(config_map("a", namespace="other"))
    line.commit(config_map("a"), files={"shop/other.yaml": other})
    line.create(namespace("other"), BY_HAND)
    await line.settle()
    line.edit_app(only(named("a", namespace="other")))
    await line.settle()
    assert line.has("ConfigMap", "a", "other")
    assert not line.has("ConfigMap", "a")


async def test_what_is_not_part_of_the_application_is_named_and_nothing_is_written() -> None:
    before = job("before", annotations={"gitops-operator.io/hook": "PreSync"})
    line = await synced(config_map("a"), before, app=BY_HAND)
    line.edit_app(only(named("a"), named("nope"), named("before", "Job", group="batch")))
    await line.settle()
    operation = line.operation()
    assert operation["phase"] == "Failed"
    assert "ConfigMap nope is not part of the Application" in operation["message"]
    assert "batch/Job before is a hook" in operation["message"]
    assert line.names("ConfigMap") == []
    assert "operation" not in line.app()
    assert "retryAt" not in operation


async def test_a_sync_of_everything_afterwards_does_the_rest() -> None:
    line = await synced(config_map("a"), config_map("b"), app=BY_HAND)
    line.edit_app(only(named("a")))
    await line.settle()
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert ids(line) == [1]


async def test_what_is_left_missing_after_it_is_still_drift() -> None:
    line = await synced(config_map("a"), config_map("b"), app=application(automated={"selfHeal": False}))
    line.delete("ConfigMap", "a")
    line.delete("ConfigMap", "b")
    line.edit_app(only(named("a")))
    await line.settle()
    assert line.names("ConfigMap") == ["a"]
    assert line.condition("Synced")["reason"] == "SelfHealOff"


async def test_a_restart_in_the_middle_goes_on_with_what_was_named() -> None:
    line = await synced(
        deployment("a"), deployment("b"), config_map("c", wave=1), app=BY_HAND, controllers=frozenset[str]()
    )
    line.edit_app(only(named("a", "Deployment", group="apps"), named("c")))
    await line.settle()
    assert line.operation()["phase"] == "Running"
    line.restart()
    line.controllers = EVERYBODY
    await line.settle()
    assert line.operation()["phase"] == "Succeeded"
    assert line.names("Deployment", "ConfigMap") == ["a", "c"]


async def test_by_hand_one_that_failed_is_tried_again_with_what_was_named() -> None:
    line = await synced(config_map("a"), config_map("b"), app=BY_HAND)
    line.api.refuse(RefusalError(403, "no", "Forbidden"), "apply", "a", times=1)
    line.edit_app(only(named("a")))
    await line.settle(soon=0)
    assert line.operation()["phase"] == "Failed"
    await line.after(30)
    assert line.operation()["phase"] == "Succeeded"
    assert line.names("ConfigMap") == ["a"]
