"""Sets of fields, and the places in JSON data that they name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.model.fields_v1 import (
    Location,
    leaf_above,
    leaves,
    locate,
    node_at,
    path_of,
    placed,
    planted,
    removed,
    resolve,
    text_of,
    touches,
    unite,
    value_at,
    without,
)

NAMES = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"'])
TREES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=8
).filter(bool)
KEYED: dict[str, Any] = {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}}


@given(one=TREES, other=TREES)
def test_a_union_holds_what_either_holds(one: Any, other: Any) -> None:
    united = unite(one, other)
    assert united == unite(other, one)
    assert all(touches(united, path) for path in (*leaves(one), *leaves(other)))


@given(TREES)
def test_a_union_with_itself_is_itself(tree: Any) -> None:
    assert unite(tree, tree) == tree


@given(tree=TREES, data=st.data())
def test_what_is_taken_out_is_not_there_and_the_rest_is(tree: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(leaves(tree))))
    rest = without(tree, path)
    assert node_at(rest, path) is None
    assert set(leaves(rest)) == set(leaves(tree)) - {path}


def test_taking_out_what_is_not_there_changes_nothing() -> None:
    assert without(KEYED, ("f:x",)) is KEYED
    assert without(KEYED, ("f:ports", "f:x")) is KEYED
    assert without(KEYED, ()) is KEYED


def test_a_bare_node_and_one_with_children_unite_to_one_that_says_both() -> None:
    assert unite({"f:a": {}}, {"f:a": {"f:b": {}}}) == {"f:a": {".": {}, "f:b": {}}}


def test_a_planted_node_is_found() -> None:
    assert node_at(planted(("f:a", "f:b"), {"f:c": {}}), ("f:a", "f:b")) == {"f:c": {}}


def test_a_leaf_above_a_path_is_an_atomic_value_around_it() -> None:
    assert leaf_above({"f:a": {}}, ("f:a", "f:b")) == 1
    assert leaf_above({"f:a": {"f:c": {}}}, ("f:a", "f:b")) is None
    assert leaf_above({"f:a": {}}, ("f:a",)) is None


@pytest.mark.parametrize(
    "location, path",
    [
        (("spec", "replicas"), ("f:spec", "f:replicas")),
        (("ports", 0, "port"), ("f:ports", '~0:{"port": 80}', "f:port")),
        (("names", 1), ("f:names", '~1:"b"')),
        (("missing", "x"), ("f:missing", "f:x")),
        (("names", 7), ("f:names", "~7:null")),
    ],
)
def test_a_place_becomes_a_path_with_items_by_index_and_content(location: Location, path: Any) -> None:
    value = {"spec": {"replicas": 1}, "ports": [{"port": 80, "nested": {"a": 1}}], "names": ["a", "b"]}
    assert path_of(location, value) == path


def test_items_get_the_keys_by_which_a_set_names_them() -> None:
    item = json.dumps({"port": 80})
    assert resolve(("f:ports", f"~0:{item}", "f:port"), KEYED) == (
        "f:ports",
        'k:{"port":80,"protocol":"TCP"}',
        "f:port",
    )
    assert resolve(("f:ports", '~0:{"port": 81}'), KEYED) == ("f:ports", "i:0")
    assert resolve(("f:names", '~1:"b"'), {"f:names": {'v:"b"': {}}}) == ("f:names", 'v:"b"')


def test_an_item_is_found_by_its_exact_keys_before_one_that_lacks_some() -> None:
    ports = [{"port": 80}, {"port": 80, "protocol": "TCP"}]
    assert locate(("f:ports", 'k:{"port":80,"protocol":"TCP"}'), {"ports": ports}) == ("ports", 1)
    assert locate(("f:ports", 'k:{"port":80,"protocol":"TCP"}'), {"ports": ports[:1]}) == ("ports", 0)
    assert locate(("f:ports", 'k:{"port":80,"protocol":"TCP"}'), {"ports": [{"name": "x"}]}) is None


@pytest.mark.parametrize(
    "path", [("f:x",), ("f:a", "f:b"), ("f:list", "i:3"), ("f:list", 'v:"z"'), ("f:a", "i:0")], ids=str
)
def test_what_is_not_there_is_not_found(path: Any) -> None:
    assert locate(path, {"a": 1, "list": ["x"]}) is None


KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)


@given(value=st.dictionaries(KEYS, VALUES, min_size=1, max_size=2), data=st.data())
def test_what_is_put_somewhere_is_there_and_the_original_stays(value: Any, data: st.DataObject) -> None:
    location = _somewhere(value, data)
    before = json.dumps(value)
    assert value_at(location, placed(value, location, "new")) == "new"
    gone = removed(value, location)
    assert placed(value, location, value_at(location, value)) == value
    assert gone != value
    assert json.dumps(value) == before


def test_an_index_past_the_end_appends() -> None:
    assert placed({"a": [1]}, ("a", 5), 2) == {"a": [1, 2]}


def test_a_path_is_written_for_people() -> None:
    path = ("f:spec", "f:containers", 'k:{"name":"app"}', "f:x/y", 'v:"z"', "i:2")
    assert text_of(path) == '.spec.containers[name="app"]["x/y"][="z"][2]'


def _somewhere(value: Any, data: st.DataObject) -> Location:
    keys: list[str | int] = list(value) if isinstance(value, dict) else list(range(len(value)))
    step = data.draw(st.sampled_from(keys))
    inner = value[step]
    if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
        return (step, *_somewhere(inner, data))
    return (step,)
