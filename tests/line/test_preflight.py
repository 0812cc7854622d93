"""Before the first write: whatever would leave a sync half done is proven, and all that is wrong is told at once."""

import pytest

from tests.builders import Body, application, config_map, job
from tests.fake_api import RefusalError
from tests.fakes import Line, synced

ONCE = {"retry": {"limit": 0}}
NO = RefusalError(403, "it is against the rules", "Forbidden")
DENIED = RefusalError(403, 'admission webhook "w" denied the request: no', "Forbidden")
QUOTA = RefusalError(403, "exceeded quota: q, requested: count/configmaps=1", "Forbidden")
INVALID = RefusalError(422, "it is wrong", "Invalid", ("FieldValueInvalid", "must be a color", "data.color"))
IMMUTABLE = RefusalError(422, "no", "Invalid", ("FieldValueInvalid", "field is immutable", "data.color"))


def sorry() -> Body:
    return job("sorry", annotations={"gitops-operator.io/hook": "SyncFail"})


def later(name: str, color: str = "blue", *options: str) -> Body:
    annotations = {"gitops-operator.io/sync-options": ",".join(options)} if options else {}
    return config_map(name, {"color": color}, wave=1, annotations=annotations)


async def test_a_prune_that_would_be_refused_stops_the_sync_before_its_first_write() -> None:
    line = await synced(config_map("a"), config_map("old"), app=application(policy=ONCE))
    line.api.refuse(NO, "delete", "old", dry_run=True)
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert "ConfigMap web/old: it is against the rules" in line.operation()["message"]


async def test_a_replacement_that_would_be_refused_stops_the_sync_before_its_first_write() -> None:
    line = await synced(config_map("a"), later("b"), app=application(policy=ONCE))
    line.api.refuse(INVALID, "update", "b", dry_run=True)
    line.commit(config_map("a", {"color": "red"}), later("b", "red", "Replace=true"))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert "it is wrong" in line.operation()["message"]


async def test_a_recreation_whose_successor_is_not_valid_stops_the_sync_before_its_first_write() -> None:
    line = await synced(config_map("a"), later("b"), app=application(policy=ONCE))
    line.api.refuse(IMMUTABLE, "apply", "b", dry_run=True)
    line.api.refuse(INVALID, "create", dry_run=True)
    line.commit(config_map("a", {"color": "red"}), later("b", "red", "Force=true"))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert "it is wrong" in line.operation()["message"]


async def test_an_immutable_field_of_a_later_wave_offers_to_recreate_before_anything_is_written() -> None:
    line = await synced(config_map("a"), later("b"), app=application(policy=ONCE))
    line.api.refuse(IMMUTABLE, "apply", "b", dry_run=True)
    line.commit(config_map("a", {"color": "red"}), later("b", "red"))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert "Force=true deletes the object and creates it anew" in line.operation()["message"]


async def test_all_that_is_wrong_is_told_at_once() -> None:
    line = await synced(config_map("a"), later("b"), later("c"), config_map("old"), app=application(policy=ONCE))
    line.api.refuse(INVALID, "apply", "b", dry_run=True)
    line.api.refuse(INVALID, "update", "c", dry_run=True)
    line.api.refuse(NO, "delete", "old", dry_run=True)
    line.commit(config_map("a", {"color": "red"}), later("b", "red"), later("c", "red", "Replace=true"))
    await line.settle()
    assert len(line.operation()["message"].splitlines()) == 3
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


@pytest.mark.parametrize("refusal", [DENIED, QUOTA], ids=["webhook", "quota"])
async def test_what_may_pass_holds_the_first_write_until_it_has(refusal: RefusalError) -> None:
    line = Line()
    fault = line.api.refuse(refusal, "apply", "b", dry_run=True)
    line.commit(config_map("a"), later("b"))
    line.create(application())
    await line.after(30)
    assert line.written() == []
    assert "It is tried again slowly" in line.condition("Reconciling")["message"]
    fault.times = 0
    await line.after(60)
    assert line.words() == ("Synced", "Healthy")


async def test_the_hook_for_failures_does_not_run_where_nothing_was_written() -> None:
    line = Line()
    line.api.refuse(NO, "apply", "a")
    line.commit(config_map("a"), sorry())
    line.create(application(policy=ONCE))
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert line.written() == []


async def test_the_hook_for_failures_runs_where_something_was_written() -> None:
    line = Line()
    line.api.refuse(NO, "apply", "b")
    line.commit(config_map("a"), later("b"), sorry())
    line.create(application(policy=ONCE))
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert line.names("ConfigMap", "Job") == ["a", "sorry"]


async def test_it_runs_where_a_proof_fails_that_had_to_wait_for_writes() -> None:
    line = Line()
    line.api.refuse(NO, "apply", "b", dry_run=True)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fresh"}}
    last = config_map("b", namespace="fresh", wave=2)
    line.commit(space, config_map("a", namespace="fresh", wave=1), last, sorry())
    line.create(application(policy=ONCE))
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert line.has("Namespace", "fresh", "")
    assert line.has("Job", "sorry")


async def test_it_runs_after_a_restart_for_nobody_knows_any_more_what_was_written() -> None:
    line = Line()
    line.api.refuse(RefusalError(503, "try again"), "apply", "a", times=1)
    line.commit(config_map("a"), sorry())
    line.create(application(policy=ONCE))
    await line.settle(soon=0)
    assert line.operation()["phase"] == "Running"
    line.api.refuse(NO, "apply", "a")
    line.restart()
    await line.after(10)
    assert line.operation()["phase"] == "Failed"
    assert line.has("Job", "sorry")
