"""Messages out: each lane that is due is worked through, one call after the other.

Before a call `sending` is written, after it the answer; a call whose answer was never written is
made again under the same id. What a receiver says about a channel as a whole (wait, stop) is kept
in its wire and forgotten by a restart, which tries again.

Next step: `streams.notifier.telling` carries a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from alerts.agenda import PATIENCE_MS
from alerts.channels.base import Outcome, Refused, Retry, Sent
from alerts.delivery import BACKOFF_MAX_MS, Delivery, Step, after, interrupted, superseded
from streams.metrics import CHANNEL_STATES, NotifierMetrics
from streams.notifier.build import Outlet, Plan
from streams.notifier.outbox import Key
from streams.notifier.telling import tell
from streams.notifier.term import Ledger, Term, count_end
from streams.notifier.wording import members, ready, said

_IN_FLIGHT = 64
_ASK_AGAIN_MS = 200
_REFUSES = frozenset({"auth", "gone"})

log = structlog.get_logger("nabz.notifier")


@dataclass
class Wire:
    """What happens to a channel as a whole.

    Attributes:
        slots: Calls at the same time.
        next_ms: No call before then: the receiver's wish, or the gap between two calls.
        shut: The receiver refuses us altogether; the next message that it takes opens it.
        state: `open`, `held` for a while, or `disabled`: the receiver has asked us to stop; a
            restart tries again.
    """

    slots: asyncio.Semaphore
    next_ms: int = 0
    shut: bool = False
    state: str = "open"


class Courier:
    """Carries what a term has to say."""

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        metrics: NotifierMetrics,
        *,
        clock: Callable[[], int],
        jitter: Callable[[], float],
        may_send: Callable[[Term], bool],
    ) -> None:
        """Prepare.

        Args:
            plan: The channels.
            ledger: Where records are kept.
            metrics: What is counted.
            clock: The wall clock, in milliseconds.
            jitter: Draws from [0, 1).
            may_send: Is this process still the one that sends?
        """
        self._plan = plan
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock
        self._jitter = jitter
        self._may_send = may_send
        self._limit = asyncio.Semaphore(_IN_FLIGHT)
        self._stopping = False
        self.wires = {
            name: Wire(asyncio.Semaphore(outlet.channel.limits.in_flight))
            for name, outlet in plan.outlets.items()
        }

    def shut(self, channel: str) -> bool:
        """Does a receiver refuse us altogether?"""
        return self.wires[channel].shut

    def stop(self) -> None:
        """Begin no further call."""
        self._stopping = True

    async def schedule(self, term: Callable[[], Term | None], changed: asyncio.Event) -> None:
        """Start a task for each lane that is due, for ever."""
        while True:
            changed.clear()
            current = term()
            due_ms = None if current is None else self.begin_due(current)
            wait_s = None if due_ms is None else max(0.001, (due_ms - self._clock()) / 1000)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), wait_s)

    def begin_due(self, term: Term) -> int | None:
        """Start a task for each lane that is due; when the next one is, None for never."""
        if self._stopping:
            return None
        now_ms = self._clock()
        while term.due and term.due[0][0] <= now_ms:
            _, key = heapq.heappop(term.due)
            if key not in term.busy:
                self._begin(term, key)
        return term.due[0][0] if term.due else None

    def _begin(self, term: Term, key: Key) -> None:
        term.busy.add(key)
        task = asyncio.create_task(self._drain(term, key))
        term.tasks.add(task)
        task.add_done_callback(lambda done: _ended(term, done))

    async def _drain(self, term: Term, key: Key) -> None:
        """Work through a lane until there is nothing to do, or nothing yet."""
        try:
            await self._work(term, key)
        finally:
            term.busy.discard(key)  # in the same breath as the last look: no wake-up is lost

    async def _work(self, term: Term, key: Key) -> None:
        outlet = self._plan.outlets.get(key[0])
        if outlet is None:  # its channel has left the configuration; a restart may bring it back
            return
        wire = self.wires[key[0]]
        while not self._stopping:
            async with wire.slots, self._limit:
                now_ms = self._clock()
                if wire.state == "disabled":
                    return
                not_before = wire.next_ms if self._may_send(term) else now_ms + _ASK_AGAIN_MS
                if not_before > now_ms:
                    term.push(not_before, key)
                    return
                step = await self._stepped(term, key, now_ms)
                again_ms = step.due_ms
                if step.send is not None:
                    again_ms = await self._stopped(term, step.send)
                if again_ms is not None:
                    term.push(again_ms, key)
                    return
                if step.send is not None:
                    await self._send(term, outlet, wire, step.send)
                elif not step.changed:
                    return

    async def _stepped(self, term: Term, key: Key, now_ms: int) -> Step:
        """What a lane does next; the records that come before it are written."""
        step = term.outbox.step(key, now_ms)
        if step.changed:
            await self._ledger.write(step.changed)
            for one in step.changed:
                term.outbox.update(one)
                count_end(self._metrics, one)
        if step.send is None:
            term.outbox.settle(key)
        return step

    async def _stopped(self, term: Term, delivery: Delivery) -> int | None:
        """Record what keeps a message back; when to look again, None to send it."""
        now_ms = self._clock()
        if delivery.kind == "list" and not ready(self._plan, term, delivery):
            if now_ms - delivery.created_ms < PATIENCE_MS and delivery.reason == "weekly":
                return now_ms + _ASK_AGAIN_MS  # it is being counted
            await self._changed(term, superseded(delivery, now_ms))
            return now_ms
        found = term.outbox.stopped(delivery, term.now(self._plan, now_ms), now_ms)
        if found is None:
            return None
        record, again_ms = found
        if record is not None:
            await self._changed(term, record)
        return again_ms

    async def _changed(self, term: Term, record: Delivery) -> None:
        await self._ledger.write([record])
        term.outbox.update(record)
        count_end(self._metrics, record)

    async def _send(self, term: Term, outlet: Outlet, wire: Wire, delivery: Delivery) -> None:
        channel, name = outlet.channel, outlet.name
        begun_ms = self._clock()
        wire.next_ms = max(wire.next_ms, begun_ms + channel.limits.gap_ms)
        outbox = term.outbox
        transition = outbox.transitions.get(delivery.notification_id)
        told = members(term, delivery) if transition is None else [transition]
        *carried, current = outbox.begun(delivery, begun_ms)
        # Marked before it is written, so that nothing else touches it meanwhile.
        for one in (*carried, current):
            outbox.update(one)
        await self._ledger.write([*carried, current])
        if not self._may_send(term):  # frozen while writing: ask the group first
            for one in outbox.answered(interrupted(current, self._clock()), self._clock()):
                outbox.update(one)
            return
        self._metrics.attempts.labels(name).inc()
        outcome = await tell(
            channel,
            outlet.sender,
            said(self._plan, term, outlet, current, told, now_ms=self._clock()),
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
                term.push(now_ms, (one.channel, one.alert_id))
        self._hold(name, wire, outcome, now_ms)
        count_end(self._metrics, done)
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

    async def say_again(self, term: Term, outlet: Outlet) -> None:
        """Say again what stands open, to a receiver that forgets; nothing of it is recorded."""
        for key in [one for one in term.outbox.lanes if one[0] == outlet.name]:
            await self._again(term, outlet, key)

    async def _again(self, term: Term, outlet: Outlet, key: Key) -> None:
        """Say one alert again; its lane waits, so that its end cannot be overtaken."""
        standing, wire = term.outbox.standing(key), self.wires[outlet.name]
        if wire.state == "disabled" or wire.next_ms > self._clock():
            return
        if standing is None or key in term.busy or not self._may_send(term):
            return
        delivery, transition = standing
        term.busy.add(key)
        try:
            message = said(
                self._plan, term, outlet, delivery, [transition], now_ms=self._clock(), again=True
            )
            outcome = await tell(
                outlet.channel, outlet.sender, message, ref=None, clock=self._clock
            )
        finally:
            term.busy.discard(key)
            term.push(self._clock(), key)  # what came meanwhile
        self._hold(outlet.name, wire, outcome, self._clock())
        if not isinstance(outcome, Sent):
            self._metrics.failed.labels(outlet.name, outcome.reason).inc()
            log.warning("alert.not_repeated", channel=outlet.name, alert=key[1])

    def _hold(self, name: str, wire: Wire, outcome: Outcome, now_ms: int) -> None:
        """What an answer means for the channel as a whole."""
        if isinstance(outcome, Sent) or outcome.reason in _REFUSES:
            wire.shut = not isinstance(outcome, Sent)
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


def _ended(term: Term, task: asyncio.Task[None]) -> None:
    term.tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        term.failed = error
