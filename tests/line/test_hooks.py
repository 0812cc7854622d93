"""Hooks: objects that run at a moment of a sync instead of being kept."""

from collections import Counter
from typing import Any

from tests.builders import (
    Body,
    application,
    as_file,
    config_map,
    custom_resource_definition,
    deployment,
    gizmo,
    job,
)
from tests.fake_api import EVERYBODY, RefusalError
from tests.fakes import Line, key, synced

HOOK = "gitops-operator.io/hook"
POLICY = "gitops-operator.io/hook-delete-policy"
NOBODY = frozenset[str]()
FAILED = {
    "failed": 1,
    "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "it broke"}],
}
ONCE = {"retry": {"limit": 0}}


def hook(name: str, phases: str, policy: str = "", **parts: Any) -> Body:
    annotations = {HOOK: phases, **({POLICY: policy} if policy else {}), **parts.pop("annotations", {})}
    return job(name, annotations=annotations, **parts)


def generated(prefix: str, phases: str) -> Body:
    body = hook(prefix, phases)
    body["metadata"]["generateName"] = body["metadata"].pop("name")
    return body


def order(line: Line) -> list[str]:
    return [f"{sent.verb} {sent.key.name}" for sent in line.writes()]


def hooks(line: Line) -> dict[str, str]:
    return {f"{one['phase']} {one['name']}": one["status"] for one in line.operation().get("hooks", ())}


async def test_phases_run_in_order_and_each_waits_for_the_one_before() -> None:
    line = await synced(
        hook("after", "PostSync"), hook("before", "PreSync"), hook("beside", "Sync"), config_map("kept")
    )
    assert order(line) == ["apply before", "apply kept", "apply beside", "apply after"]
    assert line.words() == ("Synced", "Healthy")
    assert hooks(line) == {"PreSync before": "Succeeded", "Sync beside": "Succeeded", "PostSync after": "Succeeded"}


async def test_nothing_is_applied_before_a_presync_hook_is_done() -> None:
    line = await synced(hook("before", "PreSync"), config_map("kept"), controllers=NOBODY)
    assert line.has("Job", "before")
    assert not line.has("ConfigMap", "kept")
    assert "The PreSync hook batch/Job web/before" in line.condition("Reconciling")["message"]
    line.controllers = EVERYBODY
    await line.settle()
    assert line.has("ConfigMap", "kept")


async def test_hooks_have_waves_too() -> None:
    line = await synced(hook("second", "PreSync", wave=2), hook("first", "PreSync", wave=-1), config_map("kept"))
    assert order(line) == ["apply first", "apply second", "apply kept"]


async def test_hooks_are_neither_counted_nor_pruned_nor_healed() -> None:
    line = await synced(hook("before", "PreSync"), config_map("kept"))
    assert line.app()["status"]["resourceCounts"]["total"] == 1
    line.delete("Job", "before")
    await line.after(400)
    assert not line.has("Job", "before")
    assert line.words() == ("Synced", "Healthy")


async def test_a_hook_runs_again_with_the_next_sync() -> None:
    line = await synced(hook("before", "PreSync"), config_map("kept"))
    first = line.api.get(key("Job", "before"))["metadata"]["uid"]
    line.commit(hook("before", "PreSync"), config_map("kept", {"color": "red"}))
    await line.settle()
    assert line.api.get(key("Job", "before"))["metadata"]["uid"] != first
    assert line.words() == ("Synced", "Healthy")


async def test_a_hook_that_is_gone_from_git_is_left_alone() -> None:
    line = await synced(hook("before", "PreSync"), config_map("kept"))
    line.commit(config_map("kept", {"color": "red"}))
    await line.settle()
    assert line.has("Job", "before")
    assert line.words() == ("Synced", "Healthy")


