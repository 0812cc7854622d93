"""On which line a field stands."""

from gitops_operator.render.lines import Lines

_TWO = """\
# a comment
apiVersion: v1
kind: ConfigMap
data:
  a/b: "1"
---
apiVersion: v1
kind: ConfigMap
data:
  color: red
"""
_LIST = """\
apiVersion: v1
kind: List
items:
  - kind: Role
  - kind: ConfigMap
    data:
      color: red
"""


def test_a_field_is_found_in_its_own_document() -> None:
    assert Lines(_TWO.encode()).of(7, ("data", "color")) == 10


def test_a_slash_in_a_key_is_no_step() -> None:
    assert Lines(_TWO.encode()).of(2, ("data", "a/b")) == 5


def test_a_field_that_is_not_in_the_file_stands_where_its_parent_does() -> None:
    assert Lines(_TWO.encode()).of(7, ("data", "other", 3)) == 9


def test_a_field_without_any_parent_stands_where_the_object_begins() -> None:
    assert Lines(_TWO.encode()).of(7, ("spec", "replicas")) == 7


def test_a_field_of_an_object_in_a_list_is_found() -> None:
    assert Lines(_LIST.encode()).of(5, ("data", "color")) == 7


def test_json_has_lines_too() -> None:
    text = '{"kind": "ConfigMap",\n "data": {\n  "color": "red"}}'
    assert Lines(text.encode()).of(1, ("data", "color")) == 3
