"""The `calendars:` part of `nabz.yaml`: when somebody is there to answer.

People write a time zone, hours and days; inside, a calendar is a table of minutes and offsets, so
that the configuration alone decides what business time is. The offsets of the zone are looked up
when the file is read, for the years 2015 to 2040; after that the last one holds.

Next step: `streams.scoring_settings` embeds it, `scoring.calendar.Calendar` is what it becomes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator, field_validator, model_validator

from scoring.calendar import Calendar, Hours
from streams.ingest.picks import Strict, suggestion

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SPAN: Final = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
_EPOCH: Final = date(1970, 1, 1).toordinal()
_FROM: Final = datetime(2015, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(2040, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=1)


def _hours(value: Any) -> Any:
    """Opening hours of a day as minutes after midnight.

    >>> _hours("08:00-12:30, 13:00-24:00")
    ((480, 750), (780, 1440))
    """
    if isinstance(value, tuple):
        return value
    found: list[tuple[int, int]] = []
    for one in str(value).split(","):
        span = _SPAN.fullmatch(one.strip())
        if span is None:
            raise ValueError('write hours like "09:00-17:00" or "08:00-12:00, 13:00-17:00"')
        opens, closes = int(span[1]) * 60 + int(span[2]), int(span[3]) * 60 + int(span[4])
        if int(span[2]) > 59 or int(span[4]) > 59 or not opens < closes <= 1440:
            raise ValueError("hours open before they close, from 00:00 to 24:00")
        if found and opens <= found[-1][1]:
            raise ValueError("hours of a day ascend and lie apart from each other")
        found.append((opens, closes))
    return tuple(found)


HoursOfDay = Annotated[Hours, BeforeValidator(_hours)]


class CalendarSettings(Strict):
    """When somebody is there to answer.

    Attributes:
        zone: Time zone, as `Asia/Tehran`.
        hours: Of every day that is no weekend, or day by day (`sat: "08:00-16:00"`); a day that is
            not named then is closed.
        weekend: Closed days, where `hours` are those of every day.
        holidays: Closed dates.
    """

    zone: str = "UTC"
    hours: HoursOfDay | dict[Day, HoursOfDay] = ((0, 1440),)
    weekend: tuple[Day, ...] = ()
    holidays: tuple[date, ...] = ()

    @field_validator("hours", mode="before")
    @classmethod
    def _by_day(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return _hours(value)
        for day in value:
            if day not in DAYS:
                raise ValueError(f"unknown day {day!r}; {suggestion(str(day), DAYS)}")
        return {day: _hours(hours) for day, hours in value.items()}

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        offsets_of(value)
        return value

    @model_validator(mode="after")
    def _said_once(self) -> CalendarSettings:
        if isinstance(self.hours, dict) and self.weekend:
            raise ValueError("with hours by day, leave out the days of the weekend and `weekend`")
        return self

    def calendar(self) -> Calendar:
        """As the fold takes it."""
        hours = self.hours
        week = tuple(
            hours.get(day, ())
            if isinstance(hours, dict)
            else (() if day in self.weekend else hours)
            for day in DAYS
        )
        return Calendar(
            week=week,  # type: ignore[arg-type]  # seven of them
            holidays=tuple(sorted({day.toordinal() - _EPOCH for day in self.holidays})),
            offsets=offsets_of(self.zone),
        )


@lru_cache(maxsize=64)
def offsets_of(zone: str) -> tuple[tuple[int, int], ...]:
    """What local time is ahead of UTC, and from when on, in milliseconds; empty for UTC.

    Raises:
        ValueError: This machine knows no such zone.

    >>> offsets_of("UTC"), [offset // 60_000 for _, offset in offsets_of("Asia/Tehran")][-2:]
    ((), [270, 210])
    """
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = suggestion(zone, available_timezones() or {"UTC"})
        near = hint if hint.startswith("did you") else "write a name like Asia/Tehran"
        raise ValueError(f"time zone {zone!r} is not known here; {near}") from error
    found = [(_FROM, _offset(known, _FROM))]
    day = _FROM
    while day < _UNTIL:
        following = day + _STEP
        if _offset(known, following) != found[-1][1]:
            found.append((_change(known, day, following), _offset(known, following)))
        day = following
    if len(found) == 1 and not found[0][1]:
        return ()
    return tuple((round(when.timestamp() * 1000), offset) for when, offset in found)


def _offset(zone: ZoneInfo, when: datetime) -> int:
    ahead = when.astimezone(zone).utcoffset() or timedelta()
    return ahead // timedelta(milliseconds=1)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the offset is that of `after`; a day sees one change at most."""
    second = timedelta(seconds=1)
    while after - before > second:
        middle = before + (after - before) // second // 2 * second
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after
