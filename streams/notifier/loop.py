"""The notifier: transitions in, messages out, every step of each message in `nabz.deliveries.v1`.

One process of the group has the one partition and sends; the others stand by. On taking over it
reads the deliveries and the control topic to their ends before anything is sent. Then, for each
batch of transitions: plan, write `pending`, commit the offset; and for each lane: write `sending`,
call, write the answer. Retries are times in records, so a restart keeps them. Orders of people
(`streams.notifier.orders`) are followed from the takeover on.

Clocks are read here and handed down: the wall clock for retries and signatures; how old a
transition is, in `clock: watermark`, is judged against the newest `at_ms` seen, which is to say by
the fold.

Next step: `streams.notifier.takeover` reads back, `streams.notifier.desk` plans.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from alerts.deeds import About
from alerts.pipeline import WAITING
from streams.clock import wall_ms
from streams.engine.brokers import Broker
from streams.engine.reader import follow
from streams.metrics import NotifierMetrics
from streams.notifier.auditor import EVERY_S, Auditor
from streams.notifier.build import Outlet, Plan
from streams.notifier.courier import Courier
from streams.notifier.desk import Desk
from streams.notifier.ears import Ears
from streams.notifier.feed import Feed, FeedError, Ledger, Names, Raw
from streams.notifier.hearing import Commands, Hearing, told
from streams.notifier.orders import Orders, take
from streams.notifier.rounds import Rounds
from streams.notifier.takeover import Ends, Takeover
from streams.notifier.term import Term

_POLL_MS = 200
_QUEUE_MAX = 5_000
_SWEEP_S = 3_600.0
_GAUGES_S = 1.0
_LOOK_S = 1.0
_STOP_S = 20.0
_LEASE = 0.6  # of the session, like the lease of the workers
_LIVE_S = 60.0

log = structlog.get_logger("nabz.notifier")


class NoAssignmentError(Exception):
    """The group has not answered for two sessions: the process exits and is started anew."""


class Notifier:
    """One notifier process: `await run()` until `stop()` or a failure."""

    def __init__(
        self,
        broker: Broker,
        plan: Plan,
        *,
        names: Names | None = None,
        session_ms: int = 15_000,
        registry: CollectorRegistry | None = None,
        clock: Callable[[], int] = wall_ms,
        jitter: Callable[[], float] = random.random,
        audit_s: float = EVERY_S,
    ) -> None:
        """Prepare; nothing is connected before `run`.

        Args:
            broker: Where the topics are.
            plan: Channels, routes, links (`streams.notifier.build`).
            names: Topics and group, for tests.
            session_ms: How long the group waits for a silent member.
            registry: Where metrics are collected.
            clock: The wall clock, in milliseconds.
            jitter: Draws from [0, 1).
            audit_s: Time between two audits.
        """
        names = Names() if names is None else names
        self._broker = broker
        self._plan = plan
        self._names = names
        self._session_ms = session_ms
        self._clock = clock
        self._audit_s = audit_s
        registry = CollectorRegistry() if registry is None else registry
        self._metrics = NotifierMetrics.register(
            registry,
            channels=plan.outlets,
            answering=[name for name, one in plan.outlets.items() if one.back is not None],
        )
        self._feed = Feed(broker, names, session_ms=session_ms)
        self._ledger = Ledger(broker, names)
        self._takeover = Takeover(broker, names, plan, self._ledger, self._metrics, clock=clock)
        self._hearing = Hearing(
            plan, Commands(broker, names.commands), self._about, self._metrics, clock=clock
        )
        self._ears = Ears(plan, self._hearing, clock=clock)
        self._desk = Desk(plan, self._ledger, self._metrics, clock=clock, saw=self._hearing.saw)
        self._courier = Courier(
            plan, self._ledger, self._metrics, clock=clock, jitter=jitter, may_send=self._may_send
        )
        self._rounds = Rounds(
            plan, self._ledger, self._metrics,
            clock=clock, past=self._takeover.past, shut=self._courier.shut,
        )  # fmt: skip
        self._term: Term | None = None
        self._minding: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._gate_passed = asyncio.Event()
        self._beat_s = time.monotonic()

    # ------------------------------------------------------------------ from outside

    def stop(self) -> None:
        """Finish what is being sent, then return from `run`."""
        self._stopping.set()
        self._courier.stop()
        self._changed.set()

    @property
    def live(self) -> bool:
        """The loop turns; says nothing about Kafka or the receivers."""
        return time.monotonic() - self._beat_s < _LIVE_S

    @property
    def ready(self) -> bool:
        """It sends, or stands by."""
        return self._feed.joined and (self._feed.term == 0 or self._gate_passed.is_set())

    @property
    def orders(self) -> Orders:
        """The orders it minds; none while it stands by."""
        return Orders() if self._term is None else self._term.orders

    @property
    def holding(self) -> tuple[str, ...]:
        """Ids of the holds it minds."""
        return tuple(name for name, _ in self.orders.holding(self._clock()))

    async def sending(self) -> None:
        """Return once this process is the active one and its start gate has been passed."""
        await self._gate_passed.wait()

    async def run(self) -> None:
        """Work until stopped.

        Raises:
            FeedError: Kafka did not take or give what it should.
            NoAssignmentError: The group does not answer.
        """
        await self._feed.start()
        try:
            await self._ledger.start()
            async with asyncio.TaskGroup() as group:
                helpers = [
                    group.create_task(self._courier.schedule(lambda: self._term, self._changed)),
                    group.create_task(self._gauges()),
                    group.create_task(self._sweep()),
                    *(
                        group.create_task(self._repeat(outlet))
                        for outlet in self._plan.outlets.values()
                        if outlet.channel.limits.repeat_ms
                    ),
                ]
                try:
                    await self._follow()
                finally:
                    for helper in helpers:
                        helper.cancel()
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several
        finally:
            await self._finish()

    async def _finish(self) -> None:
        self._mind_no_more()
        term, self._term = self._term, None
        if term is not None and term.tasks:
            _, late = await asyncio.wait(term.tasks, timeout=_STOP_S)
            for task in late:
                task.cancel()
        with contextlib.suppress(FeedError):
            await self._ledger.close()
        with contextlib.suppress(FeedError):
            await self._feed.close()
        await self._hearing.close()
        for outlet in self._plan.outlets.values():
            await outlet.sender.close()
        if self._plan.heartbeat is not None:
            await self._plan.heartbeat.sender.close()
        self._metrics.active.set(0)

    # ------------------------------------------------------------------ transitions in

    async def _follow(self) -> None:
        joined_s, looked_s = time.monotonic(), -math.inf
        held = False
        while not self._stopping.is_set():
            records = await self._feed.poll(_POLL_MS)
            self._beat_s = time.monotonic()
            if self._term is not None and self._term.failed is not None:
                raise self._term.failed
            if self._feed.joined:
                joined_s = time.monotonic()
            elif time.monotonic() - joined_s > 2 * self._session_ms / 1000:
                raise NoAssignmentError("the notifiers' group has not answered for two sessions")
            number = self._feed.term
            if self._term is None or self._term.number != number:
                await self._change_hands(number, records)
                held = False
            term = self._term
            if term is None:
                continue
            if records:
                await self._take(term, records)
            caught_up = not records and not held and await self._feed.caught_up()
            if time.monotonic() - looked_s >= _LOOK_S:
                looked_s = time.monotonic()
                await self._desk.look(term)
                await self._rounds.go(term)
            await self._desk.release(term, caught_up=caught_up)
            full = len(term.outbox.transitions) >= _QUEUE_MAX and (
                term.outbox.backlog() >= _QUEUE_MAX
            )
            if full != held:
                await self._feed.hold(still=full)
                held = full

    async def _take(self, term: Term, records: list[Raw]) -> None:
        """Records acknowledged, then the offset."""
        await self._desk.take(term, records)
        if not await self._feed.commit(records[-1].offset + 1):
            log.warning("transitions.not_committed", offset=records[-1].offset)

    async def _change_hands(self, number: int, records: list[Raw]) -> None:
        """Drop what another may be doing by now; read everything before sending anything."""
        old, self._term = self._term, None
        self._mind_no_more()
        self._gate_passed.clear()
        self._metrics.active.set(0)
        for task in () if old is None else tuple(old.tasks):
            task.cancel()
        if number == 0:
            if old is not None:
                log.warning("notifier.stood_down")
            return
        at = records[0].offset if records else await self._feed.position()
        term, ends = await self._takeover.begin(number, at, self._changed)
        self._term = term
        self._changed.set()
        self._watch(term, ends, at)
        self._metrics.active.set(1)
        self._gate_passed.set()

    def _watch(self, term: Term, ends: Ends, transitions_from: int) -> None:
        """Follow orders and audit, for as long as this term lasts."""
        auditor = Auditor(
            self._broker,
            self._names,
            self._plan,
            self._metrics.undelivered,
            clock=self._clock,
            every_s=self._audit_s,
        )

        def minded(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                term.failed = FeedError(f"following topics failed: {type(error).__name__}")
                term.failed.__cause__ = error

        self._minding = [
            asyncio.create_task(self._mind(term, ends.control)),
            asyncio.create_task(auditor.run(transitions_from, ends.deliveries)),
            asyncio.create_task(self._ears.run()),
        ]
        for task in self._minding:
            task.add_done_callback(minded)

    async def _about(self, channel: str, alert_id: str) -> About | None:
        """The alert that somebody in a channel means."""
        if (term := self._term) is None:
            return None
        return await told(term.outbox, self._broker, self._names, channel, alert_id)

    async def _mind(self, term: Term, control_from: int) -> None:
        """Follow the orders; each of them makes every lane look again."""

        def obey(_: int, records: Iterable[Any]) -> None:
            term.sources.take(records)
            before = term.orders.holding(self._clock())
            if take(term.orders, records) == 0:
                return
            now_ms = self._clock()
            term.push_all(now_ms)
            if (holds := term.orders.holding(now_ms)) != before:
                log.warning("notifier.holds_changed", holds=[name for name, _ in holds])

        await follow(self._broker, self._names.control, {0: control_from}, obey)

    def _mind_no_more(self) -> None:
        for task in self._minding:
            task.cancel()
        self._minding = []

    # ------------------------------------------------------------------ messages out

    def _may_send(self, term: Term) -> bool:
        """We have heard of the group lately: a process that was frozen asks before it goes on."""
        fresh = self._feed.silent_s < _LEASE * self._session_ms / 1000
        return fresh and self._feed.term == term.number

    async def _repeat(self, outlet: Outlet) -> None:
        """Say again what stands open, to a receiver that forgets."""
        while True:
            await self._gate_passed.wait()
            if (term := self._term) is not None:
                await self._courier.say_again(term, outlet)
            await asyncio.sleep(outlet.channel.limits.repeat_ms / 1000)

    # ------------------------------------------------------------------ housekeeping

    async def _gauges(self) -> None:
        while True:
            counts = self._term.outbox.open_by_channel() if self._term is not None else {}
            for name in self._plan.outlets:
                count, oldest_ms = counts.get(name, (0, 0))
                self._metrics.queue.labels(name).set(count)
                self._metrics.oldest.labels(name).set(oldest_ms / 1000)
            kept_back = {} if self._term is None else self._term.outbox.kept_by_reason()
            for reason in sorted(WAITING):
                self._metrics.kept.labels(reason).set(kept_back.get(reason, 0))
            self._metrics.holds.set(len(self.holding))
            await asyncio.sleep(_GAUGES_S)

    async def _sweep(self) -> None:
        while True:
            if (term := self._term) is not None:
                done = term.outbox.expired(self._clock())
                await self._ledger.bury(done)
                term.outbox.drop(done)
            await asyncio.sleep(_SWEEP_S)
