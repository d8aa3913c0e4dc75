"""Write simulated records to `nabz.events.v1` when their times come.

Next step: ingest reads them like anybody's events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.clock import wall_ms
from streams.engine.brokers import Broker
from streams.simulate.faults import Sent
from streams.topics import EVENTS

_IN_FLIGHT = 500
_PATIENCE_S = 30.0
_PARTING_S = 1.0


class NotAcknowledgedError(Exception):
    """The broker has acknowledged nothing for too long; the message says where and how long."""


async def play(
    broker: Broker,
    sent: Iterable[Sent],
    *,
    on_sent: Callable[[Sent], None] = lambda _: None,
    patience_s: float = _PATIENCE_S,
) -> int:
    """Write each record when it is due, those of the past at once; until they end or cancelled.

    Args:
        broker: Where to write.
        sent: Records in order of their times.
        on_sent: Told of each record handed to the producer.
        patience_s: How long nothing may be acknowledged while something waits for it.

    Returns:
        How many were written and acknowledged.

    Raises:
        NotAcknowledgedError: The broker is gone, and did not come back in time.
    """
    producer = AIOKafkaProducer(
        **broker.aiokafka(), client_id="nabz-simulate", acks="all", linger_ms=20
    )
    await producer.start()
    written = 0
    gone = False
    try:
        unanswered: list[asyncio.Future[object]] = []
        for one in sent:
            wait_ms = one.due_ms - wall_ms()
            if wait_ms > 0 or len(unanswered) >= _IN_FLIGHT:
                await _answered(unanswered, patience_s)
                written += len(unanswered)
                unanswered.clear()
                await asyncio.sleep(max(0, one.due_ms - wall_ms()) / 1_000)
            sending = producer.send(EVENTS, one.value, key=one.key)
            unanswered.append(await asyncio.wait_for(sending, patience_s))
            on_sent(one)
        await _answered(unanswered, patience_s)
        return written + len(unanswered)
    except (TimeoutError, KafkaError) as error:
        gone = True
        raise NotAcknowledgedError(
            f"broker {broker.bootstrap}: has acknowledged nothing for {patience_s:g} s, after"
            f" {written} records; check that it is up, and begin again"
        ) from error
    finally:
        # Stopping in good order waits for what is still to be written, which may be for ever.
        with suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), _PARTING_S if gone else None)
        await producer.client.close()


async def _answered(unanswered: Iterable[asyncio.Future[object]], patience_s: float) -> None:
    """Wait for acknowledgements as long as some of them come.

    Raises:
        TimeoutError: None came for so long.
    """
    pending = set(unanswered)
    while pending:
        done, pending = await asyncio.wait(
            pending, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            raise TimeoutError
        for one in done:
            one.result()
