"""Whatever comes in whatever order: the newest word stands, and every index says what a look at all objects says."""

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.live import Store
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.resource import ResourceKey
from tests.unit.live.objects import APP, CONFIG_MAP, OTHER, body, key, owned_by, raw, store, tracked

NAMES = ["a", "b", "c"]
KEYS = [key(CONFIG_MAP, name) for name in NAMES]


class State(NamedTuple):
    """One object at one moment; each name has one UID, `app` None is nobody's."""

    name: str
    app: ApplicationKey | None
    owner: str
    health: str

    def at(self, version: int) -> bytes:
        parts: dict[str, Any] = {"status": {"health": self.health}}
        if self.owner:
            parts["metadata"] = owned_by(CONFIG_MAP, self.owner)
        if self.app is None:
            return raw(body(CONFIG_MAP, self.name, version, **parts))
        return raw(tracked(CONFIG_MAP, self.name, version, self.app, **parts))


STATES = st.builds(
    State,
    st.sampled_from(NAMES),
    st.sampled_from([None, APP, OTHER]),
    st.sampled_from(["", *NAMES]),
    st.sampled_from(["Healthy", "Degraded"]),
)


def visible(some: Store) -> dict[str, Any]:
    """All that can be read of a store, but for counters."""
    held = {of: some.get(of) for of in KEYS}
    return {
        "objects": held,
        "tracked": {app: sorted(live.key for live in some.tracked_by(app)) for app in (APP, OTHER)},
        "children": {of: sorted(live.key for live in some.children(of)) for of in KEYS},
        "namespace": sorted(live.key for live in some.in_namespace("web")),
        "count": len(some),
    }


def looked_up(some: Store) -> dict[str, Any]:
    """The same from a look at all objects, without an index."""
    held = {of: some.get(of) for of in KEYS}
    there = [live for live in held.values() if live is not None]
    return {
        "objects": held,
        "tracked": {
            app: sorted(live.key for live in there if live.tracking and live.tracking.application == app)
            for app in (APP, OTHER)
        },
        "children": {of: sorted(live.key for live in there if is_child(live, held[of])) for of in KEYS},
        "namespace": sorted(live.key for live in there),
        "count": len(there),
    }


def is_child(live: Any, of: Any) -> bool:
    return of is not None and any(owner.uid == of.uid for owner in live.owners)


@given(st.lists(st.tuples(st.sampled_from(["changed", "deleted", "replaced", "applied"]), STATES), max_size=12))
def test_every_index_says_what_a_look_at_all_objects_says(steps: list[tuple[str, State]]) -> None:
    some = store()
    for version, (what, state) in enumerate(steps, start=1):
        if what == "replaced":
            some.replaced(CONFIG_MAP, [state.at(version)])
        elif what == "applied":
            some.applied(CONFIG_MAP, state.at(version), baseline=True)
        else:
            getattr(some, what)(CONFIG_MAP, state.at(version))
        assert visible(some) == looked_up(some)


@given(st.lists(STATES, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(states: list[State], random: Any) -> None:
    """Events of one object may overtake each other: an answer to a write comes by another way than the watch."""
    events = [state.at(version) for version, state in enumerate(states, start=1)]
    in_order, shuffled = store(), store()
    for event in events:
        in_order.changed(CONFIG_MAP, event)
    random.shuffle(events)
    for event in events:
        shuffled.changed(CONFIG_MAP, event)
    assert visible(shuffled) == visible(in_order)


@given(st.lists(STATES, max_size=8))
def test_a_list_says_what_the_events_before_it_said(states: list[State]) -> None:
    by_events, by_list = store(), store()
    latest = {}
    for version, state in enumerate(states, start=1):
        by_events.changed(CONFIG_MAP, state.at(version))
        latest[state.name] = state.at(version)
    by_list.replaced(CONFIG_MAP, list(latest.values()))
    assert visible(by_list) == visible(by_events)


@given(st.lists(STATES, min_size=1, max_size=8))
def test_what_is_visible_of_an_application_moves_only_with_its_version(states: list[State]) -> None:
    some = store()
    before: dict[ApplicationKey, tuple[int, Any]] = {}
    for number, state in enumerate(states, start=1):
        some.changed(CONFIG_MAP, state.at(number))
        for app in (APP, OTHER):
            now = {live.key: (live.health, live.ownership, live.owners) for live in some.tracked_by(app)}
            version = some.version(app)
            if app in before and before[app][0] == version:
                assert before[app][1] == now
            before[app] = (version, now)


def test_a_key_of_another_kind_is_another_object() -> None:
    some = store()
    some.changed(CONFIG_MAP, State("a", APP, "", "Healthy").at(1))
    assert some.get(ResourceKey("", "Secret", "web", "a")) is None
