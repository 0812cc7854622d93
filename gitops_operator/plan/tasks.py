"""From a change to the task that makes it so, with the options that bear on it."""

from __future__ import annotations

from gitops_operator.model.application import SyncPolicy
from gitops_operator.model.change import Action, Change
from gitops_operator.model.step import Propagation, Task, TaskKind
from gitops_operator.model.tracking import TrackingId

_PROPAGATION = {
    "PrunePropagationPolicy=background": Propagation.BACKGROUND,
    "PrunePropagationPolicy=orphan": Propagation.ORPHAN,
    "PrunePropagationPolicy=foreground": Propagation.FOREGROUND,
}


def write_task(change: Change, policy: SyncPolicy, kind: TaskKind | None = None) -> Task:
    """The task that brings one object to what Git wants; `kind` says otherwise for a dry run."""
    assert change.desired is not None  # noqa: S101 - only changes with a desired object are applied
    options = change.desired.options | policy.options
    live = change.live
    natural = _kind(options, exists=live is not None)
    return Task(
        kind=kind or natural,
        proves=natural,
        key=change.key,
        api_version=change.desired.api_version,
        desired=change.desired,
        body=change.body,
        uid=live.uid if live else "",
        resource_version=live.resource_version if live else "",
        force_conflicts="ForceConflicts=false" not in options,
        validate="Validate=false" not in options,
        migrates=change.migrates and not policy.has("ClientSideApplyMigration=false"),
        care=change.care,
    )


def _kind(options: frozenset[str], *, exists: bool) -> TaskKind:
    if exists and "Force=true" in options:
        return TaskKind.RECREATE
    if exists and "Replace=true" in options:
        return TaskKind.REPLACE
    return TaskKind.APPLY


def recreates(change: Change, general: frozenset[str]) -> bool:
    """Whether a write deletes the object first, with sync options for all objects."""
    if change.desired is None or change.action is Action.NONE:
        return False
    return _kind(change.desired.options | general, exists=change.live is not None) is TaskKind.RECREATE


def prune_task(change: Change, policy: SyncPolicy) -> Task:
    """The task that deletes one live object."""
    live = change.live
    assert live is not None  # noqa: S101 - only live objects are pruned
    chosen = [propagation for option, propagation in _PROPAGATION.items() if policy.has(option)]
    return Task(
        kind=TaskKind.PRUNE,
        proves=TaskKind.PRUNE,
        key=change.key,
        api_version=live.api_version,
        uid=live.uid,
        resource_version=live.resource_version,
        propagation=chosen[0] if chosen else Propagation.FOREGROUND,
        tracking_id=str(TrackingId(live.tracking, live.key)) if live.tracking else "",
    )
