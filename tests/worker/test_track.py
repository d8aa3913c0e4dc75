"""The fold on the lane: the same log in any cycles, over any crash, gives the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.config import Config, encode_config
from alerts.fold import Result
from alerts.header import FENCE_BYTES, HEADER_BYTES, Header, pack_header, unpack_header
from alerts.outputs import Output as Told
from alerts.row import PartitionRow, decode_partition_row, decode_row
from scoring.records import (
    PARTITION_KEY,
    ConfigChanged,
    Cue,
    LogRecord,
    Tick,
    Wake,
    encode_record,
)
from streams.control import Control, config_key
from streams.dead_letters import DeadLetter
from streams.engine.cycle import Output
from streams.topics import DEAD_LETTERS, HEALTH, TRANSITIONS
from streams.worker.track import Batch, FoldBrokenError, Observer, Track
from tests.strategies import (
    BASE_MS,
    CONFIG,
    LIVE,
    OTHER,
    Stored,
    hashed,
    logs,
    signal,
    stored,
    wake,
)

T = BASE_MS
NAMES = tuple(hashed(one) for one in (CONFIG, OTHER, LIVE))
BROKEN = signal(T, event_id="broken", cues=(Cue("x", "unheard_of", 1),))
GARBAGE = Stored(0, T, b"ann", b"\xc1 no record")

any_log = logs(configs=NAMES)
Rows = dict[bytes, bytes]


def knowing(*configs: Config) -> Control:
    """A control topic with these bodies."""
    control = Control()
    for config in configs:
        control.apply(config_key(hashed(config)), encode_config(config))
    return control


def track() -> Track:
    """A track that knows every configuration of these tests."""
    return Track(knowing(CONFIG, OTHER, LIVE))


def folded(records: Sequence[Stored], rows: Rows, by: Track | None = None) -> list[Output]:
    """Fold one cycle into the rows, as the lane does; what it told."""
    found = (track() if by is None else by).fold(0, records, rows)
    for key, row in found.changed.items():
        assert row is not None
        rows[key] = row
    return found.outputs


def cut(records: Sequence[Stored], places: Sequence[int]) -> list[Sequence[Stored]]:
    """The same log in cycles that end at these places."""
    ends = sorted({place % (len(records) + 1) for place in places} | {0, len(records)})
    return [records[one:other] for one, other in pairwise(ends)]


def spoiled(log: list[tuple[bytes, LogRecord]], at: Sequence[int]) -> list[Stored]:
    """The log with records in it that nobody can read or fold."""
    records = stored(log)
    for place in at:
        number = place % len(records)
        record = records[number]
        if record.key == PARTITION_KEY:
            records[number] = record._replace(value=encode_record(wake(record.timestamp)))
        elif place % 2:
            records[number] = record._replace(value=GARBAGE.value)
        else:
            broken = msgspec.structs.replace(
                BROKEN, at_ms=record.timestamp, event_id=f"broken-{number}"
            )
            records[number] = record._replace(value=encode_record(broken))
    return records


spoils = st.lists(st.integers(0, 50), max_size=3)
cuts = st.lists(st.integers(0, 50), max_size=8)


def whole(outputs: Sequence[Output]) -> list[Output]:
    """Without health rows, of which a cycle publishes the newest per customer only."""
    return [one for one in outputs if one.topic != HEALTH or one.key.startswith(b"~")]


def newest_health(outputs: Sequence[Output]) -> dict[bytes, Output]:
    """The health row that a compacted topic keeps."""
    return {one.key: one for one in outputs if one.topic == HEALTH}


# ---------------------------------------------------------------------- one log, the same bytes


@given(any_log, spoils, cuts)
def test_cycles_may_end_anywhere(
    log: list[tuple[bytes, LogRecord]], bad: list[int], places: list[int]
) -> None:
    """One by one, at once, or in any cycles: byte-identical rows, and the same outputs."""
    records = spoiled(log, bad)
    at_once: Rows = {}
    told_at_once = folded(records, at_once)
    for cycles in (cut(records, places), cut(records, range(len(records)))):
        rows: Rows = {}
        by = track()
        told = [one for cycle in cycles for one in folded(cycle, rows, by)]
        assert rows == at_once
        assert whole(told) == whole(told_at_once)
        assert newest_health(told) == newest_health(told_at_once)


@given(any_log, spoils, cuts, st.integers(0, 50), st.integers(0, 5))
def test_a_crash_anywhere_between_two_batches_of_the_changelog_changes_nothing(
    log: list[tuple[bytes, LogRecord]], bad: list[int], places: list[int], crash: int, written: int
) -> None:
    """The partition's row is written first; what is folded again comes to the same bytes.

    Also where the cycle that crashed held a change of configuration, and where the first cycle
    after the restart holds more records than the one that crashed.
    """
    records = spoiled(log, bad)
    cycles = cut(records, places)
    number = crash % len(cycles)
    before: Rows = {}
    for cycle in cycles[:number]:
        folded(cycle, before)
    undisturbed = dict(before)
    told = folded(cycles[number], undisturbed)
    changed = list(track().fold(0, cycles[number], before).changed.items())
    assert PARTITION_KEY not in dict(changed[1:])
    crashed = before | {key: row for key, row in changed[:written] if row is not None}
    again = dict(crashed)
    repeats = folded(cycles[number], again)
    assert again == undisturbed
    assert [one for one in repeats if one.topic != HEALTH and one not in told] == []
    rest = [record for cycle in cycles[number:] for record in cycle]
    folded(rest, crashed)
    for cycle in cycles[number + 1 :]:
        folded(cycle, undisturbed)
    assert crashed == undisturbed


@given(any_log, spoils, cuts)
def test_every_event_is_counted_once(
    log: list[tuple[bytes, LogRecord]], bad: list[int], places: list[int]
) -> None:
    """Law 5: events appended = folded + duplicate + failed, per source, over any repetition."""
    records = spoiled(log, bad)
    rows: Rows = {}
    for cycle in cut(records, places):
        folded(cycle, rows)
    expected: dict[str, int] = {}
    for record in records:
        if record.value != GARBAGE.value and record.value is not None:
            event = msgspec.msgpack.decode(record.value)
            if event[0] in {"signal", "profile", "outcome", "command"}:
                expected[event[5][0]] = expected.get(event[5][0], 0) + 1
    own = decode_partition_row(rows[PARTITION_KEY]) if PARTITION_KEY in rows else PartitionRow()
    counted: dict[str, int] = {}
    for counts in (own.folded, own.duplicates, own.failed):
        for source, count in counts.items():
            counted[source] = counted.get(source, 0) + count
    assert counted == expected
    assert own.customers == len(rows) - (PARTITION_KEY in rows)


@given(any_log, spoils)
def test_records_the_fence_has_seen_are_passed_over(
    log: list[tuple[bytes, LogRecord]], bad: list[int]
) -> None:
    """A cycle that was stored and whose offsets were not committed changes and tells nothing."""
    records = spoiled(log, bad)
    rows: Rows = {}
    folded(records, rows)
    before = dict(rows)
    again = track().fold(0, records, rows)
    assert again.changed == {} and again.outputs == []
    assert rows == before


@given(logs(), st.lists(st.integers(0, 50), max_size=6))
def test_ticks_touch_no_customer(log: list[tuple[bytes, LogRecord]], places: list[int]) -> None:
    """Rows of customers are the same with any number of them, but for the fence."""
    ticking = list(log)
    for place in sorted(places, reverse=True):
        number = place % len(log)
        record = log[number][1]
        ticking.insert(number, (PARTITION_KEY, Tick(record.at_ms, record.complete_to_ms)))
    one: Rows = {}
    other: Rows = {}
    folded(stored(log), one)
    folded(stored(ticking), other)
    bodies = [
        {k: row[FENCE_BYTES:] for k, row in rows.items() if k != PARTITION_KEY}
        for rows in (one, other)
    ]
    assert bodies[0] == bodies[1]


@given(any_log)
def test_the_header_of_a_row_says_where_it_stands(log: list[tuple[bytes, LogRecord]]) -> None:
    """Epoch and offset of the last record of its key."""
    rows: Rows = {}
    folded(stored(log), rows, Track(knowing(CONFIG, OTHER, LIVE), log_epoch=7))
    for key, row in rows.items():
        last = max(at for at, (one, _) in enumerate(log) if key in {one, PARTITION_KEY})
        header = unpack_header(row)
        assert (header.log_epoch, header.offset) == (7, last)


# ---------------------------------------------------------------------- what one cycle does


def test_of_a_customers_health_a_cycle_publishes_the_newest() -> None:
    """Versions count before rows are dropped; nothing else is ever dropped."""
    log: list[tuple[bytes, LogRecord]] = [(b"ann", signal(T + 2_000 * at, 900)) for at in range(3)]
    outputs = folded(stored([*log, (b"bo", signal(T + 9_000, 500))]), {})
    rows = [one for one in outputs if one.topic == HEALTH and one.key in {b"ann", b"bo"}]
    assert [one.key for one in rows] == [b"ann", b"bo"]
    assert rows[0].value is not None and msgspec.json.decode(rows[0].value)["version"] == 3


def test_customers_fold_under_the_configuration_in_force_at_their_record() -> None:
    """Also within one cycle: before the change under the one before it."""
    log: list[tuple[bytes, LogRecord]] = [
        (b"ann", signal(T, 3_000)),
        (PARTITION_KEY, ConfigChanged(T, T, NAMES[0])),
        (b"bo", signal(T, 3_000)),
    ]
    rows: Rows = {}
    outputs = folded(stored(log), rows)
    found = {key: decode_row(row) for key, row in rows.items() if key != PARTITION_KEY}
    assert found[b"ann"] is not None and found[b"ann"].config_hash == ""
    assert found[b"bo"] is not None and found[b"bo"].config_hash == NAMES[0]
    assert any(one.topic == TRANSITIONS for one in outputs)


UNREADABLE: dict[str, Stored] = {
    "garbage": GARBAGE,
    "no value": Stored(0, T, b"ann", None),
    "no key": Stored(0, T, None, encode_record(signal(T))),
    "a key that is no text": Stored(0, T, b"\xff", encode_record(signal(T))),
    "a customer's record for the partition": Stored(0, T, PARTITION_KEY, encode_record(wake(T))),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_something_else_wrote_to_the_log_is_put_aside(name: str) -> None:
    """With its coordinate and time, in nobody's row; the cycle goes on."""
    record = UNREADABLE[name]
    rows: Rows = {}
    outputs = folded([record, Stored(1, T, b"bo", encode_record(signal(T)))], rows)
    (letter,) = [one for one in outputs if one.topic == DEAD_LETTERS]
    assert letter.value is not None
    found = msgspec.json.decode(letter.value, type=DeadLetter)
    assert (found.reason, found.field, found.offset) == ("fold_failed", "UnreadableRecord", 0)
    assert found.at_ms == T and found.size == len(record.value or b"")
    assert set(rows) == {b"bo", PARTITION_KEY}


