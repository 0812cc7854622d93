"""The values of live objects that others wrote, as the API server stores its own kinds: no managedFields tell."""

from typing import Any

import pytest

from gitops_operator.diff.explain import explain
from tests.unit.diff.objects import entry, resource

Body = dict[str, Any]


def found(kind: str, desired: Body, live: Body) -> list[tuple[str, Any, Any]]:
    """What differs in the spec of an object (or in fields beside it)."""
    wanted = resource(kind, **desired)
    body = {"apiVersion": wanted.api_version, "kind": kind, "metadata": {"name": "front", "namespace": "web"}, **live}
    return [(one.path, one.desired, one.live) for one in explain(wanted, body)]


def pod(**spec: Any) -> Body:
    return {"spec": {"template": {"spec": spec}}}


def test_items_of_a_list_with_keys_are_found_wherever_they_stand() -> None:
    desired = pod(containers=[{"name": "app", "image": "app:1", "env": [{"name": "A", "value": "1"}]}])
    live = pod(
        containers=[
            {"name": "sidecar", "image": "proxy:3"},
            {"name": "app", "image": "app:1", "env": [{"name": "INJECTED", "value": "x"}, {"name": "A", "value": "2"}]},
        ]
    )
    assert found("Deployment", desired, live) == [
        ('.spec.template.spec.containers[name="app"].env[name="A"].value', "1", "2")
    ]


def test_a_key_that_git_leaves_out_has_its_default() -> None:
    desired = {"spec": {"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]}}
    live = {"spec": {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 80, "protocol": "TCP", "targetPort": 80}]}}
    assert found("Service", desired, live) == []


def test_an_item_that_is_gone_is_named_by_its_keys() -> None:
    desired = {"spec": {"ports": [{"port": 80}, {"port": 443}]}}
    live = {"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}
    assert found("Service", desired, live) == [('.spec.ports[port=443,protocol="TCP"]', {"port": 443}, None)]


def test_of_a_set_only_the_missing_value_is_told() -> None:
    desired = {"metadata": {"finalizers": ["a.io/x", "b.io/y"]}}
    live = {"metadata": {"name": "front", "namespace": "web", "finalizers": ["b.io/y", "c.io/z"]}}
    assert found("ConfigMap", desired, live) == [('.metadata.finalizers[="a.io/x"]', "a.io/x", None)]


def test_quantities_are_numbers_where_the_server_takes_them_for_numbers() -> None:
    desired = pod(containers=[{"name": "app", "resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}}}])
    live = pod(containers=[{"name": "app", "resources": {"limits": {"cpu": "1", "memory": "1024Mi"}}}])
    assert found("Deployment", desired, live) == []


def test_text_that_looks_like_a_quantity_is_text() -> None:
    assert found("ConfigMap", {"data": {"size": "1Gi"}}, {"data": {"size": "1024Mi"}}) == [
        (".data.size", "1Gi", "1024Mi")
    ]


def test_what_stands_beside_the_labels_of_a_selector_is_told() -> None:
    desired = {"spec": {"selector": {"app": "front"}}}
    live = {"spec": {"selector": {"app": "front", "track": "canary"}}}
    assert found("Service", desired, live) == [(".spec.selector.track", None, "canary")]


def test_labels_beside_ours_on_the_object_are_nobodys_business() -> None:
    live = {"metadata": {"name": "front", "namespace": "web", "labels": {"a": "1", "b": "2"}}}
    assert found("ConfigMap", {"metadata": {"labels": {"a": "1"}}}, live) == []


@pytest.mark.parametrize(
    "kind, desired, live",
    [
        ("Deployment", pod(hostNetwork=False), pod()),
        ("Deployment", pod(containers=[{"name": "app", "args": []}]), pod(containers=[{"name": "app"}])),
        ("Deployment", {"spec": {"template": {"metadata": {"creationTimestamp": None}}}}, pod()),
        ("Deployment", {"spec": {"template": {"metadata": {"labels": {}}}}}, {"spec": {"template": {"metadata": {}}}}),
        ("Service", {"spec": {"clusterIP": ""}}, {"spec": {"clusterIP": "10.0.0.7"}}),
        ("Service", {"spec": {"ports": [{"port": 80, "nodePort": None}]}}, {"spec": {"ports": [{"port": 80}]}}),
    ],
)
def test_what_the_server_leaves_out_or_chooses_is_no_difference(kind: str, desired: Body, live: Body) -> None:
    assert found(kind, desired, live) == []


def test_a_volume_that_became_another_is_told() -> None:
    desired = pod(volumes=[{"name": "data", "emptyDir": {}}])
    live = pod(volumes=[{"name": "data", "hostPath": {"path": "/"}}])
    assert found("Deployment", desired, live) == [('.spec.template.spec.volumes[name="data"].emptyDir', {}, None)]


def test_of_a_custom_kind_the_server_keeps_every_word() -> None:
    assert found("Widget", {"spec": {"on": False, "cpu": "1000m"}}, {"spec": {"cpu": "1"}}) == [
        (".spec.on", False, None),
        (".spec.cpu", "1000m", "1"),
    ]


def test_true_is_not_one() -> None:
    assert found("Widget", {"spec": {"on": True}}, {"spec": {"on": 1}}) == [(".spec.on", True, 1)]


def test_a_field_that_another_manager_applies_as_well_stays_when_git_drops_it() -> None:
    fields: Body = {"f:data": {"f:color": {}}}
    metadata = {"name": "front", "namespace": "web", "managedFields": [entry(fields), entry(fields, "other")]}
    live = {"metadata": metadata, "data": {"color": "red"}}
    assert found("ConfigMap", {}, live) == []
