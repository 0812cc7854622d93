"""The order inside a sync, and laws that hold for every set of changes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.model.change import Change
from gitops_operator.model.resource import GroupKind, ResourceKey
from gitops_operator.model.step import Task, TaskKind
from gitops_operator.plan.order import in_order, in_reverse_order, rank_of, waves_of
from gitops_operator.plan.way import stops
from tests.unit.plan.situations import World, application, doomed, missing, request, resource, situation


def tasks(*kinds: str) -> list[Task]:
    return [Task(TaskKind.APPLY, ResourceKey(*kind.rpartition("/")[::2], "web", "a"), "v1") for kind in kinds]


def order(*kinds: str) -> list[str]:
    return [str(group[0].key.group_kind) for group in in_order(tasks(*kinds))]


def test_kinds_are_applied_in_order() -> None:
    kinds = ["Namespace", "ServiceAccount", "Secret", "ConfigMap", "Service", "apps/Deployment", "batch/Job"]
    assert order(*reversed(kinds)) == kinds


def test_custom_kinds_come_after_those_of_kubernetes_and_webhooks_last() -> None:
    webhook = "admissionregistration.k8s.io/ValidatingWebhookConfiguration"
    service = "apiregistration.k8s.io/APIService"
    assert order(webhook, "serving.knative.dev/Service", service) == [service, "serving.knative.dev/Service", webhook]


def test_equal_kinds_go_side_by_side_in_order_of_name() -> None:
    found = [Task(TaskKind.APPLY, ResourceKey("", "Secret", "web", name), "v1") for name in "ba"]
    assert [[task.key.name for task in group] for group in in_order(found)] == [["a", "b"]]


def test_deletes_go_the_other_way_round() -> None:
    found = in_reverse_order(tasks("Namespace", "Secret"))
    assert [group[0].key.kind for group in found] == ["Secret", "Namespace"]


def test_a_kind_of_another_group_is_not_the_one_of_kubernetes() -> None:
    assert rank_of(GroupKind("serving.knative.dev", "Service")) > rank_of(GroupKind("", "Service"))


def waves(*resources: Any) -> dict[str, int]:
    return {key.name: wave for key, wave in waves_of(resources).items()}


def test_a_namespace_comes_before_what_is_in_it() -> None:
    assert waves(resource("Namespace", "web", wave=5), resource(wave=-1)) == {"web": -1, "front": -1}


def test_a_namespace_that_is_early_stays_so() -> None:
    assert waves(resource("Namespace", "web", wave=-5), resource()) == {"web": -5, "front": 0}


def test_a_definition_comes_before_the_first_object_of_its_kind() -> None:
    definition = resource(
        "CustomResourceDefinition", "w", wave=9, spec={"group": "example.com", "names": {"kind": "Widget"}}
    )
    assert waves(definition, resource("Widget", "one", wave=2), resource("Widget", "two", wave=4))["w"] == 2


def test_a_definition_without_content_is_left_where_it_is() -> None:
    assert waves(resource("CustomResourceDefinition", "w", wave=9)) == {"w": 9}


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    kinds = st.sampled_from(["ConfigMap", "Namespace", "Widget", "Deployment", "CustomResourceDefinition"])
    places = draw(st.lists(st.tuples(kinds, st.integers(-2, 2), st.booleans()), min_size=1, max_size=8))
    return [
        missing(kind, f"new-{number}", wave=wave) if is_new else doomed(kind, f"old-{number}", wave=wave)
        for number, (kind, wave, is_new) in enumerate(places)
    ]


@given(changes(), st.booleans())
def test_every_change_is_in_exactly_one_step(found: list[Change], prune_first: bool) -> None:
    options = frozenset({"PruneFirst=true"} if prune_first else ())
    asked = World(list(found), application(options=options, automated=None), {})
    begun = asked.walk(request=request(prune=True))
    for _ in range(60):
        if asked.app.operation is not None and not asked.app.operation.is_running:
            break
        begun = asked.walk(begun)
    written = sorted(word for word in asked.done if not word.startswith("validate"))
    expected = sorted(f"{'prune' if change.desired is None else 'apply'} {change.key.name}" for change in found)
    assert written == expected


@given(changes(), st.booleans())
def test_the_way_goes_through_each_stop_once(found: list[Change], prune_first: bool) -> None:
    way = stops(situation(*found), prune_first=prune_first, prune=True)
    assert len(way) == len(set(way))
