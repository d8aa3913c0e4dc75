"""Read topics from their beginning, without a group and without an event loop.

For programs that read, answer and end: the command line and what applies a configuration. The end
of a partition is taken from an answered fetch, as asking for it is wrong on the embedded broker.

Next step: `streams.cli` shows what is read, `streams.worker.configure` compares with it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.engine.brokers import Broker

Record = Any
"""A record as kafka-python hands it out: with partition, offset, timestamp, key and value."""

_IDLE_MS: Final = 500
_LOOK_MS: Final = 50
"""While ends are looked for: a poll that gets nothing takes all of its time."""
_AT_ONCE: Final = 5_000


class ReadError(Exception):
    """A topic cannot be read; the message names it and says what to do."""


def _listens(server: str, timeout_s: float) -> bool:
    host, _, port = server.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout_s):
            return True
    except (OSError, ValueError):
        return False


def require_listener(broker: Broker, timeout_s: float = 10.0) -> None:
    """Return if anybody accepts connections there.

    Asked first, as kafka-python's clients that find nobody take all their time and leave sockets
    behind.

    Raises:
        ReadError: Nobody does.
    """
    if not any(_listens(server, timeout_s) for server in broker.servers):
        raise ReadError(
            f"nobody listens at {broker.bootstrap}; start a broker"
            " (`nabz up --broker embedded`), or name another with --broker"
        )


def _connect(broker: Broker, timeout_s: float) -> KafkaConsumer:
    require_listener(broker, timeout_s)
    try:
        return KafkaConsumer(
            **broker.kafka_python(),
            group_id=None,
            client_id="nabz-cli",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_poll_records=_AT_ONCE,
            bootstrap_timeout_ms=int(timeout_s * 1000),
        )
    except KafkaError as error:
        raise ReadError(
            f"no Kafka broker answered at {broker.bootstrap} within {timeout_s:g} s"
            f" ({type(error).__name__}); check the address, the user and the certificates"
        ) from error


def read(
    broker: Broker,
    topic: str,
    *,
    follow: bool = False,
    timeout_s: float = 10.0,
    partitions: Iterable[int] | None = None,
    starts: Mapping[int, int] | None = None,
) -> Iterator[list[Record]]:
    """Batches of records, each partition in offset order, from its beginning to its present end.

    Args:
        broker: Where to read.
        topic: What to read.
        follow: Go on after the end, for ever. An empty batch then says that all is read for now.
        timeout_s: How long to wait for a broker to answer at first.
        partitions: Only these; all of them by default.
        starts: Offsets to begin with instead, by partition.

    Raises:
        ReadError: No broker, no such topic, or records that went away while being read.
    """
    consumer = _connect(broker, timeout_s)
    try:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise ReadError(
                f"topic {topic} is not on the broker at {broker.bootstrap};"
                " run `nabz topics apply`, or name another broker with --broker"
            )
        wanted = set(numbers) if partitions is None else set(partitions) & set(numbers)
        places = [TopicPartition(topic, number) for number in sorted(wanted)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        for place in places:
            if starts is not None and place.partition in starts:
                consumer.seek(place, starts[place.partition])
        yield from _batches(consumer, places, follow=follow)
    except KafkaError as error:
        raise ReadError(
            f"reading {topic} failed with {type(error).__name__};"
            " check the broker and whether the user may read the topic"
        ) from error
    finally:
        consumer.close(autocommit=False)


def _batches(
    consumer: KafkaConsumer, places: list[TopicPartition], *, follow: bool
) -> Iterator[list[Record]]:
    pending = set(places)
    ends: dict[TopicPartition, int] = {}
    while pending or follow:
        polled = consumer.poll(timeout_ms=_LOOK_MS if pending else _IDLE_MS)
        yield from polled.values()
        for place in tuple(pending):
            end = ends.get(place, consumer.highwater(place))
            if end is None:
                continue
            ends[place] = end  # the first one seen: a busy topic has no last record
            if consumer.position(place) >= end:
                pending.discard(place)
                if not follow:
                    consumer.pause(place)
        if follow and not polled and not pending:
            yield []


def partition_count(broker: Broker, topic: str) -> int:
    """How many partitions a topic has, 0 where there is none of that name."""
    consumer = _connect(broker, 10.0)
    try:
        return len(consumer.partitions_for_topic(topic) or ())
    finally:
        consumer.close(autocommit=False)


def begins(broker: Broker, topic: str) -> dict[int, int]:
    """First offset each partition still holds; above 0 retention has cut what was before."""
    consumer = _connect(broker, 10.0)
    try:
        numbers = consumer.partitions_for_topic(topic) or ()
        places = [TopicPartition(topic, number) for number in sorted(numbers)]
        found = consumer.beginning_offsets(places) if places else {}
        return {place.partition: int(begin) for place, begin in found.items()}
    finally:
        consumer.close(autocommit=False)


def offsets_at(broker: Broker, topic: str, at_ms: int) -> dict[int, int]:
    """Offset of the first record of each partition written at a time or later; its end if none."""
    consumer = _connect(broker, 10.0)
    try:
        numbers = consumer.partitions_for_topic(topic) or ()
        places = [TopicPartition(topic, number) for number in sorted(numbers)]
        if not places:
            return {}
        last = consumer.end_offsets(places)
        found = consumer.offsets_for_times(dict.fromkeys(places, at_ms))
        return {
            place.partition: int(last[place] if at is None else at.offset)
            for place, at in found.items()
        }
    finally:
        consumer.close(autocommit=False)


def ends(broker: Broker, topic: str) -> dict[int, int]:
    """Offset after the last record of each partition, as the broker tells it.

    On the embedded broker it may be short of the last batch, but is 0 for an empty partition only.
    """
    consumer = _connect(broker, 10.0)
    try:
        numbers = consumer.partitions_for_topic(topic) or ()
        places = [TopicPartition(topic, number) for number in sorted(numbers)]
        found = consumer.end_offsets(places) if places else {}
        return {place.partition: int(end) for place, end in found.items()}
    finally:
        consumer.close(autocommit=False)
