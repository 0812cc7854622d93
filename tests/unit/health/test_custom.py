"""Which rule of the users' is asked, and how often."""

from dataclasses import dataclass, field

import pytest

from gitops_operator.health import Assessor, BrokenRule, CustomRules
from gitops_operator.health.lua import LuaRule
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import Body, GroupKind
from tests.builders import Body as Manifest
from tests.builders import manifest

ENDLESS = LuaRule("while true do end", "endless")


@dataclass(frozen=True)
class Counted:
    """Says Degraded, and counts how often it was asked."""

    name: str = "counted"
    asked: list[str] = field(default_factory=list)

    def assess(self, body: Body) -> Health:
        self.asked.append(body["metadata"]["name"])
        return Health(HealthStatus.DEGRADED, "It is\nbad")


def assessor(**rules: Counted | LuaRule | BrokenRule) -> Assessor:
    made = Assessor()
    made.use(CustomRules({name.replace("__", "/"): rule for name, rule in rules.items()}))
    return made


def config(name: str = "c", **more: object) -> Manifest:
    return manifest("v1", "ConfigMap", name, **more)


@pytest.mark.parametrize(
    "patterns, kind, chosen",
    [
        (("*/*", "example.com/*", "example.com/Gizmo"), GroupKind("example.com", "Gizmo"), "example.com/Gizmo"),
        (("*/*", "example.com/*"), GroupKind("example.com", "Widget"), "example.com/*"),
        (("*.example.com/G?zmo",), GroupKind("shop.example.com", "Gizmo"), "*.example.com/G?zmo"),
        (("ConfigMap",), GroupKind("", "ConfigMap"), "ConfigMap"),
        (("*/*",), GroupKind("", "ConfigMap"), None),
        (("example.com/gizmo",), GroupKind("example.com", "Gizmo"), None),
    ],
)
def test_the_rule_that_names_a_kind_wins_then_the_longest_pattern(
    patterns: tuple[str, ...], kind: GroupKind, chosen: str | None
) -> None:
    found = CustomRules({pattern: Counted(pattern) for pattern in patterns}).rule_of(kind)
    assert (found.name if found else None) == chosen


def test_a_rule_of_the_users_comes_before_the_built_in_one() -> None:
    body = manifest("batch/v1", "CronJob", "c", spec={"suspend": False})
    assert Assessor().assess(body) == Health(HealthStatus.HEALTHY)
    assert assessor(batch__CronJob=Counted()).assess(body) == Health(HealthStatus.DEGRADED, "It is bad")


def test_an_object_that_goes_is_progressing_whatever_its_rule_says() -> None:
    body = config()
    body["metadata"]["deletionTimestamp"] = "2026-11-25T00:00:00Z"
    health = assessor(ConfigMap=Counted()).assess(body)
    assert health is not None
    assert health.status is HealthStatus.PROGRESSING


def test_a_rule_is_asked_once_of_an_object_that_stays_as_it_is() -> None:
    rule = Counted()
    made = assessor(ConfigMap=rule)
    body = config(data={"a": "1"})
    moved = config(data={"a": "1"})
    moved["metadata"] |= {"resourceVersion": "9", "managedFields": [{"manager": "m"}]}
    other = config(data={"a": "2"})
    assert [made.assess(each) for each in (body, moved, other)] == [Health(HealthStatus.DEGRADED, "It is bad")] * 3
    assert len(rule.asked) == 2


def test_a_rule_holds_beside_storage_classes_as_well() -> None:
    assert assessor(ConfigMap=Counted()).beside([])(config()) == Health(HealthStatus.DEGRADED, "It is bad")


def test_a_broken_rule_is_unknown_with_its_problem() -> None:
    made = assessor(ConfigMap=BrokenRule("r", "r: no rule"))
    assert made.assess(config()) == Health(HealthStatus.UNKNOWN, "r: no rule")


def test_a_script_without_an_end_is_asked_three_times_and_no_more() -> None:
    made = assessor(ConfigMap=ENDLESS)
    said = [made.assess(config(f"c{number}")) for number in range(4)]
    assert [health.message if health else "" for health in said] == [
        *["endless: it runs for too long"] * 3,
        "endless: it ran for too long 3 times and is not asked any more until it is changed",
    ]


def test_other_rules_forget_what_the_ones_before_said() -> None:
    made = assessor(ConfigMap=Counted())
    assert made.assess(config())
    made.use(CustomRules())
    assert made.assess(config()) is None
