"""Topics are made from the table, and one that exists otherwise is refused with advice."""

from __future__ import annotations

import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from streams.engine.admin import TopicMismatchError, apply_topics, topics_state
from streams.engine.brokers import Broker
from streams.engine.embedded import free_port
from streams.topics import TOPICS, Topic


def some_topics() -> tuple[Topic, Topic]:
    """Two rows of a table that nobody else uses."""
    mark = uuid.uuid4().hex[:8]
    return Topic(f"{mark}.log", "log"), Topic(f"{mark}.rows", "one", compacted=True)


def test_applying_twice_creates_once(broker: Broker) -> None:
    """The second time there is nothing to do."""
    topics = some_topics()
    assert apply_topics(broker, partitions=3, replication=1, topics=topics) == [
        topic.name for topic in topics
    ]
    assert apply_topics(broker, partitions=3, replication=1, topics=topics) == []
    found = topics_state(broker, partitions=3, topics=topics)
    assert [(one.partitions, one.mismatch) for one in found] == [(3, None), (1, None)]


def test_several_processes_may_apply_at_once(broker: Broker) -> None:
    """Each topic is made by one of them."""
    topics = some_topics()
    with ThreadPoolExecutor(3) as pool:
        made = pool.map(
            lambda _: apply_topics(broker, partitions=2, replication=1, topics=topics), range(3)
        )
        names = [name for one in made for name in one]
    assert sorted(names) == sorted(topic.name for topic in topics)


def test_another_partition_count_is_refused_and_nothing_is_made(broker: Broker) -> None:
    """Partition counts are the addresses of customers."""
    first, second = some_topics()
    apply_topics(broker, partitions=3, replication=1, topics=[first])
    with pytest.raises(TopicMismatchError) as refused:
        apply_topics(broker, partitions=4, replication=1, topics=[first, second])
    told = str(refused.value)
    assert f"{first.name}: found 3 partitions, wanted 4" in told
    assert "nabz topics apply" in told
    found = topics_state(broker, partitions=4, topics=[first, second])
    assert [one.partitions for one in found] == [3, None]
    assert found[0].mismatch is not None and found[1].mismatch is None


def test_another_clean_up_policy_is_refused(kafka_broker: Broker) -> None:
    """Apache Kafka only: Tansu does not tell a topic's settings."""
    log, rows = some_topics()
    apply_topics(kafka_broker, partitions=1, replication=1, topics=[log, rows])
    kept_by_key, kept_by_age = Topic(log.name, "log", compacted=True), Topic(rows.name, "one")
    with pytest.raises(TopicMismatchError) as refused:
        apply_topics(kafka_broker, partitions=1, replication=1, topics=[kept_by_key, kept_by_age])
    assert "found cleanup.policy=delete, wanted compact" in str(refused.value)
    assert "found cleanup.policy=compact, wanted delete" in str(refused.value)


def test_the_whole_table_is_what_kafka_accepts(kafka_broker: Broker) -> None:
    """Every setting of it, and a second look finds no difference."""
    apply_topics(kafka_broker, partitions=2, replication=1)
    found = topics_state(kafka_broker, partitions=2)
    assert [one.topic for one in found] == list(TOPICS)
    assert not [one.mismatch for one in found if one.mismatch]
    assert all(one.policy is not None for one in found)


def test_no_broker_is_said_with_its_address() -> None:
    """And with what to check. In a process of its own, as kafka-python leaves sockets behind."""
    bootstrap = f"127.0.0.1:{free_port()}"
    code = (
        "from streams.engine.admin import BrokerUnreachableError, apply_topics\n"
        "from streams.engine.brokers import Broker\n"
        "try:\n"
        f"    apply_topics(Broker({bootstrap!r}), partitions=1, replication=1, timeout_s=0.5)\n"
        "except BrokerUnreachableError as error:\n"
        "    print(error)\n"
    )
    ran = subprocess.run(  # noqa: S603  # our own fixed command
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert f"no Kafka broker answered at {bootstrap} within 0.5 s" in ran.stdout
    assert "check the address" in ran.stdout
