"""Health rules in CEL, as Flux's health checks have them."""

from collections.abc import Mapping
from typing import Any

import pytest

from gitops_operator.health.expressions import RuleError, cel_rule
from gitops_operator.model.health import Health, HealthStatus
from tests.builders import Body, manifest

IS_READY = "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')"
HAS_FAILED = "has(status.phase) && status.phase == 'Failed'"
READY = [{"type": "Ready", "status": "True"}]


def gizmo(**status: Any) -> Body:
    return manifest("example.com/v1", "Gizmo", "g", status=status)


def says(expressions: Mapping[str, Any], body: Body) -> Health:
    return cel_rule(expressions, "rules").assess(body)


def problem_of(expressions: Mapping[str, Any]) -> str:
    with pytest.raises(RuleError) as caught:
        cel_rule(expressions, "rules")
    return str(caught.value)


def test_what_is_current_is_healthy() -> None:
    assert says({"current": IS_READY}, gizmo(conditions=READY)) == Health(HealthStatus.HEALTHY)


def test_what_is_not_current_is_progressing() -> None:
    assert says({"current": IS_READY}, gizmo(conditions=[])).status is HealthStatus.PROGRESSING


def test_failed_is_asked_before_current() -> None:
    rule = {"current": IS_READY, "failed": HAS_FAILED}
    assert says(rule, gizmo(conditions=READY, phase="Failed")).status is HealthStatus.DEGRADED


def test_in_progress_is_asked_first() -> None:
    rule = {"current": IS_READY, "failed": HAS_FAILED, "inProgress": "status.phase == 'Failed'"}
    assert says(rule, gizmo(conditions=READY, phase="Failed")).status is HealthStatus.PROGRESSING


def test_an_object_without_a_status_is_progressing() -> None:
    assert says({"current": IS_READY}, gizmo()).status is HealthStatus.PROGRESSING


def test_a_generation_that_was_not_observed_is_progressing() -> None:
    body = gizmo(conditions=READY, observedGeneration=1)
    body["metadata"]["generation"] = 2
    assert says({"current": IS_READY}, body).status is HealthStatus.PROGRESSING


def test_an_expression_that_fails_is_unknown_with_its_error() -> None:
    health = says({"current": "status.phase == 'Done'"}, gizmo(conditions=READY))
    assert health == Health(HealthStatus.UNKNOWN, "rules: current cannot be told: there is no field 'phase'")


def test_an_answer_that_is_neither_true_nor_false_is_unknown() -> None:
    assert says({"current": "1 + 1"}, gizmo()) == Health(
        HealthStatus.UNKNOWN, "rules: current is 2, neither true nor false"
    )


def test_all_that_is_wrong_with_a_rule_is_said_at_once() -> None:
    problem = problem_of({"currant": "true", "failed": "status ==", "inProgress": 1})
    assert [line.partition(": ")[2].partition(":")[0] for line in problem.splitlines()] == [
        "currant means nothing here",
        "failed",
        "inProgress",
        "the expression current is missing",
    ]


def test_an_expression_may_not_be_longer_than_anybody_writes_one() -> None:
    assert "longer than 4096" in problem_of({"current": "true && " * 1000 + "true"})


def test_macros_stand_at_most_twice_within_each_other() -> None:
    twice = "status.a.all(x, status.b.exists(y, (x == y)))"
    assert cel_rule({"current": f"{twice} && {twice}"}, "rules").programs
    assert "more than 2" in problem_of({"current": f"status.c.all(z, {twice})"})
    assert cel_rule({"current": "'.all(.all(.all(' == 'x'"}, "rules").programs


def test_the_managers_of_fields_are_not_seen() -> None:
    body = gizmo(phase="Done")
    body["metadata"]["managedFields"] = [{"manager": "m"}]
    assert says({"current": "!has(metadata.managedFields)"}, body) == Health(HealthStatus.HEALTHY)


def test_rules_of_the_same_text_are_equal() -> None:
    assert cel_rule({"current": "true"}, "rules") == cel_rule({"current": "true"}, "rules")
    assert cel_rule({"current": "true"}, "rules") != cel_rule({"current": "false"}, "rules")
