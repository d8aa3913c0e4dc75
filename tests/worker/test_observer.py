"""What a worker counts belongs to the partitions it has."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from alerts.row import PartitionRow
from streams.control import Control
from streams.metrics import Metrics
from streams.worker.observer import Counting
from streams.worker.track import Track


def test_a_partition_that_is_lost_takes_its_series_along() -> None:
    """Another worker has it: a watermark that stands still here would look like a stall."""
    registry = CollectorRegistry()
    counting = Counting(Metrics.register(registry), live=True)
    track = Track(Control(), observer=counting)
    for partition in (0, 1):
        counting.partition(partition, PartitionRow(complete_ms=5_000))
    track.on_lost(0)
    track.on_lost(2)  # never counted
    name = "nabz_watermark_timestamp_seconds"
    assert registry.get_sample_value(name, {"partition": "0"}) is None
    assert registry.get_sample_value(name, {"partition": "1"}) == 5.0
