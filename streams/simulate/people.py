"""The customers of the shop, and which of them are free for something to happen to them.

Next step: `streams.simulate.telling` lets a plot happen to one of them.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import Final

from streams.simulate.sentences import Lang, sentences

_TIERS: Final = ("basic", "basic", "basic", "plus", "gold")
_PERSIAN_E2: Final = 45  # share of customers who write Persian


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


def person(seed: int, number: int) -> Person:
    """A customer of the shop, by number from 0 on."""
    return drawn(f"c-{101 + number}", f"{seed}:person:{number}")


def drawn(customer: str, seed: str) -> Person:
    """A customer of that name, all else drawn from a seed."""
    chance = random.Random(seed)  # noqa: S311  # a simulation, no secret
    lang: Lang = "fa" if chance.randrange(100) < _PERSIAN_E2 else "en"
    given, family = (chance.choice(sentences(lang).names).split() for _ in range(2))
    sloppy_e2 = chance.choice((0, 10, 25, 50))
    return Person(customer, f"{given[0]} {family[-1]}", lang, chance.choice(_TIERS), sloppy_e2)


def people(seed: int, customers: int) -> tuple[Person, ...]:
    """The customers of the shop.

    >>> [one.customer for one in people(1, 3)]
    ['c-101', 'c-102', 'c-103']
    """
    return tuple(person(seed, number) for number in range(customers))


class Fleet:
    """Customers by number: who is free, busy or gone. Time only goes forward.

    Drawing one takes microseconds with a hundred thousand of them.

    >>> fleet = Fleet(3)
    >>> fleet.busy(1, 50); fleet.gone(2); fleet.free
    [0]
    >>> fleet.advance(50); fleet.join(); fleet.free, len(fleet)
    ([0, 1, 3], 3)

    Attributes:
        free: Numbers of those who are free, in order.
    """

    def __init__(self, customers: int) -> None:
        """All are free."""
        self.free = list(range(customers))
        self._newest = customers - 1
        self._until_ms: dict[int, int] = {}
        self._queue: list[tuple[int, int]] = []

    def __len__(self) -> int:
        """How many are not gone."""
        return len(self.free) + len(self._until_ms)

    def advance(self, now_ms: int) -> None:
        """Free those whose time has come."""
        while self._queue and self._queue[0][0] <= now_ms:
            until_ms, who = heapq.heappop(self._queue)
            if self._until_ms.get(who) == until_ms:  # else it was put off, or they are gone
                del self._until_ms[who]
                insort(self.free, who)

    def join(self) -> None:
        """One more, who is free."""
        self._newest += 1
        self.free.append(self._newest)

    def is_free(self, who: int) -> bool:
        """Are they?"""
        place = bisect_left(self.free, who)
        return place < len(self.free) and self.free[place] == who

    def busy(self, who: int, until_ms: int) -> None:
        """Nothing else happens to them before then."""
        if self.is_free(who):
            del self.free[bisect_left(self.free, who)]
        self._until_ms[who] = until_ms
        heapq.heappush(self._queue, (until_ms, who))

    def gone(self, who: int) -> None:
        """Nothing happens to them any more."""
        if self.is_free(who):
            del self.free[bisect_left(self.free, who)]
        self._until_ms.pop(who, None)
