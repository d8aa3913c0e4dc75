"""Kafka for the notifier: one consumer on its own thread, one producer whose writes are awaited.

kafka-python has no asyncio interface and its consumer belongs to one thread, so every call on it
runs on an executor of one. Its rebalance listener runs on a thread of the library and only sets
flags.

Next step: `streams.notifier.loop` polls, plans and sends.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.base import MemberState
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError

from alerts.delivery import Delivery
from streams.engine.brokers import Broker
from streams.topics import COMMANDS, CONTROL, DELIVERIES, TRANSITIONS

_T = TypeVar("_T")
GROUP = "nabz-notifier"
_WRITE_TIMEOUT_S = 30.0
_BATCH = 200


class FeedError(Exception):
    """Kafka did not take or give what it should: the process stops, and another takes over."""


@dataclass(frozen=True, slots=True)
class Names:
    """Topics and group; other than the defaults only in tests."""

    transitions: str = TRANSITIONS
    deliveries: str = DELIVERIES
    control: str = CONTROL
    group: str = GROUP
    commands: str = COMMANDS


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as read."""

    offset: int
    value: bytes


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, wanted: TopicPartition) -> None:
        self.wanted = wanted
        self.term = 0
        self.since_s = -math.inf
        self.assigned = False

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        if self.wanted in assigned:
            self.term += 1
            self.since_s = time.monotonic()
            self.assigned = True

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if self.wanted in revoked:
            self.assigned = False

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        self.on_partitions_revoked(lost)


