"""Clusters that stay up behind a name, each held by a process of its own, until they are taken down."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devcluster.binaries import cache_folder, ensure_binaries
from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from devcluster.locks import is_locked, try_lock
from devcluster.waiting import wait_until

_START_PATIENCE = 180.0
_STOP_PATIENCE = 30.0


@dataclass(frozen=True)
class Standing:
    """What is known of a cluster that is up."""

    name: str
    pid: int
    url: str
    kubeconfig: str
    kubectl: str


def up(name: str) -> Standing:
    """Starts the cluster in the background, unless it is up already."""
    files = _Files(name)
    ensure_binaries()  # here, where its progress is seen
    if not is_locked(files.lock):
        files.record.unlink(missing_ok=True)
        _start_holder(files)
    wait_until(files.record.exists, f"the cluster {name} to be up", timeout=_START_PATIENCE)
    return look_up(name)


def down(name: str) -> None:
    """Stops the cluster and waits until nothing is left of it."""
    standing, files = look_up(name), _Files(name)
    os.kill(standing.pid, signal.SIGTERM)
    try:
        wait_until(lambda: not is_locked(files.lock), f"the cluster {name} to stop", timeout=_STOP_PATIENCE)
    except DevClusterError:
        os.kill(standing.pid, signal.SIGKILL)  # its components die with it
        wait_until(lambda: not is_locked(files.lock), f"the cluster {name} to die", timeout=_STOP_PATIENCE)
    files.record.unlink(missing_ok=True)


def look_up(name: str) -> Standing:
    """The cluster of that name; an error that names those that are up when there is none."""
    files = _Files(name)
    if not files.record.exists() or not is_locked(files.lock):
        names = [n for n in all_names() if n != name]
        others = f"; up are: {', '.join(names)}" if names else ""
        option = "" if name == "devcluster" else f" --name {name}"
        raise DevClusterError(f"no cluster named {name} is up{others}. Start it with `python -m devcluster up{option}`")
    record: Mapping[str, Any] = json.loads(files.record.read_text())
    return Standing(**record)


def all_names() -> Sequence[str]:
    """The names of all clusters that are up."""
    folder = cache_folder() / "clusters"
    return sorted(path.stem for path in folder.glob("*.json") if is_locked(path.with_suffix(".lock")))


def hold(name: str) -> None:
    """Runs the cluster in this process until SIGTERM; what `up` starts."""
    files = _Files(name)
    if try_lock(files.lock) is None:
        raise DevClusterError(f"the cluster {name} is up already")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with DevCluster(name) as cluster:
            kubeconfig, kubectl = str(cluster.kubeconfig), str(cluster.binaries / "kubectl")
            files.write(Standing(name, os.getpid(), cluster.url, kubeconfig, kubectl))
            while True:
                time.sleep(3600)
    finally:
        files.record.unlink(missing_ok=True)


class _Files:
    def __init__(self, name: str) -> None:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", name):
            raise DevClusterError(f"{name!r} is no name for a cluster: use up to 32 of a-z, 0-9 and -")
        folder = cache_folder() / "clusters"
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.lock = folder / f"{name}.lock"
        self.record = folder / f"{name}.json"
        self.log = folder / f"{name}.log"

    def write(self, standing: Standing) -> None:
        unfinished = self.record.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(standing)))
        unfinished.replace(self.record)


def _start_holder(files: _Files) -> None:
    packages = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    with files.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "devcluster", "hold", "--name", files.name],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": packages},
            start_new_session=True,
        )

    def is_decided() -> bool:
        return files.record.exists() or process.poll() is not None

    try:
        wait_until(is_decided, f"the cluster {files.name} to be up", timeout=_START_PATIENCE)
    except BaseException:
        with suppress(ProcessLookupError):
            process.terminate()
        raise
    if process.poll() is not None:
        said = files.log.read_text(errors="replace").strip()
        raise DevClusterError(f"the cluster {files.name} did not start:\n{said}")
