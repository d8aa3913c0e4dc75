"""Topics of one test's own, transitions into them, deliveries out of them."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from kafka import KafkaProducer

from alerts.delivery import Delivery
from alerts.outputs import Transition
from streams.clock import wall_ms
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.reader import read_to_end
from streams.notifier.build import Plan
from streams.notifier.feed import Names
from streams.notifier.loop import NoAssignmentError, Notifier
from streams.topics import Topic

SESSION_MS = 6_000


def names_for(broker: Broker) -> Names:
    """Create topics nobody else uses."""
    mark = uuid.uuid4().hex[:8]
    names = Names(
        f"transitions-{mark}",
        f"deliveries-{mark}",
        f"control-{mark}",
        f"group-{mark}",
        f"commands-{mark}",
    )
    apply_topics(
        broker,
        partitions=1,
        replication=1,
        topics=[
            Topic(names.transitions, "one"),
            Topic(names.deliveries, "one", compacted=True),
            Topic(names.control, "one", compacted=True),
            Topic(names.commands, "one"),
        ],
    )
    return names


def publish(broker: Broker, names: Names, transitions: Sequence[Transition | bytes]) -> None:
    """Append transitions, acknowledged."""
    producer = KafkaProducer(
        **broker.kafka_python(), acks="all", enable_idempotence=broker.idempotent
    )
    try:
        sent = [
            producer.send(
                names.transitions,
                one if isinstance(one, bytes) else msgspec.json.encode(one),
                key=b"" if isinstance(one, bytes) else one.fingerprint.encode(),
                partition=0,
            )
            for one in transitions
        ]
        for future in sent:
            future.get(timeout=20)
    finally:
        producer.close(timeout=5)


async def history(broker: Broker, names: Names) -> list[Delivery]:
    """All delivery records, in order."""
    found: list[Delivery] = []

    def apply(_: int, records: Sequence[object]) -> None:
        found.extend(
            msgspec.json.decode(record.value, type=Delivery)  # type: ignore[attr-defined]
            for record in records
            if record.value is not None  # type: ignore[attr-defined]
        )

    await read_to_end(broker, names.deliveries, {0: 0}, apply)
    return found


async def newest(broker: Broker, names: Names) -> dict[str, Delivery]:
    """The newest record of each delivery."""
    return {one.notification_id: one for one in await history(broker, names)}


@contextlib.asynccontextmanager
async def notifying(
    broker: Broker, names: Names, plan: Plan, *, clock: Callable[[], int] = wall_ms
) -> AsyncIterator[Notifier]:
    """A notifier while the block runs; it must not fail.

    Whom the group does not answer is started anew, as its supervisor would: the broker in memory
    forgets a member now and then that has just left. It has told nobody anything by then.
    """
    starts = 0
    while True:
        starts += 1
        notifier = Notifier(broker, plan, names=names, session_ms=SESSION_MS, clock=clock)
        running = asyncio.create_task(notifier.run())
        ready = asyncio.create_task(notifier.sending())
        await asyncio.wait({running, ready}, timeout=40, return_when=asyncio.FIRST_COMPLETED)
        unanswered = running.done() and isinstance(running.exception(), NoAssignmentError)
        if starts == 3 or not unanswered:
            break
        ready.cancel()
    try:
        if running.done():
            running.result()
        assert ready.done(), "the notifier did not get its partition"
        yield notifier
    finally:
        ready.cancel()
        notifier.stop()
        await asyncio.wait_for(running, 40)
