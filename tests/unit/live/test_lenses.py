from typing import Any

import pytest

from gitops_operator.live import Store
from gitops_operator.model.kind import Kind
from gitops_operator.model.managed_fields import WHOLE, Lens
from gitops_operator.model.resource import Body, ResourceKey
from tests.unit.live.objects import (
    APP,
    DEPLOYMENT,
    HPA,
    OTHER,
    SCALED_OBJECT,
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
REPLICAS = ("f:spec", "f:replicas")


def deployment(version: int = 1, **parts: Any) -> bytes:
    return raw(tracked(DEPLOYMENT, version=version, **{"spec": SPEC, **parts}))


def applied() -> Store:
    some = store()
    some.applied(DEPLOYMENT, deployment(5), baseline=True)
    return some


def is_as_applied(some: Store) -> bool:
    live = seen(some, KEY)
    return live.ownership == live.baseline != ""


def ignore_replicas(_key: ResourceKey, _body: Body) -> Lens:
    return Lens("a", frozenset({REPLICAS}))


def hpa(
    version: int = 1, target: str = "front", api_version: str = "apps/v1", kind: Kind = HPA, name: str = "front"
) -> bytes:
    reference = {"kind": "Deployment", "name": target, **({"apiVersion": api_version} if api_version else {})}
    return raw(body(kind, name, version, spec={"scaleTargetRef": reference}))


def test_a_change_of_an_ignored_field_wakes_nobody() -> None:
    some = applied()
    some.exclude(APP, ignore_replicas)
    assert not some.changed(DEPLOYMENT, deployment(6, spec={**SPEC, "replicas": 9}))
    assert is_as_applied(some)


def test_a_new_rule_keeps_what_is_known_of_an_object_as_applied() -> None:
    some = applied()
    version = some.version(APP)
    some.exclude(APP, ignore_replicas)
    assert is_as_applied(some)
    assert some.version(APP) > version


def test_a_new_rule_ends_the_drift_of_the_field_that_it_ignores() -> None:
    some = applied()
    some.changed(DEPLOYMENT, deployment(6, spec={**SPEC, "replicas": 9}))
    some.exclude(APP, ignore_replicas)
    assert is_as_applied(some)


def test_a_new_rule_does_not_hide_drift_of_another_field() -> None:
    some = applied()
    some.changed(DEPLOYMENT, deployment(6, spec={"replicas": 9, "image": "two"}))
    some.exclude(APP, ignore_replicas)
    assert seen(some, KEY).baseline not in {"", seen(some, KEY).ownership}


def test_a_rule_that_is_taken_back_leaves_the_baseline_unknown() -> None:
    some = applied()
    some.exclude(APP, ignore_replicas)
    some.changed(DEPLOYMENT, deployment(6, spec={**SPEC, "replicas": 9}))
    some.exclude(APP, None)
    assert seen(some, KEY).baseline == ""


def test_a_new_rule_leaves_unknown_what_a_dry_run_refuted() -> None:
    """What the dry run would change may or may not be what the rule ignores: another one has to tell."""
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5, spec=SPEC)))
    some.refuted(KEY, seen(some, KEY).ownership)
    some.exclude(APP, ignore_replicas)
    assert seen(some, KEY).baseline == ""


def test_the_same_rules_again_cost_nothing() -> None:
    calls: list[Any] = []

    def rules(_key: ResourceKey, _body: Body) -> Lens:
        calls.append(1)
        return WHOLE

    some = applied()
    some.exclude(APP, rules)
    version = some.version(APP)
    some.exclude(APP, rules)
    assert len(calls) == 1
    assert some.version(APP) == version


def test_rules_that_select_nothing_change_nothing() -> None:
    some = applied()
    version = some.version(APP)
    some.exclude(APP, lambda _key, _body: WHOLE)
    assert some.version(APP) == version
    assert is_as_applied(some)


def test_rules_of_one_application_leave_the_objects_of_another_alone() -> None:
    some = applied()
    some.exclude(OTHER, ignore_replicas)
    assert wakes(some.changed(DEPLOYMENT, deployment(6, spec={**SPEC, "replicas": 9}))) == {("shop", "object")}


