"""Rings of panes: what happened when, in three resolutions, and the sums over it.

A ring is a tuple of panes, oldest first; a pane is `(index, *measures)`, all integers, and covers
the closed-open time `[index * width_ms, (index + 1) * width_ms)` since the Unix epoch. Panes
without events are absent. A window is the n newest panes, that of `now` included. Leaky sums weigh
a pane by its age from an integer table and shift once at the end, so the order of arrival never
shows and no float enters. An event older than the ring is refused, and the caller counts it. At
rest a long ring is packed, half as large as a list of its numbers.

Next step: `scoring.customer` keeps three rings per customer, `scoring.health` sums over them.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from operator import mul
from typing import Final, NamedTuple

from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS
from scoring.records import FAMILIES

COUNTS: Final = ("contacts", "messages", "negatives", "replies")
MEASURES: Final = (*COUNTS, *FAMILIES)
"""Columns of a pane after its index; families are hundredths of points.

Days hold all of them, hours contacts and points (the other counts are 0), minutes counts only.
"""

COLUMN: Final = {name: place for place, name in enumerate(MEASURES, start=1)}

Pane = tuple[int, ...]
Ring = tuple[Pane, ...]


class Width(NamedTuple):
    """A resolution: how long a pane is and how many are kept."""

    pane_ms: int
    panes: int


MINUTES: Final = Width(MINUTE_MS, 60)
HOURS: Final = Width(HOUR_MS, 168)
DAYS: Final = Width(DAY_MS, 90)

_SHIFT: Final = 16


def half_life_weights(half_life: int, ages: int) -> tuple[int, ...]:
    """Weights in 1/65536 by age in panes, halving every `half_life` panes.

    >>> half_life_weights(12, 25)[::12]
    (65536, 32768, 16384)
    """
    return tuple(round((1 << _SHIFT) * 0.5 ** (age / half_life)) for age in range(ages))


FAST: Final = half_life_weights(12, HOURS.panes)
"""By age in hours, half-life 12 h: short enough to see bursts."""

SLOW: Final = half_life_weights(14, DAYS.panes)
"""By age in days, half-life 14 d: the relationship."""


def add(ring: Ring, index: int, panes: int, measures: tuple[int, ...]) -> Ring | None:
    """Add one event's measures to the pane `index`; None if it is older than the ring reaches.

    >>> add((), 7, 3, (1, 0))
    ((7, 1, 0),)
    >>> add(((7, 1, 0),), 9, 3, (1, 5))
    ((7, 1, 0), (9, 1, 5))
    >>> add(((7, 1, 0), (9, 1, 5)), 10, 3, (1, 0))
    ((9, 1, 5), (10, 1, 0))
    >>> add(((9, 1, 5), (10, 1, 0)), 7, 3, (1, 0)) is None
    True
    """
    if not ring or index > ring[-1][0]:
        oldest = index - panes
        kept = ring if not ring or ring[0][0] > oldest else tuple(p for p in ring if p[0] > oldest)
        return (*kept, (index, *measures))
    if index <= ring[-1][0] - panes:
        return None
    place = len(ring) - 1
    while place >= 0 and ring[place][0] > index:
        place -= 1
    if place >= 0 and ring[place][0] == index:
        pane = ring[place]
        merged = (index, *(have + more for have, more in zip(pane[1:], measures, strict=True)))
        return (*ring[:place], merged, *ring[place + 1 :])
    return (*ring[: place + 1], (index, *measures), *ring[place + 1 :])


def window(ring: Ring, now_index: int, panes: int, column: int) -> int:
    """Sum one column over the `panes` newest panes, that of `now_index` included.

    >>> window(((7, 1, 0), (9, 1, 5)), 9, 2, 2)
    5
    """
    oldest = now_index - panes
    return sum([pane[column] for pane in ring if oldest < pane[0] <= now_index])


def leaky(ring: Ring, now_index: int, weights: tuple[int, ...], column: int) -> int:
    """Sum one column, each pane weighed by its age; panes after `now_index` count as nothing.

    >>> leaky(((0, 800),), 12, FAST, 1)
    400
    """
    total, reach = 0, len(weights)
    for pane in ring:
        age = now_index - pane[0]
        if 0 <= age < reach:
            total += pane[column] * weights[age]
    return total >> _SHIFT


_POINTS: Final = COLUMN[FAMILIES[0]]


def leaky_points(ring: Ring, now_index: int, weights: tuple[int, ...]) -> dict[str, int]:
    """The leaky sum of each family that has points, all in one pass.

    >>> pane = (12, *(0 for _ in COUNTS), *(80 * (family == "effort") for family in FAMILIES))
    >>> leaky_points((pane,), 24, FAST), leaky_points((pane,), 11, FAST)
    ({'effort': 40}, {})
    """
    oldest = now_index - len(weights)
    if ring and (ring[0][0] <= oldest or ring[-1][0] > now_index):
        ring = tuple([pane for pane in ring if oldest < pane[0] <= now_index])
    if not ring:
        return {}
    # Column by column: most hold nothing but zeros, and the rest is multiplied without a loop.
    indices, *columns = zip(*ring, strict=True)
    worth = [weights[now_index - index] for index in indices]
    return {
        family: total
        for family, column in zip(FAMILIES, columns[_POINTS - 1 :], strict=True)
        if any(column) and (total := sum(map(mul, worth, column)) >> _SHIFT)
    }


_HEAD: Final = struct.Struct("<qHB")
_CODES: Final = ("", "B", "H", "I", "Q")  # by width; a column of zeros takes no place at all
_BYTES: Final = (0, 1, 2, 4, 8)
_FITS: Final = (0, 0xFF, 0xFFFF, 0xFFFF_FFFF)
_SPARSE: Final = 0x80  # a bit for each pane, then only what is not 0


def pack(ring: Ring) -> bytes:
    """A ring as bytes, column by column, each as wide as its largest number needs.

    A column of many zeros is a mask, the first pane its lowest bit, and the other numbers.

    Args:
        ring: At least one pane, all of the same measures, none negative.

    >>> len(pack(((500_000, 1, 0, 700), (500_003, 2, 0, 90)))), unpack(pack(((7, 1, 0), (9, 1, 5))))
    (23, ((7, 1, 0), (9, 1, 5)))
    """
    indices, *measures = zip(*ring, strict=True)
    first, count = indices[0], len(ring)
    parts = [_HEAD.pack(first, count, len(measures))]
    for column in (tuple([index - first for index in indices]), *measures):
        width = bisect_left(_FITS, max(column))
        zeros, mask_bytes = column.count(0), (count + 7) // 8
        if width and zeros * _BYTES[width] > mask_bytes:
            mask = sum(1 << place for place, number in enumerate(column) if number)
            parts += (b"%c" % (width | _SPARSE), mask.to_bytes(mask_bytes, "little"))
            column = tuple(filter(None, column))  # noqa: PLW2901  # what is left of it
        else:
            parts.append(b"%c" % width)
        if width:
            parts.append(struct.pack(f"<{len(column)}{_CODES[width]}", *column))
    return b"".join(parts)


def unpack(data: bytes) -> Ring:
    """The ring that `pack` was given.

    Raises:
        struct.error, IndexError: These bytes are no ring.
    """
    first, count, measures = _HEAD.unpack_from(data)
    at, mask_bytes = _HEAD.size, (count + 7) // 8
    columns = []
    for _ in range(measures + 1):
        width, sparse = data[at] & ~_SPARSE, data[at] & _SPARSE
        at += 1
        mask = 0
        if sparse:
            mask = int.from_bytes(data[at : at + mask_bytes], "little")
            at += mask_bytes
        kept = mask.bit_count() if sparse else count
        column = struct.unpack_from(f"<{kept}{_CODES[width]}", data, at) if width else (0,) * count
        at += kept * _BYTES[width]
        if sparse:
            numbers = iter(column)
            column = tuple([next(numbers) if mask >> place & 1 else 0 for place in range(count)])
        columns.append(column)
    columns[0] = tuple([first + offset for offset in columns[0]])
    return tuple(zip(*columns, strict=True))
