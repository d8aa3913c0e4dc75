"""What only several conversations show: the same again, elsewhere, with somebody else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from scoring.config import DAY_MS, HOUR_MS
from scoring.conversation import HARM_HOURS, WORDS, Conversation
from scoring.customer import Customer, advance
from scoring.effort import EFFORT_POINTS, REOPEN_MS
from scoring.panes import COLUMN
from scoring.records import Cue, LogRecord, Reading, Signal, Turn
from scoring.talks import Linked, view
from tests.strategies import BASE_MS, SCORING, answer, interaction, signal, thanks

T = BASE_MS
NEAR = SCORING.same_issue_ms
MANY = (11, 12, 13, 14)


def told(*records: LogRecord) -> Customer:
    """What we remember after these records."""
    found = Customer()
    for record in records:
        found = advance(found, record, SCORING)
    return found


def says(ts_ms: int, key: str, *hashes: int, **changes: Any) -> Signal:
    """A turn of the customer with these words."""
    reading = Reading("en", 0, (), Turn(words=5, hashes=hashes))
    facts: dict[str, Any] = {"conversation": key, "reading": reading, "channel": "chat"}
    return signal(ts_ms, **(facts | changes))


def found(customer: Customer) -> list[str]:
    """Codes of the effort seen, in order."""
    return [past.cue for past in customer.evidence if past.cue in EFFORT_POINTS]


def talk(customer: Customer, key: str) -> Conversation:
    """One conversation."""
    (one,) = (one for one in customer.conversations if one.key == key)
    return one


FIRST = [says(T, "a", *MANY), answer(T + 1, conversation="a", channel="chat")]
LATER = T + 1 + NEAR

REPEATS: dict[str, tuple[list[LogRecord], list[str], str]] = {
    "the same words": ([*FIRST, says(T + 9, "b", 11, 12, 13, 99)], ["same_issue"], "same_words"),
    "two words are chance": ([*FIRST, says(T + 9, "b", 11, 12, 98, 99)], [], ""),
    "three of seven are chance too": (
        [says(T, "a", *MANY, 15, 16, 17), says(T + 9, "b", 11, 12, 13, 21, 22, 23, 24)], [], "",
    ),
    "words of two turns together": (
        [*FIRST, says(T + 9, "b", 11, 12), says(T + 19, "b", 13)], ["same_issue"], "same_words",
    ),
    "in another channel": (
        [*FIRST, says(T + 9, "b", *MANY, channel="mail")], ["same_issue", "hopped"], "same_words",
    ),
    "the same touch-point": (
        [says(T, "a", 1, touchpoint="cart"), says(T + 9, "b", 2, touchpoint="cart")],
        ["same_issue"],
        "same_touchpoint",
    ),
    "another touch-point": (
        [says(T, "a", 1, touchpoint="cart"), says(T + 9, "b", 2, touchpoint="till")], [], "",
    ),
    "within a fortnight": ([*FIRST, says(LATER, "b", *MANY)], ["same_issue"], "same_words"),
    "after a fortnight": ([*FIRST, says(LATER + 1, "b", *MANY)], [], ""),
    "before it, come late": ([*FIRST, says(T - 9, "b", *MANY)], [], ""),
    "a goodbye repeats nothing": (
        [*FIRST, says(T + 9, "b", reading=Reading("en", 0, (), Turn(closes=True, hashes=MANY)))],
        [],
        "",
    ),
    "an answer of ours repeats nothing": (
        [*FIRST, says(T + 9, "b", *MANY, author="agent")], [], "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REPEATS)
def test_the_same_issue_in_another_conversation_is_linked_with_a_reason(name: str) -> None:
    """Hashes of words or the touch-point say so; without either nothing is claimed."""
    records, codes, reason = REPEATS[name]
    customer = told(*records)
    one = talk(customer, "b")
    assert found(customer) == codes
    assert (one.linked, one.link_reason) == (("a", reason) if reason else (None, ""))
    assert one.hops == ("hopped" in codes)


def test_a_repeat_scores_once_and_links_to_what_was_talked_of_last() -> None:
    """Saying more in the same conversation is no further repeat, nor is going back to the first."""
    customer = told(*FIRST, says(T + 9, "b", *MANY), says(T + 10, "b", 50), says(T + 11, "a", 51))
    assert found(customer) == ["same_issue"]
    assert talk(customer, "a").linked is None
    third = advance(customer, says(T + 20, "c", *MANY), SCORING)
    assert talk(third, "c").linked == "a"
    assert sum(pane[COLUMN["repetition"]] for pane in third.days) >= 1_600


GOODBYE = thanks(T, conversation="a")
OPENED: dict[str, tuple[list[LogRecord], bool]] = {
    "a day after our answer": ([*FIRST, says(T + 1 + REOPEN_MS, "a", 1)], True),
    "sooner after our answer": ([*FIRST, says(T + REOPEN_MS, "a", 1)], False),
    "four hours after a goodbye": ([GOODBYE, says(T + 4 * HOUR_MS, "a", 1)], True),
    "sooner after a goodbye": ([GOODBYE, says(T + 4 * HOUR_MS - 1, "a", 1)], False),
    "unanswered": ([says(T, "a", 1), says(T + 9 * DAY_MS, "a", 2)], False),
    "never answered": (
        [signal(T, author="bot", conversation="a"), says(T + 9 * DAY_MS, "a", 2)], False,
    ),
    "after a call": (
        [interaction(T, "call_made", conversation="a"), says(T + DAY_MS, "a", 2)], True,
    ),
    "where conversations have no names": (
        [
            signal(T, conversation=None, channel="a"),
            answer(T + 1, conversation=None, channel="a"),
            signal(T + 9 * DAY_MS, conversation=None, channel="a"),
        ],
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPENED)
def test_what_was_over_and_is_asked_again_is_opened_again(name: str) -> None:
    """By the time since it was over."""
    records, opened = OPENED[name]
    customer = told(*records)
    assert (found(customer) == ["reopened"]) == opened
    assert customer.conversations[-1].reopens == opened


@pytest.mark.parametrize(
    ("authors", "handed"),
    [
        (("customer", "bot", "agent"), True),
        (("customer", "bot", "agent", "agent"), True),
        (("bot", "agent"), True),
        (("customer", "agent"), False),
        (("agent", "bot"), False),
        (("customer", "bot", "agent", "customer"), False),
        (("agent",), False),
        ((), False),
    ],
)
def test_a_person_after_a_bot_is_a_handoff(authors: tuple[str, ...], *, handed: bool) -> None:
    """Counted when the customer goes on, once."""
    before = [signal(T + at, author=who) for at, who in enumerate(authors)]
    customer = told(*before)
    counted = sum(one.handoffs for one in customer.conversations)
    after = told(*before, signal(T + 50))
    assert (talk(after, "t-1").handoffs - counted == 1) == handed


def test_what_a_conversation_is_about_is_its_first_words() -> None:
    """Of the customer's turns, as many as are kept."""
    customer = told(
        says(T, "a", 1, 2, 3), answer(T + 1, conversation="a"), says(T + 2, "a", *range(9, 20))
    )
    assert talk(customer, "a").words == (1, 2, 3, 9, 10, 11, 12, 13)
    assert len(talk(customer, "a").words) == WORDS


