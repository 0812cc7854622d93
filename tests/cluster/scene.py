"""One Application of one test, with a repository and a namespace of its own, and what its user sees."""

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from devcluster.git_server import GitRepository, GitServer
from tests.cluster.kube import Json, Kube, KubeError, manifest
from tests.cluster.operator import NAMESPACE, PATIENCE, Operator

AUTOMATED: Json = {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]}
TRACKING = "gitops-operator.io/tracking-id"
WAVE = "gitops-operator.io/sync-wave"
APPLICATION = "gitops-operator.io/Application"
LATER = 0.6
"""Seconds in which a wrong reaction to a change would have come."""


def config_map(name: str, wave: int | None = None, **data: str) -> str:
    annotations = {} if wave is None else {WAVE: str(wave)}
    metadata = {"name": name, "annotations": annotations}
    return manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"key": "git"}})


def deployment(name: str, wave: int | None = None, *, behaviour: str = "", replicas: int = 1) -> str:
    """`behaviour` is one of kwok's stages in devcluster/stages: slow, crash-loop and so on."""
    labels = {"app": name, **({"devcluster/behaviour": behaviour} if behaviour else {})}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {} if wave is None else {WAVE: str(wave)}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod},
    }
    return manifest(body)


class Scene:
    """The Application `name` follows the repository `name` and puts things into the namespace `name`."""

    def __init__(self, kube: Kube, git: GitServer, operator: Operator, name: str) -> None:
        self.kube, self.git, self.operator, self.name = kube, git, operator, name
        self.namespace = name
        self.repository: GitRepository = git.create(name)
        self.url = git.http_url(name)
        self._others: list[str] = []

    # What the user does

    def application(self, name: str = "", **spec: Any) -> Json:
        """An automated one; the keywords replace what stands in spec, None takes it out."""
        whole = {
            "source": {"repoURL": self.url, "path": "."},
            "destination": {"namespace": self.namespace},
            "syncPolicy": AUTOMATED,
            **spec,
        }
        return {
            "apiVersion": "gitops-operator.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name or self.name, "namespace": NAMESPACE},
            "spec": {key: value for key, value in whole.items() if value is not None},
        }

    def create(self, name: str = "", **spec: Any) -> None:
        """The Application comes to be, or gets another spec."""
        if name:
            self._others.append(name)
        self.kube.apply(self.application(name, **spec))

    def follow(self, files: Mapping[str, str], **spec: Any) -> None:
        """Commit, create, and wait until it is Ready."""
        self.repository.commit(files)
        self.create(**spec)
        self.wait_ready()

    def edit(self, patch: Json, name: str = "") -> None:
        """A merge patch of the Application."""
        self.kube.edit(APPLICATION, name or self.name, NAMESPACE, patch)

    def delete(self) -> None:
        self.kube.delete(APPLICATION, self.name, NAMESPACE)

    # What the user sees

    def seen(self, name: str = "") -> Json:
        return self.kube.get(APPLICATION, name or self.name, NAMESPACE)

    def status(self, name: str = "") -> Json:
        status: Json = self.seen(name).get("status") or {}
        return status

    def condition(self, kind: str, name: str = "") -> Json:
        for condition in self.status(name).get("conditions") or ():
            if condition["type"] == kind:
                found: Json = condition
                return found
        return {"status": "", "reason": "", "message": ""}

    def is_ready(self, name: str = "") -> bool:
        """Ready for the newest spec."""
        return self._says_ready(self.seen(name))

    def _says_ready(self, seen: Json) -> bool:
        return any(
            one["type"] == "Ready"
            and (one["status"], one["observedGeneration"]) == ("True", seen["metadata"]["generation"])
            for one in (seen.get("status") or {}).get("conditions") or ()
        )

    def is_at(self, sha: str, name: str = "") -> bool:
        """Ready at that very commit."""
        seen = self.seen(name)
        return self._says_ready(seen) and bool(seen["status"]["sync"]["revisions"] == [sha])

    def object(self, kind: str, name: str, namespace: str | None = None) -> Json | None:
        return self.kube.find(kind, name, self.namespace if namespace is None else namespace)

    def data(self, name: str) -> Json:
        """Of a ConfigMap; empty where there is none."""
        found = self.object("ConfigMap", name) or {}
        return found.get("data") or {}

    def config_maps(self) -> set[str]:
        """The names of those that the Application tracks."""
        found = self.kube.list("ConfigMap", self.namespace)
        return {one["metadata"]["name"] for one in found if TRACKING in (one["metadata"].get("annotations") or {})}

    def events(self) -> list[Json]:
        return [one for one in self.kube.list("/Event", NAMESPACE) if one["involvedObject"]["name"] == self.name]

    def event(self, reason: str) -> Json | None:
        return next((one for one in self.events() if one["reason"] == reason), None)

    # Waiting

    def wait_for(self, condition: Callable[[], bool], what: str, *, timeout: float = PATIENCE) -> float:
        """Fails with the Application's conditions and the operator's log."""
        try:
            return self.operator.wait_for(condition, what, timeout=timeout)
        except Exception as error:
            with contextlib.suppress(KubeError, OSError):
                error.add_note(json.dumps(self.status(), indent=1)[:6000])
            raise

    def wait_ready(self, name: str = "", *, timeout: float = PATIENCE) -> float:
        return self.wait_for(lambda: self.is_ready(name), f"{name or self.name} is Ready", timeout=timeout)

    def wait_at(self, sha: str, name: str = "", *, timeout: float = PATIENCE) -> float:
        return self.wait_for(
            lambda: self.is_at(sha, name), f"{name or self.name} is Ready at {sha[:7]}", timeout=timeout
        )

    def wait_condition(
        self, kind: str, *words: str, name: str = "", status: str = "", timeout: float = PATIENCE
    ) -> Json:
        """Until reason and message of the condition together hold all the words."""

        def holds() -> bool:
            condition = self.condition(kind, name)
            text = f"{condition['reason']} {condition['message']}"
            return status in {"", condition["status"]} and all(word in text for word in words)

        self.wait_for(holds, f"condition {kind} {status} with {words}", timeout=timeout)
        return self.condition(kind, name)

    def wait_gone(self, name: str = "", *, timeout: float = PATIENCE) -> float:
        def gone() -> bool:
            return self.kube.find(APPLICATION, name or self.name, NAMESPACE) is None

        return self.wait_for(gone, f"{name or self.name} is gone", timeout=timeout)

    def stays(self, condition: Callable[[], bool], seconds: float = LATER) -> bool:
        """Whether it holds all the time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not condition():
                return False
            time.sleep(0.1)
        return True

    # Afterwards

    def clear(self) -> None:
        """Nothing of the test stays, whatever state it ended in."""
        names = [self.name, *self._others]
        for name in names:
            with contextlib.suppress(KubeError):
                self.kube.edit(APPLICATION, name, NAMESPACE, {"spec": {"suspend": None, "deletionPolicy": "Delete"}})
                self.kube.delete(APPLICATION, name, NAMESPACE)
        end = time.monotonic() + 10
        while time.monotonic() < end and any(self.kube.find(APPLICATION, name, NAMESPACE) for name in names):
            time.sleep(0.1)
        for name in names:
            with contextlib.suppress(KubeError):
                self.kube.edit(APPLICATION, name, NAMESPACE, {"metadata": {"finalizers": None}})
        with contextlib.suppress(KubeError):
            self.kube.delete("Namespace", self.namespace)


@contextlib.contextmanager
def playing(kube: Kube, git: GitServer, operator: Operator) -> Iterator[Scene]:
    """A scene with a name that no other has."""
    scene = Scene(kube, git, operator, f"t-{secrets.token_hex(4)}")
    try:
        yield scene
    finally:
        scene.clear()
