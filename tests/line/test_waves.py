"""Waves: each waits for the one before to be healthy."""

from tests.builders import application, config_map, deployment, job
from tests.fake_api import EVERYBODY, RefusalError
from tests.fakes import Line, key, synced

NOBODY = frozenset[str]()
ROLLED_OUT = {
    "observedGeneration": 1,
    "replicas": 1,
    "updatedReplicas": 1,
    "availableReplicas": 1,
    "readyReplicas": 1,
}
STUCK = {
    **ROLLED_OUT,
    "availableReplicas": 0,
    "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
}


async def test_a_wave_waits_for_the_one_before() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=NOBODY)
    assert not line.has("ConfigMap", "late")
    assert "Deployment web/back" in line.condition("Reconciling")["message"]
    line.api.set_status(key("Deployment", "back"), ROLLED_OUT)
    await line.settle()
    assert line.has("ConfigMap", "late")
    assert line.words() == ("Synced", "Healthy")


async def test_a_job_must_complete_before_the_next_wave() -> None:
    line = await synced(job("migrate", wave=-1), deployment("front"), controllers=NOBODY)
    assert not line.has("Deployment", "front")
    line.controllers = EVERYBODY
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_waves_of_argo_cd_and_helm_count_too() -> None:
    first = config_map("first", annotations={"argocd.argoproj.io/sync-wave": "-5"})
    last = config_map("last", annotations={"helm.sh/hook-weight": "5"})
    line = await synced(last, first, config_map("middle"))
    assert [sent.key.name for sent in line.writes()] == ["first", "middle", "last"]


async def test_the_last_wave_is_not_waited_for() -> None:
    line = await synced(deployment("front"), controllers=NOBODY)
    assert line.operation()["phase"] == "Succeeded"
    assert line.words() == ("Synced", "Progressing")


async def test_with_wait_the_last_wave_is_waited_for() -> None:
    line = await synced(deployment("front"), app=application(policy={"wait": True}), controllers=NOBODY)
    assert line.operation()["phase"] == "Running"
    line.controllers = EVERYBODY
    await line.settle()
    assert line.operation()["phase"] == "Succeeded"


async def test_waiting_sends_nothing() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=NOBODY)
    with line.watching() as seen:
        await line.after(300)
    assert seen == []


async def test_a_wave_that_stays_degraded_fails_the_sync() -> None:
    app = application(policy={"retry": {"limit": 0}}, automated={"prune": True})
    line = await synced(deployment("back"), config_map("late", wave=1), app=app, controllers=NOBODY)
    line.api.set_status(key("Deployment", "back"), STUCK)
    await line.settle()
    assert line.operation()["phase"] == "Running"
    await line.after(16)
    assert line.operation()["phase"] == "Failed"
    assert "Deployment web/back" in line.operation()["message"]
    assert "progress deadline" in line.operation()["message"]
    assert not line.has("ConfigMap", "late")


async def test_a_wave_that_recovers_in_time_goes_on() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=NOBODY)
    line.api.set_status(key("Deployment", "back"), STUCK)
    await line.after(10)
    line.api.set_status(key("Deployment", "back"), ROLLED_OUT)
    await line.settle()
    await line.after(20)
    assert line.words() == ("Synced", "Healthy")
    assert len(line.status()["history"]) == 1


async def test_degraded_objects_of_later_waves_do_not_fail_an_earlier_one() -> None:
    line = await synced(deployment("back"), deployment("front", wave=1))
    line.api.set_status(key("Deployment", "front"), STUCK)
    line.controllers = NOBODY
    line.commit(deployment("back", "shop:2"), deployment("front", wave=1))
    await line.settle()
    await line.after(30)
    assert line.operation()["phase"] == "Running"


async def test_no_progress_for_the_time_out_fails_the_sync() -> None:
    app = application(policy={"timeout": "60s", "retry": {"limit": 0}}, automated={"prune": True})
    line = await synced(deployment("back"), config_map("late", wave=1), app=app, controllers=NOBODY)
    await line.after(59)
    assert line.operation()["phase"] == "Running"
    await line.after(2)
    assert line.operation()["phase"] == "Failed"
    assert line.operation()["message"].startswith("No progress for 60 s")


async def test_progress_postpones_the_time_out() -> None:
    app = application(policy={"timeout": "60s"})
    line = await synced(deployment("one"), deployment("two"), config_map("late", wave=1), app=app, controllers=NOBODY)
    await line.after(50)
    line.api.set_status(key("Deployment", "one"), ROLLED_OUT)
    await line.after(50)
    assert line.operation()["phase"] == "Running"
    line.api.set_status(key("Deployment", "two"), ROLLED_OUT)
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_all_errors_of_later_waves_are_found_before_the_first_write() -> None:
    line = Line()
    for name in ("two", "three"):
        line.api.refuse(
            RefusalError(422, f"{name} is bad", "Invalid", ("FieldValueInvalid", "bad", "data")),
            "apply",
            name,
            dry_run=True,
        )
    line.commit(config_map("one"), config_map("two", wave=1), config_map("three", wave=2))
    line.create(application())
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert "two is bad" in line.operation()["message"]
    assert "three is bad" in line.operation()["message"]
    assert line.written() == []


async def test_one_object_that_fails_does_not_stop_the_others_of_its_wave() -> None:
    line = Line()
    line.api.refuse(RefusalError(422, "a is bad", "Invalid", ("FieldValueInvalid", "bad", "data")), "apply", "a")
    line.commit(config_map("a"), config_map("b"), deployment("c"), config_map("later", wave=1))
    line.create(application())
    await line.settle()
    assert line.has("ConfigMap", "b")
    assert line.has("Deployment", "c")
    assert not line.has("ConfigMap", "later")
    assert line.operation()["phase"] == "Failed"


async def test_an_unreadable_wave_is_an_error_with_its_line() -> None:
    line = Line()
    line.commit(config_map("a", wave="soon"))
    line.create(application())
    await line.settle()
    message = line.condition("Stalled")["message"]
    assert "shop/configmap-a.yaml" in message
    assert "'soon' is not an integer" in message


async def test_a_wave_that_breaks_behind_the_cursor_is_mended_while_the_sync_runs() -> None:
    line = await synced(
        config_map("first", wave=-1), deployment("back"), config_map("late", wave=1), controllers=NOBODY
    )
    line.delete("ConfigMap", "first")
    await line.settle()
    assert line.has("ConfigMap", "first")
    assert line.operation()["phase"] == "Running"
