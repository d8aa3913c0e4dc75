"""Compacted topics are read whole, whatever the broker says about where they end."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Sequence

from kafka import KafkaProducer

from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import Record
from streams.engine.reader import fetched_ends, follow, read_to_end
from streams.topics import Topic
from tests.engine.lanes import reached, run


class Kept:
    """Offsets by partition, in the order they were applied."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.offsets: dict[int, list[int]] = defaultdict(list)

    def __call__(self, partition: int, records: Sequence[Record]) -> None:
        """Keep them."""
        self.offsets[partition] += [record.offset for record in records]

    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.offsets.values()))


def topic(broker: Broker, *counts: int) -> str:
    """A topic with so many records in each partition, in batches of a hundred."""
    name = f"read-{uuid.uuid4().hex[:8]}"
    apply_topics(broker, partitions=len(counts), replication=1, topics=[Topic(name, "log")])
    for partition, count in enumerate(counts):
        append(broker, name, partition, count)
    return name


def append(broker: Broker, name: str, partition: int, count: int) -> None:
    """Append records to a partition and wait until they are there."""
    producer = KafkaProducer(**broker.kafka_python(), enable_idempotence=False, linger_ms=20)
    for number in range(count):
        producer.send(name, key=b"%d" % number, value=b"x" * 100, partition=partition)
    producer.flush()
    producer.close()


def test_every_partition_is_read_to_its_end(broker: Broker) -> None:
    """Also an empty one, and one whose last batch holds many records."""
    name, kept = topic(broker, 250, 0, 1), Kept()

    async def test() -> None:
        ends = await read_to_end(broker, name, {0: 0, 1: 0, 2: 0}, kept)
        assert ends == {0: 250, 1: 0, 2: 1}
        assert kept.offsets == {0: list(range(250)), 2: [0]}

    run(test)


def test_reading_goes_on_from_a_position(broker: Broker) -> None:
    """Nothing is read twice, and being at the end already is no reason to wait."""
    name, kept = topic(broker, 120), Kept()

    async def test() -> None:
        assert await read_to_end(broker, name, {0: 100}, kept) == {0: 120}
        assert await read_to_end(broker, name, {0: 120}, kept) == {0: 120}
        assert kept.offsets == {0: list(range(100, 120))}
        assert await read_to_end(broker, name, {}, kept) == {}

    run(test)


def test_reading_is_given_up_when_it_is_no_longer_wanted(broker: Broker) -> None:
    """A newer rebalance decides what is to be read."""
    name, kept = topic(broker, 5), Kept()

    async def test() -> None:
        assert await read_to_end(broker, name, {0: 0}, kept, still=lambda: False) is None
        assert await fetched_ends(broker, name, {0: 0}, still=lambda: False) == {}
        assert kept.count() == 0

    run(test)


def test_ends_are_those_a_fetch_sees(broker: Broker) -> None:
    """From before the end, at it, and beyond it, as after a truncation."""
    name = topic(broker, 250, 0)

    async def test() -> None:
        for near in (0, 249, 250, 10_000):
            assert await fetched_ends(broker, name, {0: near, 1: 0}) == {0: 250, 1: 0}
        assert await fetched_ends(broker, name, {}) == {}

    run(test)


def test_following_applies_what_is_there_and_what_comes(broker: Broker) -> None:
    """Until it is cancelled."""
    name, kept = topic(broker, 5), Kept()

    async def test() -> None:
        task = asyncio.ensure_future(follow(broker, name, {0: 3}, kept))
        await reached("what was there", lambda: kept.count() == 2)
        await asyncio.to_thread(append, broker, name, 0, 4)
        await reached("what came", lambda: kept.count() == 6)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert kept.offsets == {0: list(range(3, 9))}

    run(test)
