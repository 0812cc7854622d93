"""The objects of the benchmarks: a quarter each of Deployments with 0 replicas and Services, half ConfigMaps."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

TRACKING, DESIRED = "gitops-operator.io/tracking-id", "gitops-operator.io/desired"
_GROUPS = {"Deployment": "apps"}


def some(number: int, *, tag: str = "one") -> list[Json]:
    """So many objects, a multiple of four; `tag` stands in each Deployment and in every second ConfigMap."""
    return [one for index in range(number // 4) for one in four(index, tag)]


def as_files(objects: Sequence[Json]) -> Mapping[str, str]:
    """As a folder of a repository: four documents a file."""
    fours = (objects[start : start + 4] for start in range(0, len(objects), 4))
    return {f"{index:05}.yaml": "---\n".join(map(_as_yaml, four)) for index, four in enumerate(fours)}


def as_sent(objects: Sequence[Json], namespace: str) -> list[Json]:
    """As the operator applies them: in the namespace and the order of kinds, with two annotations of equal length."""
    order = ["ConfigMap", "Service", "Deployment"]
    return [stamped(one, namespace) for one in sorted(objects, key=lambda one: order.index(one["kind"]))]


def four(index: int, tag: str) -> Iterator[Json]:
    """The objects of one app: `tag` stands in the Deployment and the first ConfigMap."""
    name = f"app-{index:05}"
    labels = {"app": name}
    container = {"name": "main", "image": "nginx:1.29", "env": [{"name": "TAG", "value": tag}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    deployment = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    yield {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": deployment}
    service = {"selector": labels, "ports": [{"name": "http", "port": 80}]}
    yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": service}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-a"}, "data": {"tag": tag}}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-b"}, "data": {"key": "value"}}


def stamped(body: Json, namespace: str) -> Json:
    """As the operator applies it: in the namespace, with two annotations of equal length."""
    kind, name = body["kind"], body["metadata"]["name"]
    group = _GROUPS.get(kind, "")
    tracking = f"bare-operator_{namespace}:{group}/{kind}:{namespace}/{name}"
    annotations = {TRACKING + "-of-nobody": tracking, DESIRED + "-of-nobody": "0" * 32}
    return {**body, "metadata": {"name": name, "namespace": namespace, "annotations": annotations}}


def _as_yaml(value: Json) -> str:
    """JSON is YAML; one field a line, as people write it."""
    return "\n".join(_lines(value, 0)) + "\n"


def _lines(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for key, child in value.items():
        if isinstance(child, dict):
            yield f"{indent}{key}:"
            yield from _lines(child, depth + 1)
        elif isinstance(child, list):
            yield f"{indent}{key}:"
            for item in child:
                first, *rest = _lines(item, depth + 2)
                yield f"{indent}  - {first.strip()}"
                yield from rest
        else:
            yield f"{indent}{key}: {json.dumps(child)}"
