"""Which events came too late: files whose lines are not in order of time give wrong times.

Each record of the customer log carries up to when all sources had been read when it was appended.
An event older than that missed its turn: what rests on absence has been decided without it, and it
is folded at the time it came. One pass over the log tells, after all is folded.

Next step: `streams.demo.report` keeps the count, `streams.demo.summary` says it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from scoring.records import Signal, decode_record
from streams.demo.report import Late
from streams.engine.brokers import Broker
from streams.engine.kafka_reads import read
from streams.topics import LOG

_FIRST: Final = 3


def late_in(broker: Broker) -> Late:
    """Count the late events of a broker's customer log.

    Raises:
        streams.engine.kafka_reads.ReadError: It cannot be read.
    """
    return late_of(record.value for records in read(broker, LOG) for record in records)


def late_of(values: Iterable[bytes | None]) -> Late:
    """Count the late events among records of the log, and name the first by file and line.

    >>> late_of([b"no record"])
    Late(count=0, first=())
    """
    count = 0
    first: list[tuple[str, int]] = []
    for value in values:
        try:
            record = None if value is None else decode_record(value)
        except msgspec.DecodeError:
            continue
        if isinstance(record, Signal) and record.ts_ms < record.complete_to_ms:
            count += 1
            first = sorted([*first, (record.origin.topic, record.origin.offset + 1)])[:_FIRST]
    return Late(count, tuple(first))
