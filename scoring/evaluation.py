"""Readings as single numbers, for measuring against labelled texts.

Thin calls of what the product itself computes, so that a measurement measures the product: there
is no second implementation. Times are integer milliseconds.

Next step: a measuring script compares these numbers with people's labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scoring.config import MINUTE_MS, Scoring
from scoring.customer import CAPS, Customer, advance
from scoring.dialogue import badness, displeasure
from scoring.reading import read
from scoring.records import Origin, Signal

_SCORING: Final = Scoring()


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
            More than a conversation remembers are cut as there; a minute lies between two.
    """
    customer = Customer()
    for place, turn in enumerate(turns[-CAPS["turns"] :]):
        signal = _signal(place * MINUTE_MS, turn["text"], turn["role"])
        customer = advance(customer, signal, _SCORING)
    return badness(customer.conversations[0].turns)


def customer(messages: Sequence[tuple[int, str]]) -> float:
    """How much a customer is at risk after these messages.

    It is the part `displeasure` of their distress, before its cap, in wholly bad turns: the other
    parts say what is to be done now, this one foretells the next complaint best (docs/detection).

    Args:
        messages: `(time in ms, text)`, oldest first.
    """
    known = Customer()
    for ts_ms, text in messages:
        known = advance(known, _signal(ts_ms, text, "customer"), _SCORING)
    turns = (said for talk in known.conversations for said in talk.turns)
    return displeasure(turns, messages[-1][0], 10_000) / 10_000 if messages else 0.0


def _signal(ts_ms: int, text: str, author: str) -> Signal:
    return Signal(
        at_ms=ts_ms,
        complete_to_ms=ts_ms,
        event_id="",
        ts_ms=ts_ms,
        origin=Origin("evaluation", 0, 0),
        author=author,
        conversation="evaluation",
        reading=read(text, author),
        inbound=False,
    )
