"""How well numbers tell bad from not bad, in plain Python: no package is needed to measure.

Every function takes badness, larger is worse, beside what people said: True is bad. Ties share
their rank, and the order of the examples never shows. Source of the formulas: Hanley and McNeil
(1982) for the error of an area, Wilson (1927) for the interval of a share.

Next step: `nabz score --eval`, `nabz fit` and `bench.evaluate` print these numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

_Z95: Final = 1.959964


class Measured(NamedTuple):
    """What one set of examples says about a scorer.

    Attributes:
        n: Examples.
        bad: How many of them are bad.
        auc: Chance that a bad one is rated worse than another; nan where one kind is missing.
        auc_se: Its standard error.
        ap: Average precision of the bad ones; nan where there is none.
        silent: Share rated exactly 0.
    """

    n: int
    bad: int
    auc: float
    auc_se: float
    ap: float
    silent: float


def measured(bad: Sequence[bool], badness: Sequence[float]) -> Measured:
    """Measure a scorer on examples.

    >>> found = measured([True, False, False], [0.9, 0.1, 0.0])
    >>> found.auc, found.ap, round(found.silent, 2)
    (1.0, 1.0, 0.33)
    """
    area = auc(bad, badness)
    count = sum(bad)
    return Measured(
        n=len(bad),
        bad=count,
        auc=area,
        auc_se=auc_error(area, count, len(bad) - count),
        ap=average_precision(bad, badness),
        silent=sum(one == 0 for one in badness) / len(badness) if badness else math.nan,
    )


def auc(bad: Sequence[bool], badness: Sequence[float]) -> float:
    """Chance that a bad example is rated worse than one that is not; a tie counts half.

    >>> auc([True, False, True, False], [3, 2, 1, 1])
    0.625
    """
    positives = sum(bad)
    negatives = len(bad) - positives
    if not positives or not negatives:
        return math.nan
    below = won = 0.0
    for _, tied in groupby(sorted(zip(badness, bad, strict=True)), key=lambda pair: pair[0]):
        kinds = [kind for _, kind in tied]
        hits = sum(kinds)
        won += hits * (below + (len(kinds) - hits) / 2)
        below += len(kinds) - hits
    return won / (positives * negatives)


def auc_error(area: float, positives: int, negatives: int) -> float:
    """Standard error of an area under the curve (Hanley and McNeil, 1982).

    >>> round(auc_error(0.8, 50, 50), 3)
    0.045
    """
    if not positives or not negatives:
        return math.nan
    two_bad, two_good = area / (2 - area), 2 * area * area / (1 + area)
    variance = area * (1 - area)
    variance += (positives - 1) * (two_bad - area * area)
    variance += (negatives - 1) * (two_good - area * area)
    return math.sqrt(max(0.0, variance / (positives * negatives)))


def average_precision(bad: Sequence[bool], badness: Sequence[float]) -> float:
    """Mean precision over the bad examples, from the worst rated on; ties come in together.

    >>> average_precision([True, False, True], [3, 2, 1])
    0.8333333333333333
    """
    positives = sum(bad)
    if not positives:
        return math.nan
    seen = hits = 0
    total = 0.0
    ranked = sorted(zip(badness, bad, strict=True), reverse=True)
    for _, tied in groupby(ranked, key=lambda pair: pair[0]):
        kinds = [kind for _, kind in tied]
        seen += len(kinds)
        hits += sum(kinds)
        total += sum(kinds) * hits / seen
    return total / positives


def wilson(right: int, read: int) -> tuple[float, float]:
    """Interval that holds a share in 95 of 100 samples (Wilson, 1927).

    >>> [round(bound, 3) for bound in wilson(46, 50)]
    [0.812, 0.968]
    """
    if not read:
        return 0.0, 1.0
    share, z2 = right / read, _Z95 * _Z95
    middle = (share + z2 / (2 * read)) / (1 + z2 / read)
    half = _Z95 * math.sqrt(share * (1 - share) / read + z2 / (4 * read * read)) / (1 + z2 / read)
    return max(0.0, middle - half), min(1.0, middle + half)
