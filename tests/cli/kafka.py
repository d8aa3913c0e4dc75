"""Write records to topics, and read them back, as the tests of the command line need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer

from streams.engine.brokers import Broker
from streams.engine.cycle import Output
from streams.engine.kafka_reads import read


def publish(broker: Broker, records: Sequence[Output]) -> None:
    """Append records, acknowledged one after the other."""
    producer = KafkaProducer(**broker.kafka_python(), acks="all", enable_idempotence=False)
    try:
        for one in records:
            producer.send(
                one.topic,
                one.value,
                key=one.key,
                partition=one.partition,
                headers=list(one.headers),
            ).get(timeout=20)
    finally:
        producer.close(timeout=5)


def all_of(broker: Broker, topic: str) -> list[Any]:
    """Every record of a topic, by partition and offset."""
    found = [record for batch in read(broker, topic) for record in batch]
    return sorted(found, key=lambda one: (one.partition, one.offset))