def test_a_tick_for_a_customer_is_a_failure_of_that_record() -> None:
    """It is counted in the row, which it does not change."""
    rows: Rows = {}
    folded(stored([(b"ann", signal(T)), (b"ann", Tick(T, T))]), rows)
    row = decode_row(rows[b"ann"])
    assert row is not None and (row.folded, row.failed) == (1, 1)


@pytest.mark.parametrize(
    ("failing", "good", "breaks"),
    [(21, 0, True), (20, 0, False), (21, 2_079, False), (21, 2_078, True)],
    ids=["all", "twenty", "one-percent", "more-than-one-percent"],
)
def test_a_release_that_fails_broadly_ends_before_anything_is_written(
    failing: int, good: int, breaks: bool
) -> None:
    """More than 20 records and 1 % of a cycle: it is not the records."""
    log: list[tuple[bytes, LogRecord]] = [(b"ann", BROKEN)] * failing
    log += [(b"bo", wake(T))] * good
    rows: Rows = {}
    if not breaks:
        folded(stored(log), rows)
        row = decode_row(rows[b"ann"])
        assert row is not None and row.failed == failing
        return
    with pytest.raises(FoldBrokenError, match=f"{failing} of {failing + good} records"):
        folded(stored(log), rows)
    assert rows == {}


