"""Leadership by a Lease: one writer at a time, handed over at once on a clean exit and by silence after a crash.

kubernetes-asyncio's own election was tried and not used: decision 10.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from gitops_operator.cluster.client import Client
from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Kind
from gitops_operator.model.resource import PREFIX

LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases", namespaced=True)

ADDRESS = PREFIX + "address"
_JUST_AFTER = 0.005
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """Seconds. Others wait `duration` without seeing a renewal; they look every `look`, and so notice a clean exit."""

    duration: float = 15.0
    look: float = 0.5

    @property
    def deadline(self) -> float:
        """A leader stops so long after it sent its last renewal that was accepted.

        The rest of the duration is for clocks that run unequally fast and for requests that are on their way.
        """
        return self.duration * 2 / 3

    @property
    def renew(self) -> float:
        """How often a leader renews: five tries before its deadline."""
        return self.deadline / 5


class LeaseName(NamedTuple):
    """Which Lease object it is about."""

    namespace: str
    name: str


class _Spec(msgspec.Struct, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    lease_transitions: int | None = None


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] = {}


class _Lease(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)


class Leadership:
    """One candidate. Give it a client of its own: a renewal must not queue behind other writes.

    `changed` hears True when leadership is won and False when it is lost or given up. `leader_address` is where the one
    that leads says it is reached; "" where it does not say, or nobody leads.
    """

    def __init__(
        self,
        client: Client,
        lease: LeaseName,
        identity: str,
        changed: Callable[[bool], None],
        times: LeaseTimes | None = None,
    ) -> None:
        # Two processes of one name (a restarted container) must not take each other's lease for their own.
        self.identity = f"{identity}_{uuid.uuid4().hex[:8]}"
        self.address = ""  # where the others reach this one, told in the Lease; to be set before it runs
        self.leader_address = ""
        self._client = client
        self._lease = lease
        self._changed = changed
        self._times = times or LeaseTimes()
        self._led = False
        self._ending = asyncio.Event()
        self._valid_until = -1.0
        self._expiry: asyncio.TimerHandle | None = None
        self._seen = ""  # the resourceVersion of the Lease when it last moved, as we saw it …
        self._seen_at = 0.0  # … on our own clock: nobody's wall clock counts
        self._seen_duration = 0.0
        self._trouble = ""
        self._one_at_a_time = asyncio.Lock()

    def is_leader(self) -> bool:
        """Whether the lease is still ours, on the monotonic clock and with a margin."""
        return time.monotonic() < self._valid_until

    async def run(self) -> None:
        """Stand for election, again after each loss; ends when released or cancelled."""
        try:
            while not self._ending.is_set():
                await self._round()
                await self._pause()
        finally:
            self._lose()

    async def release(self) -> None:
        """Stop leading now and let the next one lead at once."""
        self._ending.set()
        self._lose()
        try:
            async with asyncio.timeout(self._times.deadline / 2), self._one_at_a_time:
                lease = await self._read()
                if lease and lease.spec.holder_identity == self.identity:
                    await self._write(lease, {"holderIdentity": "", "leaseDurationSeconds": 1})
        except (ClusterError, TimeoutError) as error:
            _log.warning("the lease could not be released: %s", error)

    async def _round(self) -> None:
        trouble = ""
        try:
            async with asyncio.timeout(self._times.deadline / 2), self._one_at_a_time:
                await self._acquire_or_renew()
        except TimeoutError:
            trouble = "no answer in time"
        except ClusterError as error:
            trouble = "" if error.status == 409 else error.message  # 409: somebody else was faster
        if trouble and trouble != self._trouble:
            _log.warning("the lease cannot be read or renewed: %s", trouble)
        self._trouble = trouble

    async def _pause(self) -> None:
        seconds = self._times.renew if self.is_leader() else self._times.look
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * random.uniform(0.8, 1.0)):  # noqa: S311 – spreads load
                await self._ending.wait()

    async def _acquire_or_renew(self) -> None:
        if self._ending.is_set():
            return
        lease = await self._read()
        holder = lease.spec.holder_identity if lease else ""
        self.leader_address = lease.metadata.annotations.get(ADDRESS, "") if lease and holder else ""
        if holder == self.identity:
            await self._take(lease, {})
            return
        if holder:
            self._lose()  # somebody took it by force, or while we were away
        self._watch(lease)
        if (lease and not holder) or self._has_expired():
            await self._take(lease, {"acquireTime": _now()})

    def _watch(self, lease: _Lease | None) -> None:
        """Remember when the Lease last moved. One that is deleted counts as seen last: its holder may not know yet."""
        if lease and lease.metadata.resource_version != self._seen:
            self._seen, self._seen_at = lease.metadata.resource_version, time.monotonic()
            self._seen_duration = lease.spec.lease_duration_seconds or self._times.duration

    def _has_expired(self) -> bool:
        return self.is_leader() or not self._seen or time.monotonic() - self._seen_at > self._seen_duration

    async def _read(self) -> _Lease | None:
        try:
            answer = await self._client.get(LEASE, *self._lease)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise
        try:
            return msgspec.json.decode(answer.body, type=_Lease)
        except msgspec.DecodeError as error:
            raise ClusterError(f"The Lease cannot be read: {error}.", status=502) from error

    async def _take(self, lease: _Lease | None, more: dict[str, Any]) -> None:
        sent_at = time.monotonic()
        duration = max(1, math.ceil(self._times.duration))
        spec = {"holderIdentity": self.identity, "leaseDurationSeconds": duration, **more}
        if lease is None:
            await self._create(spec)
        else:
            transitions = (lease.spec.lease_transitions or 0) + bool(more)
            await self._write(lease, {**spec, "leaseTransitions": transitions})
        self._win(sent_at)

    async def _create(self, spec: dict[str, Any]) -> None:
        body = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {
                "name": self._lease.name,
                "namespace": self._lease.namespace,
                "annotations": {ADDRESS: self.address},
            },
            "spec": {**spec, "leaseTransitions": 0, "renewTime": _now()},
        }
        await self._client.create(LEASE, self._lease.namespace, body)

    async def _write(self, lease: _Lease, spec: dict[str, Any]) -> None:
        """A patch with the resourceVersion that was read: of two writers one gets 409."""
        patch = {
            "metadata": {
                "resourceVersion": lease.metadata.resource_version,
                "annotations": {ADDRESS: self.address},
            },
            "spec": {**spec, "renewTime": _now()},
        }
        await self._client.merge_patch(LEASE, *self._lease, patch)

    def _win(self, sent_at: float) -> None:
        if self._ending.is_set():
            return
        self._valid_until = sent_at + self._times.deadline
        if self._expiry:
            self._expiry.cancel()
        left = self._valid_until - time.monotonic()
        self._expiry = asyncio.get_running_loop().call_later(max(left, 0.0) + _JUST_AFTER, self._announce)
        self._announce()

    def _lose(self) -> None:
        self._valid_until = -1.0
        if self._expiry:
            self._expiry.cancel()
        self._announce()

    def _announce(self) -> None:
        leads = self.is_leader()
        if leads != self._led:
            self._led = leads
            self._changed(leads)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
