"""The canary: it goes the way of a customer, and nobody sees one."""

from __future__ import annotations

from msgspec.structs import replace

from alerts.canary import CANARY, RULE, unseen
from alerts.fold import Entry, Folded, fold
from alerts.outputs import At, Checkpoint, FoldFailed, HealthRow, Output, Transition
from alerts.row import Row
from scoring.records import LogRecord
from tests.strategies import BASE_MS, CONFIG, signal, wake

T = BASE_MS


def entry(record: LogRecord, offset: int = 0) -> Entry:
    """A record of the canary."""
    return Entry(CANARY, record, 3, offset, record.at_ms)


def test_what_comes_back_says_when_it_was_written_and_asks_nobody_to_be_told() -> None:
    """Each event once, in the order of their numbers; that is all that is published."""
    row: Row | None = None
    heard: list[Output] = []
    for number in range(3):
        one = entry(replace(signal(T + number * 60_000), event_id=str(number)), number)
        folded = fold(row, one, CONFIG, "c")
        assert number or any(isinstance(told, HealthRow) for told in folded.outputs)
        row = folded.row
        heard += unseen(folded, one, "c")
    assert [
        (one.seq, one.event_ms, one.rule, one.notify)
        for one in heard
        if isinstance(one, Transition)
    ] == [(number + 1, T + number * 60_000, RULE, False) for number in range(3)]
    assert len(heard) == 3


def test_a_repeat_and_a_wake_are_not_heard() -> None:
    """Only what has come through anew shows that something does."""
    first = entry(signal(T))
    row = fold(None, first, CONFIG, "c").row
    for one in (entry(signal(T), 1), entry(wake(T + 60_000), 1)):
        assert unseen(fold(row, one, CONFIG, "c"), one, "c") == ()


def test_what_replay_and_operators_need_is_kept() -> None:
    """A checkpoint to begin at, and a fold that failed."""
    one = entry(signal(T))
    kept = (
        Checkpoint(CANARY, b"", "c", At("t", 0, 0)),
        FoldFailed(CANARY, "KeyError", b"", T, At("t", 0, 0)),
    )
    assert unseen(Folded(Row(), kept, "failed"), one, "c") == kept
