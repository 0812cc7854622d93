"""Which fields differ, and who wrote them."""

from typing import Any

import pytest

from gitops_operator.diff.explain import as_text, explain
from gitops_operator.diff.sameness import MISSING, is_same
from gitops_operator.diff.shapes import UNKNOWN, Form, Shape, Values
from gitops_operator.diff.walk import Mask
from gitops_operator.model.change import Difference
from tests.unit.diff.objects import deployment, entry, left_by_apply, resource

MAP = resource(data={"color": "red"})


def edited(desired: Any, fields: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Live after `kubectl edit` took some fields."""
    body = left_by_apply(desired, **parts)
    body["metadata"]["managedFields"][0]["fieldsV1"] = {"f:metadata": {}}
    body["metadata"]["managedFields"].append(entry(fields, "kubectl-edit", "Update"))
    return body


def test_an_edited_field_is_told_with_who_edited_it_and_where_git_says_otherwise() -> None:
    live = edited(MAP, {"f:data": {"f:color": {}}}, data={"color": "blue"})
    [found] = explain(MAP, live)
    expected = Difference(".data.color", "red", "blue", "kubectl-edit", "2026-11-24T00:00:00Z", MAP.origin)
    assert found == expected._replace(location=("data", "color"))


def test_nothing_differs_in_what_our_apply_left() -> None:
    assert explain(MAP, left_by_apply(MAP)) == ()


def test_an_ignored_field_is_not_told() -> None:
    live = edited(MAP, {"f:data": {"f:color": {}}}, data={"color": "blue"})
    assert explain(MAP, live, [("f:data", "f:color")]) == ()


def test_a_field_that_is_gone_is_told_as_nothing() -> None:
    [found] = explain(MAP, edited(MAP, {"f:data": {".": {}}}, data={}))
    assert (found.desired, found.live) == ("red", None)


def test_a_field_that_git_dropped_is_told() -> None:
    [found] = explain(resource(data={}), left_by_apply(MAP))
    assert (found.path, found.desired, found.live) == (".data.color", None, "red")


def test_an_item_of_a_list_is_named_by_its_key() -> None:
    desired = deployment(template={"spec": {"containers": [{"name": "app", "image": "app:1"}]}})
    fields: dict[str, Any] = {
        "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"app"}': {"f:image": {}}}}}}
    }
    items = [{"name": "side", "image": "s"}, {"name": "app", "image": "app:2"}]
    live = edited(desired, fields, spec={"replicas": 2, "paused": False, "template": {"spec": {"containers": items}}})
    [found] = explain(desired, live)
    assert found.path == '.spec.template.spec.containers[name="app"].image'
    assert (found.desired, found.live, found.manager) == ("app:1", "app:2", "kubectl-edit")


def test_the_values_of_a_secret_are_masked() -> None:
    secret = resource("Secret", data={"password": "aHVudGVyMg=="})
    [found] = explain(secret, edited(secret, {"f:data": {"f:password": {}}}, data={"password": "b3RoZXI="}))
    assert set(found.desired) == set(found.live) == {"+"}
    assert found.desired != found.live


def test_equal_secret_values_have_equal_masks() -> None:
    mask = Mask()
    assert mask.of({"a": "x", "b": "x", "c": "y"}) == {"a": "+" * 8, "b": "+" * 8, "c": "+" * 12}


QUANTITY = Shape(is_builtin=True, values=Values.QUANTITY)
TIME = Shape(is_builtin=True, values=Values.TIME)
BYTES = Shape(is_builtin=True, values=Values.BYTES)
BUILTIN = Shape(is_builtin=True)
MAPPING = Shape(is_builtin=True, form=Form.MAP)


@pytest.mark.parametrize(
    "desired, live, shape",
    [
        ("1000m", "1", QUANTITY),
        ("1", 1, QUANTITY),
        ("1Gi", "1024Mi", QUANTITY),
        ("1e3", "1k", QUANTITY),
        ("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z", TIME),
        ("YWJj\nZGVm\n", "YWJjZGVm", BYTES),
        (None, {}, UNKNOWN),
        (None, 30080, BUILTIN),
        ({}, {"a": 1}, UNKNOWN),
        ({}, MISSING, MAPPING),
        ([], None, UNKNOWN),
        (False, MISSING, BUILTIN),
        ("", MISSING, BUILTIN),
        (0, MISSING, BUILTIN),
        (1, 1.0, UNKNOWN),
    ],
)
def test_other_words_for_the_same_value_are_no_difference(desired: Any, live: Any, shape: Shape) -> None:
    assert is_same(desired, live, shape)


@pytest.mark.parametrize(
    "desired, live, shape",
    [
        ("1", "2", UNKNOWN),
        ("1000m", "1", UNKNOWN),  # of a custom kind the server keeps every word
        ("1000m", "1", BUILTIN),  # the data of a ConfigMap is text
        ("1m", "1M", QUANTITY),
        (True, 1, UNKNOWN),
        (["a"], ["a", "b"], UNKNOWN),
        ({"a": 1}, {}, UNKNOWN),
        ([], ["a"], UNKNOWN),
        ({}, MISSING, BUILTIN),  # emptyDir: {} that became another volume
        (False, MISSING, UNKNOWN),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", TIME),
    ],
)
def test_another_value_is_a_difference(desired: Any, live: Any, shape: Shape) -> None:
    assert not is_same(desired, live, shape)


def test_a_difference_is_a_line_of_text() -> None:
    found = Difference(".spec.replicas", 2, 7, "kubectl-edit", "2026-11-24T00:00:00Z")
    assert as_text([found]) == ".spec.replicas: 7 → 2 (kubectl-edit, 2026-11-24T00:00:00Z)"


def test_of_two_large_values_only_what_differs_is_text() -> None:
    text = as_text([Difference(".data", {"a": 1, "b": 2}, {"a": 1, "b": 3})])
    assert "root['b']" in text
    assert "root['a']" not in text
