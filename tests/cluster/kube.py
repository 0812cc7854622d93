"""What a person does to a cluster and reads from it, by kind and name; each write under a field manager of choice."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError

Json = dict[str, Any]

EDITOR = "kubectl-edit"


class KubeError(DevClusterError):
    """The API server refused something that a test asked for."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Served(NamedTuple):
    api_version: str
    plural: str
    namespaced: bool


class Kube:
    """The administrator's hands. Kinds are named as in a manifest; `group/Kind` where two groups share a name."""

    def __init__(self, cluster: DevCluster) -> None:
        self._cluster = cluster
        self._kinds: dict[str, _Served] = {}

    def find(self, kind: str, name: str, namespace: str = "") -> Json | None:
        """The object, or None where there is none."""
        try:
            return self._send("GET", self._path(kind, namespace, name))
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def get(self, kind: str, name: str, namespace: str = "") -> Json:
        return self._send("GET", self._path(kind, namespace, name))

    def list(self, kind: str, namespace: str = "") -> list[Json]:
        items: list[Json] = self._send("GET", self._path(kind, namespace))["items"]
        return items

    def create(self, body: Mapping[str, Any], manager: str = EDITOR) -> Json:
        path = self._path(_kind_of(body), body["metadata"].get("namespace", ""))
        return self._send("POST", f"{path}?fieldManager={manager}", body)

    def apply(self, body: Mapping[str, Any], manager: str = "tester") -> Json:
        """Server-side apply, with force."""
        metadata = body["metadata"]
        path = self._path(_kind_of(body), metadata.get("namespace", ""), metadata["name"])
        kind = "application/apply-patch+yaml"
        return self._send("PATCH", f"{path}?force=true&fieldManager={manager}", body, kind)

    def edit(self, kind: str, name: str, namespace: str, patch: object, *, subresource: str = "") -> Json:
        """A merge patch of somebody else; a list is a JSON patch."""
        path = self._path(kind, namespace, name) + (f"/{subresource}" if subresource else "")
        word = "json-patch" if isinstance(patch, list) else "merge-patch"
        return self._send("PATCH", f"{path}?fieldManager={EDITOR}", patch, f"application/{word}+json")

    def replace(self, kind: str, body: Json, manager: str = EDITOR) -> Json:
        """A PUT of the whole object."""
        path = self._path(kind, body["metadata"].get("namespace", ""), body["metadata"]["name"])
        return self._send("PUT", f"{path}?fieldManager={manager}", body)

    def delete(self, kind: str, name: str, namespace: str = "", *, propagation: str = "Background") -> None:
        self._send("DELETE", self._path(kind, namespace, name), {"propagationPolicy": propagation})

    def _send(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Json:
        status, answer = self._cluster.api.send(method, path, body, content_type=content_type)
        if status >= 300:
            raise KubeError(f"{method} {path}: {status}: {answer.get('message', '')[:500]}", status)
        return answer

    def _path(self, kind: str, namespace: str, name: str = "") -> str:
        served = self._kind(kind)
        root = f"/apis/{served.api_version}" if "/" in served.api_version else f"/api/{served.api_version}"
        where = f"/namespaces/{namespace}" if served.namespaced and namespace else ""
        return f"{root}{where}/{served.plural}" + (f"/{quote(name)}" if name else "")

    def _kind(self, kind: str) -> _Served:
        if kind not in self._kinds:
            self._discover()
        return self._kinds[kind]

    def _discover(self) -> None:
        groups = self._send("GET", "/apis")["groups"]
        versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
        for version in versions:
            group = version.rpartition("/")[0]
            listed = self._send("GET", f"/apis/{version}" if group else f"/api/{version}")
            for resource in listed["resources"]:
                if "/" not in resource["name"] and "get" in resource["verbs"]:
                    served = _Served(version, resource["name"], resource["namespaced"])
                    self._kinds.setdefault(resource["kind"], served)
                    self._kinds[f"{group}/{resource['kind']}"] = served


def _kind_of(body: Mapping[str, Any]) -> str:
    return f"{str(body['apiVersion']).rpartition('/')[0]}/{body['kind']}"


def manifest(body: Mapping[str, Any]) -> str:
    """As a file of a repository: JSON is YAML."""
    return json.dumps(body, indent=1) + "\n"
