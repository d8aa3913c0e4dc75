"""Faults planted on purpose: a fold that raises on one record, workers whose clocks disagree."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alerts.config import Config, encode_config
from alerts.outputs import HealthRow, Transition
from alerts.row import Row, decode_partition_row, decode_row
from scoring.config import MINUTE_MS
from scoring.records import PARTITION_KEY, Cue, LogRecord, Tick, decode_record, encode_record
from streams.control import Control, config_key
from streams.dead_letters import DeadLetter
from streams.engine.cycle import Output
from streams.topics import DEAD_LETTERS, HEALTH, TRANSITIONS
from streams.worker.track import Track
from tests.strategies import (
    BASE_MS,
    CONFIG,
    LIVE,
    OTHER,
    Stored,
    at,
    hashed,
    logs,
    signal,
    stored,
    wake,
)

CONFIGS = (CONFIG, LIVE, OTHER)
NAMES = tuple(map(hashed, CONFIGS))
SKEW_MS = 5 * MINUTE_MS
Rows = dict[bytes, bytes]


def track(*configs: Config) -> Track:
    """A track that knows these configurations."""
    control = Control()
    for config in configs:
        control.apply(config_key(hashed(config)), encode_config(config))
    return Track(control)


def fold(by: Track, records: Sequence[Stored], rows: Rows) -> list[Output]:
    """Fold one cycle into the rows; what it told."""
    found = by.fold(0, records, rows)
    rows.update({key: row for key, row in found.changed.items() if row is not None})
    return found.outputs


def row_of(rows: Rows, key: bytes) -> Row:
    """A customer's row."""
    row = decode_row(rows[key])
    assert row is not None
    return row


# ---------------------------------------------------------------------- a fold that raises


@given(logs(configs=NAMES), st.integers(0, 25))
def test_a_record_whose_fold_raises_costs_its_customer_a_mark_and_nobody_else_anything(
    log: list[tuple[bytes, LogRecord]], place: int
) -> None:
    """Dead-lettered in full; the customer is marked and goes on; the fleet does not notice.

    Held against the same log with a wake of that customer in the faulty record's place.
    """
    place %= len(log) + 1
    now_ms, complete_ms = (
        (log[place - 1][1].at_ms, log[place - 1][1].complete_to_ms) if place else (BASE_MS, 0)
    )
    fault = Tick(now_ms, complete_ms)  # of the partition: whatever the row is like, it raises
    calm = at(wake(now_ms), now_ms, complete_ms)
    rows: Rows = {}
    spared: Rows = {}
    outputs = fold(track(*CONFIGS), stored([*log[:place], (b"ann", fault), *log[place:]]), rows)
    usual = fold(track(*CONFIGS), stored([*log[:place], (b"ann", calm), *log[place:]]), spared)
    letters = [one for one in outputs if one.topic == DEAD_LETTERS]
    (letter,) = [
        one
        for one in letters
        if one.value is not None and msgspec.json.decode(one.value, type=DeadLetter).offset == place
    ]
    assert letter.value is not None
    found = msgspec.json.decode(letter.value, type=DeadLetter)
    assert (found.reason, found.field) == ("fold_failed", "TypeError")
    assert decode_record(base64.b64decode(found.original)) == fault
    assert row_of(rows, b"ann").failed == row_of(spared, b"ann").failed + 1
    assert row_of(rows, b"ann").customer.signals == row_of(spared, b"ann").customer.signals
    others = rows.keys() - {b"ann", PARTITION_KEY}
    assert {key: rows[key] for key in others} == {key: spared[key] for key in others}
    theirs = [one for one in outputs if one.key in others]
    assert theirs == [one for one in usual if one.key in others]


def test_who_met_the_fault_is_shown_as_degraded() -> None:
    """In the next picture of that customer, and of no other."""
    by, rows = track(CONFIG), Rows()
    fault = signal(BASE_MS + 1, cues=(Cue("x", "unheard_of", 1),))
    told = fold(
        by,
        stored([
            (b"ann", signal(BASE_MS, 900)), (b"ann", fault),
            (b"ann", signal(BASE_MS + 5_000, 900)), (b"bo", signal(BASE_MS + 5_000, 900)),
        ]),
        rows,
    )  # fmt: skip
    shown = {
        one.key: msgspec.json.decode(one.value, type=HealthRow)
        for one in told
        if one.topic == HEALTH and one.key in {b"ann", b"bo"} and one.value is not None
    }
    assert {key: row.quality.degraded for key, row in shown.items()} == {b"ann": True, b"bo": False}


# ---------------------------------------------------------------------- clocks that disagree


def skewed(
    log: Sequence[tuple[bytes, LogRecord]], writers: Sequence[bool], *, by_broker: bool
) -> Iterator[Stored]:
    """The log as two workers would have written it, one five minutes fast, one five slow.

    Args:
        log: As workers with one clock would have.
        writers: Which of the two, record by record; in turn where it ends.
        by_broker: The broker stamps records, by a clock that is right; else their writer does.
    """
    for offset, (key, record) in enumerate(log):
        fast = writers[offset] if offset < len(writers) else offset % 2 == 0
        off_ms = SKEW_MS if fast else -SKEW_MS
        shown = at(record, record.at_ms + off_ms, max(0, record.complete_to_ms + off_ms))
        timestamp = record.at_ms if by_broker else shown.at_ms
        yield Stored(offset, timestamp, key, encode_record(shown))


@given(logs(configs=NAMES), st.lists(st.booleans(), max_size=25), st.booleans())
def test_workers_whose_clocks_are_minutes_apart_turn_no_time_round(
    log: list[tuple[bytes, LogRecord]], writers: list[bool], by_broker: bool
) -> None:
    """Row by row and record by record: time and completeness never fall, nor what is told.

    And no row runs further ahead than the fast clock.
    """
    by, rows = track(*CONFIGS), Rows()
    times: dict[tuple[str, bytes | None], int] = {}
    reached: dict[bytes, tuple[int, int]] = {}
    true_ms = 0
    for record, (_, plain) in zip(skewed(log, writers, by_broker=by_broker), log, strict=True):
        true_ms = max(true_ms, plain.at_ms)
        for one in fold(by, [record], rows):
            if one.topic not in {HEALTH, TRANSITIONS} or one.value is None or one.key is None:
                continue
            if one.key.startswith(b"~"):
                continue
            if one.topic == HEALTH:
                now_ms = msgspec.json.decode(one.value, type=HealthRow).as_of_ms
            else:
                now_ms = msgspec.json.decode(one.value, type=Transition).at_ms
            assert now_ms >= times.get((one.topic, one.key), 0)
            times[one.topic, one.key] = now_ms
        for key, row in rows.items():
            if key == PARTITION_KEY:
                partition = decode_partition_row(row)
                assert partition is not None
                here = (partition.now_ms, partition.complete_ms)
            else:
                customer = row_of(rows, key)
                here = (customer.now_ms, customer.complete_ms)
            before = reached.get(key, (0, 0))
            assert here[0] >= before[0] and here[1] >= before[1]
            assert here[0] <= true_ms + SKEW_MS
            reached[key] = here
