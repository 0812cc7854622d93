"""The Application's schema, asked of a real API server."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from devcluster.waiting import wait_until

pytestmark = pytest.mark.cluster
FOLDER = Path(__file__).parents[2] / "crds"
CRD = yaml.safe_load((FOLDER / "applications.gitops-operator.io.yaml").read_text(encoding="utf-8"))
SCHEMA: dict[str, Any] = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
API = "/apis/gitops-operator.io/v1alpha1"
Body = dict[str, Any]

_BOTH = {"name": "in-cluster", "server": "https://kubernetes.default.svc"}
_WINDOW = {"kind": "allow", "schedule": "0 22 * * 1-5", "duration": "8h", "timeZone": "Europe/Berlin"}
_DURATION = "should match '^([0-9]+"

# What the API server says | the field | what it accepts there | what it refuses there
_REPLICAS = "spec.source.kustomize.replicas"
_SOURCE = {"repoURL": "https://git.example.com/web.git"}
CASES: list[tuple[str, str, Any, Any]] = [
    ("an Application's name has at most 63 characters", "metadata.name", "a" * 63, "a" * 64),
    ("projects do not exist here", "spec.project", "default", "team-a"),
    ("repoURL is https://", "spec.source.repoURL", "git@git.example.com:team/app.git", "git.example.com/app"),
    ("repoURL is https://", "spec.source.repoURL", "ssh://git@git.example.com/app", "ftp://git.example.com/app"),
    ("a password does not belong", "spec.source.repoURL", "https://me@example.com/a", "https://me:pw@example.com/a"),
    ("path is relative", "spec.source.path", "deploy/..hidden", "deploy/../../etc"),
    ("path is relative", "spec.source.path", ".", "/etc"),
    ("destination has server or name", "spec.destination", {"name": "in-cluster"}, _BOTH),
    ("only https://kubernetes.default.svc", "spec.destination.server", "https://kubernetes.default.svc", "https://b"),
    ("only in-cluster", "spec.destination.name", "in-cluster", "elsewhere"),
    ("pruneLimit is a number", "spec.syncPolicy.pruneLimit", "20%", "101%"),
    ("pruneLimit is a number", "spec.syncPolicy.pruneLimit", 0, -1),
    ("name fields by jsonPointers", "spec.ignoreDifferences", [{"kind": "A", "jsonPointers": ["/a"]}], [{"kind": "A"}]),
    ("an operation has sync", "operation", {"sync": {}}, {"initiatedBy": {"username": "me"}}),
    ("an operation has sync", "operation", {"terminate": True}, {"terminate": False}),
    (
        "source has directory or kustomize",
        "spec.source",
        {**_SOURCE, "kustomize": {}},
        {**_SOURCE, "kustomize": {}, "directory": {"recurse": True}},
    ),
    (
        "labelIncludeTemplates goes with labelWithoutSelector",
        "spec.source.kustomize",
        {"labelIncludeTemplates": True, "labelWithoutSelector": True},
        {"labelIncludeTemplates": True},
    ),
    (
        "a patch has either patch or path",
        "spec.source.kustomize.patches",
        [{"path": "a.yaml"}, {"patch": "[]", "target": {"kind": "Deployment"}}],
        [{"path": "a.yaml", "patch": "[]"}],
    ),
    ("an operation has sync", "operation", {"resume": True}, {"resume": False}),
    (
        "a rollback is an operation of its own",
        "operation",
        {"rollback": {"id": 1}},
        {"rollback": {"id": 1}, "sync": {}},
    ),
    # What patterns, enumerations and bounds refuse.
    ("spec.source.repoURL: Required", "spec.source", {"repoURL": "https://example.com/a"}, {"path": "a"}),
    ("spec.source.kustomize.replicas[0].name", _REPLICAS, [{"name": "a", "count": "2"}], [{"count": 2}]),
    ("spec.source.kustomize.images[0]", "spec.source.kustomize.images", ["web:2"], [""]),
    ("spec.destination: Required", "spec.destination", {}, None),
    ("spec.destination.namespace", "spec.destination.namespace", "web", "Web"),
    ("spec.syncPolicy.syncOptions[0]", "spec.syncPolicy.syncOptions", ["Replace=true"], ["Replace"]),
    ("spec.syncPolicy.retry.limit", "spec.syncPolicy.retry.limit", -1, -2),
    (_DURATION, "spec.syncPolicy.retry.backoff.duration", "1h30m", "soon"),
    (_DURATION, "spec.syncPolicy.retry.backoff.maxDuration", "90", "1d"),
    (_DURATION, "spec.syncPolicy.timeout", "0.5h", "-5m"),
    ("spec.syncPolicy.retry.backoff.factor", "spec.syncPolicy.retry.backoff.factor", 1, 0),
    ("spec.syncPolicy.approval", "spec.syncPolicy.approval", "required", "maybe"),
    ("syncPolicy.windows[0].kind", "spec.syncPolicy.windows", [_WINDOW], [{**_WINDOW, "kind": "permit"}]),
    ("syncPolicy.windows[0].duration", "spec.syncPolicy.windows", [_WINDOW], [{**_WINDOW, "duration": "a day"}]),
    ("spec.dependsOn[0].name", "spec.dependsOn", [{"name": "db", "namespace": "data"}], [{"namespace": "data"}]),
    ("spec.dependsOn[0].namespace", "spec.dependsOn", [{"name": "db"}], [{"name": "db", "namespace": "Data"}]),
    ("spec.suspend.until", "spec.suspend.until", "2027-01-31T08:00:00+01:00", "tomorrow"),
    ("spec.deletionPolicy", "spec.deletionPolicy", "Orphan", "orphan"),
    ("spec.serviceAccountName", "spec.serviceAccountName", "team.deployer", "Team"),
    ("spec.revisionHistoryLimit", "spec.revisionHistoryLimit", 0, 51),
    ("spec.ignoreDifferences[0].kind", "spec.ignoreDifferences", [{"kind": "*", "jsonPointers": []}], [{"group": ""}]),
    (
        "operation.sync.resources[0].name",
        "operation",
        {"sync": {"resources": [{"kind": "ConfigMap", "name": "a"}]}},
        {"sync": {"resources": [{"kind": "ConfigMap"}]}},
    ),
    ("operation.rollback.id", "operation", {"rollback": {"id": 7, "prune": True}}, {"rollback": {"prune": True}}),
    ("operation.retry.limit", "operation", {"sync": {}, "retry": {"limit": 0}}, {"sync": {}, "retry": {"limit": -2}}),
]

# Fields of Argo CD's, and of ours that nobody acts on yet.
NOT_THERE = [
    "spec.sources",
    "spec.source.helm",
    "spec.source.kustomize.version",
    "spec.source.directory.jsonnet",
    "operation.dryRun",
]


@pytest.fixture(scope="module")
def cluster(devcluster: DevCluster) -> DevCluster:
    devcluster.kubectl("apply", "--server-side", "-f", str(FOLDER))
    wait_until(lambda: devcluster.api.get(f"/openapi/v3{API}") is not None, "the schema to be published")
    return devcluster


@pytest.mark.parametrize("says, field, accepted, refused", CASES)
def test_a_rule_accepts_what_is_right(
    cluster: DevCluster, says: str, field: str, accepted: object, refused: object
) -> None:
    assert tried(cluster, application(field, accepted)) == ""


@pytest.mark.parametrize("says, field, accepted, refused", CASES)
def test_a_rule_refuses_what_is_wrong_and_says_why(
    cluster: DevCluster, says: str, field: str, accepted: object, refused: object
) -> None:
    assert says in tried(cluster, application(field, refused))


def test_every_rule_has_a_case() -> None:
    messages = [rule["message"] for schema in parts(SCHEMA) for rule in schema.get("x-kubernetes-validations", ())]
    assert [message for message in messages if not any(message.startswith(says) for says, *_ in CASES)] == []
    assert len(messages) == len(set(messages))


@pytest.mark.parametrize("field", NOT_THERE)
def test_a_field_that_nobody_acts_on_is_not_in_the_schema(cluster: DevCluster, field: str) -> None:
    assert f'unknown field \\"{field}\\"' in tried(cluster, application(field, {}))


def test_an_application_moved_from_argo_cd_applies(cluster: DevCluster) -> None:
    moved = application("spec.project", "default")
    moved["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    moved["spec"] |= {
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "guestbook"},
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True},
            "syncOptions": ["CreateNamespace=true", "PrunePropagationPolicy=foreground", "PruneLast=true"],
            "retry": {"limit": 5, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "3m"}},
        },
        "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}],
        "info": [{"name": "url", "value": "https://example.com"}],
    }
    assert tried(cluster, moved) == ""


def test_what_is_left_out_gets_its_default(cluster: DevCluster) -> None:
    spec = cluster.api.create(path_of("default", "?dryRun=All"), application("spec.syncPolicy.automated", {}))["spec"]
    assert spec["source"] == {"repoURL": "https://git.example.com/web.git", "targetRevision": "HEAD", "path": "."}
    assert spec["syncPolicy"]["automated"] == {
        "enabled": True,
        "prune": False,
        "selfHeal": False,
        "allowEmpty": False,
    }
    assert (spec["deletionPolicy"], spec["revisionHistoryLimit"]) == ("MirrorPrune", 10)


# What kubectl shows


def test_every_field_is_explained_by_kubectl(cluster: DevCluster) -> None:
    published = cluster.api.get(f"/openapi/v3{API}")
    assert published
    schema = published["components"]["schemas"]["io.gitops-operator.v1alpha1.Application"]
    fields = [(path, part) for path, part in named_parts(schema, "application") if not path.endswith("[]")]
    assert len(fields) > 100
    assert [path for path, part in fields if not part.get("description")] == []


def test_kubectl_explain_has_the_text_of_a_field(cluster: DevCluster) -> None:
    text = " ".join(cluster.kubectl("explain", "applications.spec.syncPolicy.pruneLimit").split())
    wanted = SCHEMA["properties"]["spec"]["properties"]["syncPolicy"]["properties"]["pruneLimit"]["description"]
    assert wanted in text


@pytest.mark.parametrize("wide, columns", [(False, 5), (True, 6)])
def test_kubectl_get_shows_how_an_application_does(
    cluster: DevCluster, namespace: str, wide: bool, columns: int
) -> None:
    made(cluster, namespace)
    report(cluster, namespace, ready="False", message="Waits for the database.")
    output = cluster.kubectl("get", "gapp", "-n", namespace, *(["-o", "wide"] if wide else []))
    header, row = (re.split(r"\s{2,}", line.strip()) for line in output.splitlines())
    assert header == ["NAME", "SYNC", "HEALTH", "REVISION", "AGE", "MESSAGE"][:columns]
    assert row[:4] == ["web", "OutOfSync", "Progressing", "a" * 40]
    assert row[5:] == (["Waits for the database."] if wide else [])


def categorized(cluster: DevCluster) -> list[str]:
    """Unlike `get`, this does not believe what kubectl has cached."""
    return cluster.kubectl("api-resources", "--categories=gitops", "-o", "name").split()


def test_applications_are_among_all_that_is_gitops(cluster: DevCluster, namespace: str) -> None:
    made(cluster, namespace)
    wait_until(lambda: "applications.gitops-operator.io" in categorized(cluster), "discovery to name the category")
    assert cluster.kubectl("get", "gitops", "-n", namespace, "-o", "name") == "application.gitops-operator.io/web\n"


def test_kubectl_waits_until_an_application_is_ready(cluster: DevCluster, namespace: str) -> None:
    made(cluster, namespace)
    report(cluster, namespace, ready="False", message="Waits for the database.")
    with pytest.raises(DevClusterError, match="timed out"):
        cluster.kubectl("wait", "-n", namespace, "--for=condition=Ready", "gapp/web", "--timeout=1s")
    report(cluster, namespace, ready="True", message="Live objects equal main.")
    cluster.kubectl("wait", "-n", namespace, "--for=condition=Ready", "gapp/web", "--timeout=10s")


def test_a_change_of_the_spec_is_a_new_generation_and_a_change_of_status_is_not(
    cluster: DevCluster, namespace: str
) -> None:
    made(cluster, namespace)
    report(cluster, namespace, ready="True", message="")
    patch = json.dumps({"spec": {"source": {"targetRevision": "stable"}}, "status": {"observedGeneration": 7}})
    cluster.kubectl("patch", "-n", namespace, "gapp/web", "--type=merge", "-p", patch)
    found = cluster.api.get(f"{path_of(namespace)}/web")
    assert found
    assert (found["metadata"]["generation"], found["status"]["observedGeneration"]) == (2, 1)


# Builders and helpers


def application(field: str = "", value: object = None) -> Body:
    """An Application in which one field has another value; None takes the field away."""
    body: Body = {
        "apiVersion": "gitops-operator.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web"},
        "spec": {"source": {"repoURL": "https://git.example.com/web.git"}, "destination": {"namespace": "web"}},
    }
    *folders, name = field.split(".")
    place = body
    for folder in folders:
        place = place.setdefault(folder, {})
    if value is None:
        place.pop(name, None)
    else:
        place[name] = value
    return body


def path_of(namespace: str, query: str = "") -> str:
    return f"{API}/namespaces/{namespace}/applications{query}"


def tried(cluster: DevCluster, body: Body) -> str:
    """What the API server says against the object; nothing when it takes it."""
    try:
        cluster.api.create(path_of("default", "?dryRun=All&fieldValidation=Strict"), body)
    except DevClusterError as error:
        return str(error)
    return ""


def made(cluster: DevCluster, namespace: str) -> None:
    cluster.api.create(path_of(namespace), application())


def report(cluster: DevCluster, namespace: str, *, ready: str, message: str) -> None:
    """Writes a status as the operator would."""
    condition = {
        "type": "Ready",
        "status": ready,
        "reason": "Test",
        "message": message,
        "observedGeneration": 1,
        "lastTransitionTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    status = {
        "observedGeneration": 1,
        "conditions": [condition],
        "sync": {"status": "OutOfSync", "revisions": ["a" * 40]},
        "health": {"status": "Progressing"},
    }
    patch = json.dumps({"status": status})
    cluster.kubectl("patch", "-n", namespace, "gapp/web", "--subresource=status", "--type=merge", "-p", patch)


def parts(schema: Body) -> Iterator[Body]:
    yield schema
    yield from (part for _, part in named_parts(schema, ""))


def named_parts(schema: Body, path: str) -> Iterator[tuple[str, Body]]:
    """Every schema below a schema: its fields, and the items of its lists."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from named_parts(child, f"{path}.{name}")
    if "items" in schema:
        yield f"{path}[]", schema["items"]
        yield from named_parts(schema["items"], f"{path}[]")
