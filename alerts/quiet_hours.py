"""When a channel does not want to be disturbed: hours of the week in a time zone.

Hours are those of the wall there, daylight saving included. A span that ends at or before its
beginning goes past midnight and belongs to the day it begins on. What is kept back is told when the
quiet hours end, if it is still true; a channel may let critical ones through.

Next step: `alerts.pipeline` asks which channels are quiet now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN: Final = 1_440


@dataclass(frozen=True, slots=True)
class Span:
    """Quiet from a minute of the day to another, on some days.

    Attributes:
        begin_min: Minutes after midnight, 0 to 1439.
        end_min: The first minute that is not quiet; at or before `begin_min` it is the next day's.
        days: Days it begins on, 0 for Monday.
    """

    begin_min: int
    end_min: int
    days: frozenset[int] = frozenset(range(7))

    def holds(self, day: int, minute: int) -> bool:
        """Is it quiet at this minute of this day?

        >>> night = Span(20 * 60, 8 * 60, frozenset({4}))  # Fridays
        >>> night.holds(4, 1_200), night.holds(5, 479), night.holds(5, 480), night.holds(4, 0)
        (True, True, False, False)
        """
        if self.begin_min < self.end_min:
            return day in self.days and self.begin_min <= minute < self.end_min
        today = day in self.days and minute >= self.begin_min
        return today or ((day - 1) % 7 in self.days and minute < self.end_min)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The quiet hours of one channel.

    Attributes:
        zone: Where its reader lives.
        spans: Any of these.
        critical: Critical ones go out all the same.
    """

    zone: tzinfo
    spans: tuple[Span, ...]
    critical: bool = False

    def lasts(self, now_ms: int) -> bool:
        """Is it quiet at this moment (milliseconds since the epoch)?"""
        there = datetime.fromtimestamp(now_ms // 1_000, self.zone)
        minute = there.hour * 60 + there.minute
        return any(span.holds(there.weekday(), minute) for span in self.spans)


def minute_of_day(text: str) -> int:
    """A time of day as a person writes it.

    Raises:
        ValueError: It is none.

    >>> minute_of_day("08:30"), minute_of_day("24:00")
    (510, 0)
    """
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
        raise ValueError(f"a time of day is written like 08:30, found {text[:20]!r}")
    found = int(hours[:3]) * 60 + int(minutes)
    if found > _DAY_MIN or int(minutes) > 59:
        raise ValueError(f"a time of day is at most 24:00, found {text[:20]!r}")
    return found % _DAY_MIN
