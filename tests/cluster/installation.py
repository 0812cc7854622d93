"""Installs what the operator needs, as a user does: the chart, with helm."""

import subprocess
from pathlib import Path

from devcluster.binaries import ensure_packaging
from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from tests.cluster.operator import ACCOUNT, NAMESPACE, ROOT

CRD = "applications.gitops-operator.io"
CHART = ROOT / "charts" / "gitops-operator"
RELEASE = "gitops-operator"


def install(cluster: DevCluster) -> Path:
    """Everything but Pods; returns the kubeconfig of the operator's service account.

    Another test may have put the definition there with kubectl.
    """
    upgrade(cluster, flags=("--take-ownership", "--force-conflicts"))
    cluster.established(CRD)
    return cluster.kubeconfig_for(ACCOUNT, NAMESPACE)


def upgrade(cluster: DevCluster, *values: str, chart: Path = CHART, flags: tuple[str, ...] = ()) -> str:
    """Installs the chart, or gives the release these values (`name=value`). No node here could run its container."""
    place = ("--namespace", NAMESPACE, "--create-namespace", *flags)
    return helm(cluster, "upgrade", "--install", RELEASE, str(chart), *place, *setting("replicas=0", *values))


def setting(*values: str) -> list[str]:
    """The flags of helm for these values."""
    return [flag for value in values for flag in ("--set", value)]


def helm(cluster: DevCluster, *arguments: str) -> str:
    """Runs helm as the administrator; returns what it prints."""
    homes = {f"HELM_{what}_HOME": str(cluster.folder / "helm" / what.lower()) for what in ("CACHE", "CONFIG", "DATA")}
    done = subprocess.run(
        [str(ensure_packaging() / "helm"), *arguments],
        env={**cluster.environment(), **homes},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise DevClusterError(f"helm {' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout
