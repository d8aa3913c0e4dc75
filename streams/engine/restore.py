"""Going on where the last owner stopped: rows from the changelog, the place in the log, standbys.

After every rebalance the rows of our partitions are read to the changelog's end before Faust lets
records flow. Rows and committed offsets that cannot stem from this log end the process: folding on
would skip records in silence.

Next step: `streams.engine.worker.Lane` restores when the group has assigned partitions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from streams.engine import reader
from streams.engine.brokers import Broker
from streams.engine.cycle import Fold
from streams.engine.failstop import FailStop
from streams.engine.progress import Progress
from streams.engine.rows import Rows
from streams.engine.transport import Found

log = structlog.get_logger(__name__)


class Restore:
    """Puts the rows of a lane in place, and keeps those of its standby partitions warm."""

    def __init__(
        self,
        *,
        broker: Broker,
        fold: Fold,
        rows: Rows,
        progress: Progress,
        log_topic: str,
        rows_topic: str,
        log_epoch: int,
        fail_stop: FailStop,
    ) -> None:
        """Wire it; nothing is read yet."""
        self._broker = broker
        self._fold = fold
        self._rows = rows
        self._progress = progress
        self._log_topic = log_topic
        self._rows_topic = rows_topic
        self._log_epoch = log_epoch
        self._fail_stop = fail_stop
        self._held: frozenset[int] = frozenset()
        self._standbys: asyncio.Task[None] | None = None

    async def bring(
        self, mine: frozenset[int], spare: frozenset[int], still: Callable[[], bool]
    ) -> bool:
        """Put the rows of `mine` in place and begin to follow those of `spare`.

        Args:
            mine: Partitions the group has assigned to us.
            spare: Partitions we are the standby of.
            still: Asked again and again; False gives up, because a newer rebalance has begun.

        Returns:
            False if given up.
        """
        await self.stop_standbys()
        for partition in self._held - mine:
            self._fold.on_lost(partition)
        self._held &= mine
        for partition in self._rows.partitions() - mine - spare:
            self._rows.drop(partition)
        began_s = time.monotonic()
        ends = await reader.read_to_end(
            self._broker, self._rows_topic, self._positions(mine), self._apply, still=still
        )
        for partition, end in (ends or {}).items():
            self._rows.reached(partition, end)
        if ends is None or not await self._log_fits(mine, still) or not still():
            return False
        for partition in mine:
            self._fold.on_restored(partition, self._rows.of(partition))
        self._held = mine
        if spare:
            self._standbys = asyncio.ensure_future(self._follow(spare))
        log.info(
            "partitions.restored",
            partitions=sorted(mine),
            standbys=sorted(spare),
            rows=sum(len(self._rows.of(partition)) for partition in mine),
            seconds=round(time.monotonic() - began_s, 3),
        )
        return True

    def _positions(self, partitions: frozenset[int]) -> dict[int, int]:
        return {partition: self._rows.position(partition) for partition in sorted(partitions)}

    def _apply(self, partition: int, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        self._progress.stale += self._rows.restore(partition, records)

    async def start_at(self, partition: int, found: Found) -> int:
        """Where to read a log partition from; see `streams.engine.transport.Hooks`."""
        committed, begin, end = found
        if committed is None:
            return begin
        if committed > end:
            # Tansu tells an end short of its last batch, so have a look before refusing.
            near = {partition: end - 1}
            end = (await reader.fetched_ends(self._broker, self._log_topic, near))[partition]
            if committed > end:
                self._refuse(partition, f"the group has committed {committed}", end)
        if committed < begin:
            self._progress.skipped += begin - committed
            log.error("log.records_expired", partition=partition, first=committed, next=begin)
            return begin
        return committed

    async def _log_fits(self, partitions: frozenset[int], still: Callable[[], bool]) -> bool:
        """Refuse rows that were folded from another log than this one; False if given up."""
        folded = {}
        for partition in partitions:
            newest = self._rows.newest(partition)
            if newest is None:
                continue
            if newest.log_epoch != self._log_epoch:
                self._fail_stop(
                    f"{self._rows_topic} partition {partition} holds rows of log epoch"
                    f" {newest.log_epoch}, this worker runs log epoch {self._log_epoch}: set"
                    f" log_epoch to {newest.log_epoch}, or start the new epoch with an empty"
                    f" {self._rows_topic}"
                )
            folded[partition] = newest.offset
        ends = await reader.fetched_ends(self._broker, self._log_topic, folded, still=still)
        for partition, end in ends.items():
            if folded[partition] >= end:
                self._refuse(partition, f"a row was folded up to {folded[partition]}", end)
        return len(ends) == len(folded)

    def _refuse(self, partition: int, stored: str, end: int) -> NoReturn:
        self._fail_stop(
            f"{self._log_topic} partition {partition} ends at {end}, but {stored}: the log was"
            " recreated or truncated under its rows. Bring the old log back; or, to start over,"
            f" stop all workers, delete and re-create {self._log_topic} and {self._rows_topic},"
            " delete the consumer group, and raise log_epoch"
        )

    async def _follow(self, spare: frozenset[int]) -> None:
        """Keep standby rows warm; trouble here costs only a longer restore."""
        while True:
            try:
                await reader.follow(
                    self._broker, self._rows_topic, self._positions(spare), self._apply
                )
            except KafkaError as error:
                log.warning("standbys.interrupted", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def stop_standbys(self) -> None:
        """Stop following; harmless when nothing is followed."""
        task, self._standbys = self._standbys, None
        if task is None:
            return
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(outcome, Exception):
            log.error("standbys.failed", error=type(outcome).__name__)
