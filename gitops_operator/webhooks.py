"""Webhooks of Git servers: whether one may be believed, which repositories are then looked at, what is answered."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from gitops_operator.access import SECRET_TYPE, WEBHOOK, Store, labelled
from gitops_operator.metrics import Metrics
from gitops_operator.model.push import Push
from gitops_operator.model.resource import Body, GroupKind
from gitops_operator.web.delivery import PASSED_ON, Answer, Delivery, Result, explained
from gitops_operator.web.payloads import MalformedError
from gitops_operator.web.providers import (
    ADMIN_KEY,
    KEY,
    PROVIDERS,
    Headers,
    Provider,
    Secret,
    content_of,
    is_admin,
    provider_of,
)

_KEYS = frozenset(key for provider in PROVIDERS for key in provider.keys) | {ADMIN_KEY}
_NOBODY, _JSON = "unknown", "application/json"

_log = logging.getLogger(__name__)


class Leadership(Protocol):
    """Who leads."""

    leader_address: str

    def is_leader(self) -> bool: ...


class Webhooks:
    """Implements `web.receiver.Desk`. `pushed` has repositories looked at, and gives which."""

    def __init__(
        self,
        secrets: Secrets,
        leadership: Leadership,
        pushed: Callable[[Push], tuple[str, ...]],
        pass_on: Callable[[Delivery, str], Awaitable[Answer]],
        metrics: Metrics,
    ) -> None:
        self._secrets, self._leadership = secrets, leadership
        self._pushed, self._pass_on, self._metrics = pushed, pass_on, metrics
        for provider in PROVIDERS:  # a series that began with its first value would hide that one from increase()
            for result in Result:
                metrics.webhook_deliveries.labels(provider.name, str(result))

    def read(self) -> None:
        """A Secret may have changed."""
        self._secrets.read()

    async def receive(self, delivery: Delivery) -> Answer:
        """What is answered; the repositories are looked at afterwards."""
        try:
            answer = await self._answer(delivery)
        except MalformedError as error:
            answer = Answer(400, f"{error}\n", Result.MALFORMED)
        self.note(delivery.headers, answer.result)
        return answer

    def note(self, headers: Headers, result: Result) -> None:
        """Count one."""
        provider = provider_of(headers)
        self._metrics.webhook_deliveries.labels(provider.name if provider else _NOBODY, str(result)).inc()

    async def _answer(self, delivery: Delivery) -> Answer:
        provider = provider_of(delivery.headers)
        if provider is None:
            raise MalformedError("No header tells which Git server sends this.")
        refusal = self._refusal(provider, delivery)
        if refusal is not None:
            return refusal
        content = content_of(delivery.headers, delivery.body)
        event = provider.event_of(delivery.headers, content)
        if event not in provider.pushes:
            return _ignored(provider, event, delivery)
        if not self._leadership.is_leader():
            return await self._to_leader(delivery)
        push = provider.read(content)
        return _accepted(push, self._pushed(push), delivery)

    def _refusal(self, provider: Provider, delivery: Delivery) -> Answer | None:
        """Why a delivery is not believed; None: it is."""
        secrets = self._secrets.known
        if secrets is None:
            return Answer(503, "The operator has only just begun; try again.\n", Result.BUSY)
        if delivery.explain:
            is_known = any(is_admin(delivery.headers, secret) for secret in secrets)
            alone = f"Only the bearer of {ADMIN_KEY} is told more.\n"
            return None if is_known else Answer(403, alone, Result.REFUSED)
        if delivery.headers[provider.mark] in provider.unsigned:
            return None
        proofs = {provider.check(delivery.headers, delivery.body, secret) for secret in secrets}
        if True in proofs:
            return None
        if False in proofs:
            wrong = f"{provider.proof} does not prove to know {_or(provider.keys)}.\n"
            return Answer(401, wrong, Result.REFUSED)
        nothing = f"Nothing of {provider.title} is believed before {_or(provider.keys)} is set.\n"
        return None if self._secrets.allows_anybody else Answer(403, nothing, Result.UNCONFIGURED)

    async def _to_leader(self, delivery: Delivery) -> Answer:
        """Only the replica that leads follows repositories."""
        address = self._leadership.leader_address
        if not address or PASSED_ON in delivery.headers:
            return Answer(503, "This replica does not lead, and cannot reach the one that does.\n", Result.BUSY)
        return await self._pass_on(delivery, address)


class Secrets:
    """What webhooks have to prove to know: Secrets of the operator's namespace, told by their label.

    Where several have a key, each of them is good: so a secret is replaced without a gap. `known` is None until they
    were read.
    """

    def __init__(self, store: Store, namespace: str, *, allows_anybody: bool) -> None:
        self.known: tuple[Secret, ...] | None = None
        self.allows_anybody = allows_anybody
        self._store, self._namespace = store, namespace
        self._problems: tuple[str, ...] = ()

    def read(self) -> None:
        """Read them again; what cannot be used is named in the log, never with a value."""
        problems: list[str] = []
        self.known = tuple(_decoded(body, problems.append) for body in self._bodies())
        if tuple(problems) != self._problems:
            self._problems = tuple(problems)
            for problem in problems:
                _log.error("%s", problem)

    def _bodies(self) -> Iterator[Body]:
        for body in labelled(self._store, GroupKind("", "Secret"), SECRET_TYPE):
            metadata = body["metadata"]
            if metadata["labels"][SECRET_TYPE] == WEBHOOK and metadata.get("namespace") == self._namespace:
                yield body


def _decoded(body: Body, tell: Callable[[str], None]) -> Secret:
    place, found = f"Secret {body['metadata']['namespace']}/{body['metadata']['name']}", {}
    for key, value in sorted((body.get("data") or {}).items()):
        if key not in _KEYS:
            if key.startswith(KEY):
                tell(f"{place}: {key} is no key of a webhook; there are {', '.join(sorted(_KEYS))}")
            continue
        try:
            found[key] = base64.b64decode(value, validate=True).decode().strip()
        except (binascii.Error, ValueError):
            tell(f"{place}: {key} is not text in base64")
            continue
        if not found[key]:
            tell(f"{place}: {key} is empty")
    return found


def _ignored(provider: Provider, event: str, delivery: Delivery) -> Answer:
    if delivery.explain:
        return Answer(200, explained(Push(()), ()), Result.IGNORED, _JSON)
    words = "pong" if event in provider.pings else f"ignored: {event or 'nothing'} of {provider.title} is no push"
    return Answer(200, f"{words}\n", Result.IGNORED)


def _accepted(push: Push, looked_at: tuple[str, ...], delivery: Delivery) -> Answer:
    result = Result.ACCEPTED if looked_at else Result.UNMATCHED
    if delivery.explain:
        return Answer(200, explained(push, looked_at), result, _JSON)
    what = f"{', '.join(push.references) or 'anything'} of {push.repositories[0]}"
    words = f"looked at: {', '.join(looked_at)}" if looked_at else f"no Application follows {what}"
    return Answer(202, f"accepted; {words}\n", result)


def _or(keys: tuple[str, ...]) -> str:
    return " or ".join(keys)
