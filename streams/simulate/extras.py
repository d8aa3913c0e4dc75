"""What a shop may have beside its plots, all of it off unless asked for.

Incidents hit many customers at once, some customers fall quiet, some put displeasure as praise,
programs write as if they were customers, and one customer is as large as a thousand others.

Next step: `streams.simulate.shop` mixes it in.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from streams.simulate.people import drawn
from streams.simulate.plots import PLOTS, STRUCK, Plot, Say, mean_events
from streams.simulate.telling import Manner, Told, tell

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_LASTS_MS: Final = (20 * _MINUTE_MS, 90 * _MINUTE_MS)
_HIT_E2: Final = (5, 25)  # share of the free customers an incident hits
_CONTACTS: Final = (3, 8)  # contacts before a quiet customer falls quiet
_EVERY_MS: Final = (5 * _MINUTE_MS, 120 * _MINUTE_MS)  # how often a program writes


@dataclass(frozen=True, slots=True)
class Extras:
    """What is switched on.

    Attributes:
        incidents_every_ms: Mean time between two incidents; None for none.
        renewed: For each customer who leaves a new one comes; else a long run dies out, as one
            contact in twenty ends with somebody leaving.
        quiet_e2: Share of customers who fall quiet and leave, in hundredths.
        sarcasm_e2: How often displeasure is put as praise, in hundredths.
        bots: Programs that write as customers.
        heavy_events: About how many events one more customer has within the duration.
    """

    incidents_every_ms: int | None = None
    renewed: bool = False
    quiet_e2: int = 0
    sarcasm_e2: int = 0
    bots: int = 0
    heavy_events: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        shares = (self.quiet_e2, self.sarcasm_e2)
        if not all(0 <= one <= 100 for one in shares) or min(self.bots, self.heavy_events) < 0:
            raise ValueError(f"need shares from 0 to 100 and counts from 0 on: {self}")
        if self.incidents_every_ms is not None and self.incidents_every_ms < 1:
            raise ValueError(f"need time between incidents: {self}")


NOTHING: Final = Extras()


class Incident(msgspec.Struct, frozen=True, tag_field="truth", tag="incident"):
    """One cause that hits many customers; their contacts name its id.

    Attributes:
        thing: What does not work, a key of `things` in the sentences.
        city: Number of the town.
        starts_ms: When it begins.
        ends_ms: Nobody is hit from here on.
        customers: Who was hit, in the order they came; filled in where the truth is written.
    """

    id: str
    thing: str
    city: int
    starts_ms: int
    ends_ms: int
    customers: tuple[str, ...] = ()


def incidents(seed: int, start_ms: int, *, every_ms: int, speed: int = 1) -> Iterator[Incident]:
    """Incidents without end, in order of time; one begins when the one before is over.

    >>> one = next(incidents(1, 0, every_ms=3_600_000))
    >>> one.id, one.starts_ms < one.ends_ms
    ('i-1', True)
    """
    chance = random.Random(f"{seed}:incidents")  # noqa: S311  # a simulation, no secret
    at_ms, number = start_ms, 0
    while True:
        number += 1
        at_ms += 1 + int(chance.expovariate(1 / every_ms))
        ends_ms = at_ms + max(1, chance.randint(*_LASTS_MS) // speed)
        yield Incident(
            f"i-{number}", chance.choice(STRUCK.things), chance.randrange(100), at_ms, ends_ms
        )
        at_ms = ends_ms


def hit(incident: Incident, seed: int, free: list[int]) -> list[tuple[int, int]]:
    """Who of the free is hit, as pairs of time and number, in no order; at least one of them."""
    chance = random.Random(f"{seed}:{incident.id}")  # noqa: S311  # a simulation, no secret
    count = min(len(free), max(1, len(free) * chance.randint(*_HIT_E2) // 100))
    length_ms = incident.ends_ms - incident.starts_ms
    return [
        (incident.starts_ms + chance.randrange(length_ms), who)
        for who in chance.sample(free, count)
    ]


def quiet_after(seed: int, who: int, quiet_e2: int) -> int | None:
    """After how many contacts a customer falls quiet; None for never."""
    chance = random.Random(f"{seed}:quiet:{who}")  # noqa: S311  # a simulation, no secret
    return chance.randint(*_CONTACTS) if chance.randrange(100) < quiet_e2 else None


def heavy(
    seed: int, start_ms: int, *, duration_ms: int, count: int, speed: int, sarcasm_e2: int
) -> Iterator[Told]:
    """Contacts of customer `h-1`, a house of many people: they overlap, and nobody leaves.

    >>> story, _ = next(heavy(1, 0, duration_ms=1_000, count=50, speed=1, sarcasm_e2=0))
    >>> story.customer, story.conversation
    ('h-1', 't-h0')
    """
    plots = {name: plot for name, plot in PLOTS.items() if not plot.leaves}
    weights = [plot.weight for plot in plots.values()]
    mean = sum(plot.weight * mean_events(plot) for plot in plots.values()) / sum(weights)
    chance = random.Random(f"{seed}:heavy")  # noqa: S311  # a simulation, no secret
    someone = drawn("h-1", f"{seed}:heavy:person")
    at_ms, number, left = start_ms, 0, count
    while left > 0 and at_ms < start_ms + duration_ms:
        (name,) = chance.choices(list(plots), weights)
        manner = Manner(
            name,
            number,
            label=f"h{number}",
            speed=speed,
            greet=number == 0,
            sarcasm_e2=sarcasm_e2,
        )
        story, written = tell(someone, plots[name], manner, seed, at_ms)
        yield story, written
        number, left = number + 1, left - len(written)
        # What is left over what time is left: short contacts are followed by more of them.
        gap_ms = (start_ms + duration_ms - at_ms) * mean / max(left, 1)
        at_ms += 1 + int(gap_ms * chance.uniform(0.5, 1.5))


def bot(seed: int, number: int, start_ms: int, *, speed: int) -> Iterator[Told]:
    """What a program `b-N` writes, each day a conversation: the same line at the same distance.

    >>> story, told = next(bot(1, 1, 0, speed=1))
    >>> story.customer, story.plot, len({one["text"] for one in told if one["kind"] == "message"})
    ('b-1', 'bot', 1)
    """
    customer = f"b-{number}"
    chance = random.Random(f"{seed}:{customer}")  # noqa: S311  # a simulation, no secret
    someone = drawn(customer, f"{seed}:{customer}:person")
    every_ms, day = chance.randint(*_EVERY_MS), 0
    every_s = every_ms // 1_000
    lines = _DAY_MS // every_ms
    steps = (Say("customer", "machine", (0, 0)),) + (
        Say("customer", "machine", (every_s, every_s)),
    ) * (lines - 1)
    while True:
        told = tell(
            someone,
            Plot(0, ("app",), steps),
            Manner("bot", day, label=f"{customer}-{day}", speed=speed, greet=day == 0),
            seed,
            start_ms + day * (_DAY_MS // speed),
        )
        yield _same(told)
        day += 1


def _same(told: Told) -> Told:
    """With the first line all along: programs do not vary their words."""
    story, written = told
    text = next(one["text"] for one in written if one["kind"] == "message")
    return story, tuple(one | {"text": text} if "text" in one else one for one in written)
