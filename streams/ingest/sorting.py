"""What becomes of a record whose turn it is: appended, filtered, put aside, held for its customer.

Next step: `streams.ingest.batch` writes what is decided here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import structlog

from scoring.records import Origin
from streams.control import Place
from streams.dead_letters import dead_letter
from streams.ingest.batch import Batch
from streams.ingest.commands import ForCustomer, ForFleet
from streams.ingest.conversations import Conversations, Named, Nameless
from streams.ingest.events import Filtered, Rejected
from streams.ingest.intake import Intake, Raw
from streams.ingest.merge import Emitted, Partition
from streams.ingest.signals import Read, log_record

_BREATH_S: Final = 0.02

log = structlog.get_logger("nabz.ingest")


class Sorting:
    """Decides, and enters the decision in the books."""

    def __init__(
        self,
        intake: Intake,
        conversations: Conversations,
        read: Read,
        *,
        live: bool,
        clock: Callable[[], int],
    ) -> None:
        """Decide about what `intake` has taken in; `read` reads texts."""
        self._intake = intake
        self._conversations = conversations
        self._read = read
        self._live = live
        self._clock = clock

    async def batch(self, emitted: Iterator[Emitted[Raw]]) -> Batch:
        """Decide about these records, in order."""
        batch = Batch()
        now_ms = self._clock()
        breathed_s = time.monotonic()
        for one in emitted:
            self._decide(batch, one, now_ms)
            # Heartbeats and probes share the loop with reading texts, long ones too.
            if time.monotonic() - breathed_s > _BREATH_S:
                await asyncio.sleep(0)
                breathed_s = time.monotonic()
        for place, partition in self._intake.merge.partitions.items():
            if partition.held_ms is not None and partition.ended and not partition.queue:
                for nameless in self._given_up(place, partition):
                    self._settle(batch, place, nameless, now_ms, 0)
                partition.held_ms = self._conversations.held_since_ms(place)
        batch.identities, self._conversations.changed = self._conversations.changed, {}
        return batch

    def _given_up(self, place: Place, partition: Partition[Raw]) -> list[Nameless]:
        """Turns that nobody will name any more, in a partition that is read to its end."""
        if self._intake.readings[place].source.inputs is not None:
            return self._conversations.end(place)
        if not self._live or partition.ended_ms is None:
            return []
        # Nothing comes, but time passes: a turn nobody names must not hold all others back.
        reached_ms = partition.ended_ms - partition.lateness_ms
        return self._conversations.overdue(place, reached_ms)

    def _decide(self, batch: Batch, one: Emitted[Raw], now_ms: int) -> None:
        place, (offset, _, raw), newest_ms, complete_ms = one
        reading = self._intake.readings[place]
        match raw.decoded:
            case Rejected(reason, about):
                reading.books.enter(offset, dead=reason)
                self._letter(batch, place, offset, raw, reason, about)
            case Filtered(reason):
                reading.books.enter(offset, filtered=reason)
            case ForFleet(key, value):
                reading.books.enter(offset, events=1)
                batch.control.append((key, value))
                reading.books.appended(offset)
                log.info("command.taken", of="fleet", partition=place[2], offset=offset)
            case ForCustomer(customer, command):
                reading.books.enter(offset, events=1)
                # By the clock of the data: a command given today must not age a backfill of 2019.
                at_ms = now_ms if self._live else complete_ms
                stamped = msgspec.structs.replace(command, at_ms=at_ms, complete_to_ms=complete_ms)
                batch.records.append((customer.encode(), stamped))
                reading.books.appended(offset)
                log.info("command.taken", of=command.verb, partition=place[2], offset=offset)
            case events:
                reading.books.enter(offset, events=len(events))
                reading.held[offset] = raw
                for event in events:
                    for decided in self._conversations.take(place, offset, event, newest_ms):
                        self._settle(batch, place, decided, now_ms, complete_ms)
        held_ms = self._conversations.held_since_ms(place)
        self._intake.merge.partitions[place].held_ms = held_ms

    def _settle(
        self, batch: Batch, place: Place, one: Named | Nameless, now_ms: int, complete_ms: int
    ) -> None:
        if isinstance(one, Nameless):
            self._put_aside(batch, place, one.offset, "no_customer", "conversation")
            return
        offset, event, customer, ordered = one
        reading = self._intake.readings[place]
        try:
            record = log_record(
                event,
                Origin(place[0], place[2], offset, event.index, place[1], reading.topic),
                self._read,
                at_ms=now_ms if self._live else max(event.ts_ms, complete_ms),
                complete_to_ms=complete_ms,
                ordered=ordered,
                inbound=reading.source.inbound,
            )
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  # our defect costs one record, not the fleet
            log.error("ingest.reading_failed", source=place[0], error=type(error).__name__)
            self._put_aside(batch, place, offset, "mapping_failed", "text")
            return
        batch.records.append((customer.encode(), record))
        reading.books.appended(offset)

    def _put_aside(self, batch: Batch, place: Place, offset: int, reason: str, about: str) -> None:
        reading = self._intake.readings[place]
        self._letter(batch, place, offset, reading.held[offset], reason, about)
        reading.books.dead(offset, reason)

    def _letter(
        self, batch: Batch, place: Place, offset: int, raw: Raw, reason: str, about: str
    ) -> None:
        batch.letters.append(
            dead_letter(
                source=place[0],
                topic=self._intake.readings[place].topic,
                partition=place[2],
                offset=offset,
                reason=reason,
                value=raw.value,
                key=raw.key,
                field=about,
                at_ms=self._clock(),
            )
        )
