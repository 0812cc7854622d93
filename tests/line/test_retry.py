"""A sync that fails is tried again, later and later; the newest commit wins over everything old."""

from tests.builders import Body, application, config_map, deployment
from tests.fake_api import UNAVAILABLE, RefusalError
from tests.fakes import Line, synced

BAD = RefusalError(422, "data is bad", "Invalid", ("FieldValueInvalid", "bad", "data"))


async def failing(app: Body | None = None, refusal: RefusalError = BAD) -> Line:
    line = Line()
    line.api.refuse(refusal, "apply", "a")
    line.commit(config_map("a"))
    line.create(app or application())
    await line.settle()
    return line


def attempts(line: Line) -> int:
    return sum(sent.verb == "apply" for sent in line.api.requests)


async def test_a_refusal_fails_the_sync_and_is_told() -> None:
    line = await failing()
    assert line.operation()["phase"] == "Failed"
    assert "ConfigMap web/a (shop/configmap-a.yaml" in line.operation()["message"]
    assert "data is bad" in line.condition("Ready")["message"]
    assert line.condition("Ready")["status"] == "False"
    assert len(line.events("SyncFailed")) == 1


async def test_it_is_tried_again_later_and_later() -> None:
    line = await failing()
    assert attempts(line) == 1
    for wait, number in [(4, 1), (1.1, 2), (9, 2), (1.1, 3), (19, 3), (1.1, 4)]:
        await line.after(wait)
        assert attempts(line) == number
    assert line.operation()["attempts"] == 4


async def test_nothing_is_sent_between_two_tries() -> None:
    line = await failing()
    with line.watching() as seen:
        await line.after(4)
    assert seen == []


async def test_an_exhausted_sync_is_tried_every_five_minutes_with_self_heal() -> None:
    line = await failing()
    await line.after(3600)
    spent = attempts(line)
    await line.after(3000)
    assert attempts(line) - spent == 10


async def test_without_self_heal_it_gives_up_and_says_so() -> None:
    line = await failing(application(automated={"prune": True}))
    await line.after(3600)
    assert attempts(line) == 6
    assert line.condition("Stalled")["status"] == "True"
    with line.watching() as seen:
        await line.after(3600)
    assert seen == []


async def test_the_limit_is_the_applications_own() -> None:
    policy = {"retry": {"limit": 1, "backoff": {"duration": "1s"}}}
    line = await failing(application(automated={"prune": True}, policy=policy))
    await line.after(3600)
    assert attempts(line) == 2


async def test_without_a_limit_it_is_tried_for_ever() -> None:
    policy = {"retry": {"limit": -1, "backoff": {"maxDuration": "30s"}}}
    line = await failing(application(automated={"prune": True}, policy=policy))
    await line.after(600)
    spent = attempts(line)
    await line.after(600)
    assert attempts(line) - spent >= 15


async def test_it_succeeds_when_the_cause_is_gone() -> None:
    line = await failing()
    line.api.faults.clear()
    await line.after(6)
    assert line.words() == ("Synced", "Healthy")
    assert line.condition("Stalled")["status"] == "False"


async def test_a_mended_commit_is_synced_at_once() -> None:
    line = await failing()
    await line.after(100)
    line.api.faults.clear()
    newest = line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.operation()["revisions"] == [newest]
    assert line.operation()["attempts"] == 1


async def test_a_mended_spec_is_synced_at_once() -> None:
    line = await failing()
    line.api.faults.clear()
    line.edit_app({"spec": {"syncPolicy": {"syncOptions": ["Validate=false"]}}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_a_newer_commit_wins_over_a_sync_that_waits() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset({"garbage"}))
    newest = line.commit(config_map("other"))
    await line.settle()
    assert line.operation()["revisions"] == [newest]
    assert line.words() == ("Synced", "Healthy")
    assert not line.has("ConfigMap", "late")
    assert [entry["revisions"] for entry in line.status()["history"]] == [[newest]]


async def test_a_newer_spec_wins_over_a_sync_that_waits() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset())
    line.edit_app({"spec": {"destination": {"namespace": "default"}}})
    await line.settle()
    assert line.has("Deployment", "back", "default")


async def test_a_transient_error_is_tried_again_inside_the_sync() -> None:
    line = Line()
    line.api.refuse(UNAVAILABLE, "apply", "a", times=2)
    line.commit(config_map("a"), config_map("b"))
    line.create(application())
    await line.settle(soon=0)
    assert line.operation()["phase"] == "Running"
    assert line.has("ConfigMap", "b")
    await line.after(10)
    assert line.operation()["phase"] == "Succeeded"
    assert line.operation()["attempts"] == 1


async def test_transient_errors_are_tried_later_and_later_within_reason() -> None:
    line = await failing(refusal=UNAVAILABLE)
    await line.after(120)
    assert 5 <= attempts(line) <= 10


async def test_transient_errors_for_longer_than_the_time_out_fail_the_sync() -> None:
    line = await failing(application(policy={"timeout": "60s", "retry": {"limit": 0}}), refusal=UNAVAILABLE)
    await line.after(65)
    assert line.operation()["phase"] == "Failed"
    assert "unable to handle the request" in line.operation()["message"]


async def test_a_namespace_that_is_missing_is_waited_for() -> None:
    line = await synced(config_map("a", namespace="later"))
    assert line.operation()["phase"] == "Running"
    line.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}})
    await line.after(35)
    assert line.words() == ("Synced", "Healthy")
    assert line.operation()["attempts"] == 1


async def test_a_namespace_that_is_being_deleted_is_waited_for() -> None:
    line = Line(controllers=frozenset())
    line.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    line.delete("Namespace", "other")
    line.commit(config_map("a", namespace="other"))
    line.create(application(policy={"syncOptions": ["CreateNamespace=true"]}, to="other"))
    await line.settle()
    assert line.operation()["phase"] == "Running"
    assert "other" in line.condition("Reconciling")["message"]
    line.controllers = frozenset({"garbage"})
    await line.after(35)
    assert line.words() == ("Synced", "Healthy")


async def test_an_answer_that_was_lost_is_asked_for_again() -> None:
    line = Line()
    line.api.refuse(RefusalError(504, "the request timed out", "Timeout", after=True), "apply", "a", times=1)
    line.commit(config_map("a"))
    line.create(application())
    await line.after(10)
    assert line.words() == ("Synced", "Healthy")
    assert line.live("ConfigMap", "a")["metadata"]["resourceVersion"]
