"""What people tell all notifiers through `nabz.control.v1`.

Orders are few and small, keyed `<verb>:<id>`, and kept whole in memory. The command line writes
them straight to the topic, so that the stop button works while nothing else does; ingest copies
those that came as commands. One that cannot be read is reported and changes nothing.

Next step: `streams.notifier.loop` minds them, `streams.cli.notifier` writes and shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import msgspec
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from alerts.holds import Hold, Named
from alerts.silences import Silence
from scoring.decoding import decoded
from streams.engine.brokers import Broker
from streams.engine.kafka_reads import require_listener
from streams.topics import CONTROL

Kind = Literal["silence", "maintenance"]
_SILENCES: Final[tuple[Kind, ...]] = ("silence", "maintenance")
_KEEP_MS: Final = 30 * 86_400_000
_ACK_S: Final = 30.0

log = structlog.get_logger("nabz.notifier")


class OrderError(Exception):
    """Kafka did not take an order; nothing has changed, and giving it again is safe."""


def hold_key(name: str) -> bytes:
    """Key of a hold.

    >>> hold_key("a1b2")
    b'hold:a1b2'
    """
    return f"hold:{name}".encode()


def silence_key(name: str, kind: Kind) -> bytes:
    """Key of a silence or of maintenance.

    >>> silence_key("a1b2", "silence")
    b'silence:a1b2'
    """
    return f"{kind}:{name}".encode()


class Orders:
    """The orders in the control topic as read so far; feed it records, ask it questions.

    >>> orders = Orders()
    >>> orders.apply(b"hold:a", b'{"until_ms": 10}')
    True
    >>> [name for name, _ in orders.holding(9)], orders.holding(10)
    (['a'], ())
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.holds: dict[str, Hold] = {}
        self.silences: dict[str, Silence] = {}
        self._silence: msgspec.json.Decoder[Silence] = msgspec.json.Decoder(Silence)
        self._hold: msgspec.json.Decoder[Hold] = msgspec.json.Decoder(Hold)

    def apply(self, key: bytes | None, value: bytes | None) -> bool:
        """Take one record; True if it is an order. Keys of other kinds are left to others."""
        kind, _, name = ("" if key is None else key.decode("utf-8", "replace")).partition(":")
        if kind not in {"hold", *_SILENCES}:
            return False
        if value is None:
            (self.holds if kind == "hold" else self.silences).pop(name, None)
            return True
        try:
            if kind == "hold":
                self.holds[name] = decoded(self._hold.decode, value, kind)
            else:
                self.silences[name] = decoded(self._silence.decode, value, kind)
        except msgspec.DecodeError:
            log.error("order.undecodable", kind=kind, size=len(value))
            return False
        return True

    def holding(self, now_ms: int) -> tuple[Named, ...]:
        """Holds in force, by id."""
        return tuple(
            (name, hold) for name, hold in sorted(self.holds.items()) if hold.lasts(now_ms)
        )

    def silencing(self, now_ms: int, kind: Kind) -> tuple[tuple[str, Silence], ...]:
        """Silences, or maintenance, in force, by id."""
        return tuple(
            (name, one)
            for name, one in sorted(self.silences.items())
            if one.verb == kind and one.lasts(now_ms)
        )

    def forgettable(self, now_ms: int) -> list[bytes]:
        """Keys of orders that ended more than 30 days ago; whoever writes buries them."""
        holds = [
            hold_key(name)
            for name, hold in sorted(self.holds.items())
            if now_ms - hold.until_ms > _KEEP_MS
        ]
        return holds + [
            silence_key(name, one.verb)
            for name, one in sorted(self.silences.items())
            if now_ms - one.end_ms > _KEEP_MS
        ]


def take(orders: Orders, records: Iterable[Any]) -> int:
    """Take records as a consumer hands them out, and return how many were orders."""
    return sum(orders.apply(record.key, record.value) for record in records)


def give(
    broker: Broker,
    records: Sequence[tuple[bytes, bytes | None]],
    *,
    topic: str = CONTROL,
    partition: int | None = 0,
) -> None:
    """Write orders and tombstones, and return once all are acknowledged.

    Into one partition, or with `None` each into that of its key.

    Not idempotent producing: a repeated order changes nothing.

    Raises:
        OrderError: One was not.
        streams.engine.kafka_reads.ReadError: Nobody listens there.
    """
    require_listener(broker)
    producer: Any = None
    try:
        producer = KafkaProducer(
            **broker.kafka_python(),
            client_id="nabz-orders",
            acks="all",
            enable_idempotence=False,
            linger_ms=0,
        )
        sent = [producer.send(topic, value, key=key, partition=partition) for key, value in records]
        for future in sent:
            future.get(timeout=_ACK_S)
    except KafkaError as error:
        raise OrderError(
            f"topic {topic}: an order was not taken, {type(error).__name__};"
            " check the broker and whether the user may write the topic, then give it again"
        ) from error
    finally:
        if producer is not None:
            producer.close(timeout=5)
