"""Which of the API server's own kinds stand in a namespace."""

from __future__ import annotations

from gitops_operator.diff.builtin import CLUSTER_SCOPED, TYPES
from gitops_operator.model.resource import GroupKind


def _group_kind(name: str) -> GroupKind:
    """The kind of `apps/v1/Deployment`, `v1/Service`."""
    *group, _, kind = name.split("/")
    return GroupKind(group[0] if group else "", kind)


_CLUSTER_SCOPED = frozenset(map(_group_kind, CLUSTER_SCOPED))
_KNOWN = frozenset(_group_kind(line.partition(":")[0]) for line in TYPES.splitlines() if "/" in line.partition(":")[0])


def scope_of(group_kind: GroupKind) -> bool | None:
    """Whether objects of a kind stand in a namespace; None where only a cluster knows."""
    if group_kind in _CLUSTER_SCOPED:
        return False
    return True if group_kind in _KNOWN else None


def is_namespaced_at_most(group_kind: GroupKind) -> bool | None:
    """False for what never stands in a namespace; None for all else: nothing is asked of it."""
    return False if scope_of(group_kind) is False else None
