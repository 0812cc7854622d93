"""What the parts of the operator tell of themselves, as metrics."""

import pytest

from gitops_operator.measuring import GitMeasurements, Measurements
from gitops_operator.metrics import Metrics
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.revision import Revision
from gitops_operator.render.cache import Result
from gitops_operator.tallies import Tallies

APP = ApplicationKey("apps", "web")


def value(metrics: Metrics, name: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_requests_are_counted_by_what_they_are() -> None:
    metrics = Metrics()
    for dry_run in (True, False, False):
        Measurements(metrics).request(cluster="c", verb="patch", resource="pods", code=200, dry_run=dry_run)
    labels = {"cluster": "c", "verb": "patch", "resource": "pods", "code": "200"}
    assert value(metrics, "gitops_api_requests_total", dry_run="false", **labels) == 2
    assert value(metrics, "gitops_api_requests_total", dry_run="true", **labels) == 1


@pytest.mark.parametrize("result", list(Result))
def test_only_a_render_counts_as_time_of_rendering(result: Result) -> None:
    metrics = Metrics()
    Measurements(metrics).rendered("kustomize", result, 2.0)
    assert value(metrics, "gitops_render_cache_total", result=str(result)) == 1
    rendered = value(metrics, "gitops_render_seconds_sum", tool="kustomize")
    assert rendered == (2.0 if result is Result.RENDERED else None)


def test_a_stage_that_fails_took_its_time_too() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="no"):
        _fail(Measurements(metrics))
    assert value(metrics, "gitops_stage_seconds_count", stage="apply") == 1


def _fail(measurements: Measurements) -> None:
    with measurements.stage("apply"):
        raise ValueError("no")


def test_the_lag_of_events_is_measured() -> None:
    metrics = Metrics()
    Measurements(metrics).event_lag(3.0)
    assert value(metrics, "gitops_cache_event_lag_seconds_sum") == 3.0


def test_git_requests_are_counted_and_fetches_measured() -> None:
    metrics = Metrics()
    git = GitMeasurements(metrics, Tallies(metrics))
    git.request("git.example.com", "ls-refs", "ok")
    git.fetched("git.example.com", 1.5)
    labels = {"host": "git.example.com", "operation": "ls-refs", "result": "ok"}
    assert value(metrics, "gitops_git_requests_total", **labels) == 1
    assert value(metrics, "gitops_git_fetch_seconds_sum", host="git.example.com") == 1.5


def test_detection_counts_from_the_commit() -> None:
    metrics = Metrics()
    tallies = Tallies(metrics, lambda: 105.0)
    tallies.lead(leads=True)
    GitMeasurements(metrics, tallies).detected(APP, Revision("a" * 40), 100.0)
    assert value(metrics, "gitops_commit_to_detected_seconds_sum") == 5.0


def test_each_result_of_a_look_into_the_render_cache_is_a_series_from_the_start() -> None:
    metrics = Metrics()
    Measurements(metrics)
    assert [value(metrics, "gitops_render_cache_total", result=str(result)) for result in Result] == [0] * len(Result)


def test_the_version_is_shown() -> None:
    (family,) = [found for found in Metrics().registry.collect() if found.name == "gitops_build_info"]
    (sample,) = family.samples
    assert sample.labels["version"] != ""


def test_the_process_itself_is_measured() -> None:
    assert value(Metrics(), "process_resident_memory_bytes") not in {None, 0.0}


def test_all_metrics_are_served_as_text() -> None:
    text = Metrics().text().decode()
    assert "# TYPE gitops_reconcile_seconds histogram" in text
    assert "_created" not in text
