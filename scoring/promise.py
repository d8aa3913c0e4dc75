"""What was promised against what was experienced: how much later or sooner than that we answer.

The measure is the promise of the touch-point a conversation is about, or of the nearest of its
parents that has one; without any, the customer's own past norm, the median of the answers before.
Experienced is the open wait, or the newest answer where nobody waits. All of it is business time.

Next step: `scoring.health` shows it beside the scores; it adds nothing to them.
"""

from __future__ import annotations

from statistics import median_low
from typing import Final, Literal

import msgspec

from scoring.config import Scoring
from scoring.conversation import Conversation
from scoring.customer import Customer

_NORM_MIN: Final = 3  # answers before which nobody has a norm


class Promise(msgspec.Struct, frozen=True):
    """The signed gap between experience and promise, and where the promise is from.

    Attributes:
        source: `promise` of a touch-point, `own_norm`, or `none`: then there is no gap.
        gap_ms: Experienced less allowed: above 0 we are late.
        allowed_ms: What was promised, or is the norm.
        experienced_ms: The open wait, else the newest answer; None before the first.
        touchpoint: What it is about, None where no event says so.
        team: Who owns the touch-point.
        watermelon: Green outside, red inside: the promise is kept while distress is high.
    """

    source: Literal["promise", "own_norm", "none"] = "none"
    gap_ms: int | None = None
    allowed_ms: int | None = None
    experienced_ms: int | None = None
    touchpoint: str | None = None
    team: str | None = None
    watermelon: bool = False

    @property
    def late(self) -> bool | None:
        """Was it broken? None where nothing was promised."""
        return None if self.gap_ms is None else self.gap_ms > 0


def promise(
    customer: Customer,
    talk: Conversation | None,
    waited_ms: int,
    distress_e2: int,
    scoring: Scoring,
) -> Promise:
    """Compare what was experienced with what was promised.

    Args:
        customer: What we remember.
        talk: The conversation somebody waits in, None where nobody waits.
        waited_ms: Business time of that wait.
        distress_e2: Distress now, for the flag.
        scoring: Touch-points, and what counts as high distress.

    >>> promise(Customer(), None, 0, 0, Scoring()).source
    'none'
    """
    norms = customer.answers
    if talk is not None:
        experienced, touchpoint = waited_ms, talk.touchpoint
    elif norms:
        experienced, touchpoint = 1_000 * norms[-1], customer.answered_at
        norms = norms[:-1]
    else:
        return Promise()
    promised, team = scoring.promised(touchpoint)
    source: Literal["promise", "own_norm", "none"] = "promise"
    if promised is None and len(norms) >= _NORM_MIN:
        source, promised = "own_norm", 1_000 * median_low(norms)
    if promised is None:
        return Promise(experienced_ms=experienced, touchpoint=touchpoint, team=team)
    gap_ms = experienced - promised
    high = distress_e2 >= scoring.high
    return Promise(
        source,
        gap_ms,
        promised,
        experienced,
        touchpoint,
        team,
        watermelon=source == "promise" and gap_ms <= 0 and high,
    )
