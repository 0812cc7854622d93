"""Which cluster the demo plays on: one of its own, or the user's."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devcluster.binaries import binaries_folder, ensure_binaries, missing
from devcluster.cluster import DevCluster
from devcluster.demo.failure import DemoError
from devcluster.progress import Progress


@dataclass(frozen=True)
class Access:
    """How to reach the cluster; `is_ours` says that it goes with the demo, with all that is in it."""

    kubectl: Path
    kubeconfig: Path
    is_ours: bool


@contextmanager
def own_cluster() -> Iterator[Access]:
    """A control plane that lives as long as the block."""
    ensure_binaries()
    cluster = DevCluster("demo")
    with Progress("starting a control plane"):
        cluster.start()
    try:
        yield Access(cluster.binaries / "kubectl", cluster.kubeconfig, is_ours=True)
    finally:
        cluster.stop()


@contextmanager
def users_cluster(kubeconfig: Path) -> Iterator[Access]:
    """The cluster of the kubeconfig's current context."""
    if not kubeconfig.is_file():
        raise DemoError(f"there is no kubeconfig {kubeconfig}")
    yield Access(_find_kubectl(), kubeconfig.absolute(), is_ours=False)


def _find_kubectl() -> Path:
    on_path, built = shutil.which("kubectl"), binaries_folder()
    if on_path:
        return Path(on_path)
    if "kubectl" not in missing(built):
        return built / "kubectl"
    raise DemoError("there is no kubectl on PATH; install it, or have it built by `python -m devcluster build`")
