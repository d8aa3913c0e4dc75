"""When events arrive: outages hold them back or lose them, imports come at night, some come twice.

An event keeps the time it happened at; what changes is when its record is due. The sources of the
shop are its channels, and `shop` for all that has none: interactions, profiles, outcomes. Without
any of it each record is due when it happened.

Next step: `streams.simulate.faults` spoils a few records on request, `streams.simulate.truth` tells
what was held and lost.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from streams.simulate.faults import Sent, record
from streams.simulate.telling import Event

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_LASTS_MS: Final = (5 * _MINUTE_MS, 120 * _MINUTE_MS)
_AGAIN_MS: Final = (1_000, 10 * _MINUTE_MS)  # how much later a record comes the second time
_CHANNELS: Final = ("chat", "app", "email")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is switched on.

    Attributes:
        outages_every_ms: Mean time between two outages of a source; None for none.
        lost_e2: Share of outages whose records never come, in hundredths; the others are held
            back until the outage is over.
        imports_e2: Share of customers whose interactions, profiles and outcomes are imported at
            the next midnight UTC, in hundredths.
        duplicates_e2: Share of records that come a second time, in hundredths.
    """

    outages_every_ms: int | None = None
    lost_e2: int = 0
    imports_e2: int = 0
    duplicates_e2: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        shares = (self.lost_e2, self.imports_e2, self.duplicates_e2)
        if not all(0 <= one <= 100 for one in shares):
            raise ValueError(f"need shares from 0 to 100: {self}")
        if self.outages_every_ms is not None and self.outages_every_ms < 1:
            raise ValueError(f"need time between outages: {self}")


AT_ONCE: Final = Delivery()


class Outage(msgspec.Struct, frozen=True, tag_field="truth", tag="outage"):
    """A time in which a source gives nothing.

    Attributes:
        source: `chat`, `app` or `email`.
        starts_ms: Events from here on are not delivered.
        ends_ms: What was held back comes now.
        lost: It never comes.
        records: How many events fell into it; filled in where the truth is written.
    """

    id: str
    source: str
    starts_ms: int
    ends_ms: int
    lost: bool
    records: int = 0


class Outages:
    """The outages of a run, made as far as they are asked for.

    >>> outages = Outages(1, 0, every_ms=3_600_000, lost_e2=0)
    >>> one = next(one for one in map(outages.at, ("chat",) * 10**6, range(0, 10**9, 1_000)) if one)
    >>> one.starts_ms < one.ends_ms, outages.at("shop", one.starts_ms)
    (True, None)
    """

    def __init__(
        self, seed: int, start_ms: int, *, every_ms: int | None, lost_e2: int, speed: int = 1
    ) -> None:
        """None yet; `every_ms` of None stays without any."""
        self._chance = random.Random(f"{seed}:outages")  # noqa: S311  # a simulation, no secret
        self._every_ms = every_ms
        self._lost_e2 = lost_e2
        self._speed = speed
        self._known_ms = start_ms
        self._number = 0
        self._starts: dict[str, list[int]] = {source: [] for source in _CHANNELS}
        self._found: dict[str, list[Outage]] = {source: [] for source in _CHANNELS}

    def at(self, source: str, at_ms: int) -> Outage | None:
        """The outage a source is in, if it is in one."""
        if self._every_ms is None or source not in self._starts:
            return None
        while self._known_ms <= at_ms:
            self._next(self._every_ms)
        place = bisect_right(self._starts[source], at_ms) - 1
        if place < 0 or self._found[source][place].ends_ms <= at_ms:
            return None
        return self._found[source][place]

    def before(self, end_ms: int) -> list[Outage]:
        """All that begin before then, in order."""
        self.at(_CHANNELS[0], end_ms)
        found = (one for some in self._found.values() for one in some if one.starts_ms < end_ms)
        return sorted(found, key=lambda one: one.starts_ms)

    def _next(self, every_ms: int) -> None:
        chance = self._chance
        self._number += 1
        starts_ms = self._known_ms + 1 + int(chance.expovariate(1 / every_ms))
        ends_ms = starts_ms + max(1, chance.randint(*_LASTS_MS) // self._speed)
        source, lost = chance.choice(_CHANNELS), chance.randrange(100) < self._lost_e2
        self._starts[source].append(starts_ms)
        self._found[source].append(Outage(f"o-{self._number}", source, starts_ms, ends_ms, lost))
        self._known_ms = ends_ms


def outages_of(delivery: Delivery, seed: int, start_ms: int, *, speed: int) -> Outages:
    """The outages of a run."""
    return Outages(
        seed,
        start_ms,
        every_ms=delivery.outages_every_ms,
        lost_e2=delivery.lost_e2,
        speed=speed,
    )


def source_of(event: Event) -> str:
    """The source of the shop an event comes from.

    >>> source_of({"channel": "chat"}), source_of({"kind": "outcome"})
    ('chat', 'shop')
    """
    return str(event.get("channel", "shop"))


def delivered(
    events: Iterable[Event], delivery: Delivery, *, seed: int, start_ms: int, speed: int = 1
) -> Iterator[Sent]:
    """Events as records, in the order they arrive; of equal times in the order they happened.

    Args:
        events: In order of their times.
        delivery: What happens on the way.
        seed: Of the run.
        start_ms: Of the run.
        speed: How many times faster than life outages and repetitions go.

    >>> one = {"event_id": "e", "customer": "c-1", "ts": 5}
    >>> [sent.due_ms for sent in delivered([one], Delivery(imports_e2=100), seed=1, start_ms=0)]
    [86400000]
    """
    outages = outages_of(delivery, seed, start_ms, speed=speed)
    waiting: list[tuple[int, int, Sent]] = []
    count = 0
    for event in events:
        while waiting and waiting[0][0] <= event["ts"]:
            yield heapq.heappop(waiting)[-1]
        outage = outages.at(source_of(event), event["ts"])
        if outage is not None and outage.lost:
            continue
        due_ms = event["ts"] if outage is None else outage.ends_ms
        if _imported(event, delivery, seed):
            due_ms = (due_ms // _DAY_MS + 1) * _DAY_MS
        sent = record(event)._replace(due_ms=due_ms)
        for due in (due_ms, *_again(event, due_ms, delivery, seed, speed)):
            if due == event["ts"]:
                yield sent
            else:
                heapq.heappush(waiting, (due, count, sent._replace(due_ms=due)))
            count += 1
    while waiting:
        yield heapq.heappop(waiting)[-1]


def _imported(event: Event, delivery: Delivery, seed: int) -> bool:
    if not delivery.imports_e2 or source_of(event) != "shop":
        return False
    chance = random.Random(f"{seed}:import:{event['customer']}")  # noqa: S311  # no secret
    return chance.randrange(100) < delivery.imports_e2


def _again(event: Event, due_ms: int, delivery: Delivery, seed: int, speed: int) -> tuple[int, ...]:
    """When it comes a second time, if it does."""
    if not delivery.duplicates_e2:
        return ()
    chance = random.Random(f"{seed}:again:{event['event_id']}")  # noqa: S311  # no secret
    if chance.randrange(100) >= delivery.duplicates_e2:
        return ()
    return (due_ms + max(1, chance.randint(*_AGAIN_MS) // speed),)
