"""The operator as a process of this machine, with the rights of its service account."""

import http.client
import os
import socket
import sys
from pathlib import Path

from devcluster.processes import Component, Spawner
from devcluster.waiting import wait_until

ROOT = Path(__file__).parents[2]
NAMESPACE = ACCOUNT = "gitops-operator"
_POLL_SECONDS = 2
_STOP_PATIENCE = 15.0


class Operator:
    """`python -m gitops_operator run`, with its log in a file."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self.port = _free_port()
        self.log = folder / "operator.log"
        flags = {
            "namespace": NAMESPACE,
            "kubeconfig": kubeconfig,
            "data-folder": folder / "operator-data",
            "http-host": "127.0.0.1",
            "http-port": self.port,
            "webhook-port": 0,
            "poll-interval": _POLL_SECONDS,
            "log-format": "text",
        }
        command = [
            sys.executable,
            "-m",
            "gitops_operator",
            "run",
            *(f"--{name}={value}" for name, value in flags.items()),
        ]
        packages = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        settings = {name: value for name, value in os.environ.items() if not name.startswith("GITOPS_")}
        environment = {**settings, "PYTHONPATH": packages, "KUBECONFIG": os.devnull}
        self._process = Component("the operator", command, self.log, environment)

    def start(self) -> None:
        """Returns when it is ready: its cache is filled, and it leads."""
        self._process.start(Spawner())
        wait_until(self._is_ready, "the operator to be ready", timeout=60, explain=self.tail)

    def stop(self) -> None:
        self._process.stop(_STOP_PATIENCE)

    def ensure_alive(self) -> None:
        self._process.ensure_alive()

    def tail(self, lines: int = 30) -> str:
        """The end of its log."""
        return self._process.tail(lines)

    def _is_ready(self) -> bool:
        self.ensure_alive()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
