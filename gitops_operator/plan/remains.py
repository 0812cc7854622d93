"""What a deletion is decided from, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.model.kind import KindStatus
from gitops_operator.model.live import LiveObject
from gitops_operator.model.operation import DELETION, Operation
from gitops_operator.model.resource import GroupKind, Resource, ResourceKey
from gitops_operator.model.step import Outcome, Step


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """What to do for an Application that is going.

    `finished` says that the finalizer may be removed; until then `message` says what is waited for. An `operation` that
    differs from the stored one is written before anything else, and `step` is empty then.
    """

    step: Step = Step()
    finished: bool = False
    message: str = ""
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class LastHooks:
    """The hooks of a deletion, as the last good render of `revision` has them.

    `objects` is what there is of them in the cluster; `new_id` the id of the operation that runs them.
    """

    hooks: tuple[Resource, ...]
    revision: str
    now: datetime
    new_id: str
    objects: Mapping[ResourceKey, LiveObject] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remains:
    """What a deletion decides from.

    `objects` is what the Application tracks; `kinds` the state of the kinds it had objects of; `uninstalling` says that
    our own CRD is going: then nothing cascades; `protected` are the operator's own objects; `dependents` the
    Applications that go first; `hooks` is None where none are to run (any more); `nobody` is a sentence where there
    is nobody in whose name anything could be deleted.
    """

    objects: Sequence[LiveObject] = ()
    kinds: Mapping[GroupKind, KindStatus] = field(default_factory=dict)
    uninstalling: bool = False
    protected: frozenset[ResourceKey] = frozenset()
    outcomes: Sequence[Outcome] = ()
    hooks: LastHooks | None = None
    dependents: Sequence[ApplicationKey] = ()
    nobody: str = ""
    now: datetime | None = None


def deletion_of(application: Application) -> Operation | None:
    """The operation that runs the hooks of the Application's deletion, once it has begun."""
    operation = application.operation
    return operation if operation is not None and operation.trigger == DELETION else None
