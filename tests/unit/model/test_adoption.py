"""Patches of managedFields: whose fields become ours before an apply."""

from typing import Any

import pytest

from gitops_operator.model.adoption import JsonPatch, adoption_patch, previous_fields_patch, take_over_patch
from tests.unit.model.managed import OURS, entry, live

DATA: dict[str, Any] = {"f:data": {"f:a": {}}}
MORE: dict[str, Any] = {"f:data": {"f:b": {}}}


def entries(patch: JsonPatch | None) -> list[dict[str, Any]]:
    """The managedFields that a patch leaves, which also must be fenced against anything newer."""
    assert patch is not None
    test, fields, version = patch
    assert test == {"op": "test", "path": "/metadata/uid", "value": "u1"}
    assert version == {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}
    assert (fields["op"], fields["path"]) == ("replace", "/metadata/managedFields")
    assert fields["value"] != [{}]  # the next apply would make `before-first-apply` the owner of everything
    return list(fields["value"])


def test_the_entry_of_kubectl_becomes_ours_by_its_name() -> None:
    theirs = entry(DATA, "kubectl-client-side-apply", "Update", time="2026-01-01T00:00:00Z")
    assert entries(adoption_patch(live(theirs))) == [theirs | {"manager": OURS, "operation": "Apply"}]


def test_beside_an_entry_of_ours_the_fields_are_united_into_it() -> None:
    controller = entry({"f:data": {"f:c": {}}}, "controller", "Update")
    patch = adoption_patch(live(entry(DATA), controller, entry(MORE, "kubectl-create", "Update")))
    assert entries(patch) == [entry({"f:data": {"f:a": {}, "f:b": {}}}), controller]


def test_several_old_owners_become_one() -> None:
    patch = adoption_patch(
        live(entry(DATA, "kubectl-create", "Update"), entry(MORE, "kubectl-client-side-apply", "Update"))
    )
    assert entries(patch) == [entry({"f:data": {"f:a": {}, "f:b": {}}})]


def test_entries_of_another_version_stay_whose_they_are() -> None:
    old = entry(MORE, "kubectl-create", "Update", "v1beta1")
    assert adoption_patch(live(entry(DATA), old)) is None
    patch = adoption_patch(live(entry(DATA, "kubectl-create", "Update", "v1"), old))
    assert entries(patch) == [entry(DATA), old]


def test_without_an_entry_of_the_objects_version_the_oldest_keeps_its_own() -> None:
    patch = adoption_patch(live(entry(DATA, "kubectl-create", "Update", "v1beta1")))
    assert entries(patch)[0]["apiVersion"] == "v1beta1"


@pytest.mark.parametrize(
    "theirs",
    [
        entry(DATA, "controller", "Update"),
        entry(DATA, "argocd-controller"),
        entry(DATA, "kubectl-create", "Update", subresource="status"),
    ],
    ids=["controller", "another tool", "subresource"],
)
def test_what_is_not_adopted_stays(theirs: dict[str, Any]) -> None:
    assert adoption_patch(live(entry(MORE), theirs)) is None


def test_on_hand_over_the_other_tools_fields_become_ours() -> None:
    argo = entry(DATA, "argocd-controller")
    assert entries(adoption_patch(live(argo), frozenset({"argocd-controller"}))) == [entry(DATA)]


def test_an_object_without_managed_fields_has_nothing_to_adopt() -> None:
    assert adoption_patch(live()) is None


def test_a_subtree_is_taken_over_from_all_others() -> None:
    stolen: dict[str, Any] = {"f:data": {"f:b": {}}}
    other = entry({"f:data": {"f:b": {}, "f:c": {}}}, "kubectl-edit", "Update")
    assert entries(take_over_patch(live(entry(DATA), other), stolen)) == [
        entry({"f:data": {"f:a": {}, "f:b": {}}}),
        entry({"f:data": {"f:c": {}}}, "kubectl-edit", "Update"),
    ]


def test_an_entry_that_is_left_empty_goes() -> None:
    patch = take_over_patch(live(entry(DATA), entry(MORE, "kubectl-edit", "Update")), MORE)
    assert [left["manager"] for left in entries(patch)] == [OURS]


def test_a_subresources_fields_are_never_taken_over() -> None:
    scale = entry(MORE, "autoscaler", "Update", subresource="scale")
    assert entries(take_over_patch(live(entry(DATA), scale), MORE))[1] == scale


def test_nothing_to_take_over_is_no_patch() -> None:
    assert take_over_patch(live(entry(DATA)), {}) is None
    assert take_over_patch(live(entry(DATA)), DATA) is None
    assert take_over_patch(live(entry(DATA, "other")), DATA) is None


def test_a_field_that_others_took_and_git_removed_is_given_back_to_us() -> None:
    previous: dict[str, Any] = {"f:data": {"f:a": {}, "f:b": {}}}
    now = live(entry(DATA), entry(MORE, "kubectl-edit", "Update"), data={"a": "1", "b": "edited"})
    assert entries(previous_fields_patch(now, previous, {"data": {"a": "1"}}))[0] == entry(previous)


@pytest.mark.parametrize(
    "data, desired",
    [({"a": "1", "b": "x"}, {"a": "1", "b": "y"}), ({"a": "1"}, {"a": "1"})],
    ids=["git still wants it", "it is gone already"],
)
def test_a_field_that_the_apply_settles_by_itself_is_left(data: dict[str, str], desired: dict[str, str]) -> None:
    previous: dict[str, Any] = {"f:data": {"f:a": {}, "f:b": {}}}
    now = live(entry(DATA), entry(MORE, "kubectl-edit", "Update"), data=data)
    assert previous_fields_patch(now, previous, {"data": desired}) is None
