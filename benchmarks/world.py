"""Where the subject lives: a devcluster, a Git server, and the operator as a real process with its own rights."""

import contextlib
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devcluster.cluster import DevCluster
from devcluster.git_server import GitRepository, GitServer
from devcluster.waiting import wait_until
from tests.cluster.installation import install
from tests.cluster.operator import NAMESPACE, Operator, running

API = f"/apis/gitops-operator.io/v1alpha1/namespaces/{NAMESPACE}/applications"
_REFRESH = {"metadata": {"annotations": {"gitops-operator.io/refresh": "normal"}}}
_RSS = re.compile(r"VmRSS:\s+(\d+) kB")
_PATIENCE = 300.0


@dataclass(frozen=True)
class World:
    """What a benchmark works with."""

    cluster: DevCluster
    git: GitServer
    operator: Operator

    def follow(self, name: str, repository: GitRepository, **spec: Any) -> None:
        """Creates the Application `name`, automated, into the namespace `name`, and waits until it is Ready."""
        body = application(name, self.git.http_url(repository.name), **spec)
        self.cluster.apply(json.dumps(body))
        self.wait_at(name, repository.sha())

    def refresh(self, name: str) -> None:
        """Tells the operator to look at the repository now."""
        path, kind = f"{API}/{name}?fieldManager=benchmark", "application/merge-patch+json"
        status, answer = self.cluster.api.send("PATCH", path, _REFRESH, content_type=kind)
        assert status == 200, answer

    def wait_at(self, name: str, sha: str) -> None:
        """Until the Application is Ready at a commit."""
        wait_until(
            lambda: self._is_at(name, sha), f"{name} at {sha[:7]}", timeout=_PATIENCE, explain=self.operator.tail
        )

    def _is_at(self, name: str, sha: str) -> bool:
        seen = self.cluster.api.get(f"{API}/{name}") or {}
        status = seen.get("status", {})
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", ()))
        return ready and bool(status.get("sync", {}).get("revisions") == [sha])

    def requests(self) -> Counter[str]:
        """What the operator has sent to the API server, by verb; neither watches nor its Lease."""
        found: Counter[str] = Counter()
        for labels, value in self.operator.samples("gitops_api_requests_total"):
            if labels["verb"] != "watch" and not labels["resource"].endswith("leases"):
                found[labels["verb"]] += int(value)
        return found

    def cpu_seconds(self) -> float:
        """What the operator's process has used so far."""
        fields = Path(f"/proc/{self.operator.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_megabytes(self) -> float:
        """What the operator's process holds in memory now."""
        found = _RSS.search(Path(f"/proc/{self.operator.pid}/status").read_text(encoding="utf-8"))
        assert found
        return int(found[1]) / 1024

    @contextlib.contextmanager
    def operator_paused(self) -> Iterator[None]:
        """A yardstick is not to share the machine with the subject."""
        self.operator.pause()
        try:
            yield
        finally:
            self.operator.resume()


@dataclass(frozen=True)
class Ground:
    """What an operator needs; `kubeconfig` is that of its service account, `folder` its own."""

    cluster: DevCluster
    git: GitServer
    kubeconfig: Path
    folder: Path


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Everything but the operator, for the block."""
    with tempfile.TemporaryDirectory(prefix="gitops-benchmark-") as name, DevCluster("benchmark") as cluster:
        folder, repositories = Path(name), Path(name) / "git"
        repositories.mkdir()
        kubeconfig = install(cluster)
        with GitServer(repositories) as git:
            yield Ground(cluster, git, kubeconfig, folder)


@contextlib.contextmanager
def world(**settings: object) -> Iterator[World]:
    """Everything, for the block; `settings` are the operator's flags. It polls rarely: benchmarks tell it to look."""
    flags: dict[str, Any] = {"poll_interval": 3600, "lease_duration": 600, **settings}
    with ground() as place, running(Operator(place.kubeconfig, place.folder, **flags)) as operator:
        yield World(place.cluster, place.git, operator)


def application(name: str, url: str, **spec: Any) -> Mapping[str, Any]:
    """An automated Application; the keywords replace what stands in spec."""
    whole = {
        "source": {"repoURL": url, "path": "."},
        "destination": {"namespace": name},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]},
        **spec,
    }
    return {
        "apiVersion": "gitops-operator.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": whole,
    }
