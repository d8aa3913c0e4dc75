"""Business time is exact: to the millisecond, over weekends, holidays and changes of the clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.calendar import DAY_MS, Calendar, open_ms, reached_ms

HOUR_MS = 3_600_000
NINE_TO_FIVE = ((540, 1020),)
OFFICE = Calendar(week=(NINE_TO_FIVE,) * 5 + ((), ()))
TEHRAN = Calendar(
    week=(((480, 720), (780, 960)),) * 3 + ((),) * 2 + (((480, 720), (780, 960)),) * 2,
    holidays=(2, 9),
    offsets=((0, 12_600_000),),
)
# A zone whose clock goes back by an hour at a moment within hours, and forward again later.
CHANGING = Calendar(
    week=(((60, 1380),),) * 7,
    offsets=((0, HOUR_MS), (5 * DAY_MS + 90 * 60_000, 0), (9 * DAY_MS, HOUR_MS)),
)
NEVER = Calendar(week=((),) * 7)
CALENDARS = [OFFICE, TEHRAN, CHANGING]
MONDAY = 4 * DAY_MS  # 1970-01-05


def is_open(calendar: Calendar, at_ms: int) -> bool:
    """The definition: local time, by the offset in force, within the hours of the local day."""
    offset = 0
    for place, (from_ms, ahead) in enumerate(calendar.offsets):
        if place == 0 or from_ms <= at_ms:
            offset = ahead
    day, of_day = divmod(at_ms + offset, DAY_MS)
    spans = () if day in calendar.holidays else calendar.week[(day + 3) % 7]
    return any(opens * 60_000 <= of_day < closes * 60_000 for opens, closes in spans)


@pytest.mark.parametrize("calendar", CALENDARS)
def test_business_time_is_the_time_in_which_it_is_open(calendar: Calendar) -> None:
    """Minute by minute over a fortnight, against the definition."""
    minute = 60_000
    for start in (-3 * DAY_MS, MONDAY + 7 * HOUR_MS, 4 * DAY_MS + 23 * HOUR_MS):
        total = 0
        for at_ms in range(start, start + 14 * DAY_MS, 7 * minute):
            assert open_ms(calendar, start, at_ms) == total
            total += sum(minute * is_open(calendar, at_ms + step * minute) for step in range(7))


@given(
    st.sampled_from([*CALENDARS, None]),
    st.integers(-20 * DAY_MS, 20 * DAY_MS),
    st.integers(1, 60 * HOUR_MS) | st.sampled_from([HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS]),
)
def test_a_length_is_reached_at_the_very_millisecond(
    calendar: Calendar | None, from_ms: int, business_ms: int
) -> None:
    """A millisecond before there is less, at it there is just as much."""
    at_ms = reached_ms(calendar, from_ms, business_ms)
    assert at_ms is not None
    assert open_ms(calendar, from_ms, at_ms) == business_ms
    assert open_ms(calendar, from_ms, at_ms - 1) == business_ms - 1


@given(st.sampled_from([*CALENDARS, None]), *[st.integers(-(10**9), 10**9)] * 3)
def test_business_time_adds_up(calendar: Calendar | None, one: int, two: int, three: int) -> None:
    """What lies between two moments is the sum of what lies between them and any third."""
    one, two, three = sorted((one, two, three))
    whole = open_ms(calendar, one, three)
    assert whole == open_ms(calendar, one, two) + open_ms(calendar, two, three)
    assert open_ms(calendar, three, one) == 0


def test_a_weekend_is_no_business_time() -> None:
    """Friday at four to Monday at ten: one hour and one more."""
    friday = MONDAY + 4 * DAY_MS
    assert open_ms(OFFICE, friday + 16 * HOUR_MS, friday + 3 * DAY_MS + 10 * HOUR_MS) == 2 * HOUR_MS
    assert reached_ms(OFFICE, friday + 16 * HOUR_MS, HOUR_MS) == friday + 17 * HOUR_MS
    assert reached_ms(OFFICE, friday + 16 * HOUR_MS, HOUR_MS + 1) == (
        friday + 3 * DAY_MS + 9 * HOUR_MS + 1
    )


def test_a_holiday_is_a_closed_day() -> None:
    """Only the very date."""
    assert [TEHRAN.hours(day) != () for day in range(8)] == [
        False, False, False, True, True, True, True, False,
    ]  # fmt: skip


def test_what_never_opens_is_never_reached() -> None:
    """And nothing is ever waited for there."""
    assert reached_ms(NEVER, 5, 1) is None
    assert open_ms(NEVER, 0, 10**12) == 0
