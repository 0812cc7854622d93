"""Windows across DST, and what a schedule may say."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.model.schedule import Schedule, parse_schedule, parse_zone
from gitops_operator.model.window import SyncWindow, WindowKind

BERLIN = ZoneInfo("Europe/Berlin")
# In Berlin clocks go from 02:00 to 03:00 on 2027-03-28, and from 03:00 back to 02:00 on 2027-10-31; both at 01:00 UTC.
SPRING = datetime(2027, 3, 28, 1, tzinfo=UTC)
AUTUMN = datetime(2027, 10, 31, 1, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def starts(text: str, begin: datetime, end: datetime, zone: ZoneInfo = BERLIN) -> list[datetime]:
    """All starts between two moments, each found from the one before."""
    schedule, found, moment = Schedule(text, zone), [], begin - minutes(1)
    while (start := schedule.next(moment)) is not None and start <= end:
        found.append(start)
        moment = start
    return found


def window(text: str, hours: float, zone: ZoneInfo = BERLIN) -> SyncWindow:
    return SyncWindow(WindowKind.ALLOW, Schedule(text, zone), timedelta(hours=hours))


def test_a_schedule_is_meant_on_the_clocks_of_its_zone() -> None:
    assert starts("0 22 * * *", datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)) == [
        datetime(2027, 1, 1, 21, tzinfo=UTC)
    ]
    assert starts("0 22 * * *", datetime(2027, 7, 1, tzinfo=UTC), datetime(2027, 7, 2, tzinfo=UTC)) == [
        datetime(2027, 7, 1, 20, tzinfo=UTC)
    ]


def test_the_zone_is_that_of_the_windows_date_and_not_of_today() -> None:
    schedule = Schedule("0 12 28 3 *", BERLIN)  # asked in winter of a start in summer
    assert schedule.next(datetime(2027, 1, 1, tzinfo=UTC)) == datetime(2027, 3, 28, 10, tzinfo=UTC)


def test_a_window_that_begins_in_the_skipped_hour_begins_when_that_hour_would_have_ended() -> None:
    assert starts("30 2 * * *", SPRING - minutes(120), SPRING + minutes(600)) == [SPRING]
    assert Schedule("30 2 * * *", BERLIN).latest(SPRING + minutes(5)) == SPRING


def test_a_window_that_begins_in_the_skipped_hour_lasts_as_long_as_ever() -> None:
    one = window("30 2 * * *", 2)
    assert one.end(SPRING - minutes(1)) is None
    assert one.end(SPRING) == SPRING + minutes(120)
    assert one.end(SPRING + minutes(120)) is None


def test_a_window_that_begins_in_the_doubled_hour_begins_once_the_first_time() -> None:
    first = AUTUMN - minutes(30)
    assert starts("30 2 * * *", AUTUMN - minutes(120), AUTUMN + minutes(600)) == [first]
    second = first + minutes(60)  # the clock says 02:30 again
    assert Schedule("30 2 * * *", BERLIN).latest(second) == first
    assert Schedule("30 2 * * *", BERLIN).next(first) == first + timedelta(hours=25)


@pytest.mark.parametrize("passed", [0, 29, 31, 59, 61, 89])
def test_in_the_doubled_hour_a_window_is_active_from_its_first_coming_on(passed: float) -> None:
    first = AUTUMN - minutes(30)
    assert window("30 2 * * *", 1.5).end(first + minutes(passed)) == first + minutes(90)


def test_a_schedule_for_each_hour_follows_the_clock_through_both_hours() -> None:
    assert starts("15 * * * *", AUTUMN - minutes(60), AUTUMN + minutes(60)) == [
        AUTUMN - minutes(45),
        AUTUMN + minutes(15),
    ]
    assert starts("15 * * * *", SPRING - minutes(60), SPRING + minutes(60)) == [
        SPRING - minutes(45),
        SPRING + minutes(15),
    ]


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_duration_across_the_change_is_time_that_passes(change: datetime) -> None:
    start = starts("0 22 * * *", change - timedelta(hours=9), change)[0]
    assert window("0 22 * * *", 8).end(start) == start + timedelta(hours=8)
    assert window("0 22 * * *", 8).end(start + timedelta(hours=8)) is None


_ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "UTC"]
_TEXTS = ["30 2 * * *", "*/20 * * * *", "0 */3 * * *", "15 0 * * 0", "10,50 1,2,3 * * *", "0 0 1 * *", "* * * * *"]
_MOMENTS = st.datetimes(datetime(2026, 3, 1), datetime(2027, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without zone


@given(st.sampled_from(_TEXTS), st.sampled_from(_ZONES), _MOMENTS, st.integers(-5000, 5000))
def test_looking_back_finds_what_looking_ahead_found(text: str, zone: str, moment: datetime, more: int) -> None:
    schedule = Schedule(text, ZoneInfo(zone))
    near = [change for change in (SPRING, AUTUMN) if moment.day % 2]
    moment = (near[0] if near else moment) + minutes(more / 10)
    start = schedule.next(moment)
    assert start is not None
    assert schedule.latest(start) == start
    before = schedule.latest(start - timedelta(seconds=1))
    assert before is not None
    assert before <= moment
    assert schedule.next(before) == start


@given(_MOMENTS, st.sampled_from(_ZONES))
def test_a_schedule_with_stars_begins_whenever_the_clock_says_so(moment: datetime, zone: str) -> None:
    clock = ZoneInfo(zone)
    begin = moment.replace(second=0, microsecond=0)
    every = (begin + minutes(number) for number in range(3 * 60))
    expected = [one for one in every if one.astimezone(clock).minute % 20 == 0]
    assert starts("*/20 * * * *", begin, begin + minutes(179), clock) == expected


def test_days_of_month_and_of_week_are_one_or_the_other_when_both_are_given() -> None:
    found = starts("0 0 13 * 5", datetime(2027, 1, 2, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
    assert [start.astimezone(BERLIN).day for start in found] == [8, 13, 15, 22, 29]


@pytest.mark.parametrize("text", ["0 22 * * 1-5", "*/5 8-17 * * MON-FRI", "@daily", "0 0 ? * SUN", "0 0 29 2 *"])
def test_cron_is_accepted(text: str) -> None:
    assert parse_schedule(text) == text
    assert Schedule(text, BERLIN).next(SPRING) is not None


@pytest.mark.parametrize(
    "text, says",
    [
        (
            "every day",
            "write minute, hour, day of month, month and day of week, such as 0 22 * * 1-5, or one of @hourly",
        ),
        ("0 22 * *", "is not a cron schedule"),
        ("0 0 22 * * *", "is not a cron schedule"),
        ("61 22 * * *", "bad minute"),
        ("0 25 * * *", "bad hour"),
        ("0 22 * * FRY", "bad day-of-week"),
        ("0 22 * * 5-1", "bad day-of-week"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("", "is not a cron schedule"),
    ],
)
def test_what_is_no_cron_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("*", r"\*")):
        parse_schedule(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "Europe", "../etc/passwd", "CEST", "/etc/localtime"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone of the IANA database; write it like Europe/Berlin"):
        parse_zone(name)
