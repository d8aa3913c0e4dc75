"""A broker of its own for each test: the command line knows the real topics only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.embedded import EmbeddedBroker

PARTITIONS = 2


@pytest.fixture
def empty_broker() -> Iterator[Broker]:
    """A broker nobody has used."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def own_broker(empty_broker: Broker) -> Broker:
    """A broker with nabz's topics, and nothing in them."""
    apply_topics(empty_broker, partitions=PARTITIONS, replication=1)
    return empty_broker
