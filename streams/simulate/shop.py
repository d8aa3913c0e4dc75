"""A small shop with a mobile network, its customers, and what goes on between them.

Everything is drawn from one seed, so equal arguments give equal events, and a longer run begins
with the shorter one (but for the heavy customer, whose events are spread over the duration).
Contacts come at random and take one customer each; a customer speaks one language, types in one
manner, and once gone stays away. Nothing here reads a clock: `start_ms` is an argument, and whoever
plays the events live waits for their times.

Next step: `streams.simulate.delivery` decides when each arrives; `nabz simulate` writes them.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from streams.simulate.extras import (
    NOTHING,
    Extras,
    Incident,
    bot,
    heavy,
    hit,
    incidents,
    quiet_after,
)
from streams.simulate.people import Fleet, Person, people, person
from streams.simulate.plots import PLOTS, QUIET, STRUCK, Plot
from streams.simulate.telling import Event, Manner, Story, Told, tell

__all__ = ["Event", "Person", "Story", "events", "people", "stories"]

MEAN_EVENTS: Final = 7
"""About how many events a contact has, to turn a rate of events into one of contacts."""

_MOST_AT_ONCE_E2: Final = 80  # above this share of busy customers a new contact is left out


def stories(
    seed: int,
    customers: int,
    start_ms: int,
    *,
    duration_ms: int | None,
    rate_e2: float,
    speed: int = 1,
    first: Sequence[str] = (),
    extras: Extras = NOTHING,
) -> Iterator[Told]:
    """Contacts in the order they begin, each with its events in order of time.

    Args:
        seed: Decides everything else.
        customers: How many there are, at least 2.
        start_ms: Time of the first contact.
        duration_ms: No contact begins later than this after the start; None never ends.
        rate_e2: Events in 100 seconds of all these customers together, on average; a fraction
            is welcome.
        speed: How many times faster than life a contact goes; 60 makes a minute a second.
        first: Names of plots the first contacts follow, so that a demonstration has something to
            show; they begin a second apart, with the first customers in their order.
        extras: What is mixed in.

    Raises:
        ValueError: An argument is out of bounds, or a plot is unknown.
    """
    if customers < 2 or rate_e2 <= 0 or speed < 1:
        raise ValueError(
            f"need customers >= 2, rate > 0, speed >= 1: {customers=} {rate_e2=} {speed=}"
        )
    if unknown := [name for name in first if name not in PLOTS]:
        raise ValueError(f"unknown plots {unknown}; known are {sorted(PLOTS)}")
    if extras.heavy_events and duration_ms is None:
        raise ValueError("a heavy customer needs a duration to spread events over")
    shop = _Shop(seed, customers, start_ms, speed, extras)
    told = [shop.told(duration_ms, 100_000 * MEAN_EVENTS / rate_e2, first)]
    if extras.heavy_events and duration_ms is not None:
        told.append(
            heavy(
                seed,
                start_ms,
                duration_ms=duration_ms,
                count=extras.heavy_events,
                speed=speed,
                sarcasm_e2=extras.sarcasm_e2,
            )
        )
    told += [bot(seed, number + 1, start_ms, speed=speed) for number in range(extras.bots)]
    for story, written in heapq.merge(*told, key=lambda one: one[0].starts_ms):
        if duration_ms is not None and story.starts_ms >= start_ms + duration_ms:
            return
        yield story, written


def events(
    seed: int,
    customers: int,
    start_ms: int,
    *,
    duration_ms: int | None,
    rate_e2: float,
    speed: int = 1,
    first: Sequence[str] = (),
    extras: Extras = NOTHING,
) -> Iterator[Event]:
    """Events of all customers in order of time, none later than the duration; see `stories`.

    >>> one = next(events(7, 20, 1_000, duration_ms=60_000, rate_e2=100))
    >>> one["kind"], one["ts"]
    ('profile', 1000)
    """
    told = stories(
        seed,
        customers,
        start_ms,
        duration_ms=duration_ms,
        rate_e2=rate_e2,
        speed=speed,
        first=first,
        extras=extras,
    )
    waiting: list[tuple[int, int, int, Event]] = []
    for number, (story, written) in enumerate(told):
        while waiting and waiting[0][0] < story.starts_ms:
            yield heapq.heappop(waiting)[-1]
        for place, event in enumerate(written):
            if duration_ms is None or event["ts"] < start_ms + duration_ms:
                heapq.heappush(waiting, (event["ts"], number, place, event))
    while waiting:
        yield heapq.heappop(waiting)[-1]


class _Planned(NamedTuple):
    """A contact that is known to come; without an incident the customer falls quiet."""

    at_ms: int
    who: int
    incident: Incident | None = None


class _Shop:
    """The customers of the shop, one contact after the other."""

    def __init__(
        self, seed: int, customers: int, start_ms: int, speed: int, extras: Extras
    ) -> None:
        self._seed = seed
        self._start_ms = start_ms
        self._speed = speed
        self._extras = extras
        self._fleet = Fleet(customers)
        self._contacts: dict[int, int] = {}
        self._planned: list[tuple[int, int, _Planned]] = []
        self._number = 0
        every_ms = extras.incidents_every_ms
        self._incidents = (
            iter(())
            if every_ms is None
            else incidents(seed, start_ms, every_ms=every_ms, speed=speed)
        )
        self._incident = next(self._incidents, None)

    def told(self, duration_ms: int | None, gap_ms: float, first: Sequence[str]) -> Iterator[Told]:
        """All contacts; `gap_ms` is the mean time between two that have no cause of their own."""
        chance = random.Random(f"{self._seed}:contacts")  # noqa: S311  # a simulation, no secret
        fleet, total = self._fleet, 0
        names, weights = list(PLOTS), [plot.weight for plot in PLOTS.values()]
        at_ms = self._start_ms
        while (duration_ms is None or at_ms < self._start_ms + duration_ms) and len(fleet):
            yield from self._due(at_ms)
            name = first[total] if total < len(first) else chance.choices(names, weights)[0]
            fleet.advance(at_ms)
            free = fleet.free
            if free and len(free) * 100 >= len(fleet) * (100 - _MOST_AT_ONCE_E2):
                asked = total < len(first) and fleet.is_free(total)
                yield self._meet(total if asked else chance.choice(free), PLOTS[name], name, at_ms)
                total += 1
            at_ms += 1_000 if total < len(first) else 1 + int(chance.expovariate(1 / gap_ms))
        if duration_ms is None:
            self._incident = None  # nobody is left to be hit
            duration_ms = max((one[0] for one in self._planned), default=0)
        yield from self._due(self._start_ms + duration_ms)

    def _due(self, now_ms: int) -> Iterator[Told]:
        """Contacts planned up to now, with those of incidents that begin until then."""
        while True:
            next_ms = self._planned[0][0] if self._planned else now_ms + 1
            incident = self._incident
            if incident is not None and incident.starts_ms <= min(now_ms, next_ms):
                self._strike(incident)
                self._incident = next(self._incidents, None)
            elif next_ms <= now_ms:
                yield self._come(heapq.heappop(self._planned)[-1])
            else:
                return

    def _strike(self, incident: Incident) -> None:
        self._fleet.advance(incident.starts_ms)
        for at_ms, who in hit(incident, self._seed, self._fleet.free):
            self._fleet.busy(who, at_ms + 1)  # until their contact begins, which says how long
            self._plan(_Planned(at_ms, who, incident))

    def _plan(self, one: _Planned) -> None:
        heapq.heappush(self._planned, (one.at_ms, one.who, one))

    def _come(self, one: _Planned) -> Told:
        if one.incident is None:
            return self._meet(one.who, QUIET, "quiet", one.at_ms)
        return self._meet(one.who, STRUCK, "struck", one.at_ms, one.incident)

    def _meet(
        self, who: int, plot: Plot, name: str, at_ms: int, incident: Incident | None = None
    ) -> Told:
        """Let a plot happen to somebody, and know when they are free again."""
        contacts = self._contacts.get(who, 0)
        manner = Manner(
            name,
            self._number,
            speed=self._speed,
            greet=contacts == 0,
            incident=None if incident is None else incident.id,
            thing=None if incident is None else incident.thing,
            city=None if incident is None else incident.city,
            sarcasm_e2=self._extras.sarcasm_e2,
        )
        told = tell(person(self._seed, who), plot, manner, self._seed, at_ms)
        self._number += 1
        self._contacts[who] = contacts + 1
        ends_ms = told[0].ends_ms
        if plot.leaves or self._falls_quiet(who, contacts + 1):
            self._fleet.gone(who)
            if not plot.leaves:
                self._plan(_Planned(ends_ms + 1, who))
            if self._extras.renewed and plot is not QUIET:  # whose place was filled already
                self._fleet.join()
        else:
            self._fleet.busy(who, ends_ms + 1)
        return told

    def _falls_quiet(self, who: int, contacts: int) -> bool:
        share_e2 = self._extras.quiet_e2
        return share_e2 > 0 and quiet_after(self._seed, who, share_e2) == contacts
