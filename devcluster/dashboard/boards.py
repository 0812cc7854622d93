"""The dashboards by file: one for those who deliver, one for those who run the operator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from devcluster.dashboard.delivery import ROWS as DELIVERY
from devcluster.dashboard.operations import ROWS as OPERATIONS
from devcluster.dashboard.variables import choice, dashboard

FOLDER = Path(__file__).parents[2] / "charts" / "gitops-operator" / "dashboards"
_JOB = choice("job", "Job", "label_values(gitops_build_info, job)")
_NAMESPACE = choice("namespace", "Namespace", 'label_values(gitops_application_info{job=~"$job"}, namespace)')


def dashboards() -> Mapping[str, str]:
    """The text of each file."""
    delivery = dashboard(
        "gitops-operator-delivery",
        "GitOps / Delivery",
        "Applications, syncs, drift, and how long commits take to be detected, applied and healthy.",
        DELIVERY,
        [_JOB, _NAMESPACE],
    )
    operations = dashboard(
        "gitops-operator-internals",
        "GitOps / Operator",
        "The operator itself: leader, queue, passes, cache, requests to Kubernetes and Git, renders, process.",
        OPERATIONS,
        [_JOB],
    )
    whole = {"delivery.json": delivery, "operator.json": operations}
    return {name: json.dumps(one, indent=2) + "\n" for name, one in whole.items()}
