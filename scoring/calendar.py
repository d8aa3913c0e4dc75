"""Business time: how much of a span of time somebody was there to answer.

A calendar is a week of opening hours, dated holidays, and the offsets of its time zone as a table:
the configuration carries them, so that no fold ever asks a machine for its time zones. A moment is
open if its local time, by the offset in force, lies within the hours of its local day; spans are
closed-open integers in milliseconds. Without a calendar all time is open.

Next step: `scoring.health` measures an open wait with it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
_THURSDAY: Final = 3  # 1970-01-01, Monday being 0
_HORIZON_MS: Final = 400 * DAY_MS
"""How far ahead business time is looked for; a calendar closed for longer never opens again."""

Hours = tuple[tuple[int, int], ...]
"""Opening times of a day: minutes after midnight, closed-open, ascending, apart from each other."""


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When somebody is there.

    Attributes:
        week: Opening hours of Monday to Sunday.
        holidays: Closed days, as local days since 1970-01-01, ascending.
        offsets: `(from_ms, offset_ms)`, ascending: what local time is ahead of UTC from then on.
            The first one holds for all time before, too; empty is UTC.
    """

    week: tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
    holidays: tuple[int, ...] = ()
    offsets: tuple[tuple[int, int], ...] = ()

    def hours(self, day: int) -> Hours:
        """Opening hours of a local day, given as days since 1970-01-01.

        >>> Calendar(week=(((0, 60),),) * 7, holidays=(3,)).hours(3)
        ()
        """
        at = bisect_right(self.holidays, day)
        if at and self.holidays[at - 1] == day:
            return ()
        return self.week[(day + _THURSDAY) % 7]


def open_ms(calendar: Calendar | None, from_ms: int, to_ms: int) -> int:
    """Business time between two moments, in milliseconds; 0 where the second is not later.

    Of a span longer than 400 days the first 400 are counted.

    >>> nine_to_five = Calendar(week=(((540, 1020),),) * 7)
    >>> open_ms(nine_to_five, 0, DAY_MS) // 3_600_000, open_ms(None, 5, 12), open_ms(None, 12, 5)
    (8, 7, 0)
    """
    if calendar is None:
        return max(0, to_ms - from_ms)
    total = 0
    for opens, closes in _spans(calendar, from_ms):
        if opens >= to_ms:
            break
        total += min(closes, to_ms) - opens
    return total


def local_ms(calendar: Calendar | None, at_ms: int) -> int:
    """What clocks on the wall show, in milliseconds since the local epoch; UTC without a calendar.

    >>> early = Calendar(week=((),) * 7, offsets=((0, 3_600_000),))
    >>> local_ms(None, 5), local_ms(early, 5)
    (5, 3600005)
    """
    offsets = () if calendar is None else calendar.offsets
    at = max(0, bisect_right(offsets, at_ms, key=lambda one: one[0]) - 1)
    return at_ms + (offsets[at][1] if offsets else 0)


def local_day(calendar: Calendar | None, at_ms: int) -> int:
    """The local day of a moment, as days since 1970-01-01."""
    return local_ms(calendar, at_ms) // DAY_MS


def reached_ms(calendar: Calendar | None, from_ms: int, business_ms: int) -> int | None:
    """The first moment at which so much business time has passed since `from_ms`.

    Args:
        calendar: None for a day without hours.
        from_ms: Where counting starts.
        business_ms: More than 0.

    Returns:
        None if it is not reached within 400 days.

    >>> nine_to_five = Calendar(week=(((540, 1020),),) * 7)
    >>> reached_ms(nine_to_five, 0, 9 * 3_600_000) // 3_600_000  # one hour into the second day
    34
    """
    if calendar is None:
        return from_ms + business_ms
    left = business_ms
    for opens, closes in _spans(calendar, from_ms):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    return None


def _spans(calendar: Calendar, from_ms: int) -> Iterator[tuple[int, int]]:
    """When it is open from a moment on, in order, as far as the horizon."""
    end_ms = from_ms + _HORIZON_MS
    for start, until, offset in _regimes(calendar, from_ms, end_ms):
        first, last = (start + offset) // DAY_MS, (until - 1 + offset) // DAY_MS
        for day in range(first, last + 1):
            midnight = day * DAY_MS - offset
            for opens, closes in calendar.hours(day):
                one = max(start, midnight + opens * MINUTE_MS)
                other = min(until, midnight + closes * MINUTE_MS)
                if one < other:
                    yield one, other


def _regimes(calendar: Calendar, from_ms: int, end_ms: int) -> Iterator[tuple[int, int, int]]:
    """The spans between two moments over which local time keeps one offset, with that offset."""
    offsets = calendar.offsets or ((from_ms, 0),)
    at = max(0, bisect_right(offsets, from_ms, key=lambda one: one[0]) - 1)
    start = from_ms
    while start < end_ms:
        last = at + 1 >= len(offsets)
        until = end_ms if last else min(end_ms, offsets[at + 1][0])
        yield start, until, offsets[at][1]
        start, at = until, at + 1


def earliest(moments_ms: Iterable[int | None]) -> int | None:
    """The first of several moments, None for never.

    >>> earliest([None, 7, 5]), earliest([None])
    (5, None)
    """
    return min((one for one in moments_ms if one is not None), default=None)
