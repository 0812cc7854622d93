"""What import-linter cannot see: a pure package may import datetime, but must not ask it for the time."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gitops_operator"
PURE = ["model", "live", "diff", "plan", "health", "status"]
PURE_FILES = [
    PACKAGE / "errors.py",
    PACKAGE / "view.py",
    *(file for name in PURE for file in (PACKAGE / name).rglob("*.py")),
]
ALL_FILES = sorted(PACKAGE.rglob("*.py"))

IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "print", "input", "getenv", "token_hex"}
IMPURE_MODULES = {"pathlib", "threading", "secrets", "tempfile", "shutil", "concurrent", "multiprocessing", "io"}
MEMOS = {"cache", "lru_cache"}


def impurities(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in IMPURE_CALLS:
                yield node.lineno, f"calls {name}()"
            case ast.Import(names=names):
                yield from ((node.lineno, f"imports {a.name}") for a in names if root(a.name) in IMPURE_MODULES)
            case ast.ImportFrom(module=str(module)) if root(module) in IMPURE_MODULES:
                yield node.lineno, f"imports {module}"
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                yield node.lineno, "is asynchronous"


def module_state(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Global():
                yield node.lineno, "changes a module's variable"
            case ast.ImportFrom(module="functools", names=names):
                yield from ((node.lineno, f"memoizes with {a.name}") for a in names if a.name in MEMOS)
            case ast.Attribute(value=ast.Name(id="functools"), attr=name) if name in MEMOS:
                yield node.lineno, f"memoizes with {name}"


def root(module: str) -> str:
    return module.partition(".")[0]


def findings(file: Path, check: Callable[[ast.AST], Iterator[tuple[int, str]]]) -> list[str]:
    return [f"{file.relative_to(ROOT)}:{line} {what}" for line, what in check(ast.parse(file.read_text()))]


def test_pure_packages_ask_for_no_time_no_chance_and_no_file() -> None:
    assert [finding for file in PURE_FILES for finding in findings(file, impurities)] == []


def test_memos_are_fields_of_what_assembly_builds_never_module_state() -> None:
    assert [finding for file in ALL_FILES for finding in findings(file, module_state)] == []


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "uuid.uuid4()",
        "open('x')",
        "from pathlib import Path",
        "import threading",
        "async def f(): ...",
    ],
)
def test_an_impurity_is_noticed(line: str) -> None:
    assert list(impurities(ast.parse(line)))


@pytest.mark.parametrize("line", ["from functools import cache", "@functools.lru_cache\ndef f(): ...", "global x"])
def test_module_state_is_noticed(line: str) -> None:
    assert list(module_state(ast.parse(line)))
