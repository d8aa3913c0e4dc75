"""Time for customers of whom nothing is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from alerts.config import Config
from alerts.header import Header, pack_header
from alerts.rules import Cuts, Rule
from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS
from scoring.records import (
    PARTITION_KEY,
    ConfigChanged,
    LogRecord,
    Tick,
    Wake,
    decode_record,
)
from streams.control import Control, config_key
from streams.engine.cycle import Writer
from streams.topics import LOG
from streams.worker.track import Track
from streams.worker.wakes import AT_ONCE, Wakes, wake_times
from tests.strategies import BASE_MS, Stored, hashed, signal, stored
from tests.worker.test_track import knowing

T = BASE_MS // 10_000 * 10_000
RULE = Rule("r", warning=Cuts(2_000, 1_000), critical=None, for_ms=MINUTE_MS)
CONFIG = Config(rules=(RULE,))
NAME = hashed(CONFIG)


class Ack(NamedTuple):
    """Where a batch was appended."""

    offset: int


class Log:
    """A log in memory behind a producer: takes and decodes the very bytes aiokafka would send."""

    def __init__(self) -> None:
        """Empty."""
        self.appended: dict[int, list[Stored]] = {}
        self.topics: set[str] = set()
        self.batches = 0

    async def partitions_for(self, _topic: str) -> set[int]:
        """Two."""
        return {0, 1}

    def create_batch(self) -> BatchBuilder:
        """A real one, small enough to need several."""
        return BatchBuilder(16_384, 0)

    async def send_batch(
        self, builder: BatchBuilder, topic: str, *, partition: int
    ) -> asyncio.Future[Ack]:
        """Append."""
        self.topics.add(topic)
        self.batches += 1
        log = self.appended.setdefault(partition, [])
        done: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        done.set_result(Ack(len(log)))
        records = MemoryRecords(bytes(builder._build()))
        while records.has_next():
            log += [Stored(len(log), one.timestamp, one.key, one.value) for one in _of(records)]
        return done

    def read(self, partition: int = 0) -> list[tuple[bytes | None, LogRecord]]:
        """All that was appended to a partition."""
        return [
            (one.key, decode_record(one.value or b"")) for one in self.appended.get(partition, [])
        ]


def _of(records: MemoryRecords) -> list[Any]:
    return list(records.next_batch())


class Desk:
    """Wakes over a log in memory, with a clock and a completeness that the test sets."""

    def __init__(self, *, live: bool = True, owned: tuple[int, ...] = (0,)) -> None:
        """Nothing owned is due; it is `T`, and all is read."""
        self.now_ms = self.complete_ms = T
        self.log = Log()
        self.owned = list(owned)
        self.track = Track(knowing(CONFIG))
        self.wakes = Wakes(
            self.track, lambda: Writer(self.log), log_topic=LOG, owned=lambda: self.owned,
            complete_to_ms=lambda: self.complete_ms, live=live, clock=lambda: self.now_ms,
        )  # fmt: skip

    def due(self, key: bytes, *, time_ms: int | None = None, absence_ms: int | None = None) -> None:
        """Store a row with these timers."""
        index = self.track.due.get(0)
        if index is None:
            self.track.on_restored(0, {})
            index = self.track.due[0]
        head = Header(1, 1)
        if time_ms is not None:
            head = head._replace(due_ms=time_ms)
        if absence_ms is not None:
            head = head._replace(absence_due_ms=absence_ms)
        index.change([(key, pack_header(head))])

    def once(self, *, ticks: bool = False) -> list[tuple[bytes | None, LogRecord]]:
        """One pass; what it appended to partition 0."""
        before = len(self.log.read())
        count = asyncio.run(self.wakes.once(ticks=ticks))
        found = self.log.read()[before:]
        assert count >= len(found)
        return found


@pytest.mark.parametrize(
    ("due_ms", "now_ms", "woken"),
    [(T, T, True), (T + 1, T + 999, False), (T + 1, T + 1_000, True), (T + 1_000, T + 999, False)],
)
def test_a_timer_of_time_is_woken_for_within_a_second(
    due_ms: int, now_ms: int, woken: bool
) -> None:
    """Rounded up to whole seconds, so that one wake serves many timers."""
    desk = Desk()
    desk.due(b"ann", time_ms=due_ms)
    desk.now_ms = now_ms
    assert desk.once() == ([(b"ann", Wake(now_ms, T, due_ms))] if woken else [])


@pytest.mark.parametrize(
    ("due_ms", "complete_ms", "woken"),
    [(T, T, True), (T + 1, T + 9_999, False), (T + 1, T + 10_000, True), (T + HOUR_MS, T, False)],
)
def test_a_timer_of_absence_is_woken_for_once_all_is_read_ten_seconds_on(
    due_ms: int, complete_ms: int, woken: bool
) -> None:
    """However late it is by then: the wake says that time, and how far all was read."""
    desk = Desk()
    desk.due(b"ann", absence_ms=due_ms)
    desk.now_ms, desk.complete_ms = T + HOUR_MS, complete_ms
    expected = [(b"ann", Wake(T + HOUR_MS, complete_ms, due_ms))] if woken else []
    assert desk.once() == expected


def test_where_time_is_the_datas_own_it_is_how_far_all_was_read() -> None:
    """The wall clock is never asked."""
    desk = Desk(live=False)
    desk.now_ms = T + 99 * DAY_MS
    desk.due(b"ann", time_ms=T + 1)
    desk.due(b"bo", absence_ms=T + 2)
    assert desk.once(ticks=True) == [(PARTITION_KEY, Tick(T, T))]
    desk.complete_ms = T + 2
    assert desk.once() == [(b"ann", Wake(T + 2, T + 2, T + 1)), (b"bo", Wake(T + 2, T + 2, T + 2))]
    assert wake_times(T + 9_999, T + 7, live=False) == (T + 7, T + 7)


def test_a_customer_is_woken_once_until_its_row_changes() -> None:
    """And idle says that nothing was due."""
    desk = Desk()
    seen = []
    for due in (True, False, True):
        if due:
            desk.due(b"ann", time_ms=T)
        seen.append((len(desk.once()), desk.wakes.idle))
    assert seen == [(1, False), (0, True), (1, False)]


def test_a_backlog_of_timers_is_paced() -> None:
    """A thousand a pass: what customers write comes in between."""
    desk = Desk()
    for number in range(AT_ONCE + 5):
        desk.due(b"c-%d" % number, time_ms=T - number)
    assert [len(desk.once()) for _ in range(3)] == [AT_ONCE, 5, 0]
    assert desk.log.batches > 2 and desk.log.topics == {LOG}


def test_ticks_go_to_every_partition_that_is_owned_and_restored() -> None:
    """Before any wake; a partition that is not restored yet is not ours to speak for."""
    desk = Desk(owned=(0, 1, 2))
    desk.track.on_restored(1, {})
    desk.due(b"ann", time_ms=T)
    assert [type(record) for _, record in desk.once(ticks=True)] == [Tick, Wake]
    assert desk.log.read(1) == [(PARTITION_KEY, Tick(T, T))] and desk.log.read(2) == []
    desk.owned = []
    assert desk.once(ticks=True) == []


def test_the_first_tick_of_a_day_repeats_the_configuration_in_force() -> None:
    """So a log that was cut at a day's beginning still says what it is folded under."""
    desk = Desk()
    desk.due(b"ann", time_ms=T + 99 * DAY_MS)
    assert [type(record) for _, record in desk.once(ticks=True)] == [Tick]
    desk.now_ms = T + DAY_MS
    assert [type(record) for _, record in desk.once(ticks=True)] == [Tick]  # none is in force
    desk.track.hashes[0] = NAME
    assert [type(record) for _, record in desk.once(ticks=True)] == [Tick]
    desk.now_ms += DAY_MS
    assert desk.once(ticks=True)[1] == (PARTITION_KEY, ConfigChanged(desk.now_ms, T, NAME))
    assert [type(record) for _, record in desk.once(ticks=True)] == [Tick]


