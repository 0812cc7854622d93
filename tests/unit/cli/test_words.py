"""Times and statuses as the screen shows them."""

from datetime import UTC, datetime

import pytest

from gitops_operator.cli.console import Colour
from gitops_operator.cli.online.words import age, coloured, short, span


@pytest.mark.parametrize(
    "seconds, text",
    [
        (-5, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (301, "5m1s"),
        (3600, "60m"),
        (3 * 3600 + 60, "3h1m"),
        (47 * 3600, "47h"),
        (3 * 86400 + 7200, "3d2h"),
        (100 * 86400, "100d"),
        (3 * 365 * 86400, "3y"),
        (900 * 365 * 86400, "900y"),
    ],
)
def test_a_span_is_written_as_kubectl_does(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_an_age_counts_from_a_time_and_nothing_has_none() -> None:
    now = datetime(2027, 1, 1, 0, 1, tzinfo=UTC)
    assert (age("2027-01-01T00:00:00Z", now), age("", now)) == ("60s", "")


def test_a_commit_is_cut_and_a_branch_is_not() -> None:
    assert (short("0123456789" * 4), short("a-long-branch-name")) == ("0123456", "a-long-branch-name")


@pytest.mark.parametrize(
    "status, colour",
    [("Synced", Colour.GREEN), ("Degraded", Colour.RED), ("Progressing", Colour.YELLOW), ("Other", "")],
)
def test_a_status_has_the_colour_of_what_it_means(status: str, colour: str) -> None:
    assert coloured(status).colour == colour
