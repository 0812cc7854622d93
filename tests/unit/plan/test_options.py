"""What the sync options do to tasks, and which of them mean something where."""

from typing import Any

import pytest

from gitops_operator.model.application import SyncPolicy
from gitops_operator.model.change import Change
from gitops_operator.model.step import Propagation, Task, TaskKind
from gitops_operator.plan import unknown_options
from gitops_operator.plan.tasks import prune_task, write_task
from tests.unit.plan.situations import changed, doomed, missing


def task(change: Change, *options: str) -> Task:
    return write_task(change, SyncPolicy(options=frozenset(options)))


@pytest.mark.parametrize(
    "option, kind",
    [("Force=true", TaskKind.RECREATE), ("Replace=true", TaskKind.REPLACE), ("Replace=false", TaskKind.APPLY)],
)
def test_an_option_of_the_application_counts_for_each_object(option: str, kind: TaskKind) -> None:
    assert task(changed(), option).kind is kind


@pytest.mark.parametrize("option, kind", [("Force=true", TaskKind.RECREATE), ("Replace=true", TaskKind.REPLACE)])
def test_an_option_of_an_object_counts_for_it(option: str, kind: TaskKind) -> None:
    assert task(changed(options=[option])).kind is kind


def test_force_beats_replace() -> None:
    assert task(changed(), "Force=true", "Replace=true").kind is TaskKind.RECREATE


@pytest.mark.parametrize("option", ["Force=true", "Replace=true"])
def test_what_does_not_exist_is_simply_applied(option: str) -> None:
    assert task(missing(), option).kind is TaskKind.APPLY


def test_a_dry_run_stays_one() -> None:
    validated = write_task(changed(options=["Force=true"]), SyncPolicy(), TaskKind.VALIDATE)
    assert validated.kind is TaskKind.VALIDATE


@pytest.mark.parametrize("name, attribute", [("ForceConflicts", "force_conflicts"), ("Validate", "validate")])
def test_what_is_on_by_default_is_turned_off(name: str, attribute: str) -> None:
    assert getattr(task(changed()), attribute)
    assert not getattr(task(changed(options=[f"{name}=false"])), attribute)
    assert not getattr(task(changed(), f"{name}=false"), attribute)


def test_a_write_is_fenced_by_the_uid_that_was_compared() -> None:
    assert (task(changed()).uid, task(missing()).uid) == ("uid-front", "")


@pytest.mark.parametrize("word", [propagation.value.lower() for propagation in Propagation])
def test_the_propagation_of_deletes_is_chosen(word: str) -> None:
    policy = SyncPolicy(options=frozenset({f"PrunePropagationPolicy={word}"}))
    assert prune_task(doomed(), policy).propagation.value.lower() == word


def test_deletes_wait_for_dependents_by_default() -> None:
    assert prune_task(doomed(), SyncPolicy()).propagation is Propagation.FOREGROUND


def unknown(*options: str, on: str = "application") -> tuple[str, ...]:
    places: dict[str, Any] = {"application": (options, ()), "object": ((), options)}
    return unknown_options(*places[on])


@pytest.mark.parametrize("option", ["Prune=false", "Validate=false", "ServerSideApply=true", "Delete=confirm"])
@pytest.mark.parametrize("place", ["application", "object"])
def test_options_that_mean_something_in_both_places(option: str, place: str) -> None:
    assert unknown(option, on=place) == ()


@pytest.mark.parametrize("option", ["CreateNamespace=true", "PruneFirst=true", "PrunePropagationPolicy=orphan"])
def test_options_of_a_whole_sync_mean_nothing_on_an_object(option: str) -> None:
    assert (unknown(option), unknown(option, on="object")) == ((), (option,))


@pytest.mark.parametrize("option", ["Prun=false", "Prune=no", "ServerSideApply=false", "Prune", "prune=false", ""])
def test_unknown_names_and_values_are_found(option: str) -> None:
    assert unknown(option) == (option,)


def test_unknown_options_are_in_order() -> None:
    assert unknown_options(["b=1", "a=1"], ["b=1", "c=1"]) == ("a=1", "b=1", "c=1")
