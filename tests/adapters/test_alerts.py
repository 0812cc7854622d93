"""The rules of the chart under the real promtool: each alert fires when it should, and is silent when it should be."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from devcluster.binaries import ensure_monitoring
from tests.architecture.monitoring import RULES, alerts

CASES = sorted((Path(__file__).parent / "alerts").glob("*.yaml"))


def promtool(*arguments: str) -> None:
    command = [str(ensure_monitoring() / "promtool"), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert run.returncode == 0, run.stdout + run.stderr


def test_prometheus_understands_the_rules() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", *map(str, RULES))


@pytest.mark.parametrize("cases", CASES, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_only_then(cases: Path) -> None:
    promtool("test", "rules", str(cases))


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    found: dict[str, set[bool]] = {}
    for file in CASES:
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            for expected in case["promql_expr_test"]:
                (name,) = re.findall(r'alertname="(\w+)"', expected["expr"])
                found.setdefault(name, set()).add(bool(expected["exp_samples"]))
    assert found == {alert["alert"]: {True, False} for alert in alerts()}
