"""A worker must know an embedded broker when it meets one, whoever started it."""

from __future__ import annotations

from dataclasses import replace

from streams.engine.brokers import Broker
from streams.engine.embedded import recognised


def test_an_embedded_broker_is_recognised(embedded_broker: Broker) -> None:
    """A second worker beside `nabz up` is told only the address."""
    told = replace(embedded_broker, idempotent=True)
    assert recognised(told) == embedded_broker
    assert recognised(embedded_broker) == embedded_broker


def test_apache_kafka_stays_as_it_is(kafka_broker: Broker) -> None:
    """There, producers number their batches."""
    assert recognised(kafka_broker) == kafka_broker
