"""Reads into a store just the objects that a comparison needs, with the rights of whoever asks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gitops_operator.cluster.client import Client
from gitops_operator.cluster.objects import list_all
from gitops_operator.errors import ClusterError
from gitops_operator.live import Store
from gitops_operator.model.application import APPLICATION, ApplicationKey
from gitops_operator.model.kind import Catalogue, KindState, KindStatus
from gitops_operator.model.resource import TRACKING_ID, Body, GroupKind, Resource, ResourceKey
from gitops_operator.model.tracking import TrackingId, parse_tracking_id

_AT_ONCE = 16
_FEW = 4  # so many objects of a kind and namespace are got one by one, more are listed
_PAGE = 500
_AUTOSCALERS = (GroupKind("autoscaling", "HorizontalPodAutoscaler"), GroupKind("keda.sh", "ScaledObject"))


class Reader:
    """What was read of one cluster: `bodies`, and why some objects could not be read."""

    def __init__(self, client: Client, catalogue: Catalogue) -> None:
        self.bodies: dict[ResourceKey, Body] = {}
        self.unreadable: dict[ResourceKey, str] = {}
        self.remarks: list[str] = []
        self._raw: dict[ResourceKey, bytes] = {}
        self._client, self._catalogue = client, catalogue
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._listed: set[tuple[GroupKind, str]] = set()

    def installation_of(self, app: ApplicationKey) -> str:
        """The id of the operator that cares for an Application, from what was read of its objects; "" by default."""
        for key, body in self.bodies.items():
            found = tracking_of(body)
            if found is not None and found.key == key and found.tracker.application == app:
                return found.tracker.installation
        return ""

    async def read(self, keys: Iterable[ResourceKey]) -> None:
        """These objects; what is not there stays out, what may not be read is noted."""
        places: dict[tuple[GroupKind, str], list[ResourceKey]] = {}
        for key in set(keys) - self.bodies.keys() - self.unreadable.keys():
            if key.group_kind in self._catalogue.preferred:
                places.setdefault((key.group_kind, key.namespace), []).append(key)
        await asyncio.gather(*(self._read_place(place, wanted) for place, wanted in places.items()))

    async def _read_place(self, place: tuple[GroupKind, str], wanted: list[ResourceKey]) -> None:
        if place in self._listed:
            return
        if len(wanted) > _FEW and not await self._list(place):
            return
        await asyncio.gather(*(self._get(key) for key in wanted))

    async def list_places(self, places: Iterable[tuple[GroupKind, str]], lacking: str) -> None:
        """Everything of some kinds in some namespaces ("" for kinds without); `lacking` says what a refusal hides."""
        new = [place for place in dict.fromkeys(places) if place not in self._listed]
        known = [place for place in new if place[0] in self._catalogue.preferred]
        for refused in await asyncio.gather(*map(self._list, known)):
            if refused:
                self.remarks.append(f"{lacking}: {refused}")

    async def _list(self, place: tuple[GroupKind, str]) -> str:
        """Lists them; why that is not allowed, or ""."""
        kind = self._catalogue.preferred[place[0]]
        try:
            async with self._slots:
                listing = await list_all(self._client, kind, place[1], limit=_PAGE)
        except ClusterError as error:
            if error.status != 403:
                raise
            return error.message
        self._listed.add(place)
        for raw in listing.objects:
            self._take(place[0], raw)
        return ""

    async def _get(self, key: ResourceKey) -> None:
        kind = self._catalogue.preferred[key.group_kind]
        try:
            async with self._slots:
                answer = await self._client.get(kind, key.namespace, key.name)
        except ClusterError as error:
            if error.status == 403:
                self.unreadable[key] = error.message
            elif error.status != 404:
                raise
        else:
            self._take(key.group_kind, answer.body)

    def _take(self, group_kind: GroupKind, raw: bytes) -> None:
        body: Body = json.loads(raw)
        metadata = body["metadata"]
        key = ResourceKey(*group_kind, metadata.get("namespace", ""), metadata["name"])
        self.bodies[key], self._raw[key] = body, raw

    async def read_autoscalers(self, resources: Iterable[Resource]) -> None:
        """What scales these: their replicas are the autoscaler's, so they must be known."""
        scaled = {one.key.namespace for one in resources if "replicas" in (one.body.get("spec") or {})}
        places = [(kind, namespace) for kind in _AUTOSCALERS for namespace in sorted(scaled) if namespace]
        await self.list_places(places, "replicas may belong to an autoscaler that is not seen")

    async def read_other_owners(self, application: ApplicationKey) -> None:
        """The other Applications that track what was read: what one left that is gone may be taken."""
        owners = {found.tracker.application for body in self.bodies.values() if (found := tracking_of(body))}
        await self.read(ResourceKey(*APPLICATION, *owner) for owner in owners - {application})

    def fill(self, store: Store, kinds: Collection[GroupKind]) -> None:
        """Hand all of it to a store in which these kinds count as known."""
        for group_kind in {*kinds, APPLICATION} & self._catalogue.preferred.keys():
            store.state(group_kind, KindStatus(KindState.READY))
        for key, raw in self._raw.items():
            store.changed(self._catalogue.preferred[key.group_kind], raw)


def tracking_of(body: Mapping[str, Any]) -> TrackingId | None:
    """The Application that an object says it belongs to."""
    return parse_tracking_id((body["metadata"].get("annotations") or {}).get(TRACKING_ID, ""))
