"""The events every contestant of the benchmark meets: customers of a support desk, from one seed.

Half are chat texts of support-like lengths, made of the simulator's sentences as careless hands
type them; one of five is an agent's. Half are interactions, most of them harmless. Customers follow
Zipf's law with exponent 0.9, one event of ten is late by up to 20 seconds, and all of it spans
`SPAN_MS` of event time. Equal arguments give equal bytes.

Next step: `bench.contest` writes them to a topic and has them worked through.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from streams.simulate.plots import PLOTS, Say
from streams.simulate.sentences import Case, Lang, typed

CUSTOMERS: Final = 10_000
SPAN_MS: Final = 26 * 3_600_000
PERSIAN_E2: Final = 10
_EXPONENT: Final = 0.9
_LATE_MS: Final = 20_000
_CONTACT_EVENTS: Final = 7
_REFERENCE_E2: Final = 70
"""So many of a hundred texts name a case, or else a few hundred sentences would repeat too much."""
HARMLESS: Final = ("page_view", "order_placed", "item_added")
FAILING: Final = ("page_error", "payment_failed", "login_failed", "app_crash")
_TYPES: Final = HARMLESS * 4 + FAILING


class Event(NamedTuple):
    """One record of the source: key and value."""

    customer: bytes
    value: bytes


def _plots() -> list[tuple[str, list[Say]]]:
    """Names of plots, as often as they are likely, with what is said in them."""
    said = {
        name: [one for one in plot.steps if isinstance(one, Say)] for name, plot in PLOTS.items()
    }
    return [(name, said[name]) for name, plot in PLOTS.items() for _ in range(plot.weight)]


class _Desk:
    """Texts of one language, drawn as they are needed."""

    def __init__(self, lang: Lang, chance: random.Random) -> None:
        self._lang, self._chance = lang, chance
        self._plots = _plots()

    def text(self, *, agent: bool) -> str:
        """One to five sentences of one plot by one author."""
        chance = self._chance
        while True:
            name, steps = chance.choice(self._plots)
            acts = [one.act for one in steps if (one.author == "customer") != agent]
            if acts:
                break
        case = Case(self._lang, chance.choice(PLOTS[name].things), chance)
        count = chance.choices((1, 2, 3, 5), (50, 28, 15, 7))[0]
        author = "agent" if agent else "customer"
        said = " ".join(case.say(author, chance.choice(acts)) for _ in range(count))
        if chance.randrange(100) < _REFERENCE_E2:
            said += f" #{chance.randrange(100_000, 1_000_000)}"
        return said if agent else typed(said, self._lang, chance, sloppy_e2=40)


def events(seed: int, count: int, start_ms: int, *, customers: int = CUSTOMERS) -> Iterator[Event]:
    """Events in the order they arrive, in the native form of `nabz.events.v1`.

    Args:
        seed: Decides everything else.
        count: How many.
        start_ms: Event time of the first; the last comes `SPAN_MS` later.
        customers: How many there are to draw from.

    >>> [one.customer for one in events(7, 2, 0, customers=5)]
    [b'customer-000001', b'customer-000001']
    """
    chance = random.Random(f"{seed}:workload")
    weights = list(accumulate((rank + 1) ** -_EXPONENT for rank in range(customers)))
    drawn = chance.choices(range(customers), cum_weights=weights, k=count)
    english, persian = _Desk("en", chance), _Desk("fa", chance)
    seen: dict[int, int] = {}
    for number, customer in enumerate(drawn):
        ts = start_ms + SPAN_MS * number // count
        if chance.randrange(10) == 0:
            ts -= chance.randrange(_LATE_MS)
        name = f"customer-{customer:06}"
        event: dict[str, object] = {"event_id": f"e{number:09}", "customer": name, "ts": ts}
        if chance.randrange(2):
            agent = chance.randrange(5) == 0
            desk = persian if customer * 100 // 7 % 100 < PERSIAN_E2 else english
            contact = seen.get(customer, 0) // _CONTACT_EVENTS
            event |= {
                "kind": "message",
                "author": "agent" if agent else "customer",
                "conversation": f"{customer}-{contact}",
                "text": desk.text(agent=agent),
            }
        else:
            event |= {"kind": "interaction", "type": chance.choice(_TYPES)}
        seen[customer] = seen.get(customer, 0) + 1
        yield Event(name.encode(), json.dumps(event, ensure_ascii=False).encode())
