"""What ingest counts: records by source and outcome, dead letters by reason, and how far it is.

Every series exists from the start at 0. Sources are configured, so their names are a closed set.

Next step: `streams.http` serves a registry at `/metrics`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from streams.dead_letters import REASONS
from streams.ingest.intake import COMMANDS_SOURCE

OUTCOMES: Final = ("appended", "filtered", "dead_lettered")


@dataclass(frozen=True, slots=True)
class IngestMetrics:
    """Counters and gauges of ingest.

    Attributes:
        records: Records of a source by outcome; together they are the records read.
        events: Events appended to the customer log, by source.
        dead_letters: Records put aside, by reason.
        lag: Seconds of event time that the slowest partition here is behind, by source.
        lag_records: Records of each partition here that are not appended, filtered or put aside.
        skipped: Records of a source that were removed before they were read: data was lost.
        source_complete_to: Each source has been read up to here, whoever reads it.
        complete_to: All sources have been read up to here.
    """

    records: Counter
    events: Counter
    dead_letters: Counter
    lag: Gauge
    lag_records: Gauge
    skipped: Counter
    source_complete_to: Gauge
    complete_to: Gauge

    @classmethod
    def register(cls, registry: CollectorRegistry, sources: Iterable[str] = ()) -> IngestMetrics:
        """Create all series of these sources."""
        made = cls(
            records=Counter(
                "nabz_ingest_records",
                "Records of the sources",
                ["source", "outcome"],
                registry=registry,
            ),
            events=Counter(
                "nabz_ingest_events",
                "Events appended to the customer log",
                ["source"],
                registry=registry,
            ),
            dead_letters=Counter(
                "nabz_ingest_dead_letters",
                "Records of the sources put aside",
                ["reason"],
                registry=registry,
            ),
            lag=Gauge(
                "nabz_ingest_lag_seconds",
                "Event time that a source is behind, 0 at its end",
                ["source"],
                registry=registry,
            ),
            lag_records=Gauge(
                "nabz_ingest_lag_records",
                "Records of a source not dealt with yet",
                ["source", "partition"],
                registry=registry,
            ),
            skipped=Counter(
                "nabz_ingest_skipped_records",
                "Records of a source that were removed before they were read",
                ["source"],
                registry=registry,
            ),
            source_complete_to=Gauge(
                "nabz_source_complete_to_timestamp_seconds",
                "A source has been read up to here",
                ["source"],
                registry=registry,
            ),
            complete_to=Gauge(
                "nabz_ingest_complete_to_timestamp_seconds",
                "All sources have been read up to here",
                registry=registry,
            ),
        )
        for source in sources:
            made.events.labels(source)
            made.lag.labels(source).set(0)
            made.skipped.labels(source)
            if source != COMMANDS_SOURCE:  # completeness does not wait for them
                made.source_complete_to.labels(source)
            for outcome in OUTCOMES:
                made.records.labels(source, outcome)
        for reason in REASONS:
            made.dead_letters.labels(reason)
        return made

    def forget(self) -> None:
        """No partition is ours any more: others tell how far theirs are."""
        self.lag_records.clear()
        for metric in self.lag.collect():
            for sample in metric.samples:
                self.lag.labels(**sample.labels).set(0)
