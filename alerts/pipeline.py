"""What keeps a message back, in the order of `STAGES`.

Only an opening, a reminder or an escalation may be kept back; a close is never a stage's business:
`alerts.delivery` sends it wherever its opening went. Each stage has one signature and names its
reason, which is recorded with the delivery and counted.

Next step: `alerts.delivery` carries what is left to the channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from alerts.outputs import Transition

Reason = Literal["shadow", "historical", "too_old", "nothing_to_close", "superseded"]
REASONS: Final[tuple[Reason, ...]] = (
    "shadow",
    "historical",
    "too_old",
    "nothing_to_close",
    "superseded",
)


@dataclass(frozen=True, slots=True)
class Now:
    """What a stage may look at besides the transition.

    Attributes:
        now_ms: The time it is: the wall clock where `live`, else the newest `at_ms` seen.
        live: The installation runs on the wall clock. Elsewhere the fold knows what is history.
        max_notify_age_ms: Older openings wait until the notifier has caught up.
    """

    now_ms: int
    live: bool = True
    max_notify_age_ms: int = 900_000


Stage = Callable[[Transition, Now], Reason | None]


def shadow(transition: Transition, now: Now) -> Reason | None:  # noqa: ARG001  # one signature
    """A rule on trial tells nobody."""
    return "shadow" if transition.shadow else None


def historical(transition: Transition, now: Now) -> Reason | None:  # noqa: ARG001
    """The fold found its causes too old to page anybody."""
    return "historical" if transition.historical else None


def too_old(transition: Transition, now: Now) -> Reason | None:
    """It has waited too long for us; it is sent once we have caught up, if it is still true."""
    late = now.live and now.now_ms - transition.at_ms > now.max_notify_age_ms
    return "too_old" if late else None


STAGES: Final[tuple[Stage, ...]] = (shadow, historical, too_old)


def kept_back(transition: Transition, now: Now) -> Reason | None:
    """The first reason not to send a transition, None if it may go or is a close."""
    if transition.after == "closed":
        return None
    return next((reason for stage in STAGES if (reason := stage(transition, now))), None)
