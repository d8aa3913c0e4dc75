"""The public topics as a reader should see them: the newest row of a customer, transitions once.

A worker that crashed publishes its last outputs again, so a reader drops what is not newer than
what it has.

Next step: `nabz tail` shows them, `nabz why` compares with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alerts.outputs import HealthRow, Transition
    from streams.engine.brokers import Broker


class Health:
    """The newest health row of each customer.

    Attributes:
        rows: By customer.
    """

    def __init__(self, customer: str | None = None) -> None:
        """Know nothing; look at one customer only, or at all."""
        import msgspec

        from alerts.outputs import HealthRow

        self.rows: dict[str, HealthRow] = {}
        self._customer = customer
        self._decoder = msgspec.json.Decoder(HealthRow)

    def take(self, key: bytes | None, value: bytes | None) -> HealthRow | None:
        """Take a record of `nabz.health.v1`; the row if it is news."""
        if key is None or _is_heartbeat(key):
            return None
        name = key.decode("utf-8", "surrogatepass")
        if self._customer not in {None, name}:
            return None
        if value is None:
            self.rows.pop(name, None)
            return None
        row = self._decoder.decode(value)
        held = self.rows.get(name)
        if held is not None and _order(held) >= _order(row):
            return None
        self.rows[name] = row
        return row


def _order(row: HealthRow) -> tuple[int, int, int]:
    return row.log.epoch, row.log.offset, row.version


def _is_heartbeat(key: bytes) -> bool:
    """Rows of a partition as a whole are keyed `~0`, `~1`, ..."""
    return key[:1] == b"~" and key[1:].isdigit()


def changes(broker: Broker, found: Health, *, follow: bool = False) -> Iterator[list[HealthRow]]:
    """Read `nabz.health.v1` into `found`, and give what is news of each batch; it may be nothing.

    Raises:
        streams.engine.kafka_reads.ReadError: The topic cannot be read.
    """
    from streams.engine.kafka_reads import read
    from streams.topics import HEALTH

    for records in read(broker, HEALTH, follow=follow):
        news = (found.take(record.key, record.value) for record in records)
        yield [row for row in news if row is not None]


def everybody(broker: Broker) -> dict[str, HealthRow]:
    """The newest published row of every customer."""
    found = Health()
    for _ in changes(broker, found):
        pass
    return found.rows


def published(broker: Broker, customer: str) -> HealthRow | None:
    """The newest published row of one customer, from its own partition alone."""
    from streams.engine.cycle import partition_of
    from streams.engine.kafka_reads import partition_count, read
    from streams.topics import HEALTH

    key = customer.encode("utf-8", "surrogatepass")
    own = partition_of(key, max(1, partition_count(broker, HEALTH)))
    found = Health(customer)
    for records in read(broker, HEALTH, partitions=[own]):
        for record in records:
            found.take(record.key, record.value)
    return found.rows.get(customer)


def transitions(broker: Broker, *, follow: bool = False) -> Iterator[Transition]:
    """Transitions of customers as published, in order, those seen before left out.

    Raises:
        streams.engine.kafka_reads.ReadError: The topic cannot be read.
    """
    from alerts.canary import CANARY
    from alerts.outputs import decode_transition
    from streams.engine.kafka_reads import read
    from streams.topics import TRANSITIONS

    newest: dict[str, tuple[int, int]] = {}
    for records in read(broker, TRANSITIONS, follow=follow):
        for record in records:
            if record.value is None:
                continue
            one = decode_transition(record.value)
            if one.customer == CANARY:
                continue
            place = one.log.epoch, one.seq  # a log begun anew counts from 1 again
            if place > newest.get(one.fingerprint, (0, 0)):
                newest[one.fingerprint] = place
                yield one
