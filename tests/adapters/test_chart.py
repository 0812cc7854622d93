"""The chart as helm renders it."""

import base64
import json
import subprocess
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.binaries import ensure_packaging
from devcluster.chart.generated import CHART, ROOT, generated
from devcluster.chart.settings import DECIDED_BY_THE_CHART, camel
from gitops_operator.settings import Settings, read_settings

CRD = yaml.safe_load((ROOT / "crds/applications.gitops-operator.io.yaml").read_text(encoding="utf-8"))
Body = dict[str, Any]
CONFINED = {"clusterAdmin": False}


def helm(*arguments: str, values: Mapping[str, Any] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ensure_packaging() / "helm"), *arguments, "--values", "-"],
        input=json.dumps(values or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def rendered(values: Mapping[str, Any] | None = None, *, release: str = "gitops-operator") -> list[Body]:
    done = helm("template", release, str(CHART), "--namespace", "place", values=values)
    assert done.returncode == 0, done.stderr
    return [body for body in yaml.safe_load_all(done.stdout) if body]


def refused(values: Mapping[str, Any]) -> str:
    """What helm says."""
    done = helm("template", "gitops-operator", str(CHART), values=values)
    assert done.returncode != 0, done.stdout
    return done.stderr


def of_kind(kind: str, bodies: list[Body]) -> list[Body]:
    return [body for body in bodies if body["kind"] == kind]


def one(kind: str, bodies: list[Body]) -> Body:
    (found,) = of_kind(kind, bodies)
    return found


def pod(bodies: list[Body]) -> Body:
    found: Body = one("Deployment", bodies)["spec"]["template"]["spec"]
    return found


def container(bodies: list[Body]) -> Body:
    found: Body = pod(bodies)["containers"][0]
    return found


def test_the_chart_is_clean_to_helm() -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout
    assert "[" not in done.stdout  # neither [INFO] nor [WARNING]


def test_the_plain_manifests_are_what_the_chart_renders() -> None:
    stale = [str(path) for path, text in generated().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make chart`"


# --- settings ---


def test_every_setting_reaches_the_operator() -> None:
    wanted = Settings()
    for field in fields(Settings):
        if field.name not in DECIDED_BY_THE_CHART:
            wanted = replace(wanted, **{field.name: another(field.default, field.metadata)})
    given = {
        camel(field.name): getattr(wanted, field.name)
        for field in fields(Settings)
        if field.name not in DECIDED_BY_THE_CHART
    }
    variables = container(rendered({"settings": given}))["env"]
    environment = {variable["name"]: variable["value"] for variable in variables if "value" in variable}
    assert read_settings([], environment) == wanted


def another(default: Any, limits: Mapping[str, Any]) -> Any:
    """Another value than the default, of its type."""
    if isinstance(default, bool):
        return not default
    if isinstance(default, tuple):
        return ("team-*", "*/Thing")
    if isinstance(default, int | float):
        return default + 1
    others = [word for word in limits.get("choices", ("something",)) if word != default]
    return others[0]


@pytest.mark.parametrize(
    "values, complaint",
    [
        ({"replicaCount": 3}, "'replicaCount' not allowed"),
        ({"image": {"name": "x"}}, "'name' not allowed"),
        ({"settings": {"pollIntervall": 3}}, "'pollIntervall' not allowed"),
        ({"settings": {"pollInterval": 0}}, "minimum: got 0, want 1"),
        ({"settings": {"logFormat": "xml"}}, "'json', 'text'"),
        ({"settings": {"applicationNamespaces": ["a,b"]}}, "does not match pattern"),
        ({"settings": {"namespace": "x"}}, "'namespace' not allowed"),
        ({"replicas": -1}, "minimum: got -1, want 0"),
        ({"podLabels": {"app.kubernetes.io/name": "mine"}}, "podLabels"),
        ({"rbac": {"readRules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]}]}}, "verbs"),
        ({"write": {"namespaces": ["a"]}}, "clusterAdmin: true lets the operator write anything anywhere"),
        ({"write": {"clusterRole": "deployer"}}, "clusterAdmin: true lets the operator write anything anywhere"),
        ({"impersonation": {"enabled": True}}, "clusterAdmin: true lets the operator impersonate anybody"),
        ({**CONFINED, "impersonation": {"namespaces": ["a"]}}, "do nothing without impersonation.enabled"),
        ({"webhook": {"secrets": {"github": "x"}}}, "propertyName 'github'"),
        ({"webhook": {"secrets": {"webhook.github.secret": ""}}}, "minLength"),
        ({"webhook": {"ingress": {"enabled": True}}}, "webhook.ingress.host is the name under which"),
        ({"rbac": {"readEverything": False}}, "clusterAdmin: true lets the operator read everything"),
    ],
)
def test_what_would_not_do_what_it_says_is_refused(values: Body, complaint: str) -> None:
    assert complaint in refused(values)


# --- what it may write ---

EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def bindings_of_the_writer(bodies: list[Body]) -> list[tuple[str, str, str]]:
    """Kind, namespace, role."""
    return [
        (body["kind"], body["metadata"].get("namespace", ""), body["roleRef"]["name"])
        for body in bodies
        if body["kind"].endswith("Binding") and body["roleRef"]["name"] != "gitops-operator"
    ]


@pytest.mark.parametrize(
    "values, bindings",
    [
        ({}, [("ClusterRoleBinding", "", "gitops-operator-writer")]),
        (CONFINED, []),
        (
            {**CONFINED, "write": {"namespaces": ["a", "b"]}},
            [("RoleBinding", "a", "gitops-operator-writer"), ("RoleBinding", "b", "gitops-operator-writer")],
        ),
        ({**CONFINED, "write": {"clusterRole": "deployer"}}, [("ClusterRoleBinding", "", "deployer")]),
        (
            {**CONFINED, "write": {"clusterRole": "deployer", "namespaces": ["a"]}},
            [("RoleBinding", "a", "deployer")],
        ),
        (
            {**CONFINED, "impersonation": {"enabled": True}},
            [("ClusterRoleBinding", "", "gitops-operator-impersonator")],
        ),
        (
            {**CONFINED, "impersonation": {"enabled": True, "namespaces": ["a"]}},
            [("RoleBinding", "a", "gitops-operator-impersonator")],
        ),
        ({"rbac": {"create": False}}, []),
    ],
    ids=[
        "cluster-admin",
        "nothing",
        "namespaces",
        "role",
        "role in namespaces",
        "impersonation",
        "impersonation in namespaces",
        "own roles",
    ],
)
def test_what_the_operator_may_write_is_a_choice_of_its_own(values: Body, bindings: list[tuple[str, str, str]]) -> None:
    bodies = rendered(values)
    assert sorted(bindings_of_the_writer(bodies)) == sorted(bindings)
    made = {body["metadata"]["name"]: body["rules"] for body in of_kind("ClusterRole", bodies)}
    assert ("gitops-operator-writer" in made) == any(role == "gitops-operator-writer" for *_, role in bindings)
    assert all(EVERYTHING in rules for name, rules in made.items() if name.endswith("-writer"))


def test_who_may_be_impersonated_can_be_confined_to_names() -> None:
    bodies = rendered({**CONFINED, "impersonation": {"enabled": True, "serviceAccounts": ["deployer"]}})
    made = {body["metadata"]["name"]: body["rules"] for body in of_kind("ClusterRole", bodies)}
    rule = {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}
    assert made["gitops-operator-impersonator"] == [{**rule, "resourceNames": ["deployer"]}]


def test_another_choice_of_role_makes_another_binding() -> None:
    """The role of a binding cannot be changed, so an upgrade would fail."""
    names = [
        one("ClusterRoleBinding", [body for body in rendered(values) if body.get("roleRef", {}).get("name") == role])
        for values, role in [({}, "gitops-operator-writer"), ({**CONFINED, "write": {"clusterRole": "a"}}, "a")]
    ]
    assert names[0]["metadata"]["name"] != names[1]["metadata"]["name"]


def test_a_service_account_of_ones_own_is_bound() -> None:
    bodies = rendered({"serviceAccount": {"create": False, "name": "mine"}})
    assert of_kind("ServiceAccount", bodies) == []
    assert pod(bodies)["serviceAccountName"] == "mine"
    subjects = [subject["name"] for body in bodies if "subjects" in body for subject in body["subjects"]]
    assert set(subjects) == {"mine"}


# --- the definition ---


def test_the_definition_is_that_of_the_folder_and_stays_when_the_release_goes() -> None:
    found = one(
        "CustomResourceDefinition", rendered({"crds": {"annotations": {"helm.sh/resource-policy": "x", "a": "b"}}})
    )
    assert found["spec"] == CRD["spec"]
    assert found["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep", "a": "b"}


def test_the_definition_can_be_left_to_others() -> None:
    assert of_kind("CustomResourceDefinition", rendered({"crds": {"install": False}})) == []


# --- what runs ---


def test_two_replicas_are_kept_apart_and_a_drain_takes_one_of_them() -> None:
    bodies = rendered()
    assert one("Deployment", bodies)["spec"]["replicas"] == 2
    assert one("PodDisruptionBudget", bodies)["spec"]["maxUnavailable"] == 1
    assert "preferredDuringSchedulingIgnoredDuringExecution" in pod(bodies)["affinity"]["podAntiAffinity"]


def test_every_object_carries_the_label_by_which_the_operator_knows_its_own() -> None:
    values = {"fullnameOverride": "other", "commonLabels": {"team": "a"}, "metrics": {"dashboards": {"enabled": True}}}
    for body in rendered(values, release="other"):
        labels = body["metadata"]["labels"]
        assert (labels["app.kubernetes.io/name"], labels["team"]) == ("gitops-operator", "a")


def test_two_releases_share_no_name() -> None:
    names = [
        {(body["kind"], body["metadata"]["name"]) for body in rendered({"crds": {"install": False}}, release=release)}
        for release in ("one", "two")
    ]
    assert names[0] & names[1] == set()


def test_every_namespaced_object_stands_in_the_namespace_that_was_chosen() -> None:
    everything = {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}
    webhook = {"secrets": {"webhook.github.secret": "x"}, "ingress": {"enabled": True, "host": "hooks.example.com"}}
    bodies = rendered({"namespaceOverride": "elsewhere", "metrics": everything, "webhook": webhook})
    cluster_wide = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "PriorityClass"}
    assert {body["metadata"].get("namespace") for body in bodies if body["kind"] not in cluster_wide} == {"elsewhere"}


def test_what_pods_may_have_can_be_given() -> None:
    given: Body = {
        "image": {"repository": "registry.example.com/operator", "digest": "sha256:" + "0" * 64},
        "imagePullSecrets": [{"name": "registry"}],
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
        "extraVolumes": [{"name": "ca", "secret": {"secretName": "ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca"}],
        "priorityClass": {"name": "system-cluster-critical"},
        "podSecurityContext": {"runAsUser": None},
        "tolerations": [{"operator": "Exists"}],
        "data": {"volume": {"ephemeral": {}}},
    }
    bodies = rendered(given)
    assert container(bodies)["image"] == "registry.example.com/operator@sha256:" + "0" * 64
    assert pod(bodies)["imagePullSecrets"] == given["imagePullSecrets"]
    assert given["extraEnv"][0] in container(bodies)["env"]
    assert given["extraVolumes"][0] in pod(bodies)["volumes"]
    assert {"name": "data", "ephemeral": {}} in pod(bodies)["volumes"]
    assert given["extraVolumeMounts"][0] in container(bodies)["volumeMounts"]
    assert pod(bodies)["priorityClassName"] == "system-cluster-critical"
    assert pod(bodies)["tolerations"] == given["tolerations"]
    assert "runAsUser" not in pod(bodies)["securityContext"]


def test_a_priority_class_is_made_on_request() -> None:
    bodies = rendered({"priorityClass": {"create": True, "value": 1_000_000_000}})
    assert one("PriorityClass", bodies)["value"] == 1_000_000_000
    assert pod(bodies)["priorityClassName"] == one("PriorityClass", bodies)["metadata"]["name"]


# --- network ---


def test_nobody_comes_in_but_to_metrics_and_probes_and_with_webhooks() -> None:
    policy = one("NetworkPolicy", rendered())["spec"]
    assert policy["policyTypes"] == ["Ingress"]
    assert policy["ingress"] == [{"ports": [{"protocol": "TCP", "port": port}]} for port in ("http", "webhook")]


def test_whoever_may_come_in_with_webhooks_the_other_replicas_may_too() -> None:
    ingress_controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
    bodies = rendered({"networkPolicy": {"webhookFrom": [ingress_controller]}})
    pods, others = one("NetworkPolicy", bodies)["spec"]["ingress"][1]["from"]
    assert others == ingress_controller
    assert pods["podSelector"]["matchLabels"] == one("Deployment", bodies)["spec"]["selector"]["matchLabels"]


def test_what_goes_out_can_be_bound_to_dns_the_api_server_and_git() -> None:
    egress = {"enabled": True, "apiServerPorts": [6443], "gitPorts": [443, 2222]}
    policy = one("NetworkPolicy", rendered({"networkPolicy": {"egress": egress}}))["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    ports = [[port["port"] for port in rule["ports"]] for rule in policy["egress"]]
    assert ports == [[53, 53], [6443], [443, 2222], [8081]]


# --- webhooks ---


def test_the_door_for_webhooks_leads_to_no_metrics() -> None:
    bodies = rendered(
        {"webhook": {"ingress": {"enabled": True, "host": "hooks.example.com", "tlsSecret": "hooks-tls"}}}
    )
    ingress, ports = one("Ingress", bodies)["spec"], one("Service", bodies)["spec"]["ports"]
    [path] = ingress["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/webhook", "Exact")
    assert {"name": path["backend"]["service"]["port"]["name"], "port": 8081, "targetPort": "webhook"} in ports
    assert ingress["tls"] == [{"hosts": ["hooks.example.com"], "secretName": "hooks-tls"}]


def test_without_being_asked_for_there_is_no_ingress_and_no_secret() -> None:
    bodies = rendered()
    assert of_kind("Ingress", bodies) + of_kind("Secret", bodies) == []


def test_what_webhooks_have_to_prove_to_know_becomes_the_secret_that_the_operator_finds() -> None:
    secret = one("Secret", rendered({"webhook": {"secrets": {"webhook.github.secret": "horse"}}}))
    assert secret["metadata"]["labels"]["gitops-operator.io/secret-type"] == "webhook"
    assert secret["data"] == {"webhook.github.secret": base64.b64encode(b"horse").decode()}


def test_a_replica_knows_where_the_others_reach_it() -> None:
    [variable] = [one for one in container(rendered())["env"] if one["name"] == "GITOPS_ADVERTISED_HOST"]
    assert variable["valueFrom"]["fieldRef"]["fieldPath"] == "status.podIP"


# --- metrics ---


def test_prometheus_is_told_by_a_service_monitor_instead_of_annotations() -> None:
    plain = one("Deployment", rendered())["spec"]["template"]["metadata"]
    assert plain["annotations"]["prometheus.io/port"] == "8080"
    bodies = rendered({"metrics": {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}}})
    monitor, service = one("ServiceMonitor", bodies), one("Service", bodies)
    assert "annotations" not in one("Deployment", bodies)["spec"]["template"]["metadata"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] in [port["name"] for port in service["spec"]["ports"]]


def test_the_port_of_the_setting_is_that_of_container_probes_and_annotations() -> None:
    bodies = rendered({"settings": {"httpPort": 9000, "webhookPort": 9001}})
    ports = {port["name"]: port["containerPort"] for port in container(bodies)["ports"]}
    assert ports == {"http": 9000, "webhook": 9001}
    annotations = one("Deployment", bodies)["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == "9000"
    assert container(bodies)["readinessProbe"]["httpGet"]["port"] == "http"


def test_every_file_of_rules_is_shipped_word_for_word() -> None:
    bodies = of_kind("PrometheusRule", rendered({"metrics": {"prometheusRule": {"enabled": True}}}))
    shipped = sorted(json.dumps(body["spec"], sort_keys=True) for body in bodies)
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((CHART / "rules").glob("*.yaml"))]
    assert files
    assert shipped == sorted(json.dumps(file, sort_keys=True) for file in files)


def test_alerts_lead_to_where_the_runbook_is_served() -> None:
    url = "https://docs.example.com/runbook.html"
    bodies = of_kind("PrometheusRule", rendered({"metrics": {"prometheusRule": {"enabled": True, "runbookURL": url}}}))
    rules = [rule for body in bodies for group in body["spec"]["groups"] for rule in group["rules"] if "alert" in rule]
    assert rules
    found = [rule["annotations"]["runbook_url"] for rule in rules]
    assert found == [f"{url}#{rule['alert'].lower()}" for rule in rules]


def test_every_dashboard_is_shipped_word_for_word() -> None:
    bodies = of_kind("ConfigMap", rendered({"metrics": {"dashboards": {"enabled": True}}}))
    shipped = {name: text.rstrip() for body in bodies for name, text in body["data"].items()}
    assert shipped
    assert shipped == {path.name: text_of(path) for path in (CHART / "dashboards").glob("*.json")}
    assert all(body["metadata"]["labels"]["grafana_dashboard"] == "1" for body in bodies)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8").rstrip()


def test_health_rules_become_the_config_map_that_the_operator_reads() -> None:
    bodies = rendered({"healthRules": {"health.yaml": "batch/Job:\n  lua: return {}\n"}}, release="mine")
    [rules] = [one for one in bodies if one["kind"] == "ConfigMap" and one["metadata"]["name"].endswith("-health")]
    [operator] = [one for one in bodies if one["kind"] == "Deployment"]
    [container] = operator["spec"]["template"]["spec"]["containers"]
    assert rules["data"] == {"health.yaml": "batch/Job:\n  lua: return {}"}
    assert {"name": "GITOPS_HEALTH_RULES", "value": rules["metadata"]["name"]} in container["env"]
