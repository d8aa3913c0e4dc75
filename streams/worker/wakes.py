"""Time for customers of whom nothing is heard, and for partitions: wakes and ticks.

The owner of a partition appends both to the log, so that time is a record like any other. A timer
of time is woken for within a second, one that rests on absence once all sources have been read up
to the next ten seconds after it; the fold fires it at its own due time all the same. Where the
clock is the data's (`watermark`), time is how far all sources have been read. What is appended
twice, by an old owner and a new one, changes nothing the second time.

Next step: the records come back to `streams.worker.track` through the log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog

from scoring.config import DAY_MS
from scoring.records import (
    PARTITION_KEY,
    ConfigChanged,
    LogRecord,
    Tick,
    Wake,
    encode_record,
)
from streams.clock import wall_ms
from streams.engine.cycle import Headers, Writer
from streams.worker.track import Track

log = structlog.get_logger("nabz.wakes")

TICK_S: Final = 10.0
PASS_S: Final = 0.5
ABSENCE_MS: Final = 10_000
AT_ONCE: Final = 1_000
"""Wakes per partition and pass: a backlog of them must not starve what customers write."""
CONFIG_SPREAD_S: Final = 3_600.0


def wake_times(now_ms: int, complete_to_ms: int, *, live: bool) -> tuple[int, int]:
    """Up to when timers of time and of absence are due now.

    >>> wake_times(25_500, 23_000, live=True), wake_times(99_000, 23_000, live=False)
    ((25000, 20000), (23000, 23000))
    """
    if not live:
        return complete_to_ms, complete_to_ms
    return now_ms // 1_000 * 1_000, complete_to_ms // ABSENCE_MS * ABSENCE_MS


class Wakes:
    """Appends wakes and ticks for the partitions a lane owns, until cancelled."""

    def __init__(
        self,
        track: Track,
        writer: Callable[[], Writer],
        *,
        log_topic: str,
        owned: Callable[[], Iterable[int]],
        complete_to_ms: Callable[[], int],
        live: bool,
        clock: Callable[[], int] = wall_ms,
    ) -> None:
        """Watch a track; `complete_to_ms` and `clock` are asked at each pass."""
        self._track = track
        self._writer = writer
        self._log_topic = log_topic
        self._owned = owned
        self._complete_to_ms = complete_to_ms
        self._live = live
        self._clock = clock
        self._days: dict[int, int] = {}
        self._paced: dict[int, list[bytes]] = {}
        self.idle = False
        """Nothing was due at the last pass."""

    def config_changed(self, partition: int, rows: Mapping[bytes, bytes]) -> None:
        """Another configuration is in force: every row of the partition is to be folded under it.

        Rows with a timer, which have something open, come first; the rest within an hour.
        """
        first = [key for key, _ in self._track.due[partition].all()]
        seen = frozenset(first)
        rest = [key for key in rows if key not in seen and key != PARTITION_KEY]
        self._paced[partition] = [*reversed(rest), *reversed(first)]

    async def run(self) -> None:
        """Pass after pass; a tick every ten seconds."""
        ticked_s = 0.0
        while True:
            now_s = time.monotonic()
            ticks = now_s - ticked_s >= TICK_S
            if ticks:
                ticked_s = now_s
            await self.once(ticks=ticks)
            await asyncio.sleep(PASS_S)

    async def once(self, *, ticks: bool) -> int:
        """One pass over all partitions owned; how many records were appended."""
        complete_to_ms = self._complete_to_ms()
        now_ms = self._clock() if self._live else complete_to_ms
        time_ms, absence_ms = wake_times(now_ms, complete_to_ms, live=self._live)
        count = 0
        for partition in list(self._owned()):
            index = self._track.due.get(partition)
            if index is None:
                continue
            records: list[tuple[bytes, LogRecord]] = []
            if ticks:
                records += self._tick(partition, now_ms, complete_to_ms)
            due = index.take(time_ms=time_ms, absence_ms=absence_ms, limit=AT_ONCE)
            records += [
                (key, Wake(max(now_ms, due_ms), complete_to_ms, due_ms)) for key, due_ms in due
            ]
            records += [
                (key, Wake(now_ms, complete_to_ms, now_ms)) for key in self._next_paced(partition)
            ]
            if records:
                await self._append(partition, records)
            count += len(records)
        self.idle = count == 0
        return count

    def _tick(
        self, partition: int, now_ms: int, complete_to_ms: int
    ) -> list[tuple[bytes, LogRecord]]:
        """A tick; on the first of a UTC day the configuration in force is repeated."""
        records: list[tuple[bytes, LogRecord]] = [(PARTITION_KEY, Tick(now_ms, complete_to_ms))]
        day, name = now_ms // DAY_MS, self._track.hashes.get(partition, "")
        if name and self._days.setdefault(partition, day) != day:
            self._days[partition] = day
            records.append((PARTITION_KEY, ConfigChanged(now_ms, complete_to_ms, name)))
        return records

    def _next_paced(self, partition: int) -> list[bytes]:
        waiting = self._paced.get(partition)
        if not waiting:
            return []
        share = max(20, int(len(waiting) * PASS_S / CONFIG_SPREAD_S) + 1)
        taken = [waiting.pop() for _ in range(min(share, len(waiting)))]
        if not waiting:
            del self._paced[partition]
        return taken

    async def _append(self, partition: int, records: list[tuple[bytes, LogRecord]]) -> None:
        nothing: Headers = ()
        items = [(key, encode_record(record), nothing) for key, record in records]
        writer = self._writer()
        await writer.acked(await writer.send(self._log_topic, partition, items))
