"""Hooks of a deletion: PreDelete before anything goes, PostDelete when everything is gone."""

from typing import Any

import pytest

from gitops_operator.source.failures import Reason, failure
from tests.builders import Body, application, as_file, config_map, job, namespace
from tests.fake_api import EVERYBODY
from tests.fakes import Line, key, synced

HOOK = "gitops-operator.io/hook"
POLICY = "gitops-operator.io/hook-delete-policy"
SKIP = {"metadata": {"annotations": {"gitops-operator.io/skip-delete-hooks": "true"}}}
AGAIN = {"metadata": {"annotations": {"gitops-operator.io/refresh": "normal"}}}
GARBAGE = frozenset({"garbage"})
FAILED = {
    "failed": 1,
    "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "it broke"}],
}


def hook(name: str, phases: str, policy: str = "", **parts: Any) -> Body:
    annotations = {HOOK: phases, **({POLICY: policy} if policy else {}), **parts.pop("annotations", {})}
    return job(name, annotations=annotations, **parts)


async def going(*objects: Body, controllers: frozenset[str] = EVERYBODY) -> Line:
    line = await synced(*objects)
    line.controllers = controllers
    line.api.requests.clear()
    line.delete_app()
    await line.settle()
    return line


def order(line: Line) -> list[str]:
    return [f"{sent.verb} {sent.key.name}" for sent in line.writes()]


def hooks(line: Line) -> dict[str, str]:
    return {f"{one['phase']} {one['name']}": one["status"] for one in line.operation().get("hooks", ())}


async def test_they_run_before_and_after_the_objects_go() -> None:
    line = await going(hook("last", "PostDelete"), hook("first", "PreDelete"), config_map("kept"))
    assert order(line) == ["apply first", "delete first", "delete kept", "apply last"]
    assert line.names("Application") == []


async def test_they_do_not_run_in_a_sync() -> None:
    line = await synced(hook("last", "PostDelete"), hook("first", "PreDelete"), config_map("kept"))
    assert order(line) == ["apply kept"]
    assert line.status()["resourceCounts"]["total"] == 1


async def test_status_says_where_they_stand_only_while_there_are_some() -> None:
    line = Line()
    sha = line.commit(hook("first", "PreDelete"), config_map("kept"))
    line.create(application())
    await line.settle()
    stored = line.status()["deleteHooks"]
    assert stored == {"count": 1, "revision": sha, "source": line.app()["spec"]["source"]}
    line.commit(config_map("kept"))
    await line.settle()
    assert "deleteHooks" not in line.status()


async def test_nothing_goes_before_a_predelete_hook_is_done() -> None:
    line = await going(hook("first", "PreDelete"), config_map("kept"), controllers=GARBAGE)
    assert line.has("ConfigMap", "kept")
    message = line.condition("Reconciling")["message"]
    assert "The PreDelete hook batch/Job web/first" in message
    assert "gitops-operator.io/skip-delete-hooks=true" in message


async def test_the_hooks_of_the_last_good_render_run() -> None:
    line = await synced(hook("first", "PreDelete"), config_map("kept"))
    line.commit(config_map("kept"), files={"shop/broken.yaml": "kind: ["})
    await line.settle()
    line.delete_app()
    await line.settle()
    assert "apply first" in order(line)
    assert line.names("Application", "ConfigMap") == []


async def test_they_are_read_as_the_source_said_then() -> None:
    line = Line()
    sha = line.commit(config_map("kept"), files={"shop/deep/first.yaml": as_file(hook("first", "PreDelete"))})
    recurse = {"spec": {"source": {"directory": {"recurse": True}}}}
    line.create(application())
    line.edit_app(recurse)
    await line.settle()
    line.edit_app({"spec": {"source": {"path": "gone", "directory": None}}})
    await line.settle()
    assert line.status()["deleteHooks"]["revision"] == sha
    line.delete_app()
    await line.settle()
    assert "apply first" in order(line)
    assert line.names("Application", "ConfigMap") == []


async def test_helms_hooks_of_a_deletion_run_too() -> None:
    first = job("first", annotations={"helm.sh/hook": "pre-delete", "helm.sh/hook-delete-policy": "hook-succeeded"})
    last = job("last", annotations={"helm.sh/hook": "post-delete", "helm.sh/hook-delete-policy": "hook-succeeded"})
    line = await going(first, last, config_map("kept"))
    assert order(line) == ["apply first", "delete first", "delete kept", "apply last", "delete last"]
    assert line.names("Application", "Job") == []


async def test_a_postdelete_hook_stays_unless_its_policy_says_otherwise_and_that_is_told() -> None:
    line = await going(hook("last", "PostDelete"), hook("tidy", "PostDelete", "HookSucceeded"), config_map("kept"))
    assert line.names("Job") == ["last"]
    (told,) = line.events("LeftBehind")
    assert "batch/Job web/last" in told


