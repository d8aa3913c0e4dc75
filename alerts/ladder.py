"""What is said while nobody takes an alert: reminders where it was told, then rung by rung more.

A route has a ladder. Its times count from when somebody was first told, in the business time of the
owner where there is one, so nobody climbs it at night; for who asks for critical ones at any hour a
critical one climbs it at any hour too. It ends with the first who takes the alert, and with the
alert; where they let go of it, it begins anew. Of reminders that were missed only the newest is
said, of rungs each: they speak to different people.

Next step: `streams.notifier.rounds` plans what is due, `alerts.pipeline` may keep it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from scoring.calendar import Calendar, reached_ms

Reason = Literal["repeat", "escalation"]


@dataclass(frozen=True, slots=True)
class Rung:
    """Who else is told of what nobody has taken, and how long after the first.

    Attributes:
        after_ms: Business time from when somebody was first told; more than 0.
        channels: Names of channels.
        person: Whose channels they are, None where they are nobody's.
    """

    after_ms: int
    channels: tuple[str, ...]
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """What a route says while nobody takes an alert.

    Attributes:
        repeat_ms: Business time between two reminders, None for no reminders.
        most: Reminders of one opening.
        rungs: Who else is told.
    """

    repeat_ms: int | None = None
    most: int = 6
    rungs: tuple[Rung, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing is ever said."""
        return self.repeat_ms is None and not self.rungs


class Saying(NamedTuple):
    """One thing to say of an alert that nobody has taken.

    Attributes:
        reason: A reminder, or a rung.
        number: Which one, from 1.
        channels: Where.
        person: Whom it reaches, None where a rung names channels, and for reminders.
    """

    reason: Reason
    number: int
    channels: tuple[str, ...]
    person: str | None = None


class Look(NamedTuple):
    """What is to be said by now, and when to look again; None for never."""

    say: tuple[Saying, ...]
    next_ms: int | None


def look(
    ladder: Ladder,
    channels: Sequence[str],
    *,
    told_ms: int,
    hours: Calendar | None,
    now_ms: int,
) -> Look:
    """Climb a ladder as far as it is by now.

    Args:
        ladder: The route's.
        channels: Where the route tells of it.
        told_ms: When somebody was first told, or the last one let go of it.
        hours: When its owner is there; None where all time counts.
        now_ms: The time it is.

    Returns:
        All rungs up to now, those said before too: their names are the same.

    >>> HOUR_MS = 3_600_000
    >>> lead = Ladder(HOUR_MS, 3, (Rung(2 * HOUR_MS, ("lead",)),))
    >>> found = look(lead, ["chat"], told_ms=0, hours=None, now_ms=5 * HOUR_MS // 2)
    >>> [(one.reason, one.number, one.channels) for one in found.say], found.next_ms // HOUR_MS
    ([('repeat', 2, ('chat',)), ('escalation', 1, ('lead',))], 3)
    """
    say: list[Saying] = []
    later: list[int] = []
    if ladder.repeat_ms is not None:
        last = 0
        for number in range(1, ladder.most + 1):
            at_ms = reached_ms(hours, told_ms, number * ladder.repeat_ms)
            if at_ms is None:
                break
            if at_ms > now_ms:
                later.append(at_ms)
                break
            last = number
        if last:
            say.append(Saying("repeat", last, tuple(channels)))
    for number, rung in enumerate(ladder.rungs, 1):
        at_ms = reached_ms(hours, told_ms, rung.after_ms)
        if at_ms is None:
            continue
        if at_ms > now_ms:
            later.append(at_ms)
        else:
            say.append(Saying("escalation", number, rung.channels, rung.person))
    return Look(tuple(say), min(later, default=None))
