"""Readings as single numbers, for measuring."""

from __future__ import annotations

from scoring.config import HOUR_MS
from scoring.evaluation import customer, dialogue, message
from scoring.reading import read

BAD = "Nobody answers, I am still waiting, this is awful."


def test_a_message_is_its_reading() -> None:
    """A measurement measures the product."""
    value = read(BAD, "customer").sentiment_e4
    assert value is not None
    assert message(BAD) == value / 10_000
    assert message("Das ist nicht gut") is None


def test_a_dialogue_is_worse_when_the_customer_is_not_understood() -> None:
    """The same answer after a refusal, corrected, and in words that come again."""
    calm = [{"role": "agent", "text": "Which day?"}, {"role": "customer", "text": "Monday morning"}]
    failed = [
        {"role": "customer", "text": "Book a table on monday morning"},
        {"role": "agent", "text": "Sorry, I cannot find that."},
        {"role": "customer", "text": "No, a table on monday morning"},
    ]
    closed = [*failed[:2], {"role": "customer", "text": "Thanks, bye"}]
    assert dialogue(failed) > dialogue(calm) > dialogue(closed)
    assert dialogue(calm[1:]) == dialogue(calm)
    again = {"role": "customer", "text": "A table on monday morning"}
    assert dialogue([failed[0], calm[0], again]) > dialogue([calm[0], again])


def test_a_customer_is_at_risk_by_contacts_and_badness_and_time_heals() -> None:
    """A leaky sum: every message counts, bad ones more, old ones less."""
    now = 1_000 * HOUR_MS
    assert customer([]) == 0.0
    assert customer([(now, BAD)]) > customer([(now, "hello")]) > 0.0
    assert customer([(now, "hello"), (now, "hello")]) > customer([(now, "hello")])
    later = [(now, BAD), (now + 48 * HOUR_MS, "hello")]
    assert customer(later) < customer([(now, BAD)])
    assert customer([(now, "xyzzy")]) == customer([(now, "hello")])
