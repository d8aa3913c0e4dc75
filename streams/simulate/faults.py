"""Records as the world sends them: bytes, and on request some of them spoilt.

Real topics carry duplicates, records out of order and garbage. `spoilt` adds all three, drawn from
a seed, so that a run with faults can be repeated like one without. Late records lose nothing,
duplicates are folded once, and garbage becomes dead letters.

Next step: `nabz simulate` writes the records to a file or a topic.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from streams.simulate.shop import Event

_encoder: Final = msgspec.json.Encoder()
_LATE_BY: Final = 3  # records that overtake a late one


class Sent(NamedTuple):
    """One record: its key, its value, and when it is due, in milliseconds since the epoch."""

    key: bytes
    value: bytes
    due_ms: int


def record(event: Event) -> Sent:
    """An event as a record of `nabz.events.v1`, keyed by customer.

    >>> record({"customer": "c-1", "ts": 5})
    Sent(key=b'c-1', value=b'{"customer":"c-1","ts":5}', due_ms=5)
    """
    return Sent(event["customer"].encode(), _encoder.encode(event), event["ts"])


def records(events: Iterable[Event]) -> Iterator[Sent]:
    """Events as records, in their order."""
    return map(record, events)


def spoilt(sent: Iterable[Sent], *, seed: int, share_e2: int) -> Iterator[Sent]:
    """Add faults: of a hundred records about `share_e2` are followed by garbage, repeated or late.

    Garbage stands beside the records and replaces none, so every event still arrives.

    >>> whole = [Sent(b"c", b'{"n":%d}' % n, n) for n in range(300)]
    >>> {one.value for one in whole} <= {one.value for one in spoilt(whole, seed=1, share_e2=20)}
    True
    """
    chance = random.Random(f"{seed}:faults")  # noqa: S311  # a simulation, no secret
    held: list[tuple[int, Sent]] = []  # records let through since, and the late one
    for one in sent:
        fault = (
            chance.choice(("twice", "late", "garbage")) if chance.randrange(100) < share_e2 else ""
        )
        if fault == "late":
            held.append((0, one))
        else:
            yield one
        if fault == "twice":
            yield one
        if fault == "garbage":
            yield one._replace(value=_garbage(one.value, chance))
        held = [(passed + 1, late) for passed, late in held]
        while held and held[0][0] > _LATE_BY:
            yield held.pop(0)[1]._replace(due_ms=one.due_ms)
    for _, late in held:
        yield late


def _garbage(value: bytes, chance: random.Random) -> bytes:
    """A record nobody can read, each for another reason."""
    kind = chance.randrange(5)
    if kind == 0:
        return value[: len(value) // 2]
    if kind == 1:
        return b"<ping/>"
    if kind == 2:
        return b'["not", "an", "object"]'
    if kind == 3:
        return b'{"kind":"message","customer":"c-1","ts":"at ten","author":"customer","text":"?"}'
    return b'{"kind":"message","ts":0,"author":"customer","text":"whose is this?"}'
