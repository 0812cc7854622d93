"""Everything that stands on the demo's stage: Git, the cluster's objects, the operator; put up and taken down."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from devcluster.demo.access import Access
from devcluster.demo.failure import DemoError
from devcluster.demo.kube import Body, Kube, kubeconfig_with_token
from devcluster.demo.operator import ACCOUNT, NAMESPACE, ROOT, Operator
from devcluster.demo.table import Row, row_of
from devcluster.git_server import GitRepository, GitServer
from devcluster.progress import Progress
from devcluster.waiting import wait_until

EXAMPLES = ROOT / "examples"
PLACEHOLDER = "https://git.example.com/demo.git"
NAMESPACES = ("demo-shop", "demo-api", "demo-red", "demo-blue")
APPLICATIONS = f"/apis/gitops-operator.io/v1alpha1/namespaces/{NAMESPACE}/applications"
_CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.gitops-operator.io"
_INSTALLED = ("10-namespace.yaml", "20-rbac.yaml", "30-writer.yaml")
_INTERVAL = 0.05


class World:
    """`with World(access) as world:`; it leaves nothing behind."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.kube = Kube(access.kubectl, access.kubeconfig)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gitops-demo-")))
            stack.enter_context(self.kube)
            if not self.access.is_ours:
                _ensure_untouched(self.kube)
                stack.callback(self._clean_up)
            self.repository = GitRepository.create(folder, "demo")
            self.git = stack.enter_context(GitServer(folder))
            self.repository.commit(self._files(), "The beginning")
            self._install()
            kubeconfig = kubeconfig_with_token(self.kube, folder / "operator.kubeconfig", ACCOUNT, NAMESPACE)
            self.operator = Operator(kubeconfig, folder)
            stack.callback(self.operator.stop)
            with Progress("starting the operator"):
                self.operator.start()
            if not self.access.is_ours:
                stack.callback(self._delete_applications)  # while the operator is there to clear them away
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _files(self) -> dict[str, str]:
        folder = EXAMPLES / "repository"
        found = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml")}
        return {path: self._with_real_url(text) for path, text in found.items()}

    def _with_real_url(self, text: str) -> str:
        return text.replace(PLACEHOLDER, self.git.http_url("demo"))

    def _install(self) -> None:
        with Progress("installing the Custom Resource Definition and the operator's roles"):
            self.kube.run("apply", "--server-side", "-f", str(ROOT / "crds"))
            # Not by `kubectl wait`: it fails on a definition that has no conditions yet.
            wait_until(lambda: self.kube.get(APPLICATIONS) is not None, "Applications to be served")
            self.kube.run("apply", "--server-side", *_flags(_INSTALLED))

    # What the scenes do and see

    def apply_applications(self) -> None:
        """Applies what examples/applications holds."""
        for path in sorted((EXAMPLES / "applications").glob("*.yaml")):
            self.kube.run("apply", "-f", "-", stdin=self._with_real_url(path.read_text(encoding="utf-8")))

    def rows(self) -> Sequence[Row]:
        """A row for each Application."""
        return [row_of(application) for application in self.kube.items(APPLICATIONS)]

    def row(self, name: str) -> Row:
        """The row of one Application."""
        application = self.kube.get(f"{APPLICATIONS}/{name}")
        return row_of(application) if application else Row(name)

    def until(self, holds: Callable[[], bool], what: str, *, timeout: float = 60.0) -> float:
        """Waits until it holds; returns the seconds it took.

        Raises:
            DemoError: it did not come true in time; with the end of the operator's log.
        """
        started = time.monotonic()
        while not holds():
            self.operator.ensure_alive()
            if time.monotonic() - started > timeout:
                raise DemoError(f"waited {timeout:.0f} s in vain: {what}\n{self._story()}")
            time.sleep(_INTERVAL)
        return time.monotonic() - started

    def _story(self) -> str:
        rows = [f"  {row.name}: {row.sync} {row.health} {row.message}" for row in self.rows()]
        return "\n".join(["Applications:", *rows, f"The end of the log {self.operator.log}:", self.operator.tail()])

    def events(self) -> Sequence[Body]:
        """The Events of the Applications, oldest first."""
        found = self.kube.items(f"/api/v1/namespaces/{NAMESPACE}/events")
        ours = [event for event in found if event["involvedObject"].get("kind") == "Application"]
        return sorted(ours, key=lambda event: int(event["metadata"]["resourceVersion"]))  # times are whole seconds

    def stay(self) -> None:
        """Says how to look around, and waits for Ctrl-C."""
        kube = self.access
        print(
            f"\nIt stays up until Ctrl-C. In another terminal:\n\n"
            f"  export KUBECONFIG={kube.kubeconfig}\n"
            f"  {kube.kubectl} get gapp -n {NAMESPACE} -o wide\n"
            f"  {kube.kubectl} describe gapp waves -n {NAMESPACE}\n"
            f"  git clone {self.repository.path}   # commit and push: the operator looks every few seconds\n"
            f"  curl http://127.0.0.1:{self.operator.port}/metrics\n"
            f"  tail -f {self.operator.log}\n",
            flush=True,
        )
        while True:
            self.operator.ensure_alive()
            time.sleep(1)

    # Taking down, in a cluster that is not ours

    def _delete_applications(self) -> None:
        with Progress("deleting the Applications, and with them what they made"), suppress(DemoError):
            self.kube.run("delete", "gapp", "--all", "-n", NAMESPACE, "--timeout=120s", timeout=150)

    def _clean_up(self) -> None:
        left: list[str] = []
        with Progress("removing what the demo made"):
            for application in self.kube.items(APPLICATIONS):  # whose deletion did not come to its end
                name, patch = application["metadata"]["name"], '{"metadata":{"finalizers":null}}'
                left += self._tried("patch", "gapp", name, "-n", NAMESPACE, "--type=merge", "-p", patch)
            left += self._tried("delete", "-f", str(ROOT / "crds"), "--ignore-not-found", "--timeout=60s")
            left += self._tried("delete", "namespace", *NAMESPACES, "--ignore-not-found", "--timeout=120s")
            left += self._tried("delete", *_flags(_INSTALLED), "--ignore-not-found", "--timeout=120s")
        if left:
            print("\n".join(["Something is left in the cluster:", *left]), flush=True)

    def _tried(self, *arguments: str) -> Iterator[str]:
        try:
            self.kube.run(*arguments, timeout=150)
        except DemoError as error:
            yield str(error)


def _flags(names: Sequence[str]) -> Sequence[str]:
    return [flag for name in names for flag in ("-f", str(ROOT / "deploy" / name))]


def _ensure_untouched(kube: Kube) -> None:
    """Refuses a cluster that has anything under the names that the demo would make and remove."""
    there = [
        path
        for path in (_CRD, *(f"/api/v1/namespaces/{name}" for name in (NAMESPACE, *NAMESPACES)))
        if kube.get(path) is not None
    ]
    if there:
        names = ", ".join(path.rpartition("/")[2] for path in there)
        raise DemoError(f"this cluster has {names} already; the demo makes and removes them, so it needs another one")