def test_a_row_that_cannot_be_decoded_ends_the_process() -> None:
    """It is not a value: folding on would lose what it held."""
    rows = {b"ann": pack_header(Header(1, 0)) + b"\xc1"}
    with pytest.raises(msgspec.DecodeError):
        track().fold(0, [Stored(5, T, b"ann", encode_record(signal(T)))], rows)


def test_a_deleted_customer_who_comes_back_begins_anew_behind_the_fence() -> None:
    """Records before the deletion stay deleted."""
    rows = {b"ann": pack_header(Header(1, 5, deleted=True))}
    assert folded([Stored(5, T, b"ann", encode_record(signal(T, 900)))], rows) == []
    folded([Stored(6, T, b"ann", encode_record(signal(T, 900)))], rows)
    assert len(rows[b"ann"]) > HEADER_BYTES


def test_the_fold_leaves_the_rows_it_is_given_alone() -> None:
    """They are the lane's, and a cycle that fails must leave no trace."""
    rows: Rows = {}
    folded(stored([(b"ann", signal(T, 900))]), rows)
    before = dict(rows)
    batch = Batch(track(), 0, rows)
    batch.take(Stored(9, T, b"ann", encode_record(signal(T + 5, 900))))
    assert rows == before and set(batch.changed()) == {PARTITION_KEY, b"ann"}


# ---------------------------------------------------------------------- being told


