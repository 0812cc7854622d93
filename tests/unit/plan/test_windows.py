"""When windows close, and until when."""

from datetime import timedelta

import pytest

from gitops_operator.model.window import SyncWindow
from gitops_operator.plan.gate import may_sync
from gitops_operator.plan.windows import is_open, opens_at
from tests.unit.plan.situations import NOW, missing, request, situation, window
from tests.unit.plan.situations import application as app_of

ACTIVE_ALLOW, IDLE_ALLOW = window("allow"), window("allow", "0 22 * * *")
ACTIVE_DENY, IDLE_DENY = window("deny"), window("deny", "0 22 * * *")
FREE_DENY, FREE_ALLOW = window("deny", manual=True), window("allow", "0 22 * * *", manual=True)


@pytest.mark.parametrize(
    "windows, automated, manual",
    [
        ((), True, True),
        ((ACTIVE_ALLOW,), True, True),
        ((IDLE_DENY,), True, True),
        ((ACTIVE_DENY,), False, False),
        ((IDLE_ALLOW,), False, False),
        ((ACTIVE_ALLOW, ACTIVE_DENY), False, False),
        ((ACTIVE_ALLOW, IDLE_ALLOW), True, True),
        ((ACTIVE_ALLOW, IDLE_DENY), True, True),
        ((IDLE_ALLOW, IDLE_DENY), False, False),
        ((FREE_DENY,), False, True),
        ((FREE_ALLOW,), False, True),
        ((FREE_DENY, ACTIVE_DENY), False, False),
        ((FREE_ALLOW, IDLE_ALLOW), False, False),
        ((FREE_DENY, IDLE_ALLOW), False, True),
        ((FREE_ALLOW, ACTIVE_DENY), False, False),
    ],
    ids=lambda value: value if isinstance(value, bool) else f"{len(value)} windows",
)
def test_windows_mean_what_argo_cd_means(windows: tuple[SyncWindow, ...], automated: bool, manual: bool) -> None:
    assert is_open(windows, NOW, manual=False) is automated
    assert is_open(windows, NOW, manual=True) is manual


def test_a_window_is_active_from_its_start_until_just_before_its_end() -> None:
    minute = timedelta(minutes=1)
    assert [is_open((ACTIVE_DENY,), NOW + minute * late, manual=False) for late in (-1, 0, 59, 60)] == [
        True,
        False,
        False,
        True,
    ]


def test_it_opens_when_the_window_that_denies_ends() -> None:
    assert opens_at((ACTIVE_DENY,), NOW, manual=False) == NOW + timedelta(hours=1)


def test_it_opens_when_a_window_that_allows_begins() -> None:
    assert opens_at((IDLE_ALLOW,), NOW, manual=False) == NOW + timedelta(hours=14)


def test_it_does_not_open_when_the_next_window_denies_at_once() -> None:
    windows = (ACTIVE_DENY, window("deny", "0 9 * * *", "2h"), window("deny", "30 10 * * *"))
    assert opens_at(windows, NOW, manual=False) == NOW + timedelta(hours=3, minutes=30)


def test_it_opens_when_an_allowed_time_is_no_longer_denied() -> None:
    windows = (window("allow", "0 8 * * *", "4h"), window("deny", "0 7 * * *", "3h"))
    assert opens_at(windows, NOW, manual=False) == NOW + timedelta(hours=2)


def test_who_asks_may_start_where_the_closing_window_lets_them() -> None:
    windows = (ACTIVE_DENY, window("deny", "0 9 * * *", manual=True))
    assert opens_at(windows, NOW, manual=False) == NOW + timedelta(hours=2)
    assert opens_at(windows, NOW, manual=True) == NOW + timedelta(hours=1)


def test_what_never_opens_has_no_time() -> None:
    assert opens_at((window("deny", "* * * * *"),), NOW, manual=False) is None


def test_the_gate_says_what_closes_until_when_and_what_waits() -> None:
    gate = may_sync(situation(missing(), app=app_of(windows=(ACTIVE_DENY,))))
    assert gate.message == (
        "A window denies syncs now: '0 8 * * *' (UTC) for 1h. The next sync may start at 2027-01-31T09:00:00+00:00. "
        "Out of sync: ConfigMap web/front."
    )
    assert gate.until == NOW + timedelta(hours=1)


def test_the_gate_names_the_windows_that_would_allow() -> None:
    gate = may_sync(situation(missing(), app=app_of(windows=(IDLE_ALLOW,))))
    assert gate.message.startswith("No window allows syncs now: '0 22 * * *' (UTC) for 1h.")


def test_the_gate_says_the_same_as_time_goes_by() -> None:
    app = app_of(windows=(ACTIVE_DENY,))
    gates = {may_sync(situation(missing(), app=app, now=NOW + timedelta(minutes=late))) for late in range(60)}
    assert len(gates) == 1


def test_a_sync_that_is_asked_for_passes_where_the_window_lets_it() -> None:
    app = app_of(windows=(FREE_DENY,))
    assert not may_sync(situation(missing(), app=app)).is_open
    assert may_sync(situation(missing(), app=app, request=request())).is_open
