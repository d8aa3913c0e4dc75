"""Simulated records on their way into a log without a broker, and the rows that come of them."""

from __future__ import annotations

from collections import Counter

from alerts.config import config_hash, encode_config
from bench import state_size
from scoring.config import DAY_MS, HOUR_MS
from scoring.records import PARTITION_KEY, LogRecord, Outcome, Profile, Signal
from streams.ingest.sources import NATIVE
from streams.settings import load
from streams.simulate.appended import appended
from streams.simulate.delivery import Delivery, delivered
from streams.simulate.faults import records, spoilt
from streams.simulate.shop import events
from tests.strategies import SCORING

START_MS = 1_772_323_200_000
RUN = {"duration_ms": 2 * DAY_MS, "rate_e2": 0.5}
DEMO = load(state_size._CONFIG, {"clock": "watermark"})
SHORT = {"seed": 1, "days": 3, "heavy": 400, "customers": 3, "partitions": 4}


def ids(log: list[tuple[bytes, LogRecord]]) -> set[str]:
    """The events in a log."""
    return {one.event_id for _, one in log if isinstance(one, Signal | Profile | Outcome)}


def test_time_in_the_log_never_runs_backwards_whatever_arrives_late() -> None:
    """What comes after an outage stands for the time up to which all was read before it."""
    rough = Delivery(outages_every_ms=6 * HOUR_MS, duplicates_e2=10)
    told = events(3, 30, START_MS, **RUN)  # type: ignore[arg-type]
    sent = delivered(told, rough, seed=3, start_ms=START_MS)
    found = [record for _, record in appended(sent, SCORING)]
    complete = [one.complete_to_ms for one in found]
    assert complete == sorted(complete)
    late = [one for one in found if isinstance(one, Signal) and one.at_ms > one.ts_ms]
    assert late and all(one.at_ms == one.complete_to_ms for one in late)
    assert max(one.at_ms - one.ts_ms for one in late) > NATIVE.lateness


def test_garbage_and_unknown_types_have_no_place_and_coordinates_tell_records_apart() -> None:
    """As ingest has it; records go to the partitions of the source in turn."""
    whole = list(records(events(3, 30, START_MS, **RUN)))  # type: ignore[arg-type]
    clean = list(appended(whole, DEMO.config().scoring, partitions=3))
    assert len(clean) == len(whole)
    rough = list(appended(spoilt(whole, seed=1, share_e2=30), DEMO.config().scoring, partitions=3))
    assert ids(rough) == ids(clean)
    places = Counter(record.origin for _, record in rough if isinstance(record, Signal))
    assert set(places.values()) == {1}
    assert {one.partition for one in places} == {0, 1, 2}
    known = list(appended(whole, SCORING))
    assert len(known) < len(clean)


def test_rows_are_weighed_as_they_are_stored() -> None:
    """Each kind of customer has a line, and no row is larger than the page says."""
    log = list(state_size.year(**SHORT))
    assert log[0][0] == PARTITION_KEY
    assert config_hash(encode_config(DEMO.config())).encode() in log[0][1]
    sizes = state_size.weigh(iter(log))
    counts = Counter(key for key, *_ in log)
    del counts[PARTITION_KEY]
    assert {key: len(some) for key, some in sizes.items()} == {
        key: count // 20 + 1 for key, count in counts.items()
    }
    found = {one.kind: one for one in state_size.weighed(sizes)}
    assert set(found) == {"heavy", "program", "shop"}
    assert found["heavy"].p50 > found["shop"].p50 > 100
    assert all(one.p50 <= one.p99 <= one.most <= state_size.CAP_BYTES for one in found.values())
