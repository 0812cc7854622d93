"""Ignore rules, and replicas that belong to an autoscaler."""

from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.diff import Context, compare
from gitops_operator.diff.ignore import NO_RULES, LensRules, compile_rules
from gitops_operator.model.application import IgnoreRule
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.live import LiveObject
from gitops_operator.model.managed_fields import WHOLE, Lens, ownership
from gitops_operator.model.resource import Body, Resource, ResourceKey
from tests.unit.diff.objects import APP, deployment, entry, left_by_apply, resource, seen, snapshot

MAP = resource(data={"color": "red", "size": "s"})
SCALER = ResourceKey("autoscaling", "HorizontalPodAutoscaler", "web", "front")


def rule(**parts: Any) -> IgnoreRule:
    return IgnoreRule(**{"kind": "ConfigMap", **parts})


def lens_of(desired: Resource, body: Body, *rules: IgnoreRule) -> Lens:
    compiled, problems = compile_rules(rules)
    assert problems == ()
    return LensRules(compiled, [desired])(desired.key, body)


def is_same_through(lens: Lens, before: Body, after: Body) -> bool:
    return ownership(before, lens) == ownership(after, lens)


def changed(desired: Resource, *rules: IgnoreRule, **parts: Any) -> bool:
    """Whether an edit shows through the rules."""
    before, after = left_by_apply(desired), left_by_apply(desired, **parts)
    return not is_same_through(lens_of(desired, after, *rules), before, after)


POINTER = rule(json_pointers=("/data/color",))


def test_a_pointer_hides_its_field() -> None:
    assert not changed(MAP, POINTER, data={"color": "blue", "size": "s"})


def test_a_pointer_hides_no_other_field() -> None:
    assert changed(MAP, POINTER, data={"color": "red", "size": "m"})


def test_a_pointer_hides_that_its_field_went() -> None:
    assert not changed(MAP, POINTER, data={"size": "s"})


def test_a_pointer_knows_the_escapes_of_its_rfc() -> None:
    desired = resource(data={"a/b~c": "red"})
    assert not changed(desired, rule(json_pointers=("/data/a~1b~0c",)), data={"a/b~c": "blue"})


@pytest.mark.parametrize(
    "parts",
    [{"kind": "Secret"}, {"name": "other"}, {"namespace": "other"}, {"group": "apps"}, {"kind": "Config"}],
)
def test_a_rule_about_another_object_hides_nothing(parts: dict[str, str]) -> None:
    assert changed(MAP, rule(json_pointers=("/data/color",), **parts), data={"color": "blue", "size": "s"})


@pytest.mark.parametrize(
    "parts", [{"kind": "*"}, {"kind": "Conf*"}, {"group": "*"}, {"name": "front"}, {"namespace": "web"}]
)
def test_a_rule_may_speak_of_many_objects(parts: dict[str, str]) -> None:
    assert not changed(MAP, rule(json_pointers=("/data/color",), **parts), data={"color": "blue", "size": "s"})


CONTAINERS = {"containers": [{"name": "app", "image": "app:1"}, {"name": "log", "image": "log:1"}]}
PODS = deployment(template={"spec": CONTAINERS})


def left_with_items(**images: str) -> dict[str, Any]:
    """A Deployment whose containers are a list by name, as in the real schema."""
    named: dict[str, Any] = {name: {"f:name": {}, "f:image": {}} for name in images}
    fields = {f'k:{{"name":"{name}"}}': {".": {}, **inner} for name, inner in named.items()}
    items = [{"name": name, "image": image} for name, image in images.items()]
    body = left_by_apply(PODS, spec={"replicas": 2, "paused": False, "template": {"spec": {"containers": items}}})
    body["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:template"] = {"f:spec": {"f:containers": fields}}
    return body


def hides_image(name: str, *rules: IgnoreRule) -> bool:
    before = left_with_items(app="app:1", log="log:1")
    after = left_with_items(**{"app": "app:1", "log": "log:1", name: "other:2"})
    return is_same_through(lens_of(PODS, after, *rules), before, after)


BY_NAME = '.spec.template.spec.containers[] | select(.name == "log") | .image'


def test_a_jq_expression_selects_an_item_by_what_is_in_it() -> None:
    assert hides_image("log", rule(kind="Deployment", group="apps", jq_path_expressions=(BY_NAME,)))


def test_a_jq_expression_selects_no_other_item() -> None:
    assert not hides_image("app", rule(kind="Deployment", group="apps", jq_path_expressions=(BY_NAME,)))


