"""What runs to an end: Jobs, CronJobs, Argo Workflows."""

from __future__ import annotations

from gitops_operator.health.view import (
    View,
    degraded,
    explain,
    healthy,
    is_true,
    progressing,
    suspended,
    unknown,
)
from gitops_operator.model.health import Health, HealthStatus

_WORKFLOW_PHASES = {
    "": HealthStatus.PROGRESSING,
    "Pending": HealthStatus.PROGRESSING,
    "Running": HealthStatus.PROGRESSING,
    "Succeeded": HealthStatus.HEALTHY,
    "Failed": HealthStatus.DEGRADED,
    "Error": HealthStatus.DEGRADED,
}


def job(view: View) -> Health:
    """Only conditions that are True count: a resumed Job keeps Suspended=False and still runs (Argo CD: Healthy)."""
    conditions = view.conditions()
    failed = conditions.get("Failed")
    if failed is not None and is_true(failed):
        return degraded(explain(failed) or "Job has failed")
    if is_true(conditions.get("Complete")):
        return healthy()
    if is_true(conditions.get("Suspended")):
        return suspended("Job is suspended")
    return progressing("Waiting for the Job to complete")


def cron_job(view: View) -> Health:
    """Its schedule is all that it promises; the Jobs that it makes have their own health."""
    return suspended("CronJob is suspended") if view.flag("spec.suspend") else healthy()


def workflow(view: View) -> Health:
    """Argo Workflows' phase and message."""
    phase, message = view.text("status.phase"), view.text("status.message")
    if phase not in _WORKFLOW_PHASES:
        return unknown(message or f"Workflow is in phase {phase}")
    status = _WORKFLOW_PHASES[phase]
    if status is HealthStatus.HEALTHY:
        return healthy(message)
    return Health(status, message or f"Workflow is {phase.lower() or 'not started'}")
