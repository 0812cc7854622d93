import json
import tomllib
from dataclasses import fields
from typing import Any

import pytest
import yaml

from devcluster.chart.generated import CHART, ROOT, described
from devcluster.chart.settings import DECIDED_BY_THE_CHART, camel
from devcluster.chart.values import described_keys, rows_of_values, undescribed
from gitops_operator.settings import Settings

VALUES = (CHART / "values.yaml").read_text(encoding="utf-8")
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

GLOBAL = {"global"}  # Helm's own


@pytest.mark.parametrize("path", described(), ids=lambda path: path.name)
def test_what_is_made_from_something_else_is_up_to_date(path: Any) -> None:
    assert path.read_text(encoding="utf-8") == described()[path], "run `make chart`"


def test_every_value_is_described_by_itself_or_by_what_it_is_part_of() -> None:
    assert undescribed(VALUES) == []


def test_a_value_without_a_description_is_noticed() -> None:
    assert undescribed("# -- Known.\nknown: {a: 1}\npart:\n  # no description\n  unknown: 2\n") == ["part.unknown"]


def test_a_description_may_have_several_lines_and_comments_of_sections_are_none() -> None:
    text = "# A section.\n\na:\n  # -- First,\n  # second.\n  b: |-\n    x|y\nc: 1\n"
    assert list(described_keys(text)) == [("a.b", "First, second.")]
    assert rows_of_values(text) == ['| `a.b` | `"x\\|y"` | First, second. |']


def test_the_schema_has_the_keys_of_the_values_and_no_other() -> None:
    assert strict_keys(SCHEMA) - GLOBAL == keys(yaml.safe_load(VALUES))


def strict_keys(schema: dict[str, Any], path: str = "") -> set[str]:
    """Down to where a key holds what a user or Kubernetes names."""
    found = {path} if path else set()
    if schema.get("additionalProperties") is False and path not in {"resources", "settings"}:
        for name, part in schema["properties"].items():
            found |= strict_keys(part, f"{path}.{name}".strip("."))
    return found


def keys(values: Any, path: str = "") -> set[str]:
    found = {path} if path else set()
    free = {"resources", "podSecurityContext", "securityContext", "metrics.dashboards.labels"}
    if isinstance(values, dict) and path not in free:
        for name, value in values.items():
            found |= keys(value, f"{path}.{name}".strip("."))
    return found


def test_every_setting_can_be_given_but_those_that_the_chart_decides() -> None:
    offered = set(SCHEMA["properties"]["settings"]["properties"])
    assert offered == {camel(one.name) for one in fields(Settings)} - {camel(name) for name in DECIDED_BY_THE_CHART}


def test_chart_and_program_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (chart["version"], chart["appVersion"]) == (project["version"], project["version"])
