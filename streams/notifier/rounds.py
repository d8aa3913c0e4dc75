"""Going the rounds: what is said because time has passed, and for no other reason.

Lists come at their time of the day or the week. Once a second each open alert that nobody has
taken is held against the ladders of its routes. What is due is planned like any message: recorded,
kept back for the same reasons, sent under one id.

Next step: `streams.notifier.courier` sends what is planned here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from alerts.agenda import agenda, due
from alerts.delivery import Delivery, listed
from alerts.ladder import look
from alerts.outputs import Transition
from alerts.standing import Standing
from alerts.weekly import WEEK_MS, report
from scoring.calendar import DAY_MS, earliest, local_ms
from streams.metrics import NotifierMetrics
from streams.notifier.build import Plan
from streams.notifier.term import Climb, Ledger, Term, count_end

log = structlog.get_logger("nabz.notifier")


class Rounds:
    """Looks at what is open; reminders and lists only where the clock is live."""

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        metrics: NotifierMetrics,
        *,
        clock: Callable[[], int],
        past: Callable[[int], Awaitable[list[Transition]]],
        shut: Callable[[str], bool],
    ) -> None:
        """Prepare.

        Args:
            plan: Channels, routes, people.
            ledger: Where records are kept.
            metrics: What is counted.
            clock: The wall clock, in milliseconds.
            past: Transitions since a moment, as they stand in the topic.
            shut: Does a channel refuse us altogether?
        """
        self._plan = plan
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock
        self._past = past
        self._shut = shut
        self._ladders = any(not route.ladder.empty for route in plan.routes)

    async def go(self, term: Term) -> None:
        """Look at everything once."""
        for outlet in self._plan.outlets.values():
            if outlet.fallback is not None:
                await self._fall_back(term, outlet.name, outlet.fallback)
        if not self._plan.live:
            return
        if self._ladders:
            for standing in term.register:
                if not standing.taken:
                    await self._climb(term, standing)
        await self._say_morning(term)
        await self._say_weekly(term)

    async def _fall_back(self, term: Term, channel: str, to: str) -> None:
        """Tell another channel what one does not take."""
        wall = self._clock()
        made = term.outbox.falling_back(
            channel, to, term.register,
            shut=self._shut(channel), now=term.now(self._plan, wall), wall_ms=wall,
        )  # fmt: skip
        for one, about in made:
            log.warning("channel.fell_back", channel=channel, to=to, alert=one.alert_id)
            await self._add(term, [one], about)

    async def _say_morning(self, term: Term) -> None:
        """The list of each owner whose morning it is, once a day."""
        wall, people = self._clock(), self._plan.audience.people
        for one in people:
            day = None if one.morning_min is None else due(one.hours, one.morning_min, wall)
            if day is None:
                continue
            made = listed("morning", channel=one.channels[0], person=one.name, day=day, now_ms=wall)
            if not term.outbox.knows(made) and agenda(term.register, one, people):
                await self._list(term, made)

    async def _say_weekly(self, term: Term) -> None:
        """The report of the week; one that a restart finds on its way is counted again."""
        weekly, wall = self._plan.weekly, self._clock()
        day = None if weekly is None else weekly.due(wall)
        if weekly is None or day is None:
            return
        person = weekly.person
        made = listed(
            "weekly", channel=person.channels[0], person=person.name, day=day, now_ms=wall
        )
        known = term.outbox.knows(made)
        on_its_way = term.outbox.on_its_way((made.channel, made.alert_id))
        if made.notification_id in term.reports or (known and not on_its_way):
            return
        from_ms = wall - (local_ms(person.hours, wall) - day * DAY_MS) - WEEK_MS
        past = await self._past(from_ms - WEEK_MS)
        term.reports[made.notification_id] = report(past, from_ms=from_ms)
        if not known:
            await self._list(term, made)

    async def _list(self, term: Term, made: Delivery) -> None:
        await self._ledger.write([made])
        term.push(self._clock(), term.outbox.add_digest(made))

    async def _climb(self, term: Term, standing: Standing) -> None:
        """Say what is due of one alert that nobody has taken."""
        base, wall, outbox = standing.base, self._clock(), term.outbox
        told_ms = base.at_ms if standing.freed else outbox.told_ms(base.alert_id, base.seq)
        if told_ms is None:
            return
        last = term.climbs.get(base.fingerprint)
        same = last is not None and (last.seq, last.told_ms) == (base.seq, told_ms)
        if same and last is not None and (last.next_ms is None or wall < last.next_ms):
            return
        audience, next_ms = self._plan.audience, None
        hours = audience.hours(base, base.at_ms)
        for ladder, channels in audience.ladders(base):
            found = look(ladder, channels, told_ms=told_ms, hours=hours, now_ms=wall)
            next_ms = earliest([next_ms, found.next_ms])
            for saying in found.say:
                if any(outbox.on_its_way((name, base.alert_id)) for name in saying.channels):
                    next_ms = wall  # what is on its way there says as much; look again
                now = term.now(self._plan, wall)
                await self._add(term, outbox.untaken(standing, saying, now=now, wall_ms=wall), base)
        term.climbs[base.fingerprint] = Climb(base.seq, told_ms, next_ms)

    async def _add(self, term: Term, made: Sequence[Delivery], about: Transition) -> None:
        """Records acknowledged, then the lanes may run."""
        await self._ledger.write(made)
        for one in made:
            count_end(self._metrics, one)
            term.push(self._clock(), term.outbox.add(one, about))
