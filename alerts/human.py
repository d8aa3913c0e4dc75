"""What people decided about an alert, and when that ends by time alone.

An acknowledgement lasts a while, a snooze until a moment or until it gets worse, and what was
promised is due in business time. All of it belongs to one episode: nothing a customer does changes
it, only a command or an end does. Zero fields are nobody and nothing.

Next step: `alerts.lifecycle.step` ends what is over, `alerts.commands` changes what is asked.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from alerts.outputs import Severity
from scoring.calendar import DAY_MS, Calendar, earliest, reached_ms

ACK_MS: Final = 8 * 3_600_000
"""How long an acknowledgement lasts where nobody says so, in business time (`alerting.md` 1.4)."""
LONGEST_MS: Final = 7 * DAY_MS
"""No acknowledgement and no snooze lasts longer: a forgotten one would be a forgotten customer."""


class Human(msgspec.Struct, frozen=True, array_like=True):
    """The human axis of one episode; who acknowledged it stands in the episode itself.

    Attributes:
        acked_until_ms: End of the acknowledgement, None for as long as the alert is open.
        snoozed_until_ms: End of the snooze, None without one.
        snoozed_by: Who wants to hear no more until then.
        breaks_from: Severity it was snoozed at, if it ends as soon as it gets worse; else empty.
        breaks_at_e2: The measure at which it ends too, None for severity and red flags alone.
        assignee: Whom it was given to.
        handled_by: Who said that it is taken care of.
        verdict: The newest one: `handled`, or why somebody disagrees.
        due_at_ms: When something must have been done, None where nothing was promised.
        overdue: It was told that nothing had been.
    """

    acked_until_ms: int | None = None
    snoozed_until_ms: int | None = None
    snoozed_by: str = ""
    breaks_from: Literal["", "warning", "critical"] = ""
    breaks_at_e2: int | None = None
    assignee: str = ""
    handled_by: str = ""
    verdict: str = ""
    due_at_ms: int | None = None
    overdue: bool = False

    @property
    def snoozed(self) -> bool:
        """Does nobody want to hear of it?"""
        return self.snoozed_until_ms is not None

    @property
    def ends_ms(self) -> int | None:
        """When the first of it ends by time alone.

        What is due while it is snoozed is overdue when that ends.

        >>> Human(due_at_ms=5).ends_ms, Human(due_at_ms=5, snoozed_until_ms=9).ends_ms
        (5, 9)
        >>> Human(due_at_ms=5, handled_by="mina").ends_ms is None
        True
        """
        return earliest((self.acked_until_ms, self.snoozed_until_ms, self.awaited_ms))

    @property
    def awaited_ms(self) -> int | None:
        """When it is overdue; None if nothing was promised, it is done, snoozed, or said so."""
        if self.overdue or self.handled_by or self.snoozed:
            return None
        return self.due_at_ms


NOBODY: Final = Human()


def kept(human: Human) -> Human | None:
    """What an episode keeps of it: None where there is nothing, so that its row stays small."""
    return None if human == NOBODY else human


def awake(human: Human) -> Human:
    """The same without a snooze."""
    return replace(human, snoozed_until_ms=None, snoozed_by="", breaks_from="", breaks_at_e2=None)


def breaks(
    human: Human, severity: Severity, measure_e2: int | None, *, upwards: bool, flagged: bool
) -> bool:
    """Has it become worse than whoever snoozed it accepted?

    Args:
        human: With a snooze.
        severity: As it is now.
        measure_e2: As it is now, None while unknown.
        upwards: More of the measure is worse.
        flagged: A red flag has come.

    >>> until = Human(snoozed_until_ms=9, breaks_from="warning", breaks_at_e2=8_000)
    >>> [breaks(until, "warning", one, upwards=True, flagged=False) for one in (7_999, 8_000)]
    [False, True]
    >>> breaks(Human(snoozed_until_ms=9), "critical", 9_000, upwards=True, flagged=True)
    False
    """
    if not human.breaks_from:
        return False
    if flagged or (severity == "critical" and human.breaks_from == "warning"):
        return True
    if human.breaks_at_e2 is None or measure_e2 is None:
        return False
    return measure_e2 >= human.breaks_at_e2 if upwards else measure_e2 <= human.breaks_at_e2


def opened(
    human: Human | None, due_ms: int | None, calendar: Calendar | None, now_ms: int
) -> Human | None:
    """The human axis of an episode that opens, None where there is nothing to keep.

    Args:
        human: What is kept of it, as it is opened again; None for a new one.
        due_ms: What the rule promises, in business time; None for nothing.
        calendar: The owner's business time.
        now_ms: When it opens.

    >>> opened(None, 5, None, 10).due_at_ms, opened(None, None, None, 10)
    (15, None)
    >>> opened(Human(assignee="mina", handled_by="mina"), None, None, 10) == Human(assignee="mina")
    True
    """
    due_at_ms = None if due_ms is None else reached_ms(calendar, now_ms, due_ms)
    held = NOBODY if human is None else human
    if held.snoozed_until_ms is not None and held.snoozed_until_ms <= now_ms:
        held = awake(held)
    again = replace(
        held,
        acked_until_ms=None,
        handled_by="",
        due_at_ms=due_at_ms,
        overdue=False,
    )
    return kept(again)
