"""Quotes: whole clauses where they fit, and said where they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.quote import QUOTE_CHARS, quote

FILL = "word " * 30


def quoted(text: str, *words: str) -> str:
    """The quote around these words of a text."""
    chunks = text.split()
    places = [chunks.index(word) for word in words]
    return quote(chunks, min(places), max(places) + 1)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("I am really angry now. Nobody helps.", "angry", "I am really angry now"),
        ("Hello. I am angry! Bye", "angry!", "I am angry!"),
        ("It came, and it was broken again!", "broken", "It came, and it was broken again!"),
        ("It is broken: why?", "broken:", "It is broken: why?"),
        ("سلام. هنوز منتظرم، جواب بدهید؟ ممنون", "منتظرم،", "هنوز منتظرم، جواب بدهید؟"),
        ('He said "no way." Then he left', 'way."', 'He said "no way."'),
        (f"{FILL}, and it is late, {FILL}", "late,", "and it is late"),
        ("...", "...", "..."),
    ],
    ids=[
        "full-stop",
        "between",
        "comma",
        "colon",
        "persian",
        "closing-mark",
        "clause",
        "only-a-mark",
    ],
)
def test_a_quote_ends_where_a_sentence_or_clause_does(text: str, word: str, expected: str) -> None:
    """Never in the middle of the next one."""
    assert quoted(text, word) == expected


def test_what_is_cut_out_of_a_clause_says_so() -> None:
    """An ellipsis on each side where words are missing, as many words as fit."""
    middle = quoted(FILL + "late " + FILL, "late")
    assert middle.startswith("…word") and middle.endswith("word…")
    assert QUOTE_CHARS - 10 < len(middle) <= QUOTE_CHARS
    assert quoted("late " + FILL, "late").startswith("late word")
    assert quoted(FILL + "late", "late").endswith("word late")
    assert quoted("x" * 79, "x" * 79) == "x" * 79
    assert quoted("x" * 81, "x" * 81) == "x" * 79 + "…"


@given(st.lists(st.text("ab.,!", min_size=1, max_size=30), min_size=1, max_size=40), st.data())
def test_a_quote_is_never_empty_nor_too_long_and_has_the_match(
    chunks: list[str], data: st.DataObject
) -> None:
    """Whatever is matched."""
    start = data.draw(st.integers(0, len(chunks) - 1))
    stop = data.draw(st.integers(start + 1, len(chunks)))
    found = quote(chunks, start, stop)
    assert 0 < len(found) <= QUOTE_CHARS
    assert found.strip("….,")[:20] in " ".join(chunks)
