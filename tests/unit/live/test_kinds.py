"""Each kind is known well or badly on its own, and what needs it is told."""

from gitops_operator.live import Store
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from tests.unit.live.objects import (
    APP,
    CONFIG_MAP,
    DEPLOYMENT,
    HPA,
    OTHER,
    SCALED_OBJECT,
    body,
    filled,
    key,
    raw,
    store,
    tracked,
    wakes,
)

WIDGET = Kind("example.com", "v1", "Widget", "widgets", namespaced=True)
READY = KindStatus(KindState.READY)
BROKEN = KindStatus(KindState.BROKEN, "conversion webhook failed")
CATCHING_UP = KindStatus(KindState.CATCHING_UP)


def catalogue(*kinds: Kind, stale: frozenset[str] = frozenset()) -> Catalogue:
    return Catalogue(
        preferred={kind.group_kind: kind for kind in kinds},
        served={(kind.api_version, kind.kind): kind for kind in kinds},
        stale=stale,
    )


def waiting() -> Store:
    """One Application desires a Widget, another a ConfigMap."""
    some = store()
    some.watch_keys(APP, frozenset({key(WIDGET, "w")}))
    some.watch_keys(OTHER, frozenset({key(CONFIG_MAP, "c")}))
    return some


def test_a_kind_that_breaks_wakes_only_who_needs_it() -> None:
    some = waiting()
    assert wakes(some.state(WIDGET.group_kind, BROKEN)) == {("shop", "kind")}
    assert some.kind_status(WIDGET.group_kind) == BROKEN
    assert wakes(some.state(WIDGET.group_kind, READY)) == {("shop", "kind")}


def test_the_same_state_again_wakes_nobody() -> None:
    some = waiting()
    some.state(WIDGET.group_kind, BROKEN)
    assert not some.state(WIDGET.group_kind, BROKEN)


def test_catching_up_wakes_nobody_but_is_seen_by_the_next_pass() -> None:
    some = waiting()
    some.state(WIDGET.group_kind, READY)
    version = some.version(APP)
    assert not some.state(WIDGET.group_kind, CATCHING_UP)
    assert some.version(APP) > version


def test_a_pass_sees_the_state_of_each_of_its_kinds() -> None:
    some = waiting()
    some.state(WIDGET.group_kind, BROKEN)
    some.state(CONFIG_MAP.group_kind, READY)
    assert some.snapshot(APP, [key(WIDGET, "w")]).kinds == {WIDGET.group_kind: BROKEN}


def test_a_kind_that_appears_wakes_who_waits_for_it() -> None:
    some = waiting()
    some.catalogue(catalogue(CONFIG_MAP))
    assert wakes(some.catalogue(catalogue(CONFIG_MAP, WIDGET))) == {("shop", "kind")}
    assert wakes(some.catalogue(catalogue(CONFIG_MAP))) == {("shop", "kind")}


def test_another_preferred_version_wakes_who_tracks_the_kind() -> None:
    some = filled((HPA, tracked(HPA)))
    some.catalogue(catalogue(HPA))
    assert wakes(some.catalogue(catalogue(HPA._replace(version="v3")))) == {("shop", "kind")}


def test_a_catalogue_that_says_the_same_wakes_nobody() -> None:
    some = waiting()
    some.catalogue(catalogue(CONFIG_MAP, WIDGET))
    version = some.version(APP)
    assert not some.catalogue(catalogue(CONFIG_MAP, WIDGET))
    assert some.version(APP) == version


def test_a_kind_of_a_group_that_could_not_be_discovered_says_so() -> None:
    some = waiting()
    assert wakes(some.catalogue(catalogue(stale=frozenset({"example.com"})))) == {("shop", "kind")}
    status = some.kind_status(WIDGET.group_kind)
    assert (status.state, status.message) == (
        KindState.UNKNOWN,
        "the API group example.com could not be discovered",
    )


def test_objects_of_a_kind_that_is_gone_are_not_known_any_more() -> None:
    some = filled((WIDGET, tracked(WIDGET, "w")), (CONFIG_MAP, tracked(CONFIG_MAP, "c", app=OTHER)))
    some.state(WIDGET.group_kind, READY)
    assert wakes(some.gone(WIDGET.group_kind)) == {("shop", "kind"), ("shop", "object")}
    assert some.get(key(WIDGET, "w")) is None
    assert some.get(key(CONFIG_MAP, "c")) is not None


def test_a_kind_that_comes_back_has_its_objects_again() -> None:
    """They have the same UIDs: the store forgot them, it did not bury them."""
    some = filled((WIDGET, tracked(WIDGET, "w")))
    some.gone(WIDGET.group_kind)
    assert wakes(some.replaced(WIDGET, [raw(tracked(WIDGET, "w"))])) == {("shop", "object")}


def test_an_autoscaler_kind_that_is_gone_frees_its_workloads() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT)))
    target = {"scaleTargetRef": {"name": "front"}}
    some.changed(SCALED_OBJECT, raw(body(SCALED_OBJECT, "s", spec=target)))
    assert some.snapshot(APP, []).autoscaled
    some.gone(SCALED_OBJECT.group_kind)
    assert not some.snapshot(APP, []).autoscaled


def test_kinds_are_counted_by_state() -> None:
    some = store()
    some.state(WIDGET.group_kind, BROKEN)
    some.state(CONFIG_MAP.group_kind, READY)
    some.state(DEPLOYMENT.group_kind, READY)
    assert dict(some.kind_counts()) == {KindState.BROKEN: 1, KindState.READY: 2}
    assert some.kind_statuses()[WIDGET.group_kind] == BROKEN
