"""One live object → its Health: deletion first, then the rule of its kind, then the conditions that it carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitops_operator.health import applications, foundations, jobs, pods, traffic, workloads
from gitops_operator.health.facts import NO_FACTS, Facts, facts_of
from gitops_operator.health.kstatus import by_conditions
from gitops_operator.health.view import MalformedError, View, explain, is_true, progressing, unknown
from gitops_operator.model.health import Health
from gitops_operator.model.resource import Body, GroupKind

_CHECKS: dict[GroupKind, Callable[[View], Health]] = {
    GroupKind("", "Namespace"): foundations.namespace,
    GroupKind("", "PersistentVolumeClaim"): foundations.persistent_volume_claim,
    GroupKind("", "Pod"): pods.pod,
    GroupKind("", "Service"): traffic.service,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): foundations.custom_resource_definition,
    GroupKind("apiregistration.k8s.io", "APIService"): foundations.api_service,
    GroupKind("apps", "DaemonSet"): workloads.daemon_set,
    GroupKind("apps", "Deployment"): workloads.deployment,
    GroupKind("apps", "ReplicaSet"): workloads.replica_set,
    GroupKind("apps", "StatefulSet"): workloads.stateful_set,
    GroupKind("argoproj.io", "Application"): applications.argo_application,
    GroupKind("argoproj.io", "Workflow"): jobs.workflow,
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): traffic.horizontal_pod_autoscaler,
    GroupKind("batch", "CronJob"): jobs.cron_job,
    GroupKind("batch", "Job"): jobs.job,
    GroupKind("extensions", "DaemonSet"): workloads.daemon_set,
    GroupKind("extensions", "Deployment"): workloads.deployment,
    GroupKind("extensions", "Ingress"): traffic.ingress,
    GroupKind("extensions", "ReplicaSet"): workloads.replica_set,
    GroupKind("gitops-operator.io", "Application"): applications.application,
    GroupKind("networking.k8s.io", "Ingress"): traffic.ingress,
    GroupKind("policy", "PodDisruptionBudget"): foundations.pod_disruption_budget,
}
"""By kind without version: another version of a known kind has the same rule (Argo CD says Unknown)."""

_NAMESPACE_TROUBLES = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceFinalizersRemaining",
)

_LONGEST_MESSAGE = 300


def assess(body: Body, facts: Facts = NO_FACTS) -> Health | None:
    """How well a live object does; None for one without health, which counts as fine.

    A rule that fails says Unknown with its error. Messages are one line of at most 300 characters: a condition may hold
    32 KiB, and an Application's whole status 64. An annotation that excludes the object from the Application's health
    changes nothing here (see `counts`): the object itself does as well as it does.
    """
    try:
        health = _assess(View(body, facts))
    except MalformedError as error:
        health = unknown(f"The health cannot be told: {error}")
    return health and health._replace(message=one_line(health.message))


def assess_beside(storage_classes: Iterable[Body]) -> Callable[[Body], Health | None]:
    """How to assess objects of a cluster that has these StorageClasses."""
    facts = facts_of(storage_classes)
    return lambda body: assess(body, facts)


def _assess(view: View) -> Health | None:
    if view.text("metadata.deletionTimestamp"):
        return _pending_deletion(view)
    check = _CHECKS.get(view.group_kind, by_conditions)
    return check(view)


def _pending_deletion(view: View) -> Health:
    """Going, and what keeps it: a namespace names its troubles in conditions, all else its finalizers."""
    message = "Pending deletion"
    finalizers = [str(finalizer) for finalizer in view.entries("metadata.finalizers")]
    if finalizers:
        message += f", waiting for {_plural('finalizer', finalizers)} {', '.join(finalizers)}"
    if view.group_kind == GroupKind("", "Namespace"):
        conditions = view.conditions()
        troubles = [conditions[name] for name in _NAMESPACE_TROUBLES if is_true(conditions.get(name))]
        message = ": ".join([message, *(explain(trouble) for trouble in troubles)])
    return progressing(message)


def _plural(noun: str, things: list[str]) -> str:
    return noun if len(things) == 1 else noun + "s"


def one_line(message: str) -> str:
    """A message as status has room for it."""
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
