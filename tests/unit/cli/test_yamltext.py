"""JSON data as YAML: what is written is read back as it was, by our reader and by another one."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_operator.cli.yamltext import yaml_text
from gitops_operator.render.yaml import read

_WORDS = (
    "on y 1e3 0777 0o7 ~ null 1_000 .5 # 2026-01-01 = << *a &a !a %a @a ` ' --- ... é { [ ] a,b ? : a: - -- --x 1:30"
)
TRICKY = st.sampled_from(
    [
        *_WORDS.split(),
        '"',
        "\\",
        "",
        " ",
        "a: b",
        "- a",
        "a #b",
        "a\n",
        "a\n\n",
        "a\n b",
        " a\nb",
        "\ta",
        "a\r\nb",
        "\u2028",
        "\ufeff",
        "\0",
    ]
)
TEXTS = TRICKY | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(VALUES.filter(lambda value: isinstance(value, dict | list) and bool(value)))
def test_our_reader_reads_back_what_was_written(value: Any) -> None:
    found = read(yaml_text(value).encode("utf-8", "surrogatepass"), "")
    assert found.problems == ()
    assert [document.value for document in found.documents] == [value]


@settings(max_examples=150)
@given(VALUES)
def test_another_reader_reads_back_what_was_written(value: Any) -> None:
    assert yaml.safe_load(yaml_text(value)) == value


@pytest.mark.parametrize(
    "value, text",
    [
        ({"a": {"b": [1, "x"]}}, "a:\n  b:\n  - 1\n  - x\n"),
        ([{"name": "a", "args": ["--x"]}], "- name: a\n  args:\n  - --x\n"),
        ({"image": "front:1.2", "on": "yes"}, 'image: front:1.2\n"on": "yes"\n'),
        ({"script": "one\ntwo\n"}, "script: |\n  one\n  two\n"),
        ({"empty": {}, "none": None}, "empty: {}\nnone: null\n"),
    ],
)
def test_it_looks_as_people_write_it(value: Any, text: str) -> None:
    assert yaml_text(value) == text
