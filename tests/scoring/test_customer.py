"""What is remembered of a customer, and what is forgotten in which order."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.row import IDS_MAX, ORIGINS_MAX
from scoring.config import HOUR_MS, MINUTE_MS, Interaction
from scoring.conversation import Conversation
from scoring.customer import CAPS, Customer, advance, at_hand, at_rest
from scoring.panes import COLUMN, DAYS, HOURS, MINUTES
from scoring.records import FAMILIES, Cue, LogRecord, Origin, Reading, Signal, Turn
from tests.strategies import (
    BASE_MS,
    SCORING,
    answer,
    command,
    interaction,
    logs,
    outcome,
    profile,
    signal,
    signals,
    thanks,
    wake,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "customer.json"
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Customer).decode
T = BASE_MS
STATE_P99 = 6_000  # bytes of a customer who writes a hundred times a day
STATE_MAX = 8_000  # bytes: every ring full, each conversation long, all evidence, six families


def told(*records: LogRecord, customer: Customer | None = None) -> Customer:
    """What we remember after these records."""
    found = Customer() if customer is None else customer
    for record in records:
        found = advance(found, record, SCORING)
    return found


def talk(customer: Customer, key: str = "t-1") -> Conversation:
    """One conversation."""
    (found,) = (one for one in customer.conversations if one.key == key)
    return found


def total(customer: Customer, column: str) -> int:
    """All of a column that the longest ring holds."""
    return sum(pane[COLUMN[column]] for pane in customer.days)


# ---------------------------------------------------------------------- who waits

WAITS: dict[str, tuple[list[LogRecord], int | None]] = {
    "a question waits": ([signal(T)], T),
    "thanks start none": ([thanks(T)], None),
    "thanks end one": ([signal(T), thanks(T + 5)], None),
    "an answer ends one": ([signal(T), answer(T + 5)], None),
    "a bot ends none": ([signal(T), signal(T + 5, author="bot")], T),
    "an inbound source shows no answers": ([signal(T, inbound=True)], None),
    "the oldest unanswered turn counts": ([signal(T), signal(T + 5), signal(T + 9)], T),
    "after an answer the next turn counts": (
        [signal(T), answer(T + 5), signal(T + 9), signal(T + 12)],
        T + 9,
    ),
    "an answer counts by its time": ([signal(T), signal(T + 9), answer(T + 5)], T + 9),
    "an answer of before answers nothing": ([signal(T), answer(T - 5)], T),
    "a turn of before an answer was answered": ([answer(T + 5), signal(T)], None),
    "at the same moment the answer is the answer": ([signal(T), answer(T)], None),
    "a call requested waits": ([interaction(T, "call_requested")], T),
    "a call made ends it": (
        [interaction(T, "call_requested"), interaction(T + 5, "call_made")],
        None,
    ),
    "a second request outlives an answer in between that comes late": (
        [
            interaction(T, "call_requested"),
            interaction(T + 9, "call_requested"),
            interaction(T + 5, "call_made"),
        ],
        T + 9,
    ),
    "an interaction of no consequence waits for nothing": ([interaction(T, "refund")], None),
    "what has ended waits no more": ([signal(T), outcome(T + 5, "churned")], None),
    "a renewal ends no wait": ([signal(T), outcome(T + 5, "renewed")], T),
    "who refused is not followed": ([signal(T), profile(T + 5, monitor=False)], None),
}


@pytest.mark.parametrize("name", WAITS)
def test_who_waits_and_since_when(name: str) -> None:
    """Somebody waits from the oldest turn that nobody answered, by the times of the turns."""
    records, expected = WAITS[name]
    since = [one.waiting_since_ms for one in told(*records).conversations]
    assert [one for one in since if one is not None] == ([] if expected is None else [expected])


steps = st.lists(
    st.tuples(
        st.integers(0, 10**7),
        st.sampled_from(["asks", "closes", "agent", "bot", "call_requested", "call_made"]),
    ),
    max_size=CAPS["turns"],
    unique_by=lambda step: step[0],
)


def _event(place_ms: int, kind: str) -> Signal:
    match kind:
        case "asks":
            return signal(T + place_ms)
        case "closes":
            return thanks(T + place_ms)
        case "agent" | "bot":
            return signal(T + place_ms, author=kind)
        case _:
            return interaction(T + place_ms, kind)


@given(steps, st.randoms(use_true_random=False))
def test_a_conversation_is_the_same_whatever_order_its_turns_come_in(
    given_steps: list[tuple[int, str]], shuffler: random.Random
) -> None:
    """Turns, who answered when and who waits follow from the times of the turns alone."""
    shuffled = list(given_steps)
    shuffler.shuffle(shuffled)
    one = told(*(_event(*step) for step in sorted(given_steps)))
    other = told(*(_event(*step) for step in shuffled))
    assert [_by_time(talk) for talk in one.conversations] == [
        _by_time(talk) for talk in other.conversations
    ]


def _by_time(talk: Conversation) -> Conversation:
    """Without what counts as it comes: points, and how often it was opened again."""
    return msgspec.structs.replace(talk, harm=(), cue="", reopens=0, handoffs=0)


@given(steps)
def test_the_wait_is_what_a_reader_of_the_whole_conversation_would_say(
    given_steps: list[tuple[int, str]],
) -> None:
    """The oldest turn that asks, after the newest that answers or closes."""
    ends = [place for place, kind in given_steps if kind in {"closes", "agent", "call_made"}]
    asks = [place for place, kind in given_steps if kind in {"asks", "call_requested"}]
    open_ = [place for place in asks if place > max(ends, default=-1)]
    found = told(*(_event(*step) for step in given_steps))
    since = [one.waiting_since_ms for one in found.conversations if one.waiting_since_ms]
    assert since == ([T + min(open_)] if open_ else [])


def test_a_wait_outlives_the_turns_that_are_remembered() -> None:
    """Twenty messages without an answer: it is the first that waits, though its turn is gone."""
    found = told(*(signal(T + place) for place in range(20)))
    assert len(talk(found).turns) == CAPS["turns"]
    assert talk(found).waiting_since_ms == T


# ---------------------------------------------------------------------- contacts

CONTACTS: dict[str, tuple[list[LogRecord], int]] = {
    "the first message is one": ([signal(T)], 1),
    "the next sentence is none": ([signal(T), signal(T + 10 * MINUTE_MS - 1)], 1),
    "two at the same moment are one": ([signal(T), signal(T, event_id="other")], 1),
    "asking again after ten minutes is one": ([signal(T), signal(T + 10 * MINUTE_MS)], 2),
    "replying to us is none": ([signal(T), answer(T + 1), signal(T + 4 * HOUR_MS)], 1),
    "coming back four hours after our answer is one": (
        [signal(T), answer(T + 1), signal(T + 4 * HOUR_MS + 1)],
        2,
    ),
    "another conversation is one": ([signal(T), signal(T + 1, conversation="t-2")], 2),
    "another channel is none at once": (
        [signal(T, conversation=None), signal(T + 1, conversation=None, channel="mail")],
        1,
    ),
    "another channel is one after ten minutes": (
        [
            signal(T, conversation=None),
            signal(T + 10 * MINUTE_MS, conversation=None, channel="mail"),
        ],
        2,
    ),
    "an answer is none": ([answer(T)], 0),
    "an interaction may be one": ([interaction(T, "call_requested")], 1),
    "another interaction is none": ([interaction(T, "checkout_failed")], 0),
    "a message after a request is talked of anew": (
        [interaction(T, "call_requested"), signal(T + 20 * MINUTE_MS)],
        2,
    ),
}


@pytest.mark.parametrize("name", CONTACTS)
def test_turning_to_us_anew_is_a_contact(name: str) -> None:
    """The ladder of distress counts contacts, not messages."""
    records, expected = CONTACTS[name]
    found = told(*records)
    assert total(found, "contacts") == expected
    assert (found.contact_ms is None) == (expected == 0)


# ---------------------------------------------------------------------- what the dialogue shows

WORDS = (11, 12, 13, 14)


def said(hashes: tuple[int, ...] = (), **turn: Any) -> dict[str, Any]:
    """A reading of a turn."""
    return {"reading": Reading("en", 0, (), Turn(hashes=hashes, **turn))}


DIALOGUE: dict[str, tuple[list[LogRecord], dict[str, int]]] = {
    "saying the same again": (
        [signal(T, **said(WORDS)), signal(T + 60_000, **said((11, 12, 13, 99, 98)))],
        {"repetition": 700},
    ),
    "two words are chance": (
        [signal(T, **said(WORDS)), signal(T + 60_000, **said((11, 12, 99)))],
        {},
    ),
    "three of seven are chance too": (
        [
            signal(T, **said((*WORDS, 15, 16, 17))),
            signal(T + 60_000, **said((11, 12, 13, 91, 92, 93, 94))),
        ],
        {},
    ),
    "asking again unanswered": (
        [signal(T), signal(T + 10 * MINUTE_MS)],
        {"repetition": 500},
    ),
    "asking again at once": ([signal(T), signal(T + 10 * MINUTE_MS - 1)], {}),
    "asking again where no answers show": (
        [signal(T, inbound=True), signal(T + HOUR_MS, inbound=True)],
        {},
    ),
    "thanking late": ([signal(T), thanks(T + HOUR_MS)], {}),
    "correcting us": (
        [signal(T), answer(T + 1), signal(T + 2, **said(corrects=True))],
        {"effort": 400},
    ),
    "correcting a bot": (
        [signal(T), signal(T + 1, author="bot"), signal(T + 2, **said(corrects=True))],
        {},
    ),
    "correcting us and thanking": (
        [signal(T), answer(T + 1), signal(T + 2, **said(corrects=True, closes=True))],
        {},
    ),
    "an answer that failed": (
        [signal(T), answer(T + 1, **said(fails=True)), signal(T + 4 * HOUR_MS, **said())],
        {"effort": 400},
    ),
    "an answer that failed at the same moment": (
        [signal(T), answer(T + 1, **said(fails=True)), signal(T + 1, **said())],
        {},
    ),
    "an answer that failed long ago": (
        [signal(T), answer(T + 1, **said(fails=True)), signal(T + 4 * HOUR_MS + 1, **said())],
        {},
    ),
    "what we cannot read": (
        [signal(T, **said(WORDS)), signal(T + HOUR_MS, reading=Reading("unknown", None))],
        {},
    ),
    "a message without a text": ([signal(T), signal(T + HOUR_MS, reading=None)], {}),
    "a request is no turn to repeat": (
        [interaction(T, "call_requested"), signal(T + HOUR_MS, **said())],
        {"waiting": 300},
    ),
}


@pytest.mark.parametrize("name", DIALOGUE)
def test_what_only_the_dialogue_shows_scores_points(name: str) -> None:
    """A turn is read against the turns before it."""
    records, expected = DIALOGUE[name]
    found = told(*records)
    assert {name: n for name in FAMILIES if (n := total(found, name))} == expected


# ---------------------------------------------------------------------- counting and remembering


def test_messages_are_counted_by_what_could_be_read() -> None:
    """Agents' and bots' words count for nobody; an unread message is a message."""
    found = told(
        signal(T, 500),
        signal(T + 1, reading=Reading("unknown", None)),
        signal(T + 2, reading=None),
        answer(T + 3, 500),
        signal(T + 4, 500, author="bot"),
        interaction(T + 5, "checkout_failed"),
        interaction(T + 6, "unheard_of"),
    )
    assert (found.signals, found.messages, found.read, found.behaviours) == (7, 3, 1, 1)
    assert (total(found, "feeling"), total(found, "effort")) == (500, 600)
    assert (total(found, "messages"), total(found, "negatives"), total(found, "replies")) == (
        3,
        2,
        1,
    )


def test_minutes_hold_counts_hours_contacts_and_points_days_all() -> None:
    """Each ring what is asked of it: a minute no points, an hour no other counts."""
    two = (Cue("a", "feeling", 300), Cue("b", "feeling", 200))
    found = told(signal(T, cues=two), answer(T + MINUTE_MS))
    minute, columns = T // MINUTE_MS, len(FAMILIES)
    assert found.minutes == ((minute, 1, 1, 1, 0), (minute + 1, 0, 0, 0, 1))
    (hour,), (day,) = found.hours, found.days
    assert hour[:5] == (T // HOUR_MS, 1, 0, 0, 0)
    assert day[:5] == (T // DAYS.pane_ms, 1, 1, 1, 1)
    assert hour[5:] == day[5:] and len(hour[5:]) == columns
    assert (total(found, "feeling"), sum(hour[5:])) == (500, 500), "all cues of a family add up"


def test_a_message_may_itself_be_worth_something() -> None:
    """Where the catalogue has a row for messages: beside what they say."""
    scoring = msgspec.structs.replace(
        SCORING, interactions={"message": Interaction(points=100, family="effort")}
    )
    found = advance(Customer(), signal(T, 500), scoring)
    assert (total(found, "feeling"), total(found, "effort")) == (500, 100)
    assert [past.cue for past in found.evidence] == ["angry", "message"]


def test_what_neither_says_nor_ends_anything_opens_no_conversation() -> None:
    """A refund is remembered, and not as a talk."""
    assert told(interaction(T, "refund")).conversations == ()
    assert told(interaction(T, "unheard_of")).conversations == ()


def test_an_answer_in_the_same_moment_took_no_time() -> None:
    """Zero is a time like any other."""
    assert told(signal(T), answer(T)).answers == (0,)


def test_only_customers_are_scored_never_staff() -> None:
    """Whatever a reading of an agent's or a bot's turn says, it scores no points."""
    found = told(answer(T, 5_000), signal(T + 1, 5_000, author="bot"))
    assert found.evidence == ()
    assert not any(total(found, family) for family in FAMILIES)


CALM: dict[str, tuple[LogRecord, bool]] = {
    "an answer of ours": (answer(T), True),
    "a message without distress": (signal(T), True),
    "thanks": (thanks(T), True),
    "a message with more relief than harm": (
        signal(T, cues=(Cue("a", "relief", 500), Cue("b", "feeling", 400))),
        True,
    ),
    "a message with a little more harm than relief": (
        signal(T, cues=(Cue("a", "relief", 400), Cue("b", "feeling", 500))),
        False,
    ),
    "a bad message": (signal(T, 100), False),
    "a message as little bad as can be": (signal(T, 1), False),
    "a bad goodbye": (thanks(T, 100), False),
    "a bot": (signal(T, author="bot"), False),
    "a refund": (interaction(T, "refund"), True),
    "a failure": (interaction(T, "checkout_failed"), False),
    "a call made": (interaction(T, "call_made"), True),
}


@pytest.mark.parametrize("name", CALM)
def test_what_is_a_sign_of_calm(name: str) -> None:
    """An alert recovers only if something good or neutral was seen since."""
    record, calm = CALM[name]
    assert (told(record).calm_ms == T) == calm


@pytest.mark.parametrize(("points", "calm"), [(0, False), (1, True)])
def test_relief_worth_nothing_is_no_sign_of_calm(points: int, *, calm: bool) -> None:
    """A hundredth of a point is one."""
    scoring = msgspec.structs.replace(
        SCORING, interactions={"refund": Interaction(points=points, family="relief")}
    )
    found = advance(Customer(), interaction(T, "refund"), scoring)
    assert (found.calm_ms == T) == calm


@given(st.permutations(range(6)))
def test_first_and_newest_times_do_not_depend_on_order(order: list[int]) -> None:
    """They are event times: what comes late changes what was first."""
    found = told(*(signal(T + MINUTE_MS * place) for place in order))
    assert (found.first_ms, found.event_ms) == (T, T + 5 * MINUTE_MS)
    assert found.calm_ms == T + 5 * MINUTE_MS


def test_what_is_older_than_the_rings_is_counted_and_its_points_are_lost() -> None:
    """Shown as late, never silently."""
    found = told(signal(T), signal(T - DAYS.pane_ms * DAYS.panes, 900, conversation="t-0"))
    assert (found.late, found.signals, total(found, "feeling")) == (1, 2, 0)


def test_what_is_older_than_a_week_still_counts_for_the_relationship() -> None:
    """The hour ring has turned, the day ring has not: it is not late."""
    found = told(signal(T), signal(T - 8 * 24 * HOUR_MS, 900))
    assert found.late == 0
    assert total(found, "feeling") == 900
    assert sum(pane[COLUMN["feeling"]] for pane in found.hours) == 0


def test_outcomes_are_remembered_up_to_a_few() -> None:
    """A label, the newest last; none of them is an input of a score."""
    kinds = ["renewed", "refunded", "complaint", "escalated", "downgraded"]
    found = told(*(outcome(T + at, kind) for at, kind in enumerate(kinds)))
    assert found.outcomes == tuple((T + at, kinds[at]) for at in range(1, 5))
    assert (found.signals, found.days) == (0, ())


def test_who_refused_is_not_remembered_any_further() -> None:
    """Consent refused: nothing that comes after is kept, until it is given again."""
    refused = told(signal(T, 500), profile(T + 1, monitor=False))
    assert told(signal(T + 2, 500), answer(T + 3), customer=refused) == refused
    again = told(profile(T + 4), signal(T + 5, 300), customer=refused)
    assert total(again, "feeling") == 800


def test_a_profile_replaces_the_one_before_as_a_whole() -> None:
    """What the newer one does not say is not known any more."""
    found = told(profile(T, name="Sara", tier="gold"), profile(T + 1, name="Sara A."))
    assert found.profile is not None
    assert (found.profile.name, found.profile.tier) == ("Sara A.", None)


def test_an_older_profile_that_comes_late_replaces_nothing() -> None:
    """A source read again must not give back a consent that was refused since."""
    found = told(profile(T, monitor=False), profile(T + 1, ts_ms=T - 1))
    assert found.profile is not None
    assert not found.profile.monitor
    same_time = told(profile(T, monitor=False), profile(T, name="Bo"))
    assert same_time.profile is not None and same_time.profile.name == "Bo"


def test_wakes_and_commands_change_nothing_here() -> None:
    """Time and decisions are no memories of a customer."""
    before = told(signal(T, 500))
    assert told(wake(T + 1), command(T + 2, "ack"), customer=before) is before


# ---------------------------------------------------------------------- caps


def test_a_full_memory_of_conversations_lets_go_of_one_nobody_waits_in() -> None:
    """The least recent closed one first; who waits is not forgotten for a newer talk."""
    keys = [f"t-{place}" for place in range(CAPS["conversations"])]
    opened = [signal(T + at, conversation=key) for at, key in enumerate(keys)]
    full = told(*opened, answer(T + 50, conversation="t-3"), answer(T + 51, conversation="t-2"))
    after = told(signal(T + 60, conversation="new"), customer=full)
    kept = {one.key for one in after.conversations}
    assert kept == {*keys, "new"} - {"t-3"}


def test_where_all_wait_the_least_recent_conversation_goes() -> None:
    """The order is that of the last record, so it is the same on every replay."""
    keys = [f"t-{place}" for place in range(CAPS["conversations"])]
    full = told(*(signal(T + at, conversation=key) for at, key in enumerate(keys)))
    full = told(signal(T + 20, conversation="t-0"), customer=full)
    after = told(signal(T + 30, conversation="new"), customer=full)
    assert {one.key for one in after.conversations} == {*keys, "new"} - {"t-1"}


def test_a_conversation_silent_for_a_month_goes_before_one_that_waits() -> None:
    """Though somebody may still wait in it."""
    month = 30 * 24 * HOUR_MS
    fresh = [signal(T + month, conversation=f"t-{at}") for at in range(1, CAPS["conversations"])]
    full = told(*fresh, signal(T, conversation="old"))
    after = told(signal(T + month + 1, conversation="new"), customer=full)
    assert "old" not in {one.key for one in after.conversations}
    assert "t-1" in {one.key for one in after.conversations}


def test_evidence_keeps_the_newest_three_of_a_family() -> None:
    """By event time, then by points: a late cause does not push out a newer one."""
    found = told(*(signal(T + at, 100 + at) for at in (1, 5, 2, 4, 3)), signal(T, 900))
    assert sorted(past.ts_ms - T for past in found.evidence) == [3, 4, 5]
    mixed = told(signal(T + 9, 100, family="intent"), customer=found)
    assert len(mixed.evidence) == 4


def test_of_more_than_twelve_causes_the_family_with_most_gives_way() -> None:
    """So each family that scored keeps a cause."""
    families = [family for family in FAMILIES for _ in range(3)]
    found = told(*(signal(T + at, 100, family=family) for at, family in enumerate(families)))
    kept = [(past.family, past.ts_ms - T) for past in found.evidence]
    assert len(kept) == CAPS["evidence"]
    assert {family for family, _ in kept} == set(FAMILIES)
    assert ("feeling", 0) not in kept and ("relief", len(families) - 1) in kept


def test_a_conversation_set_aside_keeps_its_last_turns_and_the_wait() -> None:
    """What it is about is kept once, and known again when it goes on."""
    turns = [signal(T + at, **said((at, at + 1))) for at in range(6)]
    ours = answer(T - 1, **said(WORDS))
    full = talk(told(ours, *turns))
    assert [one.turn.hashes for one in full.turns] == [(), *((at, at + 1) for at in range(6))]
    aside = talk(told(ours, *turns, signal(T + 9, conversation="t-2")))
    assert [(one.ts_ms - T, one.turn.hashes) for one in aside.turns] == [(4, ()), (5, ())]
    assert aside.words == tuple(range(7))
    assert aside.waiting_since_ms == full.waiting_since_ms == T
    back = told(ours, *turns, signal(T + 9, conversation="t-2"), signal(T + 11))
    assert [one.key for one in back.conversations] == ["t-2", "t-1"]
    assert [one.ts_ms - T for one in talk(back).turns] == [4, 5, 11]
    assert talk(back).turns[1].turn.hashes == aside.words
    again = told(ours, *turns, signal(T + 9, conversation="t-2"), signal(T + 11, **said((0, 1, 2))))
    assert total(again, "repetition") == 700
    bare = told(answer(T), signal(T + 9, conversation="t-2"), answer(T + 11))
    assert [one.turn.hashes for one in talk(bare).turns] == [(), ()]


@given(st.lists(signals(st.integers(T, T + 100 * 24 * HOUR_MS)), max_size=60))
def test_what_is_packed_at_rest_is_at_hand_again(given_signals: list[Signal]) -> None:
    """Every customer comes back from its packed form as it was, one of many days above all."""
    found = told(*given_signals)
    assert at_hand(decode(encode(at_rest(found)))) == found
    days = [signal(T + day * 24 * HOUR_MS, 10 * day) for day in range(80)]
    long = told(*days, *given_signals)
    stored = at_rest(long)
    assert stored.packed and not stored.days and len(encode(stored)) < len(encode(long))
    assert at_hand(decode(encode(stored))) == long


@pytest.mark.parametrize(("days", "packs"), [(23, False), (24, True)])
def test_rings_are_packed_from_forty_eight_panes_on(days: int, *, packs: bool) -> None:
    """A pane of an hour and one of a day each day; below that packing spares little."""
    found = told(*(signal(T + day * 24 * HOUR_MS) for day in range(days)))
    assert len(found.days) == days
    found = msgspec.structs.replace(found, hours=found.days)
    assert bool(at_rest(found).packed) == packs


def test_evidence_names_words_and_coordinates() -> None:
    """What `nabz why` shows comes from here."""
    (past,) = told(signal(T + 7, 400)).evidence
    assert (past.cue, past.points, past.quote, past.ts_ms) == ("angry", 400, "so angry", T + 7)
    assert past.origin == Origin("chat", 0, 7, topic="chat")


def test_a_link_and_a_touchpoint_stay_until_there_are_newer_ones() -> None:
    """Where an operator can open it."""
    found = told(signal(T, link="https://desk/1", touchpoint="delivery"), answer(T + 1))
    assert (talk(found).link, talk(found).touchpoint) == ("https://desk/1", "delivery")
    assert talk(told(answer(T + 2, link="https://desk/2"), customer=found)).link == "https://desk/2"


@given(st.lists(signals(st.integers(T, T + 100 * 24 * HOUR_MS)), max_size=40))
def test_caps_hold_whatever_comes(given_signals: list[Signal]) -> None:
    """Nothing grows without bound."""
    found = told(*given_signals)
    assert len(found.conversations) <= CAPS["conversations"]
    assert all(len(one.turns) <= CAPS["turns"] for one in found.conversations[-1:])
    assert all(len(one.turns) <= CAPS["turns_set_aside"] for one in found.conversations[:-1])
    assert len(found.evidence) <= CAPS["evidence"]
    assert len({one.key for one in found.conversations}) == len(found.conversations)
    for family in FAMILIES:
        kept = [past for past in found.evidence if past.family == family]
        assert len(kept) <= CAPS["evidence_per_family"]
    assert found.signals == len(given_signals)


ODDS_E2 = {
    "feeling": 30, "waiting": 12, "repetition": 15, "effort": 25, "intent": 6, "relief": 12
}  # fmt: skip
"""In how many of a hundred messages of a heavy customer a family scores."""


def heavy(days: int, per_day: int, *, seed: int, odds_e2: dict[str, int]) -> list[int]:
    """Sizes at rest of a customer who writes from morning to night, in ever new tickets."""
    chance = random.Random(seed)
    found, sizes, number = Customer(), [], 0
    for day in range(days):
        for at_ms in sorted(chance.sample(range(8 * HOUR_MS, 23 * HOUR_MS), per_day)):
            cues = tuple(
                Cue(
                    "negative_words", family, chance.choice([213, 700]), "x" * chance.randint(5, 80)
                )
                for family, odds in odds_e2.items()
                if chance.randrange(100) < odds
            )
            hashes = tuple(sorted(chance.sample(range(2**32), chance.randint(2, 12))))
            record = signal(
                T + day * 24 * HOUR_MS + at_ms,
                conversation=f"ticket-{number // 12 - chance.choice([0, 0, 0, 1, 2])}",
                link="https://desk.example/tickets/123456",
                touchpoint="delivery",
                author=chance.choice(["customer", "customer", "agent"]),
                reading=Reading("en", -5_000, cues, Turn(40, 2, hashes=hashes)),
                origin=Origin("tickets", 5, number, topic="support.tickets"),
            )
            found = advance(found, record, SCORING)
            number += 1
            if number % 20 == 0:
                sizes.append(len(encode(at_rest(found))))
    return sorted(sizes)


def test_a_heavy_customer_stays_within_six_kilobytes() -> None:
    """A hundred events a day until all rings are full: state is bounded, and small."""
    sizes = heavy(100, 100, seed=7, odds_e2=ODDS_E2)
    p99 = sizes[len(sizes) * 99 // 100]
    print(f"state of a heavy customer: p50 {sizes[len(sizes) // 2]} B, p99 {p99} B")  # noqa: T201
    assert p99 <= STATE_P99


def test_the_worst_of_customers_stays_within_eight_kilobytes() -> None:
    """All six families of points in each message: it is the caps that bound it."""
    sizes = heavy(95, 100, seed=7, odds_e2=dict.fromkeys(FAMILIES, 100))
    print(f"state of the worst customer: at most {sizes[-1]} B")  # noqa: T201
    assert sizes[-1] <= STATE_MAX


def test_the_page_about_state_names_the_caps_in_force() -> None:
    """Every cap, and the figure it has in the code."""
    page = (Path(__file__).parents[2] / "docs" / "state.md").read_text(encoding="utf-8")
    written = {
        name: int(most) for name, most in re.findall(r"^\| `(\w+)` \| (\d+)", page, re.MULTILINE)
    }
    rings = {"minutes": MINUTES.panes, "hours": HOURS.panes, "days": DAYS.panes}
    assert written == CAPS | rings | {"places": ORIGINS_MAX, "ids": IDS_MAX}


# ---------------------------------------------------------------------- bytes

FULL = told(
    profile(T - 5, name="Sara", tier="gold", account="Acme", language="fa"),
    signal(T, 800, link="https://desk.example/1", touchpoint="delivery"),
    answer(T + MINUTE_MS, reading=Reading("en", None, (), Turn(9, fails=True))),
    signal(T + HOUR_MS, reading=Reading("fa", -4_000, (Cue("leave", "intent", 1_500, "میرم"),))),
    interaction(T + 2 * HOUR_MS, "refund"),
    signal(T + 3 * HOUR_MS, conversation=None, channel="twitter", inbound=True),
    outcome(T + 4 * HOUR_MS, "refunded"),
)


def golden() -> dict[str, str]:
    """The pinned bytes."""
    found: dict[str, str] = json.loads(GOLDEN.read_text())
    return found


def test_the_bytes_of_a_customer_are_pinned() -> None:
    """State at rest outlives the release that wrote it."""
    assert encode(FULL).hex() == golden()["v1"]
    assert decode(bytes.fromhex(golden()["v1"])) == FULL


def test_a_customer_written_before_the_newest_field_still_decodes() -> None:
    """New fields go to the end with a default."""
    names = Customer.__struct_fields__
    kept = names.index("profile_ms") + 1
    older = msgspec.msgpack.decode(encode(FULL))[:kept]
    found = decode(msgspec.msgpack.encode(older))
    plain = {name: getattr(Customer(), name) for name in names[kept:]}
    assert found == msgspec.structs.replace(FULL, **plain) != FULL


@given(logs(customers=[b"ann"]))
def test_a_customer_comes_back_from_its_bytes(log: list[tuple[bytes, LogRecord]]) -> None:
    """Folding on from decoded state is folding on."""
    found = told(*(record for _, record in log))
    assert decode(encode(found)) == found


def test_what_a_signal_does_not_tell_stays() -> None:
    """Profile, outcomes and what is kept beside them outlive the next message."""
    before = told(
        profile(T), outcome(T + 1, "churned"), outcome(T + 2, "returned"), signal(T + 3),
        customer=Customer(encoding=2, band="high"),
    )  # fmt: skip
    assert (before.left_ms, before.returned_ms, before.profile_ms) == (T + 1, T + 2, T)
    after = told(signal(T + 4), customer=before)
    for field in (
        "encoding", "band", "profile", "profile_ms", "outcomes", "left_ms", "returned_ms",
    ):  # fmt: skip
        assert getattr(after, field) == getattr(before, field), field
    assert after.profile is not None and len(after.outcomes) == 2


def test_a_late_signal_does_not_turn_back_when_we_last_heard() -> None:
    """The newest contact and the newest word stay the newest, whatever arrives after them."""
    later = T + 24 * HOUR_MS
    found = told(signal(later, conversation="b"), signal(T, conversation="a"))
    assert (found.heard_ms, found.contact_ms) == (later, later)


def test_an_old_outcome_does_not_move_a_newer_one() -> None:
    """When somebody left and came back are the newest times told; other kinds set neither."""
    found = told(
        *(outcome(at_ms, kind) for at_ms in (T + 5, T) for kind in ("churned", "returned"))
    )
    assert (found.left_ms, found.returned_ms) == (T + 5, T + 5)
    assert told(outcome(T, "returned")).left_ms is None
    assert told(outcome(T, "churned")).returned_ms is None


def test_who_comes_back_begins_anew() -> None:
    """Nobody waits any more in a conversation of before."""
    assert told(signal(T)).conversations
    assert told(signal(T), outcome(T + 1, "returned")).conversations == ()
