"""Reading a topic whole, the same on both brokers."""

from __future__ import annotations

import uuid
from itertools import islice

import pytest

from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import Output
from streams.engine.kafka_reads import ReadError, ends, partition_count, read, require_listener
from streams.topics import Topic
from tests.cli.kafka import publish


@pytest.fixture
def topic(broker: Broker) -> str:
    """A topic of three partitions nobody else uses."""
    name = f"reads-{uuid.uuid4().hex[:8]}"
    apply_topics(broker, partitions=3, replication=1, topics=[Topic(name, "log")])
    return name


def write(broker: Broker, topic: str, partition: int, *values: bytes) -> None:
    """Append values to a partition."""
    publish(broker, [Output(topic, b"k", value, (), partition) for value in values])


def values(
    broker: Broker, topic: str, partitions: list[int] | None = None
) -> dict[int, list[bytes]]:
    """All values by partition."""
    found: dict[int, list[bytes]] = {}
    for records in read(broker, topic, partitions=partitions):
        for record in records:
            found.setdefault(record.partition, []).append(record.value)
    return found


def test_everything_is_read_each_partition_in_order(broker: Broker, topic: str) -> None:
    """An empty partition holds nothing up, and reading ends at the end."""
    write(broker, topic, 0, b"a", b"b", b"c")
    write(broker, topic, 2, b"x")
    assert values(broker, topic) == {0: [b"a", b"b", b"c"], 2: [b"x"]}


def test_what_one_fetch_does_not_hold_is_read_by_the_next(broker: Broker, topic: str) -> None:
    """The end is where the topic ends, not where the first answer does."""
    written = [b"%d" % number * 50_000 for number in range(60)]
    write(broker, topic, 0, *written)
    assert values(broker, topic) == {0: written}


def test_an_empty_topic_is_read_at_once(broker: Broker, topic: str) -> None:
    """Nothing is an answer too."""
    assert values(broker, topic) == {}


def test_some_partitions_can_be_asked_for(broker: Broker, topic: str) -> None:
    """A customer's partition is enough for a question about a customer."""
    write(broker, topic, 0, b"a")
    write(broker, topic, 1, b"b")
    assert values(broker, topic, [1]) == {1: [b"b"]}


def test_following_says_when_all_is_read_and_goes_on(broker: Broker, topic: str) -> None:
    """An empty batch is the end for now; what comes later is read too."""
    write(broker, topic, 0, b"a")
    batches = read(broker, topic, follow=True)
    seen: list[bytes] = []
    for batch in batches:
        seen += [record.value for record in batch]
        if not batch:
            break
    assert seen == [b"a"]
    write(broker, topic, 1, b"b")
    later = (record.value for batch in batches for record in batch)
    assert list(islice(later, 1)) == [b"b"]
    batches.close()  # type: ignore[attr-defined]


def test_counts_and_ends(broker: Broker, topic: str) -> None:
    """The end of an empty partition is 0, and of no other one."""
    write(broker, topic, 0, b"a")
    assert partition_count(broker, topic) == 3
    found = ends(broker, topic)
    assert (found[0] > 0, found[1], found[2]) == (True, 0, 0)


def test_a_missing_topic_is_named_with_what_to_run(broker: Broker) -> None:
    """Not an empty answer: somebody forgot something."""
    name = f"missing-{uuid.uuid4().hex[:8]}"
    assert partition_count(broker, name) == 0
    with pytest.raises(ReadError, match=f"topic {name} is not on the broker .*nabz topics apply"):
        values(broker, name)


def test_nobody_listening_is_said_at_once() -> None:
    """No client is made that would wait and wait."""
    with pytest.raises(ReadError, match=r"nobody listens at 127\.0\.0\.1:9; start a broker"):
        require_listener(Broker("127.0.0.1:9"))
