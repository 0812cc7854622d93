"""Webhooks of Git servers: a push is applied at once, however seldom the repository is polled."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.git_server import GitServer
from tests.cluster.kube import Kube
from tests.cluster.operator import NAMESPACE, Operator, running
from tests.cluster.pushing import THE_SECRET, TOKEN, deliver, push_to
from tests.cluster.scene import Scene, config_map, playing
from tests.pushes import SECRET, Sent, github_ping, gitlab, signed_by_github

pytestmark = pytest.mark.cluster

HOUR = 3600


@pytest.fixture(scope="module")
def secret(kube: Kube) -> Iterator[None]:
    """As the guide has it."""
    kube.apply(THE_SECRET)
    yield
    kube.delete("Secret", "webhooks", NAMESPACE)


@pytest.fixture(scope="module")
def operators(
    kubeconfig: Path, secret: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Operator, Operator]]:
    """One that leads and one that does not; neither polls."""
    folder = tmp_path_factory.mktemp("operators")

    def made(name: str) -> Operator:
        return Operator(kubeconfig, folder, name, poll_interval=HOUR, advertised_host="127.0.0.1")

    with running(made("leader")) as leader:
        standby = made("standby")
        try:
            yield leader, standby.start()
        finally:
            standby.stop()


@pytest.fixture
def scene(kube: Kube, git: GitServer, operators: tuple[Operator, Operator]) -> Iterator[Scene]:
    with playing(kube, git, operators[0]) as scene:
        yield scene


def push(scene: Scene) -> Sent:
    return push_to(scene.url)


def test_a_push_is_applied_though_nobody_polls(scene: Scene, operators: tuple[Operator, Operator]) -> None:
    scene.follow({"one.yaml": config_map("one")})
    scene.repository.commit({"one.yaml": config_map("one", key="new")})
    assert scene.stays(lambda: scene.data("one") == {"key": "git"})
    status, text = deliver(operators[0], push(scene))
    assert status == 202, text
    assert scene.url in text
    scene.wait_for(lambda: scene.data("one") == {"key": "new"}, "the commit is applied")


def test_a_replica_that_does_not_lead_passes_a_push_on(scene: Scene, operators: tuple[Operator, Operator]) -> None:
    leader, standby = operators
    scene.follow({"one.yaml": config_map("one")})
    scene.repository.commit({"one.yaml": config_map("one", key="new")})

    def deliveries() -> tuple[float, float]:
        passed_on = standby.metric("gitops_webhook_deliveries_total", result="passed_on")
        return passed_on, leader.metric("gitops_webhook_deliveries_total", provider="github", result="accepted")

    passed_on, accepted = deliveries()
    assert deliver(standby, push(scene))[0] == 202
    scene.wait_for(lambda: scene.data("one") == {"key": "new"}, "the commit is applied")
    assert deliveries() == (passed_on + 1, accepted + 1)


def test_a_push_that_is_not_believed_is_refused_and_changes_nothing(
    scene: Scene, operators: tuple[Operator, Operator]
) -> None:
    scene.follow({"one.yaml": config_map("one")})
    asked = scene.git.count(scene.name)
    wrong = deliver(operators[0], signed_by_github(push(scene), "another"))
    assert wrong == (401, "X-Hub-Signature-256 does not prove to know webhook.github.secret.\n")
    nobody = deliver(operators[0], gitlab("https://127.0.0.1/x"))
    assert nobody == (403, "Nothing of GitLab is believed before webhook.gitlab.secret is set.\n")
    assert scene.stays(lambda: scene.git.count(scene.name) == asked)


def test_the_admin_is_told_what_a_push_is_understood_as(scene: Scene, operators: tuple[Operator, Operator]) -> None:
    scene.follow({"one.yaml": config_map("one")})
    for operator in operators:
        status, text = deliver(operator, push(scene), "?explain=1", {"Authorization": f"Bearer {TOKEN}"})
        answer = json.loads(text)
        assert (status, answer["revision"], answer["lookedAt"]) == (200, "main", [scene.url])
    assert deliver(operators[0], push(scene), "?explain=1")[0] == 403


def test_a_ping_is_answered(operators: tuple[Operator, Operator]) -> None:
    assert deliver(operators[0], github_ping()) == (200, "pong\n")


def test_a_secret_that_is_replaced_counts_at_once(
    scene: Scene, kube: Kube, operators: tuple[Operator, Operator]
) -> None:
    old, new = github_ping(), signed_by_github(github_ping(), "new")
    patch = {"stringData": {"webhook.github.secret": "new"}}
    kube.edit("Secret", "webhooks", NAMESPACE, patch)
    try:
        scene.wait_for(lambda: deliver(operators[0], new)[0] == 200, "the new secret counts")
        assert deliver(operators[0], old)[0] == 401
    finally:
        kube.edit("Secret", "webhooks", NAMESPACE, {"stringData": {"webhook.github.secret": SECRET}})
        scene.wait_for(lambda: deliver(operators[0], old)[0] == 200, "the old secret counts again")
