"""One time of having the partition: what the active notifier knows, thrown away when it is lost.

Beside the lanes it holds what people have ordered, which sources stand, what is usual, and which
lanes are due. Records are written and counted in one place, so that no state is taken that Kafka
has not.

Next step: `streams.notifier.desk` plans into it, `streams.notifier.courier` sends out of it.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import structlog

from alerts.delivery import Delivery
from alerts.pipeline import Now
from alerts.standing import Register
from alerts.storm import Watch
from alerts.weekly import Report
from streams.metrics import NotifierMetrics
from streams.notifier.build import Plan
from streams.notifier.orders import Orders
from streams.notifier.outbox import Key, Outbox
from streams.notifier.sources import Sources

log = structlog.get_logger("nabz.notifier")


class Climb(NamedTuple):
    """A ladder as it was last looked at.

    Attributes:
        seq: Of the transition it counts from.
        told_ms: When that was told.
        next_ms: When to look again; None for never.
    """

    seq: int
    told_ms: int
    next_ms: int | None


class Ledger(Protocol):
    """Where records are kept: each call returns once all of them are acknowledged."""

    async def write(self, deliveries: Sequence[Delivery]) -> None:
        """Write delivery records, in this order."""

    async def order(self, key: bytes, value: bytes) -> None:
        """Write an order of nabz's own."""


@dataclass
class Term:
    """What belongs to one time of having the partition.

    Attributes:
        number: Which one it is.
        outbox: All messages on their way.
        orders: What people have ordered.
        sources: How far each source is read.
        watch: What is usual.
        register: Alerts that are open.
        reports: What the report of the week says, by notification id.
        climbs: How far their ladders were climbed, by fingerprint.
        changed: Set when a lane is due earlier than was known.
        newest_ms: Newest `at_ms` seen: the time it is where the clock is `watermark`.
        looks: How often it was looked what there is to say beside transitions.
        due: Lanes and when to look at them, a heap.
        busy: Lanes somebody works through.
        tasks: Who does.
        failed: Why the term cannot go on.
    """

    number: int
    outbox: Outbox
    orders: Orders
    sources: Sources
    watch: Watch
    changed: asyncio.Event
    register: Register = field(default_factory=Register)
    reports: dict[str, Report] = field(default_factory=dict)
    climbs: dict[str, Climb] = field(default_factory=dict)
    newest_ms: int = 0
    looks: int = 0
    due: list[tuple[int, Key]] = field(default_factory=list)
    busy: set[Key] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    failed: BaseException | None = None

    def push(self, due_ms: int, key: Key) -> None:
        """Look at a lane at that time."""
        heapq.heappush(self.due, (due_ms, key))
        self.changed.set()

    def push_all(self, due_ms: int) -> None:
        """Look at every lane at that time."""
        for key in self.outbox.lanes:
            self.push(due_ms, key)

    def now(self, plan: Plan, wall: int, *, caught_up: bool = False) -> Now:
        """What is in force at a moment of the wall clock."""
        return Now(
            wall if plan.live else self.newest_ms,
            plan.live,
            plan.max_notify_age_ms,
            caught_up=caught_up,
            holds=self.orders.holding(wall),
            maintenance=self.orders.silencing(wall, "maintenance"),
            silences=self.orders.silencing(wall, "silence"),
            quiet={
                name: outlet.quiet
                for name, outlet in plan.outlets.items()
                if outlet.quiet is not None and outlet.quiet.lasts(wall)
            },
            wary=frozenset(name for name, outlet in plan.outlets.items() if outlet.wary),
            audience=plan.audience,
        )


def count_end(metrics: NotifierMetrics, delivery: Delivery) -> None:
    """Count a message that was kept back, overtaken or given up."""
    match delivery.state:
        case "suppressed" | "superseded" if delivery.failure is not None:
            metrics.suppressed.labels(delivery.failure).inc()
        case "dead" | "failed_perm":
            metrics.dead.labels(delivery.channel).inc()
            log.error(
                "delivery.dead",
                channel=delivery.channel,
                notification=delivery.notification_id,
                alert=delivery.alert_id,
                kind=delivery.kind,
                failure=delivery.failure,
            )