def test_fields_of_a_manager_that_takes_them_later_are_ignored_from_then_on() -> None:
    """A rule by manager selects nothing until the manager owns something: the baseline moves with the lens."""

    def rules(_key: ResourceKey, some_body: Body) -> Lens:
        managers = {entry["manager"] for entry in some_body["metadata"]["managedFields"]}
        return Lens("m", frozenset({REPLICAS}) if "scaler" in managers else frozenset())

    some = store()
    some.exclude(APP, rules)
    some.applied(DEPLOYMENT, deployment(5), baseline=True)
    scaler = {"manager": "scaler", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    taken = deployment(6, spec={**SPEC, "replicas": 9}, metadata={"managedFields": [scaler]})
    some.changed(DEPLOYMENT, taken)
    assert is_as_applied(some)


@pytest.mark.parametrize("kind,api_version", [(HPA, "apps/v1"), (SCALED_OBJECT, "apps/v1"), (SCALED_OBJECT, "")])
def test_replicas_of_an_autoscaled_workload_do_not_count(kind: Kind, api_version: str) -> None:
    some = applied()
    assert wakes(some.changed(kind, hpa(kind=kind, api_version=api_version))) == {("shop", "object")}
    assert not some.changed(DEPLOYMENT, deployment(6, spec={**SPEC, "replicas": 9}))
    assert is_as_applied(some)
    assert some.snapshot(APP, []).autoscaled == {KEY: key(kind, "front")}


def test_it_does_not_matter_whether_the_workload_or_its_autoscaler_comes_first() -> None:
    some = filled()
    some.changed(HPA, hpa())
    some.changed(DEPLOYMENT, deployment(5))
    later = applied()
    later.changed(HPA, hpa())
    assert seen(some, KEY).ownership == seen(later, KEY).ownership


def test_replicas_count_again_when_the_autoscaler_goes_but_what_they_should_be_is_not_known() -> None:
    some = applied()
    some.changed(HPA, hpa())
    some.changed(DEPLOYMENT, deployment(6, spec={**SPEC, "replicas": 9}))
    assert wakes(some.deleted(HPA, hpa(2))) == {("shop", "object")}
    assert seen(some, KEY).baseline == ""
    assert some.snapshot(APP, []).autoscaled == {}


def test_an_autoscaler_that_turns_to_another_workload_frees_the_first() -> None:
    some = applied()
    some.changed(HPA, hpa())
    some.changed(HPA, hpa(2, target="back"))
    assert some.snapshot(APP, []).autoscaled == {}
    assert wakes(some.changed(DEPLOYMENT, deployment(6, spec={**SPEC, "replicas": 9}))) == {("shop", "object")}


def test_one_autoscaler_of_two_keeps_the_replicas() -> None:
    some = applied()
    some.changed(HPA, hpa())
    some.changed(HPA, hpa(name="second"))
    some.deleted(HPA, hpa(2))
    assert some.snapshot(APP, []).autoscaled == {KEY: key(HPA, "second")}


def test_an_autoscaler_of_another_namespace_is_no_matter() -> None:
    some = applied()
    elsewhere = body(HPA, namespace="db", spec={"scaleTargetRef": {"kind": "Deployment", "name": "front"}})
    assert not some.changed(HPA, raw(elsewhere))


def test_a_workload_that_is_yet_to_be_made_is_known_to_be_autoscaled() -> None:
    some = filled()
    some.watch_keys(APP, frozenset({KEY}))
    assert wakes(some.changed(HPA, hpa())) == {("shop", "object")}
    assert some.snapshot(APP, [KEY]).autoscaled == {KEY: key(HPA, "front")}


def test_an_autoscaler_without_a_target_is_ignored() -> None:
    some = applied()
    assert not some.changed(HPA, raw(body(HPA, spec={})))
    assert not some.changed(HPA, raw(body(HPA, "b", spec={"scaleTargetRef": "front"})))
