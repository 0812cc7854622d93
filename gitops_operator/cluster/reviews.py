"""What the user of a client may do, as the API server's authorizer says it; remembered for a while."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from gitops_operator.cluster.client import Client
from gitops_operator.errors import ClusterError
from gitops_operator.model.access import Right, Rules, rules_of
from gitops_operator.model.kind import Kind

_Said = TypeVar("_Said")

REMEMBERED = 300.0
"""Seconds."""
_GROUP = "authorization.k8s.io"
_RULES = Kind(_GROUP, "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced=False)
_ACCESS = Kind(_GROUP, "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False)


class Reviews:
    """The rights of one user: of a namespace all at once by one request, else one by one."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._rules: dict[str, tuple[float, Rules]] = {}
        self._granted: dict[Right, float] = {}

    def forget(self) -> None:
        """Somebody was refused, or is about to get more rights: nothing of what was said counts any more."""
        self._rules.clear()
        self._granted.clear()

    async def lacking(self, rights: Iterable[Right]) -> list[Right]:
        """Those of the rights that the user does not have; of several names of one kind the first stands for all.

        Raises:
            ClusterError: the server does not say.
        """
        asked = sorted(set(rights))
        namespaces = sorted({right.namespace for right in asked} - {""})
        rules = dict(zip(namespaces, await _all(map(self._rules_of, namespaces)), strict=True))
        rest = [right for right in asked if not (right.namespace and rules[right.namespace].give(right))]
        lacking = [right for right in rest if right.namespace and rules[right.namespace].whole]
        alike: dict[Right, list[Right]] = defaultdict(list)
        for right in rest:
            if not (right.namespace and rules[right.namespace].whole):
                alike[right._replace(name="")].append(right)
        found = await _all(self._lacks(every, ones) for every, ones in alike.items())
        return sorted([*lacking, *(right for right in found if right is not None)])

    async def _rules_of(self, namespace: str) -> Rules:
        said, rules = self._rules.get(namespace, (None, Rules()))
        if said is None or self._clock() - said >= REMEMBERED:
            status = await self._ask(_RULES, {"namespace": namespace})
            rules = rules_of(status) if status is not None else Rules()
            self._rules[namespace] = self._clock(), rules
        return rules

    async def _lacks(self, every: Right, ones: Sequence[Right]) -> Right | None:
        """The first of these that is not allowed; whoever may touch all objects of a kind may touch each."""
        if await self._allows(every):
            return None
        for right in ones:
            if not await self._allows(right):
                return right
        return None

    async def _allows(self, right: Right) -> bool:
        said = self._granted.get(right)
        if said is not None and self._clock() - said < REMEMBERED:
            return True
        status = await self._ask(_ACCESS, {"resourceAttributes": _attributes(right)})
        if status is not None and not status.get("allowed", False):
            return False
        self._granted[right] = self._clock()
        return True

    async def _ask(self, kind: Kind, spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What a review says; None where nobody may ask: then the write itself will tell."""
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "spec": spec}
        try:
            answer = await self._client.create(kind, "", body)
        except ClusterError as error:
            may_not_ask = error.status == 403 and f'cannot create resource "{kind.plural}"' in error.message
            if may_not_ask or error.status == 404:
                return None
            raise
        status: Mapping[str, Any] = json.loads(answer.body).get("status") or {}
        return status


def _attributes(right: Right) -> dict[str, str]:
    attributes = dict(right._asdict())
    if (right.group, right.resource) == ("", "namespaces"):  # to the server a Namespace lies in itself
        attributes["namespace"] = right.name
    return {name: value for name, value in attributes.items() if value}


async def _all(coroutines: Iterable[Coroutine[Any, Any, _Said]]) -> list[_Said]:
    """Side by side; the first failure is raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(one) for one in coroutines]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in running]
