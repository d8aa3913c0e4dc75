"""Write simulated records to `nabz.events.v1` when their times come.

Next step: ingest reads them like anybody's events.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaProducer

from streams.engine.brokers import Broker
from streams.simulate.faults import Sent
from streams.topics import EVENTS

_IN_FLIGHT = 500


def wall_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


async def play(
    broker: Broker, sent: Iterable[Sent], *, on_sent: Callable[[Sent], None] = lambda _: None
) -> int:
    """Write each record when it is due, those of the past at once; until they end or cancelled.

    Args:
        broker: Where to write.
        sent: Records in order of their times.
        on_sent: Told of each record handed to the producer.

    Returns:
        How many were written and acknowledged.
    """
    producer = AIOKafkaProducer(
        **broker.aiokafka(), client_id="nabz-simulate", acks="all", linger_ms=20
    )
    await producer.start()
    written = 0
    try:
        unanswered: list[asyncio.Future[object]] = []
        for one in sent:
            wait_ms = one.due_ms - wall_ms()
            if wait_ms > 0 or len(unanswered) >= _IN_FLIGHT:
                await asyncio.gather(*unanswered)
                written += len(unanswered)
                unanswered.clear()
                await asyncio.sleep(max(0, one.due_ms - wall_ms()) / 1_000)
            unanswered.append(await producer.send(EVENTS, one.value, key=one.key))
            on_sent(one)
        await asyncio.gather(*unanswered)
        return written + len(unanswered)
    finally:
        await producer.stop()
