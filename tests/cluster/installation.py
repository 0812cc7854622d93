"""Installs what the operator needs, as a user does, from crds/ and deploy/."""

from pathlib import Path

from devcluster.cluster import DevCluster
from tests.cluster.operator import ACCOUNT, NAMESPACE, ROOT

CRD = "applications.gitops-operator.io"
_MANIFESTS = ("crds", "deploy/10-namespace.yaml", "deploy/20-rbac.yaml", "deploy/30-writer.yaml")


def install(cluster: DevCluster) -> Path:
    """Everything but the Deployment; returns the kubeconfig of the operator's service account."""
    cluster.kubectl("apply", *(flag for path in _MANIFESTS for flag in ("-f", str(ROOT / path))))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=30s")
    return cluster.kubeconfig_for(ACCOUNT, NAMESPACE)
