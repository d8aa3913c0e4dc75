"""One conversation of a customer: its last turns, who waits, what it is about.

Turns stand in the order of their times, whatever the order they came in, and who waits follows from
those times alone. Only the newest conversation keeps all of its turns; the others are set aside.

Next step: `scoring.effort` looks for repeats between them, `scoring.customer` keeps them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from scoring.config import DAY_MS, HOUR_MS
from scoring.dialogue import Said
from scoring.panes import HOURS, Ring, add
from scoring.records import Cue, Signal, Turn

CONVERSATIONS: Final = 6
TURNS: Final = 16
TURNS_SET_ASIDE: Final = 2
WORDS: Final = 8
HARM_HOURS: Final = 4

_STALE_TALK_MS: Final = 30 * DAY_MS
_ASKING: Final = ("customer", "event")


class Conversation(msgspec.Struct, frozen=True, array_like=True):
    """One conversation: its last turns and who waits.

    Attributes:
        key: Conversation id, or the channel where the source names none.
        answered_ms: Newest time a person of ours answered, or the customer closed it.
        waiting_since_ms: The customer's oldest turn after that which asks for an answer.
        inbound: Replies are not visible, so nobody can be said to wait.
        named: The key is a conversation's id.
        channel: Where it began.
        words: Hashes of content words of the customer's first turns: what it is about.
        linked: Key of an earlier conversation about the same issue, and `link_reason` how we know:
            `same_words` or `same_touchpoint`.
        reopens: How often it was opened again; `hops` to another channel, `handoffs` by a bot.
        harm: Points less relief of its newest hours with any, as a ring of hours.
        cue: Strongest cause of the newest turn that had one.
    """

    key: str
    opened_ms: int
    last_ms: int
    turns: tuple[Said, ...] = ()
    answered_ms: int = -1
    waiting_since_ms: int | None = None
    inbound: bool = False
    link: str | None = None
    touchpoint: str | None = None
    named: bool = False
    channel: str | None = None
    words: tuple[int, ...] = ()
    linked: str | None = None
    link_reason: str = ""
    reopens: int = 0
    hops: int = 0
    handoffs: int = 0
    harm: Ring = ()
    cue: str = ""


def wait_effect(signal: Signal, of_type: str) -> str:
    """A customer's turn starts a wait, a person's answer ends one; a bot's answer does neither."""
    if signal.type != "message":
        return of_type
    if signal.author == "agent":
        return "ends"
    if signal.author == "customer":
        closes = signal.reading is not None and signal.reading.turn.closes
        return "ends" if closes else "starts"
    return ""


def conversation_of(
    talks: tuple[Conversation, ...], signal: Signal
) -> tuple[Conversation, tuple[Conversation, ...]]:
    """The conversation a signal belongs to, and the others, least recent first."""
    key = signal.conversation or signal.channel or ""
    oldest = signal.ts_ms - _STALE_TALK_MS
    if talks and talks[-1].key == key:
        return talks[-1], talks[:-1]
    if talks:
        talks = (*talks[:-1], set_aside(talks[-1]))
    for place, talk in enumerate(talks):
        if talk.key == key:
            return _resumed(talk), talks[:place] + talks[place + 1 :]
    fresh = Conversation(
        key,
        signal.ts_ms,
        signal.ts_ms,
        inbound=signal.inbound,
        named=bool(signal.conversation),
        channel=signal.channel,
    )
    rest = talks
    if len(rest) >= CONVERSATIONS:
        closed = [t for t in rest if t.waiting_since_ms is None or t.last_ms < oldest]
        gone = closed[0] if closed else rest[0]
        rest = tuple(t for t in rest if t is not gone)
    return fresh, rest


def set_aside(talk: Conversation) -> Conversation:
    """What is kept of a conversation once another is newer: who waits, and its last few turns.

    Their words are not: what the conversation is about is kept once, as `words`.
    """
    turns = tuple(_with_words(one, ()) for one in talk.turns[-TURNS_SET_ASIDE:])
    return msgspec.structs.replace(talk, turns=turns)


def _resumed(talk: Conversation) -> Conversation:
    """A conversation that goes on: its words count as those of the customer's last turn."""
    own = [place for place, one in enumerate(talk.turns) if one.author == "customer"]
    if not own or not talk.words:
        return talk
    turns = list(talk.turns)
    turns[own[-1]] = _with_words(turns[own[-1]], talk.words)
    return msgspec.structs.replace(talk, turns=tuple(turns))


def _with_words(one: Said, words: tuple[int, ...]) -> Said:
    if one.turn.hashes == words:
        return one
    return msgspec.structs.replace(one, turn=msgspec.structs.replace(one.turn, hashes=words))


def said(talk: Conversation, signal: Signal, wait: str) -> Conversation:
    """Put one turn in its place by time and work out anew who waits."""
    turn = signal.reading.turn if signal.reading is not None else Turn()
    if turn.hashes and signal.author != "customer":  # only a customer's words come again
        turn = msgspec.structs.replace(turn, hashes=())
    turns = talk.turns
    is_message = signal.type == "message"
    if is_message or wait == "starts":
        newest = Said(signal.ts_ms, signal.author if is_message else "event", turn)
        place = len(turns)
        while place and turns[place - 1].ts_ms > signal.ts_ms:
            place -= 1
        turns = (*turns[:place], newest, *turns[place:])[-TURNS:]
    answered_ms = max(talk.answered_ms, signal.ts_ms) if wait == "ends" else talk.answered_ms
    asks = [
        one.ts_ms
        for one in turns
        if one.author in _ASKING and not one.turn.closes and one.ts_ms > answered_ms
    ]
    if talk.waiting_since_ms is not None and talk.waiting_since_ms > answered_ms:
        asks.append(talk.waiting_since_ms)
    if wait == "starts" and signal.ts_ms > answered_ms:
        asks.append(signal.ts_ms)
    return msgspec.structs.replace(
        talk,
        opened_ms=min(talk.opened_ms, signal.ts_ms),
        last_ms=max(talk.last_ms, signal.ts_ms),
        turns=turns,
        answered_ms=answered_ms,
        waiting_since_ms=min(asks) if asks and not talk.inbound else None,
        link=signal.link or talk.link,
        touchpoint=signal.touchpoint or talk.touchpoint,
        words=_words(talk.words, turn.hashes),
    )


def _words(known: tuple[int, ...], more: tuple[int, ...]) -> tuple[int, ...]:
    """Fill up with new words, the first that come."""
    if not more or len(known) >= WORDS:
        return known
    fresh = [word for word in more if word not in known]
    return tuple(sorted((*known, *fresh[: WORDS - len(known)])))


def hurt(talk: Conversation, cues: tuple[Cue, ...], ts_ms: int) -> Conversation:
    """Remember what a turn's cues are worth to its conversation alone.

    >>> talk = hurt(Conversation("t", 0, 0), (Cue("angry", "feeling", 700),), 0)
    >>> talk.harm, talk.cue
    (((0, 700),), 'angry')
    """
    harmful = [cue for cue in cues if cue.family != "relief" and cue.points]
    points = sum(cue.points if cue.family != "relief" else -cue.points for cue in cues)
    harm = add(talk.harm, ts_ms // HOUR_MS, HOURS.panes, (points,)) if points else None
    strongest = max(harmful, key=lambda cue: cue.points, default=None)
    return msgspec.structs.replace(
        talk,
        harm=talk.harm if harm is None else harm[-HARM_HOURS:],
        cue=talk.cue if strongest is None else strongest.code,
    )
