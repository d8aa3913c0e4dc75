"""What a turn means after others."""

from __future__ import annotations

from typing import Any

from scoring.config import HOUR_MS
from scoring.dialogue import MILD_E2, Said, badness, displeasure, turn_features
from scoring.panes import FAST
from scoring.records import Turn


def said(author: str = "customer", ts_ms: int = 0, mood_e2: int = 0, **turn: Any) -> Said:
    """A turn."""
    return Said(ts_ms, author, Turn(mood_e2=mood_e2, **turn))


def test_moods_count_by_their_sign_and_by_the_turn_before() -> None:
    """Displeasure of the turn before is remembered, pleasure is not."""
    assert turn_features([said(mood_e2=30)]) == {"pleased": 0.3, "opens": 1.0}
    after_bad = [said(mood_e2=-20), said("agent"), said(mood_e2=-30)]
    assert turn_features(after_bad) == {"displeased": 0.3, "before": 0.2}
    after_good = [said(mood_e2=20), said("agent"), said()]
    assert turn_features(after_good) == {}


def test_events_are_no_turns() -> None:
    """Only what was said answers something."""
    assert turn_features([said("event"), said()]) == {"opens": 1.0}


def test_each_sign_makes_a_turn_worse() -> None:
    """Corrected, failed, again: all above the same turn in peace."""
    peace = badness([said(), said("agent"), said(ts_ms=1)])
    assert badness([said(), said("agent"), said(ts_ms=1, corrects=True)]) > peace
    assert badness([said(), said("agent", fails=True), said(ts_ms=1)]) > peace
    assert badness([said(), said(ts_ms=HOUR_MS)]) > peace


def test_displeasure_halves_and_ends() -> None:
    """Turns of the future, and those older than the table of ages, count as nothing."""
    turn = said(mood_e2=-50, ts_ms=HOUR_MS)
    assert displeasure([turn, turn], HOUR_MS, 2_000) == 2_000
    assert displeasure([turn], 13 * HOUR_MS, 2_000) == 500
    assert displeasure([turn], 0, 2_000) == 0
    assert displeasure([turn], (1 + len(FAST)) * HOUR_MS, 2_000) == 0
    assert displeasure([said(mood_e2=50)], 0, 2_000) == 0
    assert displeasure([said(mood_e2=-MILD_E2)], 0, 2_000) == 0
    assert displeasure([said(mood_e2=-MILD_E2 - 1)], 0, 2_000) == 460


def test_a_mood_of_nothing_is_not_remembered_as_displeasure() -> None:
    """The turn before was calm or mildly glad: nothing is said of it, not even a 0."""
    for mood_e2 in (0, 1):
        assert turn_features([said(mood_e2=mood_e2), said("agent"), said()]) == {}
    assert turn_features([said(mood_e2=1)]) == {"pleased": 0.01, "opens": 1.0}


def test_half_of_the_words_again_is_the_same_question() -> None:
    """Three of six content words are enough; a sign that is there is exactly 1."""
    words = (1, 2, 3, 4, 5, 6)
    again = said(ts_ms=24 * HOUR_MS, hashes=(1, 2, 3, 7, 8, 9))
    expected = {"rephrased": 1.0, "followed_up": 1.0}
    assert turn_features([said(hashes=words), again]) == expected


def test_nobody_displeased_leaves_exactly_nothing() -> None:
    """However finely the sum is asked for."""
    assert displeasure([], 0, 100 * FAST[0]) == 0
