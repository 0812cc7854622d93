"""Two operators, each behind a gateway of its own; the lease goes to and fro, and the second lives all the time."""

import contextlib
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from devcluster.cluster import DevCluster
from devcluster.waiting import wait_until
from tests.cluster.gateway import Gateway, Write, gateway
from tests.cluster.operator import Operator

LEASE = 15
LOOK_INTERVAL = 10
_PROBLEM = re.compile(r"^\S+ \S+ (?:ERROR|CRITICAL) +(gitops_operator(?!\.handlers)\S* .*)$", re.MULTILINE)


class Sample(NamedTuple):
    """Of the process that lives all the time."""

    megabytes: float
    threads: int
    sockets: int
    files: int
    tasks: int

    def __str__(self) -> str:
        counts = f"{self.threads} threads, {self.tasks} tasks, {self.sockets} sockets, {self.files} files"
        return f"{self.megabytes:.0f} MB, {counts}"


class Counted(Operator):
    """It tells of its tasks."""

    def __init__(self, kubeconfig: Path, folder: Path, name: str) -> None:
        self._tasks = folder / f"{name}.tasks"
        program = (sys.executable, "-m", "tests.cluster.counted", str(self._tasks))
        super().__init__(kubeconfig, folder, name, program=program, lease_duration=LEASE, look_interval=LOOK_INTERVAL)

    def tasks(self) -> Sequence[str]:
        self._tasks.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR2)
        wait_until(lambda: self._tasks.exists() and bool(self._tasks.read_text()), f"{self.name} tells of its tasks")
        return self._tasks.read_text().splitlines()

    def sample(self) -> Sample:
        """What it takes, now."""
        process = Path("/proc", str(self.pid))
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        megabytes = int(status["VmRSS"].split()[0]) / 1024
        kinds = Counter("socket" if "socket:" in str(_target(file)) else "file" for file in (process / "fd").iterdir())
        return Sample(megabytes, int(status["Threads"]), kinds["socket"], kinds["file"], len(self.tasks()))


def _target(file: Path) -> str:
    """Of a link that may have gone meanwhile."""
    with contextlib.suppress(OSError):
        return str(file.readlink())
    return ""


class Pair:
    def __init__(self, first: tuple[Counted, Gateway], second: tuple[Counted, Gateway]) -> None:
        self.operators = (first[0], second[0])
        self.gateways = (first[1], second[1])
        self.first, self.second = self.operators
        self.is_frozen = False
        """Whether the second is, and tells nothing."""

    def freeze(self) -> None:
        self.is_frozen = True
        self.second.pause()

    def thaw(self) -> None:
        self.second.resume()
        self.is_frozen = False

    def leader(self) -> Operator | None:
        return next((one for one in self.operators if one.is_running() and one.is_leading()), None)

    def writes(self) -> list[Write]:
        """To what Applications manage, that were done."""
        found = [one for served in self.gateways for one in served.of_objects() if one.status < 300]
        return sorted(found, key=lambda one: one.at)

    def of_applications(self) -> int:
        """How many writes went to Applications: status, finalizers, operations."""
        return sum("/applications" in one.path for served in self.gateways for one in served.writes)

    def turns(self) -> int:
        """How often one of them began to lead."""
        return sum(_log(one).count(" gitops_operator.engine leading") for one in self.operators)

    def problems(self) -> Counter[str]:
        """Errors in the logs; not those of Kopf, which tells of each request that it tries again."""
        return Counter(found for one in self.operators for found in _PROBLEM.findall(_log(one)))

    def recover(self) -> None:
        """A good day for both lines."""
        for served in self.gateways:
            served.delay = served.watch_delay = 0.0
            served.refusal = lambda _: 0


def _log(operator: Operator) -> str:
    return operator.log.read_text(errors="replace")


@contextlib.contextmanager
def pair(cluster: DevCluster, kubeconfig: Path, folder: Path) -> Iterator[Pair]:
    """Both run; the second leads."""
    with gateway(cluster) as line, gateway(cluster) as other:
        first, second = (
            Counted(served.kubeconfig(kubeconfig, folder), folder, name)
            for served, name in ((line, "first"), (other, "second"))
        )
        try:
            second.start()
            second.wait_for(second.is_leading, "it to lead")
            first.start()
            yield Pair((first, line), (second, other))
        finally:
            first.stop()
            second.stop()
