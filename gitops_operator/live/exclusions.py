"""Which fields of an object do not count: the ignore rules of its Application, and replicas that an autoscaler sets."""

from __future__ import annotations

from collections.abc import Callable

from gitops_operator.live.autoscalers import Autoscalers
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.managed_fields import WHOLE, Lens
from gitops_operator.model.resource import Body, ResourceKey

Rules = Callable[[ResourceKey, Body], Lens]
"""What of our own entry counts in one live object; two calls for the same object give equal lenses."""


def always(_: ResourceKey) -> bool:
    """Every object may be seen otherwise than before."""
    return True


_REPLICAS = ("f:spec", "f:replicas")


class Exclusions:
    """The lens of every tracked object."""

    __slots__ = ("_autoscalers", "_rules")

    def __init__(self, autoscalers: Autoscalers) -> None:
        self._rules: dict[ApplicationKey, Rules] = {}
        self._autoscalers = autoscalers

    def rules_of(self, app: ApplicationKey) -> Rules | None:
        return self._rules.get(app)

    def set_rules(self, app: ApplicationKey, rules: Rules | None) -> None:
        if rules is None:
            self._rules.pop(app, None)
        else:
            self._rules[app] = rules

    def lens(self, app: ApplicationKey, key: ResourceKey, body: Body) -> Lens:
        rules = self._rules.get(app)
        lens = rules(key, body) if rules is not None else WHOLE
        if self._autoscalers.of(key) is None:
            return lens
        return Lens(f"{lens.rules}+replicas", lens.ignored | {_REPLICAS}, lens.bare)
