"""What the running operator counts."""

import pytest

from tests.cluster.operator import Operator
from tests.cluster.scene import AUTOMATED, Scene, config_map

pytestmark = pytest.mark.cluster

STATIONS = [f"gitops_commit_to_{station}_seconds_count" for station in ("detected", "applied", "healthy")]


def counts(operator: Operator) -> list[float]:
    return [operator.metric(name) for name in STATIONS]


def test_a_commit_is_measured_once_for_each_application_that_it_changes(scene: Scene) -> None:
    scene.repository.commit({"a/one.yaml": config_map("one"), "b/two.yaml": config_map("two")})
    for name, path in (("", "a"), (f"{scene.name}-b", "b")):
        scene.create(name=name, source={"repoURL": scene.url, "path": path})
        scene.wait_ready(name)
    before = counts(scene.operator)
    sha = scene.repository.commit({"a/one.yaml": config_map("one", key="new")})
    scene.wait_at(sha)
    scene.wait_for(lambda: counts(scene.operator) == [one + 1 for one in before], "it is measured at each station")
    assert scene.stays(lambda: counts(scene.operator) == [one + 1 for one in before])


def test_a_commit_that_changes_no_object_is_applied_at_once(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    before = counts(scene.operator)
    scene.repository.commit({"README.md": "Nothing to see here."})
    scene.wait_for(lambda: counts(scene.operator) == [one + 1 for one in before], "it is measured at each station")


def test_drift_is_counted_where_nobody_wants_it_corrected(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")}, syncPolicy={**AUTOMATED, "automated": {"prune": True}})
    before = scene.operator.metric("gitops_drift_detected_total")
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine"}})
    scene.wait_condition("Synced", "SelfHealOff")
    assert scene.operator.metric("gitops_drift_detected_total") == before + 1


def test_an_application_is_shown_with_the_reason_of_its_condition_ready(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    (labels,) = [one for one, _ in scene.operator.samples("gitops_application_info") if one["name"] == scene.name]
    assert (labels["sync"], labels["health"], labels["reason"]) == ("Synced", "Healthy", "Ready")
    assert labels["revision"] == scene.repository.sha()[:12]


def test_the_queue_is_empty_when_nothing_happens(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    names = ("gitops_queue_depth", "gitops_queue_oldest_seconds", "gitops_workers_busy")
    scene.wait_for(lambda: [scene.operator.metric(name) for name in names] == [0, 0, 0], "nothing waits")
