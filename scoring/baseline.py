"""What is usual for a customer, and whether it gets worse.

The own rate over the days observed is shrunk towards a configured prior: `(own + k * prior) /
(n + k)`, `n` days seen, the prior worth `k` days. So a new customer starts as the prior has it,
with no confidence, and becomes their own measure as days go by. Momentum holds the last hours
against the last weeks. These are facts beside the scores; they add nothing to them, and nobody is
red because somebody has to be.

Next step: `alerts.fold` publishes it with the health row.
"""

from __future__ import annotations

from typing import Final

import msgspec

from scoring.config import DAY_MS, HOUR_MS, Scoring
from scoring.customer import Customer
from scoring.panes import COLUMN, DAYS, FAST, SLOW, Ring, leaky, window
from scoring.records import FAMILIES

_HARMFUL: Final = slice(COLUMN[FAMILIES[0]], COLUMN["relief"])  # relief is the last of them
_WHOLE: Final = 1 << 16
_FAST_SUM: Final = sum(FAST)


class Baseline(msgspec.Struct, frozen=True):
    """A customer's own measure.

    Attributes:
        contacts_e2: Contacts a week, in hundredths.
        points_e2: Points of distress a week, relief left out, in hundredths.
        days: Days observed, at most 90.
        confidence_e2: 0 to 100: how much of it is the customer's own and not the prior.
        momentum_e2: Points a day as of the last hours, less as of the last weeks: above 0 it gets
            worse. The former halve in 12 hours, the latter in 14 days.
    """

    contacts_e2: int
    points_e2: int
    days: int
    confidence_e2: int
    momentum_e2: int


def baseline(customer: Customer, now_ms: int, scoring: Scoring) -> Baseline:
    """Work out what is usual at a moment.

    >>> baseline(Customer(), 0, Scoring())
    Baseline(contacts_e2=100, points_e2=500, days=0, confidence_e2=0, momentum_e2=0)
    """
    day, prior, first_ms = now_ms // DAY_MS, scoring.prior, customer.first_ms
    days = 0 if first_ms is None else min(max(day - first_ms // DAY_MS + 1, 0), DAYS.panes)
    contacts = window(customer.days, day, DAYS.panes, COLUMN["contacts"])
    harm = _harm(customer.days)
    points = window(harm, day, DAYS.panes, 1)
    weight = days + prior.days
    fast = leaky(_harm(customer.hours), now_ms // HOUR_MS, FAST, 1)
    slow = leaky(harm, day, SLOW, 1)
    slow_sum = sum(SLOW[:days])
    slow_rate = slow * _WHOLE // slow_sum if slow_sum else 0
    return Baseline(
        contacts_e2=(700 * contacts + prior.days * prior.contacts_e2) // weight,
        points_e2=(7 * points + prior.days * prior.points_e2) // weight,
        days=days,
        confidence_e2=100 * days // weight,
        momentum_e2=24 * fast * _WHOLE // _FAST_SUM - slow_rate,
    )


def _harm(ring: Ring) -> Ring:
    """All harmful families of each pane in one column."""
    return tuple([(pane[0], sum(pane[_HARMFUL])) for pane in ring])
