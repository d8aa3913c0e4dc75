"""Records taken in a second time: dead letters whose cause is mended, sources read again.

They are appended under a new epoch of their source, `ordered: false`, and counted in a progress of
their own that holds nobody's completeness back. Nothing is counted twice: what the customer log
holds already is left out here, and what ingest appends meanwhile the fold finds among the event ids
it remembers of a customer (`alerts.row.IDS_MAX`). What retention has removed from the log is beyond
both; `forgotten_ms` says where that begins.

Next step: `nabz dlq replay` and `nabz sources rewind` run this, `alerts.fold` folds what is
appended.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from alerts.row import event_hash
from scoring.records import (
    Command,
    Origin,
    Outcome,
    Profile,
    Signal,
    decode_record,
)
from streams.control import Control, Counts, Progress, progress_key
from streams.dead_letters import DeadLetter, dead_letter
from streams.engine.brokers import Broker
from streams.engine.cycle import Writer
from streams.engine.kafka_reads import begins, read
from streams.ingest.batch import Batch, Names
from streams.ingest.conversations import Identity, identity_key
from streams.ingest.events import Decoded, Event, Filtered, Rejected
from streams.ingest.intake import Source
from streams.ingest.signals import Read, log_record
from streams.settings import Settings
from streams.topics import DEAD_LETTERS

_AT_ONCE: Final = 200
_OF_LOG: Final = "customer-log"
KNOWN: Final = "known"
"""Why a record is filtered here and nowhere else: the log holds its events already."""

Foldable = Signal | Profile | Outcome | Command


class Original(NamedTuple):
    """A record to be taken in again, with its old coordinates.

    Attributes:
        source: Name in `nabz.yaml`; of a record of the log that could not be folded, that of its
            event.
        record: Such a record of the log; None where `value` is what a source holds.
        customer: Key of such a record.
        cut: Only its beginning was kept: it cannot be taken in.
    """

    source: str
    topic: str
    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    record: Foldable | None = None
    customer: bytes = b""
    cut: bool = False


@dataclass
class Taken:
    """What taking records in again came to.

    Attributes:
        read: Records looked at.
        events: Events appended, or that would be.
        known: Events left out, as the log holds them.
        filtered: Records without an event, by reason; `rejected` likewise, still not understood.
        cut: Records of which too little was kept.
        epochs: Epoch used, by source.
        forgotten_ms: The log holds nothing from before: what was appended earlier is not seen.
    """

    read: int = 0
    events: int = 0
    known: int = 0
    filtered: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    epochs: dict[str, int] = field(default_factory=dict)
    forgotten_ms: int | None = None


class Known:
    """Which events the log holds, but for those whose fold failed and that nobody folded since."""

    def __init__(self, broker: Broker, names: Names, wanted: frozenset[bytes]) -> None:
        """Read the log once; `wanted` are hashes of the ids asked for."""
        failed = {
            (letter.partition, letter.offset)
            for letter in letters(broker, names.dead_letters)
            if letter.source == _OF_LOG
        }
        self._ids: set[bytes] = set()
        self.forgotten_ms: int | None = None
        cut = any(begins(broker, names.log).values())
        for records in read(broker, names.log):
            for record in records:
                if cut and (self.forgotten_ms is None or record.timestamp < self.forgotten_ms):
                    self.forgotten_ms = record.timestamp
                name = _id_of(record.value)
                if name in wanted and (record.partition, record.offset) not in failed:
                    self._ids.add(name)

    def __contains__(self, event: Foldable) -> bool:
        return event_hash(_event_id(event)) in self._ids


def _event_id(event: Foldable) -> str:
    return event.command_id if isinstance(event, Command) else event.event_id


def _id_of(value: bytes | None) -> bytes:
    try:
        record = None if value is None else decode_record(value)
    except msgspec.DecodeError:
        return b""
    if not isinstance(record, Foldable):
        return b""
    return event_hash(_event_id(record))


def letters(broker: Broker, topic: str = DEAD_LETTERS) -> Iterator[DeadLetter]:
    """All dead letters, oldest first; those written twice, twice."""
    decoder = msgspec.json.Decoder(DeadLetter)
    for records in read(broker, topic):
        for record in records:
            if record.value is not None:
                yield decoder.decode(record.value)


def originals(found: Iterable[DeadLetter]) -> list[Original]:
    """What dead letters hold, each place once.

    >>> from streams.dead_letters import dead_letter
    >>> letter = dead_letter(source="s", topic="t", partition=0, offset=7, reason="not_json",
    ...                      value=b"{", at_ms=5)
    >>> [(one.source, one.offset, one.value) for one in originals([letter, letter])]
    [('s', 7, b'{')]
    """
    kept: dict[tuple[str, str, int, int], Original] = {}
    for one in found:
        place = one.source, one.topic, one.partition, one.offset
        value = base64.b64decode(one.original)
        key = base64.b64decode(one.key)
        cut = len(value) < one.size
        record = _foldable(value) if one.source == _OF_LOG and not cut else None
        if one.source != _OF_LOG:
            kept[place] = Original(*place, value, key, cut=cut)
        elif record is None:
            kept[place] = Original(*place, value, key, cut=True)
        else:
            origin = record.origin
            kept[place] = Original(
                origin.source, origin.topic, origin.partition, origin.offset, value, None, record,
                key,
            )  # fmt: skip
    return list(kept.values())


def _foldable(value: bytes) -> Foldable | None:
    try:
        record = decode_record(value)
    except msgspec.DecodeError:
        return None
    return record if isinstance(record, Foldable) else None


def next_epoch(control: Control, source: str) -> int:
    """The first epoch of a source that nobody has used.

    >>> next_epoch(Control(), "tickets")
    1
    """
    return 1 + max((epoch for name, epoch, _ in control.progress if name == source), default=0)


class Again:
    """One run over records to be taken in again.

    Attributes:
        taken: What came of it so far.
    """

    def __init__(
        self,
        settings: Settings,
        broker: Broker,
        sources: Mapping[str, Source],
        *,
        control: Control,
        reads: Read,
        clock: Callable[[], int],
        names: Names | None = None,
        quiet: bool,
    ) -> None:
        """Prepare.

        Args:
            settings: What is configured.
            broker: Where the topics are.
            sources: As compiled from the settings.
            control: The control topic as it is now.
            reads: Reads a text, `scoring.reading.read`.
            clock: The wall clock, in milliseconds.
            names: Topics, for tests.
            quiet: What is still not understood has a dead letter already, and gets no other.
        """
        self._broker = broker
        self._names = Names() if names is None else names
        self._sources = sources
        self._control = control
        self._reads = reads
        self._clock = clock
        self._live = settings.clock == "live"
        self._quiet = quiet
        self._complete_ms = control.complete_to_ms(settings.source_names())
        self._books: dict[tuple[str, int], Progress] = {}
        self._owners: dict[bytes, Identity] = {}
        self._met: dict[bytes, bytes | None] = {}
        self._batch = Batch()
        self.taken = Taken()

    async def run(
        self,
        found: Callable[[], Iterable[Original]],
        *,
        rate: int,
        dry: bool = False,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> Taken:
        """Take in what the log does not hold.

        Args:
            found: Gives the records, each time the same.
            rate: Records a second, at most: live customers go first.
            dry: Write nothing.
            progress: Told records done and records there are.

        Raises:
            streams.engine.kafka_reads.ReadError: A topic cannot be read.
            aiokafka.errors.KafkaError: Kafka did not take what it should.
        """
        self._read_owners()
        ids: set[bytes] = set()
        total = 0
        for original in found():
            total += 1
            ids.update(self._meet(original))
        self._batch.identities = self._met
        known = Known(self._broker, self._names, frozenset(ids))
        self.taken.forgotten_ms = known.forgotten_ms
        async with self._writing(dry=dry) as write:
            began_s = time.monotonic()
            for original in found():
                self._take(original, known)
                if self.taken.read % _AT_ONCE == 0:
                    await write()
                    progress(self.taken.read, total)
                    early_s = began_s + self.taken.read / rate - time.monotonic()
                    await asyncio.sleep(max(0.0, early_s))
            for place, one in self._books.items():
                self._books[place] = replace(one, finished=True)
            await write()
        progress(self.taken.read, total)
        return self.taken

    # ------------------------------------------------------------------ writing

    @asynccontextmanager
    async def _writing(self, *, dry: bool) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """A function that writes what is gathered, acknowledged, and then how far this is."""
        if dry:
            yield self._forget
            return
        producer = AIOKafkaProducer(
            **self._broker.aiokafka(),
            client_id="nabz-again",
            acks="all",
            # As the rest of the command line: the embedded broker numbers no batches, and an event
            # that a retry has appended twice is folded once.
            enable_idempotence=False,
            max_batch_size=512 * 1024,
            max_request_size=1024 * 1024,
        )
        writer = Writer(producer)

        async def write() -> None:
            await self._batch.write(writer, self._names, lambda _point: None)
            now_ms = self._clock()
            told = [replace(one, at_ms=now_ms) for one in self._books.values()]
            items = [(progress_key(one), msgspec.json.encode(one), ()) for one in told]
            await writer.acked(await writer.send(self._names.control, 0, items))
            await self._forget()

        try:
            await producer.start()
            yield write
        finally:
            await producer.stop()

    async def _forget(self) -> None:
        self._batch = Batch()

    # ------------------------------------------------------------------ deciding

    def _read_owners(self) -> None:
        """Owners of conversations, as ingest has written them down."""
        decoder = msgspec.json.Decoder(Identity)
        for records in read(self._broker, self._names.identities):
            for record in records:
                if record.value is not None:
                    self._owners[record.key] = decoder.decode(record.value)

    def _meet(self, original: Original) -> Iterator[bytes]:
        """Hashes of the ids of a record's events; who opens a conversation is its owner."""
        if original.record is not None:
            yield event_hash(_event_id(original.record))
            return
        decoded = self._decoded(original)
        if isinstance(decoded, Filtered | Rejected):
            return
        for event in decoded:
            yield event_hash(event.event_id)
            if event.customer is None or event.conversation is None:
                continue
            key = identity_key(original.source, event.conversation)
            if key not in self._owners:
                one = Identity(
                    event.customer, original.partition, original.offset, event.ts_ms, event.ts_ms
                )
                self._owners[key] = one
                self._met[key] = msgspec.json.encode(one)

    def _decoded(self, original: Original) -> Decoded:
        source = self._sources.get(original.source)
        if source is None or source.decode is None:
            return Rejected("mapping_failed", "source")
        return source.decode(
            original.value, f"{original.partition}/{original.offset}", self._clock()
        )

    def _take(self, original: Original, known: Known) -> None:
        """Decide about one record, and count it."""
        taken = self.taken
        taken.read += 1
        if original.cut:
            taken.cut += 1
            self._count(original, dead="too_large")
            return
        if original.record is not None:
            self._append(original, [(original.customer, original.record)], known)
            return
        decoded = self._decoded(original)
        if isinstance(decoded, Filtered):
            taken.filtered[decoded.reason] += 1
            self._count(original, filtered=decoded.reason)
        elif isinstance(decoded, Rejected):
            self._reject(original, decoded)
        else:
            self._take_events(original, decoded, known)

    def _take_events(self, original: Original, events: tuple[Event, ...], known: Known) -> None:
        records: list[tuple[bytes, Foldable]] = []
        for event in events:
            customer = self._customer(original, event)
            if customer is None:
                self._reject(original, Rejected("no_customer", "conversation"))
                return
            origin = Origin(original.source, original.partition, original.offset, event.index)
            made = log_record(
                event,
                replace(origin, topic=original.topic),
                self._reads,
                at_ms=0,
                complete_to_ms=0,
                ordered=False,
                inbound=self._sources[original.source].inbound,
            )
            assert isinstance(made, Foldable), "an event is one of these"  # noqa: S101
            records.append((customer.encode(), made))
        self._append(original, records, known)

    def _customer(self, original: Original, event: Event) -> str | None:
        if event.customer is not None or event.conversation is None:
            return event.customer
        owner = self._owners.get(identity_key(original.source, event.conversation))
        return None if owner is None else owner.customer

    def _append(
        self, original: Original, records: list[tuple[bytes, Foldable]], known: Known
    ) -> None:
        fresh = [(key, one) for key, one in records if one not in known]
        self.taken.known += len(records) - len(fresh)
        self.taken.events += len(fresh)
        epoch = self._epoch(original.source)
        for key, one in fresh:
            self._batch.records.append(
                (
                    key,
                    replace(
                        one,
                        at_ms=self._clock() if self._live else max(one.ts_ms, self._complete_ms),
                        complete_to_ms=self._complete_ms,
                        origin=replace(one.origin, epoch=epoch),
                        ordered=False,
                    ),
                )
            )
        self._count(original, events=len(fresh), filtered="" if fresh else KNOWN)

    def _reject(self, original: Original, why: Rejected) -> None:
        self.taken.rejected[why.reason] += 1
        self._count(original, dead=why.reason)
        if not self._quiet:
            self._batch.letters.append(
                dead_letter(
                    source=original.source,
                    topic=original.topic,
                    partition=original.partition,
                    offset=original.offset,
                    reason=why.reason,
                    value=original.value,
                    key=original.key,
                    field=why.field,
                    epoch=self._epoch(original.source),
                    at_ms=self._clock(),
                )
            )

    # ------------------------------------------------------------------ counting

    def _epoch(self, source: str) -> int:
        return self.taken.epochs.setdefault(source, next_epoch(self._control, source))

    def _count(
        self, original: Original, *, events: int = 0, filtered: str = "", dead: str = ""
    ) -> None:
        """Law 5, for what is read again: read = appended + filtered + dead-lettered."""
        place = original.source, original.partition
        before = self._books.get(place)
        counts = Counts() if before is None else before.counts
        self._books[place] = Progress(
            source=original.source,
            epoch=self._epoch(original.source),
            partition=original.partition,
            partitions=1
            + max(number for name, number in {*self._books, place} if name == place[0]),
            offset=original.offset + 1,
            complete_ms=None,
            newest_ms=None,
            finished=False,
            counts=Counts(
                read=counts.read + 1,
                appended=counts.appended + bool(events),
                filtered=_one_more(counts.filtered, filtered),
                dead_lettered=_one_more(counts.dead_lettered, dead),
                events=counts.events + events,
            ),
            at_ms=0,
        )


def _one_more(counts: Mapping[str, int], reason: str) -> dict[str, int]:
    return {**counts, reason: counts.get(reason, 0) + 1} if reason else dict(counts)
