"""A small shop with a mobile network, its customers, and what goes on between them.

Everything is drawn from one seed, so equal arguments give equal events, and a longer run begins
with the shorter one. Contacts come at random and take one customer each; a customer speaks one
language, types in one manner, and once gone stays away. Nothing here reads a clock: `start_ms` is
an argument, and whoever plays the events live waits for their times.

Next step: `streams.simulate.faults` spoils a few records on request; `nabz simulate` writes them.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from streams.simulate.plots import PLOTS, End, Meet, Plot, Say, Step
from streams.simulate.sentences import Case, Lang, sentences, typed

Event = dict[str, Any]
"""A native event as `nabz.events.v1` carries it."""

MEAN_EVENTS: Final = 7
"""About how many events a contact has, to turn a rate of events into one of contacts."""

_CHANNELS: Final = ("chat", "chat", "chat", "app", "email")
_TIERS: Final = ("basic", "basic", "basic", "plus", "gold")
_PERSIAN_E2: Final = 45  # share of customers who write Persian
_MOST_AT_ONCE_E2: Final = 80  # above this share of busy customers a new contact is left out


@dataclass(frozen=True, slots=True)
class Person:
    """One customer.

    Attributes:
        sloppy_e2: How careless they type, in hundredths.
    """

    customer: str
    name: str
    lang: Lang
    tier: str
    sloppy_e2: int


class Story(msgspec.Struct, frozen=True):
    """One contact from its beginning to its end: the truth behind the events.

    Attributes:
        plot: Name of the plot.
        starts_ms: Time of the first event.
        onset_ms: When trouble began, None where there is none.
        outcome: The first outcome, None where it ends well by itself.
        outcome_ms: When that was.
        ends_ms: Time of the last event.
    """

    number: int
    customer: str
    lang: str
    plot: str
    conversation: str
    starts_ms: int
    onset_ms: int | None
    outcome: str | None
    outcome_ms: int | None
    ends_ms: int


def people(seed: int, customers: int) -> tuple[Person, ...]:
    """The customers of the shop.

    >>> [one.customer for one in people(1, 3)]
    ['c-101', 'c-102', 'c-103']
    """
    found = []
    for number in range(customers):
        chance = random.Random(f"{seed}:person:{number}")  # noqa: S311  # a simulation, no secret
        lang: Lang = "fa" if chance.randrange(100) < _PERSIAN_E2 else "en"
        given, family = (chance.choice(sentences(lang).names).split() for _ in range(2))
        name = f"{given[0]} {family[-1]}"
        sloppy_e2 = chance.choice((0, 10, 25, 50))
        found.append(Person(f"c-{101 + number}", name, lang, chance.choice(_TIERS), sloppy_e2))
    return tuple(found)


def stories(
    seed: int,
    customers: int,
    start_ms: int,
    *,
    duration_ms: int | None,
    rate_e2: int,
    speed: int = 1,
    first: Sequence[str] = (),
) -> Iterator[tuple[Story, tuple[Event, ...]]]:
    """Contacts in the order they begin, each with its events in order of time.

    Args:
        seed: Decides everything else.
        customers: How many there are, at least 2.
        start_ms: Time of the first contact.
        duration_ms: No contact begins later than this after the start; None never ends.
        rate_e2: Events in 100 seconds of all customers together, on average.
        speed: How many times faster than life a contact goes; 60 makes a minute a second.
        first: Names of plots the first contacts follow, so that a demonstration has something to
            show; they begin a second apart, with the first customers in their order.

    Raises:
        ValueError: An argument is out of bounds, or a plot is unknown.
    """
    if customers < 2 or rate_e2 < 1 or speed < 1:
        raise ValueError(
            f"need customers >= 2, rate > 0, speed >= 1: {customers=} {rate_e2=} {speed=}"
        )
    if unknown := [name for name in first if name not in PLOTS]:
        raise ValueError(f"unknown plots {unknown}; known are {sorted(PLOTS)}")
    everybody = people(seed, customers)
    chance = random.Random(f"{seed}:contacts")  # noqa: S311  # a simulation, no secret
    free_ms = dict.fromkeys(range(customers), start_ms)  # those who are gone are left out
    known: set[int] = set()
    names, weights = list(PLOTS), [plot.weight for plot in PLOTS.values()]
    gap_ms = 100_000 * MEAN_EVENTS / rate_e2
    at_ms, number = start_ms, 0
    while (duration_ms is None or at_ms < start_ms + duration_ms) and free_ms:
        name = first[number] if number < len(first) else chance.choices(names, weights)[0]
        free = [one for one, since_ms in free_ms.items() if since_ms <= at_ms]
        if len(free) * 100 >= len(free_ms) * (100 - _MOST_AT_ONCE_E2) and free:
            one = number if number < len(first) and number in free else chance.choice(free)
            story, told = _tell(
                everybody[one],
                PLOTS[name],
                name,
                number,
                seed,
                at_ms,
                speed,
                greet=one not in known,
            )
            known.add(one)
            if PLOTS[name].leaves:
                del free_ms[one]
            else:
                free_ms[one] = story.ends_ms + 1
            yield story, told
            number += 1
        at_ms += 1_000 if number < len(first) else 1 + int(chance.expovariate(1 / gap_ms))


def events(
    seed: int,
    customers: int,
    start_ms: int,
    *,
    duration_ms: int | None,
    rate_e2: int,
    speed: int = 1,
    first: Sequence[str] = (),
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
    )
    waiting: list[tuple[int, int, int, Event]] = []
    for story, written in told:
        while waiting and waiting[0][0] < story.starts_ms:
            yield heapq.heappop(waiting)[-1]
        for place, event in enumerate(written):
            if duration_ms is None or event["ts"] < start_ms + duration_ms:
                heapq.heappush(waiting, (event["ts"], story.number, place, event))
    while waiting:
        yield heapq.heappop(waiting)[-1]


def _tell(
    person: Person,
    plot: Plot,
    name: str,
    number: int,
    seed: int,
    starts_ms: int,
    speed: int,
    *,
    greet: bool,
) -> tuple[Story, tuple[Event, ...]]:
    """Let one plot happen to one person."""
    chance = random.Random(f"{seed}:story:{number}")  # noqa: S311  # a simulation, no secret
    case = Case(person.lang, chance.choice(plot.things), chance)
    conversation, channel = f"t-{1001 + number}", chance.choice(_CHANNELS)
    written: list[Event] = []
    if greet:
        written.append(_profile(person, f"sim-{seed}-{number}-p", starts_ms))
    onset_ms = outcome_ms = None
    outcome: str | None = None
    at_ms = starts_ms
    for place, step in enumerate(plot.steps):
        at_ms += chance.randint(step.after_s[0] * 1_000, step.after_s[1] * 1_000) // speed
        if place == plot.onset:
            onset_ms = at_ms
        if not isinstance(step, End) and chance.randrange(100) >= step.chance_e2:
            continue
        if isinstance(step, End) and outcome is None:
            outcome, outcome_ms = step.type, at_ms
        event = {
            "event_id": f"sim-{seed}-{number}-{place}",
            "customer": person.customer,
            "ts": at_ms,
        }
        written.append(event | _content(step, person, case, chance, conversation, channel))
    story = Story(
        number=number,
        customer=person.customer,
        lang=person.lang,
        plot=name,
        conversation=conversation,
        starts_ms=starts_ms,
        onset_ms=onset_ms,
        outcome=outcome,
        outcome_ms=outcome_ms,
        ends_ms=at_ms,
    )
    return story, tuple(written)


def _profile(person: Person, event_id: str, ts: int) -> Event:
    return {
        "event_id": event_id,
        "customer": person.customer,
        "ts": ts,
        "kind": "profile",
        "name": person.name,
        "tier": person.tier,
        "language": person.lang,
    }


def _content(
    step: Step, person: Person, case: Case, chance: random.Random, conversation: str, channel: str
) -> Event:
    if isinstance(step, Say):
        text = case.say(step.author, step.act)
        if step.author == "customer":
            text = typed(text, person.lang, chance, sloppy_e2=person.sloppy_e2)
        return {
            "kind": "message",
            "conversation": conversation,
            "author": step.author,
            "channel": channel,
            "text": text,
        }
    kind = "interaction" if isinstance(step, Meet) else "outcome"
    return {"kind": kind, "type": step.type}
