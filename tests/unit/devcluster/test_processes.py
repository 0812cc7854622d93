import os
import time
from pathlib import Path

import pytest

from devcluster.errors import DevClusterError
from devcluster.folders import DataFolder
from devcluster.locks import is_locked
from devcluster.ports import ReservedPort
from devcluster.processes import Component, Spawner
from devcluster.waiting import wait_until

pytestmark = pytest.mark.timeout(20)


def test_an_early_death_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    component = started(tmp_path, "for i in $(seq 50); do echo line $i; done; exit 3")
    wait_until(component.has_died, "the component to die", timeout=10)
    with pytest.raises(DevClusterError, match=r"(?s)part died \(exit code 3\).*line 31\n.*line 50$"):
        component.ensure_alive()
    component.stop(patience=0)


def test_a_component_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    component = started(tmp_path, "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    wait_until(lambda: "ready" in component.tail(), "the trap to be set", timeout=10)
    component.stop(patience=0.2)
    assert not component.is_running()


def test_a_paused_component_can_be_stopped(tmp_path: Path) -> None:
    component = started(tmp_path, "exec sleep 30")
    component.pause()
    before = time.monotonic()
    component.stop(patience=5)
    assert time.monotonic() - before < 4
    with pytest.raises(DevClusterError, match="part is not running"):
        component.resume()


def test_children_of_a_component_are_stopped_with_it(tmp_path: Path) -> None:
    component = started(tmp_path, "sleep 30 & echo child $!; wait")
    wait_until(lambda: "child" in component.tail(), "the child to start", timeout=10)
    child = int(component.tail().split()[-1])
    component.stop(patience=0)
    wait_until(lambda: not is_alive(child), "the child to end", timeout=10)


def test_a_folder_is_private_and_locked_while_its_owner_lives() -> None:
    folder = DataFolder("unit")
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert is_locked(folder.path / "owner.lock")
    other = DataFolder("unit")  # sweeps, but not what is in use
    assert folder.path.exists()
    other.remove()
    folder.remove()
    assert not folder.path.exists()


@pytest.mark.parametrize("has_lock", [True, False])
def test_what_a_killed_cluster_left_is_swept_by_the_next_one(has_lock: bool) -> None:
    standing = DataFolder("unit")
    left = standing.path.with_name(f"{standing.path.name}-left")
    (left / "etcd").mkdir(parents=True)
    if has_lock:
        (left / "owner.lock").touch()
    DataFolder("unit").remove()
    assert not left.exists()
    standing.remove()


def test_a_reserved_port_is_nobody_elses() -> None:
    ports = [ReservedPort() for _ in range(50)]
    assert len({port.number for port in ports}) == 50
    for port in ports:
        port.release()


def started(folder: Path, script: str) -> Component:
    component = Component("part", ["sh", "-c", script], folder / "log", {"PATH": os.environ["PATH"]})
    component.start(Spawner())
    return component


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False
