"""Agent turns that name only their thread reach the customer who owns it, and nobody else."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.control import Place
from streams.ingest.conversations import (
    KEEP_MS,
    Conversations,
    Named,
    Nameless,
    identity_key,
)
from streams.ingest.events import Event

PLACE: Place = ("chat", 0, 1)
START_MS = 1_700_000_000_000


def turn(
    customer: str | None, *, thread: str | None = "t", at_ms: int = START_MS, index: int = 0
) -> Event:
    """A turn; without a customer it is an agent's."""
    author = "agent" if customer is None else "customer"
    return Event(
        "message", customer, f"e-{at_ms}-{customer}", at_ms, index, author=author, text="x",
        conversation=thread,
    )  # fmt: skip


def taken(
    conversations: Conversations, offset: int, event: Event
) -> list[tuple[int, str | None, bool]]:
    """Offset, customer and order of what is let go; no customer for what is put aside."""
    return [
        (one.offset, one.customer, one.ordered)
        if isinstance(one, Named)
        else (one.offset, None, False)
        for one in conversations.take(PLACE, offset, event, event.ts_ms)
    ]


def test_agent_turns_go_to_the_first_customer() -> None:
    """Others who join keep their own turns, and own nothing."""
    conversations = Conversations()
    assert taken(conversations, 0, turn("ann")) == [(0, "ann", True)]
    assert taken(conversations, 1, turn("bob")) == [(1, "bob", True)]
    assert taken(conversations, 2, turn(None)) == [(2, "ann", True)]
    key = identity_key("chat", "t")
    assert json.loads(conversations.changed[key] or b"")["customer"] == "ann"


def test_a_turn_before_its_customer_waits_and_is_unordered() -> None:
    """It is let go before the turn that names its customer, and says it was overtaken."""
    conversations = Conversations()
    assert taken(conversations, 0, turn(None)) == []
    assert conversations.held_since_ms(PLACE) == START_MS
    assert taken(conversations, 1, turn("bob", thread="u")) == [(1, "bob", True)]
    assert taken(conversations, 2, turn("ann", at_ms=START_MS + 60_000)) == [
        (0, "ann", False),
        (2, "ann", True),
    ]
    assert conversations.held_since_ms(PLACE) is None


def test_a_turn_waits_a_minute_and_no_longer() -> None:
    """At 60 s it still waits, a millisecond later nobody can be named."""
    conversations = Conversations()
    assert taken(conversations, 0, turn(None)) == []
    assert conversations.overdue(PLACE, START_MS + 60_000) == []
    assert conversations.overdue(PLACE, START_MS + 60_001) == [Nameless(0, turn(None))]
    assert conversations.held == 0
    assert taken(conversations, 9, turn("ann")) == [(9, "ann", True)]


def test_a_customer_who_writes_too_late_names_nobody() -> None:
    """Not even when it is the next record that comes."""
    conversations = Conversations()
    assert taken(conversations, 0, turn(None)) == []
    assert taken(conversations, 1, turn("ann", at_ms=START_MS + 60_001)) == [
        (0, None, False),
        (1, "ann", True),
    ]


def test_no_more_turns_wait_than_allowed() -> None:
    """The oldest makes room: memory has a bound whatever a source sends."""
    conversations = Conversations(hold_max=2)
    assert taken(conversations, 0, turn(None, thread="a")) == []
    assert taken(conversations, 1, turn(None, thread="b")) == []
    assert taken(conversations, 2, turn(None, thread="c")) == [(0, None, False)]
    assert conversations.held == 2


def test_at_the_end_of_a_file_nobody_waits() -> None:
    """Nothing more will come that could name them."""
    conversations = Conversations()
    taken(conversations, 0, turn(None))
    assert conversations.end(PLACE) == [Nameless(0, turn(None))]
    assert conversations.end(PLACE) == []


