"""Health rules in a ConfigMap, as the cache holds it."""

import json
import logging

import pytest

from gitops_operator.feed import Feed
from gitops_operator.health import Assessor, BrokenRule
from gitops_operator.live import Store
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.resource import GroupKind, ResourceKey
from gitops_operator.rulebook import Rulebook, rules_of
from gitops_operator.wakeups import Priority
from tests.unit.live.objects import APP, body, key, tracked
from tests.unit.test_feed import GIZMO, Lags

CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", namespaced=True)
HEALTHY, DEGRADED = (f'return {{status = "{word}"}}' for word in ("Healthy", "Degraded"))
OURS = ResourceKey("", "ConfigMap", "gitops", "rules")
WRITTEN = """
example.com/Gizmo:
  cel: {current: "true"}
example.com/*:
  lua: return {}
"""


class World:
    """A tracked gizmo, and rules that come and go."""

    def __init__(self) -> None:
        assessor = Assessor()
        self.store = Store(assess=assessor.assess, beside=assessor.beside, kept=frozenset({OURS}))
        self.woken: list[ApplicationKey] = []
        self.feed = Feed(self.store, self._wake, self._moved, Lags(), also=OURS.name)
        self.book = Rulebook(self.store, OURS, assessor, self.feed.moved)
        self.feed.catalogue(Catalogue({kind.group_kind: kind for kind in (GIZMO, CONFIG_MAP)}))
        for kind in (GIZMO, CONFIG_MAP):
            self.feed.state(kind.group_kind, KindStatus(KindState.READY))
        self.feed.changed(GIZMO, json.dumps(tracked(GIZMO, spec={"image": "a"})).encode())
        self._version = 10
        self.woken.clear()

    def write(self, **data: str) -> None:
        self._version += 1
        metadata = {"namespace": OURS.namespace}
        made = body(CONFIG_MAP, OURS.name, self._version, metadata=metadata, data=data)
        self.feed.changed(CONFIG_MAP, json.dumps(made).encode())

    @property
    def health(self) -> Health | None:
        live = self.store.get(key(GIZMO, "front"))
        assert live is not None
        return live.health

    def _wake(self, app: ApplicationKey, priority: Priority) -> None:
        self.woken.append(app)

    def _moved(self) -> None:
        self.book.read()


def test_a_rule_that_comes_is_asked_of_what_is_there_already() -> None:
    world = World()
    assert world.health is None
    world.write(**{"health.yaml": "example.com/Gizmo: {lua: 'return {status = \"Degraded\"}'}"})
    assert world.health == Health(HealthStatus.DEGRADED)
    assert world.woken == [APP]


def test_a_rule_that_goes_is_asked_no_more() -> None:
    world = World()
    world.write(**{"resource.customizations.health.example.com_Gizmo": DEGRADED})
    world.write()
    assert world.health is None


def test_rules_of_other_kinds_wake_nobody() -> None:
    world = World()
    world.write(**{"resource.customizations.health.example.com_Widget": DEGRADED})
    assert (world.health, world.woken) == (None, [])


def test_what_cannot_be_used_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    with caplog.at_level(logging.ERROR):
        world.write(**{"resource.customizations.health.example.com_Gizmo": "return ("})
    assert "ConfigMap gitops/rules, resource.customizations.health.example.com_Gizmo" in caplog.text
    assert world.health is not None
    assert world.health.status is HealthStatus.UNKNOWN


def test_our_key_takes_lua_and_cel_with_wildcards() -> None:
    found = rules_of({"health.yaml": WRITTEN}, "here")
    assert found.problems == ()
    assert [type(rule).__name__ for rule in found.rules.rules.values()] == ["CelRule", "LuaRule"]


def test_argo_cds_keys_are_understood_and_the_rest_of_them_is_passed_over() -> None:
    data = {
        "resource.customizations": f"""
cert-manager.io/Certificate:
  health.lua: {HEALTHY}
  actions: "discovery.lua: return {{}}"
"*.crossplane.io/*":
  health.lua: {HEALTHY}
apps/Deployment:
  ignoreDifferences: "jsonPointers: [/spec/replicas]"
""",
        "resource.customizations.health.batch_Job": HEALTHY,
        "resource.customizations.health.ConfigMap": HEALTHY,
        "resource.customizations.useOpenLibs.batch_Job": "true",
        "resource.customizations.actions.batch_Job": "discovery.lua: return {}",
        "timeout.reconciliation": "180s",
    }
    found = rules_of(data, "here")
    assert found.problems == ()
    assert list(found.rules.rules) == ["cert-manager.io/Certificate", "*.crossplane.io/*", "ConfigMap", "batch/Job"]


def test_of_several_about_one_kind_ours_wins() -> None:
    data = {
        "resource.customizations": f"batch/Job: {{health.lua: '{HEALTHY}'}}",
        "resource.customizations.health.batch_Job": HEALTHY,
        "health.yaml": f"batch/Job: {{lua: '{DEGRADED}'}}",
    }
    rule = rules_of(data, "here").rules.rule_of(GroupKind("batch", "Job"))
    assert rule is not None
    assert rule.assess({"metadata": {}}) == Health(HealthStatus.DEGRADED)


@pytest.mark.parametrize(
    "data, problem",
    [
        ({"health.yaml": "batch/Job: {}"}, "here, health.yaml, batch/Job: give either lua"),
        ({"health.yaml": "batch/Job: 1"}, "here, health.yaml, batch/Job: what stands there is no rule"),
        ({"health.yaml": "- a"}, "here, health.yaml: rules are given by group/Kind"),
        ({"health.yaml": "a: ["}, "here, health.yaml:"),
        ({"health.yaml": "batch/Job: {lua: 1}"}, "here, health.yaml, batch/Job: the script is no text"),
        ({"health.yaml": "batch/Job: {cel: {current: 'status =='}}"}, "here, health.yaml, batch/Job: current: "),
    ],
)
def test_what_is_no_rule_is_a_problem_that_says_where(data: dict[str, str], problem: str) -> None:
    found = rules_of(data, "here")
    assert found.problems
    assert found.problems[0].startswith(problem)
    assert all(isinstance(rule, BrokenRule) for rule in found.rules.rules.values())
