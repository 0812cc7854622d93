"""A Job that removes itself when it has finished runs once a sync, not for ever."""

from typing import Any

from tests.builders import application, config_map, job
from tests.fakes import Line, synced


def migration() -> dict[str, Any]:
    body = job("migrate")
    body["spec"]["ttlSecondsAfterFinished"] = 0
    return body


def runs(line: Line) -> int:
    return line.written().count("apply batch/Job web/migrate")


async def test_a_job_that_removed_itself_is_not_missing() -> None:
    line = await synced(migration(), config_map("a"))
    line.delete("Job", "migrate")
    await line.after(600)
    assert runs(line) == 1
    assert line.words() == ("Synced", "Healthy")


async def test_a_job_that_removes_itself_within_its_wave_lets_the_next_one_begin() -> None:
    line = Line()
    line.commit(migration(), config_map("late", wave=1))
    line.create(application())
    while not line.has("Job", "migrate"):
        assert await line.step()
    line.delete("Job", "migrate")
    await line.settle()
    assert line.has("ConfigMap", "late")
    assert runs(line) == 1
    assert line.words() == ("Synced", "Healthy")


async def test_the_next_sync_runs_it_again() -> None:
    line = await synced(migration(), config_map("a"))
    line.delete("Job", "migrate")
    await line.settle()
    line.commit(migration(), config_map("a", {"color": "green"}))
    await line.settle()
    assert runs(line) == 2


async def test_a_restart_does_not_run_it_again() -> None:
    line = await synced(migration())
    line.delete("Job", "migrate")
    await line.settle()
    line.restart()
    await line.after(600)
    assert runs(line) == 1


async def test_a_job_that_should_stay_is_made_again() -> None:
    line = await synced(job("migrate"))
    line.delete("Job", "migrate")
    await line.settle()
    assert runs(line) == 2