def test_a_pointer_finds_an_item_of_the_desired_list_by_its_index() -> None:
    pointer = "/spec/template/spec/containers/1/image"
    assert hides_image("log", rule(kind="Deployment", group="apps", json_pointers=(pointer,)))


def test_a_jq_expression_that_fails_on_an_object_hides_nothing() -> None:
    assert changed(MAP, rule(jq_path_expressions=(".data.color[]",)), data={"color": "blue", "size": "s"})


def test_a_manager_hides_what_it_owns() -> None:
    other = entry({"f:data": {"f:color": {}}}, "tuner", "Update")
    before = left_by_apply(MAP)
    after = left_by_apply(MAP, entries=[other], data={"color": "blue", "size": "s"})
    assert is_same_through(lens_of(MAP, after, rule(managers=("tuner",))), before, after)


def test_a_manager_hides_nothing_that_it_does_not_own() -> None:
    other = entry({"f:data": {"f:color": {}}}, "tuner", "Update")
    before = left_by_apply(MAP)
    after = left_by_apply(MAP, entries=[other], data={"color": "red", "size": "m"})
    assert not is_same_through(lens_of(MAP, after, rule(managers=("tuner",))), before, after)


def test_a_field_inside_an_atomic_value_is_hidden_alone() -> None:
    desired = resource(data={"config": {"a": 1, "b": 2}})
    pointer = rule(json_pointers=("/data/config/a",))

    def left(**values: int) -> dict[str, Any]:
        body = left_by_apply(desired, data={"config": values})
        body["metadata"]["managedFields"][0]["fieldsV1"]["f:data"] = {"f:config": {}}
        return body

    lens = lens_of(desired, left(a=1, b=2), pointer)
    assert is_same_through(lens, left(a=1, b=2), left(a=9, b=2))
    assert not is_same_through(lens, left(a=1, b=2), left(a=1, b=9))


# Rules that are not valid


@pytest.mark.parametrize(
    "parts, word",
    [
        ({"json_pointers": ("data/color",)}, "slash"),
        ({"jq_path_expressions": (".data[",)}, "not valid"),
        ({"jq_path_expressions": ("def f: f; f",)}, "never end"),
        ({"jq_path_expressions": ("repeat(.)",)}, "never end"),
        ({"jq_path_expressions": ("$ENV.HOME",)}, "never end"),
    ],
)
def test_a_rule_that_does_not_compile_is_told_and_hides_nothing(parts: dict[str, Any], word: str) -> None:
    compiled, [problem] = compile_rules([rule(**parts)])
    assert word in problem.message
    assert problem.message.startswith("ignoreDifferences[0]")
    assert LensRules(compiled, [MAP])(MAP.key, left_by_apply(MAP)).ignored == frozenset()


def test_the_rest_of_a_rule_with_a_mistake_still_counts() -> None:
    compiled, problems = compile_rules([rule(json_pointers=("wrong", "/data/color"))])
    assert len(problems) == 1
    assert LensRules(compiled, [MAP])(MAP.key, left_by_apply(MAP)).ignored == {("f:data", "f:color")}


@pytest.mark.parametrize("expression", [".data.include", '.data["def"]', ".data.foreach?", '.data | .["while"]'])
def test_a_field_may_have_the_name_of_a_forbidden_word(expression: str) -> None:
    assert compile_rules([rule(jq_path_expressions=(expression,))])[1] == ()


def test_other_rules_give_another_name_to_what_is_seen() -> None:
    """So that a baseline that was taken through other rules is not compared with."""
    body = left_by_apply(MAP)
    other = rule(json_pointers=("/data/size",))
    assert lens_of(MAP, body, POINTER).rules != lens_of(MAP, body, other).rules


def test_an_object_that_git_does_not_want_is_seen_whole() -> None:
    compiled, _ = compile_rules([POINTER])
    other = resource(name="other")
    assert LensRules(compiled, [MAP])(other.key, left_by_apply(other)) == WHOLE


# What is sent


def sent(desired: Resource, live: LiveObject | None, *rules: IgnoreRule, scaled: bool = False) -> Change:
    compiled, _ = compile_rules(rules)
    there = snapshot(*[live] if live else [], autoscaled={desired.key: SCALER} if scaled else {})
    [change] = compare([desired], there, Context(APP, rules=compiled))
    return change


