"""What a helpdesk writes on a bad day, and what should come of it, counted as it is written.

About one record in twenty is written again a little later, one in twenty comes after younger ones
of its partition, and some cannot be read by anybody. Everything is drawn from one seed.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer

from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.simulate.shop import Event, events
from streams.topics import EVENTS
from tests.journey.desk import shaped

RATE_E2: Final = 2_000
"""Events in 100 s of event time: hours of a busy shop, told in minutes."""
_SPEED: Final = 4
_PER_CUSTOMER: Final = 50
"""Events of a customer, about: so many that not all have left the shop before the end."""
_LATE_BY: Final = 8
_TWICE_WITHIN: Final = 40
"""Records of its partition between the two: far fewer than the event ids a row remembers."""
_GARBAGE_EVERY: Final = 100
GARBAGE: Final = (
    (b"", "empty"),
    (b'{"id": "x", "user": "c", "ro', "not_json"),
    (b"\xff\xfe\x00binary\x80", "not_text"),
    (b'{"a":' * 500 + b"1" + b"}" * 500, "too_deep"),
    (b"[1, 2, 3]", "not_an_object"),
)
"""Records nobody can read, and why they are put aside."""


class Written(NamedTuple):
    """A record for a source topic."""

    topic: str
    partition: int
    key: str
    value: bytes
    ts_ms: int
    customer: str
    starts: str
    again: bool = False


class Traffic:
    """A seeded stream into the topics of a desk.

    Attributes:
        expected: Events by customer, each counted once.
        written: Records handed to Kafka; of them `repeated`, `late` (behind a younger one of their
            partition) and `spoiled`.
    """

    def __init__(self, broker: Broker, seed: int, *, count: int, partitions: int) -> None:
        """Open a producer for so many events, the last of them of this moment."""
        self._partitions = partitions
        self.expected: Counter[str] = Counter()
        self.written = self.repeated = self.late = self.spoiled = 0
        self._chance = random.Random(f"{seed}:traffic")
        customers = count // _PER_CUSTOMER
        *_, last = islice(_events(seed, customers, 0), count)
        self._told = _written(seed, customers, int(time.time() * 1000) - last["ts"], partitions)
        self._held: dict[tuple[str, int], list[tuple[int, Written]]] = defaultdict(list)
        self._newest: dict[tuple[str, int], int] = {}
        self._talks: set[str] = set()
        self._spoiled: list[tuple[str, int, str, Any]] = []
        self._producer = KafkaProducer(
            **broker.kafka_python(), acks="all", enable_idempotence=True, linger_ms=5
        )

    def write(self, count: int) -> None:
        """Write so many events more, and what goes wrong beside them."""
        chance = self._chance
        for _ in range(count):
            one = next(self._told)
            self.expected[one.customer] += 1
            if chance.randrange(_GARBAGE_EVERY) == 0:
                self._spoil()
            # Who opens a conversation is not late: nobody would know whose its answers are.
            opens = one.starts and one.starts not in self._talks
            if opens:
                self._talks.add(one.starts)
            if not opens and chance.randrange(100) < 6:
                self._held[one.topic, one.partition].append((chance.randint(1, _LATE_BY), one))
            else:
                self._send(one)
            if chance.randrange(100) < 5:
                self.repeated += 1
                later = chance.randint(_LATE_BY + 1, _TWICE_WITHIN)
                self._held[one.topic, one.partition].append((later, one._replace(again=True)))

    def _send(self, one: Written) -> None:
        place = one.topic, one.partition
        self._put(one)
        due: list[tuple[int, Written]] = []
        held: list[tuple[int, Written]] = []
        for left, waiting in self._held[place]:
            (due if left <= 1 else held).append((left - 1, waiting))
        self._held[place] = held
        for _, waiting in due:
            self._put(waiting)

    def _put(self, one: Written) -> None:
        place = one.topic, one.partition
        newest = self._newest.get(place, 0)
        self.late += not one.again and one.ts_ms < newest
        self._newest[place] = max(newest, one.ts_ms)
        self._producer.send(one.topic, one.value, key=one.key.encode(), partition=one.partition)
        self.written += 1

    def _spoil(self) -> None:
        chance = self._chance
        value, reason = chance.choice(GARBAGE)
        topic, place = (
            chance.choice(("desk.chat", "desk.steps")),
            chance.randrange(self._partitions),
        )
        future = self._producer.send(topic, value, partition=place)
        self._spoiled.append((topic, place, reason, future))
        self.written += 1
        self.spoiled += 1

    def finish(self) -> None:
        """Write what is still held back, and wait until the broker has all of it."""
        for waiting in self._held.values():
            for _, one in sorted(waiting, key=lambda item: item[0]):
                self._put(one)
        self._held.clear()
        self._producer.flush()

    def flush(self) -> None:
        """Wait until the broker has all that was written."""
        self._producer.flush()

    def close(self) -> None:
        """Let go of the broker."""
        self._producer.close(timeout=5)

    def letters(self) -> Counter[tuple[str, int, int, str]]:
        """Dead letters that should be there: topic, partition, offset, reason."""
        return Counter(
            (topic, place, future.get(timeout=30).offset, reason)
            for topic, place, reason, future in self._spoiled
        )


def _events(seed: int, customers: int, start_ms: int) -> Iterator[Event]:
    return events(seed, customers, start_ms, duration_ms=None, rate_e2=RATE_E2, speed=_SPEED)


def _written(seed: int, customers: int, start_ms: int, partitions: int) -> Iterator[Written]:
    for event in _events(seed, customers, start_ms):
        found = shaped(event)
        topic, key, value = (EVENTS, event["customer"], event) if found is None else found
        place = partition_of(key.encode(), partitions)
        talk = event["conversation"] if topic == "desk.chat" else ""
        starts = talk if event.get("author") == "customer" else ""
        body = json.dumps(value).encode()
        yield Written(topic, place, key, body, event["ts"], event["customer"], starts)
