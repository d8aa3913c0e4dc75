"""Any Unicode can be read: nothing a customer or a machine writes stops nabz."""

from __future__ import annotations

import time

import pytest
from hypothesis import given

from bench import fuzz
from bench.fuzz_texts import texts


@given(texts(fuzz.MAX_CHARS))
def test_any_text_is_read_with_finite_numbers(text: str) -> None:
    """Up to 100,000 characters of whatever Unicode has, in every role."""
    fuzz.check(text)


@pytest.mark.parametrize("unit", ["?!،.", "<p", '"no" ', "wait ", "نمی ", "\u064b", "aA1", "&#1"])
def test_a_repeated_piece_is_read_in_full_length(unit: str) -> None:
    """What patterns begin with, over and over, up to the longest text."""
    fuzz.check((unit * fuzz.MAX_CHARS)[: fuzz.MAX_CHARS])


def test_fuzzing_ends_when_its_time_is_up() -> None:
    """`make fuzz` is bounded, and says how much it tried."""
    began = time.monotonic()
    assert fuzz.by_chance(0) == 0
    assert fuzz.by_chance(1) > 0
    assert time.monotonic() - began < 300


def test_a_text_that_takes_too_long_is_seen() -> None:
    """The check can fail: where no time at all is allowed, every text is too slow."""
    with pytest.raises(AssertionError, match="for 4 characters"):
        fuzz.timed("late", slowest_s=0)
