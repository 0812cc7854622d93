"""What pages mention exists: commands and their flags, settings, annotations, metrics, make targets, other pages."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_operator.cli.commands import COMMANDS
from gitops_operator.metrics import Metrics
from gitops_operator.settings import Settings

ROOT = Path(__file__).parents[2]
OUTSIDE = sorted([*ROOT.glob("*.md"), *(ROOT / "charts").glob("*/README.md"), *(ROOT / "examples").glob("*.md")])
PAGES = sorted([*OUTSIDE, *(ROOT / "docs").rglob("*.md")])
SOURCES = [
    *(ROOT / "gitops_operator").rglob("*.py"),
    *(ROOT / "crds").glob("*.yaml"),
    *(ROOT / "charts").rglob("*.yaml"),
]
CODE = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES)

CRD = yaml.safe_load((ROOT / "crds/applications.gitops-operator.io.yaml").read_text(encoding="utf-8"))

PLUGIN = re.compile(r"kubectl gitops ((?:[^`\n|&;#]|\\\n)+)")
LINK = re.compile(r"\]\((?!https?:|#)([^)\s#]+)")
SPANS = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")

# Flags of other programs.
OF_OTHERS = {
    "--take-ownership",
    "--build-arg",
    "--secret",
    "--reset-then-reuse-values",
    "--set",
    "--help",
}


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def named(pattern: str) -> Iterator[tuple[str, str]]:
    """What the pattern finds in any page, with the page."""
    for page in PAGES:
        for found in re.finditer(pattern, text(page)):
            yield found[1], str(page.relative_to(ROOT))


def plugin_flags() -> dict[str, set[str]]:
    return {
        command.name: {name for argument in command.arguments for name in argument.names if name.startswith("-")}
        for command in COMMANDS
    }


def calls() -> Iterator[tuple[str, list[str], str]]:
    """Every call of the plugin: command, flags and page."""
    for page in PAGES:
        for found in PLUGIN.finditer(text(page)):
            words = [word for word in shlex.split(found[1].replace("\\\n", " "), comments=True, posix=False) if word]
            if words[0].isalpha() and words[0].islower():
                flags = [word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-zA-Z]", word)]
                yield words[0], flags, str(page.relative_to(ROOT))


def test_every_command_of_the_plugin_that_a_page_names_exists() -> None:
    known = plugin_flags()
    assert [(name, page) for name, _, page in calls() if name not in known] == []


def test_every_flag_of_the_plugin_that_a_page_gives_exists() -> None:
    known = plugin_flags()
    wrong = [
        (name, flag, page) for name, flags, page in calls() for flag in flags if flag not in known.get(name, set())
    ]
    assert [one for one in wrong if one[1] not in OF_OTHERS] == []


def test_every_flag_that_a_page_speaks_of_is_a_setting_or_one_of_the_plugin() -> None:
    settings = {"--" + field.name.replace("_", "-") for field in fields(Settings)}
    known = settings.union(*plugin_flags().values(), OF_OTHERS)
    spans = [(span, page) for span, page in named(SPANS.pattern) if span.startswith("--")]
    assert [(span, page) for span, page in spans if re.split("[ =]", span)[0].replace("no-", "") not in known] == []


def test_every_setting_of_the_chart_that_a_page_names_exists() -> None:
    parts = [field.name.split("_") for field in fields(Settings)]
    known = {first + "".join(word.capitalize() for word in rest) for first, *rest in parts}
    wrong = [(name, page) for name, page in named(r"\bsettings\.([a-z]\w+)(?![\w(])") if name not in known]
    assert [one for one in wrong if one[0] not in {"py", "md", "yaml"}] == []


def test_every_annotation_and_label_that_a_page_names_exists() -> None:
    known = set(re.findall(r"[a-z-]+", CODE))
    wrong = {(name, page) for name, page in named(r"gitops-operator\.io/([a-z-]+)") if name not in known}
    assert {one for one in wrong if not one[0].startswith("v")} == set()


def test_every_metric_that_a_page_names_exists() -> None:
    known = {name for collector in Metrics().registry.collect() for name in (collector.name, f"{collector.name}_total")}
    parts = {f"{name}_{part}" for name in known for part in ("bucket", "sum", "count")}
    wrong = {(name, page) for name, page in named(r"\b(gitops_[a-z_]+)\b") if name not in known | parts}
    assert {one for one in wrong if one[0] != "gitops_operator"} == set()


def test_every_target_of_make_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))
    assert {(name, page) for name, page in named(r"(?m)(?:`|^)make ([a-z]+)") if name not in targets} == set()


@pytest.mark.parametrize("page", OUTSIDE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_outside_the_site_leads_somewhere(page: Path) -> None:
    assert [link for link in LINK.findall(text(page)) if not (page.parent / link).exists()] == []


# --- what moves, and what does not yet ---


def names_below(schema: dict[str, Any]) -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        yield name
        yield from names_below(child)
    if "items" in schema:
        yield from names_below(schema["items"])


def fields_of_the_application() -> set[str]:
    parts = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    return {*names_below(parts["spec"]), *names_below(parts["operation"])}


def moved(page: str, answer: str) -> set[str]:
    """The last words of the fields in the first cells of rows whose second cell begins with the answer."""
    rows = [line.strip("| ").split(" | ") for line in text(ROOT / "docs" / page).splitlines() if line.startswith("| `")]
    answered = [row[0] for row in rows if len(row) == 2 and row[1].lstrip("[").startswith(answer)]
    return {span.rpartition(".")[2] for cell in answered for span in SPANS.findall(cell.partition(" (")[0])}


@pytest.mark.parametrize("page", ["moving/argo-cd.md", "moving/flux.md"])
def test_a_field_that_is_said_to_be_missing_is_missing(page: str) -> None:
    missing = moved(page, "not yet")
    assert missing
    assert missing & fields_of_the_application() == set()


def test_a_field_that_is_said_to_be_as_in_argo_cd_is_there() -> None:
    same = moved("moving/argo-cd.md", "as there")
    assert same
    assert same - fields_of_the_application() == set()


def test_a_field_of_the_page_of_what_does_not_work_is_not_in_the_schema() -> None:
    rows = [line.strip("| ").split(" | ")[0] for line in text(ROOT / "docs/limits.md").splitlines() if line[:1] == "|"]
    said = {span for cell in rows for span in SPANS.findall(cell)}
    assert said
    assert said & fields_of_the_application() == set()
