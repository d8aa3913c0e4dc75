"""What a log partition knows of itself."""

from __future__ import annotations

import pytest
from hypothesis import given

from alerts.fold import LOG_TOPIC, SKEW_MS, Entry, Result
from alerts.outputs import At, Heartbeat
from alerts.partition import CONFIGS_MAX, HEARTBEAT_MS, Accumulated, accumulate, hash_at
from alerts.row import PartitionRow
from scoring.records import ConfigChanged, LogRecord, Tick, Wake
from tests.strategies import BASE_MS, command, logs, outcome, profile, signal

T = BASE_MS


def taken(
    record: LogRecord, result: Result | None, row: PartitionRow | None = None, *,
    offset: int = 0, timestamp_ms: int | None = None, new: bool = False,
) -> Accumulated:  # fmt: skip
    """The partition after one entry."""
    stamp = record.at_ms if timestamp_ms is None else timestamp_ms
    entry = Entry("ann", record, 3, offset, stamp, epoch=2)
    return accumulate(PartitionRow() if row is None else row, entry, result, new_customer=new)


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        ("folded", ({"chat": 1}, {}, {})),
        ("duplicate", ({}, {"chat": 1}, {})),
        ("failed", ({}, {}, {"chat": 1})),
    ],
)
def test_an_event_counts_once_by_what_became_of_it(
    result: Result, counts: tuple[dict[str, int], ...]
) -> None:
    """Law 5: events appended = folded + duplicate + failed, per source."""
    row = taken(signal(T), result).row
    assert (row.folded, row.duplicates, row.failed) == counts


def test_sources_are_counted_apart_and_all_kinds_of_events_count() -> None:
    """Profiles, outcomes and commands are appended like messages."""
    row = PartitionRow()
    for record in (signal(T), profile(T), outcome(T, "renewed"), command(T, "ack"), signal(T)):
        row = taken(record, "folded", row).row
    assert row.folded == {"chat": 2, "crm": 2, "commands": 1}


@pytest.mark.parametrize("result", ["woken", "failed"])
def test_a_wake_is_no_event(result: Result) -> None:
    """Nobody appended it for a source, so it counts for none."""
    row = taken(Wake(T, T, T), result).row
    assert (row.folded, row.duplicates, row.failed, row.ticks) == ({}, {}, {}, 0)


def test_ticks_and_new_customers_are_counted() -> None:
    """A change of configuration is no tick."""
    row = taken(Tick(T, T), None).row
    row = taken(ConfigChanged(T, T, "a"), None, row).row
    row = taken(signal(T), "folded", row, new=True).row
    assert (row.ticks, row.customers) == (1, 1)


@given(logs())
def test_time_and_completeness_never_fall(log: list[tuple[bytes, LogRecord]]) -> None:
    """Whatever order the records' own times have."""
    row = PartitionRow()
    for offset, (_, record) in enumerate(reversed(log)):
        after = taken(record, "folded", row, offset=offset).row
        assert after.now_ms == max(row.now_ms, record.at_ms)
        assert after.complete_ms == max(row.complete_ms, record.complete_to_ms)
        row = after


def test_an_appender_whose_clock_runs_ahead_is_believed_for_five_minutes() -> None:
    """The broker's timestamp bounds it."""
    row = taken(Tick(T + 10**9, T), None, timestamp_ms=T).row
    assert row.now_ms == T + SKEW_MS


def test_a_heartbeat_comes_once_a_minute() -> None:
    """Not a millisecond sooner; it says how fresh the rows of the partition are."""
    first = taken(Tick(T, T - 7), None, offset=5)
    assert first.heartbeat == Heartbeat(3, T, T - 7, 0, "", At(LOG_TOPIC, 3, 5, 0, 2))
    assert taken(Tick(T + HEARTBEAT_MS - 1, T), None, first.row).heartbeat is None
    again = taken(signal(T + HEARTBEAT_MS), "folded", first.row, new=True).heartbeat
    assert again is not None and (again.customers, again.at_ms) == (1, T + HEARTBEAT_MS)


def test_a_partition_knows_which_configuration_was_in_force_where() -> None:
    """A repeat of the one in force is no change; the newest changes are remembered."""
    row = PartitionRow()
    names = ["a", "a", "b", *(f"c{number}" for number in range(CONFIGS_MAX - 2))]
    for offset, name in enumerate(names, start=10):
        row = taken(ConfigChanged(T, T, name), None, row, offset=offset).row
        assert (row.config_hash, hash_at(row, offset + 1)) == (name, name)
    assert len(row.configs) == CONFIGS_MAX
    assert [hash_at(row, offset) for offset in (10, 11, 12, 13)] == ["", "a", "a", "b"]
    row = taken(ConfigChanged(T, T, "z"), None, row, offset=99).row
    assert [hash_at(row, 13), hash_at(row, 99), hash_at(row, 100)] == ["b", names[-1], "z"]
    assert len(row.configs) == CONFIGS_MAX
