"""Three brokers with a copy of everything on each, two of which must have taken a record.

That is what an installation should have: three copies, `min.insync.replicas` 2, and Kafka's own
patience with a broker that does not answer. Each is a controller too, so one of three may fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self

from streams.engine.admin import connected
from streams.engine.brokers import Broker
from streams.engine.embedded import free_port
from streams.engine.kafka_local import LocalKafka, cluster_id

SIZE: Final = 3
# Behind the settings of a broker on its own: of a key that is written twice Kafka takes the last.
_NODE: Final = """node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
broker.session.timeout.ms=9000
broker.heartbeat.interval.ms=2000
default.replication.factor=3
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
min.insync.replicas=2
"""


class Node(LocalKafka):
    """One of the three; its number counts from 1."""

    def __init__(
        self, directory: Path, number: int, *, controllers: list[int], cluster: str
    ) -> None:
        """Describe it; nothing runs before `launch`."""
        super().__init__(directory, start_timeout_s=120.0, cluster=cluster)
        self._number = number
        self._controllers = controllers

    def _settings(self) -> str:
        voters = (f"{at}@127.0.0.1:{port}" for at, port in enumerate(self._controllers, start=1))
        return super()._settings() + _NODE.format(
            node=self._number,
            voters=",".join(voters),
            port=self.port,
            controller=self._controllers[self._number - 1],
        )


class Cluster:
    """Context manager: three nodes.

    Attributes:
        broker: All of them, for clients.
    """

    def __init__(self, directory: Path) -> None:
        """Describe them; nothing runs before the block is entered."""
        controllers = [free_port() for _ in range(SIZE)]
        cluster = cluster_id()
        self._nodes = {
            number: Node(
                directory / f"kafka-{number}", number, controllers=controllers, cluster=cluster
            )
            for number in range(1, SIZE + 1)
        }
        self.broker = Broker(",".join(one.broker.bootstrap for one in self._nodes.values()))

    def __enter__(self) -> Self:
        """Start all, and wait until all of them listen."""
        self.start(self._nodes)
        return self

    def __exit__(self, *_: object) -> None:
        """End all; without a majority none of them would end in good order."""
        self.kill(self._nodes)

    def start(self, numbers: Iterable[int]) -> None:
        """Start these, together: a broker listens once a majority of controllers is there."""
        chosen = [self._nodes[number] for number in numbers]
        try:
            for one in chosen:
                one.launch()
            for one in chosen:
                one.await_listening()
        except BaseException:
            self.kill(self._nodes)
            raise

    def kill(self, numbers: Iterable[int]) -> None:
        """End these without warning."""
        for number in numbers:
            self._nodes[number].kill()

    def stop(self, number: int) -> None:
        """End this one in good order: it hands over what it leads first."""
        self._nodes[number].stop()

    def leaders(self, topic: str) -> Counter[int]:
        """How many partitions of a topic each node leads; -1 stands for none."""
        return Counter(one["leader_id"] for one in self._partitions([topic]))

    def whole(self, topics: list[str]) -> bool:
        """Has every node every record of these topics?"""
        return all(len(one["isr_nodes"]) == SIZE for one in self._partitions(topics))

    def _partitions(self, topics: list[str]) -> list[dict[str, Any]]:
        with connected(self.broker, 30) as client:
            return [one for topic in client.describe_topics(topics) for one in topic["partitions"]]
