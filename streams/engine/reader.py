"""Read compacted topics whole and keep following them, outside any consumer group.

The end of a partition is taken from an answered fetch. Asking for it would do on Apache Kafka, but
Tansu's answer is short of the last batch.

Next step: `streams.engine.worker` restores with `read_to_end` and keeps standbys with `follow`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.engine.brokers import Broker

Apply = Callable[[int, Sequence[ConsumerRecord[bytes, bytes]]], None]
_AT_ONCE = 5_000
_FETCH_BYTES = 4 << 20


@asynccontextmanager
async def reading(
    broker: Broker, topic: str, partitions: Iterable[int]
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, assigned to these partitions."""
    consumer = AIOKafkaConsumer(
        **broker.aiokafka(),
        group_id=None,
        client_id="nabz-reader",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in partitions])
        # Stopped in the same breath as assigned, aiokafka raises CancelledError out of stop().
        await asyncio.sleep(0)
        yield consumer
    finally:
        await consumer.stop()


async def read_to_end(
    broker: Broker,
    topic: str,
    positions: Mapping[int, int],
    apply: Apply,
    *,
    still: Callable[[], bool] = lambda: True,
) -> dict[int, int] | None:
    """Apply each partition's records from its position to its present end.

    Args:
        broker: Where to read.
        topic: What to read.
        positions: Offset of the first record to read, by partition.
        apply: Called with the records of one partition in offset order.
        still: Asked between fetches; False gives up.

    Returns:
        The end of each partition, None if given up.
    """
    if not positions:
        return {}
    ends: dict[int, int] = {}
    async with reading(broker, topic, positions) as consumer:
        pending = {TopicPartition(topic, partition) for partition in positions}
        for tp in pending:
            consumer.seek(tp, positions[tp.partition])
        while pending:
            if not still():
                return None
            fetched = await consumer.getmany(*pending, timeout_ms=100, max_records=_AT_ONCE)
            for tp, records in fetched.items():
                apply(tp.partition, records)
            for tp in tuple(pending):
                end = ends.get(tp.partition, consumer.highwater(tp))
                if end is None:
                    continue
                ends[tp.partition] = end
                if await consumer.position(tp) >= end:
                    consumer.pause(tp)
                    pending.discard(tp)
            await asyncio.sleep(0)
    return ends


async def fetched_ends(
    broker: Broker,
    topic: str,
    near: Mapping[int, int],
    *,
    still: Callable[[], bool] = lambda: True,
) -> dict[int, int]:
    """The end of each partition as a fetch sees it.

    Args:
        broker: Where to look.
        topic: What to look at.
        near: By partition, an offset near its end; not beyond it costs one fetch less.
        still: Asked between fetches; False gives up.

    Returns:
        The ends; those of all partitions unless given up.
    """
    if not near:
        return {}
    ends: dict[int, int] = {}
    async with reading(broker, topic, near) as consumer:
        for partition, offset in near.items():
            consumer.seek(TopicPartition(topic, partition), max(0, offset))
        while len(ends) < len(near) and still():
            await consumer.getmany(timeout_ms=100, max_records=1)
            for tp in consumer.assignment():
                end = consumer.highwater(tp)
                if end is not None:
                    ends[tp.partition] = end
    return ends


async def follow(
    broker: Broker,
    topic: str,
    positions: Mapping[int, int],
    apply: Apply,
) -> Any:
    """Apply records as they come, until cancelled."""
    async with reading(broker, topic, positions) as consumer:
        for partition, position in positions.items():
            consumer.seek(TopicPartition(topic, partition), position)
        while True:
            fetched = await consumer.getmany(timeout_ms=1_000, max_records=_AT_ONCE)
            for tp, records in fetched.items():
                apply(tp.partition, records)
