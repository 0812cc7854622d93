from typing import Any

import pytest

from gitops_operator.live import Store
from tests.unit.live.objects import (
    APP,
    APPLICATION,
    CONFIG_MAP,
    DEPLOYMENT,
    OTHER,
    body,
    filled,
    key,
    raw,
    seen,
    store,
    tracked,
    wakes,
)

KEY = key(DEPLOYMENT, "front")
SPEC = {"replicas": 2, "image": "one"}


def deployment(version: int = 1, **parts: Any) -> bytes:
    return raw(tracked(DEPLOYMENT, version=version, **{"spec": SPEC, **parts}))


def settled(**parts: Any) -> tuple[Store, int]:
    """A store with one tracked Deployment, and its Application's version."""
    some = store()
    some.changed(DEPLOYMENT, deployment(**parts))
    return some, some.version(APP)


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {"replicas": 5, "image": "one"}},
        {"digest": "v1:bb"},
        {"fields": {"f:spec": {"f:image": {}}}},
        {"metadata": {"deletionTimestamp": "2026-11-24T00:00:00Z"}},
        {"metadata": {"annotations": {"gitops-operator.io/handover": "argocd/blog"}}},
        {
            "metadata": {
                "managedFields": [{"manager": "kubectl-create", "operation": "Update", "apiVersion": "apps/v1"}]
            }
        },
        {"status": {"health": "Degraded"}},
        {"metadata": {"finalizers": ["example.com/wait"]}},
    ],
    ids=["owned value", "digest", "owned fields", "deletion", "annotation of ours", "co-owner", "health", "finalizers"],
)
def test_what_matters_of_a_tracked_object_wakes_its_application(change: dict[str, Any]) -> None:
    some, version = settled()
    assert wakes(some.changed(DEPLOYMENT, deployment(2, **change))) == {("shop", "object")}
    assert some.version(APP) > version


@pytest.mark.parametrize(
    "change",
    [
        {"status": {"readyReplicas": 1}},
        {"metadata": {"generation": 4}},
        {"metadata": {"managedFields": [{"manager": "kubelet", "operation": "Update", "subresource": "status"}]}},
        {"metadata": {"annotations": {"somebody.example.com/seen": "now"}}},
        {"metadata": {"labels": {"team": "web"}}},
        {"spec": {**SPEC, "schedulerName": "default"}},
    ],
    ids=["status", "generation", "status owner", "foreign annotation", "label", "field that we do not own"],
)
def test_churn_wakes_nobody_and_moves_no_counter(change: dict[str, Any]) -> None:
    some, version = settled()
    assert not some.changed(DEPLOYMENT, deployment(2, **change))
    assert some.version(APP) == version
    assert seen(some, KEY).resource_version == "2"
    assert (some.body(KEY) or {})["metadata"]["resourceVersion"] == "2"


def test_a_status_event_does_not_compute_ownership_again(monkeypatch: pytest.MonkeyPatch) -> None:
    some, _ = settled()
    calls: list[Any] = []
    monkeypatch.setattr("gitops_operator.live.observer.ownership", lambda *args: calls.append(args))
    some.changed(DEPLOYMENT, deployment(2, status={"readyReplicas": 1}))
    assert not calls


def test_existence_of_a_tracked_object_matters() -> None:
    some, _ = settled()
    assert wakes(some.deleted(DEPLOYMENT, deployment(3))) == {("shop", "object")}


def test_an_object_that_changes_hands_wakes_both_applications() -> None:
    some, _ = settled()
    assert wakes(some.changed(DEPLOYMENT, deployment(2, app=OTHER))) == {("shop", "object"), ("blog", "object")}
    assert some.tracked_by(APP) == []
    assert some.tracked_by(OTHER)[0].key == KEY


def test_an_object_that_loses_its_tracking_id_wakes_the_application_that_had_it() -> None:
    some, _ = settled()
    assert wakes(some.changed(DEPLOYMENT, raw(body(DEPLOYMENT, version=2)))) == {("shop", "object")}
    assert seen(some, KEY).tracking is None
    assert some.body(KEY) is None


