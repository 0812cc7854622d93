"""A throw-away Kubernetes control plane: start it, use it, break it, and nothing is left of it."""

import atexit
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from devcluster.api import Api
from devcluster.binaries import ensure_binaries
from devcluster.components import Plan, make_components, make_plan
from devcluster.errors import DevClusterError
from devcluster.folders import DataFolder
from devcluster.kubeconfig import token_user, write_kubeconfig
from devcluster.ports import ReservedPort
from devcluster.processes import Component, Spawner
from devcluster.seeds import NODE, SEEDS
from devcluster.waiting import wait_until

ETCD, APISERVER = "etcd", "kube-apiserver"
_CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "kwok")


class DevCluster:
    """One control plane with one fake node; several may run at a time.

    Everything dies with this process, even when it is killed with SIGKILL.
    """

    def __init__(self, name: str = "devcluster", *, binaries: Path | None = None, timeout: float = 120.0) -> None:
        self.name = name
        self._binaries = binaries
        self._timeout = timeout
        self._owner = 0
        self._data: DataFolder | None = None
        self._port: ReservedPort | None = None
        self._plan: Plan | None = None
        self._api: Api | None = None
        self._components: dict[str, Component] = {}
        self._spawner = Spawner()

    # Life

    def start(self) -> Self:
        """Starts everything and returns when the node is ready and service accounts are made."""
        if self._data is not None:
            raise DevClusterError(f"the cluster {self.name} runs already")
        binaries = self._binaries or ensure_binaries()
        self._owner = os.getpid()
        atexit.register(self.stop)
        try:
            self._data = DataFolder(self.name)
            self._port = ReservedPort()
            self._plan = make_plan(binaries, self._data.path, self._port.number)
            self._api = Api(self._port.number, self._plan.authority.certificate, self._plan.admin)
            self._components = make_components(self._plan)
            self._bring_up(self._api)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends every process and removes the folder; harmless when repeated, and in a forked child."""
        if os.getpid() != self._owner:
            return
        for component in reversed(self._components.values()):
            component.stop(patience=0)
        if self._port is not None:
            self._port.release()
        if self._data is not None:
            self._data.remove()
        self._components, self._data, self._port, self._plan, self._api = {}, None, None, None, None
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # What one needs to know to use it

    @property
    def url(self) -> str:
        return self._running().url

    @property
    def folder(self) -> Path:
        """Private, usually on tmpfs, gone after stop()."""
        return self._running().folder

    @property
    def ca_file(self) -> Path:
        return self._running().authority.certificate

    @property
    def kubeconfig(self) -> Path:
        """The administrator's (O=system:masters)."""
        return self._running().kubeconfigs["admin"]

    @property
    def binaries(self) -> Path:
        return self._running().binaries

    @property
    def api(self) -> Api:
        if self._api is None:
            raise DevClusterError(f"the cluster {self.name} is not running; call start() first")
        return self._api

    def environment(self) -> dict[str, str]:
        """Our environment, with which kubectl and other clients find this cluster and no other."""
        path = os.pathsep.join([str(self.binaries), os.environ.get("PATH", "")])
        own = {"KUBECONFIG": str(self.kubeconfig), "KUBECACHEDIR": str(self.folder / "kubectl-cache"), "PATH": path}
        return {**os.environ, **own}

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 60.0) -> str:
        """Runs kubectl as the administrator; returns what it prints."""
        try:
            answer = subprocess.run(
                [str(self.binaries / "kubectl"), *arguments],
                env=self.environment(),
                input=stdin or "",
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DevClusterError(f"kubectl {' '.join(arguments)} took longer than {timeout:.0f} s") from error
        if answer.returncode != 0:
            message = f"kubectl {' '.join(arguments)}: exit code {answer.returncode}: {answer.stderr.strip()}"
            raise DevClusterError("\n".join([message, *self._obituaries()]))
        return answer.stdout

    def apply(self, manifest: str) -> str:
        """Runs `kubectl apply` with the manifest."""
        return self.kubectl("apply", "-f", "-", stdin=manifest)

    def established(self, definition: str, *, timeout: float = 60.0) -> None:
        """Waits until a CustomResourceDefinition's kinds are served; `kubectl wait` fails before it has conditions."""
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{definition}"

        def holds() -> bool:
            conditions = (self.api.get(path) or {}).get("status", {}).get("conditions") or []
            return ("Established", "True") in {(one["type"], one["status"]) for one in conditions}

        wait_until(holds, f"{definition} to be established", timeout=timeout)

    def token(self, service_account: str, namespace: str = "default", *, seconds: int = 3600) -> str:
        """A token of the service account, by TokenRequest."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        return str(self.api.create(path, body)["status"]["token"])

    def kubeconfig_for(self, service_account: str, namespace: str = "default", *, seconds: int = 3600) -> Path:
        """A kubeconfig with such a token, which may do what the service account may."""
        token = self.token(service_account, namespace, seconds=seconds)
        path = self.folder / f"{namespace}.{service_account}.kubeconfig"
        return write_kubeconfig(path, self.url, self.ca_file, token_user(token))

    # Bad days

    @property
    def component_names(self) -> Sequence[str]:
        return list(self._components)

    def pid(self, name: str) -> int:
        process = self._component(name).process
        if process is None:
            raise DevClusterError(f"{name} is not running")
        return process.pid

    def start_component(self, name: str) -> None:
        """Starts what was stopped, with its data and under its old address; waits for the API server's readiness."""
        self._component(name).start(self._spawner)
        if name == APISERVER:
            # The others may have ended without it: that is no reason not to bring it back.
            self._wait(self.api.is_ready, "the API server to be ready", needs=(ETCD, APISERVER))

    def stop_component(self, name: str, *, patience: float = 5.0) -> None:
        """Stops one component politely, and after so many seconds by force; 0 is a crash."""
        self._component(name).stop(patience)

    def pause(self, name: str) -> None:
        """Freezes a component (SIGSTOP): its connections stay open and silent."""
        self._component(name).pause()

    def resume(self, name: str) -> None:
        self._component(name).resume()

    def start_apiserver(self, *, wake_controllers: bool = True) -> None:
        """Starts it again, and restarts the controllers, which else sleep for up to a minute (client-go's backoff).

        So it is in a real control plane, where they lose their leases during an outage, end and are started again.
        Those that were stopped on purpose stay stopped.
        """
        self.start_component(APISERVER)
        for name in _CONTROLLERS if wake_controllers else ():
            component = self._component(name)
            if component.is_running() or component.has_died():
                component.stop(patience=0)
                component.start(self._spawner)

    def stop_apiserver(self, *, patience: float = 0.0) -> None:
        """By default a crash: a polite stop of an API server first lets its requests end."""
        self.stop_component(APISERVER, patience=patience)

    @contextmanager
    def apiserver_down(self) -> Iterator[None]:
        """The API server is gone for the block, and back with its data after it."""
        self.stop_apiserver()
        try:
            yield
        finally:
            self.start_apiserver()

    def log(self, name: str, lines: int = 20) -> str:
        """The end of a component's log."""
        return self._component(name).tail(lines)

    # Starting

    def _bring_up(self, api: Api) -> None:
        etcd, apiserver, *rest = self._components.values()
        etcd.start(self._spawner)
        apiserver.start(self._spawner)
        self._wait(api.is_ready, "the API server to be ready")
        for path, body in SEEDS:
            api.create(path, body)
        for component in rest:
            component.start(self._spawner)
        self._wait(self._node_is_ready, f"the node {NODE} to be ready")
        self._wait(self._has_default_account, "the controller-manager to make the default service account")

    def _node_is_ready(self) -> bool:
        node = self.api.get(f"/api/v1/nodes/{NODE}") or {}
        conditions = node.get("status", {}).get("conditions", [])
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
        return ready and not node.get("spec", {}).get("taints")

    def _has_default_account(self) -> bool:
        return self.api.get("/api/v1/namespaces/default/serviceaccounts/default") is not None

    def _wait(self, condition: Callable[[], bool], what: str, *, needs: Sequence[str] = ()) -> None:
        def holds() -> bool:
            for name in needs or self._components:
                self._components[name].ensure_alive()
            return condition()

        wait_until(holds, f"{what} (cluster {self.name})", timeout=self._timeout, explain=self._tails)

    def _tails(self) -> str:
        return "\n".join(f"the end of the log of {c.name}:\n{c.tail(5)}" for c in self._components.values())

    def _obituaries(self) -> Sequence[str]:
        return [component.obituary() for component in self._components.values() if component.has_died()]

    def _component(self, name: str) -> Component:
        self._running()
        if name not in self._components:
            raise DevClusterError(f"there is no component {name!r}; there are {', '.join(self._components)}")
        return self._components[name]

    def _running(self) -> Plan:
        if self._plan is None:
            raise DevClusterError(f"the cluster {self.name} is not running; call start() first")
        return self._plan
