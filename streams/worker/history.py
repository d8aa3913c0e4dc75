"""Fold a log again, in this process, with the same code that folded it first.

For `nabz replay` and `nabz why`: reads the configurations and the log with kafka-python, whole or
one customer of it, and hands out rows and outputs. Nothing is written. Where retention has cut the
log, a customer begins with a checkpoint that was taken after the cut, and the bytes are the same.
A log that was exported to a file is folded by `streams.worker.log_file`, with the same `Refold`.

Next step: `streams.cli` shows what came out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from alerts.outputs import HealthRow, Output
from alerts.row import PartitionRow, Row, decode_partition_row, decode_row
from scoring.records import PARTITION_KEY, decode_record
from streams.control import Control
from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.engine.kafka_reads import begins, ends, partition_count, read
from streams.topics import CONTROL, LOG
from streams.worker.checkpoints import Starts, partition_starts, starts
from streams.worker.track import Batch, Track


class HistoryError(Exception):
    """The log cannot be folded again; the message says what is missing and what to do."""


class LogRecord(NamedTuple):
    """A record of the customer log, as a cycle sees it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


@dataclass
class History:
    """What folding a log came to.

    Attributes:
        rows: Last row of each customer.
        partitions: Last row of each log partition.
        encoded: The same rows as bytes, by partition and key, as the changelog would hold them.
        outputs: In the order of the log; health rows whole only of a customer asked for.
        entries: Records folded.
        first: First offset found by partition; above 0 the log was cut by its retention.
        started: Offset of the record from which on a customer was folded, on top of a checkpoint;
            all others were folded from the first record found.
        partial: Partitions not folded from their very first record on: their own rows, which count
            all of it, are left out.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    partitions: dict[int, PartitionRow] = field(default_factory=dict)
    encoded: dict[int, dict[bytes, bytes]] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    entries: int = 0
    first: dict[int, int] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=dict)
    partial: set[int] = field(default_factory=set)


class Refold:
    """A log as a list: feed it records of a partition in offset order, then ask for the history."""

    def __init__(self, control: Control, *, log_epoch: int, every_output: bool) -> None:
        """Fold under the configurations of `control`."""
        self._track = Track(control, log_epoch=log_epoch)
        self._every_output = every_output
        self._last_health: dict[str, HealthRow] = {}
        self.history = History()

    def begin(
        self, partition: int, first: int, rows: Starts, partition_row: bytes | None = None
    ) -> None:
        """Begin a partition at an offset, with rows that are there already.

        Args:
            partition: Before the first of its records is folded.
            first: First offset its log still holds.
            rows: Checkpoints of its customers.
            partition_row: Knows the configuration in force at `first`, where that is above 0.

        Raises:
            HistoryError: Nobody knows under which configuration the log begins.
        """
        held = self.history.encoded.setdefault(partition, {})
        self.history.first[partition] = first
        if partition_row is not None:
            held[PARTITION_KEY] = partition_row
        elif first:
            raise HistoryError(
                f"{LOG} partition {partition} begins at offset {first}, and under which"
                " configuration is not known any more: no stored row reaches back that far. What"
                " workers have folded since is in nabz.rows.v1 and nabz.health.v1"
            )
        if first or rows:
            self.history.partial.add(partition)
        for key, start in rows.items():
            held[key] = start.row
            self.history.started[key.decode("utf-8", "surrogatepass")] = start.offset

    def fold(self, partition: int, records: Sequence[Any]) -> None:
        """Fold records: anything with offset, timestamp, key and value.

        Raises:
            HistoryError: A configuration they were folded under is not known any more.
        """
        if not records:
            return
        history = self.history
        history.first.setdefault(partition, records[0].offset)
        rows = history.encoded.setdefault(partition, {})
        batch = Batch(self._track, partition, rows)
        for record in records:
            try:
                batch.take(record)
            except KeyError as error:
                raise HistoryError(
                    f"configuration {error} is not in {CONTROL}, and the log was folded under it;"
                    " apply the configuration of that time again (`nabz config apply`)"
                ) from error
        rows.update({key: row for key, row in batch.changed().items() if row is not None})
        history.entries += len(records)
        for _, told in batch.told:
            if isinstance(told, HealthRow) and not self._every_output:
                self._last_health[told.customer] = told
            else:
                history.outputs.append(told)

    def done(self) -> History:
        """The history, rows decoded."""
        history = self.history
        for partition, rows in history.encoded.items():
            if partition in history.partial:
                rows.pop(PARTITION_KEY, None)
            for key, row in rows.items():
                if key == PARTITION_KEY:
                    history.partitions[partition] = decode_partition_row(row)
                elif (found := decode_row(row)) is not None:
                    history.rows[key.decode("utf-8", "surrogatepass")] = found
        history.outputs += self._last_health.values()
        self._last_health = {}
        return history


def control_of(broker: Broker) -> Control:
    """The control topic as it is now."""
    control = Control()
    for records in read(broker, CONTROL):
        for record in records:
            control.apply(record.key, record.value)
    return control


def refold(
    broker: Broker,
    settings: Any,
    *,
    customer: str | None = None,
    at_ms: int | None = None,
    from_checkpoint: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> History:
    """Fold the customer log again, whole or for one customer.

    Args:
        broker: Where it is.
        settings: The installation's; its `log_epoch` is what counts here.
        customer: Fold only this customer, and keep every output of it.
        at_ms: Leave out records appended for a later time than this.
        from_checkpoint: Begin with each customer's newest checkpoint, although the log may be
            whole. Where it was cut they begin with the oldest that the log continues.
        progress: Told records done and records there are.

    Raises:
        streams.engine.kafka_reads.ReadError: The topics cannot be read.
        HistoryError: A configuration is missing.
    """
    only: frozenset[bytes] | None = None
    partitions = None
    if customer is not None:
        key = customer.encode("utf-8", "surrogatepass")
        only = frozenset((key, PARTITION_KEY))
        partitions = [partition_of(key, partition_count(broker, LOG) or 1)]
    total = sum(
        end
        for number, end in ends(broker, LOG).items()
        if partitions is None or number in partitions
    )
    work = Refold(
        control_of(broker), log_epoch=settings.log_epoch, every_output=customer is not None
    )
    for one in beginnings(
        broker,
        settings.log_epoch,
        partitions=partitions,
        customer=None if customer is None else customer.encode("utf-8", "surrogatepass"),
        at_ms=at_ms,
        newest=from_checkpoint,
    ):
        work.begin(one.partition, one.first, one.rows, one.partition_row)
    seen = 0
    for records in read(broker, LOG, partitions=partitions):
        seen += len(records)
        wanted = [
            record
            for record in records
            if (only is None or record.key in only) and not _later(record, at_ms)
        ]
        if wanted:
            work.fold(wanted[0].partition, wanted)
        if progress is not None:
            progress(seen, max(seen, total))
    return work.done()


class Beginning(NamedTuple):
    """What folding a partition begins with; the arguments of `Refold.begin`."""

    partition: int
    first: int
    rows: Starts
    partition_row: bytes | None


def beginnings(
    broker: Broker,
    log_epoch: int,
    *,
    topic: str = LOG,
    partitions: Sequence[int] | None = None,
    customer: bytes | None = None,
    at_ms: int | None = None,
    newest: bool = False,
) -> list[Beginning]:
    """Every partition where its log begins, with checkpoints where they are needed.

    Args:
        broker: Where they are.
        log_epoch: Of the log; checkpoints of others are of no use.
        topic: The log, or a copy of it under another name.
        partitions: Only these; all of them by default.
        customer: Checkpoints of this customer only.
        at_ms: No checkpoint that holds anything later.
        newest: See `streams.worker.checkpoints.starts`; by default only where the log was cut.

    Raises:
        streams.engine.kafka_reads.ReadError: The topics cannot be read.
    """
    firsts = {
        number: first
        for number, first in begins(broker, topic).items()
        if partitions is None or number in partitions
    }
    cut = {number: first for number, first in firsts.items() if first}
    wanted = firsts if newest else cut
    found: Starts = {}
    if wanted:
        found = starts(
            broker,
            log_epoch=log_epoch,
            begins=wanted,
            customer=customer,
            at_ms=at_ms,
            newest=newest,
        )
    known = partition_starts(broker, cut) if cut else {}
    count = partition_count(broker, topic)
    return [
        Beginning(
            number,
            first,
            {key: one for key, one in found.items() if partition_of(key, count) == number},
            known.get(number),
        )
        for number, first in firsts.items()
    ]


def _later(record: Any, at_ms: int | None) -> bool:
    if at_ms is None or record.value is None:
        return False
    try:
        return decode_record(record.value).at_ms > at_ms
    except msgspec.DecodeError:
        return False  # put aside by the fold, here as there
