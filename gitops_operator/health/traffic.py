"""Services, Ingresses and autoscalers: what brings load to the pods, and pods to the load."""

from __future__ import annotations

import json

from gitops_operator.health.view import (
    MalformedError,
    View,
    conditions_by_type,
    degraded,
    explain,
    healthy,
    is_true,
    progressing,
)
from gitops_operator.model.condition import Condition
from gitops_operator.model.health import Health

_SCALING_FAILURES = {
    "AbleToScale": frozenset({"FailedGetScale", "FailedUpdateScale"}),
    "ScalingActive": frozenset(
        {
            "FailedGetResourceMetric",
            "FailedGetObjectMetric",
            "FailedGetPodsMetric",
            "FailedGetExternalMetric",
            "FailedComputeMetricsReplicas",
            "InvalidSelector",
        }
    ),
}
_V1_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
_WRAPPED = "the annotation's conditions"


def service(view: View) -> Health:
    """Only a load balancer has to be waited for."""
    return _addressed(view) if view.text("spec.type") == "LoadBalancer" else healthy()


def ingress(view: View) -> Health:
    """Has an address; under a controller that reports none it waits for ever, as in Argo CD."""
    return _addressed(view)


def _addressed(view: View) -> Health:
    if view.entries("status.loadBalancer.ingress"):
        return healthy()
    return progressing("Waiting for the load balancer to have an address")


def horizontal_pod_autoscaler(view: View) -> Health:
    """A known failure, else able to scale or at a limit. The reason words decide, as in Argo CD.

    A healthy one says nothing: its conditions' sentences change with the load.
    """
    conditions = _scaling_conditions(view)
    for name, reasons in _SCALING_FAILURES.items():
        condition = conditions.get(name)
        if condition is not None and condition.reason in reasons:
            return degraded(explain(condition))
    if is_true(conditions.get("AbleToScale")) or is_true(conditions.get("ScalingLimited")):
        return healthy()
    return progressing("Waiting to autoscale")


def _scaling_conditions(view: View) -> dict[str, Condition]:
    """Those of the status (autoscaling/v2 and its betas), else those that autoscaling/v1 keeps in an annotation."""
    annotation = view.annotation(_V1_CONDITIONS)
    if view.entries("status.conditions") or not annotation:
        return view.conditions()
    try:
        entries = json.loads(annotation)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"annotation {_V1_CONDITIONS}: {error}") from error
    return conditions_by_type(View({_WRAPPED: entries}).views(_WRAPPED))