def test_a_restart_lets_the_same_turns_go_under_the_same_terms() -> None:
    """A turn read again from before its owner is unordered again: no fence may swallow it."""
    first = Conversations()
    taken(first, 0, turn(None))
    taken(first, 1, turn("ann"))
    second = Conversations()
    for key, value in first.changed.items():
        second.apply(key, value)
    assert taken(second, 0, turn(None)) == [(0, "ann", False)]
    assert taken(second, 1, turn("ann")) == [(1, "ann", True)]
    assert taken(second, 2, turn(None)) == [(2, "ann", True)]


def test_a_restart_finds_nobody_for_what_found_nobody() -> None:
    """A turn that waited too long is put aside again, although its owner is known by now."""
    first = Conversations()
    taken(first, 0, turn(None))
    first.overdue(PLACE, START_MS + 60_001)
    taken(first, 1, turn("ann", at_ms=START_MS + 60_001))
    second = Conversations()
    for key, value in first.changed.items():
        second.apply(key, value)
    assert taken(second, 0, turn(None)) == [(0, None, False)]


def test_conversations_are_forgotten_a_month_after_their_last_turn() -> None:
    """Owners do not pile up for ever; a turn keeps its conversation alive."""
    conversations = Conversations()
    taken(conversations, 0, turn("ann"))
    taken(conversations, 1, turn(None, at_ms=START_MS + 86_400_000))
    conversations.forget(PLACE, START_MS + 86_400_000 + KEEP_MS)
    assert conversations.changed[identity_key("chat", "t")] is not None
    for other in (("other", 0, 1), ("chat", 0, 2)):
        conversations.forget(other, START_MS + 86_400_001 + KEEP_MS)
    assert conversations.changed[identity_key("chat", "t")] is not None
    conversations.forget(PLACE, START_MS + 86_400_001 + KEEP_MS)
    assert conversations.changed[identity_key("chat", "t")] is None


def test_what_is_held_goes_with_its_partition() -> None:
    """Its next owner reads it again; held twice it would be appended twice."""
    conversations = Conversations()
    taken(conversations, 0, turn(None))
    conversations.lose(PLACE)
    assert conversations.held == 0
    assert taken(conversations, 1, turn("ann")) == [(1, "ann", True)]


def test_other_identities_are_left_alone() -> None:
    """The topic will hold more kinds than ours."""
    conversations = Conversations()
    conversations.apply(b"merge:c-1", b"not ours")
    conversations.apply(None, b"nobody's")
    assert taken(conversations, 0, turn(None)) == []


TURNS = st.lists(
    st.tuples(
        st.sampled_from([None, "ann", "bob"]),
        st.sampled_from(["t", "u", None]),
        st.sampled_from([0, 1, 59_999, 60_000, 60_001]),
    ),
    max_size=12,
)


@given(TURNS)
def test_every_turn_is_named_or_put_aside_exactly_once(
    turns: list[tuple[str | None, str | None, int]],
) -> None:
    """And an agent's turn goes to the first customer who wrote in its conversation."""
    conversations = Conversations(hold_max=3)
    decided: list[Named | Nameless] = []
    now_ms = START_MS
    owners: dict[str, str] = {}
    given_: list[int] = []
    for offset, (customer, thread, gap_ms) in enumerate(turns):
        if customer is None and thread is None:
            continue
        given_.append(offset)
        now_ms += gap_ms
        event = turn(customer, thread=thread, at_ms=now_ms)
        if customer is not None and thread is not None:
            owners.setdefault(thread, customer)
        decided += conversations.take(PLACE, offset, event, now_ms)
        since_ms = conversations.held_since_ms(PLACE)
        assert since_ms is None or now_ms - since_ms <= 60_000
    decided += conversations.end(PLACE)
    assert sorted(one.offset for one in decided) == given_
    for one in decided:
        if isinstance(one, Named):
            own, thread = one.event.customer, one.event.conversation
            assert one.customer == (owners[thread or ""] if own is None else own)
