"""What a worker counts belongs to the partitions it has."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from alerts.row import PartitionRow
from scoring.records import Cue, Reading
from streams.clock import wall_ms
from streams.control import Control
from streams.engine.progress import Progress
from streams.metrics import LaneCollector, Metrics
from streams.worker.observer import Counting
from streams.worker.track import Track
from tests.alerts.transitions import transition
from tests.strategies import signal


def test_a_partition_that_is_lost_takes_its_series_along() -> None:
    """Another worker has it: a watermark that stands still here would look like a stall."""
    registry = CollectorRegistry()
    counting = Counting(Metrics.register(registry), live=True)
    track = Track(Control(), observer=counting)
    for partition in (0, 1):
        counting.partition(partition, PartitionRow(complete_ms=5_000, customers=12))
    track.on_lost(0)
    track.on_lost(2)  # never counted
    for name, value in (
        ("nabz_watermark_timestamp_seconds", 5.0),
        ("nabz_partition_customers", 12.0),
    ):
        assert registry.get_sample_value(name, {"partition": "0"}) is None
        assert registry.get_sample_value(name, {"partition": "1"}) == value


def test_the_lag_of_a_partition_that_is_lost_is_not_shown() -> None:
    """It is told by whoever folds it now."""
    progress = Progress(session_s=10, cycle_limit_s=90, started_s=0.0)
    progress.behind.update({0: 7, 1: 3})
    progress.assigned = frozenset({1, 2})
    registry = CollectorRegistry()
    registry.register(LaneCollector(progress))
    lags = [registry.get_sample_value("nabz_log_lag_records", {"partition": p}) for p in "012"]
    assert lags == [None, 3, None]


def test_what_customers_write_is_counted_by_language_and_family_once_a_message() -> None:
    """Shares of these are what drift is seen by; repeats and our own turns are not counted."""
    registry = CollectorRegistry()
    counting = Counting(Metrics.register(registry), live=False)
    cues = (Cue("anger", "feeling", 1), Cue("profanity", "feeling", 1), Cue("legal", "intent", 1))
    said = signal(1, cues=cues)
    counting.folded("folded", said)
    counting.folded("duplicate", said)
    counting.folded("folded", replace(said, author="agent"))
    counting.folded("folded", replace(said, reading=None))
    counting.folded("folded", replace(said, reading=Reading("tlh")))
    shown = registry.get_sample_value
    assert shown("nabz_messages_total", {"language": "en"}) == 1
    assert shown("nabz_messages_total", {"language": "unknown"}) == 1
    for family, count in (("feeling", 1), ("intent", 1), ("relief", 0)):
        assert shown("nabz_cue_messages_total", {"family": family}) == count


@pytest.mark.parametrize(
    ("live", "changes", "count"),
    [
        (True, {}, 1),
        (True, {"before": "pending"}, 1),
        (True, {"before": "recovering"}, 0),
        (True, {"before": "firing", "after": "closed"}, 0),
        (True, {"historical": True}, 0),
        (False, {}, 0),
    ],
)
def test_the_delay_of_an_alert_is_that_of_its_beginning(
    live: bool, changes: dict[str, Any], count: int
) -> None:
    """Neither a relapse nor history nor a recording says how soon somebody is told."""
    registry = CollectorRegistry()
    counting = Counting(Metrics.register(registry), live=live)
    counting.told(transition(since_ms=wall_ms() - 90_000, **changes))
    name = "nabz_detection_delay_seconds"
    assert registry.get_sample_value(f"{name}_count") == count
    assert 90 * count <= (registry.get_sample_value(f"{name}_sum") or 0) < 150
