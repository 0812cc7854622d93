"""Every Prometheus metric of the operator, by name."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # published without types; a second series for each counter, which nothing here asks for

_FAST = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_PATIENT = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_SLOW = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class Metrics:
    """The metrics of one process, in a registry of their own; each is documented in docs/reference/metrics.md."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.build_info = self._gauge("gitops_build_info", "1, with the version of the operator.", ("version",))
        self.build_info.labels(_version()).set(1)
        self.application_info = self._gauge(
            "gitops_application_info",
            "1 for each Application, from the process that leads; reason is that of the condition Ready.",
            ("namespace", "name", "sync", "health", "reason", "repository", "revision"),
        )
        self.reconcile_seconds = self._histogram("gitops_reconcile_seconds", "Time of one pass.", (), _FAST)
        self.reconcile_failures = self._counter(
            "gitops_reconcile_failures_total",
            "Passes that are run again: another write came first, the API server refused the status, or a bug.",
            ("reason",),
        )
        self.stage_seconds = self._histogram("gitops_stage_seconds", "Time of one stage of a pass.", ("stage",), _FAST)
        self.queue_depth = self._gauge("gitops_queue_depth", "Applications that wait to be looked at.")
        self.queue_oldest_seconds = self._gauge(
            "gitops_queue_oldest_seconds", "For how long the Application that waits longest has waited; 0: none waits."
        )
        self.workers_busy = self._gauge("gitops_workers_busy", "Applications that are being looked at.")
        self.queue_wait_seconds = self._histogram(
            "gitops_queue_wait_seconds", "How long an Application waited to be looked at.", ("priority",), _FAST
        )
        self.api_requests = self._counter(
            "gitops_api_requests_total",
            "Requests to the Kubernetes API by the engine.",
            ("cluster", "verb", "resource", "code", "dry_run"),
        )
        self.cache_objects = self._gauge("gitops_cache_objects", "Objects in the cache.", ("cluster",))
        self.cache_kind_state = self._gauge(
            "gitops_cache_kind_state",
            "1 for the state of each kind in the cache that is not Ready.",
            ("cluster", "group", "kind", "state"),
        )
        self.cache_event_lag = self._histogram(
            "gitops_cache_event_lag_seconds",
            "From the write of an object, by its managedFields, to its event in the cache; whole seconds.",
            (),
            _SLOW,
        )
        self.git_requests = self._counter(
            "gitops_git_requests_total", "Requests to Git servers.", ("host", "operation", "result")
        )
        self.git_fetch_seconds = self._histogram(
            "gitops_git_fetch_seconds", "Time of one fetch or clone.", ("host",), _PATIENT
        )
        self.webhook_deliveries = self._counter(
            "gitops_webhook_deliveries_total",
            "Webhooks of Git servers, by what became of them.",
            ("provider", "result"),
        )
        self.render_seconds = self._histogram("gitops_render_seconds", "Time of one render.", ("tool",), _FAST)
        self.render_cache = self._counter("gitops_render_cache_total", "Looks into the render cache.", ("result",))
        self.render_whole_tree = self._counter(
            "gitops_render_whole_tree_total",
            "Runs of tools over a whole commit, because what they read cannot be told beforehand.",
        )
        self.syncs = self._counter("gitops_sync_total", "Syncs that ended.", ("trigger", "phase"))
        self.commit_to_detected = self._histogram(
            "gitops_commit_to_detected_seconds", "From a commit's time to its detection.", (), _SLOW
        )
        self.commit_to_applied = self._histogram(
            "gitops_commit_to_applied_seconds", "From a commit's time to the end of its sync.", (), _SLOW
        )
        self.commit_to_healthy = self._histogram(
            "gitops_commit_to_healthy_seconds", "From a commit's time to a healthy Application.", (), _SLOW
        )
        self.detected_to_applied = self._histogram(
            "gitops_detected_to_applied_seconds", "From the detection of a commit to the end of its sync.", (), _SLOW
        )
        self.detected_to_healthy = self._histogram(
            "gitops_detected_to_healthy_seconds", "From the detection of a commit to a healthy Application.", (), _SLOW
        )
        self.drift_detected = self._counter("gitops_drift_detected_total", "Objects that moved away from Git.")
        self.drift_corrected = self._histogram(
            "gitops_drift_corrected_seconds", "From the detection of drift to its correction.", (), _PATIENT
        )
        self.fights = self._gauge(
            "gitops_fights", "Objects that somebody else keeps changing back.", ("namespace", "name")
        )
        self.leader = self._gauge("gitops_leader", "1 while this process holds the Lease.")
        self.kopf_restarts = self._counter("gitops_kopf_restarts_total", "How often Kopf had to be started again.")

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)


def _version() -> str:
    try:
        return version("gitops-operator")
    except PackageNotFoundError:  # it runs from a checkout
        return "unreleased"
