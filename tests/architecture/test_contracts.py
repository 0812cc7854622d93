"""The import contracts of pyproject.toml hold, and each of them notices a deliberate violation."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "gitops_operator"
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
# Each stage imports another; a pure one takes a pure one, so that only the contract in question breaks.
SIBLINGS = {
    "source": "render",
    "render": "live",
    "live": "diff",
    "diff": "plan",
    "plan": "health",
    "apply": "source",
    "health": "status",
    "status": "live",
    "web": "apply",
}
PURE = ["model", "live", "diff", "plan", "health", "status"]

LAYERS = "Data flows one way; stages do not know each other"
PURITY = "The core is pure"
KOPF = "Kopf stays at the edge"

# contract, file (made when missing), the line that breaks it
VIOLATIONS = [
    (LAYERS, "errors.py", "import gitops_operator.model"),
    (LAYERS, "cluster/__init__.py", "import gitops_operator.reconciler"),
    (LAYERS, "reconciler.py", "import gitops_operator.handlers"),
    (LAYERS, "wakeups.py", "import gitops_operator.cluster"),
    *((LAYERS, f"{a}/__init__.py", f"import gitops_operator.{b}") for a, b in SIBLINGS.items()),
    (LAYERS, "unplaced.py", "import gitops_operator.errors"),
    *((PURITY, f"{package}/__init__.py", "import os") for package in PURE),
    *(
        (PURITY, "plan/__init__.py", f"import {name}")
        for name in ["asyncio", "subprocess", "time", "random", "logging"]
    ),
    (PURITY, "errors.py", "import socket"),
    (KOPF, "reconciler.py", "import kopf"),
    (KOPF, "assembly.py", "from kopf import on"),
    ("kubernetes_asyncio lives in cluster", "source/__init__.py", "from kubernetes_asyncio import client"),
    ("aiohttp lives in cluster, source and web", "render/__init__.py", "import aiohttp"),
    ("pygit2 lives in source", "render/__init__.py", "import pygit2"),
    ("ruamel lives in render", "source/__init__.py", "from ruamel.yaml import YAML"),
    ("ruamel lives in render", "settings.py", "import _ruamel_yaml"),
    ("cronsim lives in model.schedule", "plan/gate.py", "import cronsim"),
    ("deepdiff lives in diff.explain", "diff/compare.py", "from deepdiff import DeepDiff"),
    ("jq lives in diff", "live/__init__.py", "import jq"),
    ("cryptography lives in source", "render/__init__.py", "import cryptography"),
    ("lupa lives in health", "live/__init__.py", "import lupa"),
    ("cel lives in health", "live/__init__.py", "import cel"),
    ("prometheus_client lives in metrics", "web/__init__.py", "import prometheus_client"),
    ("msgspec lives in cluster, live and web.payloads", "reconciler.py", "import msgspec"),
    ("zstandard lives in model.packing", "cluster/__init__.py", "import zstandard"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file in (ROOT / PACKAGE).rglob("*.py"):
        target = tmp_path / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return tmp_path


def broken_contracts(folder: Path) -> list[str]:
    command = [str(LINT_IMPORTS), "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    summary = re.findall(r"^(.+) (KEPT|BROKEN)$", done.stdout, re.MULTILINE)
    assert {name for name, _ in summary} == declared_contracts(), done.stdout
    return [name for name, verdict in summary if verdict == "BROKEN"]


def declared_contracts() -> set[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["name"] for contract in config["tool"]["importlinter"]["contracts"]}


def test_the_tree_keeps_every_contract(copy: Path) -> None:
    assert broken_contracts(copy) == []


@pytest.mark.parametrize("contract, file, line", VIOLATIONS)
def test_a_contract_notices_its_violation_and_no_other_does(copy: Path, contract: str, file: str, line: str) -> None:
    module = copy / PACKAGE / file
    before = module.read_text() if module.exists() else ""
    module.write_text(f"{before}\n{line}\n")

    assert broken_contracts(copy) == [contract]


def test_every_contract_has_a_violation() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == declared_contracts()
