"""What an apply sends of fields that rules ignore, where more is around them than one value."""

from typing import Any

import pytest

from gitops_operator.model.fields_v1 import Path, is_key, left_out, planted
from gitops_operator.model.managed_fields import owned_part
from gitops_operator.model.resource import DESIRED_DIGEST, TRACKING_ID
from gitops_operator.model.sending import body_to_send
from tests.unit.diff.objects import entry, left_by_apply, resource

A = 'k:{"name":"a"}'
ANNOTATIONS: Path = ("f:metadata", "f:annotations")
SPEC: Path = ("f:data", "f:spec")


def sent(wanted: Any, live: Any, ours: Any, ignored: Path, theirs: Any = None) -> Any:
    """What goes out of `data.spec`, that others' and our own entries name so."""
    entries = [entry({"f:data": {"f:spec": ours}})] if ours is not None else []
    if theirs is not None:
        entries.append(entry({"f:data": {"f:spec": theirs}}, "somebody", "Update"))
    metadata = {"name": "front", "uid": "u", "resourceVersion": "7", "managedFields": entries}
    there = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"spec": live}}
    return body_to_send(resource(data={"spec": wanted}), there, [ignored]).get("data", {}).get("spec")


def test_of_an_ignored_mapping_only_what_is_ours_keeps_its_live_value() -> None:
    live = {"ours": 9, "theirs": 9}
    assert sent({"ours": 1, "theirs": 1}, live, {"f:ours": {}}, SPEC, {"f:theirs": {}}) == {"ours": 9}


def test_of_an_ignored_list_only_the_items_that_are_ours_stay_in_their_order() -> None:
    live = [{"name": "b", "v": 9}, {"name": "theirs"}, {"name": "a", "v": 9}]
    ours: Any = {A: {".": {}, "f:name": {}, "f:v": {}}, 'k:{"name":"b"}': {".": {}, "f:name": {}, "f:v": {}}}
    assert sent([{"name": "a"}], live, ours, SPEC) == [{"name": "b", "v": 9}, {"name": "a", "v": 9}]


def test_a_mapping_that_git_wants_empty_is_not_filled_with_what_is_live() -> None:
    assert sent({}, {"theirs": 1}, {}, SPEC) == {}


def test_a_part_of_an_atomic_value_that_others_took_has_their_value_in_ours() -> None:
    """The value is written whole: without the part it would be gone, or the rest of it not be accepted."""
    assert sent([{"port": 80}], [{"port": 81}], None, (*SPEC, "i:0", "f:port"), {}) == [{"port": 81}]


def test_a_part_of_a_list_that_is_not_live_is_sent_as_git_has_it() -> None:
    assert sent([{"port": 80}], None, None, (*SPEC, "i:0", "f:port")) == [{"port": 80}]


def test_an_item_of_a_list_by_keys_that_is_not_live_is_left_out() -> None:
    others: Any = {'k:{"port":81}': {}}
    assert sent([{"port": 80}, {"port": 81}], [], None, (*SPEC, "i:0"), others) == [{"port": 81}]


def test_the_key_of_an_item_cannot_be_ignored() -> None:
    ours: Any = {A: {".": {}, "f:name": {}}}
    assert sent([{"name": "a"}], [{"name": "a"}], ours, (*SPEC, A, "f:name")) == [{"name": "a"}]


@pytest.mark.parametrize("path", [("f:metadata",), ANNOTATIONS, (*ANNOTATIONS, f"f:{DESIRED_DIGEST}")])
def test_what_we_know_our_objects_by_is_never_ignored(path: Path) -> None:
    wanted = resource(data={"a": "1"})
    live = left_by_apply(resource(data={"a": "0"}), entries=[entry(planted(path, {}), "somebody", "Update")])
    annotations = body_to_send(wanted, live, [path])["metadata"]["annotations"]
    assert annotations == {TRACKING_ID: wanted.tracking_id, DESIRED_DIGEST: wanted.digest}


def test_what_is_left_out_takes_along_what_was_there_for_it_alone() -> None:
    assert sent({"a": 1}, {"a": 2}, None, (*SPEC, "f:a"), {"f:a": {}}) is None


def test_a_key_is_told_from_the_other_fields_of_an_item() -> None:
    assert is_key(("f:items", A, "f:name"))
    assert not is_key(("f:items", A, "f:value"))
    assert not is_key(("f:name",))


def test_a_field_is_left_out_and_its_siblings_stay() -> None:
    assert left_out({"a": {"b": 1, "c": 2}}, ("f:a", "f:b")) == {"a": {"c": 2}}
    assert left_out({"a": {"b": {"c": 1}}, "d": 2}, ("f:a", "f:b", "f:c")) == {"d": 2}
    assert left_out({"a": 1}, ("f:b",)) == {"a": 1}


def test_as_much_of_a_set_is_ours_as_our_entry_names() -> None:
    assert owned_part({'v:"x"': {}, "v:1": {}}, [1, "theirs", "x", True]) == [1, "x"]