async def test_a_failed_hook_fails_the_sync_and_says_why() -> None:
    line = await synced(hook("before", "PreSync"), config_map("kept"), app=application(policy=ONCE), controllers=NOBODY)
    line.api.set_status(key("Job", "before"), FAILED)
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert "The PreSync hook batch/Job web/before failed: it broke." in line.operation()["message"]
    assert not line.has("ConfigMap", "kept")


async def test_after_a_failure_the_syncfail_hooks_run() -> None:
    line = await synced(
        hook("before", "PreSync"),
        hook("cry", "SyncFail"),
        config_map("kept"),
        app=application(policy=ONCE),
        controllers=NOBODY,
    )
    line.api.set_status(key("Job", "before"), FAILED)
    await line.settle()
    assert line.operation()["phase"] == "Running"
    assert line.has("Job", "cry")
    line.controllers = EVERYBODY
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert "web/before failed" in line.operation()["message"]
    assert hooks(line) == {"PreSync before": "Failed", "SyncFail cry": "Succeeded"}


async def test_syncfail_hooks_do_not_run_when_all_goes_well() -> None:
    line = await synced(hook("cry", "SyncFail"), config_map("kept"))
    assert order(line) == ["apply kept"]


async def test_a_postsync_hook_waits_until_everything_is_healthy() -> None:
    line = await synced(deployment("front"), hook("after", "PostSync"), controllers=NOBODY)
    assert not line.has("Job", "after")
    line.controllers = EVERYBODY
    await line.settle()
    assert line.has("Job", "after")
    assert line.operation()["phase"] == "Succeeded"


async def test_a_failed_postsync_hook_is_tried_again_though_all_else_is_in_sync() -> None:
    app = application(policy={"retry": {"limit": 1}})
    line = await synced(hook("after", "PostSync"), config_map("kept"), app=app, controllers=NOBODY)
    line.api.set_status(key("Job", "after"), FAILED)
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    line.controllers = EVERYBODY
    await line.after(10)
    assert line.operation()["attempts"] == 2
    assert line.operation()["phase"] == "Succeeded"


async def test_hooksucceeded_deletes_the_object_once_the_outcome_is_in_status() -> None:
    line = await synced(hook("before", "PreSync", "HookSucceeded"), config_map("kept"))
    assert not line.has("Job", "before")
    assert hooks(line) == {"PreSync before": "Succeeded"}
    assert order(line) == ["apply before", "apply kept", "delete before"]


async def test_hookfailed_deletes_only_what_failed() -> None:
    line = await synced(hook("before", "PreSync", "HookFailed"), app=application(policy=ONCE), controllers=NOBODY)
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    assert line.has("Job", "before")
    line.api.set_status(key("Job", "before"), FAILED)
    line.controllers = frozenset({"garbage"})
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert not line.has("Job", "before")


async def test_a_generated_name_is_the_same_for_the_whole_run() -> None:
    line = Line()
    sha = line.commit(config_map("kept"), files={"shop/migrate.yaml": as_file(generated("migrate-", "PreSync"))})
    line.create(application())
    await line.settle()
    name = f"migrate-{sha[:7]}-presync-{line.operation()['id']}"
    assert line.has("Job", name)
    assert hooks(line) == {f"PreSync {name}": "Succeeded"}


async def test_the_next_run_replaces_the_object_of_a_generated_name() -> None:
    line = Line()
    line.commit(config_map("kept"), files={"shop/migrate.yaml": as_file(generated("migrate-", "PreSync"))})
    line.create(application())
    await line.settle()
    line.commit(
        config_map("kept", {"color": "red"}), files={"shop/migrate.yaml": as_file(generated("migrate-", "PreSync"))}
    )
    await line.settle()
    names = [one.name for one in line.api.objects if one.kind == "Job"]
    assert len(names) == 1
    assert names[0].endswith(line.operation()["id"])


async def test_terminating_deletes_the_hook_that_runs() -> None:
    line = await synced(hook("before", "PreSync"), config_map("kept"), controllers=frozenset({"garbage"}))
    line.edit_app({"operation": {"terminate": True}})
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert not line.has("Job", "before")


