"""Which programs are built, from which Go modules and with which flags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

KUBERNETES_VERSION = "v1.37.2"
KWOK_VERSION = "v0.8.0"
HELM_VERSION = "v4.3.1"
KUSTOMIZE_VERSION = "v5.8.1"
PROMETHEUS_VERSION = "v0.315.1"  # of the Go module; the release calls itself 3.15.1
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one Go module: `packages` by the program's name, `variables` that the linker sets."""

    what: str
    module: Path
    packages: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()

    @property
    def flags(self) -> Sequence[str]:
        """What `go build` gets."""
        linker = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in self.variables.items())])
        tags = [f"-tags={','.join(self.tags)}"] if self.tags else []
        return ["-mod=readonly", "-buildvcs=false", "-trimpath", *tags, f"-ldflags={linker}"]


def _kubernetes_version() -> Mapping[str, str]:
    """Without these the server calls itself v0.0.0 and Helm refuses it."""
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    variables = {"gitVersion": KUBERNETES_VERSION, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return {
        f"{package}.{name}": value
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in variables.items()
    }


CONTROL_PLANE = Programs(
    "the control plane",
    _HERE / "controlplane",
    {
        "etcd": "go.etcd.io/etcd/server/v3",
        "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
        "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
        "kubectl": "k8s.io/kubernetes/cmd/kubectl",
        "kwok": "sigs.k8s.io/kwok/cmd/kwok",
    },
    {**_kubernetes_version(), "sigs.k8s.io/kwok/pkg/consts.Version": KWOK_VERSION},
)
PACKAGING = Programs(
    "helm and kustomize",
    _HERE / "packaging",
    {"helm": "helm.sh/helm/v4/cmd/helm", "kustomize": "sigs.k8s.io/kustomize/kustomize/v5"},
    {
        "helm.sh/helm/v4/internal/version.version": HELM_VERSION,
        "sigs.k8s.io/kustomize/api/provenance.version": KUSTOMIZE_VERSION,
    },
)
MONITORING = Programs(
    "Prometheus",
    _HERE / "monitoring",
    {
        "prometheus": "github.com/prometheus/prometheus/cmd/prometheus",
        "promtool": "github.com/prometheus/prometheus/cmd/promtool",
    },
    tags=("remove_all_sd",),  # discovery of some thirty clouds: three quarters of what would have to be compiled
)
