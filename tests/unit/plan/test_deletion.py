"""Deleting an Application: what goes in which order, what stays, and what it waits for."""

from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.model.application import ARGO_FINALIZERS, Automated
from gitops_operator.model.hierarchy import OwnerRef
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import GroupKind
from gitops_operator.model.step import Propagation, TaskKind
from gitops_operator.plan import DeletionPlan, Remains, left_behind, next_deletion
from tests.unit.plan.situations import application, key, live, refused


def delete(*objects: LiveObject, app: Any = None, **more: Any) -> DeletionPlan:
    return next_deletion(app or application(), Remains(objects=objects, **more))


def names(plan: DeletionPlan) -> list[str]:
    return [task.key.name for task in plan.step.tasks]


def thing(name: str = "a", kind: str = "ConfigMap", wave: int = 0, **more: Any) -> LiveObject:
    return live(key(kind, name), wave, **more)


def annotated(name: str, value: str) -> LiveObject:
    return thing(annotations={name: value})


def test_what_is_left_goes_wave_by_wave_from_the_last_one() -> None:
    objects = (thing("first"), thing("last", wave=5))
    plan = delete(*objects)
    assert (names(plan), plan.finished) == (["last"], False)
    assert names(delete(objects[0])) == ["first"]
    assert delete().finished


def test_a_wave_waits_for_the_one_before_and_names_finalizers() -> None:
    stuck = thing("last", wave=5, deletion_timestamp="2027-01-31T08:00:00Z", finalizers=("x/y", "z"))
    plan = delete(thing("first"), stuck)
    assert names(plan) == []
    assert plan.message == "ConfigMap web/last is being deleted and waits for its finalizers x/y, z. Then go 1 more."


def test_custom_resources_go_before_workloads_and_namespaces_last() -> None:
    objects = [thing("own", "Namespace"), thing("controller", "Deployment"), thing("w", "Widget")]
    order = []
    while objects:
        gone = set(names(delete(*objects)))
        order.append(sorted(gone))
        objects = [item for item in objects if item.key.name not in gone]
    assert order == [["w"], ["controller"], ["own"]]


def test_deletes_are_fenced_and_wait_for_dependents() -> None:
    task = delete(thing()).step.tasks[0]
    assert (task.kind, task.uid, task.resource_version) == (TaskKind.PRUNE, "uid-a", "7")
    assert task.propagation is Propagation.FOREGROUND
    assert task.tracking_id == "apps/web:/ConfigMap:web/a"


KEPT = {
    "a CRD": thing("widgets.example.com", "CustomResourceDefinition"),
    "the default namespace": thing("default", "Namespace"),
    "a namespace of Kubernetes": thing("kube-system", "Namespace"),
    "what a controller made": thing(owners=(OwnerRef("v1", "ReplicaSet", "rs", "uid", controller=True),)),
    "what says so": annotated("gitops-operator.io/sync-options", "Delete=false"),
    "what says so in Argo CD's words": annotated("argocd.argoproj.io/sync-options", "Prune=false,Delete=false"),
    "what Helm keeps": annotated("helm.sh/resource-policy", "keep"),
}


@pytest.mark.parametrize("item", KEPT.values(), ids=KEPT)
def test_deletion_never_removes(item: LiveObject) -> None:
    plan = delete(item)
    assert (names(plan), plan.finished) == ([], True)
    assert left_behind(application(), Remains(objects=(item,))) == (item.key,)


def test_the_operators_own_objects_stay() -> None:
    assert delete(thing(), protected=frozenset({key("ConfigMap", "a")})).finished


def test_the_namespace_of_create_namespace_stays_though_it_came_from_git_once() -> None:
    app = application(options=frozenset({"CreateNamespace=true"}))
    assert delete(thing("web", "Namespace"), app=app).finished
    assert names(delete(thing("other", "Namespace"), app=app)) == ["other"]


def test_delete_false_counts_for_the_whole_application_too() -> None:
    assert delete(thing(), app=application(options=frozenset({"Delete=false"}))).finished


@pytest.mark.parametrize(
    "policy, automated, cascades",
    [
        ("Delete", None, True),
        ("Orphan", Automated(prune=True), False),
        ("MirrorPrune", Automated(prune=True), True),
        ("MirrorPrune", Automated(prune=False), False),
        ("MirrorPrune", None, False),
    ],
)
def test_the_deletion_policy_decides(policy: str, automated: Automated | None, *, cascades: bool) -> None:
    app = application(deletion_policy=policy, automated=automated)
    assert delete(thing(), app=app).finished is not cascades
    assert (left_behind(app, Remains(objects=(thing(),))) == ()) is cascades


@pytest.mark.parametrize("finalizer", ARGO_FINALIZERS)
def test_finalizers_of_argo_cd_cascade(finalizer: str) -> None:
    app = application(deletion_policy="Orphan", finalizers=(finalizer,))
    assert names(delete(thing(), app=app)) == ["a"]


def test_nothing_cascades_while_the_operator_is_uninstalled() -> None:
    assert delete(thing(), uninstalling=True).finished
    assert left_behind(application(), Remains(objects=(thing(),), uninstalling=True)) == (key("ConfigMap", "a"),)


@pytest.mark.parametrize("state", [KindState.BROKEN, KindState.CATCHING_UP])
def test_a_kind_that_cannot_be_told_holds_the_deletion(state: KindState) -> None:
    kinds = {GroupKind("", "ConfigMap"): KindStatus(KindState.READY), GroupKind("x.io", "W"): KindStatus(state, "why")}
    plan = delete(thing(), kinds=kinds)
    assert (names(plan), plan.finished) == ([], False)
    assert plan.message == "The cluster cannot say which objects of these kinds are left: x.io/W (why)."


def test_refusals_are_said() -> None:
    outcomes = [refused(key("ConfigMap", "a"), "Forbidden.", TaskKind.PRUNE)]
    plan = delete(thing(), thing("b", wave=-1), outcomes=outcomes)
    assert plan.message == "Forbidden. Then go 1 more."


def test_a_suspended_application_can_be_deleted() -> None:
    assert names(delete(thing(), app=replace(application(), problems=("The spec is broken.",)))) == ["a"]
