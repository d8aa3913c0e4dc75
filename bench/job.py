"""What every peer does in the benchmark: VADER, three windows, a record at every eighth event.

One `update` for all of them, and what differs is the engine around it. State is a flat list of
integers, so that each engine keeps it as it likes best: JSON in RocksDB, a pickle in SQLite, a row
of nabz. Sums are of ten-thousandths, hence exact, and what is written depends on nothing but the
customer's events: so the records of two engines can be held against each other byte by byte.

A window of 5 minutes, an hour or a day is the 12 newest panes of a twelfth of it. A peer that
writes at most one record per customer and second, as nabz does, would write the fewer the slower it
is; at every eighth event all write the same.

Next step: the modules of `bench.contestants` put it into an engine each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

WINDOWS_MS: Final = (300_000, 3_600_000, 86_400_000)
PANES: Final = 12
EVERY: Final = 8
_PANE_MS: Final = tuple(window // PANES for window in WINDOWS_MS)
_HEAD: Final = 3
_RING: Final = 3 * PANES

State = list[int]
"""Events, their sum of compounds, newest event time; then pane number, events, sum, 12 a window."""

Compound = Callable[[str], float]
"""VADER's compound of a text, -1 to 1."""


def fresh() -> State:
    """The state of a customer of whom nothing is known."""
    return [0] * (_HEAD + len(WINDOWS_MS) * _RING)


def stock() -> Compound:
    """The compound as vaderSentiment computes it."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    polarity = SentimentIntensityAnalyzer().polarity_scores

    def compound(text: str) -> float:
        return float(polarity(text)["compound"])

    return compound


def points_e4(event: dict[str, Any], compound: Compound) -> int:
    """Compound of an event's text in ten-thousandths, 0 where it has none."""
    text = event.get("text")
    return 0 if text is None else round(compound(text) * 10_000)


def update(
    state: State, customer: str, ts: int, value_e4: int, every: int = EVERY
) -> dict[str, Any] | None:
    """Add an event to a customer's state, in place; the record to write, if it is time for one.

    >>> state = fresh()
    >>> update(state, "ann", 1_000_000, 5_000, every=2)
    >>> update(state, "ann", 1_400_000, -1_000, every=2)["windows"]
    [[1, -1000], [2, 4000], [2, 4000]]
    """
    state[0] += 1
    state[1] += value_e4
    newest = max(ts, state[2])
    state[2] = newest
    at = _HEAD
    for pane_ms in _PANE_MS:
        number = ts // pane_ms
        slot = at + number % PANES * 3
        held = state[slot]
        if held == number:
            state[slot + 1] += 1
            state[slot + 2] += value_e4
        elif held < number:
            state[slot : slot + 3] = number, 1, value_e4
        at += _RING
    if state[0] % every:
        return None
    windows = []
    at = _HEAD
    for pane_ms in _PANE_MS:
        oldest = newest // pane_ms - PANES + 1
        count = total = 0
        for slot in range(at, at + _RING, 3):
            if state[slot] >= oldest:
                count += state[slot + 1]
                total += state[slot + 2]
        windows.append([count, total])
        at += _RING
    return {
        "customer": customer,
        "ts": newest,
        "events": state[0],
        "sum_e4": state[1],
        "windows": windows,
    }
