"""What a customer's turn means after the turns before it.

Who answered what beats the words alone in chat: a turn that starts with "no", after an answer that
apologised, in words that come again (docs/detection section 4). One function looks at a
conversation as a row keeps it, so what is measured is what the worker does: `turn_features` feeds
both the points of `DIALOGUE_POINTS` and the one number `badness`.

Next step: `scoring.customer` keeps the turns, and remembers the points as evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from scoring.config import HOUR_MS, MINUTE_MS
from scoring.panes import FAST
from scoring.records import Turn
from scoring.weights import ANY, weigh

CONTACT_GAP_MS: Final = 10 * MINUTE_MS
"""From here on the next message is a new attempt, and not the next sentence."""

SAME_TALK_MS: Final = 4 * HOUR_MS
"""Up to here a turn answers the one before it."""

MILD_E2: Final = 22
"""Moods down to minus this say nothing, like words weaker than `scoring.reading.SILENT`."""

DIALOGUE_POINTS: Final = {
    "rephrased": ("repetition", 700),
    "followed_up": ("repetition", 500),
    "corrected": ("effort", 400),
    "answer_failed": ("effort", 400),
}
"""Points of what only the dialogue shows; weights assumed, order as measured (docs/detection)."""


class Said(msgspec.Struct, frozen=True, array_like=True):
    """One remembered turn of a conversation.

    Attributes:
        author: `customer`, `agent` or `bot`; `event` for an interaction that asks for an answer.
    """

    ts_ms: int
    author: str
    turn: Turn


def turn_features(turns: Sequence[Said], *, inbound: bool = False) -> dict[str, float]:
    """Say what the last turn shows, seen after the others.

    Args:
        turns: Oldest first, the last one a customer's; events are left out.
        inbound: Replies are not visible, so asking again is no sign.

    Returns:
        Only what is there: `displeased` and `pleased` by its words, `before` for the displeasure of
        the customer's turn before, `opens` for a first turn, and the keys of `DIALOGUE_POINTS`.

    >>> ours = Said(0, "agent", Turn(fails=True))
    >>> turn_features([ours, Said(1, "customer", Turn(corrects=True, mood_e2=-40))])
    {'displeased': 0.4, 'corrected': 1.0, 'answer_failed': 1.0}
    """
    *before, last = [said for said in turns if said.author != "event"]
    turn = last.turn
    found: dict[str, float] = {}
    if turn.mood_e2:
        found["displeased" if turn.mood_e2 < 0 else "pleased"] = abs(turn.mood_e2) / 100
    if not before:
        return found | {"opens": 1.0}
    own = [said.turn for said in before if said.author == "customer"]
    if own and own[-1].mood_e2 < 0:
        found["before"] = -own[-1].mood_e2 / 100
    words = set(turn.hashes)
    if any(_rephrases(words, earlier.hashes) for earlier in own):
        found["rephrased"] = 1.0
    latest = before[-1]
    gap_ms = last.ts_ms - latest.ts_ms
    if turn.closes or latest.author == "bot":
        return found
    if latest.author == "customer":
        if gap_ms >= CONTACT_GAP_MS and not inbound:
            found["followed_up"] = 1.0
        return found
    if turn.corrects:
        found["corrected"] = 1.0
    if latest.turn.fails and gap_ms < SAME_TALK_MS:
        found["answer_failed"] = 1.0
    return found


def badness(turns: Sequence[Said]) -> float:
    """How dissatisfied the customer is in the last of these turns; larger is worse.

    >>> calm = Said(0, "customer", Turn())
    >>> badness([calm]) < badness([calm, Said(1, "customer", Turn(mood_e2=-40))])
    True
    """
    return weigh(turn_features(turns), ANY)


def displeasure(turns: Iterable[Said], now_ms: int, worth: int) -> int:
    """How much displeasure the customer's turns have left: a sum that halves every 12 hours.

    Each turn adds at most 1, however many points it has: three bad messages weigh more than one
    furious one. An average would forget just that (docs/detection, early warning). A mild turn adds
    nothing, as its words score nothing.

    Args:
        turns: Of any conversations, in any order.
        now_ms: When; turns later than this hour do not count.
        worth: What one wholly bad turn of this hour gives.

    >>> turns = [Said(0, "customer", Turn(mood_e2=-50)), Said(0, "agent", Turn())]
    >>> displeasure(turns, 0, 2_000), displeasure(turns, 12 * HOUR_MS, 2_000)
    (1000, 500)
    """
    hour = now_ms // HOUR_MS
    total = 0
    for said in turns:
        mood_e2 = said.turn.mood_e2
        if mood_e2 < -MILD_E2 and 0 <= (age := hour - said.ts_ms // HOUR_MS) < len(FAST):
            total -= mood_e2 * FAST[age]
    return total * worth // (100 * FAST[0])


def _rephrases(words: set[int], earlier: tuple[int, ...]) -> bool:
    """Three content words or more come again, and they are at least half of the shorter turn."""
    shared = len(words.intersection(earlier))
    return shared >= 3 and 2 * shared >= min(len(words), len(earlier))
