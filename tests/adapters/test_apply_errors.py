"""What the real API server says to an apply that it refuses, and what we make of it (drift.md, Errors of an apply)."""

import json
from typing import Any, NamedTuple

import pytest

from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from devcluster.waiting import wait_until
from gitops_operator.errors import ClusterError
from gitops_operator.model.sending import stamped
from gitops_operator.model.step import Outcome, Result, Task, TaskKind
from tests.adapters.law_objects import GIZMOS
from tests.adapters.workbench import Live, workbench

pytestmark = pytest.mark.cluster

RBAC = "rbac.authorization.k8s.io"


def config_map(**parts: Any) -> Live:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map"}, **parts}


def pod(**container: Any) -> Live:
    spec = {"containers": [{"name": "app", "image": "app:1", **container}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec}


def deployment(**spec: Any) -> Live:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"]}
    whole = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": whole}


class Row(NamedTuple):
    """A manifest, whether trying again may help, and what the sentence says."""

    manifest: Live
    reason: str
    said: str
    transient: bool = False


def two(name: str) -> Live:
    return pod(env=[{"name": name, "value": "1"}, {"name": name, "value": "2"}])


def large(size: int) -> Live:
    manifest = deployment()
    manifest["spec"]["template"]["spec"]["containers"][0]["args"] = ["x" * size]
    return manifest


NOWHERE = {"name": "map", "namespace": "nowhere"}
NONE = {"apiVersion": "none.example.com/v1", "kind": "None", "metadata": {"name": "none"}}
ROWS = {
    "an unknown field": Row(deployment(replics=3), "UnknownField", ".spec.replics"),
    "a wrong type": Row(deployment(replicas="three"), "WrongType", ".spec.replicas"),
    "a wrong type in a map": Row(config_map(data={"a": 1}), "WrongType", ".data.a"),
    "two items of one key": Row(two("A"), "DuplicateItems", "env"),
    "an item of a built-in list without its key": Row(pod(env=[{"value": "1"}]), "Invalid", "env[0].name"),
    "a missing field": Row({**pod(), "spec": {}}, "Invalid", "spec.containers"),
    "a wrong value": Row(pod(imagePullPolicy="Perhaps"), "Invalid", "imagePullPolicy"),
    "a wrong name": Row({**config_map(), "metadata": {"name": "Not Allowed"}}, "Invalid", "metadata.name"),
    "a namespace that is not there": Row({**config_map(), "metadata": NOWHERE}, "NamespaceMissing", "nowhere", True),
    "a kind that is not there": Row(NONE, "KindMissing", "waits for the kind", True),
    "more than a request may hold": Row(config_map(data={"a": "x" * 4_000_000}), "TooLarge", "limit is 3145728"),
    "more than is stored": Row(large(2_000_000), "TooLarge", "request is too large"),
    "more than a ConfigMap may hold": Row(config_map(data={"a": "x" * 2_000_000}), "Invalid", "Too long"),
}


async def refusal(cluster: DevCluster, namespace: str, manifest: Live, kubeconfig: str = "") -> Outcome:
    async with workbench(cluster, namespace, kubeconfig) as bench:
        desired = bench.desired(manifest)
        task = Task(TaskKind.APPLY, desired.key, desired.api_version, desired, stamped(desired))
        [outcome] = await bench.carry_out(task)
    assert outcome.result is Result.FAILED
    assert outcome.error is not None
    return outcome


def told(outcome: Outcome) -> tuple[str, bool]:
    assert outcome.error is not None
    return outcome.error.reason, outcome.error.transient


@pytest.mark.parametrize("name", ROWS)
async def test_a_refusal_is_named(name: str, devcluster: DevCluster, namespace: str) -> None:
    manifest, reason, said, transient = ROWS[name]
    outcome = await refusal(devcluster, namespace, manifest)
    assert told(outcome) == (reason, transient)
    assert outcome.error is not None
    assert said in outcome.error.message
    assert "app.yaml:1" in outcome.error.message


@pytest.mark.parametrize(
    "spec, reason",
    [
        ({"items": [{"value": "x"}]}, "MissingKey"),
        ({"tags": ["a", "a"]}, "DuplicateItems"),
        ({"replicas": "three"}, "WrongType"),
        ({"titel": "x"}, "UnknownField"),
    ],
)
async def test_a_refusal_of_a_custom_resource_is_named(
    spec: Live, reason: str, devcluster: DevCluster, namespace: str
) -> None:
    devcluster.apply(json.dumps(GIZMOS))
    devcluster.established(GIZMOS["metadata"]["name"])
    gizmo = {"apiVersion": "law.example.com/v1", "kind": "Gizmo", "metadata": {"name": "gizmo"}, "spec": spec}
    assert told(await refusal(devcluster, namespace, gizmo)) == (reason, False)


async def test_an_immutable_field_is_named(devcluster: DevCluster, namespace: str) -> None:
    first = json.dumps(config_map(data={"a": "1"}, immutable=True))
    devcluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=first)
    outcome = await refusal(devcluster, namespace, config_map(data={"a": "2"}, immutable=True))
    assert told(outcome) == ("Immutable", False)


async def test_a_validating_policy_may_change_its_mind(devcluster: DevCluster, namespace: str) -> None:
    rule = {"operations": ["CREATE", "UPDATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": namespace}}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    spec = {
        "matchConstraints": {"namespaceSelector": selector, "resourceRules": [rule]},
        "validations": [{"expression": "object.metadata.name != 'map'", "message": "not this one"}],
    }
    binding = {"policyName": namespace, "validationActions": ["Deny"]}
    policy = [
        {**head, "kind": "ValidatingAdmissionPolicy", "spec": spec},
        {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding},
    ]
    manifests = json.dumps({"apiVersion": "v1", "kind": "List", "items": policy})
    devcluster.apply(manifests)
    wait_until(lambda: is_denied(devcluster, namespace), "the policy to be in force", interval=0.3)
    outcome = await refusal(devcluster, namespace, config_map())
    devcluster.kubectl("delete", "-f", "-", stdin=manifests)
    assert told(outcome) == ("DeniedByPolicy", True)


