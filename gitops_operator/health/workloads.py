"""What runs pods and keeps them running: the rules and sentences of Argo CD, which are those of `kubectl rollout`."""

from __future__ import annotations

from gitops_operator.health.view import View, degraded, explain, healthy, is_true, progressing, suspended
from gitops_operator.model.health import Health


def deployment(view: View) -> Health:
    """Paused, then observed, then the deadline, then updated, old and available replicas."""
    if view.flag("spec.paused"):
        return suspended("Deployment is paused")
    return view.behind() or _deadline(view) or _rollout(view) or healthy()


def _deadline(view: View) -> Health | None:
    condition = view.conditions().get("Progressing")
    if condition is None or condition.reason != "ProgressDeadlineExceeded":
        return None
    name = view.text("metadata.name")
    return degraded(f'Deployment "{name}" exceeded its progress deadline{_refused_pods(view)}')


def _rollout(view: View) -> Health | None:
    wanted = view.number("spec.replicas", 1)
    updated = view.number("status.updatedReplicas")
    old = view.number("status.replicas") - updated
    available = view.number("status.availableReplicas")
    if updated < wanted:
        return _waiting(f"{updated} out of {wanted} new replicas have been updated...{_refused_pods(view)}")
    if old > 0:
        return _waiting(f"{old} old replicas are pending termination...")
    if available < updated:
        return _waiting(f"{available} of {updated} updated replicas are available...")
    return None


def _refused_pods(view: View) -> str:
    """Why no pods are made (a quota, an admission webhook): the only place where a Deployment says so."""
    failure = view.conditions().get("ReplicaFailure")
    return f" ({explain(failure)})" if failure is not None and is_true(failure) else ""


def stateful_set(view: View) -> Health:
    """Observed, then ready pods, then what the update strategy promises."""
    if not view.number("status.observedGeneration"):
        return progressing("Waiting for the StatefulSet to be observed")
    return view.behind() or _ready_pods(view) or _STATEFUL_UPDATES.get(_strategy(view), _revisions)(view)


def _ready_pods(view: View) -> Health | None:
    missing = view.number("spec.replicas", 1) - view.number("status.readyReplicas")
    return progressing(f"Waiting for {missing} pods to be ready...") if missing > 0 else None


def _strategy(view: View) -> str:
    """The update strategy; "" for a rolling update without parameters, which the API server never leaves so."""
    strategy = view.text("spec.updateStrategy.type")
    return "" if strategy == "RollingUpdate" and not view.mapping("spec.updateStrategy.rollingUpdate") else strategy


def _partitioned(view: View) -> Health:
    partition = view.number("spec.updateStrategy.rollingUpdate.partition")
    wanted = view.number("spec.replicas", 1) - partition
    updated = view.number("status.updatedReplicas")
    if updated >= wanted:
        return healthy()
    what = "partitioned rollout" if partition else "rolling update"
    return progressing(f"Waiting for {what} to finish: {updated} out of {wanted} new pods have been updated...")


def _on_delete(view: View) -> Health:
    """Whoever deletes the pods decides when the update is done."""
    return healthy(f"StatefulSet has {view.number('status.readyReplicas')} ready pods, updated when they are deleted")


def _revisions(view: View) -> Health:
    update = view.text("status.updateRevision")
    if update == view.text("status.currentRevision"):
        return healthy()
    updated = view.number("status.updatedReplicas")
    return progressing(f"Waiting for rolling update to finish: {updated} pods at revision {update}...")


_STATEFUL_UPDATES = {"RollingUpdate": _partitioned, "OnDelete": _on_delete}


def daemon_set(view: View) -> Health:
    """Observed, then updated and available pods on as many nodes as want one."""
    behind = view.behind()
    if behind:
        return behind
    wanted = view.number("status.desiredNumberScheduled")
    updated = view.number("status.updatedNumberScheduled")
    available = view.number("status.numberAvailable")
    if view.text("spec.updateStrategy.type") == "OnDelete":
        return healthy(f"{updated} out of {wanted} new pods have been updated, the others when they are deleted")
    if updated < wanted:
        return _waiting(f"{updated} out of {wanted} new pods have been updated...")
    if available < wanted:
        return _waiting(f"{available} of {wanted} updated pods are available...")
    return healthy()


def replica_set(view: View) -> Health:
    """Observed, then pods that could not be made, then available replicas."""
    behind = view.behind()
    if behind:
        return behind
    failure = view.conditions().get("ReplicaFailure")
    if failure is not None and is_true(failure):
        return degraded(explain(failure))
    wanted = view.number("spec.replicas", 1)
    available = view.number("status.availableReplicas")
    if available < wanted:
        return _waiting(f"{available} out of {wanted} new replicas are available...")
    return healthy()


def _waiting(what: str) -> Health:
    return progressing(f"Waiting for rollout to finish: {what}")
