"""How well a transition is founded: the fourth axis of an alert, beside state, people and stages.

An alert may be right and rest on little: on one message, on sources that are not all read, on a
customer not heard of for a day, or it comes and goes. None of it opens or closes anything; it is
recorded and said, so that whoever is told can judge.

Next step: `alerts.fold` puts it into transitions, `alerts.message` says it, and `alerts.pipeline`
keeps what is poor from channels that page.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from scoring.config import DAY_MS, MINUTE_MS

Quality = Literal["flapping", "late_data", "low_evidence", "stale"]
QUALITIES: Final[tuple[Quality, ...]] = get_args(Quality)
POOR: Final = frozenset({"late_data", "low_evidence"})
"""What a channel that pages may refuse; the others say little of what an alert rests on."""

LATE_MS: Final = 10 * MINUTE_MS
"""Sources may be so far behind, as in `HealthRow.quality`."""
KNOWN_E2: Final = 40
"""Confidence of a customer of whom two messages or interactions were read; assumed."""
STALE_MS: Final = DAY_MS


def quality_of(
    *, at_ms: int, complete_to_ms: int, event_ms: int | None, confidence_e2: int, flapping: bool
) -> tuple[Quality, ...]:
    """What is to be said against a transition, in the order of `QUALITIES`; empty for nothing.

    Args:
        at_ms: Time of the transition.
        complete_to_ms: All sources had been read up to here.
        event_ms: Newest event of the customer; None before the first.
        confidence_e2: How much is known of the customer, 0 to 100.
        flapping: The alert relapses or comes back too often.

    >>> quality_of(at_ms=9, complete_to_ms=9, event_ms=9, confidence_e2=25, flapping=False)
    ('low_evidence',)
    """
    holds: dict[Quality, bool] = {
        "flapping": flapping,
        "late_data": complete_to_ms < at_ms - LATE_MS,
        "low_evidence": confidence_e2 < KNOWN_E2,
        "stale": event_ms is not None and event_ms < at_ms - STALE_MS,
    }
    return tuple(name for name in QUALITIES if holds[name])