async def test_a_namespace_stays_as_long_as_a_hook_is_to_run_in_it() -> None:
    line = await going(namespace("web"), hook("last", "PostDelete", "HookSucceeded"), config_map("kept"))
    assert order(line) == ["delete kept", "apply last", "delete last", "delete web"]
    assert line.names("Application") == []


async def test_waves_order_them() -> None:
    line = await going(
        hook("two", "PreDelete", wave=2), hook("one", "PreDelete", wave=-1), hook("three", "PostDelete", wave=1)
    )
    assert [words for words in order(line) if words.startswith("apply")] == ["apply one", "apply two", "apply three"]


async def test_a_failed_hook_holds_the_deletion_and_says_how_to_go_on() -> None:
    line = await going(hook("first", "PreDelete"), config_map("kept"), controllers=GARBAGE)
    line.api.set_status(key("Job", "first"), FAILED)
    await line.after(60)
    assert line.has("ConfigMap", "kept")
    said = line.condition("Stalled")
    assert said["reason"] == "DeleteHookFailed"
    assert "The PreDelete hook batch/Job web/first failed: it broke." in said["message"]
    assert "gitops-operator.io/refresh=normal" in said["message"]
    assert "gitops-operator.io/skip-delete-hooks=true" in said["message"]
    assert hooks(line) == {"PreDelete first": "Failed"}


async def test_asked_to_look_again_only_what_failed_runs_again() -> None:
    line = await going(hook("good", "PreDelete"), hook("bad", "PreDelete"), config_map("kept"), controllers=GARBAGE)
    line.api.set_status(key("Job", "bad"), FAILED)
    line.api.set_status(key("Job", "good"), {"conditions": [{"type": "Complete", "status": "True"}]})
    await line.settle()
    assert hooks(line) == {"PreDelete good": "Succeeded", "PreDelete bad": "Failed"}
    line.controllers = EVERYBODY
    line.edit_app(AGAIN)
    await line.after(10)
    assert line.names("Application", "ConfigMap") == []
    assert [words for words in order(line) if words.startswith("apply")].count("apply bad") == 2
    assert order(line).count("apply good") == 1


async def test_hooks_can_be_given_up() -> None:
    line = await going(hook("first", "PreDelete"), hook("last", "PostDelete"), config_map("kept"), controllers=GARBAGE)
    line.edit_app(SKIP)
    await line.after(10)
    assert line.names("Application", "ConfigMap", "Job") == []
    assert "apply last" not in order(line)


async def test_a_hook_that_does_not_end_is_given_up_after_the_timeout() -> None:
    line = await going(hook("first", "PreDelete"), config_map("kept"), controllers=GARBAGE)
    await line.after(700)
    assert "No progress for 600 s: The PreDelete hook batch/Job web/first" in line.condition("Stalled")["message"]
    assert not line.has("Job", "first")


async def test_a_hook_that_does_not_end_can_be_terminated() -> None:
    line = await going(hook("first", "PreDelete"), config_map("kept"), controllers=GARBAGE)
    line.edit_app({"operation": {"terminate": True}})
    await line.after(10)
    assert line.condition("Stalled")["message"].startswith("Terminated.")
    assert "operation" not in line.app()
    assert not line.has("Job", "first")


async def test_a_dead_repository_holds_it_and_says_so() -> None:
    line = await synced(hook("first", "PreDelete"), config_map("kept"))
    line.restart()
    line.git.commits.clear()
    line.git.error = failure(Reason.TIMEOUT, "the repository was not read in time")
    line.delete_app()
    await line.settle()
    assert line.has("ConfigMap", "kept")
    message = line.condition("Reconciling")["message"]
    assert "the repository was not read in time" in message
    assert "gitops-operator.io/skip-delete-hooks=true" in message


async def test_without_cascading_none_run() -> None:
    line = await synced(hook("first", "PreDelete"), config_map("kept"), app=application(automated={"prune": False}))
    line.delete_app()
    await line.settle()
    assert line.names("Application", "Job") == []
    assert line.has("ConfigMap", "kept")


async def story(crash: tuple[int, bool] | None = None) -> Line:
    line = await synced(
        hook("first", "PreDelete"),
        hook("tidy", "PreDelete", "HookSucceeded", wave=1),
        config_map("kept"),
        hook("last", "PostDelete", "HookSucceeded"),
    )
    line.api.requests.clear()
    line.api.crash_at = crash
    line.delete_app()
    await line.survive_for(20)
    return line


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_any_request_runs_each_hook_once(after: bool) -> None:
    whole = await story()
    assert whole.names("Application", "Job", "ConfigMap") == []
    for number in range(len(whole.api.requests)):
        line = await story((number, after))
        assert line.names("Application", "Job", "ConfigMap") == []
        applied = [words for words in order(line) if words.startswith("apply")]
        assert applied == ["apply first", "apply tidy", "apply last"], f"crash at request {number}"
