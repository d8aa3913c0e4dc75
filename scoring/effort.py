"""What a customer has to go through: the same issue again, in another place, with somebody else.

A conversation is linked to an earlier one of the last fortnight if they share words, three and half
of the fewer, or are about the same touch-point; the reason is kept with the link. Each repeat, hop
to another channel, reopening and handoff from a bot to a person scores once, when the customer
writes.

Next step: `scoring.customer` counts the points, `scoring.talks` shows the conversation.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from scoring.config import DAY_MS
from scoring.conversation import Conversation
from scoring.dialogue import SAME_TALK_MS
from scoring.records import Cue, Signal, Turn

EFFORT_POINTS: Final = {
    "same_issue": ("repetition", 800),
    "hopped": ("effort", 500),
    "reopened": ("repetition", 600),
    "handed_off": ("effort", 300),
}
"""Points of what only several conversations, or their course, show; assumed."""

REOPEN_MS: Final = DAY_MS
"""So long after our answer, or four hours after a goodbye, it is opened again."""


class Link(NamedTuple):
    """The same issue as in an earlier conversation, and how we know."""

    talk: Conversation
    reason: str


def with_effort(
    talk: Conversation, others: tuple[Conversation, ...], signal: Signal, within_ms: int
) -> tuple[Conversation, tuple[Cue, ...]]:
    """Look at one more turn of the customer before it is put in its place.

    Args:
        talk: Its conversation as it was before.
        others: The customer's other conversations, least recent first.
        signal: The turn.
        within_ms: How old the last turn of the same issue may be.

    Returns:
        The conversation with its link and counts, and the cues that this turn adds.
    """
    turn = Turn() if signal.reading is None else signal.reading.turn
    if turn.closes:
        return talk, ()
    found = []
    link = _link(talk, others, signal, turn, within_ms) if talk.linked is None else None
    if link is not None:
        found.append("same_issue")
        if link.talk.channel != signal.channel:
            found.append("hopped")
    if _reopens(talk, signal.ts_ms):
        found.append("reopened")
    if _handed_off(talk, signal.ts_ms):
        found.append("handed_off")
    if not found:
        return talk, ()
    after = msgspec.structs.replace(
        talk,
        linked=talk.linked if link is None else link.talk.key,
        link_reason=talk.link_reason if link is None else link.reason,
        hops=talk.hops + ("hopped" in found),
        reopens=talk.reopens + ("reopened" in found),
        handoffs=talk.handoffs + ("handed_off" in found),
    )
    return after, tuple(Cue(code, *EFFORT_POINTS[code]) for code in found)


def _link(
    talk: Conversation,
    others: tuple[Conversation, ...],
    signal: Signal,
    turn: Turn,
    within_ms: int,
) -> Link | None:
    """The newest earlier conversation about the same, words being the better reason."""
    near = [
        other
        for other in reversed(others)
        if other.linked != talk.key and 0 <= signal.ts_ms - other.last_ms <= within_ms
    ]
    words = {*talk.words, *turn.hashes}
    for other in near:
        shared = len(words.intersection(other.words))
        if shared >= 3 and 2 * shared >= min(len(words), len(other.words)):
            return Link(other, "same_words")
    touchpoint = signal.touchpoint or talk.touchpoint
    for other in near:
        if touchpoint is not None and other.touchpoint == touchpoint:
            return Link(other, "same_touchpoint")
    return None


def _reopens(talk: Conversation, ts_ms: int) -> bool:
    """Was it over? It is a goodbye's or an answer's while nobody waits."""
    if not talk.named or talk.waiting_since_ms is not None or talk.answered_ms < 0:
        return False
    last = talk.turns[-1] if talk.turns else None
    said_goodbye = last is not None and last.author == "customer" and last.turn.closes
    return ts_ms - talk.last_ms >= (SAME_TALK_MS if said_goodbye else REOPEN_MS)


def _handed_off(talk: Conversation, ts_ms: int) -> bool:
    """Has a person taken over from a bot since the customer last wrote?"""
    before = [said for said in talk.turns if said.ts_ms < ts_ms]
    place = len(before)
    while place and before[place - 1].author == "agent":
        place -= 1
    return 0 < place < len(before) and before[place - 1].author == "bot"
