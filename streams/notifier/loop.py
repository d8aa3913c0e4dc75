"""The notifier: transitions in, messages out, every step of each message in `nabz.deliveries.v1`.

One process of the group has the one partition and sends; the others stand by. On taking over it
reads the deliveries and the control topic to their ends before anything is sent. Then, for each
batch of transitions: plan, write `pending`, commit the offset; and for each lane: write `sending`,
call, write the answer. A call whose answer was never written is made again under the same id.
Retries are times in records, so a restart keeps them. Orders of people (`streams.notifier.orders`)
are read to their end before anything is sent, and followed from then on.

Clocks are read here and nowhere below: the wall clock for retries and signatures; how old a
transition is, in `clock: watermark`, is judged against the newest `at_ms` seen, which is to say by
the fold.

Next step: `streams.notifier.telling` carries a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import math
import random
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog
from prometheus_client import CollectorRegistry

from alerts.budget import Meter
from alerts.channels.base import Outcome, Refused, Retry, Sent
from alerts.delivery import (
    BACKOFF_MAX_MS,
    Delivery,
    Step,
    after,
    interrupted,
    lost,
)
from alerts.message import Notification, digest_notification, notification
from alerts.outputs import Transition
from alerts.pipeline import WAITING, Now
from alerts.standstill import Standstill
from alerts.standstill import transition as said_of
from alerts.storm import Storm, Watch
from alerts.storm import said as said_of_storms
from alerts.storm import transition as said_of_storm
from streams.clock import wall_ms
from streams.engine.brokers import Broker
from streams.engine.reader import follow, read_to_end
from streams.metrics import CHANNEL_STATES, NotifierMetrics
from streams.notifier.auditor import EVERY_S, Auditor
from streams.notifier.build import Outlet, Plan, build
from streams.notifier.feed import Feed, FeedError, Ledger, Names, Raw
from streams.notifier.orders import Orders, take
from streams.notifier.outbox import Key, Outbox
from streams.notifier.settings import NotifierSettings
from streams.notifier.sources import Sources
from streams.notifier.storms import hold_openings, watch_from
from streams.notifier.telling import tell

EX_SOFTWARE = 70
_POLL_MS = 200
_IN_FLIGHT = 64
_QUEUE_MAX = 5_000
_SWEEP_S = 3_600.0
_GAUGES_S = 1.0
_LOOK_S = 1.0
_STOP_S = 20.0
_LEASE = 0.6  # of the session, like the lease of the workers
_LIVE_S = 60.0

log = structlog.get_logger("nabz.notifier")
_decoder: msgspec.json.Decoder[Transition] = msgspec.json.Decoder(Transition)
_delivery: msgspec.json.Decoder[Delivery] = msgspec.json.Decoder(Delivery)


class NoAssignmentError(Exception):
    """The group has not answered for two sessions: the process exits and is started anew."""


@dataclass
class _Wire:
    """What happens to a channel as a whole.

    Attributes:
        slots: Calls at the same time.
        next_ms: No call before then: the receiver's wish, or the gap between two calls.
        disabled: The receiver has asked us to stop; a restart tries again.
    """

    slots: asyncio.Semaphore
    next_ms: int = 0
    state: str = "open"

    def due_ms(self, now_ms: int) -> int:
        return max(now_ms, self.next_ms)


@dataclass
class _Term:
    """What belongs to one time of having the partition; thrown away when it is lost."""

    number: int
    outbox: Outbox
    sources: Sources
    watch: Watch
    looked_s: float = -math.inf
    due: list[tuple[int, Key]] = field(default_factory=list)
    busy: set[Key] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


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
        self._jitter = jitter
        self._audit_s = audit_s
        registry = CollectorRegistry() if registry is None else registry
        self._metrics = NotifierMetrics.register(registry, channels=plan.outlets)
        self._feed = Feed(broker, names, session_ms=session_ms)
        self._ledger = Ledger(broker, names)
        self._term: _Term | None = None
        self._orders = Orders()
        self._minding: list[asyncio.Task[None]] = []
        self._newest_ms = 0
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._gate_passed = asyncio.Event()
        self._beat_s = time.monotonic()
        self._limit = asyncio.Semaphore(_IN_FLIGHT)
        self._wires = {
            name: _Wire(asyncio.Semaphore(outlet.channel.limits.in_flight))
            for name, outlet in plan.outlets.items()
        }
        self._failed: BaseException | None = None

    # ------------------------------------------------------------------ from outside

    def stop(self) -> None:
        """Finish what is being sent, then return from `run`."""
        self._stopping.set()
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
    def holding(self) -> tuple[str, ...]:
        """Ids of the holds it minds."""
        return tuple(name for name, _ in self._orders.holding(self._clock()))

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
                    group.create_task(self._schedule()),
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
        for outlet in self._plan.outlets.values():
            await outlet.sender.close()
        if self._plan.heartbeat is not None:
            await self._plan.heartbeat.sender.close()
        self._metrics.active.set(0)

    # ------------------------------------------------------------------ transitions in

    async def _follow(self) -> None:
        joined_s = time.monotonic()
        held = False
        while not self._stopping.is_set():
            records = await self._feed.poll(_POLL_MS)
            self._beat_s = time.monotonic()
            if self._failed is not None:
                raise self._failed
            if self._feed.joined:
                joined_s = time.monotonic()
            elif time.monotonic() - joined_s > 2 * self._session_ms / 1000:
                raise NoAssignmentError("the notifiers' group has not answered for two sessions")
            number = self._feed.term
            if self._term is None or self._term.number != number:
                await self._take_over(number, records)
                held = False
            term = self._term
            if term is None:
                continue
            if records:
                await self._take(term, records)
            caught_up = not records and not held and await self._feed.caught_up()
            await self._look(term)
            await self._release(term, caught_up=caught_up)
            full = len(term.outbox.transitions) >= _QUEUE_MAX and (
                term.outbox.backlog() >= _QUEUE_MAX
            )
            if full != held:
                await self._feed.hold(still=full)
                held = full

    async def _take_over(self, number: int, records: list[Raw]) -> None:
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
        outbox = Outbox(
            meters={
                name: Meter(outlet.budget)
                for name, outlet in self._plan.outlets.items()
                if outlet.budget is not None
            },
            repeated=frozenset(
                name for name, one in self._plan.outlets.items() if one.channel.limits.repeat_ms
            ),
            hearing=frozenset(
                name for name, one in self._plan.outlets.items() if one.channel.limits.hears_acks
            ),
        )
        found: dict[bytes, Delivery] = {}
        orders, controls = Orders(), 0
        sources = Sources(
            self._plan.sources if self._plan.live else {}, self._plan.cut_off_after_ms
        )
        begin = records[0].offset if records else await self._feed.position()

        def apply(_: int, records: Iterable[Any]) -> None:
            for record in records:
                if record.value is None:
                    found.pop(record.key, None)
                    continue
                try:
                    found[record.key] = _delivery.decode(record.value)
                except msgspec.DecodeError:
                    log.error("delivery.undecodable", offset=record.offset)

        def obey(_: int, records: Iterable[Any]) -> None:
            nonlocal controls
            controls += take(orders, records)
            sources.take(records)

        ends = await read_to_end(self._broker, self._names.control, {0: 0}, obey)
        books = await read_to_end(self._broker, self._names.deliveries, {0: 0}, apply)
        self._orders = orders
        missing = outbox.restore(found.values(), self._clock())
        await self._ledger.write(outbox.mended)
        await self._recall(outbox, missing)
        watch = await self._usual(begin)
        term = _Term(number, outbox, sources, watch)
        self._term = term
        now_ms = self._clock()
        for key in outbox.lanes:
            self._push(term, now_ms, key)
        self._watch(term, ends or {0: 0}, begin, (books or {0: 0})[0])
        self._metrics.active.set(1)
        self._gate_passed.set()
        log.info(
            "notifier.started",
            deliveries=len(found),
            open=len(missing),
            controls=controls,
            channels=sorted(self._plan.outlets),
        )

    async def _usual(self, begin: int) -> Watch:
        """What is usual, as the one before us knew it; in recorded time no change is told apart."""
        if not self._plan.live:
            return Watch(self._plan.storm)
        topic = self._names.transitions
        return await watch_from(self._broker, topic, begin, self._plan.storm)

    def _watch(
        self,
        term: _Term,
        orders_from: Mapping[int, int],
        transitions_from: int,
        deliveries_from: int,
    ) -> None:
        """Follow orders and audit, for as long as this term lasts."""
        auditor = Auditor(
            self._broker,
            self._names,
            self._plan,
            self._metrics.undelivered,
            clock=self._clock,
            every_s=self._audit_s,
        )
        self._minding = [
            asyncio.create_task(self._mind(term, orders_from)),
            asyncio.create_task(auditor.run(transitions_from, deliveries_from)),
        ]
        for task in self._minding:
            task.add_done_callback(self._minded)

    async def _mind(self, term: _Term, ends: Mapping[int, int]) -> None:
        """Follow the orders; each of them makes every lane look again."""

        def obey(_: int, records: Iterable[Any]) -> None:
            term.sources.take(records)
            before = self._orders.holding(self._clock())
            if take(self._orders, records) == 0:
                return
            now_ms = self._clock()
            for key in term.outbox.lanes:
                self._push(term, now_ms, key)
            if (holds := self._orders.holding(now_ms)) != before:
                log.warning("notifier.holds_changed", holds=[name for name, _ in holds])

        await follow(self._broker, self._names.control, ends, obey)

    def _minded(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = FeedError(f"following topics failed: {type(error).__name__}")
            self._failed.__cause__ = error

    def _mind_no_more(self) -> None:
        for task in self._minding:
            task.cancel()
        self._minding = []

    def _now(self, wall: int, *, caught_up: bool = False) -> Now:
        """What is in force at a moment."""
        live = self._plan.live
        return Now(
            wall if live else self._newest_ms,
            live,
            self._plan.max_notify_age_ms,
            caught_up=caught_up,
            holds=self._orders.holding(wall),
            maintenance=self._orders.silencing(wall, "maintenance"),
            silences=self._orders.silencing(wall, "silence"),
            quiet={
                name: outlet.quiet
                for name, outlet in self._plan.outlets.items()
                if outlet.quiet is not None and outlet.quiet.lasts(wall)
            },
            audience=self._plan.audience,
        )

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
                        outbox.transitions[one.notification_id] = _decoder.decode(record.value)

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
            self._count_end(one)

    async def _take(self, term: _Term, records: list[Raw]) -> None:
        """Plan a batch: records acknowledged, then the offset, then the lanes may run."""
        several: list[tuple[Raw, Transition]] = []
        for raw in records:
            transition = self._decoded(raw)
            if transition is None:
                continue
            if any(one.fingerprint == transition.fingerprint for _, one in several):
                await self._plan_all(term, several)  # the next one of an alert looks at this one
                several = []
            several.append((raw, transition))
        await self._plan_all(term, several)
        if not await self._feed.commit(records[-1].offset + 1):
            log.warning("transitions.not_committed", offset=records[-1].offset)

    async def _plan_all(self, term: _Term, several: list[tuple[Raw, Transition]]) -> None:
        """Plan transitions of different alerts: one write for all of them."""
        outbox, planned, withdrawn = term.outbox, [], []
        for raw, transition in several:
            self._newest_ms = max(self._newest_ms, transition.at_ms)
            wall = self._clock()
            await self._weather(term, transition, wall)
            deliveries = outbox.plan(
                transition,
                raw.offset,
                routes=self._plan.routes,
                channels=self._plan.outlets,
                now=self._now(wall),
                wall_ms=wall,
            )
            planned += [(one, transition) for one in deliveries]
            withdrawn += outbox.withdrawn(transition, self._plan.outlets, wall)
            outcome = "planned" if deliveries else "duplicate" if transition.notify else "silent"
            self._metrics.transitions.labels(outcome).inc()
        # Marked before they are written, so that no lane sends what a person has taken.
        for one in withdrawn:
            outbox.update(one)
        await self._ledger.write([*(one for one, _ in planned), *withdrawn])
        for one in withdrawn:
            self._count_end(one)
        for one, transition in planned:
            self._count_end(one)
            self._push(term, self._clock(), outbox.add(one, transition))

    async def _weather(self, term: _Term, transition: Transition, wall: int) -> None:
        """Hold the openings of a rule from the one on that makes a storm of them."""
        storm = term.watch.saw(transition) if self._plan.live else None
        if storm is None:
            return
        if await hold_openings(self._ledger, self._orders, storm, self._plan.storm, wall):
            log.warning(
                "storm.held", rule=storm.rule, hold=storm.name, openings=storm.openings,
                most=storm.most, config_hash=storm.config_hash,
            )  # fmt: skip

    async def _look(self, term: _Term) -> None:
        """Once a second: what is there to say of nabz itself? It is told like any alert."""
        if not self._plan.live or time.monotonic() - term.looked_s < _LOOK_S:
            return
        term.looked_s = time.monotonic()
        wall, outbox = self._clock(), term.outbox
        last = outbox.standstills()
        for one in term.sources.look(last, outbox.seqs(self._plan.sources), wall):
            await self._tell(term, one, wall)
        self._metrics.cut_off.set(len(outbox.standstills()))
        found = tuple(term.watch.storms.values())
        for storm in said_of_storms(found, outbox.storms(), self._orders.holds, wall):
            await self._tell(term, storm, wall)

    async def _tell(self, term: _Term, one: Standstill | Storm, wall: int) -> None:
        """Plan what is to be said of a source or a storm, for channels that have not heard yet."""
        transition = said_of(one) if isinstance(one, Standstill) else said_of_storm(one)
        deliveries = term.outbox.plan(
            transition,
            -1,
            routes=self._plan.routes,
            channels=self._plan.outlets,
            now=self._now(wall),
            wall_ms=wall,
            about=one,
        )
        if not deliveries:
            return
        if isinstance(one, Standstill):
            log.warning("source.standstill", source=one.source, reason=one.reason)
        else:
            log.warning("storm.told", rule=one.rule, reason=transition.reason)
        await self._ledger.write(deliveries)
        for delivery in deliveries:
            self._count_end(delivery)
            self._push(term, wall, term.outbox.add(delivery, transition))

    def _decoded(self, raw: Raw) -> Transition | None:
        try:
            return _decoder.decode(raw.value)
        except msgspec.DecodeError:
            self._metrics.transitions.labels("undecodable").inc()
            log.error("transition.undecodable", offset=raw.offset, size=len(raw.value))
            return None

    async def _release(self, term: _Term, *, caught_up: bool) -> None:
        """What was kept back for a reason that has gone, and is still true, goes out, once."""
        wall, outbox = self._clock(), term.outbox
        if not outbox.waiting:
            return
        changed = outbox.freed(self._now(wall, caught_up=caught_up), self._orders.holds, wall)
        await self._ledger.write(changed)
        for one in changed:
            if one.kind == "digest":
                self._push(term, wall, outbox.add_digest(one))
                continue
            outbox.update(one)
            self._count_end(one)
            self._push(term, wall, (one.channel, one.alert_id))

    # ------------------------------------------------------------------ messages out

    def _push(self, term: _Term, due_ms: int, key: Key) -> None:
        heapq.heappush(term.due, (due_ms, key))
        self._changed.set()

    async def _schedule(self) -> None:
        """Start a task for each lane that is due."""
        while True:
            self._changed.clear()
            term, now_ms = self._term, self._clock()
            wait_s: float | None = None
            if term is not None and not self._stopping.is_set():
                while term.due and term.due[0][0] <= now_ms:
                    _, key = heapq.heappop(term.due)
                    if key not in term.busy:
                        self._begin(term, key)
                if term.due:
                    wait_s = max(0.001, (term.due[0][0] - now_ms) / 1000)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait_s)

    def _begin(self, term: _Term, key: Key) -> None:
        term.busy.add(key)
        task = asyncio.create_task(self._drain(term, key))
        term.tasks.add(task)
        task.add_done_callback(lambda done: self._ended(term, done))

    def _ended(self, term: _Term, task: asyncio.Task[None]) -> None:
        term.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = error

    async def _drain(self, term: _Term, key: Key) -> None:
        """Work through a lane until there is nothing to do, or nothing yet."""
        try:
            await self._work(term, key)
        finally:
            term.busy.discard(key)  # in the same breath as the last look: no wake-up is lost

    async def _work(self, term: _Term, key: Key) -> None:
        outlet = self._plan.outlets.get(key[0])
        if outlet is None:  # its channel has left the configuration; a restart may bring it back
            return
        wire = self._wires[key[0]]
        while not self._stopping.is_set():
            async with wire.slots, self._limit:
                now_ms = self._clock()
                if wire.state == "disabled":
                    return
                not_before = wire.next_ms if self._may_send(term) else now_ms + _POLL_MS
                if not_before > now_ms:
                    self._push(term, not_before, key)
                    return
                step = await self._stepped(term, key, now_ms)
                again_ms = step.due_ms
                if step.send is not None:
                    again_ms = await self._stopped(term, step.send)
                if again_ms is not None:
                    self._push(term, again_ms, key)
                    return
                if step.send is not None:
                    await self._send(term, outlet, wire, step.send)
                elif not step.changed:
                    return

    async def _stepped(self, term: _Term, key: Key, now_ms: int) -> Step:
        """What a lane does next; the records that come before it are written."""
        step = term.outbox.step(key, now_ms)
        if step.changed:
            await self._ledger.write(step.changed)
            for one in step.changed:
                term.outbox.update(one)
                self._count_end(one)
        if step.send is None:
            term.outbox.settle(key)
        return step

    async def _stopped(self, term: _Term, delivery: Delivery) -> int | None:
        """Record what keeps a message back; when to look again, None to send it."""
        now_ms = self._clock()
        found = term.outbox.stopped(delivery, self._now(now_ms), now_ms)
        if found is None:
            return None
        record, again_ms = found
        if record is not None:
            await self._ledger.write([record])
            term.outbox.update(record)
            self._count_end(record)
        return again_ms

    def _may_send(self, term: _Term) -> bool:
        """We have heard of the group lately: a process that was frozen asks before it goes on."""
        fresh = self._feed.silent_s < _LEASE * self._session_ms / 1000
        return fresh and self._feed.term == term.number

    async def _send(self, term: _Term, outlet: Outlet, wire: _Wire, delivery: Delivery) -> None:
        channel, name = outlet.channel, outlet.name
        begun_ms = self._clock()
        wire.next_ms = max(wire.next_ms, begun_ms + channel.limits.gap_ms)
        outbox = term.outbox
        transition = outbox.transitions.get(delivery.notification_id)
        told = [one for _, one in outbox.members(delivery)] if transition is None else [transition]
        *members, current = outbox.begun(delivery, begun_ms)
        # Marked before it is written, so that nothing else touches it meanwhile.
        for one in (*members, current):
            outbox.update(one)
        await self._ledger.write([*members, current])
        if not self._may_send(term):  # frozen while writing: ask the group first
            for one in outbox.answered(interrupted(current, self._clock()), self._clock()):
                outbox.update(one)
            return
        self._metrics.attempts.labels(name).inc()
        outcome = await tell(
            channel,
            outlet.sender,
            self._said(outlet, current, told),
            ref=outbox.ref(current),
            clock=self._clock,
        )
        now_ms = self._clock()
        done = after(outcome, current, now_ms, self._jitter(), channel.limits)
        records = outbox.answered(done, now_ms)
        await self._ledger.write(records)
        for one in records:
            outbox.update(one)
            if one is not done:  # what came meanwhile has waited for this answer
                self._push(term, now_ms, (one.channel, one.alert_id))
        self._hold(name, wire, outcome, now_ms)
        self._count_end(done)
        if isinstance(outcome, Sent):
            self._metrics.sent.labels(name, done.kind).inc()
            if self._plan.live and transition is not None:
                self._metrics.latency.labels(name).observe(max(0, now_ms - transition.at_ms) / 1000)
        else:
            self._metrics.failed.labels(name, outcome.reason).inc()
        log.info(
            "delivery.attempted",
            channel=name,
            notification=done.notification_id,
            alert=done.alert_id,
            seq=done.seq,
            kind=done.kind,
            state=done.state,
            attempt=done.attempt,
            failure=done.failure,
            status=done.http_status,
            took_ms=now_ms - begun_ms,
        )

    def _said(
        self, outlet: Outlet, delivery: Delivery, about: list[Transition], *, again: bool = False
    ) -> Notification:
        now_ms = self._clock()
        if delivery.kind == "digest":
            return digest_notification(
                about,
                notification_id=delivery.notification_id,
                alert_id=delivery.alert_id,
                channel=outlet.name,
                locale=outlet.locale,
                now_ms=now_ms,
            )
        person = self._plan.audience.person(about[0], outlet.name, about[0].at_ms)
        spoken = None if person is None else person.language
        return notification(
            about[0],
            channel=outlet.name,
            kind=delivery.kind,
            locale=outlet.locale if spoken is None else spoken,
            quotes=outlet.quotes,
            links=self._plan.links,
            late_ms=now_ms - about[0].at_ms if self._plan.live and not again else 0,
        )

    async def _repeat(self, outlet: Outlet) -> None:
        """Say again what stands open, to a receiver that forgets; nothing of it is recorded."""
        while True:
            await self._gate_passed.wait()
            term = self._term
            if term is not None:
                for key in [one for one in term.outbox.lanes if one[0] == outlet.name]:
                    await self._again(term, outlet, key)
            await asyncio.sleep(outlet.channel.limits.repeat_ms / 1000)

    async def _again(self, term: _Term, outlet: Outlet, key: Key) -> None:
        """Say one alert again; its lane waits, so that its end cannot be overtaken."""
        standing, wire = term.outbox.standing(key), self._wires[outlet.name]
        if wire.state == "disabled" or wire.next_ms > self._clock():
            return
        if standing is None or key in term.busy or not self._may_send(term):
            return
        delivery, transition = standing
        term.busy.add(key)
        try:
            message = self._said(outlet, delivery, [transition], again=True)
            outcome = await tell(
                outlet.channel, outlet.sender, message, ref=None, clock=self._clock
            )
        finally:
            term.busy.discard(key)
            self._push(term, self._clock(), key)  # what came meanwhile
        self._hold(outlet.name, wire, outcome, self._clock())
        if not isinstance(outcome, Sent):
            self._metrics.failed.labels(outlet.name, outcome.reason).inc()
            log.warning("alert.not_repeated", channel=outlet.name, alert=key[1])

    def _hold(self, name: str, wire: _Wire, outcome: Outcome, now_ms: int) -> None:
        """What an answer means for the channel as a whole."""
        match outcome:
            case Sent():
                state = "open"
            case Retry(after_ms, "rate_limited"):
                state = "held"
                wire.next_ms = max(wire.next_ms, now_ms + (1_000 if after_ms is None else after_ms))
            case Refused("auth"):
                state = "held"
                wire.next_ms = now_ms + BACKOFF_MAX_MS
            case Refused("gone"):
                state = "disabled"
            case _:
                return
        if state != wire.state:
            wire.state = state
            for one in CHANNEL_STATES:
                self._metrics.channel_state.labels(name, one).set(one == state)
            log.warning("channel.changed", channel=name, state=state)

    def _count_end(self, delivery: Delivery) -> None:
        match delivery.state:
            case "suppressed" | "superseded" if delivery.failure is not None:
                self._metrics.suppressed.labels(delivery.failure).inc()
            case "dead" | "failed_perm":
                self._metrics.dead.labels(delivery.channel).inc()
                log.error(
                    "delivery.dead",
                    channel=delivery.channel,
                    notification=delivery.notification_id,
                    alert=delivery.alert_id,
                    kind=delivery.kind,
                    failure=delivery.failure,
                )

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
            self._metrics.holds.set(len(self._orders.holding(self._clock())))
            await asyncio.sleep(_GAUGES_S)

    async def _sweep(self) -> None:
        while True:
            if (term := self._term) is not None:
                done = term.outbox.expired(self._clock())
                await self._ledger.bury(done)
                term.outbox.drop(done)
            await asyncio.sleep(_SWEEP_S)


def run_notifier(
    broker: Broker,
    settings: NotifierSettings,
    *,
    names: Names | None = None,
    session_ms: int = 15_000,
    registry: CollectorRegistry | None = None,
    metrics_bind: str | None = None,
    metrics_token: str | None = None,
) -> int:
    """Run one notifier until SIGTERM or SIGINT, and return the process's exit code.

    Args:
        broker: Where the topics are.
        settings: The notifier's part of `nabz.yaml`.
        names: Topics and group, for tests.
        session_ms: How long the group waits for a silent member.
        registry: Where metrics are collected.
        metrics_bind: `host:port` of `/metrics`, `/livez` and `/readyz`; None for none.
        metrics_token: Reference to a bearer token; needed unless bound to loopback.

    Returns:
        0 after a signal, 70 where a restart is the cure.

    Raises:
        ChannelConfigError: The settings cannot work.
    """
    plan = build(settings)
    registry = CollectorRegistry() if registry is None else registry

    async def main() -> None:
        notifier = Notifier(broker, plan, names=names, session_ms=session_ms, registry=registry)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, notifier.stop)
        if metrics_bind is None:
            await notifier.run()
            return
        from streams.http import serving  # only where a port is wanted

        async with serving(
            registry,
            bind=metrics_bind,
            token=metrics_token,
            live=lambda: notifier.live,
            ready=lambda: notifier.ready,
        ):
            await notifier.run()

    try:
        asyncio.run(main())
    except (FeedError, NoAssignmentError) as error:
        log.error("notifier.failed", error=str(error))  # said in one line
        return EX_SOFTWARE
    return 0
