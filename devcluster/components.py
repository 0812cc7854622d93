"""The command lines of the control plane's components."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devcluster.certificates import Authority, Identity, signing_key
from devcluster.kubeconfig import certificate_user, write_kubeconfig
from devcluster.processes import Component

SERVICE_RANGE = "10.96.0.0/16"
_STAGES = Path(__file__).parent / "stages"
_HOSTS = (
    "127.0.0.1",
    "localhost",
    "10.96.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)


@dataclass(frozen=True)
class Plan:
    """Everything that the command lines are made of."""

    binaries: Path
    folder: Path
    port: int
    authority: Identity
    server: Identity
    tokens: Identity
    admin: Identity
    kubeconfigs: Mapping[str, Path]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def etcd_socket(self) -> str:
        # A socket in a private folder: no port to race for, and nobody else can write to etcd.
        return f"unix://{self.folder}/etcd.sock"


def make_plan(binaries: Path, folder: Path, port: int) -> Plan:
    """Makes keys, certificates and kubeconfigs in the folder."""
    pki = folder / "pki"
    pki.mkdir(mode=0o700)
    authority = Authority(pki, "devcluster")
    identities = {
        "admin": authority.client("devcluster:admin", "system:masters"),
        "kube-controller-manager": authority.client("system:kube-controller-manager"),
        "kube-scheduler": authority.client("system:kube-scheduler"),
        "kwok": authority.client("devcluster:kwok", "system:masters"),
    }
    kubeconfigs = {
        name: write_kubeconfig(
            folder / f"{name}.kubeconfig",
            f"https://127.0.0.1:{port}",
            authority.identity.certificate,
            certificate_user(identity),
        )
        for name, identity in identities.items()
    }
    return Plan(
        binaries=binaries,
        folder=folder,
        port=port,
        authority=authority.identity,
        server=authority.server("kube-apiserver", _HOSTS),
        tokens=signing_key(pki, "service-accounts"),
        admin=identities["admin"],
        kubeconfigs=kubeconfigs,
    )


def make_components(plan: Plan) -> dict[str, Component]:
    """All components by name, in the order of their start."""
    commands = {
        "etcd": _etcd(plan),
        "kube-apiserver": _apiserver(plan),
        "kube-controller-manager": _controller_manager(plan),
        "kube-scheduler": _scheduler(plan),
        "kwok": _kwok(plan),
    }
    logs = plan.folder / "logs"
    logs.mkdir()
    # An empty home: no component reads or writes the files of the user.
    environment = {"HOME": str(plan.folder), "PATH": os.environ.get("PATH", ""), "TMPDIR": str(plan.folder)}
    return {
        name: Component(name, [str(plan.binaries / name), *flags], logs / f"{name}.log", environment)
        for name, flags in commands.items()
    }


def _etcd(plan: Plan) -> Sequence[str]:
    peer = f"unix://{plan.folder}/etcd-peer.sock"
    return [
        "--name=devcluster",
        f"--data-dir={plan.folder}/etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={plan.etcd_socket}",
        f"--advertise-client-urls={plan.etcd_socket}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=devcluster={peer}",
        "--log-level=warn",
    ]


def _apiserver(plan: Plan) -> Sequence[str]:
    return [
        f"--etcd-servers={plan.etcd_socket}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={plan.port}",
        "--permit-port-sharing=true",  # we hold the port while the server is down
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={plan.server.certificate}",
        f"--tls-private-key-file={plan.server.key}",
        f"--client-ca-file={plan.authority.certificate}",
        f"--service-account-key-file={plan.tokens.certificate}",
        f"--service-account-signing-key-file={plan.tokens.key}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--profiling=false",
    ]


def _controller_manager(plan: Plan) -> Sequence[str]:
    return [
        f"--kubeconfig={plan.kubeconfigs['kube-controller-manager']}",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={plan.tokens.key}",
        f"--root-ca-file={plan.authority.certificate}",
        f"--cluster-signing-cert-file={plan.authority.certificate}",
        f"--cluster-signing-key-file={plan.authority.key}",
        "--leader-elect=false",
        "--secure-port=0",
        # Without metrics it could only complain; a stage of kwok plays it (stages/autoscaler.yaml).
        "--controllers=*,-horizontal-pod-autoscaler-controller",
        "--kube-api-qps=500",  # the default throttles benchmarks
        "--kube-api-burst=1000",
        "--node-monitor-grace-period=24h",  # a test may pause kwok without losing the node
    ]


def _scheduler(plan: Plan) -> Sequence[str]:
    return [
        f"--kubeconfig={plan.kubeconfigs['kube-scheduler']}",
        "--leader-elect=false",
        "--secure-port=0",
    ]


def _kwok(plan: Plan) -> Sequence[str]:
    config = plan.folder / "stages.yaml"
    config.write_text("\n---\n".join(path.read_text() for path in sorted(_STAGES.glob("*.yaml"))))
    return [
        f"--kubeconfig={plan.kubeconfigs['kwok']}",
        f"--config={config}",
        "--manage-all-nodes",
        "--node-ip=127.0.0.1",
    ]
