"""What a worker counts while it folds; the labels are closed sets, never a customer.

Next step: `streams.http` serves the registry at `/metrics`.
"""

from __future__ import annotations

from contextlib import suppress

from alerts import canary
from alerts.fold import Result
from alerts.outputs import FoldFailed, HealthRow, Output, Transition
from alerts.row import PartitionRow
from scoring.records import FAMILIES, LogRecord, Reading, Signal
from streams.clock import wall_ms
from streams.metrics import LANGUAGES, Metrics
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
            self._metrics.event_lag.observe(_since_s(record.ts_ms))
        if result == "folded" and isinstance(record, Signal) and record.author == "customer":
            self._read(record.reading)

    def _read(self, reading: Reading | None) -> None:
        """What a customer wrote: its language, and what was found in it."""
        if reading is None:
            return
        language = reading.lang if reading.lang in LANGUAGES else "unknown"
        self._metrics.messages.labels(language).inc()
        for family in {cue.family for cue in reading.cues}.intersection(FAMILIES):
            self._metrics.cues.labels(family).inc()

    def told(self, output: Output) -> None:
        """One output."""
        match output:
            case Transition(rule=canary.RULE, event_ms=int(event_ms)):
                self._metrics.canary_folded.set(event_ms / 1000)
            case Transition():
                self._metrics.transitions.labels(output.after, output.severity).inc()
                opens = output.after == "firing" and output.before in {"inactive", "pending"}
                if self._live and opens and not output.historical:
                    self._metrics.detection_delay.observe(_since_s(output.since_ms))
            case HealthRow():
                if output.health_e2 is not None:
                    self._metrics.health.observe(output.health_e2 / 100)
                if output.distress_e2 is not None:
                    self._metrics.distress.observe(output.distress_e2 / 100)
            case FoldFailed():
                self._metrics.dead_letters.labels("fold_failed").inc()
            case _:
                pass

    def partition(self, partition: int, row: PartitionRow) -> None:
        """How far a partition has been read, and how many customers it holds."""
        self._metrics.watermark.labels(str(partition)).set(row.complete_ms / 1000)
        self._metrics.customers.labels(str(partition)).set(row.customers)

    def lost(self, partition: int) -> None:
        """Another worker has it: its series would tell a lie."""
        for gauge in (self._metrics.watermark, self._metrics.customers):
            with suppress(KeyError):  # none of its records has been folded here
                gauge.remove(str(partition))


def _since_s(then_ms: int) -> float:
    return max(0, wall_ms() - then_ms) / 1000
