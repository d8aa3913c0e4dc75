"""What nabz counts about itself: names, labels and buckets in one place.

Labels are closed sets created at 0, so that a rate has a beginning. No label ever holds a customer,
an account or an alert. Times are exported as timestamps, not ages. `docs/metrics.md` says what each
is for; a test holds the page and this module against each other.

Next step: `streams.http` serves a registry at `/metrics`.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Final, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    Metric,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from alerts.channels.base import FAILURES
from alerts.message import Kind
from alerts.pipeline import REASONS, WAITING
from scoring.records import FAMILIES
from streams.engine.progress import Progress

SECONDS: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
POINTS: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90)
LANGUAGES: Final = ("en", "fa", "unknown")
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
OUTCOMES: Final = ("folded", "duplicate", "failed")
COMMAND_OUTCOMES: Final = ("taken", "duplicate", "refused", "failed", "ignored")
CHANNEL_STATES: Final = ("open", "held", "disabled")


def build_info(registry: CollectorRegistry) -> None:
    """`nabz_build_info`, version and Python; and `process_...`: CPU, memory, files, start."""
    ProcessCollector(registry=registry)
    try:
        version = metadata.version("nabz")
    except metadata.PackageNotFoundError:
        version = "unknown"
    info = Info("nabz_build", "Version of nabz and of Python", registry=registry)
    info.info({"version": version, "python": platform.python_version()})


@dataclass(frozen=True, slots=True)
class Metrics:
    """What a worker counts.

    Attributes:
        events: Records of the customer log by outcome (law 5).
        event_lag: Event time to scored (live clock only).
        detection_delay: Time from which a rule's condition held to its alert, `for` included (live
            clock only).
        watermark: `complete_to_ms` of each log partition, in seconds since the epoch.
        customers: Customers each log partition holds.
        transitions: Transitions by state reached and severity.
        health: Health of the customers whose row was emitted; `distress` likewise.
        messages: What customers wrote, by the language it was read in.
        cues: The same, by what was found in it: a message of two families counts twice.
        cycle: Duration of a commit cycle.
        dead_letters: Records put aside, by reason.
        canary_sent: When the canary was last written of, 0 never.
        canary_folded: When the newest that came back through the fold was written, 0 never.
    """

    events: Counter
    event_lag: Histogram
    detection_delay: Histogram
    watermark: Gauge
    customers: Gauge
    transitions: Counter
    health: Histogram
    distress: Histogram
    messages: Counter
    cues: Counter
    cycle: Histogram
    dead_letters: Counter
    canary_sent: Gauge
    canary_folded: Gauge

    @classmethod
    def register(cls, registry: CollectorRegistry, *, reasons: Iterable[str] = ()) -> Metrics:
        """Create all series of a worker.

        Args:
            registry: Where they are collected.
            reasons: Reasons of dead letters besides `fold_failed`.
        """
        made = cls(
            events=Counter(
                "nabz_events", "Records of the customer log", ["outcome"], registry=registry
            ),
            event_lag=Histogram(
                "nabz_event_lag_seconds",
                "Event time to scored",
                buckets=SECONDS,
                registry=registry,
            ),
            detection_delay=Histogram(
                "nabz_detection_delay_seconds",
                "Condition of a rule to its alert",
                buckets=SECONDS,
                registry=registry,
            ),
            watermark=Gauge(
                "nabz_watermark_timestamp_seconds",
                "All sources have been read up to here",
                ["partition"],
                registry=registry,
            ),
            customers=Gauge(
                "nabz_partition_customers",
                "Customers a partition holds",
                ["partition"],
                registry=registry,
            ),
            transitions=Counter(
                "nabz_transitions",
                "Transitions of alerts",
                ["to", "severity"],
                registry=registry,
            ),
            health=Histogram(
                "nabz_health_score",
                "Health of customers when emitted",
                buckets=POINTS,
                registry=registry,
            ),
            distress=Histogram(
                "nabz_distress_score",
                "Distress of customers when emitted",
                buckets=POINTS,
                registry=registry,
            ),
            messages=Counter(
                "nabz_messages", "Messages of customers", ["language"], registry=registry
            ),
            cues=Counter(
                "nabz_cue_messages",
                "Messages of customers with a cue of the family",
                ["family"],
                registry=registry,
            ),
            cycle=Histogram(
                "nabz_cycle_seconds",
                "One commit cycle",
                buckets=(0.005, 0.01, 0.05, *SECONDS),
                registry=registry,
            ),
            dead_letters=Counter(
                "nabz_dead_letters", "Records put aside", ["reason"], registry=registry
            ),
            canary_sent=Gauge(
                "nabz_canary_sent_timestamp_seconds",
                "When the canary was last written of, 0 never",
                registry=registry,
            ),
            canary_folded=Gauge(
                "nabz_canary_folded_timestamp_seconds",
                "Event time of the newest canary that was folded, 0 for none",
                registry=registry,
            ),
        )
        for outcome in OUTCOMES:
            made.events.labels(outcome)
        for language in LANGUAGES:
            made.messages.labels(language)
        for family in FAMILIES:
            made.cues.labels(family)
        for state in ("inactive", "pending", "firing", "recovering", "closed"):
            for severity in ("warning", "critical"):
                made.transitions.labels(state, severity)
        for reason in {"fold_failed", *reasons}:
            made.dead_letters.labels(reason)
        return made


class LaneCollector(Collector):
    """What a lane knows of its own progress, read when somebody asks."""

    def __init__(self, progress: Progress) -> None:
        """Show this lane's."""
        self._progress = progress

    def collect(self) -> Iterator[Metric]:
        """Three gauges and three counters."""
        now = self._progress
        behind = GaugeMetricFamily(
            "nabz_log_lag_records", "Log records not folded yet", labels=["partition"]
        )
        for partition in sorted(now.assigned & now.behind.keys()):
            behind.add_metric([str(partition)], now.behind[partition])
        yield behind
        yield GaugeMetricFamily(
            "nabz_assigned_partitions", "Log partitions this worker has", value=len(now.assigned)
        )
        yield GaugeMetricFamily(
            "nabz_worker_ready", "1 if rows are in place and records folded", value=now.ready()
        )
        yield CounterMetricFamily(
            "nabz_log_skipped_records",
            "Log records that retention removed before they were read",
            value=now.skipped,
        )
        yield CounterMetricFamily(
            "nabz_log_gaps", "Fetches read again, as they left a gap", value=now.gaps
        )
        yield CounterMetricFamily(
            "nabz_stale_rows", "Stored rows outvoted by a newer one at restore", value=now.stale
        )


