"""Whom it concerns that an Application moved on which others depend."""

from typing import Any

import pytest

from gitops_operator.live import Store
from gitops_operator.model.application import ApplicationKey
from tests.unit.live.objects import APPLICATION, body, raw, store, wakes

READY = {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True", "reason": "Ready"}]}


def application(name: str, version: int, *needs: str, **parts: Any) -> bytes:
    metadata = {"generation": 1, **parts.pop("metadata", {})}
    spec = {"dependsOn": [{"name": need} for need in needs]}
    return raw(body(APPLICATION, name, version, metadata=metadata, spec=spec, **parts))


def world() -> Store:
    """`web` depends on `db`, and `shop` on `web`."""
    some = store()
    some.changed(APPLICATION, application("db", 1, status=READY))
    some.changed(APPLICATION, application("web", 2, "db"))
    some.changed(APPLICATION, application("shop", 3, "web"))
    some.changed(APPLICATION, application("db", 4, status=READY))
    return some


def woken(some: Store, raw_body: bytes) -> set[str]:
    return {app for app, cause in wakes(some.changed(APPLICATION, raw_body)) if cause == "health"}


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"generation": 2}},
        {"metadata": {"deletionTimestamp": "2026-11-24T00:00:00Z"}},
        {"status": READY | {"observedGeneration": 2}},
        {"status": READY | {"conditions": [{"type": "Ready", "status": "False", "reason": "Syncing"}]}},
        {"status": {}},
    ],
    ids=["spec", "deletion", "generation seen", "not ready", "no status"],
)
def test_what_matters_of_a_dependency_wakes_those_that_depend_on_it(change: dict[str, Any]) -> None:
    assert woken(world(), application("db", 5, **{"status": READY, **change})) == {"web"}


def test_the_rest_of_its_status_wakes_nobody() -> None:
    assert woken(world(), application("db", 5, status=READY | {"resourceCounts": {"total": 3}})) == set()


def test_an_application_that_nobody_depends_on_wakes_nobody() -> None:
    assert woken(world(), application("shop", 5, "web", status=READY)) == set()


def test_one_that_goes_wakes_what_waits_for_it_both_ways() -> None:
    some = world()
    assert {("db", "health"), ("shop", "health")} <= wakes(some.deleted(APPLICATION, application("web", 6, "db")))


def test_one_that_depends_on_something_else_wakes_all_that_a_circle_may_concern() -> None:
    assert woken(world(), application("db", 5, "shop", status=READY)) == {"db", "web", "shop"}


def test_what_depends_on_nothing_any_more_is_told_nothing_any_more() -> None:
    some = world()
    assert woken(some, application("web", 5)) == {"db", "shop"}
    assert woken(some, application("db", 6)) == set()


def test_one_that_has_caught_up_is_told_to_those_that_depend_on_it() -> None:
    some = world()
    assert wakes(some.tell_dependents(ApplicationKey("web", "db"))) == {("web", "health")}
