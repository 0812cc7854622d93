"""How large modules and functions are."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ["gitops_operator", "devcluster", "benchmarks"]


class Size(NamedTuple):
    lines: int
    where: str


def modules() -> list[Size]:
    return sorted((Size(len(source(file).splitlines()), name(file)) for file in files()), reverse=True)


def functions() -> list[Size]:
    return sorted((size for file in files() for size in functions_of(file)), reverse=True)


def functions_of(file: Path) -> Iterator[Size]:
    for node in ast.walk(ast.parse(source(file))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Size((node.end_lineno or node.lineno) - node.lineno + 1, f"{name(file)}::{node.name}")


def files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def source(file: Path) -> str:
    return file.read_text(encoding="utf-8")
