"""Reasons, metrics and health rules are all documented, and nothing is documented that does not exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gitops_operator.health.kstatus import _READINGS
from gitops_operator.health.rules import _CHECKS
from tests.architecture.metric_names import documented_names

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
SOURCES = sorted((ROOT / "gitops_operator").rglob("*.py"))
ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)

# An open gate is never said.
NEVER_SHOWN = {"Open", "Error"}


def enum_members(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The members of the enumerations of reasons and of health, which is the reason of the condition Healthy."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Reason", "HealthStatus")):
            for statement in node.body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(word))):
                        yield name, word


def words(tree: ast.AST) -> Iterator[str]:
    """Reason words that are written out where they are given."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="default_reason")], value=ast.Constant(value=str(word))):
                yield word
            case ast.keyword(arg="reason", value=ast.Constant(value=str(word))) if word:
                yield word
            case ast.Call(func=ast.Name(id="Event"), args=[_, ast.Constant(value=str(word)), _]):
                yield word
            case ast.Tuple(elts=[ast.Constant(value="True" | "False" | "Unknown"), ast.Constant(value=str(word)), *_]):
                yield word
            case ast.Assign(targets=[ast.Name(id="WARNINGS")], value=ast.Tuple(elts=elements)):
                yield from (str(element.value) for element in elements if isinstance(element, ast.Constant))


def reasons() -> set[str]:
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in SOURCES]
    found = {word for tree in trees for word in words(tree)} | {
        word for tree in trees for _, word in enum_members(tree)
    }
    return found - NEVER_SHOWN


def documented(page: str) -> set[str]:
    return set(ROW.findall((REFERENCE / page).read_text(encoding="utf-8")))


def test_every_reason_is_documented() -> None:
    assert reasons() - documented("conditions.md") == set()


def test_no_reason_is_documented_that_nothing_gives() -> None:
    types = {"Ready", "Synced", "Healthy", "Reconciling", "Stalled"}
    assert documented("conditions.md") - types - reasons() == set()


def test_every_reason_of_an_enumeration_is_given_by_something() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES)
    members = {name for file in SOURCES for name, _ in enum_members(ast.parse(file.read_text(encoding="utf-8")))}
    assert {name for name in members if not re.search(rf"\.{name}\b", text)} == set()


def metric_rows() -> dict[str, tuple[str, str]]:
    """Type and labels of each documented metric."""
    rows = [line.split("|") for line in (REFERENCE / "metrics.md").read_text(encoding="utf-8").splitlines()]
    return {row[1].strip(" `"): (row[2].strip(), row[3].strip()) for row in rows if len(row) > 4 and "`" in row[1]}


def test_every_metric_is_documented_with_its_type_and_labels_and_no_other() -> None:
    shown = {
        name: (kind, ", ".join(f"`{one}`" for one in labels)) for name, (kind, labels) in documented_names().items()
    }
    assert metric_rows() == shown


def health_table(heading: str) -> dict[str, str]:
    """The rows of the table under a heading: first cell and second."""
    page = (REFERENCE / "health.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    return {row[1].strip(): row[2].strip() for row in rows}


def test_every_kind_with_a_health_rule_is_documented_and_no_other() -> None:
    kinds = [re.findall(r"`([^`]+)`", cell)[0] for cell in health_table("Rules by kind")]
    assert kinds == [str(kind) for kind in sorted(_CHECKS)]


def test_the_conditions_that_kinds_without_a_rule_are_read_by_are_documented_in_their_order() -> None:
    documented_readings = [
        (name, status, health)
        for cell, health in health_table("Kinds without a rule").items()
        for name, statuses in re.findall(r"`(\w+)` is (.+)", cell)
        for status in statuses.split(" or ")
    ]
    assert documented_readings == [(name, status, str(health)) for name, status, health in _READINGS]
