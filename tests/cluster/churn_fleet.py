"""A fleet of Applications in a few repositories: what Git says, and how often each object may have been written."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from devcluster.git_server import GitRepository, GitServer
from tests.cluster.kube import Json, manifest
from tests.cluster.operator import NAMESPACE
from tests.cluster.scene import WAVE

MEMBERS = 40
TEAMS = 8
CRD = "widgets.churn.example.com"
PLATFORM = "platform"
KEPT = "keep.yaml"
"""A file that is never removed: an Application that would prune everything asks first, as it should."""
PLURALS = {
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "Service": "services",
    "Deployment": "deployments",
    "Widget": "widgets",
    "CustomResourceDefinition": "customresourcedefinitions",
    "Namespace": "namespaces",
}
_KINDS = ("ConfigMap",) * 6 + ("Secret", "Service", "Widget", "Widget", "Deployment")
_SHORT_WHILE = 15.0


class Key(NamedTuple):
    """One object, by the plural of its kind."""

    plural: str
    namespace: str
    name: str


@dataclass
class Member:
    """One Application: a folder of a repository, and a namespace that it shares with its neighbour."""

    name: str
    repository: GitRepository
    url: str
    namespace: str
    files: dict[str, Json]
    exists: bool = False
    is_broken: bool = False
    """Whether its newest commit cannot be rendered."""
    spec: Json = field(default_factory=dict)

    @property
    def application(self) -> Json:
        return {
            "apiVersion": "gitops-operator.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": self.name, "namespace": NAMESPACE},
            "spec": {
                "source": {"repoURL": self.url, "path": self.name},
                "destination": {"namespace": self.namespace},
                "syncPolicy": {
                    "automated": {"prune": True, "selfHeal": True},
                    "syncOptions": ["CreateNamespace=true"],
                    "pruneLimit": "100%",
                },
                **self.spec,
            },
        }

    def commit(self, *changed: str) -> str:
        """Writes these files as they are now; those that are no more go."""
        texts = {f"{self.name}/{path}": self._text(path) for path in changed}
        return self.repository.commit(texts)

    def _text(self, path: str) -> str | None:
        return manifest(self.files[path]) if path in self.files else None

    def key(self, path: str) -> Key:
        return key_of(self.files[path], self.namespace)

    def is_same(self, sha: str) -> bool:
        """Whether that commit and the newest one have the same files of this Application."""
        return self._files_at(sha) == self._files_at("HEAD")

    def _files_at(self, revision: str) -> dict[str, str]:
        found = self.repository.files(revision)
        return {path: text for path, text in found.items() if path.startswith(f"{self.name}/")}


def key_of(body: Json, namespace: str) -> Key:
    is_global = body["kind"] in {"CustomResourceDefinition", "Namespace"}
    return Key(PLURALS[body["kind"]], "" if is_global else namespace, body["metadata"]["name"])


class Fleet:
    """All members, and the causes for writes that were given so far."""

    def __init__(self, git: GitServer, random: Random) -> None:
        self.teams = [git.create(f"team-{number}") for number in range(TEAMS)]
        urls = [git.http_url(team.name) for team in self.teams]
        self.members = [
            Member(
                f"churn-{number:02}",
                self.teams[number % TEAMS],
                urls[number % TEAMS],
                f"churn-{number // 2:02}",
                _files(number, random),
            )
            for number in range(MEMBERS)
        ]
        self.platform = Member(PLATFORM, self.teams[0], urls[0], PLATFORM, _platform())
        self.members.append(self.platform)
        self.causes: Counter[Key] = Counter()
        self.story: list[tuple[float, str, tuple[Key, ...]]] = []
        """When, why and what may be written: for who has to find out why something was written oftener."""
        self.now_doing = "the beginning"
        self._recent: list[tuple[float, Key]] = []

    def owe(self, *keys: Key) -> None:
        """Each of these may be written once more."""
        self.causes.update(keys)
        now = time.monotonic()
        self.story.append((now, self.now_doing, keys))
        self._recent = [(at, key) for at, key in self._recent if now - at < _SHORT_WHILE] + [(now, key) for key in keys]

    def owe_again(self) -> None:
        """Something broke: who does not hear the answer to a write sends it again, once."""
        self.causes.update({key for _, key in self._recent})

    def owe_all_of(self, member: Member) -> None:
        self.owe(*(member.key(path) for path in member.files))

    def neighbours(self, namespace: str) -> list[Member]:
        return [member for member in self.members if member.namespace == namespace]


def _files(number: int, random: Random) -> dict[str, Json]:
    files = {KEPT: _config_map(f"a{number}-keep", 0, "first")}
    for index in range(random.randint(4, 12)):
        files[f"{index}.yaml"] = something(f"a{number}-{index}", random)
    return files


def something(name: str, random: Random) -> Json:
    """An object of some kind in some wave."""
    return _MAKERS[random.choice(_KINDS)](name, random.choice((0, 0, 0, 1, 2)), f"{random.getrandbits(32):x}")


def change(body: Json, random: Random) -> None:
    """Another value in the same object."""
    wave = int(body["metadata"]["annotations"][WAVE])
    value = f"{random.getrandbits(32):x}"
    changed = json.loads(json.dumps(_MAKERS[body["kind"]](body["metadata"]["name"], wave, value)))
    body.clear()
    body.update(changed)


def _head(api: str, kind: str, name: str, wave: int, value: str = "") -> Json:
    metadata = {"name": name, "labels": {"value": f"v{value}"}, "annotations": {WAVE: str(wave)}}
    return {"apiVersion": api, "kind": kind, "metadata": metadata}


def _config_map(name: str, wave: int, value: str) -> Json:
    return {**_head("v1", "ConfigMap", name, wave), "data": {"key": value, "other": "stays"}}


def _secret(name: str, wave: int, value: str) -> Json:
    return {**_head("v1", "Secret", name, wave), "stringData": {"key": value}}


def _service(name: str, wave: int, value: str) -> Json:
    ports = [{"name": "http", "port": 80, "targetPort": 8000 + int(value[:2] or "0", 16) if value else 8000}]
    return {**_head("v1", "Service", name, wave, value), "spec": {"selector": {"app": name}, "ports": ports}}


def _widget(name: str, wave: int, value: str) -> Json:
    spec = {"size": value, "parts": [{"name": "a", "value": value}, {"name": "b"}]}
    return {**_head("churn.example.com/v1", "Widget", name, wave), "spec": spec}


def _deployment(name: str, wave: int, value: str) -> Json:
    container = {"name": "web", "image": "web:1", "env": [{"name": "VALUE", "value": value}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {**_head("apps/v1", "Deployment", name, wave, value), "spec": spec}


_MAKERS = {
    "ConfigMap": _config_map,
    "Secret": _secret,
    "Service": _service,
    "Widget": _widget,
    "Deployment": _deployment,
}


def _platform() -> dict[str, Json]:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        },
    }
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": CRD},
        "spec": {"group": "churn.example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    return {KEPT: _config_map("platform-keep", 0, "first"), "crd.yaml": definition}
