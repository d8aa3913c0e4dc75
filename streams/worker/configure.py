"""Put a configuration in force: its body, that it holds, and a record of it in every log partition.

The order makes it repeatable. A worker that meets the hash finds the body, as that is acknowledged
first; what is written last is that all partitions have their record, so a run that was cut short is
done again by the next, and the fold takes a second record of an equal hash as none at all.

Next step: `nabz config apply` and `nabz up` call this, `streams.worker` folds under what it wrote.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from alerts.config import Config, config_hash, encode_config
from scoring.records import PARTITION_KEY, ConfigChanged, encode_record
from streams.control import IN_FORCE, Control, InForce, config_key
from streams.engine.brokers import Broker
from streams.engine.kafka_reads import ends, read
from streams.topics import CONTROL, LOG

ANNOUNCED: Final = b"announced"
"""Key in the control topic: the configuration that every partition of the log has a record of."""

_ACK_S: Final = 30.0


class ConfigureError(Exception):
    """Kafka did not take a configuration; the message says what to do. Applying again is safe."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a configuration came to.

    Attributes:
        hash: Hash of the configuration given, in force now.
        before: Hash that was in force, None for the first.
        changed: False if it was in force already, and nothing was written.
        partitions: Log partitions that got a record.
        difference: What changes, as unified difference of two JSON texts, a line each.
    """

    hash: str
    before: str | None
    changed: bool
    partitions: int
    difference: tuple[str, ...]


class Standing:
    """What the control topic says of configurations.

    Attributes:
        control: The topic as read.
        announced: Hash every log partition has a record of, None if there is none.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.control = Control()
        self.announced: str | None = None

    @property
    def body(self) -> bytes | None:
        """Body of the configuration in force, None if there is none."""
        force = self.control.in_force
        return None if force is None else self.control.bodies.get(force.hash)


def standing(broker: Broker) -> Standing:
    """Read what is in force.

    Raises:
        streams.engine.kafka_reads.ReadError: The control topic cannot be read.
    """
    found = Standing()
    for records in read(broker, CONTROL):
        for record in records:
            if record.key == ANNOUNCED:
                told = record.value
                found.announced = (
                    None if told is None else msgspec.json.decode(told, type=InForce).hash
                )
            else:
                found.control.apply(record.key, record.value)
    return found


def difference(before: bytes | None, after: bytes) -> tuple[str, ...]:
    """What changes from one body to another, a line each; empty if nothing does.

    Defaults are left out of a body, so a line that is gone says that the default holds again.

    >>> difference(b'{"clock":"live"}', b'{"clock":"watermark"}')[-3:-1]
    ('-  "clock": "live"', '+  "clock": "watermark"')
    """
    old = [] if before is None else _lines(before)
    return tuple(difflib.unified_diff(old, _lines(after), "in force", "given", n=2, lineterm=""))


def _lines(body: bytes) -> list[str]:
    return [line.rstrip(",") for line in msgspec.json.format(body, indent=2).decode().splitlines()]


def apply_config(
    broker: Broker, config: Config, *, clock_ms: int, sources: Iterable[str] | None = None
) -> Applied:
    """Put a configuration in force; safe to repeat and to cut short.

    Args:
        broker: Where the topics are; they must exist.
        config: What to fold under from here on.
        clock_ms: The wall clock. Where `clock: watermark`, records stand for the time all sources
            have been read up to instead.
        sources: Names of the configured sources, for that time; None for all that have told theirs.

    Raises:
        ConfigureError: Kafka refused a write.
        streams.engine.kafka_reads.ReadError: A topic is missing or cannot be read.
    """
    found = standing(broker)
    body = encode_config(config)
    name = config_hash(body)
    force = found.control.in_force
    before = None if force is None else force.hash
    partitions = ends(broker, LOG)
    told = before == name and found.announced == name and name in found.control.bodies
    if told and all(end > 0 for end in partitions.values()):
        return Applied(name, before, changed=False, partitions=0, difference=())
    names = {one for one, _, _ in found.control.progress} if sources is None else set(sources)
    complete_to_ms = found.control.complete_to_ms(names) if names else 0
    at_ms = clock_ms if config.clock == "live" else complete_to_ms
    record = encode_record(ConfigChanged(at_ms, complete_to_ms, name))
    stamp = msgspec.json.encode(InForce(name, clock_ms))
    log = [(LOG, PARTITION_KEY, record, partition) for partition in sorted(partitions)]
    _write(
        broker,
        [
            [(CONTROL, config_key(name), body, 0)],
            [(CONTROL, IN_FORCE, stamp, 0)],
            log,
            [(CONTROL, ANNOUNCED, stamp, 0)],
        ],
    )
    changes = difference(found.body, body)
    return Applied(name, before, changed=True, partitions=len(log), difference=changes)


_Write = tuple[str, bytes, bytes, int]


def _write(broker: Broker, steps: list[list[_Write]]) -> None:
    """Write step by step; one begins when all of the one before is acknowledged.

    Not idempotent producing: a repeated record changes nothing, and the embedded broker has none.
    """
    producer: Any = None
    try:
        producer = KafkaProducer(
            **broker.kafka_python(),
            client_id="nabz-configure",
            acks="all",
            enable_idempotence=False,
        )
        for step in steps:
            futures = [
                producer.send(topic, value, key=key, partition=partition, headers=_headers(topic))
                for topic, key, value, partition in step
            ]
            for future in futures:
                future.get(timeout=_ACK_S)
    except KafkaError as error:
        raise ConfigureError(
            f"writing the configuration failed with {type(error).__name__}; check the broker and"
            f" that the user may write {CONTROL} and {LOG}, then apply again: repeating is safe"
        ) from error
    finally:
        if producer is not None:
            producer.close(timeout=5)


def _headers(topic: str) -> list[tuple[str, bytes]]:
    """Law 1: the type of a log record stands in a header too."""
    return [("record", b"config_changed")] if topic == LOG else []
