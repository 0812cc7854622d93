"""Syncs start when windows let them, and nothing is written when a window comes or goes with nothing to do."""

from typing import Any

from tests.builders import application, config_map
from tests.fakes import Line, synced

HOUR = 3600.0


def windows(*given: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return application(policy={"windows": [*given]}, **parts)


def window(kind: str, schedule: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "schedule": schedule, "duration": "2h", **more}


CLOSED = window("allow", "0 4 * * *")  # the clock begins at 00:00


async def started(app: dict[str, Any]) -> Line:
    line = Line()
    line.commit(config_map("a"))
    line.create(app)
    await line.settle()
    return line


async def test_a_sync_waits_for_its_window_and_starts_when_it_opens() -> None:
    line = await started(windows(CLOSED))
    assert line.condition("Ready")["reason"] == "OutsideSyncWindow"
    assert "may start at 2027-01-01T04:00:00+00:00" in line.condition("Ready")["message"]
    await line.after(4 * HOUR - 1)
    assert not line.has("ConfigMap", "a")
    await line.after(2)
    assert line.condition("Ready")["status"] == "True"


async def test_drift_waits_for_a_window() -> None:
    line = await started(windows(window("deny", "0 4 * * *")))
    await line.after(4 * HOUR + 60)
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.settle()
    assert line.condition("Synced")["reason"] == "OutsideSyncWindow"
    await line.after(2 * HOUR)
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_a_sync_that_is_asked_for_passes_where_the_window_lets_it() -> None:
    line = await started(windows({**CLOSED, "manualSync": True}))
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_another_sync_that_is_asked_for_waits_and_is_not_lost() -> None:
    line = await started(windows(CLOSED, automated=None))
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    assert not line.has("ConfigMap", "a")
    await line.after(4 * HOUR)
    assert line.has("ConfigMap", "a")


async def test_with_nothing_to_do_nothing_is_written_when_windows_come_and_go() -> None:
    line = await started(windows(window("deny", "0 4 * * *"), window("allow", "* * * * *")))
    with line.watching() as seen:
        await line.after(8 * HOUR)
    assert seen == []


async def test_a_sync_that_runs_is_not_interrupted_when_its_window_closes() -> None:
    line = Line()
    line.commit(config_map("a"), config_map("late", wave=1))
    line.create(windows(window("deny", "1 0 * * *")))
    await line.step()
    await line.step()
    assert line.operation()["phase"] == "Running"
    await line.after(120)
    assert line.operation()["phase"] == "Succeeded"
    assert line.has("ConfigMap", "late")


async def test_a_closed_window_does_not_hold_a_deletion() -> None:
    line = await synced(config_map("a"), app=windows(window("deny", "1 0 * * *")))
    await line.after(120)
    line.delete_app()
    await line.settle()
    assert line.names("Application", "ConfigMap") == []


async def test_what_is_wrong_in_windows_is_told_all_at_once() -> None:
    broken = {**window("deny", "now"), "timeZone": "Berlin", "duration": "0s"}
    line = await started(windows(CLOSED, broken))
    message = line.condition("Ready")["message"]
    assert line.condition("Ready")["reason"] == "InvalidSpec"
    assert [text.split(": ")[0] for text in message.split("\n")] == [
        f"spec.syncPolicy.windows[1].{field}" for field in ("schedule", "timeZone", "duration")
    ]
