"""Transitions in: each is planned and recorded before its offset is committed.

Next to what the fold writes there are things only the notifier can say: that a source stands
still, that a rule has gone wild. They are looked for once a second and told like any alert. What
was kept back is looked at again, and told once if the reason has gone and the alert has not.

Next step: `streams.notifier.courier` sends what is planned here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import structlog

from alerts.canary import CANARY
from alerts.delivery import said_of
from alerts.outputs import Transition, decode_transition
from alerts.standstill import Standstill
from alerts.storm import Storm
from alerts.storm import said as said_of_storms
from streams.metrics import NotifierMetrics
from streams.notifier.build import Plan
from streams.notifier.feed import Raw
from streams.notifier.held import freed
from streams.notifier.storms import hold_openings
from streams.notifier.term import Ledger, Term, count_end

log = structlog.get_logger("nabz.notifier")


class Desk:
    """Decides what is told, and writes it down."""

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        metrics: NotifierMetrics,
        *,
        clock: Callable[[], int],
        saw: Callable[[Transition], None] = lambda _: None,
    ) -> None:
        """Prepare.

        Args:
            plan: Channels, routes, people.
            ledger: Where records are kept.
            metrics: What is counted.
            clock: The wall clock, in milliseconds.
            saw: Told of each transition: somebody may wait for it.
        """
        self._saw = saw
        self._plan = plan
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock

    async def take(self, term: Term, records: Sequence[Raw]) -> None:
        """Plan a batch: on return its records are acknowledged, and the lanes may run."""
        several: list[tuple[Raw, Transition]] = []
        for raw in records:
            transition = self._decoded(raw)
            if transition is None or self._is_canary(transition):
                continue
            if any(one.fingerprint == transition.fingerprint for _, one in several):
                await self._plan_all(term, several)  # the next one of an alert looks at this one
                several = []
            several.append((raw, transition))
            self._saw(transition)
        await self._plan_all(term, several)

    def _is_canary(self, transition: Transition) -> bool:
        """What is told of the canary is that it came through, to whoever watches the metrics."""
        if transition.customer != CANARY:
            return False
        sung_ms = transition.since_ms
        self._metrics.transitions.labels("silent").inc()
        self._metrics.canary.set(sung_ms / 1000)
        if self._plan.live:
            self._metrics.canary_latency.observe(max(0, self._clock() - sung_ms) / 1000)
        return True

    async def _plan_all(self, term: Term, several: list[tuple[Raw, Transition]]) -> None:
        """Plan transitions of different alerts: one write for all of them."""
        outbox, planned, withdrawn = term.outbox, [], []
        for raw, transition in several:
            term.newest_ms = max(term.newest_ms, transition.at_ms)
            term.register.saw(transition, raw.offset)
            wall = self._clock()
            await self._weather(term, transition, wall)
            deliveries = outbox.plan(
                transition,
                raw.offset,
                routes=self._plan.routes,
                channels=self._plan.outlets,
                now=term.now(self._plan, wall),
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
            count_end(self._metrics, one)
        for one, transition in planned:
            count_end(self._metrics, one)
            term.push(self._clock(), outbox.add(one, transition))

    async def _weather(self, term: Term, transition: Transition, wall: int) -> None:
        """Hold the openings of a rule from the one on that makes a storm of them."""
        storm = term.watch.saw(transition) if self._plan.live else None
        if storm is None:
            return
        if await hold_openings(self._ledger, term.orders, storm, self._plan.storm, wall):
            log.warning(
                "storm.held", rule=storm.rule, hold=storm.name, openings=storm.openings,
                most=storm.most, config_hash=storm.config_hash,
            )  # fmt: skip

    async def look(self, term: Term) -> None:
        """What is there to say of nabz itself? It is told like any alert."""
        term.looks += 1
        if not self._plan.live:
            return
        wall, outbox = self._clock(), term.outbox
        last = outbox.standstills()
        for one in term.sources.look(last, outbox.seqs(self._plan.sources), wall):
            await self._tell(term, one, wall)
        self._metrics.cut_off.set(len(outbox.standstills()))
        found = tuple(term.watch.storms.values())
        for storm in said_of_storms(found, outbox.storms(), term.orders.holds, wall):
            await self._tell(term, storm, wall)

    async def _tell(self, term: Term, one: Standstill | Storm, wall: int) -> None:
        """Plan what is to be said of a source or a storm, for channels that have not heard yet."""
        transition = said_of(one)
        deliveries = term.outbox.plan(
            transition,
            -1,
            routes=self._plan.routes,
            channels=self._plan.outlets,
            now=term.now(self._plan, wall),
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
            count_end(self._metrics, delivery)
            term.push(wall, term.outbox.add(delivery, transition))

    def _decoded(self, raw: Raw) -> Transition | None:
        try:
            return decode_transition(raw.value)
        except msgspec.DecodeError:
            self._metrics.transitions.labels("undecodable").inc()
            log.error("transition.undecodable", offset=raw.offset, size=len(raw.value))
            return None

    async def release(self, term: Term, *, caught_up: bool) -> None:
        """What was kept back for a reason that has gone, and is still true, goes out, once."""
        wall, outbox = self._clock(), term.outbox
        if not outbox.waiting:
            return
        changed = freed(
            outbox, term.now(self._plan, wall, caught_up=caught_up), term.orders.holds, wall
        )
        await self._ledger.write(changed)
        for one in changed:
            if one.kind == "digest":
                term.push(wall, outbox.add_digest(one))
                continue
            outbox.update(one)
            count_end(self._metrics, one)
            term.push(wall, (one.channel, one.alert_id))
