"""Readings as single numbers, for measuring against labelled texts.

Thin calls of what the product itself computes, so that a measurement measures the product: there
is no second implementation. Times are integer milliseconds.

Next step: a measuring script compares these numbers with people's labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scoring.config import HOUR_MS
from scoring.reading import read
from scoring.records import Reading

_HALF_LIFE_MS: Final = 12 * HOUR_MS
_CONTACT: Final = 0.35
"""Of a message whatever it says. Source: docs/detection section 4, early warning."""

_TURNS: Final = 6
_CORRECTS, _CLOSES, _FAILED, _REPHRASED = 0.6, 0.4, 0.4, 0.1
"""What a turn adds to a dialogue's badness; fitted by hand (docs/detection, dialogue features)."""


def message(text: str) -> float | None:
    """Sentiment of one customer text, -1 (bad) to 1; None where we abstain.

    >>> message("Nobody answers, third time!") < -0.5, message("Danke") is None
    (True, True)
    """
    value = read(text, "customer").sentiment_e4
    return None if value is None else value / 10_000


def dialogue(turns: Sequence[Mapping[str, Any]]) -> float:
    """How dissatisfied the customer is in the last turn; larger is worse.

    Args:
        turns: `{"role": "customer" | "agent", "text": ..}`, oldest first, the last the customer's.
    """
    readings = [read(turn["text"], turn["role"]) for turn in turns[-_TURNS:]]
    last, *before = reversed(readings)
    roles = [turn["role"] for turn in turns[-_TURNS:]][-2::-1]
    badness = -_sentiment(last)
    badness += _CORRECTS * last.turn.corrects - _CLOSES * last.turn.closes
    if before and roles[0] == "agent" and before[0].turn.fails and not last.turn.closes:
        badness += _FAILED
    words = set(last.turn.hashes)
    own = [reading for reading, role in zip(before, roles, strict=True) if role == "customer"]
    if any(len(words.intersection(reading.turn.hashes)) >= 2 for reading in own):
        badness += _REPHRASED
    return badness


def customer(messages: Sequence[tuple[int, str]]) -> float:
    """How much a customer is at risk after these messages: a leaky sum of badness and contacts.

    Args:
        messages: `(time in ms, text)`, oldest first.
    """
    total, before_ms = 0.0, messages[0][0] if messages else 0
    for ts_ms, text in messages:
        total *= 0.5 ** ((ts_ms - before_ms) / _HALF_LIFE_MS)
        total += max(0.0, -_sentiment(read(text, "customer"))) + _CONTACT
        before_ms = ts_ms
    return total


def _sentiment(reading: Reading) -> float:
    return 0.0 if reading.sentiment_e4 is None else reading.sentiment_e4 / 10_000