class Seen(Observer):
    """Remembers what it is told."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.results: list[Result] = []
        self.outputs: list[str] = []
        self.partitions: list[tuple[int, int]] = []

    def folded(self, result: Result, record: LogRecord) -> None:  # noqa: ARG002  # the port's names
        """One record."""
        self.results.append(result)

    def told(self, output: Told) -> None:
        """One output."""
        self.outputs.append(type(output).__name__)

    def partition(self, partition: int, row: PartitionRow) -> None:
        """A partition has come so far."""
        self.partitions.append((partition, row.now_ms))


def test_an_observer_sees_what_was_folded_told_and_stored() -> None:
    """Metrics are one."""
    seen = Seen()
    by = Track(knowing(CONFIG), observer=seen)
    log: list[tuple[bytes, LogRecord]] = [
        (b"ann", signal(T, 900)), (b"ann", signal(T, 900)), (b"ann", BROKEN), (b"ann", wake(T)),
    ]  # fmt: skip
    found = by.fold(4, stored(log), {})
    by.on_stored(4, found.changed)
    assert seen.results == ["folded", "duplicate", "failed", "woken"]
    assert seen.outputs.count("HealthRow") == 1 and "FoldFailed" in seen.outputs
    assert len(seen.outputs) == len(found.outputs) and seen.partitions == [(4, T)]
    Observer().folded("woken", wake(T))  # and nobody need be told
    quiet = Track(knowing(CONFIG))
    quiet.on_stored(0, quiet.fold(0, stored(log), {}).changed)


def test_a_restored_partition_has_its_timers_and_its_configuration() -> None:
    """And one that is lost has neither; one never restored is not watched."""
    rows: Rows = {}
    log: list[tuple[bytes, LogRecord]] = [
        (PARTITION_KEY, ConfigChanged(T, T, NAMES[0])), (b"ann", signal(T, 3_000)),
    ]  # fmt: skip
    changes: list[tuple[int, str]] = []
    by = Track(knowing(CONFIG, OTHER), on_config=lambda *told: changes.append(told))
    assert by.log_epoch == 1
    by.on_restored(0, rows)
    assert by.hashes == {0: ""} and len(by.due[0]) == 0
    found = by.fold(0, stored(log), rows)
    by.on_stored(0, found.changed)
    assert by.hashes == {0: NAMES[0]} and [key for key, _ in by.due[0].all()] == [b"ann"]
    assert changes == [(0, NAMES[0])]
    by.on_stored(0, {b"ann": None})
    assert len(by.due[0]) == 0 and len(changes) == 1
    other = Track(knowing(CONFIG))
    other.on_restored(0, {k: row for k, row in found.changed.items() if row is not None})
    assert other.hashes == {0: NAMES[0]} and len(other.due[0]) == 1
    other.on_lost(0)
    other.on_lost(0)
    assert (other.hashes, other.due) == ({}, {})


async def _settled(task: asyncio.Task[None]) -> bool:
    for _ in range(20):
        await asyncio.sleep(0)
    return task.done()


def test_a_fold_waits_for_the_body_of_its_configuration() -> None:
    """The hash travels in the log, the body in the control topic, which may be read later."""

    async def go() -> None:
        control = Control()
        by = Track(control)
        await by.ready_for(0, stored([(b"ann", signal(T))]))
        log: list[tuple[bytes, LogRecord]] = [(PARTITION_KEY, ConfigChanged(T, T, NAMES[0]))]
        task = asyncio.create_task(by.ready_for(0, [GARBAGE, *stored(log)]))
        assert not await _settled(task)
        control.apply(config_key(NAMES[0]), encode_config(CONFIG))
        await asyncio.wait_for(task, 5)
        rows: Rows = {}
        folded(stored(log), rows, by)
        assert by.config(NAMES[0]) == CONFIG

        restarted = Track(Control())
        restarted.on_restored(0, rows)
        task = asyncio.create_task(restarted.ready_for(0, stored([(b"ann", wake(T))], first=9)))
        assert not await _settled(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(KeyError):
            restarted.config(NAMES[0])

    asyncio.run(go())


def test_what_is_folded_again_waits_for_the_configuration_of_its_time() -> None:
    """After a crash the partition's row may be ahead of its customers' by a configuration."""

    async def go() -> None:
        log: list[tuple[bytes, LogRecord]] = [
            (PARTITION_KEY, ConfigChanged(T, T, NAMES[0])),
            (b"ann", signal(T, 3_000)),
            (PARTITION_KEY, ConfigChanged(T, T, NAMES[1])),
        ]
        changed = track().fold(0, stored(log), {}).changed
        own = {PARTITION_KEY: changed[PARTITION_KEY] or b""}
        for known, ready in ((CONFIG, True), (None, False)):
            by = Track(knowing(OTHER, *([] if known is None else [known])))
            by.on_restored(0, own)
            task = asyncio.create_task(by.ready_for(0, stored(log[1:2], first=1)))
            assert await _settled(task) == ready
            task.cancel()
        later = Track(knowing(OTHER))
        later.on_restored(0, own)
        await asyncio.wait_for(later.ready_for(0, stored([(b"ann", Wake(T, T, T))], first=9)), 5)

    asyncio.run(go())
