"""Nothing to do costs nothing; a status is written once a pass, stays small, and is fenced."""

import asyncio
import json

from tests.builders import application, as_file, config_map, deployment
from tests.fake_api import UNAVAILABLE, Fault, RefusalError
from tests.fakes import Line, key, synced


def writes_of_status(line: Line) -> int:
    return len(line.requests("Application gitops/shop/status"))


async def test_a_second_pass_sends_nothing() -> None:
    line = await synced(config_map("a"), deployment("front"))
    passes = line.operator.passes
    with line.watching() as seen:
        line.wake_all()
        await line.settle()
    assert seen == []
    assert line.operator.passes == passes + 1


async def test_an_hour_of_periodic_looks_sends_and_renders_nothing() -> None:
    line = await synced(config_map("a"), deployment("front"))
    renders = len(line.operator.renders.results)
    passes = line.operator.passes
    with line.watching() as seen:
        await line.after(3600)
    assert seen == []
    assert len(line.operator.renders.results) == renders
    assert line.operator.passes - passes >= 19


async def test_after_a_restart_only_dry_runs_are_sent() -> None:
    line = await synced(config_map("a"), deployment("front"), config_map("b", wave=1))
    line.restart()
    with line.watching() as seen:
        await line.after(600)
    assert {sent.verb for sent in seen if not sent.dry_run} <= {"get"}
    assert sum(sent.dry_run for sent in seen) == 3


async def test_after_the_dry_runs_nothing_more_is_sent() -> None:
    line = await synced(config_map("a"), deployment("front"))
    line.restart()
    await line.after(60)
    with line.watching() as seen:
        await line.after(3600)
    assert seen == []


async def turns_of_first_pass(number: int) -> int:
    """How often other work of the loop comes while the first pass after a restart looks at so many objects."""
    line = await synced(*[config_map(f"m{index}") for index in range(number)])
    line.restart()
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    while not (await line.step() and line.operator.passes):
        pass
    other.cancel()
    return turns


async def test_while_a_restart_looks_at_many_objects_probes_and_lease_get_their_turns() -> None:
    assert await turns_of_first_pass(440) - await turns_of_first_pass(40) >= 20


async def test_each_pass_writes_at_most_one_status() -> None:
    line = Line()
    line.commit(config_map("a"), deployment("front"), config_map("b", wave=1))
    line.create(application())
    for _ in range(30):
        before = writes_of_status(line)
        if not await line.step():
            break
        assert writes_of_status(line) - before <= 1


async def test_health_that_flickers_is_written_once_a_second() -> None:
    line = await synced(*[deployment(f"d{number}") for number in range(3)])
    await line.after(10)
    before = writes_of_status(line)
    line.controllers = frozenset()
    for number in range(20):
        status = line.live("Deployment", "d0")["status"]
        line.api.set_status(key("Deployment", "d0"), {**status, "replicas": 2 + number})
        await line.settle(soon=0)
    assert "1 old replicas" in line.status()["health"]["message"]
    assert writes_of_status(line) - before == 1
    await line.after(2)
    assert "20 old replicas" in line.status()["health"]["message"]
    assert writes_of_status(line) - before == 2


async def test_messages_do_not_move_by_themselves() -> None:
    line = await synced(deployment("back"), config_map("late", wave=1), controllers=frozenset())
    before = line.status()
    await line.after(500)
    assert line.status() == before


async def test_two_thousand_objects_fit_into_the_status() -> None:
    names = [f"a-config-map-with-a-rather-long-name-so-that-it-counts-{number:04}" for number in range(2000)]
    bodies = [config_map(name) for name in names]
    line = Line()
    line.commit(files={"shop/all.yaml": as_file(*bodies)})
    line.create(application())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.status()["resourceCounts"]["total"] == 2000
    assert len(json.dumps(line.status())) <= 64 * 1024


async def test_objects_that_are_not_well_are_listed_first() -> None:
    bodies = [*(config_map(f"a{number:03}") for number in range(120)), deployment("zz-front")]
    line = Line(controllers=frozenset())
    line.commit(files={"shop/all.yaml": as_file(*bodies)})
    line.create(application())
    await line.settle()
    assert len(line.status()["resources"]) == 100
    assert line.status()["resources"][0]["name"] == "zz-front"


async def test_a_status_that_somebody_overtook_is_thrown_away_and_the_pass_is_run_again() -> None:
    line = Line()
    line.commit(config_map("a"))
    line.create(application())
    conflict = RefusalError(409, "the object has been modified", "Conflict")
    line.api.faults.append(_once_on_status(conflict))
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert len(line.status()["history"]) == 1
    assert line.live("ConfigMap", "a")["metadata"]["resourceVersion"]


def _once_on_status(refusal: RefusalError) -> Fault:
    return Fault(refusal, lambda request, key: request.path.endswith("/status"), 1)


async def test_an_edit_between_reading_and_writing_is_noticed() -> None:
    line = Line()
    line.commit(config_map("a"))
    line.create(application())
    edited: list[bool] = []

    def edit(request: object, of: object) -> None:
        if of == key("Application", "shop", "gitops") and not edited:
            edited.append(True)
            line.edit_app({"spec": {"destination": {"namespace": "default"}}})

    line.api.before_write = edit
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert [sent.key.namespace for sent in line.writes()] == ["default"]


async def test_an_api_server_that_is_down_is_waited_for() -> None:
    line = await synced(config_map("a"))
    for verb in ("apply", "patch", "get"):
        line.api.refuse(UNAVAILABLE, verb)
    line.commit(config_map("a", {"color": "red"}))
    await line.after(600)
    line.api.faults.clear()
    await line.after(60)
    assert line.words() == ("Synced", "Healthy")
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert len(line.status()["history"]) == 2


async def test_events_that_come_late_change_nothing() -> None:
    line = await synced(config_map("a"))
    line.commit(config_map("a", {"color": "red"}))
    hear = line.operator.hear
    line.operator.hear = lambda: None  # type: ignore[method-assign] # the watch is silent for a while
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    line.operator.hear = hear  # type: ignore[method-assign] # and speaks again
    with line.watching() as seen:
        await line.after(60)
    assert seen == []
