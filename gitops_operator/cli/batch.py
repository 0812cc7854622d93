"""Many cases in one process: a JSON object a line in, a JSON object a line out, in order and at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.inputs import STDIN
from gitops_operator.errors import GitOpsError, RenderError

Case = Mapping[str, Any]
Answer = dict[str, Any]


def answer_batch(cases: str, answer: Callable[[Case], Answer], console: Console) -> Exit:
    """Answers every line of a file; one that cannot be answered says so, and the next one follows."""
    code = Exit.FINE
    for number, line in enumerate(_lines(cases, console), 1):
        if not line.strip():
            continue
        reply = _reply(line, number, answer)
        if "error" in reply:
            code = Exit.SEEN
        console.record(reply)
    return code


def part_of(case: Case, name: str, kind: type, default: Any = ...) -> Any:
    """A member of a case, of the type that it must have; absent or null is the default, where there is one."""
    value = case.get(name)
    if value is None and default is not ...:
        return default
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        found = "is missing" if value is None else f"is {_TYPES.get(type(value), 'a number')}"
        raise CommandError(f"{name} {found}; it must be {_TYPES[kind]}")
    return value


_TYPES = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


def _lines(cases: str, console: Console) -> Iterator[bytes]:
    if cases == STDIN:
        yield from console.stdin
        return
    try:
        with Path(cases).open("rb") as file:
            yield from file
    except OSError as error:
        raise CommandError(f"{cases} cannot be read: {error.strerror or error}") from None


def _reply(line: bytes, number: int, answer: Callable[[Case], Answer]) -> Answer:
    case: Any = None
    try:
        case = json.loads(line.strip())
        reply = answer(case) if isinstance(case, dict) else _error(f"line {number} is not a JSON object")
    except json.JSONDecodeError as error:
        reply = _error(f"line {number} is not JSON: {error.msg} at column {error.colno}")
    except RenderError as error:
        reply = _error(error.message, next((problem.line for problem in error.problems if problem.line), None))
    except (CommandError, GitOpsError) as error:
        reply = _error(error.message)
    except Exception as error:  # noqa: BLE001 - the edge: whatever a case holds, the ones after it are answered
        reply = _error(f"line {number} cannot be answered: {type(error).__name__}: {error}")
    return {"id": case["id"], **reply} if isinstance(case, dict) and "id" in case else reply


def _error(message: str, line: int | None = None) -> Answer:
    return {"error": {"message": message, "line": line}}
