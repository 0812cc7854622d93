"""The pages of the reference say what the code and the schema say, row by row."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_operator.plan.options import OPTIONS
from gitops_operator.settings import Settings

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
CRD = yaml.safe_load((ROOT / "crds/applications.gitops-operator.io.yaml").read_text(encoding="utf-8"))
Row = tuple[str, ...]


def rows(page: str, columns: int) -> dict[str, Row]:
    """The rows of a page's tables with so many columns, by what their first cell names."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    cells = [tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]) for line in text.splitlines()]
    return {row[0].strip("`"): row for row in cells if len(row) == columns and row[0].startswith("`")}


def code(value: object) -> str:
    return f"`{value}`"


# --- sync options ---


def test_each_sync_option_has_a_row_and_no_other() -> None:
    assert set(rows("sync-options.md", 4)) == set(OPTIONS)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_sync_option_is_described_as_it_is(name: str) -> None:
    option = OPTIONS[name]
    places = [word for word, means in (("Application", option.on_application), ("object", option.on_object)) if means]
    _, values, where, meaning = rows("sync-options.md", 4)[name]
    assert {value.strip() for value in values.split(",")} == {code(value) for value in option.values}
    assert where == ", ".join(places)
    assert meaning


# --- settings ---


def test_each_setting_has_a_row_and_no_other() -> None:
    assert set(rows("settings.md", 4)) == {"--" + field.name.replace("_", "-") for field in fields(Settings)}


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_a_setting_is_described_as_it_is(name: str) -> None:
    field = next(field for field in fields(Settings) if field.name == name)
    default = field.default
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    _, variable, documented, meaning = rows("settings.md", 4)["--" + name.replace("_", "-")]
    assert variable == code(f"GITOPS_{name.upper()}")
    assert documented == (code(shown) if default not in {"", ()} else "none")
    assert meaning == field.metadata["says"]


# --- the Application ---


def schema(part: str) -> dict[str, Any]:
    found: dict[str, Any] = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][part]
    return found


def described(parent: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every field below, with the way to it and whether it must be given."""
    for name, child in parent.get("properties", {}).items():
        yield f"{path}.{name}", child, name in parent.get("required", ())
        yield from described(child, f"{path}.{name}")
        yield from described(child.get("items", {}), f"{path}.{name}[]")


@pytest.mark.parametrize("part, columns", [("spec", 4), ("operation", 4), ("status", 3)])
def test_each_field_has_a_row_and_no_other(part: str, columns: int) -> None:
    documented = {name for name in rows("application.md", columns) if name.startswith(f"{part}.")}
    assert documented == {path for path, _, _ in described(schema(part), part)}


@pytest.mark.parametrize("part, columns", [("spec", 4), ("operation", 4), ("status", 3)])
def test_a_field_is_described_as_the_schema_does(part: str, columns: int) -> None:
    documented = rows("application.md", columns)
    wrong = [
        path
        for path, field, _ in described(schema(part), part)
        if not documented[path][-1].replace("\\|", "|").startswith(field["description"])
    ]
    assert wrong == []


@pytest.mark.parametrize("part", ["spec", "operation"])
def test_defaults_are_those_of_the_schema(part: str) -> None:
    documented = rows("application.md", 4)
    wrong = [
        path
        for path, field, required in described(schema(part), part)
        if documented[path][2] != ("required" if required else _default(field))
    ]
    assert wrong == []


def _default(field: dict[str, Any]) -> str:
    default = field.get("default")
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    return code(shown) if default is not None else ""
