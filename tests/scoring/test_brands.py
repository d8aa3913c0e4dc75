"""Names: a brand is no feeling."""

from __future__ import annotations

import pytest

from scoring.brands import Brands
from scoring.reading import read


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Red Devil", "The Red Devil goes to the station"),
        ("United", "A ticket of United, one way"),
        ("بهترین", "سفارش من از بهترین ثبت شد"),
        ("Sue", "I will sue you"),
    ],
)
def test_a_name_carries_no_valence_and_no_cue(name: str, text: str) -> None:
    """In both languages, of one word or several."""
    assert read(text, "customer", Brands([name])).sentiment_e4 == 0
    assert read(text, "customer", Brands(["Other", " "])) == read(text, "customer")


def test_a_name_hides_nothing_but_itself() -> None:
    """What stands beside it is read as ever, and the quote has it."""
    reading = read("Awful Red Devil drill", "customer", Brands(["red devil"]))
    assert [cue.quote for cue in reading.cues] == ["Awful Red Devil drill"]
    assert reading.sentiment_e4 is not None
    assert reading.sentiment_e4 < -2_000
