"""Which fields to take over so that a refusal goes away; what the real server refuses is in tests/adapters."""

from typing import Any

import pytest

from gitops_operator.apply.siblings import stolen_fields
from gitops_operator.errors import Cause, ClusterError
from gitops_operator.model.fields_v1 import leaves

ENV = 'k:{"name":"A"}'
INVALID = "FieldValueInvalid"


def live(ours: Any, theirs: Any, **spec: Any) -> dict[str, Any]:
    entries = [
        {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": {"f:spec": fields}}
        for manager, operation, fields in (("gitops-operator", "Apply", ours), ("kubectl-edit", "Update", theirs))
    ]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"managedFields": entries}, "spec": spec}


def refused(field: str, message: str, status: int = 422) -> ClusterError:
    return ClusterError("no", status=status, api_reason="Invalid", causes=(Cause(INVALID, message, field),))


def stolen(error: ClusterError, desired: Any, there: Any) -> list[tuple[str, ...]]:
    return sorted(leaves(stolen_fields(error, {"spec": desired}, there)))


def test_what_stands_beside_a_value_of_an_item_is_found_by_the_key_of_the_item() -> None:
    desired = {"env": [{"name": "A", "value": "a"}]}
    there = live({"f:env": {ENV: {"f:value": {}}}}, {"f:env": {ENV: {"f:valueFrom": {"f:x": {}}}}})
    error = refused("spec.env[0].valueFrom", "may not be specified when `value` is not empty")
    assert stolen(error, desired, there) == [("f:spec", "f:env", ENV, "f:valueFrom", "f:x")]


def test_of_two_handlers_the_foreign_one_is_taken() -> None:
    desired = {"probe": {"httpGet": {"path": "/"}}}
    there = live({"f:probe": {"f:httpGet": {"f:path": {}}}}, {"f:probe": {"f:exec": {"f:command": {}}}})
    error = refused("spec.probe.tcpSocket", "may not specify more than 1 handler type")
    assert stolen(error, desired, there) == [("f:spec", "f:probe", "f:exec", "f:command")]


def test_of_two_items_that_exclude_each_other_the_foreign_one_is_taken() -> None:
    ours, theirs = 'k:{"port":80}', 'k:{"port":81}'
    desired = {"ports": [{"port": 80, "name": "web"}]}
    there = live({"f:ports": {ours: {"f:name": {}}}}, {"f:ports": {theirs: {"f:name": {}}}})
    assert stolen(refused("spec.ports[1].name", 'Duplicate value: "web"'), desired, there) == [
        ("f:spec", "f:ports", theirs, "f:name")
    ]


def test_a_default_that_nobody_owns_is_taken_at_the_very_field() -> None:
    desired = {"strategy": {"type": "Recreate"}}
    there = live({"f:strategy": {"f:type": {}}}, {}, strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}})
    error = refused("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    assert stolen(error, desired, there) == [("f:spec", "f:strategy", "f:rollingUpdate", "f:maxSurge")]


@pytest.mark.parametrize(
    "error",
    [
        refused("spec.env[0].valueFrom", "field is immutable"),
        refused("spec.env[0].valueFrom", "updates to spec are forbidden: they are forbidden"),
        refused("spec.env[0].value", "may not be specified", status=409),
        ClusterError("no", status=422, api_reason="Invalid"),
        refused("spec.other.thing", "must be a color"),
    ],
)
def test_what_no_take_over_cures_takes_nothing(error: ClusterError) -> None:
    desired = {"env": [{"name": "A", "value": "a"}]}
    there = live({"f:env": {ENV: {"f:value": {}}}}, {"f:env": {ENV: {"f:valueFrom": {}}}})
    assert stolen(error, desired, there) == []


def test_what_git_names_is_never_taken_from_itself() -> None:
    desired = {"env": [{"name": "A", "value": "a", "valueFrom": {}}]}
    there = live({"f:env": {ENV: {"f:value": {}}}}, {"f:env": {ENV: {"f:valueFrom": {}}}})
    assert stolen(refused("spec.env[0].valueFrom", "may not be specified"), desired, there) == []


def test_fields_of_a_subresource_are_never_taken() -> None:
    desired: dict[str, Any] = {"probe": {"httpGet": {}}}
    there = live({"f:probe": {"f:httpGet": {}}}, {"f:probe": {"f:exec": {}}})
    there["metadata"]["managedFields"][1]["subresource"] = "scale"
    assert stolen(refused("spec.probe.exec", "may not specify more than 1"), desired, there) == []
