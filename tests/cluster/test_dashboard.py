"""Dashboards and rules of the chart, answered by a real Prometheus that scrapes a running operator."""

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from devcluster.binaries import ensure_monitoring
from devcluster.git_server import GitServer
from tests.architecture.monitoring import DASHBOARDS, RULES, alerts, recorded
from tests.cluster.kube import Kube
from tests.cluster.operator import Operator
from tests.cluster.prometheus import JOB, Prometheus, scraping
from tests.cluster.scene import AUTOMATED, Scene, config_map, playing

pytestmark = pytest.mark.cluster

# Nothing is to be seen there while all is well, and no test brings about that trouble.
ONLY_IN_TROUBLE = {"Kinds that are not ready"}
VARIABLES = {"$job": ".*", "$namespace": ".*", "$__rate_interval": "1m"}


class Fed(NamedTuple):
    """Prometheus after a while with the operator; times in seconds since 1970."""

    prometheus: Prometheus
    began: float
    ended: float


def boards() -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in DASHBOARDS]


def with_values(query: str) -> str:
    """The query as Grafana sends it when the reader chose everything."""
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    return query


TARGETS = [
    pytest.param(panel["title"], target, id=f"{board['uid']}: {panel['title']} {target['refId']}")
    for board in boards()
    for panel in board["panels"]
    for target in panel.get("targets", ())
]


@pytest.fixture(scope="module")
def fed(kube: Kube, git: GitServer, operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    """Commits, drift, a fight, a sync that fails, a render that fails and a repository that is not there."""
    folder = tmp_path_factory.mktemp("prometheus")
    address = {operator.name: f"127.0.0.1:{operator.port}"}
    with scraping(Prometheus(ensure_monitoring(), folder, address, RULES)) as prometheus:
        operator.wait_for(lambda: bool(prometheus.ask("gitops_leader == 1")), "it is scraped")
        began = time.time()
        with playing(kube, git, operator) as good, playing(kube, git, operator) as bad:
            _deliver(good)
            _fail(bad)
            _meddle(good)
            _refuse(good)
            good.wait_for(lambda: _is_scraped(prometheus), "all of it is scraped", timeout=30)
            yield Fed(prometheus, began, time.time())


def _deliver(scene: Scene) -> None:
    """Two waves, because those before the last are tried out on the server."""

    def files(value: str) -> dict[str, str]:
        return {f"{number}.yaml": config_map(f"c{number}", wave=number % 2, key=value) for number in range(20)}

    scene.follow(files("git"))
    scene.wait_at(scene.repository.commit(files("git2")))


def _meddle(scene: Scene) -> None:
    """Twice the same field: who comes back to it fights."""
    for _ in range(2):
        scene.kube.edit("ConfigMap", "c1", scene.namespace, {"data": {"key": "mine"}})
        scene.wait_for(lambda: scene.data("c1") == {"key": "git2"}, "it is healed")


def _fail(scene: Scene) -> None:
    """An Application whose files are broken, and one without a repository."""
    scene.repository.commit({"broken.yaml": "kind: [\n"})
    scene.create()
    nowhere = {"repoURL": scene.git.http_url(f"{scene.name}-nowhere"), "path": "."}
    scene.create(name=f"{scene.name}-nowhere", source=nowhere, syncPolicy=AUTOMATED)
    scene.wait_condition("Ready", "RenderFailed")
    scene.wait_condition("Ready", "RepositoryNotFound", name=f"{scene.name}-nowhere")


def _refuse(scene: Scene) -> None:
    """A commit that the API server does not take."""
    scene.repository.commit({"refused.yaml": config_map("NOT-A-NAME")})
    scene.wait_condition("Ready", "SyncFailed")


def _is_scraped(prometheus: Prometheus) -> bool:
    """The last of it, and twice, so that rates can tell."""
    return bool(prometheus.ask('increase(gitops_sync_total{phase="Failed"}[1m]) > 0')) and bool(
        prometheus.ask('gitops_application_info{reason="SyncFailed"} offset 2s')
    )


@pytest.mark.parametrize("title, target", TARGETS)
def test_a_panel_shows_something(fed: Fed, title: str, target: dict[str, Any]) -> None:
    query = with_values(target["expr"])
    assert "$" not in query
    answer = fed.prometheus.ask_range(query, fed.began, fed.ended) if target["range"] else fed.prometheus.ask(query)
    assert bool(answer) is (title not in ONLY_IN_TROUBLE)


@pytest.mark.parametrize("board", boards(), ids=lambda board: board["uid"])
def test_each_variable_of_a_dashboard_has_values(fed: Fed, board: dict[str, Any]) -> None:
    for variable in board["templating"]["list"][1:]:
        inner = with_values(variable["definition"]).removeprefix("label_values(").removesuffix(")")
        metric, _, label = inner.rpartition(", ")
        assert fed.prometheus.get(f"label/{label}/values", **{"match[]": metric}) != []


@pytest.mark.parametrize("name", recorded())
def test_a_recording_rule_records_something(fed: Fed, name: str) -> None:
    assert fed.prometheus.ask_range(name, fed.began, fed.ended) != []


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_the_question_of_an_alert_can_be_answered(fed: Fed, alert: dict[str, Any]) -> None:
    fed.prometheus.ask(alert["expr"])


def test_prometheus_works_out_every_rule(fed: Fed) -> None:
    groups = fed.prometheus.get("rules")["groups"]
    found = [(rule["name"], rule["health"], rule.get("lastError", "")) for group in groups for rule in group["rules"]]
    assert len(found) == len(alerts()) + len(recorded())
    assert [one for one in found if one[1:] != ("ok", "")] == []


def test_trouble_is_alerted_on_and_nothing_else(fed: Fed) -> None:
    """All of them still wait for their time. How many syncs and requests fail depends on how long all of it took."""
    found = {one["labels"]["alertname"] for one in fed.prometheus.get("alerts")["alerts"]}
    assert found - {"GitOpsSyncsFail", "GitOpsGitFailing"} == {
        "GitOpsApplicationDegraded",
        "GitOpsApplicationSyncFailed",
        "GitOpsApplicationUnknown",
        "GitOpsFight",
    }


def test_alerts_say_whole_sentences_of_what_they_found(fed: Fed) -> None:
    texts = [text for one in fed.prometheus.get("alerts")["alerts"] for text in one["annotations"].values()]
    assert texts != []
    assert [text for text in texts if "<no value>" in text or "<error" in text] == []


def test_names_and_namespaces_are_those_of_applications(fed: Fed) -> None:
    shown = fed.prometheus.ask(f'gitops_application_info{{job="{JOB}",reason="SyncFailed"}}')
    assert [(labels["namespace"], labels["sync"], labels["health"]) for labels, _ in shown] == [
        ("gitops-operator", "OutOfSync", "Missing")
    ]


def test_the_log_names_no_bug_while_all_of_this_happens(fed: Fed, operator: Operator) -> None:
    assert operator.metric("gitops_reconcile_failures_total", reason="bug") == 0
