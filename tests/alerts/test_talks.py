"""Conversations are told when they change, once a second at most, and taken back when forgotten."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from alerts.fold import Folded
from alerts.outputs import ConversationGone, ConversationRow
from scoring.config import DAY_MS, HOUR_MS
from scoring.customer import CAPS
from scoring.records import LogRecord
from tests.strategies import (
    BASE_MS,
    CONFIG,
    answer,
    fold_all,
    logs,
    outcome,
    profile,
    signal,
    wake,
)

T = BASE_MS


def rows(folded: list[Folded]) -> list[ConversationRow]:
    """Conversation rows, in order."""
    return [one for each in folded for one in each.outputs if isinstance(one, ConversationRow)]


def gone(folded: list[Folded]) -> list[tuple[str, int]]:
    """Tombstones: which, and when."""
    return [
        (one.conversation, one.at_ms - T)
        for each in folded
        for one in each.outputs
        if isinstance(one, ConversationGone)
    ]


def test_a_conversation_is_told_from_its_first_turn_to_its_answer() -> None:
    """Who waits since when, where, and that it ended."""
    asked, done = rows(
        fold_all(
            [
                signal(T, 900, link="https://desk/1", channel="chat", touchpoint="cart"),
                answer(T + HOUR_MS // 4),
            ],
            CONFIG,
        )
    )
    assert (asked.conversation, asked.customer, asked.version) == ("t-1", "ann", 1)
    assert (asked.state, asked.waiting_since_ms, asked.reason) == ("waiting", T, "angry")
    assert (asked.link, asked.channel, asked.touchpoint) == ("https://desk/1", "chat", "cart")
    assert (done.state, done.waiting_since_ms, done.version) == ("answered", None, 2)
    assert (done.opened_ms, done.last_ms) == (T, T + HOUR_MS // 4)


def test_a_change_within_the_second_comes_at_its_end() -> None:
    """Only the last state of it, at the exact time, whoever looks when."""
    folded = fold_all([signal(T), signal(T + 400, 2_000), answer(T + 700), wake(T + 9_000)], CONFIG)
    assert [(one.as_of_ms - T, one.state) for one in rows(folded)] == [
        (0, "waiting"),
        (1_000, "answered"),
    ]
    assert folded[2].row.talks_emit_ms == folded[2].row.due_ms == T + 1_000
    assert folded[-1].row.talks_emit_ms is None


def test_two_held_back_come_each_at_the_end_of_its_own_second() -> None:
    """The earlier one sets the timer."""
    folded = fold_all(
        [
            signal(T),
            signal(T + 100, conversation="t-2"),
            answer(T + 200),
            answer(T + 300, conversation="t-2"),
            wake(T + 9_000),
        ],
        CONFIG,
    )
    assert [(one.as_of_ms - T, one.conversation) for one in rows(folded)][2:] == [
        (1_000, "t-1"),
        (1_100, "t-2"),
    ]


def test_what_has_no_name_is_not_told() -> None:
    """A channel is no conversation."""
    assert rows(fold_all([signal(T, conversation=None, channel="chat")], CONFIG)) == []


def test_what_is_forgotten_is_taken_back() -> None:
    """Pushed out by newer ones, ended by an outcome, or not to be followed any more."""
    many: list[LogRecord] = [
        signal(T + at, conversation=f"t-{at}") for at in range(CAPS["conversations"] + 1)
    ]
    assert gone(fold_all(many, CONFIG)) == [("t-0", CAPS["conversations"])]
    assert gone(fold_all([signal(T), outcome(T + 5, "churned")], CONFIG)) == [("t-1", 5)]
    assert gone(fold_all([signal(T), profile(T + 5, monitor=False)], CONFIG)) == [("t-1", 5)]


@given(logs(customers=[b"ann"]))
def test_conversation_rows_keep_the_laws(log: list[tuple[bytes, LogRecord]]) -> None:
    """Versions without gaps, a second between two of one conversation, and the last state out."""
    records = [record for key, record in log if key == b"ann"] or [signal(T)]
    folded = fold_all([*records, wake(records[-1].at_ms + 2 * DAY_MS)], CONFIG)
    found = rows(folded)
    assert [one.version for one in found] == list(range(1, len(found) + 1))
    for key in {one.conversation for one in found}:
        times = [one.as_of_ms for one in found if one.conversation == key]
        lost = [at_ms + T for name, at_ms in gone(folded) if name == key]
        for one, other in pairwise(times):
            assert other >= one + 1_000 or any(one <= at_ms <= other for at_ms in lost)
    row = folded[-1].row
    newest = {one.conversation: one for one in found}
    named = [talk for talk in row.customer.conversations if talk.named]
    assert [one.key for one in row.talks] == [talk.key for talk in named]
    assert row.talks_emit_ms is None or row.talks_emit_ms > row.now_ms
    if row.talks_emit_ms is None:
        for talk in named:
            assert newest[talk.key].waiting_since_ms == talk.waiting_since_ms
