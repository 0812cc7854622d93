from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.health import counts, worst
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import ResourceKey

Healths = list[tuple[ResourceKey, Health | None]]
HEALTHS = st.lists(
    st.tuples(
        st.builds(ResourceKey, st.just("apps"), st.just("Deployment"), st.just("web"), st.text("abc", min_size=1)),
        st.none() | st.builds(Health, st.sampled_from(HealthStatus), st.sampled_from(["", "why"])),
    )
)


def test_nothing_is_healthy() -> None:
    assert worst([]) == Health(HealthStatus.HEALTHY)


def test_objects_without_health_count_as_fine() -> None:
    assert worst(
        [(key("a"), None), (key("b"), Health(HealthStatus.HEALTHY, "Waits for its first consumer"))]
    ) == Health(HealthStatus.HEALTHY)


def test_the_worst_object_decides_and_is_named() -> None:
    healths: Healths = [
        (key("a"), Health(HealthStatus.PROGRESSING, "Waiting")),
        (key("frontend"), Health(HealthStatus.DEGRADED, "exceeded its progress deadline")),
        (key("c"), Health(HealthStatus.HEALTHY)),
        (key("d"), None),
    ]
    assert worst(healths) == Health(
        HealthStatus.DEGRADED, "Degraded: apps/Deployment web/frontend (exceeded its progress deadline)"
    )


def test_three_are_named_by_key_and_the_rest_counted() -> None:
    healths: Healths = [(key(name), Health(HealthStatus.PROGRESSING, "")) for name in "gfedcba"]
    assert worst(healths).message == (
        "Progressing: apps/Deployment web/a, apps/Deployment web/b, apps/Deployment web/c, and 4 more"
    )


def test_missing_is_worse_than_progressing_and_better_than_degraded() -> None:
    order = [
        HealthStatus.HEALTHY,
        HealthStatus.SUSPENDED,
        HealthStatus.PROGRESSING,
        HealthStatus.MISSING,
        HealthStatus.DEGRADED,
        HealthStatus.UNKNOWN,
    ]
    for better, worse in pairwise(order):
        assert worst([(key("a"), Health(worse)), (key("b"), Health(better))]).status is worse


@given(healths=HEALTHS, seed=st.integers())
def test_the_order_of_the_objects_changes_nothing(healths: Healths, seed: int) -> None:
    shuffled = list(healths)
    random.Random(seed).shuffle(shuffled)
    assert worst(shuffled) == worst(healths)


@given(healths=HEALTHS)
def test_no_object_is_worse_than_the_worst(healths: Healths) -> None:
    status = worst(healths).status
    assert not any(health and health.status.is_worse_than(status) for _, health in healths)


@pytest.mark.parametrize("prefix", ["argocd.argoproj.io", "gitops-operator.io"])
def test_an_object_that_says_so_does_not_count(prefix: str) -> None:
    assert not counts({f"{prefix}/ignore-healthcheck": "true"})
    assert counts({f"{prefix}/ignore-healthcheck": "false"})
    assert counts({})


def key(name: str) -> ResourceKey:
    return ResourceKey("apps", "Deployment", "web", name)
