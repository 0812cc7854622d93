"""Objects by the ten thousand, as different from each other as those of real clusters: hashes, names, numbers."""

import asyncio
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from benchmarks import bare
from devcluster.cluster import DevCluster

Json = dict[str, Any]

NAMESPACES = 20
_TEAMS = ("checkout", "search", "billing", "platform", "mobile")
_FEATURES = ("beta", "dark", "fast", "new")


def namespace(index: int) -> str:
    """Spread over some."""
    return f"team-{index % NAMESPACES:02}"


def make_namespaces(cluster: DevCluster) -> None:
    """Those that `namespace` names."""
    for index in range(NAMESPACES):
        cluster.kubectl("create", "namespace", namespace(index))


def config_map(index: int) -> Json:
    """1.5 KB as the API server lists it."""
    chance = Random(f"config-{index}")
    settings = "\n".join(f"option{line}: {_hex(chance, 24)}" for line in range(28))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"settings-{index:05}",
            "namespace": namespace(index),
            "labels": {"app": f"app-{index % 100}"},
        },
        "data": {"key": _hex(chance, 64), "config.yaml": settings},
    }


def deployment(index: int) -> Json:
    """8 KB as the API server lists it once it is applied: 3.8 of our own, the others defaults and ownership."""
    chance, name = Random(f"deployment-{index}"), f"service-{index:05}"
    selector = {"app.kubernetes.io/name": name}
    labels = {**selector, "app.kubernetes.io/part-of": f"shop-{index % 40}", "team": chance.choice(_TEAMS)}
    labels["app.kubernetes.io/version"] = f"{chance.randint(1, 9)}.{chance.randint(0, 40)}.{chance.randint(0, 9)}"
    annotations = {
        "example.com/owner": f"{_hex(chance, 8)}@example.com",
        "example.com/runbook": f"https://runbooks.example.com/{name}/{_hex(chance, 16)}",
    }
    of_pods = {
        "checksum/config": _hex(chance, 64),
        "prometheus.io/port": "9090",
        "prometheus.io/scrape": "true",
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace(index), "labels": labels, "annotations": annotations},
        "spec": {
            "replicas": 0,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": selector},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {"metadata": {"labels": labels, "annotations": of_pods}, "spec": _pod(chance, name, selector)},
        },
    }


def _pod(chance: Random, name: str, selector: Json) -> Json:
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector},
    }
    proxy = {
        "name": "proxy",
        "image": f"registry.example.com/proxy@sha256:{_hex(chance, 64)}",
        "args": ["proxy", "sidecar", f"--id={_hex(chance, 32)}"],
        "ports": [{"name": "admin", "containerPort": 15000}],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
    }
    return {
        "serviceAccountName": name,
        "terminationGracePeriodSeconds": 60,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_main(chance, name), proxy],
        "volumes": [{"name": "config", "configMap": {"name": f"{name}-config"}}, {"name": "tmp", "emptyDir": {}}],
        "topologySpreadConstraints": [spread],
    }


def _main(chance: Random, name: str) -> Json:
    return {
        "name": "main",
        "image": f"registry.example.com/shop/{name}@sha256:{_hex(chance, 64)}",
        "args": ["--port=8080", f"--shard={chance.randint(0, 99)}", f"--salt={_hex(chance, 48)}"],
        "env": list(_environment(chance, name)),
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
        "resources": {
            "requests": {"cpu": f"{chance.randint(1, 20) * 50}m", "memory": f"{chance.randint(1, 16) * 64}Mi"},
            "limits": {"memory": f"{chance.randint(16, 48) * 64}Mi"},
        },
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": chance.randint(5, 30)},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/config"}, {"name": "tmp", "mountPath": "/tmp"}],
    }


def _environment(chance: Random, name: str) -> Iterator[Json]:
    values = {
        "RELEASE": _hex(chance, 40),
        "DATABASE_URL": f"postgres://{name}:5432/{_hex(chance, 16)}",
        "CACHE_KEY": _hex(chance, 64),
        "TRACE_TOKEN": _hex(chance, 64),
        "FEATURES": ",".join(chance.choice(_FEATURES) + _hex(chance, 8) for _ in range(12)),
        "CONFIG_CHECKSUM": _hex(chance, 64),
        "PEERS": ",".join(f"{name}-{peer}.{_hex(chance, 12)}.svc" for peer in range(6)),
        "CALLBACK": f"https://{_hex(chance, 24)}.example.com/hook/{_hex(chance, 32)}",
        "LIMITS": json.dumps(
            {"rate": chance.randint(1, 9999), "burst": chance.randint(1, 9999), "key": _hex(chance, 120)}
        ),
    }
    for key, value in values.items():
        yield {"name": key, "value": value}
    yield {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    yield {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": f"{name}-db", "key": "password"}}}


def _hex(chance: Random, digits: int) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def create_config_maps(cluster: DevCluster, number: int) -> None:
    """So many, by a bare client."""
    asyncio.run(_create(cluster, map(config_map, range(number))))


async def _create(cluster: DevCluster, bodies: Iterator[Json]) -> None:
    async with bare.connected(cluster) as session:
        places = ((bare.COLLECTIONS[body["kind"]].format(body["metadata"]["namespace"]), body) for body in bodies)
        await bare.create_all(session, places)
