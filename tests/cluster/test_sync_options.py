"""Sync options on the real API server, as users see them; those of a single write are in tests/adapters."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cluster.kube import Json, manifest
from tests.cluster.scene import AUTOMATED, Scene, config_map, deployment

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

OPTIONS = "gitops-operator.io/sync-options"
STUCK = {"metadata": {"finalizers": ["example.com/wait"]}}
FREE = {"metadata": {"finalizers": None}}


def annotated(name: str, annotations: dict[str, str], **data: str) -> str:
    metadata = {"name": name, "annotations": annotations}
    return manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"key": "git"}})


def policy(*options: str, **more: Any) -> Json:
    return {**AUTOMATED, "syncOptions": ["CreateNamespace=true", *options], **more}


def names(scene: Scene) -> set[str]:
    """All ConfigMaps of the namespace, but Kubernetes' own."""
    return {one["metadata"]["name"] for one in scene.kube.list("ConfigMap", scene.namespace)} - {"kube-root-ca.crt"}


def confirm(scene: Scene) -> None:
    """As the condition says."""
    time = datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    scene.edit({"metadata": {"annotations": {"gitops-operator.io/deletion-approved": time}}})


def test_what_is_to_be_kept_outlives_a_prune_and_the_application(scene: Scene) -> None:
    kept = {
        "pruned": annotated("pruned", {}),
        "kept": annotated("kept", {OPTIONS: "Prune=false,Delete=false"}),
        "helm": annotated("helm", {"helm.sh/resource-policy": "keep"}),
    }
    scene.follow({"one.yaml": config_map("one"), **{f"{name}.yaml": text for name, text in kept.items()}})
    scene.wait_at(scene.repository.commit({f"{name}.yaml": None for name in kept}))
    assert names(scene) == {"one", "kept", "helm"}
    scene.delete()
    scene.wait_gone()
    assert names(scene) == {"kept", "helm"}


def test_a_prune_waits_for_its_confirmation(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one"), "asks.yaml": annotated("asks", {OPTIONS: "Prune=confirm"})})
    sha = scene.repository.commit({"asks.yaml": None})
    said = scene.wait_condition("Stalled", "AwaitsConfirmation", "asks", "deletion-approved=")
    assert "kubectl annotate applications.gitops-operator.io" in said["message"]
    confirm(scene)
    scene.wait_at(sha)
    assert names(scene) == {"one"}


def test_a_deletion_waits_for_its_confirmation(scene: Scene) -> None:
    scene.follow({"one.yaml": annotated("one", {OPTIONS: "Delete=confirm"})})
    scene.delete()
    scene.wait_condition("Reconciling", "Delete=confirm", "one", "deletion-approved=")
    assert names(scene) == {"one"}
    confirm(scene)
    scene.wait_gone()
    assert names(scene) == set()


@pytest.mark.parametrize("first,early", [("PruneFirst=true", False), ("PruneLast=true", True)])
def test_prunes_come_first_or_last(scene: Scene, first: str, early: bool) -> None:
    scene.follow({"one.yaml": config_map("one"), "old.yaml": config_map("old")}, syncPolicy=policy(first))
    scene.kube.edit("ConfigMap", "old", scene.namespace, STUCK)
    sha = scene.repository.commit({"old.yaml": None, "new.yaml": config_map("new")})
    scene.wait_condition("Reconciling", "old", "example.com/wait")
    assert ("new" in names(scene)) is early
    scene.kube.edit("ConfigMap", "old", scene.namespace, FREE)
    scene.wait_at(sha)
    assert names(scene) == {"one", "new"}


def test_prunes_propagate_as_the_option_says(scene: Scene) -> None:
    files = {"one.yaml": config_map("one"), "web.yaml": deployment("web")}
    scene.follow(files, syncPolicy=policy("PrunePropagationPolicy=orphan"))
    scene.wait_at(scene.repository.commit({"web.yaml": None}))
    assert scene.object("Deployment", "web") is None
    assert len(scene.kube.list("ReplicaSet", scene.namespace)) == 1


def test_a_kind_that_is_not_there_may_be_waited_for(scene: Scene) -> None:
    metadata = {"name": "it", "annotations": {OPTIONS: "SkipDryRunOnMissingResource=true"}}
    late = {"apiVersion": "sync-options.example.com/v1", "kind": "Late", "metadata": metadata}
    scene.repository.commit({"late.yaml": json.dumps(late), "one.yaml": config_map("one")})
    scene.create()
    scene.wait_for(lambda: names(scene) == {"one"}, "the other object is made")


def test_ignored_fields_are_not_written_even_when_something_else_is(scene: Scene) -> None:
    rule = {"kind": "ConfigMap", "jsonPointers": ["/data/theirs"]}
    files = {"one.yaml": config_map("one", ours="a", theirs="git")}
    scene.follow(files, syncPolicy=policy("RespectIgnoreDifferences=true"), ignoreDifferences=[rule])
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"theirs": "live"}})
    scene.wait_at(scene.repository.commit({"one.yaml": config_map("one", ours="b", theirs="git")}))
    assert scene.data("one") == {"ours": "b", "theirs": "live"}


def test_a_namespace_is_made_with_its_metadata_and_outlives_the_application(scene: Scene) -> None:
    labels = {"labels": {"team": "web"}}
    scene.follow({"one.yaml": config_map("one")}, syncPolicy=policy(managedNamespaceMetadata=labels))
    made = scene.object("Namespace", scene.namespace, "")
    assert made is not None
    assert made["metadata"]["labels"]["team"] == "web"
    scene.delete()
    scene.wait_gone()
    assert scene.object("Namespace", scene.namespace, "") is not None


def test_health_and_extraneous_objects_may_not_count(scene: Scene) -> None:
    web = json.loads(deployment("web"))
    web["metadata"]["annotations"]["gitops-operator.io/ignore-healthcheck"] = "true"
    web["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1000000"}}
    extra = annotated("extra", {"gitops-operator.io/compare-options": "IgnoreExtraneous"})
    only_heal = {"automated": {"selfHeal": True}, "syncOptions": ["CreateNamespace=true"]}
    scene.follow(
        {"web.yaml": json.dumps(web), "extra.yaml": extra, "one.yaml": config_map("one")}, syncPolicy=only_heal
    )
    assert "availableReplicas" not in (scene.object("Deployment", "web") or {})["status"]
    sha = scene.repository.commit({"extra.yaml": None})
    scene.wait_at(sha)
    assert names(scene) == {"one", "extra"}
