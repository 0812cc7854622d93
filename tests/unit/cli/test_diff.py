"""`diff` of one desired and one live object."""

from typing import Any

import pytest

from gitops_operator.cli.offline.diff import run
from tests.builders import config_map, deployment, manifest, service
from tests.unit.cli.calls import one

Json = dict[str, Any]
NONE: Json = {"action": "none", "differences": []}


def compared(desired: Json | None, live: Json | None, *rules: Json) -> Json:
    return one(run, desired=desired, live=live, ignoreDifferences=rules)


def secret(**data: str) -> Json:
    return manifest("v1", "Secret", "keys", namespace="web", data=data)


def entry(manager: str, operation: str, fields: Json) -> Json:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields}


def test_what_is_missing_is_created() -> None:
    assert compared(config_map("a"), None) == {"action": "create", "differences": []}


def test_what_is_not_desired_is_pruned() -> None:
    assert compared(None, config_map("a", namespace="web")) == {"action": "prune", "differences": []}


def test_what_is_not_desired_and_says_that_it_stays_stays() -> None:
    assert compared(None, config_map("a", namespace="web", options=["Prune=false"])) == NONE


def test_what_is_not_desired_and_made_by_a_controller_stays() -> None:
    live = config_map("a", namespace="web")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "b", "uid": "1", "controller": True}
    live["metadata"]["ownerReferences"] = [owner]
    assert compared(None, live) == NONE


def test_an_update_names_each_field() -> None:
    live = deployment("front", image="shop:2", replicas=3, namespace="web")
    assert compared(deployment("front"), live) == {
        "action": "update",
        "differences": [
            {"path": ".spec.replicas", "desired": 1, "live": 3},
            {
                "path": '.spec.template.spec.containers[name="main"].image',
                "desired": "shop:1",
                "live": "shop:2",
            },
        ],
    }


def test_what_the_server_fills_in_is_no_difference() -> None:
    live = service("front", namespace="web", uid="1")
    live["spec"]["ports"][0].update({"targetPort": 80, "nodePort": 30123})
    live["spec"].update({"clusterIP": "10.0.0.1", "type": "NodePort"})
    assert compared(service("front"), live) == NONE


@pytest.mark.parametrize(
    "rule",
    [
        {"jsonPointers": ["/spec/replicas"]},
        {"group": "apps", "kind": "Deployment", "jqPathExpressions": [".spec.replicas"]},
        {"group": "*", "kind": "*", "name": "front", "jsonPointers": ["/spec/replicas"]},
    ],
)
def test_a_field_that_a_rule_ignores_does_not_count(rule: Json) -> None:
    assert compared(deployment("front"), deployment("front", replicas=3, namespace="web"), rule) == NONE


def test_a_rule_about_another_kind_changes_nothing() -> None:
    rule = {"group": "apps", "kind": "StatefulSet", "jsonPointers": ["/spec/replicas"]}
    assert compared(deployment("front"), deployment("front", replicas=3), rule)["action"] == "update"


def test_a_rule_that_cannot_be_read_is_an_error() -> None:
    found = compared(deployment("front"), deployment("front"), {"jsonPointers": ["spec"]})
    assert found["error"]["message"].startswith("ignoreDifferences[0]: JSON pointer 'spec'")


def test_values_of_a_secret_are_masked() -> None:
    [found] = compared(secret(password="b25l"), secret(password="dHdv"))["differences"]
    assert found == {"path": ".data.password", "desired": "+" * 8, "live": "+" * 12}


def test_string_data_is_compared_with_the_data_that_it_becomes() -> None:
    assert compared(manifest("v1", "Secret", "keys", stringData={"password": "one"}), secret(password="b25l")) == NONE


def test_a_field_that_our_apply_owns_and_git_dropped_is_told() -> None:
    live = config_map("a", {"color": "blue", "size": "1"}, namespace="web")
    fields: Json = {"f:data": {"f:color": {}, "f:size": {}}}
    live["metadata"]["managedFields"] = [entry("gitops-operator", "Apply", fields)]
    assert compared(config_map("a"), live)["differences"] == [{"path": ".data.size", "desired": None, "live": "1"}]


def test_a_field_that_somebody_else_added_is_no_difference() -> None:
    live = config_map("a", {"color": "blue", "size": "1"}, namespace="web")
    mine: Json = {"f:data": {"f:color": {}}}
    theirs: Json = {"f:data": {"f:size": {}}}
    live["metadata"]["managedFields"] = [entry("gitops-operator", "Apply", mine), entry("kubectl", "Update", theirs)]
    assert compared(config_map("a"), live) == NONE


def test_two_objects_are_not_compared() -> None:
    found = compared(config_map("a", namespace="web"), config_map("b", namespace="web"))
    assert found["error"]["message"].endswith("these are two objects")


def test_an_object_that_was_read_in_another_version_is_not_compared_by_its_values() -> None:
    desired = manifest("autoscaling/v1", "HorizontalPodAutoscaler", "a", spec={"targetCPUUtilizationPercentage": 50})
    live = manifest("autoscaling/v2", "HorizontalPodAutoscaler", "a", spec={"metrics": []})
    assert "kubectl get horizontalpodautoscaler.v1.autoscaling" in compared(desired, live)["error"]["message"]


def test_of_nothing_and_nothing_nothing_is_told() -> None:
    assert compared(None, None) == NONE
