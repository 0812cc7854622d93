"""From informers into the cache, and what of it wakes whom."""

import json
from typing import Any

import pytest

from gitops_operator.feed import Feed
from gitops_operator.live import Store
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.kind import Catalogue, Kind
from gitops_operator.wakeups import Priority
from tests.unit.live.objects import APP, CONFIG_MAP, body, key, tracked

CRD = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
GIZMO = Kind("example.com", "v1", "Gizmo", "gizmos", namespaced=True)
OTHER = Kind("example.com", "v1", "Widget", "widgets", namespaced=True)


class Lags:
    def event_lag(self, seconds: float) -> None:
        pass


class World:
    """A feed into a real store, with a verified object of a kind that a CRD defines."""

    def __init__(self) -> None:
        self.store = Store(assess=lambda _: None)
        self.woken: list[ApplicationKey] = []
        self.settings_moved = 0
        self.feed = Feed(self.store, self._wake, self._settings, Lags())
        self.feed.catalogue(Catalogue({kind.group_kind: kind for kind in (CRD, GIZMO, OTHER)}))
        self.feed.changed(CRD, self._definition(version=1, generation=1))
        for kind in (GIZMO, OTHER):
            self.feed.changed(kind, json.dumps(tracked(kind, spec={"image": "a"})).encode())
            live = self.store.get(key(kind, "front"))
            assert live is not None
            self.store.verified(live.key, live.ownership)
        self.woken.clear()

    def define(self, *, generation: int) -> None:
        self.feed.changed(CRD, self._definition(version=9, generation=generation))

    def is_verified(self, kind: Kind) -> bool:
        live = self.store.get(key(kind, "front"))
        assert live is not None
        return live.baseline != ""

    def _definition(self, **metadata: Any) -> bytes:
        made = body(
            CRD, "gizmos.example.com", metadata.pop("version"), metadata=metadata, spec={"group": "example.com"}
        )
        return json.dumps(made).encode()

    def _wake(self, app: ApplicationKey, priority: Priority) -> None:
        self.woken.append(app)

    def _settings(self) -> None:
        self.settings_moved += 1


def test_under_another_definition_the_objects_of_a_kind_are_verified_anew() -> None:
    world = World()
    world.define(generation=2)
    assert not world.is_verified(GIZMO)
    assert world.woken == [APP]


def test_the_objects_of_other_kinds_stay_verified() -> None:
    world = World()
    world.define(generation=2)
    assert world.is_verified(OTHER)


def test_the_status_of_a_definition_is_no_other_definition() -> None:
    world = World()
    world.define(generation=1)
    assert world.is_verified(GIZMO)
    assert world.woken == []


@pytest.mark.parametrize("labels, moved", [({"gitops-operator.io/config-type": "tls-certs"}, 1), ({"a": "b"}, 0)])
def test_a_config_map_with_a_label_of_ours_moves_the_settings(labels: dict[str, str], moved: int) -> None:
    world = World()
    world.feed.changed(CONFIG_MAP, json.dumps(body(CONFIG_MAP, metadata={"labels": labels})).encode())
    assert world.settings_moved == moved
