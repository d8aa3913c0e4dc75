"""Bring the broker's topics in line with `streams.topics`, and refuse what cannot be.

Partition counts are the addresses of customers and a clean-up policy decides what survives, so
neither is ever altered here: a topic that exists otherwise stops with an error that says what to
do.

Next step: `nabz topics apply` and `nabz up` call `apply_topics`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from streams.engine.brokers import Broker
from streams.topics import TOPICS, Topic


class TopicMismatchError(Exception):
    """A topic exists with other partitions or another clean-up policy than nabz needs.

    Operator action: use another cluster, or delete the topic if nothing in it is needed, then
    apply again. nabz never alters an existing topic.
    """


class BrokerUnreachableError(Exception):
    """The broker did not answer an administrative request."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """One topic as wanted and as found.

    Attributes:
        topic: The row of the table.
        partitions: How many the broker has, None where the topic does not exist.
        wanted_partitions: How many it should have.
        policy: The broker's clean-up policy, None where it does not say.
        mismatch: What differs and what to do, None where all is well or the topic is missing.
    """

    topic: Topic
    partitions: int | None
    wanted_partitions: int
    policy: str | None
    mismatch: str | None


@contextmanager
def connected(broker: Broker, timeout_s: float) -> Iterator[KafkaAdminClient]:
    """An administrative client while the block runs.

    Raises:
        BrokerUnreachableError: No broker answered within the time.
    """
    timeout_ms = int(timeout_s * 1000)
    try:
        client = KafkaAdminClient(
            **broker.kafka_python(),
            client_id="nabz-admin",
            request_timeout_ms=timeout_ms,
            bootstrap_timeout_ms=timeout_ms,
        )
    except KafkaError as error:
        raise BrokerUnreachableError(
            f"no Kafka broker answered at {broker.bootstrap} within {timeout_s:g} s"
            f" ({type(error).__name__}); check the address, the user and the certificates"
        ) from error
    try:
        yield client
    finally:
        client.close()


def _found(client: KafkaAdminClient, names: list[str]) -> dict[str, int]:
    listed = set(client.list_topics())
    there = [name for name in names if name in listed]
    if not there:
        return {}
    return {one["name"]: len(one["partitions"]) for one in client.describe_topics(there)}


def _policies(client: KafkaAdminClient, names: list[str]) -> dict[str, str]:
    if not names:
        return {}
    # All settings, not only the one: Tansu drops the connection when asked for a single one.
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = client.describe_configs(wanted, config_filter="all")
    found: dict[str, str] = {}
    for resources in answer.values():
        for name, settings in resources.items():
            policy = settings.get("cleanup.policy")
            if policy is not None:
                found[name] = policy["value"] if isinstance(policy, dict) else policy
    return found


def _mismatch(topic: Topic, found: int, wanted: int, policy: str | None) -> str | None:
    advice = (
        "nabz does not alter existing topics: use another cluster,"
        " or delete the topic if nothing in it is needed, then run `nabz topics apply` again"
    )
    if found != wanted:
        return f"topic {topic.name}: found {found} partitions, wanted {wanted}; {advice}"
    needed = topic.config()["cleanup.policy"]
    if policy is not None and policy != needed:
        return f"topic {topic.name}: found cleanup.policy={policy}, wanted {needed}; {advice}"
    return None


def _states(
    client: KafkaAdminClient, topics: tuple[Topic, ...], partitions: int
) -> list[TopicState]:
    found = _found(client, [topic.name for topic in topics])
    policies = _policies(client, list(found))
    states = []
    for topic in topics:
        wanted = partitions if topic.partitions == "log" else 1
        there, policy = found.get(topic.name), policies.get(topic.name)
        wrong = None if there is None else _mismatch(topic, there, wanted, policy)
        states.append(TopicState(topic, there, wanted, policy, wrong))
    return states


def topics_state(
    broker: Broker, *, partitions: int, topics: Iterable[Topic] = TOPICS, timeout_s: float = 15.0
) -> list[TopicState]:
    """Compare the broker's topics with the table, in the table's order; changes nothing."""
    with connected(broker, timeout_s) as client:
        return _states(client, tuple(topics), partitions)


def apply_topics(
    broker: Broker,
    *,
    partitions: int,
    replication: int,
    topics: Iterable[Topic] = TOPICS,
    timeout_s: float = 15.0,
) -> list[str]:
    """Create the topics that are missing, and return their names.

    Safe to call again and by several processes at once.

    Raises:
        TopicMismatchError: A topic exists otherwise; nothing was created.
        BrokerUnreachableError: No broker answered.
    """
    with connected(broker, timeout_s) as client:
        states = _states(client, tuple(topics), partitions)
        wrong = [state.mismatch for state in states if state.mismatch is not None]
        if wrong:
            raise TopicMismatchError("\n".join(wrong))
        created = [
            state.topic.name
            for state in states
            if state.partitions is None and _create(client, state, replication)
        ]
        if created:
            client.wait_for_topics(created, timeout_ms=int(timeout_s * 1000))
        return created


def _create(client: KafkaAdminClient, state: TopicState, replication: int) -> bool:
    wanted = {
        "num_partitions": state.wanted_partitions,
        "replication_factor": replication,
        "configs": state.topic.config(),
    }
    try:
        client.create_topics({state.topic.name: wanted})
    except TopicAlreadyExistsError:  # another process was faster
        return False
    return True
