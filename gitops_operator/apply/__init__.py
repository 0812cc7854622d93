"""Sends a step to the cluster: each task by the way of its kind, and each refusal in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from gitops_operator.apply.applying import apply, verify
from gitops_operator.apply.errors import classify
from gitops_operator.apply.proving import validate
from gitops_operator.apply.pruning import prune
from gitops_operator.apply.replacing import recreate, replace
from gitops_operator.apply.reviewing import review
from gitops_operator.apply.writer import How, Writer, Written
from gitops_operator.errors import ApplyError, ClusterError
from gitops_operator.model.step import Outcome, Result, Step, Task, TaskKind

__all__ = ["How", "Writer", "Written", "execute"]

_WAYS: Mapping[TaskKind, Callable[[Task, Writer], Awaitable[Outcome]]] = {
    TaskKind.APPLY: apply,
    TaskKind.REPLACE: replace,
    TaskKind.RECREATE: recreate,
    TaskKind.PRUNE: prune,
    TaskKind.VALIDATE: validate,
    TaskKind.VERIFY: verify,
    TaskKind.REVIEW: review,
}


async def execute(step: Step, writer: Writer) -> tuple[Outcome, ...]:
    """Do what a step says, the tasks of a group side by side; a task that fails does not stop the others.

    Only a review that fails does: what comes after it is not allowed. What the writer raises beside ClusterError (the
    lease is lost) ends the step: tasks in flight are cancelled.
    """
    outcomes: list[Outcome] = []
    for group in step.groups:
        outcomes += await _side_by_side(group, writer)
        if any(outcome.task is TaskKind.REVIEW and outcome.error is not None for outcome in outcomes):
            break
    return tuple(outcomes)


async def _side_by_side(group: tuple[Task, ...], writer: Writer) -> list[Outcome]:
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_perform(task, writer)) for task in group]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in running]


async def _perform(task: Task, writer: Writer) -> Outcome:
    try:
        return await _WAYS[task.kind](task, writer)
    except ClusterError as error:
        if error.status == 403:
            writer.forget_rights()
        return Outcome(task.key, task.kind, Result.FAILED, classify(error, task))
    except ApplyError as error:
        return Outcome(task.key, task.kind, Result.FAILED, error)
