"""How one conversation stands: the view of it that others can read.

Its distress is its own: points of its newest hours, halving in 12 hours like everything fast, and
the clock of its own wait. State, reason and links follow from what is remembered.

Next step: `alerts.talks` tells a view when it changes.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from scoring.calendar import open_ms
from scoring.config import HOUR_MS, Scoring
from scoring.conversation import Conversation
from scoring.customer import Customer, calendar_of
from scoring.panes import FAST, leaky

State = Literal["waiting", "answered", "closed", "unknown"]
_FULL: Final = 10_000


class Linked(msgspec.Struct, frozen=True):
    """Another conversation about the same issue: `same_words` or `same_touchpoint`."""

    conversation: str
    reason: str


class View(msgspec.Struct, frozen=True):
    """One conversation at a moment.

    Attributes:
        state: Who is to act: `waiting` for us, `answered`, `closed` by the customer, or `unknown`
            where replies are not visible.
        distress_e2: Of this conversation alone, 0 to 10000.
        reason: What hurt last, or `waiting_now`; None where nothing did.
        linked: Those about the same issue that are still remembered, in order of their keys.
    """

    talk: Conversation
    state: State
    distress_e2: int
    reason: str | None
    linked: tuple[Linked, ...]


def view(
    customer: Customer, talk: Conversation, now_ms: int, scoring: Scoring, *, complete_to_ms: int
) -> View:
    """Work out how a conversation stands; its wait is judged no later than all has been read.

    >>> talk = Conversation("t-1", 0, 0, answered_ms=5)
    >>> view(Customer(), talk, 9, Scoring(), complete_to_ms=9).state
    'answered'
    """
    points = max(0, leaky(talk.harm, now_ms // HOUR_MS, FAST, 1))
    clock = 0
    since_ms = talk.waiting_since_ms
    if since_ms is not None:
        judged_ms = min(now_ms, complete_to_ms)
        waited_ms = open_ms(calendar_of(customer, scoring), since_ms, judged_ms)
        for step in scoring.wait_steps:
            clock = step.points if waited_ms >= step.after_ms else clock
        clock = min(clock, scoring.caps.waiting_now)
    reason = "waiting_now" if clock > points else talk.cue or None
    return View(
        talk=talk,
        state=_state(talk),
        distress_e2=min(points + clock, _FULL),
        reason=reason if points + clock else None,
        linked=_linked(customer.conversations, talk),
    )


def _state(talk: Conversation) -> State:
    if talk.waiting_since_ms is not None:
        return "waiting"
    last = talk.turns[-1] if talk.turns else None
    if last is not None and last.author == "customer" and last.turn.closes:
        return "closed"
    return "unknown" if talk.inbound else "answered"


def _linked(talks: tuple[Conversation, ...], talk: Conversation) -> tuple[Linked, ...]:
    """What it repeats, and what repeats it."""
    found = {other.key: other.link_reason for other in talks if other.linked == talk.key}
    if talk.linked is not None:
        found[talk.linked] = talk.link_reason
    return tuple([Linked(key, found[key]) for key in sorted(found)]) if found else ()
