from gitops_operator.cluster.pace import delay, is_passing
from gitops_operator.errors import ClusterError


def test_waiting_doubles_up_to_a_limit_that_is_nearer_while_a_server_is_merely_away() -> None:
    away, refused = ClusterError("away"), ClusterError("no", status=403, api_reason="Forbidden")
    assert delay(0) == 0
    assert 0.1 <= delay(1, away) <= 0.2
    assert 0.4 <= delay(3, away) <= 0.8
    assert 2.5 <= delay(50, away) <= 5
    assert 30 <= delay(1000, refused) <= 60


def test_a_server_that_names_a_time_is_given_it() -> None:
    assert delay(1, ClusterError("busy", status=429, retry_after=2)) >= 2
    assert delay(1, ClusterError("busy", status=429, retry_after=3600)) <= 5


def test_an_aggregated_api_that_is_down_is_broken_and_not_merely_busy() -> None:
    assert not is_passing(ClusterError("service unavailable", status=503))
    assert is_passing(ClusterError("starting", status=503, api_reason="ServiceUnavailable"))
