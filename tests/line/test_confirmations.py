"""Confirmations: objects that go only when a user says so, in a sync or with the Application."""

from typing import Any

from tests.builders import application, config_map
from tests.fakes import Line, synced

APPROVED = "gitops-operator.io/deletion-approved"
PRUNE, DELETE = ["Prune=confirm"], ["Delete=confirm"]


def confirm(line: Line, when: str = "", name: str = APPROVED) -> None:
    time = when or line.clock.time.strftime("%Y-%m-%dT%H:%M:%SZ")
    line.edit_app({"metadata": {"annotations": {name: time}}})


async def dropped(*names: str, **settings: Any) -> Line:
    """Git has dropped these, which ask first; `b` is left."""
    keep = config_map("b")
    line = await synced(keep, *(config_map(name, options=PRUNE) for name in names), **settings)
    await line.after(5)
    line.commit(keep)
    await line.after(5)
    return line


async def test_an_object_that_asks_first_stays_and_the_command_is_told() -> None:
    line = await dropped("a")
    assert line.has("ConfigMap", "a")
    assert line.words()[0] == "OutOfSync"
    said = line.condition("Stalled")
    assert said["reason"] == "AwaitsConfirmation"
    assert "ConfigMap web/a is not in Git any more" in said["message"]
    command = "kubectl annotate applications.gitops-operator.io -n gitops shop gitops-operator.io/deletion-approved="
    assert command in said["message"]


async def test_it_goes_when_that_is_confirmed() -> None:
    line = await dropped("a")
    confirm(line)
    await line.settle()
    assert line.names("ConfigMap") == ["b"]
    assert line.words() == ("Synced", "Healthy")


async def test_argo_cds_confirmation_counts() -> None:
    line = await dropped("a")
    confirm(line, name="argocd.argoproj.io/deletion-approved")
    await line.settle()
    assert line.names("ConfigMap") == ["b"]


async def test_all_else_is_synced_meanwhile() -> None:
    line = await dropped("a")
    line.commit(config_map("b", {"color": "red"}))
    await line.settle()
    assert line.live("ConfigMap", "b")["data"] == {"color": "red"}
    assert line.has("ConfigMap", "a")


async def test_a_confirmation_is_for_one_sync() -> None:
    line = await dropped("a")
    confirm(line)
    await line.after(5)
    line.commit(config_map("b"), config_map("c", options=PRUNE))
    await line.after(5)
    line.commit(config_map("b"))
    await line.after(5)
    assert line.names("ConfigMap") == ["b", "c"]
    assert line.condition("Stalled")["reason"] == "AwaitsConfirmation"


async def test_an_old_confirmation_does_not_count() -> None:
    line = await dropped("a")
    confirm(line, "2020-01-01T00:00:00Z")
    await line.settle()
    assert line.has("ConfigMap", "a")


async def test_a_confirmation_that_is_no_time_is_named() -> None:
    line = await dropped("a")
    confirm(line, "yes")
    await line.settle()
    assert line.has("ConfigMap", "a")
    assert "the annotation says 'yes', which is no time" in line.condition("Stalled")["message"]


async def test_where_pruning_is_off_that_is_told_first() -> None:
    line = await dropped("a", app=application(automated={"prune": False}))
    assert line.condition("Synced")["reason"] == "PruneOff"


async def test_a_confirmed_prune_outlives_a_restart() -> None:
    line = await dropped("a")
    line.controllers = frozenset()
    confirm(line)
    await line.step()
    line.restart()
    await line.after(10)
    line.restart()
    line.controllers = frozenset({"garbage"})
    await line.after(10)
    assert line.names("ConfigMap") == ["b"]


async def test_nothing_of_an_application_goes_before_the_confirmation() -> None:
    line = await synced(config_map("a", options=DELETE), config_map("b", wave=1))
    line.delete_app()
    await line.settle()
    assert line.names("ConfigMap") == ["a", "b"]
    message = line.condition("Reconciling")["message"]
    assert "(Delete=confirm): ConfigMap web/a." in message
    assert "gitops-operator.io/deletion-approved=" in message
    confirm(line)
    await line.after(10)
    assert line.names("Application", "ConfigMap") == []


async def test_a_confirmation_from_before_the_deletion_does_not_count() -> None:
    line = await synced(config_map("a", options=DELETE))
    confirm(line)
    await line.after(60)
    line.delete_app()
    await line.after(10)
    assert line.has("ConfigMap", "a")


async def test_the_option_of_the_application_counts_for_all_its_objects() -> None:
    app = application(policy={"syncOptions": ["Delete=confirm"]})
    line = await synced(config_map("a"), app=app)
    line.delete_app()
    await line.settle()
    assert line.has("ConfigMap", "a")
