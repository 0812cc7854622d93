"""What other tools got wrong, each by its name (issue 5)."""

import itertools

from gitops_operator.model.kind import KindState
from tests.builders import application, as_file, config_map, namespace
from tests.fake_api import UNAVAILABLE, RefusalError
from tests.fakes import Line, key, synced

BAD = RefusalError(422, "a is bad", "Invalid", ("FieldValueInvalid", "bad", "data"))
FINALIZER = "gitops-operator.io/finalizer"


async def test_the_first_wait_of_a_retry_is_the_shortest() -> None:
    line = Line()
    line.api.refuse(BAD, "apply", "a", dry_run=False)
    line.commit(config_map("a"))
    line.create(application())
    starts = []
    for _ in range(5):
        await line.settle(soon=0)
        assert line.operation()["phase"] == "Failed"
        starts.append(line.clock.time)
        due = line.operator.next_due()
        assert due is not None
        line.clock.time = due
    waits = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(starts)]
    assert waits == [5, 10, 20, 40]


async def test_self_heal_tells_objects_of_one_name_in_two_namespaces_apart() -> None:
    line = Line()
    other = as_file(config_map("a", namespace="other"))
    line.commit(config_map("a"), files={"shop/other.yaml": other})
    line.create(namespace("other"), application())
    await line.settle()
    line.api.requests.clear()
    line.api.edit(key("ConfigMap", "a", "other"), {"data": {"color": "red"}})
    await line.settle()
    assert line.written() == ["apply ConfigMap other/a"]
    assert line.live("ConfigMap", "a", "other")["data"] == {"color": "blue"}


async def test_the_finalizer_is_kept_when_a_look_at_the_cluster_fails() -> None:
    line = await synced(config_map("a"))
    line.api.refuse(UNAVAILABLE, "get", "applications.gitops-operator.io", times=50)
    line.delete_app()
    await line.after(60)
    assert line.app()["metadata"]["finalizers"] == [FINALIZER]
    assert line.has("ConfigMap", "a")


async def test_an_object_whose_dry_run_fails_is_never_synced() -> None:
    line = Line()
    line.api.refuse(BAD, "apply", "a", dry_run=True)
    line.commit(config_map("z"), config_map("a", wave=1))
    line.create(application())
    await line.settle()
    assert line.words()[0] == "OutOfSync"
    assert line.written() == []


async def test_an_object_whose_verification_fails_after_a_restart_is_not_said_to_be_synced() -> None:
    line = await synced(config_map("a"))
    line.restart()
    line.api.refuse(BAD, "apply", "a", dry_run=True)
    await line.after(60)
    assert line.words()[0] == "Unknown"
    assert "a is bad" in line.condition("Synced")["message"]
    line.api.faults.clear()
    await line.after(700)
    assert line.words() == ("Synced", "Healthy")


async def test_one_broken_kind_does_not_stop_the_others() -> None:
    line = await synced(config_map("a"))
    line.say("Deployment", KindState.BROKEN, "403 Forbidden")
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert line.words() == ("Synced", "Healthy")
