"""Sees from outside when objects are there: by cheap questions, so as not to disturb what is measured."""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from benchmarks.bare import COLLECTIONS, authorization, path_of
from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError

_PAUSE = 0.005
_PATIENCE = 300.0


class Eye:
    """One connection to the API server, as the operator's service account."""

    def __init__(self, cluster: DevCluster) -> None:
        place = urlsplit(cluster.url)
        tls = ssl.create_default_context(cafile=str(cluster.ca_file))
        self._connection = http.client.HTTPSConnection(str(place.hostname), place.port, context=tls, timeout=30)
        self._headers = authorization(cluster)

    def __enter__(self) -> Self:
        self._connection.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def wait_for(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Until all of these are there as they are wanted; looked at one after the other, the last one first."""
        self._until(lambda: self._is_as_wanted(objects[-1]))
        for one in objects:
            self._until(lambda one=one: self._is_as_wanted(one))  # type: ignore[misc]  # a default binds the loop's value

    def wait_for_number(self, last: Mapping[str, Any], namespace: str, numbers: Mapping[str, int]) -> None:
        """Until the namespace holds so many objects of each kind. `last`, which comes late, is waited for first: to ask
        for an object costs the server far less than to count.
        """
        self._until(lambda: self.get(path_of(last)) is not None)
        for kind, number in numbers.items():
            self._until(lambda kind=kind, number=number: self._count(kind, namespace) >= number)  # type: ignore[misc]  # as above

    def get(self, path: str) -> dict[str, Any] | None:
        """The object, or None where there is none."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status not in {200, 404}:
            raise DevClusterError(f"GET {path}: {answer.status}: {body[:300].decode(errors='replace')}")
        return json.loads(body) if answer.status == 200 else None

    def _count(self, kind: str, namespace: str) -> int:
        found = self.get(f"{COLLECTIONS[kind].format(namespace)}?limit=1") or {"items": []}
        return len(found["items"]) + int(found["metadata"].get("remainingItemCount", 0))

    def _is_as_wanted(self, wanted: Mapping[str, Any]) -> bool:
        return _holds(self.get(path_of(wanted)), {key: wanted[key] for key in ("spec", "data") if key in wanted})

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise DevClusterError("what was to be measured did not happen")
            time.sleep(_PAUSE)


def _holds(live: Any, wanted: Any) -> bool:
    """Whether everything that is wanted is there, whatever there is beside it."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(_holds(live.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(live, list) and len(live) == len(wanted) and all(map(_holds, live, wanted))
    return bool(live == wanted)
