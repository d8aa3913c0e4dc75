"""The auditor: once a minute, is there a record of everything that should be told?

It reads transitions and deliveries with consumers of its own, from where the active notifier began,
so that it sees what is in Kafka and not what the notifier believes. While all is well it pings an
address outside, if one is configured: whoever watches that notices when nabz is gone altogether.

Next step: alarm on `nabz_undelivered_transitions` and on a heartbeat that stays away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import structlog
from prometheus_client import Gauge

from alerts.audit import Audit
from alerts.channels.base import Request, Response
from alerts.delivery import decode_delivery
from alerts.outputs import decode_transition
from alerts.routing import channels_for
from streams.engine.brokers import Broker
from streams.engine.reader import follow
from streams.notifier.build import Plan
from streams.notifier.feed import Names

EVERY_S: Final = 60.0
_PING_TIMEOUT_MS: Final = 10_000

log = structlog.get_logger("nabz.notifier")


class Auditor:
    """Audits while one notifier is active: `await run()` until cancelled."""

    def __init__(
        self,
        broker: Broker,
        names: Names,
        plan: Plan,
        gauge: Gauge,
        *,
        clock: Callable[[], int],
        every_s: float = EVERY_S,
    ) -> None:
        """Prepare.

        Args:
            broker: Where the topics are.
            names: Topics.
            plan: Channels, routes and the address to ping.
            gauge: Set to the number of messages without a record.
            clock: The wall clock, in milliseconds.
            every_s: Time between two audits.
        """
        self._broker = broker
        self._names = names
        self._plan = plan
        self._gauge = gauge
        self._clock = clock
        self._every_s = every_s
        self._audit = Audit()
        self._answered = True

    @property
    def expecting(self) -> int:
        """How many messages have no record yet."""
        return self._audit.expecting

    async def run(self, transitions_from: int, deliveries_from: int) -> None:
        """Audit from these offsets on."""
        async with asyncio.TaskGroup() as group:
            transitions, deliveries = self._names.transitions, self._names.deliveries
            group.create_task(
                follow(self._broker, transitions, {0: transitions_from}, self._changed)
            )
            group.create_task(
                follow(self._broker, deliveries, {0: deliveries_from}, self._recorded)
            )
            while True:
                await asyncio.sleep(self._every_s)
                if self.look() == 0:
                    await self._ping()

    def _changed(self, _: int, records: Iterable[Any]) -> None:
        for record in records:
            try:
                one = decode_transition(record.value or b"")
            except msgspec.DecodeError:
                continue  # counted and reported where it was read for telling
            plan = self._plan
            owner = plan.audience.owner(one)
            wanted = channels_for(one, plan.routes, tuple(plan.outlets), owner)
            self._audit.changed(one, wanted, self._clock())

    def _recorded(self, _: int, records: Iterable[Any]) -> None:
        for record in records:
            if record.value is None:
                continue
            try:
                self._audit.recorded(decode_delivery(record.value), self._clock())
            except msgspec.DecodeError:
                log.error("delivery.undecodable", offset=record.offset)

    def look(self) -> int:
        """How many messages have no record although they should; said aloud if there are any."""
        lost = self._audit.lost(self._clock())
        self._gauge.set(len(lost))
        if lost:
            log.error("audit.undelivered", count=len(lost), notifications=list(lost[:5]))
        return len(lost)

    async def _ping(self) -> None:
        heartbeat = self._plan.heartbeat
        if heartbeat is None:
            return
        request = Request("GET", heartbeat.url, {"user-agent": "nabz"}, b"")
        answer = await heartbeat.sender.send(request, timeout_ms=_PING_TIMEOUT_MS)
        answered = isinstance(answer, Response) and 200 <= answer.status < 300
        if answered != self._answered:
            self._answered = answered
            log.warning("heartbeat.changed", answered=answered)
