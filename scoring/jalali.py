"""The solar Hijri calendar of Iran and Afghanistan, for dates in Persian texts.

Leap years follow the 33-year cycle, which agrees with the astronomical calendar from 1178 to 1634
(1799 to 2256 of the common era).

Next step: `alerts.message` shows moments with it.
"""

from __future__ import annotations

from typing import Final

_CYCLE_DAYS: Final = 12_053  # 33 years, 8 of them leap years
_FOUR_YEARS: Final = 1_461
_FIRST_HALF: Final = 186  # six months of 31 days; the others have 30, the last one 29 or 30
_EPOCH: Final = 1_075_195  # from the start of the cycle that begins in -1595 to 1970-01-01


def jalali(day: int) -> tuple[int, int, int]:
    """Year, month and day of a date given as days since 1970-01-01.

    >>> jalali(0), jalali(19_802)  # 1970-01-01, 2024-03-20
    ((1348, 10, 11), (1403, 1, 1))
    """
    cycles, rest = divmod(day + _EPOCH, _CYCLE_DAYS)
    fours, rest = divmod(rest, _FOUR_YEARS)
    year = -1595 + 33 * cycles + 4 * fours
    if rest > 365:  # the first of four is the leap year
        years, rest = divmod(rest - 1, 365)
        year += years
    if rest < _FIRST_HALF:
        return year, 1 + rest // 31, 1 + rest % 31
    rest -= _FIRST_HALF
    return year, 7 + rest // 30, 1 + rest % 30
