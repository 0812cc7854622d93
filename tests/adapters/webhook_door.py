"""The door for webhooks as it is in the operator, with Secrets and repositories that a test sets up."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, NamedTuple

import aiohttp

from gitops_operator.access import SECRET_TYPE, WEBHOOK
from gitops_operator.metrics import Metrics
from gitops_operator.model.live import LiveObject
from gitops_operator.model.push import Push
from gitops_operator.model.resource import Body, GroupKind, ResourceKey
from gitops_operator.source.pushes import places_of
from gitops_operator.web.forwarding import Forwarder
from gitops_operator.web.receiver import Receiver, address_of
from gitops_operator.webhooks import Secrets, Webhooks
from tests.pushes import EVERY, Sent
from tests.unit.diff.objects import Stored

OPERATOR = "gitops"
ADMIN = {"Authorization": "Bearer sesame"}
ALL_SECRETS = {key: value for _, secret in EVERY.values() for key, value in secret.items()}


class Answered(NamedTuple):
    status: int
    text: str
    json: Any = None


class Cache:
    def __init__(self, *bodies: Body) -> None:
        self.bodies = list(bodies)

    def held(self, group_kind: GroupKind) -> Iterable[LiveObject]:
        for body in self.bodies:
            metadata = body["metadata"]
            key = ResourceKey("", "Secret", metadata["namespace"], metadata["name"])
            if key.group_kind == group_kind:
                yield LiveObject(key, "v1", "uid", "1", body=Stored(body))


def secret(data: Mapping[str, str], name: str = "webhooks", namespace: str = OPERATOR, kind: str = WEBHOOK) -> Body:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"name": name, "namespace": namespace, "labels": {SECRET_TYPE: kind}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}


class Leader:
    def __init__(self) -> None:
        self.leads = True
        self.leader_address = ""

    def is_leader(self) -> bool:
        return self.leads


class Door:
    """`followed` are the repositories that Applications follow; `pushed` is what was told of them and others."""

    def __init__(self, *secrets: Body, allows_anybody: bool = False, patience: float = 5.0) -> None:
        self.followed = ["https://git.example.com/team/shop"]
        self.pushed: list[Push] = []
        self.cache, self.leader, self.metrics = Cache(*secrets), Leader(), Metrics()
        self.secrets = Secrets(self.cache, OPERATOR, allows_anybody=allows_anybody)
        self.webhooks = Webhooks(self.secrets, self.leader, self._push, Forwarder().pass_on, self.metrics)
        self.webhooks.read()
        self.receiver = Receiver("127.0.0.1", 0, self.webhooks, patience=patience)

    def _push(self, push: Push) -> tuple[str, ...]:
        self.pushed.append(push)
        places = places_of(push)
        return tuple(url for url in self.followed if places & places_of(Push((url,))))

    @property
    def url(self) -> str:
        return address_of("127.0.0.1", self.receiver.port) + "/webhook"

    @property
    def connections(self) -> int:
        server = self.receiver._runner.server
        assert server is not None
        return len(server.connections)

    async def send(self, sent: Sent, query: str = "", **more: str) -> Answered:
        return await self.post(BytesIO(sent.body), {**sent.headers, **more}, query)

    async def post(self, body: Any, headers: Mapping[str, str], query: str = "") -> Answered:
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url + query, data=body, headers=headers) as answer,
        ):
            is_json = answer.content_type == "application/json"
            return Answered(answer.status, await answer.text(), await answer.json() if is_json else None)

    async def raw(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """What comes back for bytes that are sent one after the other, until the connection is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.receiver.port)
        try:
            async with asyncio.timeout(30):
                for part in parts:
                    writer.write(part)
                    await asyncio.sleep(pause)
                return await reader.read()
        finally:
            writer.close()

    def counted(self) -> dict[tuple[str, str], int]:
        """Deliveries by provider and result."""
        (family,) = self.metrics.webhook_deliveries.collect()
        found = {(one.labels["provider"], one.labels["result"]): int(one.value) for one in family.samples}
        return {labels: value for labels, value in found.items() if value}


@asynccontextmanager
async def opened(*doors: Door) -> AsyncIterator[None]:
    for door in doors:
        await door.receiver.start()
    try:
        yield
    finally:
        for door in doors:
            await door.receiver.stop()
