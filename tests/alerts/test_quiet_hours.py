"""Quiet hours: on the wall of whoever reads, past midnight, through daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.quiet_hours import QuietHours, Span, minute_of_day

NIGHT = (Span(20 * 60, 8 * 60),)


def at(text: str) -> int:
    """Milliseconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("when", "zone", "quiet"),
    [
        ("2026-11-24T16:29", "Asia/Tehran", False),  # 19:59 there
        ("2026-11-24T16:30", "Asia/Tehran", True),  # 20:00
        ("2026-11-25T04:29", "Asia/Tehran", True),  # 07:59
        ("2026-11-25T04:30", "Asia/Tehran", False),  # 08:00
        ("2026-07-01T06:00", "Europe/Berlin", False),  # summer: 08:00
        ("2026-12-01T06:00", "Europe/Berlin", True),  # winter: 07:00
        ("2026-10-25T00:30", "Europe/Berlin", True),  # the hour that comes twice
    ],
)
def test_hours_are_those_of_the_wall_there(when: str, zone: str, *, quiet: bool) -> None:
    """At both edges, in summer and in winter."""
    assert QuietHours(ZoneInfo(zone), NIGHT).lasts(at(when)) is quiet


def test_a_weekend_is_quiet_from_its_evening_to_its_morning() -> None:
    """A span belongs to the day it begins on; one that ends where it begins is a whole day."""
    hours = QuietHours(UTC, (Span(0, 0, frozenset({5})), Span(1_200, 480, frozenset({6}))))
    friday, saturday, sunday, monday = ("2026-11-27", "2026-11-28", "2026-11-29", "2026-11-30")
    assert not hours.lasts(at(f"{friday}T23:59"))
    assert hours.lasts(at(f"{saturday}T00:00")) and hours.lasts(at(f"{saturday}T23:59"))
    assert not hours.lasts(at(f"{sunday}T00:00"))
    assert hours.lasts(at(f"{sunday}T20:00")) and hours.lasts(at(f"{monday}T07:59"))
    assert not hours.lasts(at(f"{monday}T20:00"))


@given(st.integers(0, 1_439), st.integers(0, 1_439), st.integers(0, 6), st.integers(0, 1_439))
def test_a_span_and_its_opposite_fill_the_day(begin: int, end: int, day: int, minute: int) -> None:
    """Each minute is in exactly one of them."""
    if begin != end:
        assert Span(begin, end).holds(day, minute) is not Span(end, begin).holds(day, minute)


@pytest.mark.parametrize("text", ["", "8", "8:5", "25:00", "24:01", "12:60", "-1:00", "ab:cd"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    """It says how one is written."""
    with pytest.raises(ValueError, match="a time of day is"):
        minute_of_day(text)
