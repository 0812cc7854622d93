"""What a dashboard is made of, as Grafana stores it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

COLUMNS = 24
SCHEMA = 41
"""Of Grafana 12; newer ones read it, too."""
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
GOOD, WARN, BAD, PLAIN = "green", "orange", "red", "blue"
COLOURS = {
    "Synced": GOOD,
    "OutOfSync": WARN,
    "Unknown": "purple",
    "Healthy": GOOD,
    "Suspended": PLAIN,
    "Progressing": "light-blue",
    "Missing": WARN,
    "Degraded": BAD,
    "Failed": BAD,
    "Succeeded": GOOD,
    "ok": GOOD,
}
"""The same word has the same colour in each panel."""


@dataclass(frozen=True, slots=True)
class Query:
    """One line of PromQL; `legend` names each series of its answer."""

    promql: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. `steps` are the values from which on it is warned of, then bad."""

    title: str
    text: str
    queries: Sequence[Query]
    unit: str = "short"
    width: int = 8
    height: int = 8
    kind: str = "timeseries"
    steps: tuple[float, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A headline and what stands below it."""

    title: str
    panels: Sequence[Panel]


def stat(title: str, text: str, promql: str, *, legend: str = "", **more: Any) -> Panel:
    """One number of now."""
    return Panel(title, text, [Query(promql, legend)], **{"kind": "stat", "width": 4, "height": 4, **more})


def table(title: str, text: str, promql: str, columns: Sequence[str], **more: Any) -> Panel:
    """The labels of each series, one a line; `Value` shows the value."""
    return Panel(
        title, text, [Query(promql)], **{"kind": "table", "width": 24, "options": {"columns": columns}, **more}
    )


def placed(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """All panels in their places: from left to right, a new line where one does not fit any more."""
    top, number = 0, 1
    for row in rows:
        yield _headline(row.title, number, top)
        top, left, tallest, number = top + 1, 0, 0, number + 1
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            yield _as_json(panel, number) | {"gridPos": place}
            left, tallest, number = left + panel.width, max(tallest, panel.height), number + 1
        top += tallest


def _headline(title: str, number: int, top: int) -> dict[str, Any]:
    place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": place}


def _as_json(panel: Panel, number: int) -> dict[str, Any]:
    shapes = {"timeseries": _timeseries, "stat": _stat, "table": _table}
    is_of_now = panel.kind != "timeseries"
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": DATASOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": DATASOURCE,
                "editorMode": "code",
                "expr": query.promql,
                "legendFormat": query.legend or "__auto",
                "instant": is_of_now,
                "range": not is_of_now,
                "format": "table" if panel.kind == "table" else "time_series",
            }
            for place, query in enumerate(panel.queries)
        ],
        **shapes[panel.kind](panel),
    }


def _thresholds(panel: Panel) -> dict[str, Any]:
    colours = zip((PLAIN if not panel.steps else GOOD, WARN, BAD), (None, *panel.steps), strict=False)
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in colours]}


def _words() -> list[dict[str, Any]]:
    return [
        {
            "matcher": {"id": "byName", "options": word},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for word, colour in COLOURS.items()
    ]


def _timeseries(panel: Panel) -> dict[str, Any]:
    custom = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 30 if panel.stacked else 5,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
    }
    defaults = {"unit": panel.unit, "min": 0, "custom": custom, "color": {"mode": "palette-classic"}}
    return {
        "fieldConfig": {"defaults": defaults, "overrides": _words()},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def _stat(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "thresholds": _thresholds(panel),
        "color": {"mode": "thresholds"},
        "noValue": "0",
    }
    if panel.unit == "short":  # increase() guesses what came between two scrapes, and people count whole things
        defaults["decimals"] = 0
    return {
        "fieldConfig": {"defaults": defaults | dict(panel.options.get("defaults", {})), "overrides": []},
        "options": {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "textMode": panel.options.get("text", "value"),
            "orientation": "auto",
        },
    }


def _table(panel: Panel) -> dict[str, Any]:
    columns = list(panel.options["columns"])
    mappings = [
        {"type": "value", "options": {word: {"color": colour, "index": place}}}
        for place, (word, colour) in enumerate(COLOURS.items())
    ]
    coloured = [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [
                {"id": "mappings", "value": mappings},
                {"id": "custom.cellOptions", "value": {"type": "color-text"}},
            ],
        }
        for name in ("sync", "health")
        if name in columns
    ]
    return {
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "custom": {"align": "auto", "filterable": True}},
            "overrides": coloured,
        },
        "options": {"showHeader": True, "cellHeight": "sm"},
        "transformations": [
            {"id": "filterFieldsByName", "options": {"include": {"names": columns}}},
            {"id": "organize", "options": {"indexByName": {name: place for place, name in enumerate(columns)}}},
        ],
    }
