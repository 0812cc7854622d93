"""Every generated file with its text."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from devcluster.chart import manifests
from devcluster.chart.settings import rows_of_settings, schema_of_settings
from devcluster.chart.values import rows_of_values

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "gitops-operator"
DEFINITION = "applications.gitops-operator.io.yaml"


def generated() -> Mapping[Path, str]:
    """Everything; it needs helm."""
    return {**described(), **{ROOT / "deploy" / name: text for name, text in manifests.rendered(CHART).items()}}


def described() -> Mapping[Path, str]:
    """What needs no tool: the copy of the definition, the settings in the schema, the tables of the README."""
    return {
        CHART / "files" / DEFINITION: (ROOT / "crds" / DEFINITION).read_text(encoding="utf-8"),
        CHART / "values.schema.json": _schema(),
        CHART / "README.md": _readme(),
    }


def _schema() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    schema["properties"]["settings"] = schema_of_settings()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _readme() -> str:
    text = (CHART / "README.md").read_text(encoding="utf-8")
    values = rows_of_values((CHART / "values.yaml").read_text(encoding="utf-8"))
    return _with_table(_with_table(text, "values", values), "settings", rows_of_settings())


def _with_table(text: str, name: str, rows: Sequence[str]) -> str:
    head, begin, rest = text.partition(f"<!-- {name}: made by `make chart` -->\n")
    _, end, tail = rest.partition(f"<!-- {name}: end -->")
    table = "".join(f"{row}\n" for row in ("| key | default | meaning |", "|---|---|---|", *rows))
    return head + begin + table + end + tail
