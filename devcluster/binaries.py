"""The programs of the control plane: built once from Go modules into a cache outside the checkout."""

import contextlib
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from devcluster.errors import DevClusterError
from devcluster.locks import locked
from devcluster.processes import dying_with_us
from devcluster.progress import Progress
from devcluster.toolchain import find_go

MODULE = Path(__file__).parent / "controlplane"
KUBERNETES_VERSION = "v1.37.2"
KWOK_VERSION = "v0.8.0"
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
CACHE_VARIABLE = "DEVCLUSTER_CACHE"
ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"
_BUILD_PATIENCE = 3600.0
_UNFINISHED = ".building-"


def ensure_binaries(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the binaries; builds what is missing."""
    if assets := environment.get(ASSETS_VARIABLE):
        return _named_by_user(Path(assets))
    folder = binaries_folder(environment)
    if missing(folder):
        _build_all(folder, environment)
    return folder


def binaries_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the binaries of this go.sum and these flags belong; the folder may not exist yet."""
    return cache_folder(environment) / _digest()


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """DEVCLUSTER_CACHE, or gitops-operator-devcluster in the user's cache folder."""
    if own := environment.get(CACHE_VARIABLE):
        return Path(own).expanduser().absolute()
    users = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(users) / "gitops-operator-devcluster"


def missing(folder: Path) -> Sequence[str]:
    """The names of the binaries that the folder does not have."""
    return [name for name in PACKAGES if not os.access(folder / name, os.X_OK)]


def build_flags() -> Sequence[str]:
    """What `go build` gets; without the versions the server calls itself v0.0.0 and Helm refuses it."""
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    variables = {"gitVersion": KUBERNETES_VERSION, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    settings = [
        f"-X {package}.{name}={value}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in variables.items()
    ]
    settings.append(f"-X sigs.k8s.io/kwok/pkg/consts.Version={KWOK_VERSION}")
    linker = " ".join(["-s", "-w", *settings])
    return ["-mod=readonly", "-buildvcs=false", "-trimpath", f"-ldflags={linker}"]


def _digest() -> str:
    parts = [
        (MODULE / "go.mod").read_text(),
        (MODULE / "go.sum").read_text(),
        *build_flags(),
        platform.system(),
        platform.machine(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _named_by_user(folder: Path) -> Path:
    if absent := missing(folder):
        raise DevClusterError(
            f"{ASSETS_VARIABLE} names {folder}, which lacks {', '.join(absent)}; "
            f"unset it to have all of them built, or put them there"
        )
    return folder.absolute()


def _build_all(folder: Path, environment: Mapping[str, str]) -> None:
    go = find_go(MODULE / "go.mod", environment)
    folder.mkdir(parents=True, exist_ok=True)
    waiting = Progress("waiting for another process that builds the control plane")
    with locked(folder / ".lock", timeout=_BUILD_PATIENCE, while_waiting=waiting.beat):
        for unfinished in folder.glob(f"{_UNFINISHED}*"):  # of a build that was killed
            shutil.rmtree(unfinished, ignore_errors=True)
        names = missing(folder)
        for number, name in enumerate(names, start=1):
            with Progress(f"building {name} ({number} of {len(names)})") as progress:
                _build(go, name, folder, environment, progress)


def _build(go: str, name: str, folder: Path, environment: Mapping[str, str], progress: Progress) -> None:
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as work:
        output, log = Path(work, name), Path(work, "log")
        command = [go, "build", *build_flags(), "-o", str(output), PACKAGES[name]]
        own = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOTMPDIR": work}
        with log.open("wb") as stream:
            process = subprocess.Popen(
                dying_with_us(command),
                cwd=MODULE,
                env={**environment, **own},
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            while _is_running(process):
                progress.beat(_downloads(log))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise DevClusterError(f"building {name} failed (exit code {process.returncode}):\n{tail}")
        output.replace(folder / name)


def _is_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        return True
    return False


def _downloads(log: Path) -> str:
    count = log.read_text(errors="replace").count("go: downloading")
    return f"{count} modules downloaded" if count else ""
