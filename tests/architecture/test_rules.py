"""Rules and alerts name what exists, say what is wrong in whole sentences, and are explained in the runbook."""

import re
from typing import Any

import pytest

from gitops_operator.model.health import HealthStatus
from gitops_operator.model.kind import KindState
from gitops_operator.model.operation import OperationPhase
from gitops_operator.status import SyncStatus
from gitops_operator.wakeups import Priority
from gitops_operator.web.delivery import Result
from gitops_operator.web.providers import PROVIDERS
from tests.architecture.metric_names import series
from tests.architecture.monitoring import ROOT, alerts, recorded, rules
from tests.architecture.promql import TARGET, grouped_by, selectors
from tests.architecture.test_documented import reasons

RUNBOOK = ROOT / "docs" / "operations" / "runbook.md"
ANNOTATIONS = {"summary", "description", "runbook_url"}
WORDS: dict[tuple[str, str], set[str]] = {
    ("gitops_application_info", "reason"): reasons(),
    ("gitops_application_info", "sync"): set(map(str, SyncStatus)),
    ("gitops_application_info", "health"): set(map(str, HealthStatus)),
    ("gitops_cache_kind_state", "state"): set(map(str, KindState)),
    ("gitops_sync_total", "phase"): set(map(str, OperationPhase)),
    ("gitops_reconcile_failures_total", "reason"): {"bug", "api", "conflict"},
    ("gitops_webhook_deliveries_total", "result"): set(map(str, Result)),
    ("gitops_webhook_deliveries_total", "provider"): {"unknown", *(one.name for one in PROVIDERS)},
    ("job_priority:gitops_queue_wait_seconds:p95_5m", "priority"): {one.name.lower() for one in Priority},
}


def named(rule: dict[str, Any]) -> str:
    return str(rule.get("alert") or rule["record"])


EACH_RULE = pytest.mark.parametrize("rule", [pytest.param(rule, id=named(rule)) for rule in rules()])
EACH_ALERT = pytest.mark.parametrize("alert", [pytest.param(alert, id=named(alert)) for alert in alerts()])


def labels_of(name: str) -> frozenset[str]:
    """Those of a metric or of a recorded series."""
    return series()[name] | TARGET if name in series() else frozenset(grouped_by(recorded()[name]))


@EACH_RULE
def test_a_rule_asks_for_metrics_and_labels_that_there_are(rule: dict[str, Any]) -> None:
    asked = list(selectors(rule["expr"]))
    assert asked != []
    assert [one.name for one in asked if one.name not in {*series(), *recorded()}] == []
    assert [one for one in asked if not labels_of(one.name).issuperset(one.values)] == []
    known = frozenset[str]().union(*(labels_of(one.name) for one in asked))
    assert grouped_by(rule["expr"]) - known == set()


@EACH_RULE
def test_a_rule_looks_for_words_that_there_are(rule: dict[str, Any]) -> None:
    asked = [(one.name, label, words) for one in selectors(rule["expr"]) for label, words in one.values.items()]
    unknown = [(label, words - WORDS[name, label]) for name, label, words in asked if (name, label) in WORDS]
    assert [one for one in unknown if one[1]] == []


@EACH_ALERT
def test_an_alert_has_a_time_a_severity_and_its_words(alert: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+[mh]", alert["for"])
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(alert["annotations"]) == ANNOTATIONS


@EACH_ALERT
def test_an_alert_speaks_in_whole_sentences(alert: dict[str, Any]) -> None:
    for text in (alert["annotations"]["summary"], alert["annotations"]["description"]):
        assert re.match(r"[A-Z0-9{]", text)
        assert text.endswith(".")


@EACH_ALERT
def test_an_alert_shows_labels_that_its_series_have(alert: dict[str, Any]) -> None:
    """Others would show as "<no value>"."""
    shown = set(re.findall(r"\$labels\.(\w+)", " ".join(alert["annotations"].values())))
    first = next(selectors(alert["expr"]))
    assert shown - (grouped_by(alert["expr"].partition(" unless ")[0]) or labels_of(first.name)) == set()


def sections() -> dict[str, str]:
    """The runbook by the anchor of each alert's heading."""
    parts = re.split(r"^### (\w+)$", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip([name.lower() for name in parts[::2]], parts[1::2], strict=True))


@EACH_ALERT
def test_an_alert_leads_to_its_section_of_the_runbook(alert: dict[str, Any]) -> None:
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert (page, anchor) == ("docs/operations/runbook.md", named(alert).lower())
    section = sections()[anchor]
    assert [word for word in ("**Meaning.**", "**Look at.**", "**Do.**") if word not in section] == []
    assert f"{alert['labels']['severity']}, for {alert['for']}" in section


def test_the_runbook_explains_no_alert_that_there_is_not() -> None:
    assert sorted(sections()) == sorted(named(alert).lower() for alert in alerts())


def test_each_alert_and_each_record_has_a_name_of_its_own() -> None:
    names = [named(rule) for rule in rules()]
    assert sorted(set(names)) == sorted(names)