# ---------------------------------------------------------------------- the view


def test_a_conversation_has_a_distress_of_its_own() -> None:
    """Its points, halving in 12 hours, less relief, and the clock of its own wait."""
    customer = told(
        signal(T, 3_000, conversation="a"), answer(T + 1, conversation="a"),
        signal(T + 2, 200, conversation="b"),
    )  # fmt: skip

    def at(key: str, later_ms: int) -> tuple[int, str | None]:
        now = view(
            customer, talk(customer, key), T + later_ms, SCORING, complete_to_ms=T + later_ms
        )
        return now.distress_e2, now.reason

    assert at("a", 2) == (3_000, "angry")
    assert at("a", 12 * HOUR_MS) == (1_500, "angry")
    assert at("b", 2) == (200, "angry")
    assert at("b", HOUR_MS + 2)[1] == "waiting_now"
    assert at("b", 24 * HOUR_MS + 2)[0] == 2_000 + 50
    stuck = view(customer, talk(customer, "b"), T + DAY_MS, SCORING, complete_to_ms=T + 2)
    assert stuck.distress_e2 < 200
    calm = told(signal(T), interaction(T + 1, "refund"), answer(T + 2), thanks(T + 3))
    now = view(calm, talk(calm, "t-1"), T + 3, SCORING, complete_to_ms=T + 3)
    assert (now.distress_e2, now.reason, now.state) == (0, None, "closed")


def test_points_of_a_conversation_are_of_its_newest_hours() -> None:
    """Bounded; thanks take away, and what is late beyond the ring is lost."""
    hours = [signal(T + hour * HOUR_MS, 100, reading=None) for hour in range(9)]
    angry = [
        msgspec.structs.replace(one, reading=Reading("en", 0, (Cue("angry", "feeling", 100),)))
        for one in hours
    ]
    assert len(talk(told(*angry), "t-1").harm) == HARM_HOURS
    late = signal(T - 30 * DAY_MS, 100)
    assert talk(told(*angry, late), "t-1").harm == talk(told(*angry), "t-1").harm
    healed = thanks(T + 9 * HOUR_MS, cues=(Cue("thanks", "relief", 70),))
    assert talk(told(*angry, healed), "t-1").harm[-1] == ((T + 9 * HOUR_MS) // HOUR_MS, -70)


@pytest.mark.parametrize(
    ("records", "state"),
    [
        ([signal(T)], "waiting"),
        ([signal(T), answer(T + 1)], "answered"),
        ([signal(T), thanks(T + 1)], "closed"),
        ([signal(T, inbound=True)], "unknown"),
        ([interaction(T, "call_made")], "answered"),
    ],
)
def test_the_state_says_who_is_to_act(records: list[LogRecord], state: str) -> None:
    """Where replies are not visible nobody can say."""
    customer = told(*records)
    (one,) = customer.conversations
    assert view(customer, one, T + 1, SCORING, complete_to_ms=T + 1).state == state


def test_links_are_shown_from_both_sides() -> None:
    """What it repeats, and what repeats it."""
    customer = told(*FIRST, says(T + 9, "b", *MANY), says(T + 10, "c", *MANY))

    def linked(key: str) -> tuple[Linked, ...]:
        return view(customer, talk(customer, key), T + 10, SCORING, complete_to_ms=T).linked

    assert linked("a") == (Linked("b", "same_words"),)
    assert linked("b") == (Linked("a", "same_words"), Linked("c", "same_words"))
