"""What a turn does in its conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.records import Turn
from scoring.turn import HASHES, content_hashes, turn_of


def turn(text: str, lang: str = "en", *, complains: bool = False, agent: bool = False) -> Turn:
    """The turn of a text that is written as its words."""
    questions = text.count("?")
    return turn_of(text.split(), lang, questions=questions, complains=complains, agent=agent)


@pytest.mark.parametrize(
    ("lang", "text", "corrects"),
    [
        ("en", "no. i said monday", True),
        ("en", "thats not what i asked", True),
        ("en", "i already told you", True),
        ("en", "no problem", False),
        ("en", "nothing else", False),
        ("en", "no. that is all i need", False),
        ("fa", "نه منظورم دوشنبه بود", True),
        ("fa", "نه. ممنون", True),
        ("fa", "نهار خوبی بود", False),
        ("fa", "نه عزیز، قربانت", False),
        ("fa", "نه قربانتون", False),
        ("fa", "نه عزیز، دوشنبه", True),
    ],
)
def test_a_turn_that_starts_with_a_refusal_corrects(
    lang: str, text: str, *, corrects: bool
) -> None:
    """Who says no first was not understood."""
    assert turn(text, lang).corrects is corrects


@pytest.mark.parametrize(
    ("lang", "text", "closes"),
    [
        ("en", "thanks bye", True),
        ("en", "thanks but when?", False),
        ("en", "where is it", False),
        ("fa", "ممنون خداحافظ", True),
        ("fa", "نه عزیز قربانت", True),
        ("fa", "کجاست", False),
    ],
)
def test_thanks_and_goodbye_close(lang: str, text: str, *, closes: bool) -> None:
    """Unless something is asked."""
    assert turn(text, lang).closes is closes


def test_neither_a_complaint_nor_a_long_text_closes() -> None:
    """Thanks at the end of a complaint wait for an answer."""
    assert turn("thanks for nothing", complains=True).closes is False
    assert turn("word " * 14 + "thanks").closes is False


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "unfortunately we cannot do that"),
        ("en", "the booking was unsuccessful"),
        ("fa", "متاسفانه امکان پذیر نیست"),
    ],
)
def test_only_ours_can_fail_the_customer(lang: str, text: str) -> None:
    """The same words of a customer are no failure of ours."""
    assert turn(text, lang, agent=True).fails is True
    assert turn(text, lang).fails is False


def test_of_an_unknown_language_only_the_counts_are_known() -> None:
    """Words and question marks are the same everywhere."""
    assert turn("wo ist es ?", "unknown") == Turn(words=3, questions=1)


def test_names_masks_and_marks_are_no_words() -> None:
    """What counts has a letter or a digit."""
    assert turn("@ hello . _ - 5?").words == 2


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=10), max_size=30))
def test_hashes_are_sorted_few_and_blind_to_order(words: list[str]) -> None:
    """Equal content words meet, wherever they stand."""
    hashes = content_hashes(words)
    assert list(hashes) == sorted(set(hashes))
    assert len(hashes) <= HASHES
    assert all(0 <= value < 1 << 32 for value in hashes)
    assert content_hashes(words[::-1]) == hashes


def test_hashes_are_the_same_everywhere_and_for_ever() -> None:
    """Rows written last year are compared with turns of today."""
    assert content_hashes(["parcel", "12345", "بسته"]) == (2042487386, 3382402400, 3421846044)
