"""Rings of panes against a batch oracle, whatever the order of arrival."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.panes import (
    COLUMN,
    DAYS,
    FAST,
    HOURS,
    MEASURES,
    MINUTES,
    SLOW,
    Ring,
    add,
    half_life_weights,
    leaky,
    pack,
    unpack,
    window,
)

PANES = 6
WEIGHTS = half_life_weights(2, PANES)
Event = tuple[int, tuple[int, int]]

events = st.lists(
    st.tuples(st.integers(0, 3 * PANES), st.tuples(st.integers(0, 3), st.integers(0, 10**9))),
    max_size=30,
)


def ring_of(given_events: list[Event]) -> tuple[Ring, int]:
    """The ring after these events, and how many of them were refused."""
    ring: Ring = ()
    late = 0
    for index, measures in given_events:
        after = add(ring, index, PANES, measures)
        late += after is None
        ring = ring if after is None else after
    return ring, late


@given(events, st.integers(0, PANES), st.integers(1, PANES))
def test_windows_equal_the_plain_sum_at_every_prefix(
    given_events: list[Event], later: int, panes: int
) -> None:
    """A window is what happened in its n newest panes, however late anything came."""
    for end in range(1, len(given_events) + 1):
        seen = given_events[:end]
        ring, _ = ring_of(seen)
        now = max(index for index, _ in seen) + later
        for column in (1, 2):
            expected = sum(
                measures[column - 1] for index, measures in seen if now - panes < index <= now
            )
            assert window(ring, now, panes, column) == expected


@given(events, st.integers(0, 2 * PANES))
def test_leaky_sums_equal_the_weighed_sum_at_every_prefix(
    given_events: list[Event], later: int
) -> None:
    """To the last digit: weights are integers and the shift comes once, at the end."""
    for end in range(1, len(given_events) + 1):
        seen = given_events[:end]
        ring, _ = ring_of(seen)
        now = max(index for index, _ in seen) + later
        total = sum(
            measures[1] * WEIGHTS[now - index]
            for index, measures in seen
            if now - index < len(WEIGHTS)
        )
        assert leaky(ring, now, WEIGHTS, 2) == total >> 16


def test_halves_of_several_panes_add_up() -> None:
    """One shift at the end: what each pane loses by itself would be lost for good."""
    assert leaky(((0, 1), (1, 1)), 2, WEIGHTS, 1) == 1  # 0.5 + 0.7


@pytest.mark.parametrize(("weight", "expected"), [(65_535, 0), (65_536, 1)])
def test_a_leaky_sum_begins_at_nothing(weight: int, expected: int) -> None:
    """What falls short of a whole by the least there is, is none."""
    assert leaky(((0, 1),), 0, (weight,), 1) == expected


@given(events, st.randoms())
def test_the_order_of_arrival_never_shows(given_events: list[Event], random: object) -> None:
    """The same events in any order leave the same ring."""
    shuffled = list(given_events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ring_of(shuffled)[0] == ring_of(given_events)[0]


numbers = st.integers(0, 2**64 - 1) | st.integers(0, 300) | st.just(0)


@given(
    st.lists(st.tuples(*[numbers] * 3), min_size=1),
    st.integers(-(10**12), 10**12),
)
def test_a_packed_ring_is_the_same_ring(rows: list[tuple[int, int, int]], first: int) -> None:
    """Whatever the numbers, columns of zeros included."""
    ring = tuple((first + 2 * place, *row) for place, row in enumerate(rows))
    assert unpack(pack(ring)) == ring
    assert len(pack(((5, 0, 0), (6, 0, 0)))) == 11 + 3 + 2


@pytest.mark.parametrize(
    ("column", "size"),
    [
        ((0,) * 8 + (2**40,), 2 + 8),
        ((300,) * 7 + (0,), 1 + 14),
        ((300,) * 8, 16),
    ],
    ids=["a-mask-of-two-bytes", "one-zero-of-eight", "no-zero"],
)
def test_a_column_is_a_mask_where_that_is_shorter(column: tuple[int, ...], size: int) -> None:
    """Head, then the numbers of the panes, a byte each, and the column, each with its width."""
    ring = tuple((5 + place, number) for place, number in enumerate(column))
    assert len(pack(ring)) == 11 + 1 + len(column) + 1 + size
    assert unpack(pack(ring)) == ring


def test_a_pane_whose_count_is_great_is_let_go_like_any_other() -> None:
    """By its time."""
    assert add(((0, 99),), 10, PANES, (1,)) == ((10, 1),)


def test_a_ring_of_uneven_panes_is_refused() -> None:
    """Packed, its last columns would be lost without a word."""
    with pytest.raises(ValueError, match="shorter"):
        pack(((5, 1, 2), (6, 1)))


@given(events)
def test_only_what_is_older_than_the_ring_is_refused(given_events: list[Event]) -> None:
    """An event is late if the newest pane lies a whole ring or more after its own."""
    newest: int | None = None
    late = 0
    for index, _ in given_events:
        late += newest is not None and index <= newest - PANES
        newest = index if newest is None else max(newest, index)
    assert ring_of(given_events)[1] == late


@given(events)
def test_a_ring_is_sorted_without_doubles_and_no_longer_than_its_width(
    given_events: list[Event],
) -> None:
    """Whatever came, in whatever order."""
    ring, _ = ring_of(given_events)
    assert len(ring) <= PANES
    assert all(one[0] < other[0] for one, other in pairwise(ring))
    assert not ring or ring[-1][0] - ring[0][0] < PANES


def test_what_lies_ahead_counts_only_once_it_is_now() -> None:
    """A source whose clock runs ahead moves nobody's sums before their time."""
    ring = ((7, 1, 5), (9, 1, 7))
    assert window(ring, 8, PANES, 2) == 5
    assert leaky(ring, 8, WEIGHTS, 2) == 5 * WEIGHTS[1] >> 16
    assert leaky(ring, 6, WEIGHTS, 2) == 0


@pytest.mark.parametrize(("weights", "half_life"), [(FAST, 12), (SLOW, 14)])
def test_weights_halve_and_never_rise(weights: tuple[int, ...], half_life: int) -> None:
    """From the whole (65536) on, exactly by half per half-life, rounded."""
    assert weights[0] == 1 << 16
    assert all(one >= other > 0 for one, other in pairwise(weights))
    assert all(
        abs(one - 2 * other) <= 1 for one, other in zip(weights, weights[half_life:], strict=False)
    )


def test_the_rings_are_an_hour_a_week_and_ninety_days() -> None:
    """The resolutions the design names; a leaky sum reaches as far as its ring."""
    assert (MINUTES.pane_ms * MINUTES.panes, HOURS.pane_ms * HOURS.panes) == (
        3_600_000,
        604_800_000,
    )
    assert DAYS.pane_ms * DAYS.panes == 90 * 86_400_000
    assert (len(FAST), len(SLOW)) == (HOURS.panes, DAYS.panes)
    assert len(MEASURES) == max(COLUMN.values())


def test_measures_of_another_length_are_refused() -> None:
    """A column too few must not silently cut what was counted before."""
    with pytest.raises(ValueError, match="shorter"):
        add(((7, 1, 2),), 7, PANES, (1,))
