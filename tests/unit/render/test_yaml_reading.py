"""Documents, places, warnings and errors of the YAML reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.render.places import Places
from gitops_operator.render.yaml import Document, read

TEXT = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=12)


def json_of(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | text,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=12,
    )


FRAGMENTS = st.sampled_from(
    [
        "a: b\n",
        "- x\n",
        "---\n",
        "  ",
        "{a: b:c}",
        "[",
        "]",
        "}",
        "&a ",
        "*a",
        "<<: *a\n",
        "|\n",
        "'",
        '"',
        "\t",
        ": ",
        "#",
    ]
)


def values(text: str | bytes) -> list[Any]:
    result = read(text.encode() if isinstance(text, str) else text, "a.yaml")
    assert result.problems == ()
    return [document.value for document in result.documents]


def problems(text: str | bytes, file: str = "a.yaml") -> list[str]:
    return [str(problem) for problem in read(text.encode() if isinstance(text, str) else text, file).problems]


def test_documents_know_the_line_where_they_begin() -> None:
    text = "# a comment\na: 1\n---\n\n# another\nb: 2\n--- # here\n- c\n"
    assert read(text.encode(), "").documents == (Document({"a": 1}, 2), Document({"b": 2}, 6), Document(["c"], 8))


def test_empty_documents_and_those_of_comments_only_do_not_count() -> None:
    assert values("---\n---\n# nothing here\n---\nnull\n---\n~\n---\na: 1\n---\n") == [{"a": 1}]
    assert values("") == values("\n\n") == values("# nothing\n") == []


def test_a_text_without_newline_at_its_end_is_read_whole() -> None:
    assert values("a: 1\n---\nb: |\n  x") == [{"a": 1}, {"b": "x"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_is_utf_8_or_what_its_byte_order_mark_says(encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert values(mark + "größe: \N{OK HAND SIGN}".encode(encoding)) == [{"größe": "\N{OK HAND SIGN}"}]


def test_a_byte_order_mark_may_begin_a_later_document_too() -> None:
    assert values("a: 1\n---\n\ufeffb: 2\n--- \r\n\ufeffc:\n  d: 3\n") == [{"a": 1}, {"b": 2}, {"c": {"d": 3}}]


def test_each_byte_of_a_binary_that_is_no_text_is_one_replacement_character() -> None:
    assert values("a: !!binary 1e+3\nb: !!binary w6k=\n") == [{"a": "\ufffd" * 3, "b": "é"}]


def test_bytes_that_are_no_text_are_a_problem_with_their_place() -> None:
    assert problems(b"a: 1\nb: \xff\n") == ["a.yaml:2:4: the file is not UTF-8 text: invalid start byte"]


def test_control_characters_are_all_named_and_hide_no_other_error() -> None:
    assert problems("a: \x01\n---\nb: \x7f\n---\nc: [\n") == [
        "a.yaml:1:4: a control character cannot stand in YAML as it is; escape it inside double quotes",
        "a.yaml:3:4: a control character cannot stand in YAML as it is; escape it inside double quotes",
        "a.yaml:6:1: a value is missing here, or a bracket before it is not closed",
    ]


def test_a_duplicate_key_is_a_warning_with_line_and_key_and_the_last_one_counts() -> None:
    result = read(b"a:\n  b: 1\n  c: 2\n  b: 3\n", "a.yaml")
    assert result.documents[0].value == {"a": {"b": 3, "c": 2}}
    assert [str(warning) for warning in result.warnings] == ["a.yaml:4:3: duplicate key 'b': the last one counts"]


def test_keys_that_mean_the_same_are_duplicates() -> None:
    result = read(b"yes: 1\n'true': 2\n", "a.yaml")
    assert result.documents[0].value == {"true": 2}
    assert len(result.warnings) == 1


def test_a_key_that_overrides_a_merged_one_is_no_duplicate_but_a_second_one_is() -> None:
    assert read(b"x: &x {a: 1}\nuse:\n  <<: *x\n  a: 2\n", "").warnings == ()
    assert len(read(b"x: &x {a: 1}\nuse:\n  <<: *x\n  a: 2\n  a: 3\n", "").warnings) == 1


def test_one_broken_document_hides_neither_the_others_nor_their_errors() -> None:
    text = "a: [1\n---\nb: 2\n---\nc: @x\n---\nd: *nowhere\ne: .inf\n---\nf: 6\n---\ng:\n\th: 1\n"
    result = read(text.encode(), "a.yaml")
    assert [document.value for document in result.documents] == [{"b": 2}, {"f": 6}]
    assert [str(problem) for problem in result.problems] == [
        "a.yaml:2:1: the list in brackets does not go on with a comma and is not closed",
        "a.yaml:5:4: a value cannot begin with @; quote it",
        "a.yaml:7:4: the anchor 'nowhere' is not known",
        "a.yaml:8:4: infinity and NaN cannot be written as JSON; quote the value if it is text",
        "a.yaml:13:1: a tab cannot indent YAML; use spaces",
    ]


@pytest.mark.parametrize(
    "text, place",
    [
        ('a: 1\nb: "open\nc: 2\n---\nd: 3\n', "2:4"),
        ("a: b: c\n", "1:5"),
        ("a:\n  b: 1\n c: 2\n", "3:2"),
        ("a: 'x\n", "1:4"),
        ("a: `x`\n", "1:4"),
        ("null: 1\n", "1:1"),
        ("? [a]\n: b\n", "1:3"),
        ("a: &a\n  b: *a\n", "2:6"),
        ("a: !!int x\n", "1:4"),
        ("a:\n- <<: 1\n", "2:7"),
        ("%YAML 1.2\n---\na: 1\n", "1:1"),
    ],
)
def test_errors_name_file_line_and_column(text: str, place: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(f"a.yaml:{place}: ")


def test_lines_are_those_that_an_editor_counts() -> None:
    text = "a: 'x\u2028y\x85z'\r\nb: @\r\n"
    assert problems(text)[0].startswith("a.yaml:2:4: ")


def test_a_template_is_called_a_template() -> None:
    assert "template" in problems("name: {{ .Values.name }}\n")[0]


def test_a_secret_never_stands_in_a_message() -> None:
    assert "hunter2" not in "".join(problems("a: !!int hunter2\nb: !!binary hunter2!\n? [hunter2]\n: 1\n"))


def test_colons_inside_flow_collections_belong_to_the_value_as_in_go() -> None:
    text = "a: [http://x:80/, b]\n---\nb: 1\n---\nc: {image: nginx:1.27}\nd: @\n---\ne: [f:g]\n"
    result = read(text.encode(), "a.yaml")
    assert [document.value for document in result.documents] == [
        {"a": ["http://x:80/", "b"]},
        {"b": 1},
        {"e": ["f:g"]},
    ]
    assert [document.line for document in result.documents] == [1, 3, 8]
    assert len(result.problems) == 1
    assert result.problems[0].line == 6


def test_long_documents_with_such_colons_are_refused_rather_than_read_slowly() -> None:
    found = problems("a: [b:c]\nd: |\n" + "  x\n" * 300_000)
    assert found == ["a.yaml:1:6: a colon inside an unquoted value in brackets or braces; quote the value"]


def test_aliases_cannot_blow_a_document_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    assert problems("\n".join(lines)) == ["a.yaml:6:10: aliases written out would make more than 100000 values"]


def test_merged_objects_count_as_written_out() -> None:
    text = "x: &x {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\nuse:\n" + "  <<: *x\n" * 1000
    assert "aliases" in problems(text)[0]


@pytest.mark.parametrize("part", ["[", "{a: ", "- ", "? ", "[a, "])
def test_depth_is_an_error_with_its_place_and_never_a_crash(part: str) -> None:
    found = problems(part * 100_000)
    assert len(found) == 1
    assert "nested more than 200 levels deep" in found[0]


def test_json_is_as_deep_as_yaml_may_be() -> None:
    assert values('{"a":' + "[" * 190 + "]" * 190 + "}")
    assert "nested" in problems('{"a":' + "[" * 250 + "]" * 250 + "}")[0]
    assert "nested" in problems('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")[0]


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert problems(b" " * (32 * 1024 * 1024 + 1)) == ["a.yaml: the file is larger than 32 MiB"]


def test_a_hundred_problems_are_enough() -> None:
    found = problems("a: [\n---\n" * 1000)
    assert len(found) == 101
    assert found[-1].endswith("and 1 more")


def test_json_reads_by_the_rules_of_json() -> None:
    assert values('\n{"a": "\\/ \\ud83d\\ude00 \u2028", "b": 1.0, "c": 1e400}') == [
        {"a": "/ \N{GRINNING FACE} \u2028", "b": 1, "c": "1e400"}
    ]


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert values('{"a\\ud800": ["\\udc00x"]}') == [{"a\N{REPLACEMENT CHARACTER}": ["\N{REPLACEMENT CHARACTER}x"]}]


def test_a_duplicate_key_in_json_is_a_warning_with_its_line() -> None:
    result = read(b'{\n "a": 1,\n "a": 2}', "a.json")
    assert result.documents[0].value == {"a": 2}
    assert [warning.line for warning in result.warnings] == [3]


def test_a_broken_json_file_says_what_json_misses() -> None:
    assert problems('{"a": 1,\n "b" 2}', "a.json") == ["a.json:2:6: not JSON: Expecting ':' delimiter"]


def test_braces_may_begin_yaml_too() -> None:
    assert values("{a: 1, on: off}\n---\nb: 2\n") == [{"a": 1, "true": False}, {"b": 2}]


def test_positions_of_values_are_those_of_their_keys() -> None:
    text = "a: 1\n---\n# x\nmetadata:\n  annotations:\n    a/b~c: 1\n    yes: 2\n  list:\n  - x\n  - {k: [1, 2]}\n"
    found = Places(text.encode()).of(4)
    assert found["/metadata/annotations/a~1b~0c"] == (6, 5)
    assert found["/metadata/annotations/true"] == (7, 5)
    assert found["/metadata/list/1/k/1"] == (10, 13)
    assert found[""] == (4, 1)


def test_positions_are_found_where_colons_stand_in_flow_collections() -> None:
    assert Places(b"a: [b:c,\n d:e]\n").of(1)["/a/1"] == (2, 2)


def test_positions_of_what_cannot_be_read_are_not_known() -> None:
    assert "/b" not in Places(b"a: [\nb: @").of(1)


@given(json_of(st.text(max_size=12)))
def test_any_json_value_reads_back_equal(value: Any) -> None:
    for text in (json.dumps({"v": value}), json.dumps({"v": value}, indent=1)):
        assert values(text) == [{"v": value}]


@given(json_of(TEXT))
def test_json_inside_yaml_reads_back_equal_where_no_escape_is_half_a_character(value: Any) -> None:
    assert values("v: " + json.dumps(value)) == [{"v": value}]


@given(st.text(max_size=60) | st.lists(FRAGMENTS, max_size=12).map("".join))
def test_no_text_makes_the_reader_crash(text: str) -> None:
    result = read(text.encode("utf-8", "surrogatepass"), "a.yaml")
    lines = text.count("\n") + 1
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in result.problems)


@given(st.binary(max_size=60))
def test_no_bytes_make_the_reader_crash(data: bytes) -> None:
    read(data, "a.yaml")
    Places(data).of(1)
