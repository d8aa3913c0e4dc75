"""What a log partition knows of itself: time, completeness, configuration in force, law 5's counts.

A tick every ten seconds moves it when nothing else does, and lets it say that it is alive: a
customer's row is as fresh as the heartbeat of its partition.

Next step: `streams.worker.track` keeps one `PartitionRow` per partition at key `~`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from alerts.fold import LOG_TOPIC, SKEW_MS, Entry, Result
from alerts.outputs import At, Heartbeat
from alerts.row import PartitionRow
from scoring.records import Command, ConfigChanged, Outcome, Profile, Signal, Tick

HEARTBEAT_MS: Final = 60_000
CONFIGS_MAX: Final = 8
"""Changes of configuration remembered: more than one cycle of the lane ever holds."""


_OF_CUSTOMERS: Final = (Signal, Profile, Outcome, Command)
_COUNTED: Final[Mapping[Result | None, str]] = {"folded": "folded", "duplicate": "duplicates"}


class Accumulated(NamedTuple):
    """The partition's row after one more entry, and its heartbeat where one is due."""

    row: PartitionRow
    heartbeat: Heartbeat | None


def accumulate(
    row: PartitionRow, entry: Entry, result: Result | None, *, new_customer: bool
) -> Accumulated:
    """Take one entry of the partition, whoever it was addressed to.

    Args:
        row: The partition so far.
        entry: The entry.
        result: What became of a customer's record; None for one addressed to the partition.
        new_customer: The customer had no row before.
    """
    record = entry.record
    now_ms = max(row.now_ms, min(record.at_ms, entry.timestamp_ms + SKEW_MS))
    changes: dict[str, object] = {}
    if isinstance(record, _OF_CUSTOMERS):
        counted = _COUNTED.get(result, "failed")
        changes[counted] = _one_more(getattr(row, counted), record.origin.source)
    elif isinstance(record, ConfigChanged) and record.config_hash != row.config_hash:
        changes["config_hash"] = record.config_hash
        changes["configs"] = (*row.configs, (entry.offset, record.config_hash))[-CONFIGS_MAX:]
    moved = replace(
        row,
        now_ms=now_ms,
        complete_ms=max(row.complete_ms, record.complete_to_ms),
        customers=row.customers + new_customer,
        ticks=row.ticks + isinstance(record, Tick),
        **changes,
    )
    if now_ms < row.heartbeat_ms + HEARTBEAT_MS:
        return Accumulated(moved, None)
    moved = replace(moved, heartbeat_ms=now_ms)
    at = At(LOG_TOPIC, entry.partition, entry.offset, 0, entry.epoch)
    return Accumulated(
        moved,
        Heartbeat(
            partition=entry.partition,
            at_ms=now_ms,
            complete_to_ms=moved.complete_ms,
            customers=moved.customers,
            config_hash=moved.config_hash,
            log=at,
        ),
    )


def hash_at(row: PartitionRow, offset: int) -> str:
    """The configuration under which the record at an offset is folded; empty before the first.

    >>> row = PartitionRow(config_hash="b", configs=((3, "a"), (7, "b")))
    >>> hash_at(row, 3), hash_at(row, 7), hash_at(row, 8)
    ('', 'a', 'b')
    """
    found = ""
    for changed_at, name in row.configs:
        if changed_at < offset:
            found = name
    return found


def _one_more(counts: Mapping[str, int], source: str) -> dict[str, int]:
    return {**counts, source: counts.get(source, 0) + 1}
