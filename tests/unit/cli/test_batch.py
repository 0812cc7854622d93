"""Many cases in one process."""

from gitops_operator.cli.exits import Exit
from gitops_operator.cli.offline import health, parse
from tests.unit.cli.calls import batch, call


def test_answers_come_in_the_order_of_the_cases_with_their_ids() -> None:
    said = batch(parse.run, [{"id": 2, "yaml": "a: 1"}, {"id": "one", "yaml": "a: on"}, {"yaml": ""}])
    assert said.records == [
        {"id": 2, "objects": [{"a": 1}]},
        {"id": "one", "objects": [{"a": True}]},
        {"objects": []},
    ]
    assert said.code is Exit.FINE


def test_a_bad_line_is_answered_with_an_error_and_ends_nothing() -> None:
    said = batch(parse.run, ["{", "[1]", {"id": 7}, {"id": 8, "yaml": 1}, "", {"id": 9, "yaml": "a: 1"}])
    messages = [found.get("error", {}).get("message", "") for found in said.records]
    assert messages == [
        "line 1 is not JSON: Expecting property name enclosed in double quotes at column 2",
        "line 2 is not a JSON object",
        "yaml is missing; it must be text",
        "yaml is a number; it must be text",
        "",
    ]
    assert [found.get("id") for found in said.records] == [None, None, 7, 8, 9]
    assert said.code is Exit.SEEN


def test_bytes_that_are_no_text_are_a_bad_line() -> None:
    said = call(parse.run, b'{"id": 1, "yaml": "\xff"}\n{"id": 2, "yaml": "a: 1"}\n', batch="-")
    assert "error" in said.records[0]
    assert said.records[1] == {"id": 2, "objects": [{"a": 1}]}


def test_half_a_surrogate_pair_comes_out_as_json() -> None:
    said = call(health.run, '{"id": "\\ud800", "object": {"apiVersion": "v1", "kind": "ConfigMap"}}\n', batch="-")
    assert said.out == '{"id":"\\ud800","status":null,"message":""}\n'


def test_an_error_of_parse_has_the_line_of_the_first_and_the_words_of_all() -> None:
    [found] = batch(parse.run, [{"id": 1, "yaml": "a: 1\nb: [\n---\nc: {\n"}]).records
    assert found["error"]["line"] == 3
    assert found["error"]["message"].count("\n") == 1
