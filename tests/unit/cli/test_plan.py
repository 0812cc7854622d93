"""`plan`: the writes of a sync in their order."""

from typing import Any

from gitops_operator.cli.offline.plan import run
from tests.builders import config_map, custom_resource_definition, deployment, gizmo, job, manifest, namespace, service
from tests.unit.cli.calls import one

Json = dict[str, Any]


def planned(desired: list[Json], live: list[Json] | None = None, *options: str, prune: bool = True) -> list[str]:
    found = one(run, desired=desired, live=live or [], prune=prune, syncOptions=list(options))
    return [f"{step['phase']} {step['wave']} {step['action']} {step['kind']} {step['name']}" for step in found["steps"]]


def test_a_step_says_all_of_an_object() -> None:
    [step] = one(run, desired=[deployment("front", namespace="web", wave=2)], live=[], prune=False)["steps"]
    assert step == {
        "phase": "Sync",
        "wave": 2,
        "action": "apply",
        "group": "apps",
        "kind": "Deployment",
        "namespace": "web",
        "name": "front",
    }


def test_kinds_go_in_their_order_and_waves_before_kinds() -> None:
    desired = [deployment("front"), service("front"), config_map("late", wave=1), config_map("front"), namespace("web")]
    assert planned(desired) == [
        "Sync 0 apply Namespace web",
        "Sync 0 apply ConfigMap front",
        "Sync 0 apply Service front",
        "Sync 0 apply Deployment front",
        "Sync 1 apply ConfigMap late",
    ]


def test_a_namespace_comes_before_what_is_in_it_whatever_its_wave() -> None:
    assert planned([config_map("front", namespace="web", wave=-3), namespace("web", wave=5)])[0] == (
        "Sync -3 apply Namespace web"
    )


def test_a_kind_is_defined_before_its_objects_come() -> None:
    steps = planned([gizmo("one", wave=-1), custom_resource_definition(wave=3)])
    assert steps == ["Sync -1 apply CustomResourceDefinition gizmos.example.com", "Sync -1 apply Gizmo one"]


def test_prunes_come_last_in_reverse_waves_and_kinds() -> None:
    live = [config_map("old"), deployment("old"), config_map("older", wave=4), namespace("gone")]
    assert planned([config_map("front")], live) == [
        "Sync 0 apply ConfigMap front",
        "Prune 4 prune ConfigMap older",
        "Prune 0 prune Deployment old",
        "Prune 0 prune ConfigMap old",
        "Prune 0 prune Namespace gone",
    ]


def test_with_prune_first_prunes_come_first() -> None:
    assert planned([config_map("front")], [config_map("old")], "PruneFirst=true") == [
        "Prune 0 prune ConfigMap old",
        "Sync 0 apply ConfigMap front",
    ]


def test_nothing_is_pruned_unless_it_is_asked_for() -> None:
    assert planned([], [config_map("old")], prune=False) == []


def test_what_says_that_it_stays_stays() -> None:
    kept = config_map("kept", annotations={"argocd.argoproj.io/sync-options": "Prune=false"})
    policy = manifest("v1", "ConfigMap", "policy", annotations={"helm.sh/resource-policy": "keep"})
    assert planned([], [kept, policy]) == []


def test_with_prune_off_for_all_objects_nothing_is_pruned() -> None:
    assert planned([], [config_map("old")], "Prune=false") == []


def test_what_is_as_git_wants_it_is_not_written() -> None:
    live = deployment("front", namespace="web", uid="1")
    live["spec"]["strategy"] = {"type": "RollingUpdate"}
    assert planned([deployment("front"), config_map("front")], [live]) == ["Sync 0 apply ConfigMap front"]


def test_a_large_prune_needs_no_limit_in_a_plan() -> None:
    assert len(planned([], [config_map(f"old-{number}") for number in range(40)])) == 40


def test_what_is_being_deleted_is_made_anew() -> None:
    live = config_map("front")
    live["metadata"]["deletionTimestamp"] = "2026-11-24T00:00:00Z"
    assert planned([config_map("front")], [live]) == ["Sync 0 apply ConfigMap front"]


def test_an_object_that_stands_twice_is_an_error() -> None:
    found = one(run, desired=[config_map("a"), config_map("a")], live=[], prune=False)
    assert found["error"]["message"] == "desired[1]: ConfigMap a stands twice; first in desired[0]"


def test_an_unreadable_wave_is_an_error() -> None:
    found = one(run, desired=[config_map("a", wave="soon")], live=[], prune=False)
    assert "'soon' is not an integer" in found["error"]["message"]


def hook(name: str, words: str, policy: str = "", **parts: Any) -> Json:
    annotations = {"argocd.argoproj.io/hook": words, "argocd.argoproj.io/hook-delete-policy": policy}
    return job(name, annotations=annotations, **parts)


def test_hooks_run_in_their_phases_and_go_when_the_sync_has_ended() -> None:
    desired = [config_map("kept"), hook("after", "PostSync"), hook("before", "PreSync", "HookSucceeded", wave=2)]
    assert planned([*desired, hook("cry", "SyncFail")]) == [
        "PreSync 2 apply Job before",
        "Sync 0 apply ConfigMap kept",
        "PostSync 0 apply Job after",
        "PreSync 2 delete-hook Job before",
    ]


def test_an_earlier_object_of_a_hook_goes_before_it_and_is_no_prune() -> None:
    live = [hook("before", "PreSync"), hook("gone", "PreSync")]
    assert planned([hook("before", "PreSync")], live) == [
        "PreSync 0 delete-hook Job before",
        "PreSync 0 apply Job before",
    ]


def test_a_hook_without_a_name_is_shown_by_its_prefix() -> None:
    its = hook("migrate-", "PreSync")
    its["metadata"]["generateName"] = its["metadata"].pop("name")
    assert planned([its]) == ["PreSync 0 apply Job migrate-"]
