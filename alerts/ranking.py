"""In which order customers, or alerts, are to be looked at where there is time for some only.

By expected loss, but never by it alone: of all places a share belongs to whoever is most
distressed, so that a low value hides no distress, and who is exempt (a vulnerable person, a red
flag, a critical alert) comes first whatever they are worth. The shares hold at every length of the
list, so it may be cut anywhere: of the first hundred places the first thirty most distressed are
there, and of the first ten the first three.

Next step: `nabz top` (`streams.cli.top`) lists customers in this order, `alerts.message` the
alerts of a digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

RESERVED_PERCENT: Final = 30
"""Places for distress alone, of a hundred, where nothing else is configured."""

By = Literal["exempt", "distress", "loss"]


class Standing(NamedTuple):
    """One customer or alert, as it is ranked.

    Attributes:
        key: Names it; of two that are equal otherwise, the smaller key comes first.
        distress_e2: Distress, or the score an alert was raised by; None while unknown.
        loss_e2: Expected loss in hundredths of a unit; None while unknown.
        exempt: Its value does not matter.
    """

    key: str
    distress_e2: int | None
    loss_e2: int | None = None
    exempt: bool = False


class Place(NamedTuple):
    """Whose turn it is, and what they have it by."""

    key: str
    by: By


def ranked(
    standings: Iterable[Standing], *, reserved_percent: int = RESERVED_PERCENT
) -> list[Place]:
    """Order by expected loss, with places for distress alone.

    Args:
        standings: In any order; no key twice.
        reserved_percent: Of a hundred places so many are for the most distressed, 0 to 100.

    Returns:
        All of them: who is exempt, most distressed first; then place by place. Of the first n
        places after them at least `reserved_percent` hundredths, rounded up, are of the most
        distressed there are. Unknown comes last.

    >>> rich, poor = Standing("rich", 2_000, 90_000), Standing("poor", 9_000, 100)
    >>> [place.key for place in ranked([rich, poor])]
    ['poor', 'rich']
    """
    all_of = tuple(standings)
    first = sorted((one for one in all_of if one.exempt), key=_distress)
    rest = [one for one in all_of if not one.exempt]
    places = [Place(one.key, "exempt") for one in first]
    taken: set[str] = set()
    distressed, losing = iter(sorted(rest, key=_distress)), iter(sorted(rest, key=_loss))
    for number in range(len(rest)):
        # The place at which the reserved share, rounded up, grows by one.
        reserved = -(-(number + 1) * reserved_percent // 100) > -(-number * reserved_percent // 100)
        one = _next(distressed if reserved else losing, taken)
        taken.add(one.key)
        places.append(Place(one.key, "distress" if reserved else "loss"))
    return places


def _distress(one: Standing) -> tuple[bool, int, str]:
    unknown = one.distress_e2 is None
    return unknown, -(one.distress_e2 or 0), one.key


def _loss(one: Standing) -> tuple[bool, int, tuple[bool, int, str]]:
    unknown = one.loss_e2 is None
    return unknown, -(one.loss_e2 or 0), _distress(one)


def _next(standings: Iterator[Standing], taken: set[str]) -> Standing:
    return next(one for one in standings if one.key not in taken)