def is_denied(cluster: DevCluster, namespace: str) -> bool:
    try:
        cluster.kubectl("apply", "-n", namespace, "--dry-run=server", "-f", "-", stdin=json.dumps(config_map()))
    except DevClusterError as error:
        return "not this one" in str(error)
    return False


async def test_a_webhook_that_is_down_is_waited_for(devcluster: DevCluster, namespace: str) -> None:
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    webhook = {
        "name": "down.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 2,
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "rules": [rule],
    }
    manifest = json.dumps(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": namespace},
            "webhooks": [webhook],
        }
    )
    devcluster.apply(manifest)

    def is_asked() -> bool:
        try:
            devcluster.kubectl("create", "-n", namespace, "--dry-run=server", "configmap", "probe")
        except DevClusterError as error:
            return "failed calling webhook" in str(error)
        return False

    wait_until(is_asked, "the webhook to be asked", interval=0.3)
    outcome = await refusal(devcluster, namespace, config_map())
    devcluster.kubectl("delete", "-f", "-", stdin=manifest)
    assert told(outcome) == ("WebhookFailed", True)


async def test_quota_that_is_used_up_may_become_free(devcluster: DevCluster, namespace: str) -> None:
    spec = {"hard": {"count/configmaps": "0"}}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": spec}
    devcluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(quota))
    path = f"/api/v1/namespaces/{namespace}/resourcequotas/q"
    wait_until(lambda: "hard" in (devcluster.api.get(path) or {}).get("status", {}), "the quota to count")
    assert told(await refusal(devcluster, namespace, config_map())) == ("QuotaExceeded", True)


async def test_a_namespace_that_is_going_is_waited_for(devcluster: DevCluster, namespace: str) -> None:
    name = f"{namespace}-going"
    devcluster.kubectl("create", "namespace", name)
    kept = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "finalizers": ["example.com/wait"]}}
    devcluster.kubectl("create", "-n", name, "-f", "-", stdin=json.dumps(kept))
    devcluster.kubectl("delete", "namespace", name, "--wait=false")
    outcome = await refusal(devcluster, name, config_map())
    devcluster.kubectl("patch", "-n", name, "configmap/kept", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert told(outcome) == ("NamespaceTerminating", True)


async def test_a_pod_that_breaks_the_security_of_its_namespace_is_refused(
    devcluster: DevCluster, namespace: str
) -> None:
    devcluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    outcome = await refusal(devcluster, namespace, pod())
    assert told(outcome) == ("Forbidden", False)
    assert outcome.error is not None
    assert "PodSecurity" in outcome.error.message


async def test_an_account_without_rights_is_refused_and_told_which(devcluster: DevCluster, namespace: str) -> None:
    kubeconfig = str(devcluster.kubeconfig_for("default", namespace))
    outcome = await refusal(devcluster, namespace, config_map(), kubeconfig)
    assert told(outcome) == ("Forbidden", False)
    assert outcome.error is not None
    assert "patch and create" in outcome.error.message


async def test_an_account_may_not_give_rights_that_it_does_not_have(devcluster: DevCluster, namespace: str) -> None:
    devcluster.kubectl(
        "create", "role", "-n", namespace, "roles", "--verb=get,create,patch", f"--resource=roles.{RBAC},configmaps"
    )
    account = f"--serviceaccount={namespace}:default"
    devcluster.kubectl("create", "rolebinding", "-n", namespace, "roles", "--role=roles", account)
    kubeconfig = str(devcluster.kubeconfig_for("default", namespace))
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    role = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"name": "more"}, "rules": rules}
    wait_until(lambda: may(devcluster, namespace, kubeconfig), "the role to count")
    outcome = await refusal(devcluster, namespace, role, kubeconfig)
    assert told(outcome) == ("Forbidden", False)
    assert outcome.error is not None
    assert "Nobody can give rights" in outcome.error.message


def may(cluster: DevCluster, namespace: str, kubeconfig: str) -> bool:
    question = ("auth", "can-i", "patch", f"roles.{RBAC}", "-n", namespace, "--kubeconfig", kubeconfig)
    try:
        return "yes" in cluster.kubectl(*question)
    except DevClusterError:
        return False


# Preconditions


async def test_what_preconditions_do(devcluster: DevCluster, namespace: str) -> None:
    """A wrong uid is 422, a stale resourceVersion 409, and creates where nothing is; deletes say 409 to both."""
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(config_map(data={"a": "1"}))
        kind = bench.kind(desired)

        async def status_of(name: str, **metadata: str) -> int:
            body = {**config_map(), "metadata": {"name": name, **metadata}}
            try:
                return (await bench.client.apply(kind, namespace, name, body, force=True)).status
            except ClusterError as error:
                return error.status

        await bench.sync(desired)
        live = await bench.look(desired)
        assert await status_of("map", uid="00000000-0000-0000-0000-000000000000") == 422
        assert await status_of("map", resourceVersion="1") == 409
        assert await status_of("absent", resourceVersion=live["metadata"]["resourceVersion"]) == 201
        for wrong in ({"uid": "wrong"}, {"uid": live["metadata"]["uid"], "resource_version": "1"}):
            with pytest.raises(ClusterError) as caught:
                await bench.client.delete(kind, namespace, "map", **wrong)
            assert caught.value.status == 409
