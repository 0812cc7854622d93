"""What one pass does to the cluster, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gitops_operator.errors import ApplyError
from gitops_operator.model.access import Need
from gitops_operator.model.resource import Body, Resource, ResourceKey
from gitops_operator.model.sending import CARELESS, Care


class TaskKind(StrEnum):
    """The ways to touch one object."""

    APPLY = "apply"
    REPLACE = "replace"
    RECREATE = "recreate"
    PRUNE = "prune"
    VALIDATE = "validate"
    VERIFY = "verify"
    REVIEW = "review"


BEFORE_WRITES = frozenset({TaskKind.VALIDATE, TaskKind.REVIEW})
"""What a sync does to find out whether it can write."""


class Propagation(StrEnum):
    """How a delete treats dependents."""

    FOREGROUND = "Foreground"
    BACKGROUND = "Background"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True)
class Task:
    """One object to touch.

    APPLY, REPLACE (after a dry run proved it valid) and RECREATE (delete and create, after the same proof) send `body`;
    VALIDATE is the server dry run of what `proves` says; VERIFY is that of an apply, whose answer must equal live for
    H(live) to become the baseline; PRUNE deletes the object with `uid`, at first only in `resource_version`; REVIEW
    asks whether the account that `key` names may do all that `needs` says.
    `care` is the change's own; `tracking_id` is what the object of a PRUNE must still carry when it is read again.
    """

    kind: TaskKind
    key: ResourceKey
    api_version: str
    desired: Resource | None = None
    body: Body | None = field(default=None, compare=False, hash=False)
    uid: str = ""
    resource_version: str = ""
    force_conflicts: bool = True
    validate: bool = True
    migrates: bool = False
    propagation: Propagation = Propagation.FOREGROUND
    care: Care = field(default=CARELESS, compare=False, hash=False)
    tracking_id: str = ""
    needs: tuple[Need, ...] = ()
    proves: TaskKind = TaskKind.APPLY


class Result(StrEnum):
    """What an object's task came to."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    PRUNED = "pruned"
    GONE = "gone"
    VALID = "valid"
    VERIFIED = "verified"
    DIFFERS = "differs"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the API said to one task; `error` is there when and only when the result is FAILED.

    `unsettled` is set when an apply changed nothing though the comparison said drift (drift.md: changed at admission);
    `cleared` are the objects that a review found may be written.
    """

    key: ResourceKey
    task: TaskKind
    result: Result
    error: ApplyError | None = None
    warnings: tuple[str, ...] = ()
    unsettled: bool = False
    cleared: frozenset[ResourceKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """What to do in this pass: groups of tasks; the tasks of a group run side by side, groups one after the other.

    A group that fails does not stop the next one: a step is one (phase, wave) at most.
    """

    groups: tuple[tuple[Task, ...], ...] = ()

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in order."""
        return tuple(task for group in self.groups for task in group)
