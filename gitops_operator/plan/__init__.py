"""May we sync, and what is the next step: from what a pass sees to what it does."""

from gitops_operator.plan.approval import used_up
from gitops_operator.plan.confirmation import with_confirmations
from gitops_operator.plan.decide import inputs_digest, next_step
from gitops_operator.plan.delete_hooks import how_to_skip, needs_hooks
from gitops_operator.plan.deletion import left_behind, next_deletion
from gitops_operator.plan.dependencies import Dependency
from gitops_operator.plan.ending import abandoned, revision_to_retry
from gitops_operator.plan.fights import fights_in_words
from gitops_operator.plan.hold import is_in_force, may_be_held, with_spared
from gitops_operator.plan.namespace import namespace_change, namespace_resource
from gitops_operator.plan.options import unknown_options
from gitops_operator.plan.remains import DeletionPlan, LastHooks, Remains, deletion_of
from gitops_operator.plan.situation import Fight, Hints, Plan, Situation
from gitops_operator.plan.transient import without_reruns
from gitops_operator.plan.unverified import with_doubts

__all__ = [
    "DeletionPlan",
    "Dependency",
    "Fight",
    "Hints",
    "LastHooks",
    "Plan",
    "Remains",
    "Situation",
    "abandoned",
    "deletion_of",
    "fights_in_words",
    "how_to_skip",
    "inputs_digest",
    "is_in_force",
    "left_behind",
    "may_be_held",
    "namespace_change",
    "namespace_resource",
    "needs_hooks",
    "next_deletion",
    "next_step",
    "revision_to_retry",
    "unknown_options",
    "used_up",
    "with_confirmations",
    "with_doubts",
    "with_spared",
    "without_reruns",
]
