"""What can be waited for, and what an Application still lacks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.online.words import condition
from gitops_operator.model.application import REFRESH

Body = Mapping[str, Any]
Goal = Callable[[Body | None], str]
"""What an Application (None: it is gone) still lacks, in words; "" when the goal is reached."""

_WORDS = {"ready": "Ready", "synced": "Synced", "healthy": "Healthy"}
GOALS = (*_WORDS, "idle", "deleted", "condition=TYPE[=STATUS]")


class GoneError(Exception):
    """The Application was deleted, so that it never gets there."""


def goal_of(text: str) -> Goal:
    """The goal that `--for` names."""
    word = text.lower()
    if word in _WORDS:
        return _condition(_WORDS[word], "True")
    if word in {"deleted", "delete"}:
        return lambda body: "it is still there" if body is not None else ""
    if word == "idle":
        return lambda body: _unsettled(_present(body)) or _running(_present(body))
    name, equals, rest = text.partition("=")
    kind, _, status = rest.partition("=")
    if name != "condition" or not equals or not kind:
        raise CommandError(f"--for {text} is not known; wait for {', '.join(GOALS)}")
    return _condition(kind, status or "True")


def _condition(kind: str, status: str) -> Goal:
    def lacks(body: Body | None) -> str:
        present = _present(body)
        return _unsettled(present) or _differs(present, kind, status)

    return lacks


def _present(body: Body | None) -> Body:
    if body is None:
        raise GoneError
    return body


def _unsettled(body: Body) -> str:
    """What the operator has not looked at yet: a status from before says nothing of what comes."""
    metadata = body["metadata"]
    if (metadata.get("annotations") or {}).get(REFRESH):
        return "the refresh has not ended"
    if body.get("operation"):
        return "the sync that was asked for has not begun"
    if (body.get("status") or {}).get("observedGeneration") != metadata.get("generation"):
        return "the operator has not looked at the newest spec yet"
    return ""


def _running(body: Body) -> str:
    operation = (body.get("status") or {}).get("operation") or {}
    return said(condition(body, "Reconciling")) if operation.get("phase") == "Running" else ""


def _differs(body: Body, kind: str, status: str) -> str:
    found = next((one for key, one in _conditions(body).items() if key.lower() == kind.lower()), {})
    if found.get("status", "Unknown" if not found else "").lower() == status.lower():
        return ""
    if status.lower() == "false" and not found:  # a warning that is not there is not true
        return ""
    return said(found) if found else f"there is no condition {kind}"


def _conditions(body: Body) -> dict[str, Body]:
    return {one["type"]: one for one in (body.get("status") or {}).get("conditions") or ()}


def said(one: Body) -> str:
    """A condition in words."""
    reason, message = one.get("reason", ""), one.get("message", "")
    if reason and message and not message.startswith(f"{reason}:"):
        return f"{reason}: {message}"
    return message or reason or "nothing is known yet"
