"""The rights of the chart, asked of a real API server: the operator needs each of them, and no other."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from devcluster.git_server import GitServer
from devcluster.waiting import wait_until
from tests.cluster.gateway import Asked, Gateway, gateway
from tests.cluster.installation import CHART, RELEASE, helm, setting, upgrade
from tests.cluster.kube import Kube, manifest
from tests.cluster.operator import ACCOUNT, NAMESPACE, Operator, running
from tests.cluster.rights import Probe, Right, Rule, concerns, rights_for, single_rules
from tests.cluster.scene import Scene, config_map, deployment

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

PLACE, ELSEWHERE, BOUND, UNBOUND = "granted", "elsewhere", "bound", "unbound"
CONFINED = ("clusterAdmin=false", f"write.namespaces={{{PLACE}}}")
DEPLOYER = "deployer"
IMPERSONATING = (
    "impersonation.enabled=true",
    f"impersonation.namespaces={{{NAMESPACE}}}",
    f"impersonation.serviceAccounts={{{DEPLOYER}}}",
)
LITTLE = (
    "clusterAdmin=false",
    "rbac.readEverything=false",
    "rbac.readRules[0].apiGroups[0]=",
    "rbac.readRules[0].resources={configmaps,secrets,namespaces}",
    "rbac.readRules[0].verbs={list,watch}",
)
RBAC = "rbac.authorization.k8s.io/v1"
PRIORITY: dict[str, Any] = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": "granted"},
    "value": 1,
}
AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture(scope="module")
def own() -> Iterator[DevCluster]:
    """With a release that may write to one namespace only, elsewhere in the name of one account."""
    with DevCluster("rights") as cluster:
        for namespace in (PLACE, ELSEWHERE):
            cluster.kubectl("create", "namespace", namespace)
        upgrade(cluster, *CONFINED, *IMPERSONATING)
        yield cluster


@pytest.fixture(scope="module")
def kube(own: DevCluster) -> Kube:
    return Kube(own)


@pytest.fixture(scope="module")
def line(own: DevCluster) -> Iterator[Gateway]:
    """To a server that does not stream lists: with one that does, nearly all reading is watching."""
    with gateway(own) as line:
        line.refusal = lambda request: 400 if "sendInitialEvents" in request.query else 0
        yield line


@pytest.fixture(scope="module")
def operator(own: DevCluster, line: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operator")
    account = line.kubeconfig(own.kubeconfig_for(ACCOUNT, NAMESPACE), folder)
    with running(Operator(account, folder, lease_duration=3)) as operator:
        yield operator


@pytest.fixture(scope="module")
def probe(own: DevCluster) -> Probe:
    return Probe(own, NAMESPACE)


@pytest.fixture(scope="module")
def asked(kube: Kube, git: GitServer, operator: Operator, line: Gateway) -> set[Asked]:
    """All that the operator asked of the server in the life of an Application."""
    scene = Scene(kube, git, operator, PLACE)
    scene.follow({"one.yaml": config_map("one"), "two.yaml": config_map("two")}, syncPolicy=AUTOMATED)
    scene.edit({"metadata": {"annotations": {"gitops-operator.io/refresh": "hard"}}})
    scene.wait_for(lambda: "gitops-operator.io/refresh" not in annotations(scene), "the refresh is answered")
    kube.edit("ConfigMap", "one", PLACE, {"data": {"key": "mine"}})
    scene.wait_for(lambda: scene.data("one") == {"key": "git"}, "the drift is healed")
    scene.wait_at(scene.repository.commit({"two.yaml": None}))
    scene.edit({"operation": {"sync": {}}})
    scene.wait_for(lambda: "operation" not in scene.seen(), "the request is answered")
    scene.wait_ready()
    kube.edit("ConfigMap", "one", PLACE, {"data": {"key": "mine"}})  # the second time the same Event counts
    scene.wait_for(lambda: (scene.event("DriftCorrected") or {}).get("count", 0) > 1, "it is told again")
    scene.delete()
    scene.wait_gone()
    return {one for one in line.asked if not one.user and f"/namespaces/{ELSEWHERE}/" not in one.path}


def annotations(scene: Scene) -> dict[str, str]:
    found: dict[str, str] = scene.seen()["metadata"].get("annotations") or {}
    return found


def test_nothing_that_the_operator_asks_for_is_refused(asked: set[Asked]) -> None:
    assert [one for one in asked if one.status in {401, 403}] == []


@pytest.mark.parametrize("values", [(), LITTLE], ids=["everything may be read", "little may be read"])
def test_every_single_right_of_the_operators_own_roles_is_needed(
    own: DevCluster, probe: Probe, asked: set[Asked], values: tuple[str, ...]
) -> None:
    rules = own_rules(own, values)
    rights = own_rights(asked)
    for kind, given in rules.items():
        probe.give(kind, given)
    assert [right for right in rights if is_read_by(values, right) and not becomes(probe, right, granted=True)] == []
    assert [single for kind in rules for single in unneeded(probe, kind, rules[kind], rights)] == []


def test_outside_the_namespaces_that_it_may_write_to_it_is_refused_and_says_so(
    kube: Kube, git: GitServer, operator: Operator
) -> None:
    scene = Scene(kube, git, operator, ELSEWHERE)
    scene.repository.commit({"one.yaml": config_map("one")})
    scene.create(syncPolicy=AUTOMATED)
    try:
        scene.wait_condition("Ready", "one", "forbidden", ELSEWHERE, status="False")
        assert scene.config_maps() == set()
    finally:
        scene.clear()


def test_all_that_an_account_may_not_do_is_said_at_once_and_with_just_these_rights_it_writes(
    own: DevCluster, kube: Kube, git: GitServer, operator: Operator, line: Gateway
) -> None:
    own.kubectl("create", "serviceaccount", DEPLOYER, "--namespace", NAMESPACE)
    scene = Scene(kube, git, operator, BOUND)
    own.kubectl("create", "namespace", scene.namespace)
    files = {
        "one.yaml": config_map("one"),
        "two.yaml": config_map("two", wave=1),
        "web.yaml": deployment("web", wave=2),
    }
    scene.repository.commit({**files, "class.yaml": manifest(PRIORITY)})
    try:
        scene.create(syncPolicy=AUTOMATED, serviceAccountName=DEPLOYER)
        whole = ("may not do all", f"a Role in namespace {BOUND}", "a ClusterRole with a ClusterRoleBinding")
        said = scene.wait_condition("Ready", f"ServiceAccount {NAMESPACE}/{DEPLOYER}", *whole, status="False")
        assert not [one for one in line.asked if one.method == "PATCH" and f"/namespaces/{BOUND}/" in one.path]
        for kind, rules in rules_in(said["message"]).items():
            kube.apply({"apiVersion": RBAC, "kind": kind, "metadata": placed(kind), "rules": rules})
            kube.apply(binding(kind))
        scene.wait_ready()
        assert scene.config_maps() == {"one", "two"}
    finally:
        scene.clear()
        kube.delete("PriorityClass", PRIORITY["metadata"]["name"])


def test_an_account_of_another_name_is_not_impersonated(
    own: DevCluster, kube: Kube, git: GitServer, operator: Operator
) -> None:
    own.kubectl("create", "serviceaccount", "other", "--namespace", NAMESPACE)
    scene = Scene(kube, git, operator, UNBOUND)
    own.kubectl("create", "namespace", scene.namespace)
    scene.repository.commit({"one.yaml": config_map("one")})
    scene.create(syncPolicy=AUTOMATED, serviceAccountName="other")
    try:
        # Servers of 1.35 name the account, or what was asked for with a verb of its own: impersonate-on:….
        whose = f"ServiceAccount {NAMESPACE}/other"
        scene.wait_condition("Ready", whose, "cannot impersonate", "impersonation.serviceAccounts", status="False")
    finally:
        scene.clear()


def rules_in(message: str) -> dict[str, list[Rule]]:
    """What a message says that a Role and a ClusterRole should hold."""
    found: dict[str, list[Rule]] = {}
    for heading, rules in re.findall(r"Add to a (\w+) .*:\n((?:- .*(?:\n|$))+)", message):
        found[heading] = yaml.safe_load(rules)
    return found


def placed(kind: str) -> dict[str, str]:
    return {"name": DEPLOYER, **({"namespace": BOUND} if kind == "Role" else {})}


def binding(kind: str) -> dict[str, Any]:
    subjects = [{"kind": "ServiceAccount", "name": DEPLOYER, "namespace": NAMESPACE}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": DEPLOYER}
    return {
        "apiVersion": RBAC,
        "kind": f"{kind}Binding",
        "metadata": placed(kind),
        "roleRef": role,
        "subjects": subjects,
    }


def own_rules(own: DevCluster, values: tuple[str, ...]) -> dict[str, list[Rule]]:
    """Those of the operator's own roles, by kind."""
    template = ("template", RELEASE, str(CHART), "--show-only", "templates/rbac.yaml")
    bodies = yaml.safe_load_all(helm(own, *template, *setting(*values)))
    return {body["kind"]: list(single_rules(body["rules"])) for body in bodies if "rules" in body}


def own_rights(asked: set[Asked]) -> list[Right]:
    """Those for the operator itself; what it does with the objects of Applications is the writer's."""
    return sorted(right for right in rights_for(asked) if right.namespace != PLACE)


def is_read_by(values: tuple[str, ...], right: Right) -> bool:
    """Whether the operator has to be granted that where little may be read."""
    is_reading = right.verb in {"list", "watch"}
    return not (values and is_reading) or right.resource in {"applications", "customresourcedefinitions", "apiservices"}


def unneeded(probe: Probe, kind: str, rules: list[Rule], rights: list[Right]) -> list[Rule]:
    """Each right of the role is taken away in turn: something that the operator does must be refused then."""
    found = []
    for single in rules:
        probe.give(kind, [one for one in rules if one != single])
        concerned = [right for right in rights if concerns(single, right)]
        if not (concerned and becomes(probe, concerned[0], granted=False)):
            found.append(single)
    probe.give(kind, rules)
    return found


def becomes(probe: Probe, right: Right, *, granted: bool) -> bool:
    """Whether it is so, a moment later: the authorizer hears of a changed role by a watch."""
    try:
        wait_until(lambda: probe.may(right) is granted, str(right), timeout=3)
    except DevClusterError:
        return False
    return True
