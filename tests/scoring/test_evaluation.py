"""Readings as single numbers, for measuring."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.config import Config
from scoring.config import HOUR_MS, MINUTE_MS
from scoring.dialogue import badness
from scoring.evaluation import customer, dialogue, message
from scoring.reading import read
from tests.strategies import BASE_MS, fold_all, signal

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
    assert dialogue(calm[1:]) < dialogue(calm)
    again = {"role": "customer", "text": "A table on monday morning"}
    assert dialogue([failed[0], calm[0], again]) > dialogue([calm[0], again])


PIECES = (
    "Book a cheap table for monday evening|No, I said monday|Thanks, bye|That is awful"
    "|Still no reply, nobody answers|A cheap table for monday evening please?|Great, thank you"
    "|Which day?|Sorry, I cannot find that.|Your table is booked.|Unfortunately we have none"
)
TURNS = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["customer", "agent"]),
            "text": st.sampled_from(PIECES.split("|")),
        }
    ),
    min_size=1,
    max_size=24,
)


@given(TURNS, st.lists(st.integers(0, 22), max_size=8))
def test_turns_sent_through_the_fold_score_the_same(
    turns: list[dict[str, str]], swaps: list[int]
) -> None:
    """The last 16 turns of the final row, whatever neighbours were swapped on their way."""
    order = list(range(len(turns)))
    for place in swaps:
        if place + 1 < len(order):
            order[place : place + 2] = order[place : place + 2][::-1]
    log = [
        signal(
            BASE_MS + place * MINUTE_MS,
            author=turns[place]["role"],
            reading=read(turns[place]["text"], turns[place]["role"]),
        )
        for place in order
    ]
    (talk,) = fold_all(log, Config())[-1].row.customer.conversations
    last = turns[-16:]
    assert [said.author for said in talk.turns] == [turn["role"] for turn in last]
    for place, turn in enumerate(last):
        if turn["role"] == "customer":
            assert badness(talk.turns[: place + 1]) == dialogue(last[: place + 1])


def test_a_customer_is_at_risk_by_displeasure_and_time_heals() -> None:
    """A leaky sum: every bad message counts, old ones less."""
    now = 1_000 * HOUR_MS
    assert customer([]) == 0.0
    assert customer([(now, BAD)]) > customer([(now, "hello")]) == 0.0
    assert customer([(now, BAD), (now, BAD)]) == 2 * customer([(now, BAD)])
    later = [(now, BAD), (now + 12 * HOUR_MS, "hello")]
    assert customer(later) == customer([(now, BAD)]) / 2
    assert customer([(now, "xyzzy")]) == 0.0
