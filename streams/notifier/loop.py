"""The notifier: transitions in, messages out, every step of each message in `nabz.deliveries.v1`.

One process of the group has the one partition and sends; the others stand by. On taking over it
reads the deliveries and the control topic to their ends before anything is sent. Then, for each
batch of transitions: plan, write `pending`, commit the offset; and for each lane: write `sending`,
call, write the answer. A call whose answer was never written is made again under the same id.
Retries are times in records, so a restart keeps them.

Clocks are read here and nowhere below: the wall clock for retries and signatures; how old a
transition is, in `clock: watermark`, is judged against the newest `at_ms` seen, which is to say by
the fold.

Next step: `streams.notifier.http` carries a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog
from prometheus_client import CollectorRegistry

from alerts.channels.base import Failure, Outcome, Refused, Response, Retry, Sent
from alerts.delivery import BACKOFF_MAX_MS, Delivery, after, interrupted, lost, sending
from alerts.message import notification
from alerts.outputs import Transition
from alerts.pipeline import Now
from streams.engine.brokers import Broker
from streams.engine.reader import read_to_end
from streams.metrics import CHANNEL_STATES, NotifierMetrics
from streams.notifier.build import Outlet, Plan, build
from streams.notifier.feed import Feed, FeedError, Ledger, Names, Raw
from streams.notifier.outbox import Key, Outbox
from streams.notifier.settings import NotifierSettings

EX_SOFTWARE = 70
_POLL_MS = 200
_IN_FLIGHT = 64
_QUEUE_MAX = 5_000
_SWEEP_S = 3_600.0
_GAUGES_S = 1.0
_STOP_S = 20.0
_LEASE = 0.6  # of the session, like the lease of the workers
_LIVE_S = 60.0

log = structlog.get_logger("nabz.notifier")
_decoder: msgspec.json.Decoder[Transition] = msgspec.json.Decoder(Transition)
_delivery: msgspec.json.Decoder[Delivery] = msgspec.json.Decoder(Delivery)


class NoAssignmentError(Exception):
    """The group has not answered for two sessions: the process exits and is started anew."""


def wall_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


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
        """
        names = Names() if names is None else names
        self._broker = broker
        self._plan = plan
        self._names = names
        self._session_ms = session_ms
        self._clock = clock
        self._jitter = jitter
        registry = CollectorRegistry() if registry is None else registry
        self._metrics = NotifierMetrics.register(registry, channels=plan.outlets)
        self._feed = Feed(broker, names, session_ms=session_ms)
        self._ledger = Ledger(broker, names)
        self._term: _Term | None = None
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
                await self._take_over(number)
                held = False
            term = self._term
            if term is None:
                continue
            if records:
                await self._take(term, records)
            elif not held and await self._feed.caught_up():
                await self._release(term)
            full = len(term.outbox.transitions) >= _QUEUE_MAX
            if full != held:
                await self._feed.hold(still=full)
                held = full

    async def _take_over(self, number: int) -> None:
        """Drop what another may be doing by now; read everything before sending anything."""
        old, self._term = self._term, None
        self._gate_passed.clear()
        self._metrics.active.set(0)
        for task in () if old is None else tuple(old.tasks):
            task.cancel()
        if number == 0:
            if old is not None:
                log.warning("notifier.stood_down")
            return
        outbox = Outbox()
        found: dict[bytes, Delivery] = {}
        controls = 0

        def apply(_: int, records: Iterable[Any]) -> None:
            for record in records:
                if record.value is None:
                    found.pop(record.key, None)
                    continue
                try:
                    found[record.key] = _delivery.decode(record.value)
                except msgspec.DecodeError:
                    log.error("delivery.undecodable", offset=record.offset)

        def count(_: int, records: Iterable[Any]) -> None:
            nonlocal controls
            controls += sum(1 for _ in records)

        await read_to_end(self._broker, self._names.control, {0: 0}, count)
        await read_to_end(self._broker, self._names.deliveries, {0: 0}, apply)
        missing = outbox.restore(found.values(), self._clock())
        await self._recall(outbox, missing)
        term = _Term(number, outbox)
        self._term = term
        now_ms = self._clock()
        for key in outbox.lanes:
            self._push(term, now_ms, key)
        self._metrics.active.set(1)
        self._gate_passed.set()
        log.info(
            "notifier.started",
            deliveries=len(found),
            open=len(missing),
            controls=controls,
            channels=sorted(self._plan.outlets),
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
            lost(one, now_ms) for one in missing if one.notification_id not in outbox.transitions
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
            live, wall = self._plan.live, self._clock()
            now = Now(wall if live else self._newest_ms, live, self._plan.max_notify_age_ms)
            deliveries = outbox.plan(
                transition,
                raw.offset,
                routes=self._plan.routes,
                channels=self._plan.outlets,
                now=now,
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

    def _decoded(self, raw: Raw) -> Transition | None:
        try:
            return _decoder.decode(raw.value)
        except msgspec.DecodeError:
            self._metrics.transitions.labels("undecodable").inc()
            log.error("transition.undecodable", offset=raw.offset, size=len(raw.value))
            return None

    async def _release(self, term: _Term) -> None:
        """We have caught up: what was too old when read and is still true goes out, once."""
        late = term.outbox.late(self._clock())
        await self._ledger.write(late)
        for one in late:
            term.outbox.update(one)
            self._push(term, self._clock(), (one.channel, one.alert_id))

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
                step = term.outbox.step(key, now_ms)
                if step.changed:
                    await self._ledger.write(step.changed)
                    for one in step.changed:
                        term.outbox.update(one)
                        self._count_end(one)
                if step.send is None:
                    term.outbox.settle(key)
                    if step.due_ms is not None:
                        self._push(term, step.due_ms, key)
                        return
                    if not step.changed:
                        return
                    continue
                await self._send(term, outlet, wire, step.send)

    def _may_send(self, term: _Term) -> bool:
        """We have heard of the group lately: a process that was frozen asks before it goes on."""
        fresh = self._feed.silent_s < _LEASE * self._session_ms / 1000
        return fresh and self._feed.term == term.number

    async def _send(self, term: _Term, outlet: Outlet, wire: _Wire, delivery: Delivery) -> None:
        channel, name = outlet.channel, outlet.name
        begun_ms = self._clock()
        wire.next_ms = max(wire.next_ms, begun_ms + channel.limits.gap_ms)
        current = sending(delivery, begun_ms)
        # Marked before it is written, so that nothing else touches it meanwhile.
        term.outbox.update(current)
        await self._ledger.write([current])
        if not self._may_send(term):  # frozen while writing: ask the group first
            term.outbox.update(interrupted(current, self._clock()))
            return
        self._metrics.attempts.labels(name).inc()
        outcome = await self._call(term, outlet, current)
        now_ms = self._clock()
        done = after(outcome, current, now_ms, self._jitter(), channel.limits)
        await self._ledger.write([done])
        transition = term.outbox.transitions.get(done.notification_id)
        term.outbox.update(done)
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

    async def _call(self, term: _Term, outlet: Outlet, delivery: Delivery) -> Outcome:
        transition = term.outbox.transitions[delivery.notification_id]
        now_ms = self._clock()
        message = notification(
            transition,
            channel=outlet.name,
            kind=delivery.kind,
            locale=outlet.locale,
            quotes=outlet.quotes,
            links=self._plan.links,
            late_ms=now_ms - transition.at_ms if self._plan.live else 0,
        )
        answer: Response | Failure
        request = outlet.channel.render(message, now_ms=now_ms)
        answer = await outlet.sender.send(request, timeout_ms=outlet.channel.limits.timeout_ms)
        return outlet.channel.outcome(answer, now_ms=self._clock())

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
