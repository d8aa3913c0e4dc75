"""What a worker counts while it folds; the labels are closed sets, never a customer.

Next step: `streams.http` serves the registry at `/metrics`.
"""

from __future__ import annotations

import time

from alerts.fold import Result
from alerts.outputs import FoldFailed, HealthRow, Output, Transition
from alerts.row import PartitionRow
from scoring.records import LogRecord, Signal
from streams.metrics import Metrics
from streams.worker.track import Observer

_OUTCOMES = frozenset({"folded", "duplicate", "failed"})


class Counting(Observer):
    """Turns what is folded into metrics; lag is told where the clock is the wall's."""

    def __init__(self, metrics: Metrics, *, live: bool) -> None:
        """Count into these."""
        self._metrics = metrics
        self._live = live

    def folded(self, result: Result, record: LogRecord) -> None:
        """One record of a customer."""
        if result in _OUTCOMES:
            self._metrics.events.labels(result).inc()
        if self._live and isinstance(record, Signal):
            self._metrics.event_lag.observe(max(0.0, time.time() - record.ts_ms / 1000))

    def told(self, output: Output) -> None:
        """One output."""
        match output:
            case Transition():
                self._metrics.transitions.labels(output.after, output.severity).inc()
            case HealthRow() if output.health_e2 is not None:
                self._metrics.health.observe(output.health_e2 / 100)
            case FoldFailed():
                self._metrics.dead_letters.labels("fold_failed").inc()
            case _:
                pass

    def partition(self, partition: int, row: PartitionRow) -> None:
        """How far a partition has been read."""
        self._metrics.watermark.labels(str(partition)).set(row.complete_ms / 1000)

    def lost(self, partition: int) -> None:
        """Another worker has it: its series would tell a lie."""
        try:
            self._metrics.watermark.remove(str(partition))
        except KeyError:
            return
