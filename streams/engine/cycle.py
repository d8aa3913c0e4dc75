"""The commit cycle: fold all, outputs acknowledged, rows acknowledged, local store, done.

One cycle takes one fetch over all partitions we own. The order is the guarantee: a crash anywhere
folds the same records again into the same bytes, and readers drop outputs they have seen. Both
sends in one round would be no faster, and a crash would lose outputs for good whose rows are
written.

Next step: `streams.engine.worker.Lane` owns a `Cycle`; `streams/worker/track.py` is the `Fold`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from alerts.header import FENCE_BYTES
from streams.engine.rows import FENCE, Rows, Stored

Headers = Sequence[tuple[str, bytes]]
POINTS = (
    "outputs_sent",
    "outputs_acked",
    "changelog_sent",
    "changelog_acked",
    "stored",
    "committed",
)


class Record(Stored, Protocol):
    """A record of the log, as aiokafka hands it to the lane and kafka-python to a replay."""

    @property
    def timestamp(self) -> int:
        """When it was appended, milliseconds since the Unix epoch."""
        ...


class Output(NamedTuple):
    """A record to publish.

    Attributes:
        topic: Where.
        key: Record key.
        value: Record value, None for a tombstone.
        headers: Record headers.
        partition: Where in the topic; None for murmur2 of the key, as Kafka's own producers do.
    """

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


class Folded(NamedTuple):
    """What folding some records of one partition came to.

    Attributes:
        changed: Rows by key as they are now; None ends a row that was deleted long ago.
        outputs: What to publish, in order.
    """

    changed: dict[bytes, bytes | None]
    outputs: list[Output]


class Fold(Protocol):
    """What a lane does with its log; track, rollup and the tests' counter are such."""

    def fold(
        self, partition: int, records: Sequence[Record], rows: Mapping[bytes, bytes]
    ) -> Folded:
        """Fold records of one partition, in offset order.

        Must not change `rows`, must skip what a row's fence says is folded already, and must give
        the same bytes for the same input. An exception ends the process before anything is written.
        """
        ...

    async def ready_for(self, partition: int, records: Sequence[Record]) -> None:
        """Wait until these records can be folded; given up when the partition is taken away."""
        ...

    def on_restored(self, partition: int, rows: Mapping[bytes, bytes]) -> None:
        """The partition is ours and its rows are in place; also called again after a rebalance."""
        ...

    def on_stored(self, partition: int, changed: Mapping[bytes, bytes | None]) -> None:
        """These rows are acknowledged and stored."""
        ...

    def on_lost(self, partition: int) -> None:
        """The partition is no longer ours."""
        ...


@lru_cache(maxsize=65_536)
def _hash(key: bytes) -> int:
    hashed: int = murmur2(key) & 0x7FFFFFFF
    return hashed


def partition_of(key: bytes, partitions: int) -> int:
    """Partition of a key as Kafka's default partitioner chooses it.

    >>> partition_of(b"21", 1000)
    340
    """
    return _hash(key) % partitions


class Pending(NamedTuple):
    """A batch handed to the producer: how many records, and the future of their base offset."""

    records: int
    future: asyncio.Future[object]


class Writer:
    """Appends batches through an idempotent producer, one partition beside the other."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        """Write through this producer, which the caller starts and stops."""
        self.producer = producer
        self._counts: dict[str, int] = {}

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has; remembered."""
        count = self._counts.get(topic)
        if count is None:
            count = self._counts[topic] = len(await self.producer.partitions_for(topic))
        return count

    async def send(
        self, topic: str, partition: int, items: Iterable[tuple[bytes, bytes | None, Headers]]
    ) -> list[Pending]:
        """Hand records of one partition to the producer, in order and in as few batches as fit."""
        pending: list[Pending] = []
        builder = self.producer.create_batch()
        append = builder.append
        for key, value, headers in items:
            if append(key=key, value=value, timestamp=None, headers=list(headers)) is None:
                pending.append(await self._hand_over(builder, topic, partition))
                builder = self.producer.create_batch()
                append = builder.append
                append(key=key, value=value, timestamp=None, headers=list(headers))
        if builder.record_count():
            pending.append(await self._hand_over(builder, topic, partition))
        return pending

    async def _hand_over(self, builder: object, topic: str, partition: int) -> Pending:
        count: int = builder.record_count()  # type: ignore[attr-defined]
        builder.close()  # type: ignore[attr-defined]
        future = await self.producer.send_batch(builder, topic, partition=partition)
        return Pending(count, future)

    @staticmethod
    async def acked(pending: Sequence[Pending]) -> int:
        """Wait for acknowledgement; the offset after the last record.

        Raises:
            aiokafka.errors.KafkaError: The broker refused a batch or did not answer in time.
        """
        after = 0
        for records, future in pending:
            after = (await future).offset + records  # type: ignore[attr-defined]
        return after


