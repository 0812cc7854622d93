from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.health import assess
from gitops_operator.health.rules import _CHECKS
from gitops_operator.model.health import HealthStatus
from gitops_operator.model.resource import GroupKind
from tests.unit.health.cases import FACTS, Case, cases

PARTS = ["metadata", "spec", "status"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_file_name_is_the_expected_answer(case: Case) -> None:
    health = assess(case.body, FACTS)
    assert (health.status.lower() if health else "none") == case.expected


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_what_is_not_healthy_says_why_in_one_short_line(case: Case) -> None:
    health = assess(case.body, FACTS)
    if health and health.status is not HealthStatus.HEALTHY:
        assert health.message
        assert "\n" not in health.message
        assert len(health.message) <= 300


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_an_object_on_its_way_out_is_progressing_whatever_its_rule_says(case: Case) -> None:
    metadata = case.body["metadata"]
    if isinstance(metadata, dict):
        going = case.body | {"metadata": metadata | {"deletionTimestamp": "2026-03-02T09:00:00Z"}}
        health = assess(going, FACTS)
        assert health is not None
        assert health.status is HealthStatus.PROGRESSING
        assert health.message.startswith("Pending deletion")


def test_every_kind_with_a_rule_has_a_good_and_a_bad_case() -> None:
    fine, bad = {"healthy"}, {"progressing", "degraded", "suspended"}
    answers: dict[tuple[str, str], set[str]] = {}
    for case in cases():
        group = case.body["apiVersion"].rpartition("/")[0]
        answers.setdefault((group, case.body["kind"]), set()).add(case.expected)
    extensions = {kind for kind in _CHECKS if kind.group == "extensions"}
    for kind in _CHECKS.keys() - extensions:
        assert answers[kind] & fine, kind
        assert answers[kind] & bad, kind
    assert all(answers.get(kind) for kind in extensions)


def test_a_case_lies_in_the_folder_of_its_kind() -> None:
    assert [case.name for case in cases() if case.name.partition("/")[0] != case.body["kind"]] == []


@given(data=st.data())
def test_a_malformed_object_never_raises(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(cases()))
    assess(_broken(case.body, data), FACTS)


@given(kind=st.sampled_from(sorted(_CHECKS)), parts=st.dictionaries(st.sampled_from(PARTS), JSON))
def test_a_kind_with_a_rule_always_has_health(kind: GroupKind, parts: dict[str, Any]) -> None:
    assert assess(_of(kind) | parts) is not None


@pytest.mark.parametrize("kind", sorted(_CHECKS), ids=str)
def test_a_rule_that_cannot_read_the_object_says_unknown(kind: GroupKind) -> None:
    health = assess(_of(kind) | {"spec": "none", "status": ["none"]})
    assert health is not None
    assert health.status is HealthStatus.UNKNOWN
    assert health.message.startswith("The health cannot be told: ")


def _of(kind: GroupKind) -> dict[str, Any]:
    return {"apiVersion": f"{kind.group}/v1" if kind.group else "v1", "kind": kind.kind}


def _broken(value: Any, data: st.DataObject) -> Any:
    """The value with one part somewhere inside replaced by something else, or left out."""
    if not isinstance(value, dict | list) or not value or data.draw(st.integers(0, 5)) == 0:
        return data.draw(JSON)
    keys = sorted(value) if isinstance(value, dict) else range(len(value))
    key = data.draw(st.sampled_from(list(keys)))
    copy: Any = value.copy()
    copy[key] = _broken(value[key], data)
    return copy
