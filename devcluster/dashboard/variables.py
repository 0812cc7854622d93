"""What a reader of a dashboard chooses, and the frame around its panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devcluster.dashboard.panels import DATASOURCE, SCHEMA, Row, placed

_TAG = "gitops-operator"


def dashboard(
    uid: str, title: str, text: str, rows: Sequence[Row], variables: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """A whole dashboard as Grafana imports it."""
    link = {
        "type": "dashboards",
        "title": "GitOps",
        "tags": [_TAG],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
    }
    return {
        "uid": uid,
        "title": title,
        "description": text,
        "tags": [_TAG],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "links": [link],
        "annotations": {"list": []},
        "templating": {"list": [_datasource(), *variables]},
        "panels": list(placed(rows)),
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0}


def choice(name: str, label: str, promql: str) -> dict[str, Any]:
    """Values of a label, of which any number may be chosen."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": promql,
        "query": {"query": promql, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "hide": 0,
    }
