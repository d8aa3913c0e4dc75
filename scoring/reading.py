"""One text, read on its own: language, sentiment, cues, what the turn does.

The layers in order: tidied and stripped (`scoring.text`), masked (`scoring.redact`), its language
found (`scoring.language`), then sentiment (`scoring.sentiment` or `scoring.persian`) and cues
(`scoring.cues`). A span counts once: words that a cue has claimed add nothing to the feeling. Of
agents and bots nothing is scored. What cannot be read is `unknown`, never 0.

Next step: `streams.ingest` puts the reading on the customer log as part of a `Signal`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from scoring import cues_en, cues_fa, persian, sentiment
from scoring.cues import FAMILY, Found, Table
from scoring.language import language
from scoring.records import Cue, Reading
from scoring.redact import redact
from scoring.text import parted, strip, tidy, words_of
from scoring.turn import turn_of
from scoring.vader import normalised

QUOTE_CHARS: Final = 80
CONTEXT_WORDS: Final = 2
"""Words of context on each side of what is quoted."""

NEGATIVE_POINTS: Final = 2_500
POSITIVE_POINTS: Final = 1_200
"""Points of a text whose words are as bad, or as good, as can be; assumed."""

SILENT: Final = 0.22
"""Words weaker than this score no points: a plain "no" or "again" is not distress; assumed."""

_POINTS_PER_VALENCE: Final = 600
"""Hundredths of a point that weigh as much as one unit of valence; fitted by hand."""

_DISCOUNT: Final = 0.6
"""What is left of praise and thanks beside a complaint; fitted by hand (docs/detection, 4)."""

_COMPLAINT: Final = 700
_SHOUT: Final = re.compile(r"[?!؟]*(?:[?؟][!?؟]|!!)[?!؟]*")
_SHOUTED: Final = 0.6
_TABLES: Final = {"en": Table(cues_en.ROWS), "fa": Table(cues_fa.ROWS, verb_last=True)}
_MARK: Final = re.compile('["“”«»]')


class _Words(NamedTuple):
    """A text cut up: chunks as written, words as read, the first chunk of each word, valences."""

    chunks: list[str]
    words: list[str]
    places: Sequence[int]
    valences: list[float]


def read(text: str, role: str) -> Reading:
    """Read one text on its own.

    Args:
        text: Anything at all; at most `scoring.text.MAX_CHARS` of it are read.
        role: Who wrote it: `customer`, `agent` or `bot`.

    Returns:
        The reading. Of agents and bots: language and turn. Of customers in English or Persian:
        sentiment and cues too, each with the redacted words that caused it.

    Raises:
        ValueError: Another role.

    >>> reading = read("Still waiting, nobody answers!", "customer")
    >>> [(cue.code, cue.points) for cue in reading.cues]
    [('waiting', 1500), ('no_answer', 1300)]
    >>> reading.cues[0].quote
    'Still waiting, nobody answers!'
    >>> read("Das ist nicht gut", "customer").sentiment_e4 is None
    True
    """
    if role not in ("customer", "agent", "bot"):
        raise ValueError(f"role {role!r} is none of customer, agent, bot: map the author's role")
    stripped_text, stripped = strip(tidy(text))
    masked, redactions = redact(stripped_text)
    masked = parted(masked)
    chunks = masked.split()
    words = words_of(chunks)
    lang = language(masked, words)
    places: Sequence[int] = range(len(words))
    if lang == "fa":
        words, places = persian.join(words)
    value: int | None = None
    cues: tuple[Cue, ...] = ()
    if role == "customer" and lang != "unknown":
        valences = persian.valences(words) if lang == "fa" else sentiment.valences(chunks)
        cut = _Words(chunks, words, places, valences)
        quoted = _quoted(places, chunks) if _MARK.search(masked) else ()
        found = _TABLES[lang].find(words, quoted)
        value, cues = _score(cut, found, masked)
    return Reading(
        lang=lang,
        sentiment_e4=value,
        cues=cues,
        turn=turn_of(
            words,
            lang,
            questions=masked.count("?") + masked.count("؟"),
            complains=any(cue.family != "relief" for cue in cues),
            agent=role != "customer",
        ),
        stripped=stripped,
        redactions=redactions,
    )


def _quoted(places: Sequence[int], chunks: Sequence[str]) -> list[tuple[int, int]]:
    """Which words stand in quotation marks, three or more together: somebody else's."""
    marks = (len(_MARK.findall(chunks[place])) for place in places)
    marked = [number for number, found in enumerate(marks) if found % 2]
    spans = [(first, last + 1) for first, last in zip(marked[::2], marked[1::2], strict=False)]
    return [(first, end) for first, end in spans if end - first >= 3]


def _score(cut: _Words, found: Sequence[Found], text: str) -> tuple[int, tuple[Cue, ...]]:
    """Add up sentiment and cues; give the overall sentiment and the cues with their quotes."""
    rest = list(cut.valences)
    against = relief = 0
    for cue in found:
        if FAMILY[cue.code] == "relief":
            relief += cue.points
        else:
            against += cue.points
        rest[cue.first : cue.end] = [0.0] * (cue.end - cue.first)
    if against >= _COMPLAINT:
        rest = [valence * _DISCOUNT if valence > 0 else valence for valence in rest]
    feeling = sum(rest)
    overall = feeling + (relief * (_DISCOUNT if against else 1.0) - against) / _POINTS_PER_VALENCE
    if overall < 0 and _SHOUT.search(text):
        overall -= _SHOUTED
    cues = [
        (cue.first, Cue(cue.code, FAMILY[cue.code], cue.points, _quote(cut, cue.first, cue.end)))
        for cue in found
    ]
    strength = normalised(feeling)
    if strength <= -SILENT or (strength >= SILENT and against < _COMPLAINT):
        cues.append(_of_words(cut, rest, strength))
    cues.sort(key=lambda placed: placed[0])
    return round(10_000 * normalised(overall)), tuple(cue for _, cue in cues)


def _of_words(cut: _Words, rest: Sequence[float], strength: float) -> tuple[int, Cue]:
    """What the words say beside the cues, quoted by the strongest of them."""
    if strength < 0:
        place = min(range(len(rest)), key=rest.__getitem__)
        code, family, points = "negative_words", "feeling", round(-strength * NEGATIVE_POINTS)
    else:
        place = max(range(len(rest)), key=rest.__getitem__)
        code, family, points = "positive_words", "relief", round(strength * POSITIVE_POINTS)
    return place, Cue(code, family, points, _quote(cut, place, place + 1))


def _quote(cut: _Words, first: int, end: int) -> str:
    """The words from `first` up to `end` with a little context, as written and not too long."""
    last = cut.places[end] if end < len(cut.places) else len(cut.chunks)
    start, stop = cut.places[first], last
    lead, trail = max(0, start - CONTEXT_WORDS), min(len(cut.chunks), stop + CONTEXT_WORDS)
    for begin, finish in ((lead, trail), (start, trail)):
        quote = " ".join(cut.chunks[begin:finish])
        if len(quote) <= QUOTE_CHARS:
            return quote
    quote = " ".join(cut.chunks[start:stop])
    return quote if len(quote) <= QUOTE_CHARS else quote[: QUOTE_CHARS - 1] + "…"
