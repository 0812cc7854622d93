"""When something begins again and again: cron on the clocks of a time zone.

Cron's rules for the two nights a year are Debian's, by cronsim: what is to begin in the hour that is skipped begins
when that hour would have ended, what is to begin in the hour that comes twice begins once, the first time; schedules
whose minute or hour begins with a star follow the clock through both. The zones come from the database that Python
reads once a zone: data that ships with the program, like the tables of a codec.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

# Clocks go back by no more than this. cronsim reads an hour that comes twice as its first coming, so it is asked from a
# moment that is surely on the other side, and what it says too much is left out.
_SURELY = timedelta(hours=3)
_BY_NAME = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """Five cron fields and the zone on whose clocks they are meant; `text` is as its author wrote it."""

    text: str
    zone: ZoneInfo

    def latest(self, moment: datetime) -> datetime | None:
        """When it began last, at this moment or before."""
        return next((start for start in self._from(moment + _SURELY, back=True) if start <= moment), None)

    def next(self, moment: datetime) -> datetime | None:
        """When it begins next, after this moment."""
        return next((start for start in self._from(moment - _SURELY, back=False) if start > moment), None)

    def _from(self, moment: datetime, *, back: bool) -> Iterator[datetime]:
        cron = CronSim(_fields(self.text), moment.astimezone(self.zone), reverse=back)
        return (start.astimezone(UTC) for start in cron)

    def __str__(self) -> str:
        return f"{self.text!r} ({self.zone.key})"


def parse_schedule(text: str) -> str:
    """The text, when it is a schedule.

    Raises:
        ValueError: it is none, or it never comes true.
    """
    fields = _fields(text)
    if len(fields.split()) != _FIELDS:
        message = (
            f"{text!r} is not a cron schedule; write minute, hour, day of month, month and day of week, such as "
            "0 22 * * 1-5, or one of " + ", ".join(_BY_NAME)
        )
        raise ValueError(message)
    try:
        start = next(CronSim(fields, datetime(2024, 1, 1, tzinfo=UTC)), None)
    except CronSimError as error:
        message = f"{text!r} is not a cron schedule: {str(error).lower()}; write it like 0 22 * * 1-5"
        raise ValueError(message) from error
    if start is None:
        message = f"{text!r} never comes true: no month has such a day"
        raise ValueError(message)
    return text


def parse_zone(name: str) -> ZoneInfo:
    """The time zone of a name.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of zones is an OSError
        message = f"{name!r} is no time zone of the IANA database; write it like Europe/Berlin, America/New_York or UTC"
        raise ValueError(message) from error


def _fields(text: str) -> str:
    """What cronsim reads; ? is how other crons write a star for days."""
    return _BY_NAME.get(text.strip().lower(), text.replace("?", "*"))
