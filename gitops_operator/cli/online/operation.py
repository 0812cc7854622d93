"""One sync that was asked for, from the request to its end."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from enum import Enum, auto
from typing import Any, NamedTuple

from gitops_operator.cli.console import Console
from gitops_operator.cli.online.applications import Scope, edit, follow, get_application
from gitops_operator.cli.online.goals import said
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach
from gitops_operator.cli.online.words import condition
from gitops_operator.errors import ClusterError
from gitops_operator.model.application import Application
from gitops_operator.model.operation import Operation
from gitops_operator.model.parsing import parse_application

_ATTEMPTS = 5
_NOBODY = "nobody took it; is the operator running, and does it act on this namespace?"


class Verdict(Enum):
    """How the wait for a sync ended: the sync did, or it cannot begin; or we did, before or after it began."""

    ENDED = auto()
    BLOCKED = auto()
    WITHDRAWN = auto()
    LEFT = auto()


class Outcome(NamedTuple):
    """What came of it: the Application as it is now (None: gone) and, where it did not begin, why."""

    verdict: Verdict
    body: Mapping[str, Any] | None
    why: str = ""


class Running:
    """A request and what becomes of it."""

    def __init__(self, before: Application, asked: Application) -> None:
        self._key, self._asked = asked.key, asked
        self._previous = before.operation.id if before.operation else ""
        self._digest = asked.request.digest if asked.request else ""
        self.latest: Mapping[str, Any] | None = None
        self.waits_for = _NOBODY

    async def until_it_ends(self, reach: Reach, console: Console) -> Outcome:
        """Tells of each step."""
        progress = Progress(console)
        scope = Scope(self._key.namespace, "", (self._key,))
        try:
            async with aclosing(follow(reach.client, scope)) as changes:
                async for seen in changes:
                    self.latest = seen.body
                    if seen.body is None:
                        return Outcome(Verdict.ENDED, None)
                    outcome = await self._outcome(reach, seen.body, progress)
                    if outcome is not None:
                        return outcome
        finally:
            progress.clear()
        raise AssertionError  # a follow has no end

    async def _outcome(self, reach: Reach, body: Mapping[str, Any], progress: Progress) -> Outcome | None:
        application = parse_application(body)
        operation = self._ours(application)
        if operation is not None:
            if not operation.is_running:
                return Outcome(Verdict.ENDED, body)
            progress.tell(self._key, f"{self._key}: {_step(body, operation)}")
            return None
        obstacle = self._obstacle(application, body)
        if obstacle and await self.withdraw(reach):
            return Outcome(Verdict.BLOCKED, body, obstacle)
        waits_for = "waits for the operator to begin" if self.waits_for == _NOBODY else self.waits_for
        progress.tell(self._key, f"{self._key}: {waits_for}")
        return None

    def _ours(self, application: Application) -> Operation | None:
        """The operation that answers the request, once there is one."""
        operation = application.operation
        is_ours = operation is not None and operation.request == self._digest and operation.id != self._previous
        return operation if is_ours else None

    def _obstacle(self, application: Application, body: Mapping[str, Any]) -> str:
        """Why the sync cannot begin, in the operator's words about this very request; "" while nothing is known."""
        if application.status.get("observedGeneration", 0) < self._asked.generation:
            return ""
        ready, stalled = condition(body, "Ready"), condition(body, "Stalled")
        if ready.get("status") == "False":
            self.waits_for = said(ready)
        return said(stalled) if stalled.get("status") == "True" else ""

    async def withdraw(self, reach: Reach) -> bool:
        """Take the request back, unless it has been taken; whether that was done."""
        for _ in range(_ATTEMPTS):
            body = await get_application(reach, self._key)
            application = parse_application(body)
            if application.request is None or application.request.digest != self._digest or self._ours(application):
                return False
            fence = {"metadata": {"resourceVersion": application.resource_version}}
            try:
                self.latest = await edit(reach.client, self._key, {**fence, "operation": None})
            except ClusterError as error:
                if error.status != 409:
                    raise
            else:
                return True
        return False


def _step(body: Mapping[str, Any], operation: Operation) -> str:
    """What the running sync does, in the operator's words."""
    words = condition(body, "Reconciling")
    message = words.get("message", "") if words.get("status") == "True" else ""
    return message or f"{operation.cursor.phase} wave {operation.cursor.wave}"
