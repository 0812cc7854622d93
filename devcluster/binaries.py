"""The programs of the control plane and of the tests: built once from Go modules into a cache outside the checkout."""

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
from devcluster.programs import CONTROL_PLANE, MONITORING, PACKAGING, Programs
from devcluster.progress import Progress
from devcluster.toolchain import find_go

CACHE_VARIABLE = "DEVCLUSTER_CACHE"
ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"
_BUILD_PATIENCE = 3600.0
_UNFINISHED = ".building-"


def ensure_binaries(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the control plane's binaries; builds what is missing."""
    if assets := environment.get(ASSETS_VARIABLE):
        return _named_by_user(Path(assets))
    return _ensure(CONTROL_PLANE, environment)


def ensure_packaging(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of helm and kustomize; builds what is missing."""
    return _ensure(PACKAGING, environment)


def ensure_monitoring(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of prometheus and promtool; builds what is missing."""
    return _ensure(MONITORING, environment)


def _ensure(programs: Programs, environment: Mapping[str, str]) -> Path:
    folder = binaries_folder(environment, programs)
    if missing(folder, programs):
        _build_all(programs, folder, environment)
    return folder


def binaries_folder(environment: Mapping[str, str] = os.environ, programs: Programs = CONTROL_PLANE) -> Path:
    """Where the binaries of this go.sum and these flags belong; the folder may not exist yet."""
    return cache_folder(environment) / _digest(programs)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """DEVCLUSTER_CACHE, or gitops-operator-devcluster in the user's cache folder."""
    if own := environment.get(CACHE_VARIABLE):
        return Path(own).expanduser().absolute()
    users = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(users) / "gitops-operator-devcluster"


def missing(folder: Path, programs: Programs = CONTROL_PLANE) -> Sequence[str]:
    """The names of the binaries that the folder does not have."""
    return [name for name in programs.packages if not os.access(folder / name, os.X_OK)]


def _digest(programs: Programs) -> str:
    parts = [
        (programs.module / "go.mod").read_text(),
        (programs.module / "go.sum").read_text(),
        *programs.flags,
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


def _build_all(programs: Programs, folder: Path, environment: Mapping[str, str]) -> None:
    go = find_go(programs.module / "go.mod", environment)
    folder.mkdir(parents=True, exist_ok=True)
    waiting = Progress(f"waiting for another process that builds {programs.what}")
    with locked(folder / ".lock", timeout=_BUILD_PATIENCE, while_waiting=waiting.beat):
        for unfinished in folder.glob(f"{_UNFINISHED}*"):  # of a build that was killed
            shutil.rmtree(unfinished, ignore_errors=True)
        names = missing(folder, programs)
        for number, name in enumerate(names, start=1):
            with Progress(f"building {name} ({number} of {len(names)})") as progress:
                _build(go, programs, folder / name, environment, progress)


def _build(go: str, programs: Programs, target: Path, environment: Mapping[str, str], progress: Progress) -> None:
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=target.parent) as work:
        output, log = Path(work, target.name), Path(work, "log")
        command = [go, "build", *programs.flags, "-o", str(output), programs.packages[target.name]]
        own = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOTMPDIR": work}
        with log.open("wb") as stream:
            process = subprocess.Popen(
                dying_with_us(command),
                cwd=programs.module,
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
            raise DevClusterError(f"building {target.name} failed (exit code {process.returncode}):\n{tail}")
        output.replace(target)


def _is_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        return True
    return False


def _downloads(log: Path) -> str:
    count = log.read_text(errors="replace").count("go: downloading")
    return f"{count} modules downloaded" if count else ""