def test_another_configuration_wakes_every_row_those_with_timers_first() -> None:
    """The rest is spread over an hour, at least twenty a pass."""
    desk = Desk()
    for number in range(5):
        desk.due(b"open-%d" % number, time_ms=T + DAY_MS + number)
    rows = {b"c-%d" % number: b"" for number in range(50)} | {PARTITION_KEY: b"", b"open-3": b""}
    desk.wakes.config_changed(0, rows)
    passes = [[key for key, _ in desk.once()] for _ in range(4)]
    assert passes[0][:5] == [b"open-%d" % number for number in range(5)]
    assert [len(one) for one in passes] == [20, 20, 15, 0]
    assert sorted(key for one in passes for key in one if key) == sorted(
        [*(key for key in rows if key != PARTITION_KEY), b"open-0", b"open-1", b"open-2", b"open-4"]
    )


def test_a_large_partition_takes_its_hour() -> None:
    """A share of what is left a pass, so a million rows are not woken at once."""
    desk = Desk()
    desk.due(b"ann", time_ms=T + DAY_MS)
    desk.wakes.config_changed(0, {b"c-%d" % number: b"" for number in range(720_000)})
    assert len(desk.once()) == 101


def test_the_wakes_come_back_and_make_happen_what_was_due() -> None:
    """Through the log, like any record; what two owners append twice happens once."""
    desk = Desk()
    control = Control()
    control.apply(config_key(NAME), b"")
    rows: dict[bytes, bytes] = {}
    first = stored([(PARTITION_KEY, ConfigChanged(T, T, NAME)), (b"ann", signal(T, 3_000))])
    desk.track.on_restored(0, rows)
    told: list[str] = []

    def cycle(records: list[Stored]) -> None:
        found = desk.track.fold(0, records, rows)
        rows.update({key: row for key, row in found.changed.items() if row is not None})
        desk.track.on_stored(0, found.changed)
        told.extend(one.topic for one in found.outputs if one.topic == "nabz.transitions.v1")

    cycle(first)
    assert len(told) == 1  # pending
    desk.now_ms = desk.complete_ms = T + MINUTE_MS
    desk.once()
    woken = [one._replace(offset=one.offset + 2, timestamp=T + MINUTE_MS) for one in _all(desk.log)]
    cycle(woken)
    assert len(told) == 2  # fired at its own time
    cycle([one._replace(offset=one.offset + 50) for one in woken])
    assert len(told) == 2


