"""kubectl for what the demo changes, and a proxy of its for the many small reads."""

import http
import http.client
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from devcluster.demo.failure import DemoError
from devcluster.demo.operator import ROOT
from devcluster.processes import Component, Spawner
from devcluster.waiting import wait_until

Body = dict[str, Any]
_NOT_THERE = (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.TOO_MANY_REQUESTS)


class Kube:
    """One cluster, as whoever the kubeconfig names."""

    def __init__(self, kubectl: Path, kubeconfig: Path) -> None:
        self.kubectl, self.kubeconfig = kubectl, kubeconfig
        self._folder = tempfile.TemporaryDirectory(prefix="gitops-demo-")
        self._socket = Path(self._folder.name, "proxy.sock")  # in a private folder: nobody else may use our rights
        self.environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "KUBECACHEDIR": self._folder.name}
        command = [str(kubectl), "proxy", f"--unix-socket={self._socket}"]
        self._proxy = Component("kubectl proxy", command, Path(self._folder.name, "proxy.log"), self.environment)

    def __enter__(self) -> Self:
        self._proxy.start(Spawner())
        wait_until(self._is_listening, "kubectl proxy to listen", timeout=30, explain=self._proxy.tail)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._proxy.stop(patience=0)
        self._folder.cleanup()

    def _is_listening(self) -> bool:
        self._proxy.ensure_alive()
        return self._socket.exists()

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0) -> str:
        """Runs kubectl; returns what it prints."""
        said = shlex.join(["kubectl", *arguments])
        return self._run(said, [str(self.kubectl), *arguments], stdin=stdin, timeout=timeout)

    def gitops(self, *arguments: str, seen: int = 0) -> str:
        """Runs kubectl gitops, which ends with such an exit code; returns what it prints."""
        # What it keeps between calls goes with us; kubectl would have to find the plugin on the PATH.
        self.environment |= {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": self._folder.name}
        said = shlex.join(["kubectl", "gitops", *arguments])
        return self._run(said, [sys.executable, "-m", "gitops_operator.cli", *arguments], seen=seen)

    def _run(self, said: str, command: Sequence[str], *, stdin: str = "", timeout: float = 60.0, seen: int = 0) -> str:
        try:
            answer = subprocess.run(
                command,
                env=self.environment,
                input=stdin,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"{said} took longer than {timeout:.0f} s") from error
        if answer.returncode != seen:
            raise DemoError(f"{said} ended with {answer.returncode}: {answer.stderr.strip()}")
        return answer.stdout

    def get(self, path: str) -> Body | None:
        """The object or list at a path of the API; None when there is none, or its kind is only being set up."""
        status, body = self._ask(path)
        if status in _NOT_THERE:
            return None
        if status >= http.HTTPStatus.MULTIPLE_CHOICES:
            raise DemoError(f"GET {path}: the API server answered {status}: {body[:500].decode()}")
        parsed: Body = json.loads(body)
        return parsed

    def _ask(self, path: str) -> tuple[int, bytes]:
        connection = _UnixConnection(self._socket)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError as error:
            raise DemoError(f"the cluster cannot be reached: {error}\n{self._proxy.tail()}") from error
        finally:
            connection.close()

    def items(self, path: str) -> list[Body]:
        """The objects of a list; none when its kind is not served."""
        return list((self.get(path) or {}).get("items", []))


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def kubeconfig_with_token(kube: Kube, path: Path, account: str, namespace: str) -> Path:
    """A kubeconfig for the same cluster, with a token of the service account."""
    config: Body = json.loads(kube.run("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    token = kube.run("create", "token", account, "-n", namespace, "--duration=24h").strip()
    config["users"] = [{"name": account, "user": {"token": token}}]
    config["contexts"][0]["context"] = {"cluster": config["clusters"][0]["name"], "user": account}
    path.touch(mode=0o600)
    path.write_text(json.dumps(config))
    return path
