"""Leadership by a Lease: one writer at a time, handed over at once on a clean exit and by silence after a crash.

kubernetes-asyncio's own election was read and not used: see the ADR about the lease.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from gitops_operator.cluster.client import Client
from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Kind

LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases", namespaced=True)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """Seconds. A leader stops `renew_deadline` after it sent its last renewal that was accepted; others wait
    `duration` without seeing one. The difference is the margin for clocks that run unequally fast.
    """

    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0


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


class _Lease(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)


class Leadership:
    """One candidate. Give it a client of its own: a renewal must not queue behind other writes.

    `changed` hears True when leadership is won and False when it is lost or given up.
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
        self._client = client
        self._lease = lease
        self._changed = changed
        self._times = times or LeaseTimes()
        self._led = False
        self._released = False
        self._valid_until = -1.0
        self._seen = ""  # the resourceVersion of the Lease when it last moved, as we saw it …
        self._seen_at = 0.0  # … on our own clock: nobody's wall clock counts
        self._one_at_a_time = asyncio.Lock()

    def is_leader(self) -> bool:
        """Whether the lease is still ours, on the monotonic clock and with a margin."""
        return time.monotonic() < self._valid_until

    async def run(self) -> None:
        """Stand for election, again after each loss; ends when released or cancelled."""
        try:
            while not self._released:
                await self._round()
                self._announce()
                await self._pause()
        finally:
            self._valid_until = -1.0
            self._announce()

    async def release(self) -> None:
        """Stop leading now and let the next one lead at once."""
        self._released = True
        self._valid_until = -1.0
        self._announce()
        try:
            async with asyncio.timeout(self._times.renew_deadline / 2), self._one_at_a_time:
                lease = await self._read()
                if lease and lease.spec.holder_identity == self.identity:
                    await self._write(lease, {"holderIdentity": "", "leaseDurationSeconds": 1})
        except (ClusterError, TimeoutError) as error:
            _log.warning("the lease could not be released: %s", error)

    async def _round(self) -> None:
        try:
            async with asyncio.timeout(self._times.renew_deadline / 2), self._one_at_a_time:
                await self._acquire_or_renew()
        except TimeoutError:
            _log.warning("the lease could not be renewed in time")
        except ClusterError as error:
            if error.status != 409:  # somebody else was faster
                _log.warning("the lease could not be renewed: %s", error)

    async def _pause(self) -> None:
        """Until the next round, but not beyond the moment in which leadership ends by itself."""
        pause = self._times.retry * random.uniform(0.8, 1.0)  # noqa: S311 – spreads load, protects nothing
        left = self._valid_until - time.monotonic()
        if 0 < left < pause:
            await asyncio.sleep(left)
            self._announce()
            pause -= left
        await asyncio.sleep(pause)

    async def _acquire_or_renew(self) -> None:
        if self._released:
            return
        lease = await self._read()
        if lease is None:
            await self._create()
        elif lease.spec.holder_identity == self.identity:
            await self._take(lease, {})
        elif not lease.spec.holder_identity or self._has_expired(lease):
            transitions = (lease.spec.lease_transitions or 0) + 1
            await self._take(lease, {"acquireTime": _now(), "leaseTransitions": transitions})

    def _has_expired(self, lease: _Lease) -> bool:
        now = time.monotonic()
        if lease.metadata.resource_version != self._seen:
            self._seen, self._seen_at = lease.metadata.resource_version, now
        return now - self._seen_at > (lease.spec.lease_duration_seconds or self._times.duration)

    async def _read(self) -> _Lease | None:
        try:
            answer = await self._client.get(LEASE, *self._lease)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise
        return msgspec.json.decode(answer.body, type=_Lease)

    async def _create(self) -> None:
        sent_at = time.monotonic()
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._lease.name, "namespace": self._lease.namespace},
            "spec": {**self._ours(), "acquireTime": _now(), "leaseTransitions": 0},
        }
        await self._client.create(LEASE, self._lease.namespace, body)
        self._won(sent_at)

    async def _take(self, lease: _Lease, more: dict[str, Any]) -> None:
        sent_at = time.monotonic()
        await self._write(lease, {**self._ours(), **more})
        self._won(sent_at)

    async def _write(self, lease: _Lease, spec: dict[str, Any]) -> None:
        """A patch with the resourceVersion that was read: of two writers one gets 409."""
        patch = {
            "metadata": {"resourceVersion": lease.metadata.resource_version},
            "spec": {**spec, "renewTime": _now()},
        }
        await self._client.merge_patch(LEASE, *self._lease, patch)

    def _ours(self) -> dict[str, Any]:
        duration = max(1, round(self._times.duration))
        return {"holderIdentity": self.identity, "leaseDurationSeconds": duration, "renewTime": _now()}

    def _won(self, sent_at: float) -> None:
        if not self._released:
            self._valid_until = sent_at + self._times.renew_deadline

    def _announce(self) -> None:
        leads = self.is_leader()
        if leads != self._led:
            self._led = leads
            self._changed(leads)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
