"""The words that a pattern needs: never more than it does, or cues would be missed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import cues_en, cues_fa
from scoring.cues import Row, Ways
from scoring.needs import branches, needs
from scoring.text import normalise

ROWS = (*cues_en.ROWS, *cues_fa.ROWS)
PATTERNS = [normalise(row.pattern) for row in ROWS]
LETTERS = st.characters(codec="utf-8", exclude_categories=["Z", "Cc"])
PIECES = [
    *("a", "b", "ab", "abc", "cab", " ", r"\b", r"(?<![^ ])", r"(?! b)", r"(?=a)", r"\w*", r"\w+"),
    *(r"[^ .?]+", "[ab]", "[ab]?", "a?", "b{2}", r"\d{1,2}", "^", "$", r"\B", "-", "_", "(a)", "."),
]


def opens(pattern: str, text: str) -> bool:
    """Would a row with this pattern, its anchor being there, be looked for in the text?"""
    ways = Ways([Row("waiting", 100, "zzz", pattern, "", "")])
    return bool(ways.open_to([*text.split(" "), "zzz"]))


PATTERN = st.recursive(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join),
    lambda inner: st.builds(
        lambda parts, gap, bound, times: f"{bound}(?:{gap.join(parts)}){times}",
        st.lists(inner, min_size=1, max_size=4),
        st.sampled_from(["", " ", "|", "|", "| "]),
        st.sampled_from(["", "", r"\b", " "]),
        st.sampled_from(["", "", "?", "*", "{2,3}"]),
    ),
    max_leaves=8,
)


MANY = f"(?:{'|'.join(f'{one}{two}' for one in 'abcdefg' for two in 'abcdefg')})"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\bwhat f\w*", "what freak"),
        (rf"\bfoo{MANY} {MANY}\b", "fooab cd"),
        (rf"\bfoo(?:{MANY} {MANY})?\b", "fooab cd"),
        (rf"\bfoo(?: {MANY}{MANY})*\b", "foo"),
        (rf"\bfoo(?: {MANY}{MANY})+\b", "foo abcd bcde"),
        (rf"\b(?:foo|(?:in|at) {MANY} {MANY})\b", "foo"),
        (rf"\b(?:foo|(?:in|at) {MANY} {MANY})\b", "at ab cd"),
        (rf"\b(?:\w+|(?:in|at) {MANY} {MANY})\b", "something"),
    ],
)
def test_a_pattern_of_very_many_ways_is_cut_with_care(pattern: str, text: str) -> None:
    """Where too many ways meet, what stands on either side is not known to be a whole word."""
    assert re.search(pattern, text)
    assert opens(pattern, text)


@given(PATTERN, st.lists(st.sampled_from([*"abc", "ab", "abc", " ", " ", "-", "1"]), max_size=12))
def test_where_a_pattern_matches_its_needs_are_met(pattern: str, letters: list[str]) -> None:
    """Whatever a pattern looks like: who skips it for want of a word misses no match."""
    text = "".join(letters)
    if re.search(pattern, text):
        assert opens(pattern, text)


@given(st.data())
def test_what_a_row_matches_meets_its_needs(data: st.DataObject) -> None:
    """Texts made by the patterns themselves, letters of any script in their gaps."""
    pattern = data.draw(st.sampled_from(PATTERNS))
    text = data.draw(st.from_regex(pattern, alphabet=LETTERS | st.sampled_from(" .?")))
    assert opens(pattern, text)


@pytest.mark.parametrize("pattern", PATTERNS, ids=[row.hit for row in ROWS])
def test_every_row_asks_for_a_word(pattern: str) -> None:
    """A row that asks for nothing would be searched for in every text with an anchor of it."""
    assert any(needs(branch)[0] for branch in branches(pattern))


def test_branches_are_the_whole_pattern() -> None:
    """Cut and put together again, a pattern is what it was."""
    for pattern in PATTERNS:
        assert "|".join(branches(pattern)) == pattern
        for branch in branches(pattern):
            re.compile(branch)


def test_a_row_opens_by_words_of_every_group_only() -> None:
    """The anchor alone is not enough, nor the rest without it."""
    row = Row("waiting", 100, "hold", r"\bon hold (?:for|since)\b|\bheld up\b", "", "")
    ways = Ways([row])
    assert [number for number, _ in ways.open_to(["put", "on", "hold", "since", "may."])] == [0]
    for text in ("hold on", "on and since", "put on hold", "held up"):
        assert not ways.open_to(text.split())
    ((_, pattern),) = ways.open_to(["held", "up", "on", "hold"])
    assert pattern.pattern == r"\bheld up\b"


def test_what_is_not_understood_asks_for_nothing() -> None:
    """Letters of any case, any digits, a word of which neither end is known."""
    for pattern in (r"\b(?i:wait)\b", r"\b\d+\b", "wait", r"\w*ait\w*"):
        assert needs(pattern) == ((),)
