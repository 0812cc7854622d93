"""From what the parts of the operator tell of themselves to metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gitops_operator.metrics import Metrics
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.revision import Revision
from gitops_operator.render.cache import Result
from gitops_operator.tallies import Tallies


class Measurements:
    """Implements the observers of cluster, source, manifests and feed, and the stop-watch of the line."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for result in Result:  # a series that began with its first value would hide that one from increase()
            metrics.render_cache.labels(str(result))

    def request(self, *, cluster: str, verb: str, resource: str, code: int, dry_run: bool) -> None:
        """One request to the Kubernetes API."""
        self._metrics.api_requests.labels(cluster, verb, resource, str(code), str(dry_run).lower()).inc()

    def event_lag(self, seconds: float) -> None:
        """How late an event came."""
        self._metrics.cache_event_lag.observe(seconds)

    def rendered(self, tool: str, result: Result, seconds: float) -> None:
        """One look into the render cache, or one run of a tool."""
        self._metrics.render_cache.labels(str(result)).inc()
        if result is Result.RENDERED:
            self._metrics.render_seconds.labels(tool).observe(seconds)

    def whole_tree(self) -> None:
        """A tool had to be given a whole commit."""
        self._metrics.render_whole_tree.inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage of a pass."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._metrics.stage_seconds.labels(name).observe(time.perf_counter() - began)


class GitMeasurements:
    """Implements `source.limits.Observer`."""

    def __init__(self, metrics: Metrics, tallies: Tallies) -> None:
        self._metrics, self._tallies = metrics, tallies

    def request(self, host: str, operation: str, result: str) -> None:
        self._metrics.git_requests.labels(host, operation, result).inc()

    def fetched(self, host: str, seconds: float) -> None:
        self._metrics.git_fetch_seconds.labels(host).observe(seconds)

    def detected(self, key: ApplicationKey, revision: Revision, committed_at: float) -> None:
        self._tallies.detected(key, revision, committed_at)