def test_an_untracked_object_of_a_desired_key_wakes_who_desires_it() -> None:
    some = store()
    some.watch_keys(APP, frozenset({key(CONFIG_MAP, "front")}))
    assert wakes(some.changed(CONFIG_MAP, raw(body(CONFIG_MAP)))) == {("shop", "object")}
    assert not some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, version=2, data={"color": "red"})))
    assert wakes(some.deleted(CONFIG_MAP, raw(body(CONFIG_MAP, version=3)))) == {("shop", "object")}


def test_an_untracked_object_that_nobody_desires_wakes_nobody() -> None:
    some = store()
    assert not some.changed(CONFIG_MAP, raw(body(CONFIG_MAP)))
    assert not some.deleted(CONFIG_MAP, raw(body(CONFIG_MAP, version=3)))


def test_a_key_that_is_no_longer_desired_wakes_nobody() -> None:
    some = store()
    some.watch_keys(APP, frozenset({key(CONFIG_MAP, "front")}))
    some.watch_keys(APP, frozenset())
    assert not some.changed(CONFIG_MAP, raw(body(CONFIG_MAP)))


def test_two_applications_that_desire_one_key_are_both_woken() -> None:
    some = store()
    for app in (APP, OTHER):
        some.watch_keys(app, frozenset({key(CONFIG_MAP, "front")}))
    assert wakes(some.changed(CONFIG_MAP, raw(body(CONFIG_MAP)))) == {("shop", "object"), ("blog", "object")}
    some.watch_keys(APP, frozenset())
    assert wakes(some.deleted(CONFIG_MAP, raw(body(CONFIG_MAP)))) == {("blog", "object")}


def test_the_same_keys_again_move_no_counter() -> None:
    some = store()
    some.watch_keys(APP, frozenset({KEY}))
    version = some.version(APP)
    some.watch_keys(APP, frozenset({KEY}))
    assert some.version(APP) == version


def application(version: int = 1, **parts: Any) -> bytes:
    return raw(body(APPLICATION, "shop", version, namespace="argocd", **parts))


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {"path": "b"}},
        {"operation": {"sync": {}}},
        {"metadata": {"annotations": {"gitops-operator.io/refresh": "normal"}}},
        {"metadata": {"deletionTimestamp": "2026-11-24T00:00:00Z"}},
    ],
    ids=["spec", "operation", "refresh", "deletion"],
)
def test_an_application_that_changes_is_woken(change: dict[str, Any]) -> None:
    some = filled()
    assert wakes(some.changed(APPLICATION, application(spec={"path": "a"}))) == {("shop", "spec")}
    assert wakes(some.changed(APPLICATION, application(2, **{"spec": {"path": "a"}, **change}))) == {("shop", "spec")}


def test_its_own_status_does_not_wake_an_application() -> None:
    some = filled()
    some.changed(APPLICATION, application(spec={"path": "a"}))
    assert not some.changed(APPLICATION, application(2, spec={"path": "a"}, status={"phase": "x"}))


def test_an_application_that_is_gone_is_woken_a_last_time() -> None:
    some = filled()
    some.changed(APPLICATION, application())
    assert wakes(some.deleted(APPLICATION, application(2))) == {("shop", "spec")}


def test_an_application_that_goes_wakes_those_who_want_what_it_left() -> None:
    some, _ = settled()
    some.changed(APPLICATION, application())
    some.watch_keys(OTHER, frozenset({KEY}))
    assert wakes(some.deleted(APPLICATION, application(2))) == {("shop", "spec"), (OTHER.name, "object")}


def test_applications_are_read_from_the_store_like_any_other_object() -> None:
    some = filled()
    some.changed(APPLICATION, application(spec={"path": "a"}))
    assert [live.body.load()["spec"] for live in some.held(APPLICATION.group_kind) if live.body] == [{"path": "a"}]


def test_a_forgotten_application_starts_from_a_number_that_no_pass_has_seen() -> None:
    some, version = settled()
    some.forget(APP)
    some.changed(DEPLOYMENT, deployment(2, digest="v1:bb"))
    assert some.version(APP) > version


def test_metadata_of_an_object_that_is_held_for_its_label_wakes_who_desires_it() -> None:
    labels = {"gitops-operator.io/managed-namespace": "true", "team": "a"}
    some = store()
    some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, metadata={"labels": labels})))
    some.watch_keys(APP, frozenset({key(CONFIG_MAP, "front")}))
    moves = some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, version=2, metadata={"labels": {**labels, "team": "b"}})))
    assert wakes(moves) == {("shop", "object")}
