"""H of drift.md: what we own of a live object, and its values there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.model.fields_v1 import leaves
from gitops_operator.model.managed_fields import (
    Lens,
    adoptable_managers,
    is_adoptable,
    our_entry,
    owner_of,
    ownership,
    owns,
)
from tests.unit.model.managed import entry, live, tree_of

NAMES = st.sampled_from(["a", "b", "c", "metadata"])
OBJECTS = st.recursive(
    st.dictionaries(NAMES, st.integers(0, 3) | st.text("xy", max_size=2) | st.booleans() | st.none(), max_size=3),
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, max_size=2) | st.integers(0, 3), max_size=3),
    max_leaves=6,
)
PORTS: dict[str, Any] = {
    "f:spec": {
        "f:ports": {
            'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}},
            'k:{"port":53,"protocol":"UDP"}': {".": {}, "f:port": {}, "f:protocol": {}},
        }
    }
}
HTTP = {"port": 80, "protocol": "TCP", "targetPort": 8080}
DNS = {"port": 53, "protocol": "UDP"}


def h(fields: Any, lens: Lens = Lens(), **parts: Any) -> str:  # noqa: B008 - immutable
    return ownership(live(entry(fields), **parts), lens)


def test_without_an_apply_entry_of_ours_there_is_no_h() -> None:
    assert ownership(live(data={"a": "1"})) == ""
    assert ownership(live(entry({"f:data": {}}, operation="Update"))) == ""
    assert ownership(live(entry({"f:data": {}}, manager="kubectl"))) == ""
    assert ownership(live(entry({"f:data": {}}, subresource="status"))) == ""


@given(OBJECTS)
def test_the_same_object_has_the_same_h(spec: Any) -> None:
    assert h({"f:spec": tree_of(spec)}, spec=spec) == h({"f:spec": tree_of(spec)}, spec=spec)


@given(spec=OBJECTS, status=OBJECTS, version=st.integers(1, 99))
def test_h_does_not_see_status_others_and_versions(spec: Any, status: Any, version: int) -> None:
    ours = entry({"f:spec": tree_of(spec)})
    theirs = entry({"f:status": {}}, "controller", "Update", subresource="status")
    moved = live(ours, theirs, spec=spec, status=status, metadata={"resourceVersion": str(version), "generation": 9})
    assert ownership(moved) == ownership(live(ours, spec=spec))


@given(spec=OBJECTS, data=st.data())
def test_a_change_of_an_owned_value_shows(spec: Any, data: st.DataObject) -> None:
    paths = sorted(leaves(tree_of(spec)))
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    changed = _changed(spec, [element[2:] for element in path])
    assert h({"f:spec": tree_of(spec)}, spec=spec) != h({"f:spec": tree_of(spec)}, spec=changed)


@given(OBJECTS)
def test_a_field_that_we_do_not_name_does_not_show(spec: Any) -> None:
    fields: dict[str, Any] = {"f:spec": tree_of(spec) or {"f:x": {}}}
    assert h(fields, spec=spec) == h(fields, spec=spec | {"theirs": 1})


@pytest.mark.parametrize("one, other", [(1, "1"), (1, True), (None, False), ([1, 2], [2, 1]), ({}, {"a": 1})])
def test_values_of_another_type_or_order_show(one: object, other: object) -> None:
    assert h({"f:spec": {"f:x": {}}}, spec={"x": one}) != h({"f:spec": {"f:x": {}}}, spec={"x": other})


def test_null_is_not_absence() -> None:
    assert h({"f:spec": {"f:x": {}}}, spec={"x": None}) != h({"f:spec": {"f:x": {}}}, spec={})


def test_another_version_of_our_entry_shows() -> None:
    assert ownership(live(entry({"f:data": {}}, api_version="v1"))) != ownership(
        live(entry({"f:data": {}}, api_version="v2"))
    )


def test_items_are_found_by_their_whole_key() -> None:
    good = h(PORTS, spec={"ports": [HTTP, DNS]})
    assert h(PORTS, spec={"ports": [HTTP, {**DNS, "nodePort": 30053}]}) == good
    assert h(PORTS, spec={"ports": [HTTP, DNS, {**DNS, "port": 5353}]}) == good
    assert h(PORTS, spec={"ports": [{**HTTP, "targetPort": 9090}, DNS]}) != good
    assert h(PORTS, spec={"ports": [HTTP]}) != good
    assert h(PORTS, spec={"ports": [HTTP, {**DNS, "protocol": "TCP"}]}) != good


def test_the_order_of_items_counts() -> None:
    assert h(PORTS, spec={"ports": [HTTP, DNS]}) != h(PORTS, spec={"ports": [DNS, HTTP]})


def test_members_of_a_set_count_and_those_of_others_do_not() -> None:
    fields: dict[str, Any] = {"f:metadata": {"f:finalizers": {".": {}, 'v:"a"': {}, 'v:"b"': {}}}}
    good = h(fields, metadata={"finalizers": ["a", "b"]})
    assert h(fields, metadata={"finalizers": ["a", "x", "b"]}) == good
    assert h(fields, metadata={"finalizers": ["a"]}) != good


def test_keys_with_quotes_and_numbers_are_found() -> None:
    element = 'k:{"name":"a\\"b","n":1.5}'
    fields: dict[str, Any] = {"f:spec": {"f:items": {element: {".": {}, "f:value": {}}}}}
    good = h(fields, spec={"items": [{"name": 'a"b', "n": 1.5, "value": 1}]})
    assert h(fields, spec={"items": [{"name": 'a"b', "n": 1.5, "value": 2}]}) != good
    assert h(fields, spec={"items": []}) != good


def test_an_ignored_field_does_not_show_and_the_others_do() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:replicas": {}, "f:image": {}}}
    lens = Lens("r", frozenset({("f:spec", "f:replicas")}))
    good = h(fields, lens, spec={"replicas": 1, "image": "a"})
    assert h(fields, lens, spec={"replicas": 9, "image": "a"}) == good
    assert h(fields, lens, spec={"replicas": 1, "image": "b"}) != good


def test_a_part_of_an_atomic_value_may_be_ignored() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:selector": {}}}
    lens = Lens("r", frozenset({("f:spec", "f:selector", "f:app")}))
    good = h(fields, lens, spec={"selector": {"app": "a", "tier": "x"}})
    assert h(fields, lens, spec={"selector": {"app": "b", "tier": "x"}}) == good
    assert h(fields, lens, spec={"selector": {"app": "a", "tier": "y"}}) != good


def test_of_a_bare_field_only_the_presence_counts() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:emptyDir": {}}}
    lens = Lens("", bare=frozenset({("f:spec", "f:emptyDir")}))
    good = h(fields, lens, spec={"emptyDir": {}})
    assert h(fields, lens, spec={"emptyDir": {"medium": "Memory"}}) == good
    assert h(fields, lens, spec={}) != good


def test_values_under_other_rules_say_nothing_about_each_other() -> None:
    assert h({"f:spec": {}}, Lens("a"), spec={}) != h({"f:spec": {}}, Lens("b"), spec={})


@pytest.mark.parametrize(
    "manager, operation, more, adopted",
    [
        ("kubectl-client-side-apply", "Update", {}, True),
        ("kubectl-create", "Update", {}, True),
        ("before-first-apply", "Update", {}, True),
        ("gitops-operator", "Update", {}, True),
        ("kubectl", "Apply", {}, False),
        ("kube-controller-manager", "Update", {}, False),
        ("kubectl-create", "Update", {"subresource": "scale"}, False),
        ("argocd-controller", "Apply", {}, False),
    ],
)
def test_which_co_owners_are_adopted(manager: str, operation: str, more: dict[str, str], adopted: bool) -> None:
    assert is_adoptable(entry({}, manager, operation, **more)) is adopted


def test_managers_of_other_tools_are_adopted_on_hand_over() -> None:
    assert is_adoptable(entry({}, "argocd-controller"), also=frozenset({"argocd-controller"}))


def test_entries_of_another_version_than_ours_cannot_be_adopted() -> None:
    ours = entry({}, api_version="apps/v1")
    old = entry({}, "kubectl-create", "Update", "apps/v1beta1")
    assert adoptable_managers([ours, old]) == ()
    assert adoptable_managers([old]) == ("kubectl-create",)


def test_the_owner_of_a_field_is_its_last_foreign_writer() -> None:
    ours = entry({"f:spec": {"f:x": {}}}, time="2026-01-03T00:00:00Z")
    first = entry({"f:spec": {"f:x": {}}}, "first", "Update", time="2026-01-01T00:00:00Z")
    second = entry({"f:spec": {"f:x": {}}}, "second", "Update", time="2026-01-02T00:00:00Z")
    other = entry({"f:spec": {"f:y": {}}}, "other", "Update", time="2026-01-04T00:00:00Z")
    assert owner_of([ours, first, second, other], ("f:spec", "f:x")) is second
    assert owner_of([ours, other], ("f:spec", "f:x")) is ours
    assert owner_of([ours], ("f:spec", "f:z")) is None
    assert our_entry([first, ours]) is ours


def test_who_owns_an_atomic_value_owns_what_is_in_it() -> None:
    assert owns(entry({"f:spec": {"f:selector": {}}}), ("f:spec", "f:selector", "f:app"))
    assert not owns(entry({"f:spec": {"f:selector": {"f:tier": {}}}}), ("f:spec", "f:selector", "f:app"))


def _changed(value: Any, path: list[str]) -> Any:
    if not path:
        return [value, "changed"]
    return {**value, path[0]: _changed(value[path[0]], path[1:])}
