"""Who stopped writing: silence of a customer, held against how often they used to write.

The cadence is the median of the remembered gaps between contacts; with fewer than three nobody has
one. Quiet is who is silent for several times that, and for a week at least. Two kinds look alike in
a count of tickets and are opposites: who went content, and who gave up with something unresolved.
A customer who left is not quiet but gone, until they return.

Next step: `scoring.health` takes points for it, judged no later than all sources have been read.
"""

from __future__ import annotations

from statistics import median_low
from typing import Final, Literal

import msgspec

from scoring.config import MINUTE_MS, Scoring
from scoring.customer import Customer

_GAPS_MIN: Final = 3


class Quiet(msgspec.Struct, frozen=True):
    """Is a customer quiet, and how did it begin?

    Attributes:
        state: `no`, `content`, `unresolved`, `left`, or `unknown` where there is no cadence yet.
        due_ms: When silence becomes, or became, quiet; None where it cannot.
        cadence_ms: Usual time between contacts, None while unknown.
    """

    state: Literal["unknown", "no", "content", "unresolved", "left"] = "unknown"
    due_ms: int | None = None
    cadence_ms: int | None = None


def quiet(customer: Customer, judged_ms: int, scoring: Scoring, *, waits: bool) -> Quiet:
    """Judge a customer's silence.

    Args:
        customer: What we remember.
        judged_ms: Now, or up to where all sources have been read if that is earlier.
        scoring: How many cadences make somebody quiet.
        waits: Somebody waits for us: whatever was last said, that is unresolved.

    >>> quiet(Customer(gaps=(60, 90, 60)), 0, Scoring(), waits=False).state
    'unknown'
    """
    left_ms, returned_ms = customer.left_ms, customer.returned_ms
    if left_ms is not None and (returned_ms is None or returned_ms < left_ms):
        return Quiet("left")
    heard_ms = customer.heard_ms
    if heard_ms is None or len(customer.gaps) < _GAPS_MIN:
        return Quiet()
    cadence_ms = median_low(customer.gaps) * MINUTE_MS
    from_ms = heard_ms if returned_ms is None else max(heard_ms, returned_ms)
    rule = scoring.silence
    due_ms = from_ms + max(rule.at_least_ms, rule.cadences * cadence_ms)
    if judged_ms < due_ms:
        return Quiet("no", due_ms, cadence_ms)
    calm_ms = customer.calm_ms
    content = not waits and calm_ms is not None and calm_ms >= heard_ms
    return Quiet("content" if content else "unresolved", due_ms, cadence_ms)
