"""VALIDATE: would the write go through? Asked of the server, which only pretends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from gitops_operator.apply.applying import validate as validate_apply
from gitops_operator.apply.pruning import validate_prune
from gitops_operator.apply.replacing import validate_recreation, validate_replacement
from gitops_operator.apply.writer import Writer
from gitops_operator.model.step import Outcome, Task, TaskKind

_PROOFS: Mapping[TaskKind, Callable[[Task, Writer], Awaitable[Outcome]]] = {
    TaskKind.APPLY: validate_apply,
    TaskKind.REPLACE: validate_replacement,
    TaskKind.RECREATE: validate_recreation,
    TaskKind.PRUNE: validate_prune,
}


async def validate(task: Task, writer: Writer) -> Outcome:
    """The dry run of what the task stands for."""
    return await _PROOFS[task.proves](task, writer)
