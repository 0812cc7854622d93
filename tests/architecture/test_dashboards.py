"""The dashboards of the chart: as their generator writes them, whole, and asking for nothing that there is not."""

import json
import re
from itertools import combinations
from typing import Any

import pytest

from devcluster.dashboard.boards import dashboards
from devcluster.dashboard.panels import COLOURS, COLUMNS
from gitops_operator.model.health import HealthStatus
from gitops_operator.status import SyncStatus
from tests.architecture.metric_names import documented_names, series
from tests.architecture.monitoring import DASHBOARDS, rules
from tests.architecture.promql import TARGET, grouped_by, selectors

UNITS = {"short", "none", "s", "percentunit", "reqps", "ops", "bytes"}
BOARDS = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in DASHBOARDS}
PANELS = [
    pytest.param(board, panel, id=f"{board}: {panel['title']}")
    for board, whole in BOARDS.items()
    for panel in whole["panels"]
    if panel["type"] != "row"
]
EACH_BOARD = pytest.mark.parametrize("name", BOARDS)
EACH_PANEL = pytest.mark.parametrize("board, panel", PANELS)


def queries(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def all_queries() -> list[str]:
    return [query for param in PANELS for query in queries(param.values[1])]  # type: ignore[arg-type]  # of pytest.param


def test_the_dashboards_are_as_their_generator_writes_them() -> None:
    assert {file.name: file.read_text(encoding="utf-8") for file in DASHBOARDS} == dashboards()


@EACH_BOARD
def test_a_dashboard_can_be_imported(name: str) -> None:
    board = BOARDS[name]
    assert board["schemaVersion"] >= 39
    assert re.fullmatch(r"[a-z-]{8,40}", board["uid"])
    assert board["title"] != ""
    assert "id" not in board


def test_each_dashboard_has_an_identity_and_a_title_of_its_own() -> None:
    assert len({board["uid"] for board in BOARDS.values()}) == len({board["title"] for board in BOARDS.values()}) == 2


@EACH_BOARD
def test_the_data_source_is_chosen_by_the_reader(name: str) -> None:
    text = json.dumps(BOARDS[name])
    assert set(re.findall(r'"datasource": \{[^}]*"uid": "([^"]*)"', text)) == {"${datasource}"}
    assert BOARDS[name]["templating"]["list"][0]["type"] == "datasource"


@EACH_BOARD
def test_each_variable_is_used_and_no_other(name: str) -> None:
    variables = {one["name"] for one in BOARDS[name]["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]+)\b", json.dumps(BOARDS[name]["panels"])))
    assert used == variables


@EACH_BOARD
def test_panels_have_places_of_their_own(name: str) -> None:
    places = [panel["gridPos"] for panel in BOARDS[name]["panels"]]
    assert [one for one in places if one["x"] + one["w"] > COLUMNS] == []
    overlapping = [
        (one, other)
        for one, other in combinations(places, 2)
        if one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    ]
    assert overlapping == []


@EACH_BOARD
def test_lines_of_panels_leave_no_holes(name: str) -> None:
    widths: dict[int, int] = {}
    for panel in BOARDS[name]["panels"]:
        place = panel["gridPos"]
        widths[place["y"]] = widths.get(place["y"], 0) + place["w"]
    assert set(widths.values()) == {COLUMNS}


@EACH_BOARD
def test_panels_have_numbers_of_their_own(name: str) -> None:
    numbers = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert sorted(set(numbers)) == sorted(numbers)


@EACH_PANEL
def test_a_panel_explains_itself(board: str, panel: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9].*\.", panel["description"])
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS


@EACH_PANEL
def test_a_panel_asks_for_metrics_and_labels_that_there_are(board: str, panel: dict[str, Any]) -> None:
    for query in queries(panel):
        asked = list(selectors(query))
        assert asked != []
        for one in asked:
            assert one.name in series()
            assert set(one.values) - series()[one.name] - TARGET == set()
        known = frozenset[str]().union(*(series()[one.name] | TARGET for one in asked))
        assert grouped_by(query) - known == set()


@EACH_PANEL
def test_a_panel_shows_only_what_the_reader_chose(board: str, panel: dict[str, Any]) -> None:
    for query in queries(panel):
        assert [one for one in selectors(query) if "$job" not in one.values.get("job", ())] == []


@EACH_PANEL
def test_a_legend_names_labels_that_the_answer_has(board: str, panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert shown - (grouped_by(target["expr"]) or TARGET) == set()


def test_the_same_word_has_the_same_colour_everywhere() -> None:
    assert {*map(str, SyncStatus), *map(str, HealthStatus)} - set(COLOURS) == set()


def test_no_metric_is_without_a_reader() -> None:
    asked = {one.name for query in [*all_queries(), *(rule["expr"] for rule in rules())] for one in selectors(query)}
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert set(documented_names()) - names == {"process_virtual_memory_bytes", "process_max_fds"}
