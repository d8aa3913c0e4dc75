"""What a worker counts belongs to the partitions it has."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from alerts.row import PartitionRow
from streams.clock import wall_ms
from streams.control import Control
from streams.metrics import Metrics
from streams.worker.observer import Counting
from streams.worker.track import Track
from tests.alerts.transitions import transition


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
