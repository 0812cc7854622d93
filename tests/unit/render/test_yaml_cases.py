"""Reading gives what Go's sigs.k8s.io/yaml gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitops_operator.render.yaml import read

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SHARED = ROOT.parent / "shared" / "fixtures" / "yaml_go_semantics.json"
PUBLISHED = ROOT.parent / "shared" / "fixtures" / "published"

OURS = json.loads((HERE / "yaml_cases.json").read_text("utf-8"))
GIVEN = json.loads(SHARED.read_text("utf-8")) if SHARED.exists() else []


@pytest.mark.parametrize("case", OURS, ids=lambda case: case["name"])
def test_our_own_cases_read_as_in_go(case: dict[str, Any]) -> None:
    assert_reads_as_go(case)


@pytest.mark.skipif(not GIVEN, reason="the shared fixtures are not beside the checkout")
@pytest.mark.parametrize("case", GIVEN, ids=lambda case: case["name"])
def test_the_given_cases_read_as_in_go(case: dict[str, Any]) -> None:
    assert_reads_as_go(case)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the shared fixtures are not beside the checkout")
@pytest.mark.timeout(20)
def test_published_manifests_read_without_a_word() -> None:
    files = [path for path in PUBLISHED.rglob("*.yaml") if "templates" not in path.parts]
    assert len(files) > 30
    for path in files:
        result = read(path.read_bytes(), path.name)
        assert (result.problems, result.warnings) == ((), ())
        assert result.documents


def test_an_escaped_slash_is_for_json_only() -> None:
    assert read(rb'{"a": "\/"}', "a.json").documents[0].value == {"a": "/"}
    [problem] = read(b'a: 1\n---\nb: "\\\\/"\nc: "x\\/y"\n', "a.yaml").problems
    assert (problem.line, problem.column) == (4, 6)


def assert_reads_as_go(case: dict[str, Any]) -> None:
    result = read(case["yaml"].encode(), "a.yaml")
    if case.get("error"):
        assert result.problems
        return
    assert result.problems == ()
    value = result.documents[0].value if result.documents else None
    assert text_of(value) == text_of(_numbers(case["json"]))


def text_of(value: Any) -> str:
    """As JSON, which tells 1 from 1.0 and from true."""
    return json.dumps(value, sort_keys=True)


def _numbers(value: Any) -> Any:
    """The given cases write fractions as `float:0.5`."""
    if isinstance(value, str) and value.startswith("float:"):
        return float(value.removeprefix("float:"))
    if isinstance(value, dict):
        return {name: _numbers(item) for name, item in value.items()}
    return [_numbers(item) for item in value] if isinstance(value, list) else value
