"""Words of the newest messages: which became frequent, and which hurt and nabz does not know.

Texts are looked at where they still are, in the sources, and nothing of them is kept. A word counts
once a message, and only if several customers use it, so that nobody's own words are listed; what
was redacted is none. A word that carries no feeling, stands in no cue and comes up in messages that
hurt may be one the tables lack.

Next step: `nabz sources terms` shows them on a terminal, and nowhere else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final

from scoring.cues import FAMILY, MUTE
from scoring.reading import Looked, look
from scoring.turn import content_hashes
from streams.ingest.events import Event

CUSTOMERS: Final = 3
"""So many must have used a word."""
LETTERS: Final = 3
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a customer: its words, those nabz knows nothing of, and whether it hurts."""

    customer: str
    ts_ms: int
    words: frozenset[str]
    unknown: frozenset[str]
    hurts: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the newest days.

    Attributes:
        messages: Of the newest days that hold it.
        before: Of those before.
        hurting: Of the newest, those that hurt.
        times: Its share now over its share before, which is taken for one message more.
    """

    word: str
    messages: int
    before: int
    hurting: int
    times: float


def _is_word(word: str) -> bool:
    letters = word.replace("'", "").replace("\u200c", "")
    return len(letters) >= LETTERS and letters.isalpha() and bool(content_hashes([word]))


def said(event: Event) -> Said | None:
    """What a customer's message holds; None of all else, and of languages nabz does not read.

    >>> one = said(Event("message", "c", "e", 5, text="The frobnicator is broken again!"))
    >>> one is not None and sorted(one.unknown), one is not None and one.hurts
    (['frobnicator'], True)
    """
    if event.kind != "message" or event.author != "customer" or event.text is None:
        return None
    looked = look(event.text)
    if looked.lang == "unknown":
        return None
    words = looked.cut.words
    valences = looked.cut.valences
    cues = [one for one in looked.found if one.code != MUTE]
    held = {place for one in cues for place in range(one.first, one.end)}
    unknown = {
        word for place, word in enumerate(words) if place not in held and not valences[place]
    }
    return Said(
        event.customer or "",
        event.ts_ms,
        frozenset(filter(_is_word, words)),
        frozenset(filter(_is_word, unknown)),
        _hurts(looked),
    )


def _hurts(looked: Looked) -> bool:
    harm = any(FAMILY.get(one.code, "relief") != "relief" for one in looked.found)
    return harm or sum(looked.cut.valences) < 0


def terms(messages: list[Said], *, days: int) -> tuple[list[Term], list[Term]]:
    """Words that rose, and unknown ones of messages that hurt, the most telling first.

    Args:
        messages: In any order; the newest says when the newest days end.
        days: How many of them; those before are what is compared with.

    Returns:
        Words at least twice as frequent as before; and unknown words more than half of whose
        messages hurt. Without messages from before nothing has risen.
    """
    if not messages:
        return [], []
    since_ms = max(one.ts_ms for one in messages) - days * DAY_MS
    recent: Counter[str] = Counter()
    before: Counter[str] = Counter()
    hurting: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    users: defaultdict[str, set[str]] = defaultdict(set)
    newer = 0
    for one in messages:
        if one.ts_ms < since_ms:
            before.update(one.words)
            continue
        newer += 1
        recent.update(one.words)
        unknown.update(one.unknown)
        for word in one.words:
            users[word].add(one.customer)
        if one.hurts:
            hurting.update(one.words)
    older = len(messages) - newer
    found = [
        Term(
            word,
            count,
            before[word],
            hurting[word],
            (count / newer) / ((before[word] + 1) / (older + 1)),
        )
        for word, count in recent.items()
        if len(users[word]) >= CUSTOMERS
    ]
    rising = [one for one in found if older and one.times >= 2]
    unheard = [one for one in found if unknown[one.word] and 2 * one.hurting > one.messages]
    rising.sort(key=lambda one: (-one.times, one.word))
    unheard.sort(key=lambda one: (-one.hurting, one.word))
    return rising, unheard
