"""A budget: when a flood begins, when it ends, and that a restart sees the same flood."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.budget import WINDOW_MS, Budget, Meter

GAPS = st.lists(st.sampled_from([0, 1, 1_000, 60_000, WINDOW_MS - 1, WINDOW_MS]), max_size=60)


def test_the_eleventh_opening_is_a_flood_and_the_tenth_is_none() -> None:
    """Ten in ten minutes are borne; ten minutes later the first has left."""
    meter = Meter(Budget())
    assert [meter.arrived(n) for n in range(11)] == [False] * 10 + [True]
    late = Meter(Budget())
    assert [late.arrived(n) for n in range(10)] == [False] * 10
    assert not late.arrived(WINDOW_MS)


def test_a_flood_ends_below_half_and_not_at_half() -> None:
    """Two edges, or it would come and go with each message."""
    meter = Meter(Budget())
    for n in range(11):
        meter.arrived(n)
    assert meter.flooded(WINDOW_MS + 5)  # five are left
    assert not meter.flooded(WINDOW_MS + 6)  # four are
    assert not meter.arrived(WINDOW_MS + 6)


def test_a_digest_comes_once_a_window_and_at_the_end() -> None:
    """Counted from the beginning of the flood, then from the last digest."""
    meter = Meter(Budget(1))
    meter.arrived(0)
    meter.arrived(0)
    assert not meter.digest_due(WINDOW_MS - 1)
    meter.arrived(WINDOW_MS - 1)
    assert meter.digest_due(WINDOW_MS)
    meter.told_ms = WINDOW_MS
    assert not meter.digest_due(WINDOW_MS + 1)
    assert meter.digest_due(2 * WINDOW_MS - 1), "the flood is over"


def test_a_clock_set_back_ends_no_flood() -> None:
    """Times that run backwards count as the newest."""
    meter = Meter(Budget(1))
    assert [meter.arrived(now_ms) for now_ms in (100, 50, 50)] == [False, True, True]
    assert list(meter.times_ms) == [100, 100, 100]


@given(GAPS, st.integers(1, 12), st.integers(0, 2 * WINDOW_MS))
def test_what_is_recorded_tells_the_same_flood(gaps: list[int], most: int, later_ms: int) -> None:
    """A restart that reads the times decides as the process that lived; no batch size matters."""
    now_ms, times_ms = 0, []
    lived = Meter(Budget(most))
    for gap in gaps:
        now_ms += gap
        lived.flooded(now_ms)  # asked at other times too, which changes nothing
        lived.arrived(now_ms)
        times_ms.append(now_ms)
    read = Meter(Budget(most))
    for time_ms in times_ms:
        read.arrived(time_ms)
    assert read.flooded(now_ms + later_ms) == lived.flooded(now_ms + later_ms)
    assert read.since_ms == lived.since_ms


@given(GAPS, st.integers(1, 12))
def test_never_more_than_the_budget_goes_out_in_a_window(gaps: list[int], most: int) -> None:
    """Whatever comes whenever."""
    now_ms, sent_ms = 0, []
    meter = Meter(Budget(most))
    for gap in gaps:
        now_ms += gap
        if not meter.arrived(now_ms):
            sent_ms.append(now_ms)
        assert sum(now_ms - one < WINDOW_MS for one in sent_ms) <= most
