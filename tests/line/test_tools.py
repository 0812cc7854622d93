"""Sources that a tool renders: a pass waits for none of them, and what they say is told like what files say."""

import asyncio

from tests.builders import application, as_file, config_map, deployment
from tests.fake_api import EVERYBODY
from tests.fakes import Line

ROOT = {"shop/kustomization.yaml": "resources: [output]\n"}


def files(*names: str, **more: str) -> dict[str, str]:
    """What the tool prints for the Application's folder."""
    return {**ROOT, "shop/output": as_file(*(config_map(name) for name in names)), **more}


async def started(*names: str) -> Line:
    line = Line()
    line.commit(files=files(*names))
    line.create(application())
    await line.settle()
    return line


async def test_what_a_tool_prints_is_synced() -> None:
    line = await started("a", "b")
    assert line.words() == ("Synced", "Healthy")
    assert line.names("ConfigMap") == ["a", "b"]


async def test_no_worker_waits_for_a_tool() -> None:
    line = Line()
    line.tools.held = asyncio.Event()
    line.commit(files={**files("a"), "blog/configmap.yaml": as_file(config_map("b"))})
    line.create(application(), application("blog"))
    await line.settle()
    assert line.words("blog") == ("Synced", "Healthy")
    assert line.words()[0] == "Unknown"
    assert "fetched or rendered" in line.condition("Synced")["message"]
    line.tools.held.set()
    line.tools.held = None
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_status_stays_as_it_was_while_a_newer_commit_is_rendered() -> None:
    line = await started("a")
    line.tools.held = asyncio.Event()
    line.commit(files=files("a", "b"))
    with line.watching() as seen:
        await line.settle()
    assert seen == []
    assert line.words() == ("Synced", "Healthy")
    line.tools.held.set()
    line.tools.held = None
    await line.settle()
    assert line.names("ConfigMap") == ["a", "b"]


async def test_a_tool_runs_once_for_the_same_files() -> None:
    line = await started("a")
    line.commit(files=files("a", README="new"))
    line.create(application("twin", path="shop", to="other"))
    await line.settle()
    line.restart()
    await line.settle()
    assert len(line.tools.runs) == 1


async def test_a_hard_refresh_runs_it_again() -> None:
    line = await started("a")
    line.edit_app({"metadata": {"annotations": {"gitops-operator.io/refresh": "hard"}}})
    await line.settle()
    assert len(line.tools.runs) == 2
    assert line.words() == ("Synced", "Healthy")


async def test_what_a_tool_says_is_wrong_is_told_and_touches_nothing() -> None:
    line = await started("a")
    line.commit(files={**ROOT, "shop/output": "Error: it is broken"})
    await line.settle()
    assert line.words()[0] == "Unknown"
    assert "it is broken" in line.condition("Stalled")["message"]
    assert line.names("ConfigMap") == ["a"]


async def test_a_tool_that_failed_is_not_run_again_at_each_look() -> None:
    line = Line()
    line.commit(files={**ROOT, "shop/output": "Error: it is broken"})
    line.create(application())
    await line.settle()
    for _ in range(5):
        line.wake_all()
        await line.settle()
    assert len(line.tools.runs) == 1


async def test_it_recovers_when_a_commit_mends_it() -> None:
    line = Line()
    line.commit(files={**ROOT, "shop/output": "Error: it is broken"})
    line.create(application())
    await line.settle()
    line.commit(files=files("a"))
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_a_newer_commit_that_is_being_rendered_does_not_stop_the_sync_that_runs() -> None:
    line = Line(controllers=frozenset())
    line.commit(files={**ROOT, "shop/output": as_file(deployment("back"), config_map("late", wave=1))})
    line.create(application())
    await line.settle()
    assert line.operation()["phase"] == "Running"
    line.tools.held = asyncio.Event()
    line.commit(files=files("a"))
    await line.settle()
    line.controllers = EVERYBODY
    await line.settle()
    assert line.has("ConfigMap", "late")
    line.tools.held.set()
    line.tools.held = None
    await line.settle()
    assert line.names("ConfigMap") == ["a"]


async def test_an_application_that_goes_waits_for_no_tool() -> None:
    line = Line()
    line.tools.held = asyncio.Event()
    line.commit(files=files("a"))
    line.create(application())
    await line.settle()
    line.delete_app()
    await line.settle()
    assert not line.has("Application", "shop", "gitops")
    assert line.tools.running == 0


async def test_when_nobody_wants_a_commit_any_more_its_tool_is_ended() -> None:
    line = Line()
    line.tools.held = asyncio.Event()
    line.commit(files=files("a"))
    line.create(application())
    await line.settle()
    line.commit(files=files("b"))
    await line.settle()
    assert len(line.tools.runs) == 2
    assert line.tools.running == 1
    line.tools.held.set()
    line.tools.held = None
    await line.settle()
    assert line.names("ConfigMap") == ["b"]