async def test_a_hook_that_somebody_deletes_before_its_end_has_failed() -> None:
    line = await synced(hook("before", "PreSync"), config_map("kept"), app=application(policy=ONCE), controllers=NOBODY)
    line.controllers = frozenset({"garbage"})
    line.delete("Job", "before")
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert "Somebody deleted it before its outcome was known" in line.operation()["message"]


async def test_a_restart_does_not_run_a_hook_twice() -> None:
    line = await synced(hook("before", "PreSync"), config_map("kept"), controllers=NOBODY)
    line.restart()
    await line.settle()
    line.controllers = EVERYBODY
    line.restart()
    await line.settle()
    assert order(line) == ["apply before", "apply kept"]
    assert line.words() == ("Synced", "Healthy")


async def test_one_that_fails_does_not_cut_off_the_others() -> None:
    line = await synced(
        hook("quick", "PreSync"), hook("slow", "PreSync"), app=application(policy=ONCE), controllers=NOBODY
    )
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    line.api.set_status(key("Job", "quick"), FAILED)
    await line.settle()
    assert line.operation()["phase"] == "Running"
    line.controllers = EVERYBODY
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert hooks(line) == {"PreSync quick": "Failed", "PreSync slow": "Succeeded"}


async def test_everything_is_proven_before_a_hook_runs() -> None:
    line = Line()
    bad = RefusalError(422, "kept is bad", "Invalid", ("FieldValueInvalid", "bad", "data"))
    line.api.refuse(bad, "apply", "kept", dry_run=True)
    line.commit(hook("before", "PreSync"), hook("cry", "SyncFail"), config_map("kept"))
    line.create(application(policy=ONCE))
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert "kept is bad" in line.operation()["message"]
    assert line.written() == []


async def test_an_object_of_another_application_is_not_run_over() -> None:
    line = await synced(job("before"))
    line.commit(job("before"), files={"blog/all.yaml": as_file(hook("before", "PreSync"), config_map("b"))})
    line.create(application("blog"))
    await line.settle()
    assert line.condition("Stalled", "blog")["reason"] == "OwnershipConflict"
    assert "belongs to Application gitops/shop" in line.condition("Stalled", "blog")["message"]
    assert not line.has("ConfigMap", "b")


async def test_the_namespace_of_a_hook_comes_before_it() -> None:
    app = application(policy={"syncOptions": ["CreateNamespace=true"]}, to="new")
    line = await synced(hook("before", "PreSync"), config_map("kept"), app=app)
    assert order(line) == ["apply new", "apply before", "apply kept"]


async def test_the_kind_of_a_hook_comes_before_it() -> None:
    its = gizmo("before", annotations={HOOK: "PreSync"})
    line = await synced(custom_resource_definition(wave=5), its, config_map("kept"))
    assert order(line) == ["apply gizmos.example.com", "apply before", "apply kept"]


async def test_a_crash_at_any_request_runs_each_hook_once() -> None:
    whole = await story()
    for number in range(len(whole.api.requests)):
        for after in (False, True):
            where = f"crash {'after' if after else 'before'} request {number} ({whole.api.requests[number]})"
            other = await story((number, after))
            assert Counter(order(other)) == Counter(order(whole)), where
            assert hooks(other) == hooks(whole), where


async def story(crash: tuple[int, bool] | None = None) -> Line:
    """A sync and an update, each with hooks; the process dies once."""
    line = Line()
    line.api.crash_at = crash
    for color in ("blue", "red"):
        line.commit(
            hook("before", "PreSync"),
            hook("beside", "Sync", "HookSucceeded"),
            hook("after", "PostSync", "BeforeHookCreation,HookSucceeded"),
            config_map("kept", {"color": color}),
        )
        if color == "blue":
            line.create(application())
        await line.survive()
    return line
