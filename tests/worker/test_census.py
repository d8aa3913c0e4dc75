"""The census: what a page says of all customers is what their rows say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from alerts.canary import CANARY
from alerts.lifecycle import Episode
from alerts.row import Row, Shown, decode_partition_row, encode_row, glance
from scoring.records import PARTITION_KEY, LogRecord
from streams.topics import TRANSITIONS
from streams.worker.census import CensusCollector, counted, facts
from streams.worker.track import Track
from tests.strategies import BASE_MS, Stored, signal, stored
from tests.worker.test_track import Rows, any_log, cut, cuts, spoiled, spoils, track


def settled(counts: Counter[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """Counts without those that are nought."""
    return {fact: count for fact, count in counts.items() if count}


def lived(by: Track, cycles: Sequence[Sequence[Stored]]) -> Rows:
    """Fold and store cycle by cycle, as the lane does."""
    rows: Rows = {}
    by.on_restored(0, rows)
    for cycle in cycles:
        found = by.fold(0, cycle, rows)
        rows.update({key: row for key, row in found.changed.items() if row is not None})
        by.on_stored(0, found.changed)
    return rows


@given(any_log, spoils, cuts)
def test_what_is_counted_as_it_goes_is_what_the_stored_rows_say(
    log: list[tuple[bytes, LogRecord]], bad: list[int], places: list[int]
) -> None:
    """A worker that has run for a month and one that has just taken over show the same."""
    by = track()
    rows = lived(by, cut(spoiled(log, bad), places))
    fresh = settled(counted(rows))
    assert settled(by.census[0]) == fresh
    customers = len(rows.keys() - {PARTITION_KEY})
    assert sum(count for fact, count in fresh.items() if fact[0] == "band") == customers


def test_a_cycle_that_is_folded_again_is_counted_once() -> None:
    """What was not stored has changed nothing."""
    row = replace(Row(), shown=Shown(band="healthy"))
    by = track()
    by.on_restored(0, {b"ann": encode_row(row, log_epoch=1, offset=0)})
    for _ in range(2):
        by.fold(0, [], {})
    by.on_stored(0, {})
    assert settled(by.census[0]) == {("band", "healthy"): 1}


@pytest.mark.parametrize(
    ("episode", "found"),
    [
        (Episode("r", "firing"), [("alert", "warning", "unacked")]),
        (
            Episode("r", "recovering", severity="critical", acked_by="sue", flapping=True),
            [("alert", "critical", "acked"), ("flapping",)],
        ),
        (Episode("r", "pending"), []),
        (Episode("r", "closed", flapping=True), []),
    ],
)
def test_only_open_alerts_count(episode: Episode, found: list[tuple[str, ...]]) -> None:
    """A pending one may come to nothing, and a closed one does not flap."""
    row = replace(Row(), episodes=(episode,), shown=Shown(band="watch", quiet="unresolved"))
    assert list(facts(row)) == [("band", "watch"), ("quiet", "unresolved"), *found]


def test_the_sum_of_the_partitions_is_shown_and_a_lost_one_is_not() -> None:
    """Another worker shows it now; every label is there from the start."""
    by = track()
    registry = CollectorRegistry()
    registry.register(CensusCollector(by.census))
    shown = registry.get_sample_value
    assert shown("nabz_customers", {"band": "critical"}) == 0
    bad = replace(
        Row(),
        shown=Shown(band="critical", quiet="content"),
        episodes=(Episode("r", "firing", flapping=True),),
    )
    data = encode_row(bad, log_epoch=1, offset=0)
    by.on_restored(0, {b"ann": data})
    by.on_restored(1, {b"bob": data, b"sue": data})
    assert shown("nabz_customers", {"band": "critical"}) == 3
    by.on_lost(1)
    assert shown("nabz_customers", {"band": "critical"}) == 1
    assert shown("nabz_quiet_customers", {"state": "content"}) == 1
    assert shown("nabz_open_alerts", {"severity": "warning", "human": "unacked"}) == 1
    assert shown("nabz_flapping_alerts") == 1


def test_a_deleted_row_is_nobody() -> None:
    """Its header stays for a while."""
    gone = bytearray(encode_row(Row(), log_epoch=1, offset=0))
    gone[28] = 1  # the flags, see `alerts.header`
    assert glance(bytes(gone)) is None
    assert not counted({b"ann": bytes(gone)})


def test_the_canary_is_nobody() -> None:
    """It has a row, and is in no count, no list and no topic of customers."""
    by = track()
    key = CANARY.encode()
    songs = stored([(key, signal(BASE_MS + n * 60_000, event_id=str(n))) for n in range(3)])
    rows = lived(by, [songs[:1], songs[1:2]])
    assert key in rows
    assert not settled(by.census[0])
    assert not counted(rows)
    assert decode_partition_row(rows[PARTITION_KEY]).customers == 0
    told = by.fold(0, songs[2:], rows).outputs
    assert [one.topic for one in told if not (one.key or b"").startswith(b"~0")] == [TRANSITIONS]
