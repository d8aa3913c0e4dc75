"""Taking over: all that the last active notifier knew is read back before anything is sent.

Deliveries and orders are read to their ends; then the transitions that are still needed: those that
open deliveries are about, and those that say what is usual.

Next step: `streams.notifier.desk` goes on where the records end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from alerts.allowance import Allowance
from alerts.budget import Meter
from alerts.canary import CANARY
from alerts.delivery import Delivery, decode_delivery, lost
from alerts.outputs import Transition, decode_transition
from alerts.storm import REMEMBERED, Watch
from streams.engine.brokers import Broker
from streams.engine.reader import read_to_end
from streams.metrics import NotifierMetrics
from streams.notifier.build import Plan
from streams.notifier.feed import Names
from streams.notifier.orders import Orders, take
from streams.notifier.outbox import Outbox
from streams.notifier.sources import Sources
from streams.notifier.term import Ledger, Term, count_end

log = structlog.get_logger("nabz.notifier")


@dataclass(frozen=True, slots=True)
class Ends:
    """Up to where topics were read: from there on they are followed."""

    control: int
    deliveries: int


def empty_outbox(plan: Plan) -> Outbox:
    """An outbox that knows the channels and nothing else."""
    outlets = plan.outlets.items()
    return Outbox(
        allowance=Allowance(
            meters={name: Meter(one.budget) for name, one in outlets if one.budget is not None},
            groups={name: one.group for name, one in outlets if one.group is not None},
            people={one.name: one for one in plan.audience.people if one.budget is not None},
        ),
        repeated=frozenset(name for name, one in outlets if one.channel.limits.repeat_ms),
        hearing={name: one.channel.limits.hears for name, one in outlets},
        channels=tuple(plan.outlets),
    )


class Takeover:
    """Reads back: `await begin(...)`."""

    def __init__(
        self,
        broker: Broker,
        names: Names,
        plan: Plan,
        ledger: Ledger,
        metrics: NotifierMetrics,
        *,
        clock: Callable[[], int],
    ) -> None:
        """Prepare.

        Args:
            broker: Where the topics are.
            names: Topics.
            plan: Channels, routes, people.
            ledger: Where records are kept.
            metrics: What is counted.
            clock: The wall clock, in milliseconds.
        """
        self._broker = broker
        self._names = names
        self._plan = plan
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock

    async def begin(self, number: int, at: int, changed: asyncio.Event) -> tuple[Term, Ends]:
        """Read everything back.

        Args:
            number: Of the term.
            at: Offset of the first transition that is still to be planned.
            changed: Set when a lane is due.

        Raises:
            streams.notifier.feed.FeedError: A record was not acknowledged.
        """
        plan, outbox, orders = self._plan, empty_outbox(self._plan), Orders()
        sources = Sources(plan.sources if plan.live else {}, plan.cut_off_after_ms)
        found: dict[bytes, Delivery] = {}
        controls = 0

        def apply(_: int, records: Iterable[Any]) -> None:
            for record in records:
                if record.value is None:
                    found.pop(record.key, None)
                    continue
                try:
                    found[record.key] = decode_delivery(record.value)
                except msgspec.DecodeError:
                    log.error("delivery.undecodable", offset=record.offset)

        def obey(_: int, records: Iterable[Any]) -> None:
            nonlocal controls
            controls += take(orders, records)
            sources.take(records)

        control = await read_to_end(self._broker, self._names.control, {0: 0}, obey)
        books = await read_to_end(self._broker, self._names.deliveries, {0: 0}, apply)
        missing = outbox.restore(found.values(), self._clock())
        await self._ledger.write(outbox.mended)
        await self._recall(outbox, missing)
        term = Term(number, outbox, orders, sources, Watch(plan.storm), changed)
        await self._look_back(term, at)
        term.push_all(self._clock())
        log.info(
            "notifier.started",
            deliveries=len(found),
            open=len(missing),
            controls=controls,
            channels=sorted(plan.outlets),
        )
        return term, Ends((control or {0: 0})[0], (books or {0: 0})[0])

    async def _look_back(self, term: Term, at: int) -> None:
        """What is usual, and who has taken what is open, as the one before us knew it."""
        usual_from = max(0, at - REMEMBERED)
        opened = [
            one.offset
            for (channel, _), lane in term.outbox.lanes.items()
            for one in lane
            if channel in self._plan.outlets and one.offset >= 0
        ]
        reached = 0

        def apply(_: int, records: Iterable[Any]) -> None:
            nonlocal reached
            for record in records:
                reached = record.offset + 1
                if record.offset >= at:
                    return
                try:
                    transition = decode_transition(record.value or b"")
                except msgspec.DecodeError:
                    continue  # counted and reported where it was read for telling
                if transition.customer == CANARY:
                    continue  # nobody is told of it, so it is nothing usual
                term.register.saw(transition, record.offset)
                if self._plan.live and record.offset >= usual_from:  # recorded time knows no change
                    term.watch.saw(transition)

        if at > 0:
            await read_to_end(
                self._broker,
                self._names.transitions,
                {0: min([usual_from, *opened])},
                apply,
                still=lambda: reached < at,
            )

    async def past(self, since_ms: int) -> list[Transition]:
        """Transitions since a moment, in their order; once a week, so they are not kept."""
        found: list[Transition] = []

        def apply(_: int, records: Iterable[Any]) -> None:
            for record in records:
                with contextlib.suppress(msgspec.DecodeError):
                    one = decode_transition(record.value or b"")
                    if one.at_ms >= since_ms:
                        found.append(one)

        await read_to_end(self._broker, self._names.transitions, {0: 0}, apply)
        return found

    async def _recall(self, outbox: Outbox, missing: list[Delivery]) -> None:
        """Read again what open deliveries are about."""
        if not missing:
            return
        wanted: dict[int, list[Delivery]] = {}
        for one in missing:
            wanted.setdefault(one.offset, []).append(one)

        def apply(_: int, records: Iterable[Any]) -> None:
            for record in records:
                for one in wanted.pop(record.offset, ()):
                    with contextlib.suppress(msgspec.DecodeError):
                        outbox.transitions[one.notification_id] = decode_transition(record.value)

        await read_to_end(
            self._broker,
            self._names.transitions,
            {0: min(wanted)},
            apply,
            still=lambda: bool(wanted),
        )
        now_ms = self._clock()
        gone = [
            lost(one, now_ms)
            for one in missing
            if one.notification_id not in outbox.transitions and one.state != "sent"
        ]
        await self._ledger.write(gone)
        for one in gone:
            outbox.update(one)
            count_end(self._metrics, one)