def body_of(change: Change) -> Body:
    assert change.body is not None
    return change.body


def test_an_ignored_field_is_in_what_is_created() -> None:
    """It may be required, and nobody has another value yet."""
    assert body_of(sent(MAP, None, POINTER))["data"] == {"color": "red", "size": "s"}


def test_an_ignored_field_that_we_own_is_sent_as_it_is_live() -> None:
    """Leaving it out would delete it."""
    live = seen(left_by_apply(resource(data={"color": "red"}), data={"color": "blue"}))
    assert body_of(sent(MAP, live, POINTER))["data"] == {"color": "blue", "size": "s"}


def test_a_live_value_is_sent_with_the_version_that_it_was_read_at() -> None:
    live = seen(left_by_apply(resource(data={"color": "red"}), data={"color": "blue"}, version=77))
    assert body_of(sent(MAP, live, POINTER))["metadata"]["resourceVersion"] == "77"


def test_an_ignored_field_that_others_own_is_left_out() -> None:
    body = left_by_apply(resource(data={"size": "m"}), data={"color": "blue", "size": "m"})
    assert body_of(sent(MAP, seen(body), POINTER))["data"] == {"size": "s"}


def test_an_ignored_field_that_git_dropped_and_we_own_stays() -> None:
    live = seen(left_by_apply(MAP, data={"color": "blue", "size": "s"}))
    assert body_of(sent(resource(data={"size": "m"}), live, POINTER))["data"] == {"size": "m", "color": "blue"}


def test_an_autoscaled_workload_is_created_with_the_replicas_of_git() -> None:
    assert body_of(sent(deployment(), None, scaled=True))["spec"]["replicas"] == 2


def test_replicas_that_we_own_are_sent_as_the_autoscaler_set_them() -> None:
    live = seen(left_by_apply(deployment(), spec={"replicas": 7, "paused": False}))
    assert body_of(sent(deployment(paused=True), live, scaled=True))["spec"] == {"replicas": 7, "paused": True}


def test_replicas_that_git_dropped_stay_as_the_autoscaler_set_them() -> None:
    live = seen(left_by_apply(deployment(), spec={"replicas": 7, "paused": False}))
    without = resource("Deployment", spec={"paused": False})
    assert body_of(sent(without, live, scaled=True))["spec"] == {"replicas": 7, "paused": False}


def test_what_is_ignored_does_not_count_after_a_restart() -> None:
    body = left_by_apply(MAP)
    body["metadata"]["managedFields"][0]["fieldsV1"]["f:data"].pop("f:color")
    change = sent(MAP, seen(body, baseline=""), POINTER)
    assert (change.action, change.why, change.unverified) == (Action.NONE, Why.IN_SYNC, True)


def test_what_is_ignored_is_not_taken_back_from_who_took_it() -> None:
    before = left_by_apply(MAP)
    now = left_by_apply(MAP, version=6)
    now["metadata"]["managedFields"][0]["fieldsV1"].pop("f:data")
    live = seen(now, baseline=ownership(before), settled=seen(before).body)
    previous = sent(resource(), live, POINTER).care.previous
    assert previous is not None
    assert previous["f:data"] == {"f:size": {}}


def test_of_an_empty_value_in_git_only_the_presence_counts() -> None:
    desired = resource(data={"extra": {}, "nothing": None})
    assert not changed(desired, data={"extra": {"a": "b"}, "nothing": "x"})
    assert changed(desired, data={"nothing": "x"})


def test_a_commit_moves_the_lenses_of_what_it_changes_only() -> None:
    before, after = deployment(), replace(deployment(), digest="v1:other")
    moved = LensRules(NO_RULES, [MAP, after]).moved_from(LensRules(NO_RULES, [MAP, before]))
    assert [moved(one.key) for one in (MAP, after)] == [False, True]


def test_other_rules_move_every_lens() -> None:
    compiled, _ = compile_rules([IgnoreRule(kind="ConfigMap", json_pointers=("/data",))])
    moved = LensRules(compiled, [MAP]).moved_from(LensRules(NO_RULES, [MAP]))
    assert moved(MAP.key)


def test_the_same_rules_compiled_anew_move_none() -> None:
    first, again = (compile_rules([IgnoreRule(kind="ConfigMap", jq_path_expressions=(".data",))])[0] for _ in "12")
    moved = LensRules(again, [MAP]).moved_from(LensRules(first, [MAP]))
    assert not moved(MAP.key)