def _all(log: Log) -> list[Stored]:
    return list(log.appended[0])


def test_the_watch_goes_on_until_it_is_cancelled() -> None:
    """The first pass ticks at once; a wake follows within a pass of coming due."""
    desk = Desk()
    desk.due(b"ann", time_ms=T + 1_000)

    async def until(ready: Callable[[], bool]) -> None:
        for _ in range(400):
            if ready():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("nothing was appended")

    async def go() -> None:
        task = asyncio.create_task(desk.wakes.run())
        await until(lambda: len(desk.log.read()) == 1)
        desk.now_ms = T + 1_000
        await until(lambda: len(desk.log.read()) == 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert [type(record) for _, record in desk.log.read()] == [Tick, Wake]


def test_the_clock_is_the_wall_s_unless_told_otherwise() -> None:
    """In whole milliseconds since 1970."""
    desk = Desk()
    wakes = Wakes(
        desk.track, lambda: Writer(desk.log), log_topic=LOG, owned=lambda: [0],
        complete_to_ms=lambda: T, live=True,
    )  # fmt: skip
    desk.due(b"ann", time_ms=T)
    asyncio.run(wakes.once(ticks=True))
    (_, tick), _ = desk.log.read()
    assert abs(tick.at_ms - desk.log.appended[0][0].timestamp) < HOUR_MS
