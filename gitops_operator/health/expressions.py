"""Health rules in CEL: expressions over a live object that say whether it is current, in progress or failed.

As Flux's health checks have them: first `inProgress`, then `failed`, then `current`; the first that is true decides,
and where none is, the object is in progress. The fields of the object (`metadata`, `spec`, `status` …) are the
variables.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec, module_from_spec
from typing import Any, Protocol

from gitops_operator.health.view import View
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import Body

_LONGEST = 4096
_DEEPEST = 2  # macros within macros: each may go through a list for each item of the one around it
_VERDICTS = {
    "inProgress": HealthStatus.PROGRESSING,
    "failed": HealthStatus.DEGRADED,
    "current": HealthStatus.HEALTHY,
}
"""In the order in which they are asked."""
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_BRACKET = re.compile(r"\.\s*(?:all|exists|exists_one|filter|map)\s*\(|[()]")
_EMPTY: Mapping[str, Any] = {}


class RuleError(Exception):
    """Why a rule cannot be used, in a sentence."""


class _Program(Protocol):
    def execute(self, context: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class CelRule:
    """A health rule; `name` says where it stands, for messages. Rules of the same text are equal."""

    name: str
    expressions: tuple[tuple[str, str], ...]
    programs: tuple[tuple[str, _Program], ...] = field(compare=False, repr=False)

    def assess(self, body: Body) -> Health:
        """What the expressions say of a live object; Unknown with its error where one fails.

        An object without a status is in progress: whoever makes one has not seen it yet.
        """
        view = View(body)
        if view.mapping("status").get("observedGeneration") is not None and (behind := view.behind()):
            return behind
        variables = {"status": _EMPTY, "spec": _EMPTY, **_without_managed_fields(body)}
        for verdict, program in self.programs:
            try:
                answer = program.execute(variables)
            except Exception as error:  # noqa: BLE001 - the library raises whatever Python has for it
                return self._failed(verdict, error, body)
            if not isinstance(answer, bool):
                return Health(HealthStatus.UNKNOWN, f"{self.name}: {verdict} is {answer!r}, neither true nor false")
            if answer:
                return Health(_VERDICTS[verdict])
        return Health(HealthStatus.PROGRESSING, "None of its rule's expressions is true")

    def _failed(self, verdict: str, error: Exception, body: Body) -> Health:
        if not body.get("status"):
            return Health(HealthStatus.PROGRESSING, "It has no status yet")
        what = f"there is no field {error}" if isinstance(error, KeyError) else str(error).partition("\n")[0]
        return Health(HealthStatus.UNKNOWN, f"{self.name}: {verdict} cannot be told: {what}")


def cel_rule(expressions: Mapping[str, Any], name: str) -> CelRule:
    """The rule of some expressions.

    Raises:
        RuleError: everything that is wrong with them.
    """
    problems = [f"{name}: {word} means nothing here" for word in expressions.keys() - _VERDICTS.keys()]
    if "current" not in expressions:
        problems.append(f"{name}: the expression current is missing")
    programs: list[tuple[str, _Program]] = []
    for verdict in _VERDICTS.keys() & expressions.keys():
        try:
            programs.append((verdict, _compiled(expressions[verdict])))
        except (ValueError, TypeError) as error:
            problems.append(f"{name}: {verdict}: {_reason(error)}")
    if problems:
        raise RuleError("\n".join(sorted(problems)))
    order = list(_VERDICTS)
    programs.sort(key=lambda each: order.index(each[0]))
    return CelRule(name, tuple(sorted(expressions.items())), tuple(programs))


def _compiled(text: Any) -> _Program:
    if not isinstance(text, str):
        raise TypeError("it is no text")
    if len(text) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} characters")
    if _depth(text) > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} of all, exists, filter and map stand within each other")
    program: _Program = _library().compile(text)
    return program


def _depth(text: str) -> int:
    """How many macros stand within each other."""
    opened: list[bool] = []
    deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("''", text)):
        if bracket == ")":
            del opened[-1:]
        else:
            opened.append(bracket != "(")
            deepest = max(deepest, sum(opened))
    return deepest


def _reason(error: Exception) -> str:
    """What the library says, less the expression itself."""
    text = str(error)
    return text.partition("ERROR: <input>:")[2].partition("\n")[0] or text.partition("\n")[0]


def _without_managed_fields(body: Body) -> dict[str, Any]:
    metadata = {name: value for name, value in body.get("metadata", {}).items() if name != "managedFields"}
    return {**body, "metadata": metadata}


def _library() -> Any:
    """CEL itself, without the package around it: that is a command line, and 30 MB of what one needs."""
    if "cel" not in sys.modules:
        spec = find_spec("cel")
        if spec is None:
            raise ModuleNotFoundError("No module named 'cel'", name="cel")
        sys.modules["cel"] = module_from_spec(spec)
    from cel import cel  # noqa: PLC0415 - most clusters have no such rule

    return cel
