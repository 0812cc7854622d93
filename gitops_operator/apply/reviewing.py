"""REVIEW: may whoever writes do all that is planned? What he may not is told at once, before anything is written."""

from __future__ import annotations

from gitops_operator.apply.writer import Writer
from gitops_operator.errors import ApplyError
from gitops_operator.model.access import roles_in_words
from gitops_operator.model.step import Outcome, Result, Task


async def review(task: Task, writer: Writer) -> Outcome:
    """Ask for the rights that the task needs.

    Raises:
        ApplyError: some are lacking; the message holds the rules to add.
    """
    lacking = await writer.lacking(task.needs)
    if lacking:
        writer.forget_rights()
        message = f"{task.key} may not do all that this sync needs. {roles_in_words(lacking)}"
        raise ApplyError(message, reason="Forbidden")
    return Outcome(task.key, task.kind, Result.VALID, cleared=frozenset(need.key for need in task.needs))
