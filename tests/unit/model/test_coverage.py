"""The coverage walk: does our entry name every field that Git wants?"""

from typing import Any

import pytest

from gitops_operator.model.coverage import covers, uncovered

A = 'k:{"name":"a"}'


def live(ours: dict[str, Any] | None, *others: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """An object whose spec has these values and whose entries name these fields of it."""
    made = [entry({"f:spec": fields}, "somebody", "Update") for fields in others]
    if ours is not None:
        made.append(entry({"f:spec": ours}, "gitops-operator", "Apply"))
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x", "managedFields": made}, "spec": spec}


def entry(fields: dict[str, Any], manager: str, operation: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields}


def desired(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": spec}


COVERED = {
    "a field": (live({"f:a": {}}, a=1), desired(a=1)),
    "a field with another value": (live({"f:a": {}}, a=2), desired(a=1)),
    "a null": (live({"f:a": {}}), desired(a=None)),
    "an empty mapping": (live({"f:a": {}}, a={}), desired(a={})),
    "an empty list that nobody can own": (live({"f:b": {}}, b=1), desired(a=[], b=1)),
    "an empty list of ours": (live({"f:a": {}}, a=[]), desired(a=[])),
    "an atomic value": (live({"f:a": {}}, a={"b": 1}), desired(a={"b": 1})),
    "an atomic list": (live({"f:a": {}}, a=[1, 2]), desired(a=[1, 2])),
    "an item": (live({"f:l": {A: {"f:name": {}}}}, l=[{"name": "a"}]), desired(l=[{"name": "a"}])),
    "an item by a defaulted key": (
        live({"f:l": {'k:{"p":80,"q":"TCP"}': {".": {}, "f:p": {}}}}, l=[{"p": 80, "q": "TCP"}]),
        desired(l=[{"p": 80}]),
    ),
    "items of which one has a defaulted key": (
        live({"f:l": {'k:{"p":80,"q":"TCP"}': {"f:p": {}}, 'k:{"p":80,"q":"UDP"}': {"f:p": {}, "f:q": {}}}}),
        desired(l=[{"p": 80}, {"p": 80, "q": "UDP"}]),
    ),
    "a set": (live({"f:s": {'v:"x"': {}, "v:1.0": {}}}, s=["x", 1]), desired(s=["x", 1])),
}  # fmt: skip

UNCOVERED = {
    "an object without an entry of ours": (live(None, a=1), desired(a=1), ()),
    "a field": (live({"f:b": {}}, a=1, b=1), desired(a=1, b=1), ("f:spec", "f:a")),
    "a null": (live({"f:b": {}}, b=1), desired(a=None, b=1), ("f:spec", "f:a")),
    "an empty mapping": (live({"f:b": {}}, a={"x": 1}, b=1), desired(a={}, b=1), ("f:spec", "f:a")),
    "an empty list that somebody filled": (
        live({"f:b": {}}, {"f:a": {}}, a=[1], b=1), desired(a=[], b=1), ("f:spec", "f:a"),
    ),
    "a mapping of which others took what is in it": (
        live({"f:a": {}}, {"f:a": {"f:b": {}}}, a={"b": 1}), desired(a={"b": 1}), ("f:spec", "f:a"),
    ),
    "an item": (live({"f:l": {A: {".": {}}}}, l=[]), desired(l=[{"name": "b"}]), ("f:spec", "f:l", "i:0")),
    "a field of an item": (
        live({"f:l": {A: {".": {}, "f:name": {}}}}, l=[{"name": "a"}]),
        desired(l=[{"name": "a", "v": 1}]),
        ("f:spec", "f:l", A, "f:v"),
    ),
    "a value of a set": (live({"f:s": {"v:1": {}}}, s=[1]), desired(s=[1, True]), ("f:spec", "f:s", "v:true")),
}  # fmt: skip


@pytest.mark.parametrize("name", COVERED)
def test_what_our_entry_names_is_covered(name: str) -> None:
    assert covers(*COVERED[name])


@pytest.mark.parametrize("name", UNCOVERED)
def test_what_our_entry_lacks_is_told(name: str) -> None:
    there, wanted, path = UNCOVERED[name]
    assert uncovered(there, wanted) == (path,)


def test_an_entry_of_another_version_covers_nothing() -> None:
    assert not covers(live({"f:a": {}}, a=1), {**desired(a=1), "apiVersion": "v2"})


def test_what_no_manager_ever_owns_is_not_asked_for() -> None:
    body = {**desired(a=1), "status": {"x": 1}}
    body["metadata"]["uid"] = "u"
    assert covers(live({"f:a": {}}, a=1), body)