@dataclass(frozen=True, slots=True)
class NotifierMetrics:
    """What the notifier counts.

    Attributes:
        attempts: Calls begun, by channel.
        sent: Messages accepted, by channel and kind.
        failed: Calls that failed, by channel and failure.
        suppressed: Messages not sent, by reason.
        dead: Messages given up or refused for good, by channel: alarm on any increase.
        latency: Transition to accepted (live clock only).
        queue: Open deliveries by channel.
        oldest: Creation of the oldest open delivery by channel, 0 without one.
        channel_state: 1 at the state a channel is in.
        transitions: Transitions read, by outcome.
        active: 1 while this process is the one that sends.
        holds: Holds in force: the stop button.
        undelivered: Messages that should be told and have no record: alarm on any.
        kept: Openings kept back for a reason that passes, by reason.
        cut_off: Sources that somebody is told of as standing still.
        canary: Event time of the newest canary that came through to here.
        canary_latency: Its whole way, from being written of to being read here.
        commands: What people did in a channel, by channel and what became of it.
        listening: 1 while a channel's way back is open; channels without one have no series.
    """

    attempts: Counter
    sent: Counter
    failed: Counter
    suppressed: Counter
    dead: Counter
    latency: Histogram
    queue: Gauge
    oldest: Gauge
    channel_state: Gauge
    transitions: Counter
    active: Gauge
    holds: Gauge
    kept: Gauge
    undelivered: Gauge
    cut_off: Gauge
    canary: Gauge
    canary_latency: Histogram
    commands: Counter
    listening: Gauge

    @classmethod
    def register(
        cls,
        registry: CollectorRegistry,
        *,
        channels: Iterable[str],
        answering: Iterable[str] = (),
    ) -> NotifierMetrics:
        """Create all series of a notifier.

        Args:
            registry: Where they are collected.
            channels: All that are configured.
            answering: Those with a way back.
        """
        by = ["channel"]
        made = cls(
            attempts=Counter("nabz_notification_attempts", "Calls begun", by, registry=registry),
            sent=Counter(
                "nabz_notifications", "Messages accepted", [*by, "reason"], registry=registry
            ),
            failed=Counter(
                "nabz_notifications_failed", "Calls failed", [*by, "failure"], registry=registry
            ),
            suppressed=Counter(
                "nabz_suppressed", "Messages not sent", ["reason"], registry=registry
            ),
            dead=Counter("nabz_notifications_dead", "Messages given up", by, registry=registry),
            latency=Histogram(
                "nabz_notification_latency_seconds",
                "Transition to accepted",
                by,
                buckets=SECONDS,
                registry=registry,
            ),
            queue=Gauge(
                "nabz_delivery_queue_records", "Messages not yet sent", by, registry=registry
            ),
            oldest=Gauge(
                "nabz_delivery_oldest_timestamp_seconds",
                "Creation of the oldest message not yet sent, 0 without one",
                by,
                registry=registry,
            ),
            channel_state=Gauge(
                "nabz_channel_state", "State of a channel", [*by, "state"], registry=registry
            ),
            transitions=Counter(
                "nabz_notifier_transitions", "Transitions read", ["outcome"], registry=registry
            ),
            active=Gauge("nabz_notifier_active", "1 if this process sends", registry=registry),
            holds=Gauge("nabz_notifier_holds", "Holds in force", registry=registry),
            kept=Gauge(
                "nabz_kept_back_records",
                "Openings kept back for a reason that passes",
                ["reason"],
                registry=registry,
            ),
            undelivered=Gauge(
                "nabz_undelivered_transitions",
                "Messages that should be told and have no record for five minutes",
                registry=registry,
            ),
            cut_off=Gauge(
                "nabz_sources_cut_off",
                "Sources told of as standing still",
                registry=registry,
            ),
            canary=Gauge(
                "nabz_canary_last_success_timestamp_seconds",
                "Event time of the newest canary that came through, 0 for none",
                registry=registry,
            ),
            canary_latency=Histogram(
                "nabz_canary_latency_seconds",
                "From an event of the canary to the notifier",
                buckets=SECONDS,
                registry=registry,
            ),
            commands=Counter(
                "nabz_channel_commands",
                "What people did in a channel",
                [*by, "outcome"],
                registry=registry,
            ),
            listening=Gauge(
                "nabz_channel_listening", "1 while people can answer there", by, registry=registry
            ),
        )
        for reason in sorted(WAITING):
            made.kept.labels(reason).set(0)
        for reason in REASONS:
            made.suppressed.labels(reason)
        for outcome in ("planned", "silent", "duplicate", "undecodable"):
            made.transitions.labels(outcome)
        for channel in channels:
            made.begin(channel)
        for channel in answering:
            made.listening.labels(channel).set(0)
        return made

    def begin(self, channel: str) -> None:
        """Create the series of one channel, at nothing."""
        for counter in (self.attempts, self.dead):
            counter.labels(channel)
        self.latency.labels(channel)
        for gauge in (self.queue, self.oldest):
            gauge.labels(channel).set(0)
        for outcome in COMMAND_OUTCOMES:
            self.commands.labels(channel, outcome)
        for kind in KINDS:
            self.sent.labels(channel, kind)
        for failure in FAILURES:
            self.failed.labels(channel, failure)
        for state in CHANNEL_STATES:
            self.channel_state.labels(channel, state).set(state == "open")