class Cycle:
    """Runs commit cycles over the rows of one lane."""

    def __init__(  # the cycle is where everything meets
        self,
        *,
        fold: Fold,
        rows: Rows,
        rows_topic: str,
        writer: Writer,
        at: Callable[[str], None],
    ) -> None:
        """Wire the cycle; `at` is told each point a test may crash at."""
        self._fold = fold
        self._rows = rows
        self._rows_topic = rows_topic
        self._writer = writer
        self._at = at

    async def ready_for(self, batch: Sequence[tuple[int, Sequence[Record]]]) -> None:
        """Wait until the fold can take the batch; may be cancelled."""
        for partition, records in batch:
            await self._fold.ready_for(partition, records)

    async def run(
        self,
        batch: Sequence[tuple[int, Sequence[Record]]],
        lease: Callable[[], Awaitable[None]],
    ) -> None:
        """Fold a batch and see it stored; raises on anything that stands in the way.

        Args:
            batch: Records by partition, in offset order.
            lease: Called and awaited before each of the two sends.
        """
        folded = {
            partition: self._fold.fold(partition, records, self._rows.of(partition))
            for partition, records in batch
        }
        outputs = await self._sorted_outputs(folded.values())
        if outputs:
            await lease()
            await self._send(outputs, "outputs")
        changed = {partition: one.changed for partition, one in folded.items() if one.changed}
        if not changed:
            return
        await lease()
        after = await self._send(
            {
                (self._rows_topic, partition): self._as_records(partition, rows)
                for partition, rows in changed.items()
            },
            "changelog",
        )
        for partition, rows in changed.items():
            position = after[self._rows_topic, partition]
            self._rows.store(partition, rows, position=position)
            self._fold.on_stored(partition, rows)
        self._at("stored")

    def _as_records(
        self, partition: int, changed: Mapping[bytes, bytes | None]
    ) -> list[tuple[bytes, bytes | None, Headers]]:
        """Rows as changelog records; a null carries the fence of the row it ends in a header."""
        held = self._rows.of(partition)
        records: list[tuple[bytes, bytes | None, Headers]] = []
        for key, row in changed.items():
            if row is not None:
                records.append((key, row, ()))
            elif key in held:
                records.append((key, None, ((FENCE, held[key][:FENCE_BYTES]),)))
            else:
                records.append((key, None, ()))
        return records

    async def _sorted_outputs(
        self, folded: Iterable[Folded]
    ) -> dict[tuple[str, int], list[tuple[bytes, bytes | None, Headers]]]:
        """Outputs by topic and partition, each in the order they were made."""
        sorted_: dict[tuple[str, int], list[tuple[bytes, bytes | None, Headers]]] = {}
        counts: dict[str, int] = {}
        for one in folded:
            for topic, key, value, headers, where in one.outputs:
                partition = where
                if partition is None:
                    count = counts.get(topic)
                    if count is None:
                        count = counts[topic] = await self._writer.partitions(topic)
                    partition = partition_of(key, count)
                place = topic, partition
                if place in sorted_:
                    sorted_[place].append((key, value, headers))
                else:
                    sorted_[place] = [(key, value, headers)]
        return sorted_

    async def _send(
        self,
        records: Mapping[tuple[str, int], list[tuple[bytes, bytes | None, Headers]]],
        what: str,
    ) -> dict[tuple[str, int], int]:
        """Send all partitions at once, wait for all, and tell the offset after each."""
        pending = await asyncio.gather(
            *(
                self._writer.send(topic, partition, items)
                for (topic, partition), items in records.items()
            )
        )
        self._at(f"{what}_sent")
        after = await asyncio.gather(*(self._writer.acked(one) for one in pending))
        self._at(f"{what}_acked")
        return dict(zip(records, after, strict=True))
