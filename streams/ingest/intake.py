"""The source partitions of this process: where each stands, and what comes in from it.

Topics are fetched and files read as far as there is room in the merge; every record is mapped here
and waits there for its turn. What is read to its end says so, with the time of the fetch that saw
it. Several sources may read one topic, each with its own mapping and its own books.

Next step: `streams.ingest.sorting` decides what becomes of a record whose turn it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from scoring.records import Origin
from streams.control import Counts, Place, Progress
from streams.ingest.batch import Names
from streams.ingest.books import Books
from streams.ingest.commands import ForCustomer, ForFleet, decode_command
from streams.ingest.events import Decoded, Filtered, Rejected
from streams.ingest.files import lines
from streams.ingest.mapping import Decode, compile_source
from streams.ingest.merge import Item, Merge, Partition
from streams.ingest.sources import NATIVE, SourceSettings
from streams.settings import Settings

EVENTS_SOURCE: Final = "events"
COMMANDS_SOURCE: Final = "commands"
FETCH_WAIT_MS: Final = 20
_PATIENCE_MS: Final = 1_000
_LINES_AT_ONCE: Final = 1_000

log = structlog.get_logger("nabz.ingest")


class IngestError(Exception):
    """Ingest cannot go on; the message says what was found and what to do."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A record of a source, mapped, with the bytes it was."""

    decoded: Decoded | ForCustomer | ForFleet
    value: bytes | None
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A source and what it compiles to.

    Attributes:
        topic: Where it is read, empty for files.
        decode: Its mapping; None for commands.
        inputs: Its files, None where it is a topic.
    """

    name: str
    topic: str
    decode: Decode | None
    settings: SourceSettings | None = None
    inputs: tuple[Path, ...] | None = None

    @property
    def inbound(self) -> bool:
        """Does it lack our own replies?"""
        return self.settings is not None and self.settings.directions == "inbound"


@dataclass(slots=True)
class Reading:
    """A source partition we own.

    Attributes:
        source: Whose.
        topic: Topic or file name, as in coordinates.
        partitions: How many the source has.
        position: Offset of the next record to take in.
        books: What became of the records before.
        since_ms: When it became ours.
        here: Stands for it among the progress of others: told of, and in nobody's way.
        lines: The lines of a file, until it is read to its end.
        held: Records with turns held, by offset, for their dead letters.
        told: Progress published last.
    """

    source: Source
    topic: str
    partitions: int
    position: int
    books: Books
    since_ms: int
    here: Progress
    lines: Iterator[tuple[int, bytes]] | None = None
    held: dict[int, Raw] = field(default_factory=dict)
    told: Progress | None = None


def compiled(
    settings: Settings, names: Names, inputs: Mapping[str, list[Path]]
) -> dict[str, Source]:
    """All sources by name, in the order that decides among records of one time."""
    types = settings.scoring.interactions
    sources = {
        name: Source(
            name,
            one.topic or "",
            compile_source(name, one, types),
            one,
            tuple(inputs[name]) if name in inputs else None,
        )
        for name, one in settings.sources.items()
    }
    if settings.events:
        native = compile_source(EVENTS_SOURCE, NATIVE, types, native=True)
        sources[EVENTS_SOURCE] = Source(EVENTS_SOURCE, names.events, native, NATIVE)
    sources[COMMANDS_SOURCE] = Source(COMMANDS_SOURCE, names.commands, None)
    return sources


class Intake:
    """Fills a merge from the partitions we own.

    Attributes:
        sources: All sources, by name.
        readings: The source partitions we own, by place.
        merge: Where their records wait.
        file_ended: A file has been read to its end since this was last set to False.
        skipped: Records that were removed before they were read, by source, since last taken.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        settings: Settings,
        names: Names,
        clock: Callable[[], int],
    ) -> None:
        """Own nothing yet."""
        self.sources = sources
        self.readings: dict[Place, Reading] = {}
        self.merge: Merge[Raw] = Merge(queue_max=settings.ingest.queue)
        self.file_ended = False
        self.skipped: Counter[str] = Counter()
        self._names = names
        self._batch = settings.ingest.batch
        self._live = settings.clock == "live"
        self._clock = clock
        self._expected: dict[TopicPartition, int] = {}

    def topics(self) -> list[str]:
        """What to subscribe to; `nabz.events.v1` always, as its partitions hand out the files."""
        topics = {one.topic for one in self.sources.values() if one.inputs is None}
        return sorted(topics | {self._names.events})

    # ------------------------------------------------------------------ partitions come and go

    def drop(self) -> None:
        """Own nothing any more."""
        self.readings.clear()
        self.merge.partitions.clear()
        self._expected.clear()

    async def take_over(
        self,
        consumer: AIOKafkaConsumer,
        assigned: set[TopicPartition],
        told: Mapping[Place, Progress],
    ) -> None:
        """Go on with what these partitions hold, each where its progress says.

        Args:
            consumer: Member of the group, assigned to these.
            assigned: What the group gave us.
            told: Progress of all places, read to the end of the control topic.
        """
        for source in self.sources.values():
            if source.inputs is None:
                await self._take_over_topic(consumer, source, assigned, told)
            else:
                count = len(consumer.partitions_for_topic(self._names.events) or ())
                for number, path in enumerate(source.inputs):
                    if TopicPartition(self._names.events, number % max(1, count)) in assigned:
                        many = len(source.inputs)
                        one = self._open((source.name, 0, number), path.name, many, 0, told)
                        one.lines = lines(path, one.position)

    async def _take_over_topic(
        self,
        consumer: AIOKafkaConsumer,
        source: Source,
        assigned: set[TopicPartition],
        told: Mapping[Place, Progress],
    ) -> None:
        many = len(consumer.partitions_for_topic(source.topic) or ())
        if not many:
            log.warning("ingest.topic_missing", source=source.name, topic=source.topic)
        for tp in sorted(assigned):
            if tp.topic != source.topic:
                continue
            begin = await consumer.committed(tp)
            if begin is None:
                begin = (await consumer.beginning_offsets([tp]))[tp]
            one = self._open((source.name, 0, tp.partition), tp.topic, many, begin, told)
            # Of several sources of a topic, the one furthest behind says where to begin.
            start = min(one.position, self._expected.get(tp, one.position))
            self._expected[tp] = start
            consumer.seek(tp, start)

    def _open(
        self,
        place: Place,
        topic: str,
        partitions: int,
        begin: int,
        told: Mapping[Place, Progress],
    ) -> Reading:
        name, epoch, number = place
        source = self.sources[name]
        last = told.get(place)
        books = Books(begin) if last is None else Books(last.offset, last.counts)
        now_ms = self._clock()
        here = Progress(
            name, epoch, number, partitions, 0, None, None, finished=True, counts=Counts(), at_ms=0
        )
        one = Reading(source, topic, partitions, books.offset, books, now_ms, here)
        self.readings[place] = one
        self.merge.partitions[place] = Partition(
            0 if source.settings is None else source.settings.lateness,
            counts=name != COMMANDS_SOURCE,
            newest_ms=None if last is None else last.newest_ms,
            complete_ms=0 if last is None or last.complete_ms is None else last.complete_ms,
        )
        return one

    # ------------------------------------------------------------------ what comes in

    async def fetch(self, consumer: AIOKafkaConsumer, told: Mapping[Place, Progress]) -> None:
        """Take in what topics and files have, as far as there is room, and see where they end."""
        by_tp: dict[TopicPartition, list[Place]] = {}
        for place, one in self.readings.items():
            if one.source.inputs is None:
                by_tp.setdefault(TopicPartition(one.topic, place[2]), []).append(place)
        rooms = {tp: min(map(self.merge.room, places)) for tp, places in by_tp.items()}
        wanted = [tp for tp, room in rooms.items() if room]
        busy = any(one.queue for one in self.merge.partitions.values()) or any(
            one.lines is not None for one in self.readings.values()
        )
        wait_ms = 0 if busy else FETCH_WAIT_MS
        if wanted:
            fetched = await consumer.getmany(
                *wanted,
                timeout_ms=wait_ms,
                max_records=min(self._batch, *(rooms[tp] for tp in wanted)),
            )
            await self._take_in_all(consumer, fetched, by_tp)
            for tp, places in by_tp.items():
                await self._see_end(consumer, tp, places, told)
        else:
            await asyncio.sleep(wait_ms / 1000)
        self._read_files()

    async def _take_in_all(
        self,
        consumer: AIOKafkaConsumer,
        fetched: Mapping[TopicPartition, list[ConsumerRecord[bytes, bytes]]],
        by_tp: Mapping[TopicPartition, list[Place]],
    ) -> None:
        now_ms = self._clock()
        for tp, records in fetched.items():
            self._as_expected(tp, records[0].offset)
            await self._look_back(consumer, tp, records[0].offset, by_tp[tp])
            self._expected[tp] = records[-1].offset + 1
            for place in by_tp[tp]:
                one = self.readings[place]
                fresh = [record for record in records if record.offset >= one.position]
                self._take_in(
                    place,
                    [self._item(place, r.offset, r.value, r.key, now_ms) for r in fresh],
                )
            await asyncio.sleep(0)

    def _as_expected(self, tp: TopicPartition, found: int) -> None:
        """Offsets only rise: the next record, or the end, is not below what was read."""
        expected = self._expected[tp]
        if found < expected:
            raise IngestError(
                f"topic {tp.topic}, partition {tp.partition}: found {found}, expected {expected} or"
                " later. The topic was made anew or cut, so what was read cannot be told from what"
                " was not: give the source another name"
            )

    async def _look_back(
        self, consumer: AIOKafkaConsumer, tp: TopicPartition, found: int, places: list[Place]
    ) -> None:
        """Count what lies before `found` and is gone: removed by retention before it was read.

        Offsets that compaction or transactions leave out are none: the topic still begins before
        them.
        """
        expected = self._expected[tp]
        if found <= expected:
            return
        self._expected[tp] = found
        begin = (await consumer.beginning_offsets([tp]))[tp]
        gone = min(begin, found) - expected
        if gone > 0:
            log.error(
                "ingest.records_missing",
                topic=tp.topic,
                partition=tp.partition,
                first=expected,
                next=min(begin, found),
            )
            self.skipped.update({place[0]: gone for place in places})

    def _take_in(self, place: Place, items: list[Item[Raw]]) -> None:
        if items:
            self.readings[place].position = items[-1].offset + 1
            self.merge.feed(place, items)

    async def _see_end(
        self,
        consumer: AIOKafkaConsumer,
        tp: TopicPartition,
        places: list[Place],
        told: Mapping[Place, Progress],
    ) -> None:
        end = consumer.highwater(tp)
        if end is None or (self._expected[tp] < end and await consumer.position(tp) < end):
            return
        self._as_expected(tp, end)
        await self._look_back(consumer, tp, end, places)
        answered_ms = consumer.last_poll_timestamp(tp)
        for place in places:
            partition = self.merge.partitions[place]
            partition.ended = True
            # A backfill knows no present: what is read to its end holds nobody back.
            partition.finished = not self._live
            partition.ended_ms = None if self._silent(place[0], told) else answered_ms

    def _silent(self, source: str, told: Mapping[Place, Progress]) -> bool:
        """Has a source that should speak been silent in all its partitions for too long?"""
        settings = self.sources[source].settings
        if settings is None or settings.expect_every is None:
            return False
        heard_ms = [one.newest_ms or 0 for place, one in told.items() if place[0] == source]
        for place, one in self.readings.items():
            if place[0] == source:
                heard_ms += [one.since_ms, self.merge.partitions[place].newest_ms or 0]
        return self._clock() - max(heard_ms) > settings.expect_every

    def _read_files(self) -> None:
        """Take in lines of our files; some hundreds from disk do not hold up the loop."""
        now_ms = self._clock()
        for place, one in self.readings.items():
            if one.lines is None:
                continue
            items: list[Item[Raw]] = []
            room = min(self.merge.room(place), _LINES_AT_ONCE)
            ended = False
            while len(items) < room and not ended:
                number, line = next(one.lines, (-1, b""))
                ended = number < 0
                if not ended:
                    items.append(self._item(place, number, line, None, now_ms))
            self._take_in(place, items)
            if ended:
                one.lines = None
                partition = self.merge.partitions[place]
                partition.ended = partition.finished = self.file_ended = True

    def _item(
        self, place: Place, offset: int, value: bytes | None, key: bytes | None, now_ms: int
    ) -> Item[Raw]:
        one = self.readings[place]
        decode = one.source.decode
        try:
            if decode is None:
                origin = Origin(place[0], place[2], offset, topic=one.topic)
                return Item(
                    offset, None, Raw(decode_command(key, value, origin, now_ms), value, key)
                )
            decoded = decode(value, f"{place[2]}/{offset}", now_ms)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  # our defect costs one record, not the fleet
            log.error("ingest.mapping_failed", source=place[0], error=type(error).__name__)
            decoded = Rejected("mapping_failed")
        time_ms = None
        if not isinstance(decoded, Filtered | Rejected):
            time_ms = min(event.ts_ms for event in decoded)
        return Item(offset, time_ms, Raw(decoded, value, key))

    def unreadable(self, consumer: AIOKafkaConsumer) -> list[Place]:
        """Partitions whose leader has not answered lately: order does not wait for them."""
        if not self._live:
            return []
        now_ms = self._clock()
        found = []
        for place, one in self.readings.items():
            partition = self.merge.partitions[place]
            if partition.ended or partition.queue or one.source.inputs is not None:
                continue
            answered_ms = consumer.last_poll_timestamp(TopicPartition(one.topic, place[2]))
            if now_ms - max(answered_ms or 0, one.since_ms) > _PATIENCE_MS:
                found.append(place)
        return found
