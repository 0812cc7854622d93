"""Drift: corrected at once and exactly, outside any operation; or told, where nobody wants it corrected."""

from tests.builders import application, config_map, deployment
from tests.fakes import Line, key, synced


async def test_drift_is_corrected_at_once() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    before = line.written()
    await line.step()
    assert line.written() == [*before, "apply ConfigMap web/a"]
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_a_correction_is_no_operation() -> None:
    line = await synced(config_map("a"))
    before = line.operation()
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.settle()
    assert line.operation() == before
    assert len(line.status()["history"]) == 1
    assert line.words() == ("Synced", "Healthy")


async def test_a_correction_writes_no_status_when_all_is_as_before() -> None:
    line = await synced(config_map("a"))
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    with line.watching() as seen:
        await line.after(30)
    assert [str(sent) for sent in seen if sent.verb != "get"] == ["apply ConfigMap web/a"]


async def test_a_correction_is_told_with_field_and_manager() -> None:
    line = await synced(deployment("front"))
    line.edit("Deployment", "front", {"spec": {"replicas": 5}}, manager="somebody")
    await line.settle()
    (told,) = line.events("DriftCorrected")
    assert told == "apps/Deployment web/front was changed by somebody at .spec.replicas; it is as Git wants it again."


async def test_a_deleted_object_is_made_again() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.delete("ConfigMap", "a")
    with line.watching() as seen:
        await line.settle()
    assert [str(sent) for sent in seen if sent.verb == "apply"] == ["apply ConfigMap web/a"]
    assert line.words() == ("Synced", "Healthy")


async def test_fields_that_git_does_not_name_are_no_drift() -> None:
    line = await synced(config_map("a"))
    line.edit("ConfigMap", "a", {"data": {"theirs": "1"}, "metadata": {"labels": {"x": "y"}}})
    with line.watching() as seen:
        await line.settle()
    assert seen == []


async def test_status_churn_is_no_drift_and_costs_nothing() -> None:
    line = await synced(deployment("front"))
    passes = line.operator.passes
    status = line.live("Deployment", "front")["status"]
    line.api.set_status(
        key("Deployment", "front"), {**status, "conditions": [{"type": "Progressing", "status": "True"}]}
    )
    with line.watching() as seen:
        await line.settle()
    assert seen == []
    assert line.operator.passes == passes


async def test_without_self_heal_it_only_says_so() -> None:
    line = await synced(config_map("a"), app=application(automated={"prune": True}))
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.after(600)
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert line.words() == ("OutOfSync", "Healthy")
    assert line.condition("Synced")["reason"] == "SelfHealOff"
    assert "ConfigMap web/a" in line.condition("Synced")["message"]


async def test_a_new_commit_is_synced_over_drift_without_self_heal() -> None:
    line = await synced(config_map("a"), app=application(automated={"prune": True}))
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.settle()
    line.commit(config_map("a", {"color": "green"}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "green"}
    assert line.words() == ("Synced", "Healthy")


async def test_drift_is_found_after_a_restart() -> None:
    line = await synced(config_map("a", {"color": "blue", "size": "big"}))
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    line.restart()
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue", "size": "big"}


async def test_drift_that_only_a_dry_run_shows_is_found_after_a_restart() -> None:
    line = await synced(config_map("a"))
    line.api.admission = lambda body: {**body, "data": {**body["data"], "injected": "yes"}}
    line.restart()
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue", "injected": "yes"}


async def fight(line: Line, rounds: int) -> None:
    for _ in range(rounds):
        line.edit("ConfigMap", "a", {"data": {"color": "red"}}, manager="rival")
        await line.settle(soon=0)


async def test_a_fight_backs_off() -> None:
    line = await synced(config_map("a"))
    await fight(line, 2)
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    await fight(line, 1)
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    await line.after(2.5)
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    await fight(line, 1)
    await line.after(5)
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    await line.after(1.5)
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_a_fight_names_the_manager_and_the_field() -> None:
    line = await synced(config_map("a"))
    for _ in range(4):
        await fight(line, 1)
        await line.after(30)
    message = line.condition("Fight")["message"]
    assert "rival" in message
    assert ".data.color" in message
    assert "ConfigMap web/a" in message
    assert "ignoreDifferences" in message


async def test_an_object_at_peace_is_corrected_while_another_is_fought_over() -> None:
    line = await synced(config_map("a"), config_map("b"))
    await fight(line, 3)
    line.edit("ConfigMap", "b", {"data": {"color": "red"}})
    await line.settle(soon=0)
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert line.live("ConfigMap", "b")["data"] == {"color": "blue"}


async def test_after_ten_calm_minutes_the_fight_is_forgotten() -> None:
    line = await synced(config_map("a"))
    for _ in range(4):
        await fight(line, 1)
        await line.after(30)
    await line.after(900)
    assert line.condition("Fight") == {}
    await fight(line, 1)
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_what_admission_changes_back_is_not_applied_for_ever() -> None:
    line = Line()
    line.api.admission = lambda body: {**body, "metadata": {**body["metadata"], "annotations": {}}}
    line.commit(config_map("a"))
    line.create(application())
    await line.settle()
    with line.watching() as seen:
        await line.after(1800)
    assert len(seen) < 40
