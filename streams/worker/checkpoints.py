"""Where a replay may begin: rows as they stood before some record, kept as long as the log.

A log that was cut by its retention no longer holds the first records of a customer, and folding the
rest from nothing gives other scores. From a checkpoint it gives the same bytes. What is in force
where the log begins is known from the stored row of the partition, which remembers the newest
changes of configuration.

Next step: `streams.worker.history` begins there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from alerts.header import FENCE_BYTES, unpack_header
from alerts.partition import CONFIGS_MAX, hash_at
from alerts.row import PartitionRow, decode_partition_row, decode_row, encode_partition_row
from scoring.records import PARTITION_KEY
from streams.engine.brokers import Broker
from streams.engine.kafka_reads import read
from streams.topics import CHECKPOINTS, ROWS


class Start(NamedTuple):
    """A customer's row to begin with.

    Attributes:
        row: Header and body; its fence is the record before the one it was taken at.
        offset: First record that is to be folded into it.
        now_ms: Newest time folded into it.
    """

    row: bytes
    offset: int
    now_ms: int


Starts = dict[bytes, Start]
"""By key of the customer."""


def starts(
    broker: Broker,
    *,
    log_epoch: int,
    begins: dict[int, int],
    customer: bytes | None = None,
    at_ms: int | None = None,
    newest: bool = False,
) -> Starts:
    """The checkpoints to begin with.

    Args:
        broker: Where they are.
        log_epoch: Those of other logs are of no use.
        begins: First offset the log still holds, of each partition that matters.
        customer: Only this one.
        at_ms: None that holds anything later.
        newest: Take each customer's newest, for the shortest way; else the oldest from which on the
            log is whole, for as much history as there is.

    Raises:
        streams.engine.kafka_reads.ReadError: The topic cannot be read.
    """
    found: Starts = {}
    for records in read(broker, CHECKPOINTS, partitions=begins):
        for record in records:
            if record.value is None or customer not in {None, record.key}:
                continue
            header, row = unpack_header(record.value), decode_row(record.value)
            if row is None or header.log_epoch != log_epoch:
                continue
            one = Start(record.value, header.offset + 1, row.now_ms)
            if one.offset < begins[record.partition] or (at_ms is not None and one.now_ms > at_ms):
                continue
            held = found.get(record.key)
            if held is None or (one.offset > held.offset) == newest:
                found[record.key] = one
    return found


def partition_starts(broker: Broker, begins: dict[int, int]) -> dict[int, bytes]:
    """Rows that know which configuration is in force where a partition begins, and nothing else.

    Args:
        broker: Where the stored rows are.
        begins: First offset the log still holds, of the partitions that were cut.

    Returns:
        By partition; those whose row remembers only changes after that place are left out.

    Raises:
        streams.engine.kafka_reads.ReadError: The topic cannot be read.
    """
    newest: dict[int, bytes] = {}
    for records in read(broker, ROWS, partitions=begins):
        for number, row in _partition_rows(records):
            if number not in newest or newest[number][:FENCE_BYTES] <= row[:FENCE_BYTES]:
                newest[number] = row
    found: dict[int, bytes] = {}
    for number, row in newest.items():
        own, begin = decode_partition_row(row), begins[number]
        if len(own.configs) == CONFIGS_MAX and own.configs[0][0] >= begin:
            continue
        known = PartitionRow(
            config_hash=hash_at(own, begin),
            configs=tuple(one for one in own.configs if one[0] < begin),
        )
        epoch = unpack_header(row).log_epoch
        found[number] = encode_partition_row(known, log_epoch=epoch, offset=begin - 1)
    return found


def _partition_rows(records: Iterable[Any]) -> Iterable[tuple[int, bytes]]:
    for record in records:
        if record.key == PARTITION_KEY and record.value is not None:
            yield record.partition, record.value