class Feed:
    """The transitions, read as a member of the notifiers' group."""

    def __init__(self, broker: Broker, names: Names, *, session_ms: int) -> None:
        """Prepare; nothing is connected before `start`."""
        self._broker = broker
        self._names = names
        self._session_ms = session_ms
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="nabz-feed")
        self._partition = TopicPartition(names.transitions, 0)
        self._listener = _Listener(self._partition)
        self._consumer: KafkaConsumer | None = None
        self._joined = False
        self._heard_s = -math.inf

    @property
    def joined(self) -> bool:
        """A member in good standing when last polled, with the partition or without it.

        The listener does not tell: a member that gets nothing is not called.
        """
        return self._joined

    @property
    def term(self) -> int:
        """Counts the times the partition was given to us; 0 while we do not have it."""
        return self._listener.term if self._listener.assigned else 0

    async def _run(self, call: Callable[[KafkaConsumer], _T]) -> _T:
        consumer = self._consumer
        if consumer is None:
            raise FeedError("the consumer is not started")
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: call(consumer)
            )
        except KafkaError as error:
            raise FeedError(f"reading transitions failed: {type(error).__name__}") from error

    def _connect(self) -> KafkaConsumer:
        consumer = KafkaConsumer(
            **self._broker.kafka_python(),
            group_id=self._names.group,
            client_id="nabz-notifier",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_uncommitted",
            max_poll_records=_BATCH,
            fetch_max_wait_ms=100,
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=max(100, self._session_ms // 5),
            max_poll_interval_ms=300_000,
            bootstrap_timeout_ms=2 * self._session_ms,
            partition_assignment_strategy=[CooperativeStickyAssignor()],
        )
        consumer.subscribe([self._names.transitions], listener=self._listener)
        return consumer

    async def start(self) -> None:
        """Connect and ask to join the group; the answer comes while polling."""
        try:
            self._consumer = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._connect
            )
        except KafkaError as error:
            raise FeedError(
                f"no broker at {self._broker.bootstrap}: {type(error).__name__}"
            ) from error

    async def poll(self, timeout_ms: int) -> list[Raw]:
        """The next records, none if there are none within the time."""

        def poll(consumer: KafkaConsumer) -> tuple[dict[Any, list[Any]], bool]:
            found = consumer.poll(timeout_ms=timeout_ms)
            member = consumer.group_metadata()
            self._listen(consumer)
            return found, member.generation_id >= 0 and member.state is MemberState.STABLE

        found, self._joined = await self._run(poll)
        return [
            Raw(record.offset, record.value if record.value is not None else b"")
            for records in found.values()
            for record in records
        ]

    def _listen(self, consumer: KafkaConsumer) -> None:
        # When a heartbeat was sent counts, not when its answer was read: a process that was frozen
        # may find an old answer waiting. The attribute is the library's own; a test needs it.
        heart = consumer._coordinator.heartbeat  # noqa: SLF001
        if heart.last_receive >= heart.last_send:
            self._heard_s = max(self._heard_s, heart.last_send)

    @property
    def silent_s(self) -> float:
        """Seconds since the group knew us: start of an answered heartbeat, or assignment."""
        return time.monotonic() - max(self._heard_s, self._listener.since_s)

    async def caught_up(self) -> bool:
        """All that an answered fetch has shown us has been read."""

        def ask(consumer: KafkaConsumer) -> bool:
            if self._partition not in consumer.assignment():
                return False
            end = consumer.highwater(self._partition)
            return end is not None and consumer.position(self._partition) >= end

        return await self._run(ask)

    async def position(self) -> int:
        """Offset of the next record; 0 while the partition is not ours."""

        def ask(consumer: KafkaConsumer) -> int:
            mine = self._partition in consumer.assignment()
            return int(consumer.position(self._partition)) if mine else 0

        return await self._run(ask)

    async def hold(self, *, still: bool) -> None:
        """Stop fetching, or go on; polling goes on either way, to stay in the group."""

        def set_to(consumer: KafkaConsumer) -> None:
            if self._partition in consumer.assignment():
                (consumer.pause if still else consumer.resume)(self._partition)

        await self._run(set_to)

    async def commit(self, offset: int) -> bool:
        """Everything below an offset is planned; False if the partition is no longer ours."""

        def commit(consumer: KafkaConsumer) -> bool:
            try:
                consumer.commit({self._partition: OffsetAndMetadata(offset, "", -1)})
            except (CommitFailedError, RebalanceInProgressError):
                return False
            return True

        return await self._run(commit)

    async def close(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            await self._run(lambda consumer: consumer.close(autocommit=False, timeout_ms=5_000))
        self._thread.shutdown(wait=False)


def headers(delivery: Delivery) -> list[tuple[str, bytes]]:
    """CloudEvents binary headers of a delivery record."""
    when = datetime.fromtimestamp(delivery.updated_ms / 1000, UTC).isoformat(
        timespec="milliseconds"
    )
    named = {
        "ce_specversion": "1.0",
        "ce_id": f"{delivery.notification_id}-{delivery.version}",
        "ce_type": "dev.nabz.delivery.changed.v1",
        "ce_source": "/nabz/notifier",
        "ce_subject": delivery.notification_id,
        "ce_time": when,
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in named.items()]


class Ledger:
    """The deliveries, written one acknowledged batch at a time."""

    def __init__(self, broker: Broker, names: Names) -> None:
        """Prepare; nothing is connected before `start`."""
        self._broker = broker
        self._names = names
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="nabz-ledger")
        self._producer: KafkaProducer | None = None

    async def start(self) -> None:
        """Connect."""

        def connect() -> KafkaProducer:
            return KafkaProducer(
                **self._broker.kafka_python(),
                client_id="nabz-notifier",
                acks="all",
                enable_idempotence=self._broker.idempotent,
                linger_ms=0,
                max_block_ms=int(_WRITE_TIMEOUT_S * 1000),
            )

        try:
            self._producer = await asyncio.get_running_loop().run_in_executor(
                self._threads, connect
            )
        except KafkaError as error:
            raise FeedError(
                f"no broker at {self._broker.bootstrap}: {type(error).__name__}"
            ) from error

    async def write(self, deliveries: Sequence[Delivery]) -> None:
        """Write records in this order, and return once all are acknowledged.

        Raises:
            FeedError: One was not.
        """
        rows = [
            (one.notification_id.encode(), msgspec.json.encode(one), headers(one))
            for one in deliveries
        ]
        await self._write(rows)

    async def bury(self, notification_ids: Sequence[str]) -> None:
        """Write tombstones."""
        await self._write([(one.encode(), None, []) for one in notification_ids])

    async def order(self, key: bytes, value: bytes) -> None:
        """Write an order of nabz's own to the control topic, acknowledged.

        Raises:
            FeedError: It was not.
        """
        await self._write([(key, value, [])], topic=self._names.control)

    async def _write(
        self,
        rows: Sequence[tuple[bytes, bytes | None, list[tuple[str, bytes]]]],
        *,
        topic: str | None = None,
    ) -> None:
        producer, to = self._producer, self._names.deliveries if topic is None else topic
        if not rows:
            return
        if producer is None:
            raise FeedError("the producer is not started")

        def write() -> None:
            futures: list[Any] = [
                producer.send(to, value, key=key, headers=head, partition=0)
                for key, value, head in rows
            ]
            for future in futures:
                future.get(timeout=_WRITE_TIMEOUT_S)

        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, write)
        except KafkaError as error:
            raise FeedError(f"topic {to}: a write failed, {type(error).__name__}") from error

    async def close(self) -> None:
        """Close the producer."""
        producer = self._producer
        if producer is not None:
            await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: producer.close(timeout=5)
            )
        self._threads.shutdown(wait=False)
