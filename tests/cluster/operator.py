"""The operator as a process, with the rights of its service account, and what it says of itself."""

import contextlib
import http.client
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from devcluster.binaries import ensure_packaging
from devcluster.errors import DevClusterError
from devcluster.processes import Component, Spawner
from devcluster.waiting import wait_until

ROOT = Path(__file__).parents[2]
NAMESPACE = ACCOUNT = "gitops-operator"
PATIENCE = 60.0
PROGRAM = (sys.executable, "-m", "gitops_operator")
_SPAWNER = Spawner()
_SAMPLE = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_UNFORESEEN = re.compile(r"^.* ERROR +gitops_operator\.(?!handlers).*\nTraceback", re.MULTILINE)
_READS = frozenset({"get", "list", "watch", "discovery"})

Labels = dict[str, str]


class Operator:
    """`python -m gitops_operator run`: one life of a process after another over the same folder and log."""

    def __init__(
        self,
        kubeconfig: Path,
        folder: Path,
        name: str = "operator",
        *,
        program: Sequence[str] = PROGRAM,
        **settings: object,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.data_folder = folder / f"{name}-data"
        flags = {
            "namespace": NAMESPACE,
            "kubeconfig": kubeconfig,
            "data-folder": self.data_folder,
            "http-host": "127.0.0.1",
            "http-port": 0,
            "webhook-port": 0,
            "poll-interval": 1,
            "identity": name,
            "log-format": "text",
            "kustomize-program": ensure_packaging() / "kustomize",
            **{key.replace("_", "-"): value for key, value in settings.items()},
        }
        command = [*program, "run", *(f"--{key}={value}" for key, value in flags.items())]
        own = {"PYTHONPATH": str(ROOT), "KUBECONFIG": os.devnull}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GITOPS_")}
        self._process = Component(name, command, self.log, {**environment, **own})
        self._said_before = 0

    # Life

    def start(self, *, wait: bool = True, patience: float = PATIENCE) -> "Operator":
        self._said_before = self.log.stat().st_size if self.log.exists() else 0
        self._process.start(_SPAWNER)
        if wait:
            self.wait_for(self.is_ready, "it to be ready", timeout=patience)
        return self

    def kill(self) -> None:
        """SIGKILL, at once."""
        self._process.stop(patience=0)

    def terminate(self) -> None:
        """SIGTERM; `exit_code` waits for the end."""
        self._signal(signal.SIGTERM)

    def exit_code(self, patience: float = 30.0) -> int:
        process = self._process.process
        assert process is not None
        code = process.wait(patience)
        self._process.stop(patience=0)
        return code

    def stop(self) -> None:
        """Whatever state it is in."""
        self._process.stop(patience=15.0)

    def pause(self) -> None:
        self._process.pause()

    def resume(self) -> None:
        self._process.resume()

    def is_running(self) -> bool:
        return self._process.is_running()

    @property
    def pid(self) -> int:
        """Of the process of now."""
        assert self._process.process is not None
        return self._process.process.pid

    def _signal(self, number: int) -> None:
        assert self._process.process is not None
        os.killpg(self._process.process.pid, number)

    # What it says

    @property
    def said(self) -> str:
        """The log of this life."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[self._said_before :].decode(errors="replace")

    @property
    def port(self) -> int:
        """Of its web server; 0 until it is there."""
        return self._port_of("probes and metrics")

    @property
    def webhook_port(self) -> int:
        return self._port_of("webhooks")

    def _port_of(self, what: str) -> int:
        found = re.search(rf"serving {what} on port (\d+)", self.said)
        return int(found[1]) if found else 0

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def is_leading(self) -> bool:
        return self.metric("gitops_leader") == 1

    def get(self, path: str) -> tuple[int, str]:
        """Status and text; 0 while nobody answers."""
        if not self.port:
            return 0, ""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def samples(self, metric: str) -> Iterator[tuple[Labels, float]]:
        for line in self.get("/metrics")[1].splitlines():
            found = _SAMPLE.match(line)
            if found and found["name"] == metric:
                yield dict(_LABEL.findall(found["labels"] or "")), float(found["value"])

    def metric(self, name: str, **labels: str) -> float:
        """The sum over all series that have these labels."""
        return sum(value for had, value in self.samples(name) if labels.items() <= had.items())

    def writes(self) -> Counter[tuple[str, str]]:
        """Requests that change something, by verb and resource; its own Lease does not count."""
        found: Counter[tuple[str, str]] = Counter()
        for labels, value in self.samples("gitops_api_requests_total"):
            if (
                labels["verb"] not in _READS
                and labels["dry_run"] != "true"
                and not labels["resource"].endswith("leases")
            ):
                found[labels["verb"], labels["resource"]] += int(value)
        return found

    def tail(self, lines: int = 40) -> str:
        return f"the end of the log of {self.name}:\n{self._process.tail(lines)}"

    def wait_for(self, condition: Callable[[], bool], what: str, *, timeout: float = PATIENCE) -> float:
        """As wait_until; fails at once when the process dies, and shows its log."""

        def holds() -> bool:
            self._process.ensure_alive()
            return condition()

        return wait_until(holds, f"{self.name}: {what}", timeout=timeout, explain=self.tail)


@contextlib.contextmanager
def running(operator: Operator, patience: float = PATIENCE) -> Iterator[Operator]:
    """Started and leading for the block."""
    try:
        operator.start(patience=patience)
        operator.wait_for(operator.is_leading, "it to lead")
        yield operator
        assert_no_bug(operator)
    finally:
        operator.stop()


def assert_no_bug(operator: Operator) -> None:
    """An exception that nobody foresaw is in the log with its traceback. Kopf's own deaths are told by its thread."""
    said = operator.log.read_text(errors="replace") if operator.log.exists() else ""
    for found in _UNFORESEEN.finditer(said):
        raise DevClusterError(f"{operator.name} logged an exception:\n{said[found.start() : found.start() + 4000]}")
