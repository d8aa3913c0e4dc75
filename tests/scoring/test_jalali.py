"""Dates of the solar Hijri calendar, against published ones."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from scoring.jalali import jalali

EPOCH = date(1970, 1, 1).toordinal()
# Nowruz of leap years and the years after them (1399, 1403 and 1408 have 366 days), month ends.
KNOWN = {
    (1970, 1, 1): (1348, 10, 11),
    (1979, 2, 11): (1357, 11, 22),
    (2000, 3, 20): (1379, 1, 1),
    (2017, 3, 20): (1395, 12, 30),
    (2017, 3, 21): (1396, 1, 1),
    (2021, 3, 20): (1399, 12, 30),
    (2021, 3, 21): (1400, 1, 1),
    (2024, 3, 19): (1402, 12, 29),
    (2024, 3, 20): (1403, 1, 1),
    (2025, 3, 20): (1403, 12, 30),
    (2025, 3, 21): (1404, 1, 1),
    (2026, 9, 22): (1405, 6, 31),
    (2026, 9, 23): (1405, 7, 1),
    (2030, 3, 20): (1408, 12, 30),
    (1925, 3, 31): (1304, 1, 11),
}


@pytest.mark.parametrize("day", KNOWN)
def test_dates_are_those_of_the_calendars_in_print(day: tuple[int, int, int]) -> None:
    """New years around leap years, and the days beside them."""
    assert jalali(date(*day).toordinal() - EPOCH) == KNOWN[day]


def test_every_day_follows_the_one_before() -> None:
    """A century: the next day of the month, or the first of the next month."""
    for one, other in pairwise(jalali(day) for day in range(-20_000, 40_000)):
        (year, month, day), after = one, other
        if after[2] != 1:
            assert after == (year, month, day + 1)
        else:
            assert day in ((31,) if month < 7 else (30,) if month < 12 else (29, 30))
            assert after == ((year, month + 1, 1) if month < 12 else (year + 1, 1, 1))
