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
from operator import attrgetter
from typing import Final, NamedTuple

from scoring import cues_en, cues_fa, persian, sentiment
from scoring.brands import NO_BRANDS, Brands
from scoring.cues import BARE, FAMILY, MUTE, Found, Table
from scoring.language import language
from scoring.memo import Memo
from scoring.plain import is_plain
from scoring.quote import quote
from scoring.records import Cue, Reading
from scoring.redact import redact
from scoring.text import listed, parted, strip, tidy, words_of
from scoring.turn import turn_of
from scoring.vader import normalised
from scoring.weights import weigh

NEGATIVE_POINTS: Final = 2_500
POSITIVE_POINTS: Final = 1_200
"""Points of a text whose words are as bad, or as good, as can be; assumed."""

SILENT: Final = 0.22
"""Words weaker than this score no points: a plain "no" or "again" is not distress; assumed."""

_DISCOUNT: Final = 0.6
"""What is left of praise and thanks beside a complaint; fitted by hand (docs/detection, 4)."""

_COMPLAINT: Final = 700

MOST_DENIALS: Final = 3
LONG: Final = 10
"""Words from which on a text that complains counts as long."""

_LEVEL: Final = 4.0
"""Where the sum of valences levels off: two strong words."""

_NOT: Final = listed(
    "not no never none nothing nobody dont doesnt didnt isnt wasnt arent werent wont aint cant"
    " cannot couldnt wouldnt shouldnt havent hasnt hadnt without nor neither"
)
_DENIES: Final = {
    "en": Memo(lambda word: int(word.rstrip(".?") in _NOT)),
    "fa": Memo(lambda word: int(persian.negative(word))),
}
_SHOUTS: Final = ("!!", "??", "?!", "؟؟", "؟!", "؟?", "?؟")
TABLES: Final = {"en": Table(cues_en.ROWS), "fa": Table(cues_fa.ROWS, verb_last=True)}
_FAMILY: Final = FAMILY | {"negative_words": "feeling", "positive_words": "relief"}
_FIRST: Final = attrgetter("first")
_MARK: Final = re.compile('["“”«»]')


class _Words(NamedTuple):
    """A text cut up: chunks as written, words as read, the first chunk of each word, valences."""

    chunks: list[str]
    words: list[str]
    places: Sequence[int]
    valences: list[float]


class Looked(NamedTuple):
    """A text in its parts, before anything is weighed.

    Attributes:
        lang: `en`, `fa` or `unknown`.
        masked: The text as read, redacted.
        found: Cues and mute phrases; nothing of an unknown language or of one of ours.
    """

    lang: str
    masked: str
    cut: _Words
    found: Sequence[Found]
    stripped: tuple[str, ...]
    redactions: int


def read(text: str, role: str, brands: Brands = NO_BRANDS) -> Reading:
    """Read one text on its own.

    Args:
        text: Anything at all; at most `scoring.text.MAX_CHARS` of it are read.
        role: Who wrote it: `customer`, `agent` or `bot`.
        brands: Names that say nothing of how somebody feels, from `scoring.brands.brands_of`.

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
    looked = look(text, brands, scored=role == "customer")
    value: int | None = None
    cues: tuple[Cue, ...] = ()
    if role == "customer" and looked.lang != "unknown":
        value, cues = _score(looked)
    masked = looked.masked
    return Reading(
        lang=looked.lang,
        sentiment_e4=value,
        cues=cues,
        turn=turn_of(
            looked.cut.words,
            looked.lang,
            questions=masked.count("?") + masked.count("؟"),
            complains=any(cue.family != "relief" for cue in cues),
            agent=role != "customer",
            mood_e2=0 if value is None else round(value / 100),
        ),
        stripped=looked.stripped,
        redactions=looked.redactions,
    )


def look(text: str, brands: Brands = NO_BRANDS, *, scored: bool = True) -> Looked:
    """Take a text apart: all that `read` knows before it weighs; for `bench` and `nabz score`.

    Args:
        text: Anything at all.
        brands: As for `read`.
        scored: A customer wrote it, so look for feelings and cues.
    """
    masked, redactions = text, 0
    stripped: tuple[str, ...] = ()
    chunks = text.split()
    if not is_plain(text, chunks):
        rest, stripped = strip(tidy(text))
        masked, redactions = redact(rest)
        masked = parted(masked)
        chunks = masked.split()
    words = words_of(chunks)
    lang = language(masked, words)
    spoken = chunks
    if brands and (names := brands.places(words)):
        words = ["@" if place in names else word for place, word in enumerate(words)]
        spoken = ["@" if place in names else chunk for place, chunk in enumerate(chunks)]
    places: Sequence[int] = range(len(words))
    if lang == "fa":
        words, places = persian.join(words)
    valences: list[float] = []
    found: Sequence[Found] = ()
    if scored and lang != "unknown":
        valences = persian.valences(words) if lang == "fa" else sentiment.valences(spoken)
        quoted = _quoted(places, chunks) if _MARK.search(masked) else ()
        found = TABLES[lang].find(words, quoted, lambda: _commas(places, chunks))
        for first, end in quoted:  # somebody else said so
            valences[first:end] = [0.0] * (end - first)
    cut = _Words(chunks, words, places, valences)
    return Looked(lang, masked, cut, found, stripped, redactions)


def _commas(places: Sequence[int], chunks: Sequence[str]) -> frozenset[int]:
    """After which words a comma stands."""
    ends = [*places[1:], len(chunks)]
    return frozenset(number for number, end in enumerate(ends) if chunks[end - 1][-1] in ",،")


def _quoted(places: Sequence[int], chunks: Sequence[str]) -> list[tuple[int, int]]:
    """Which words stand in quotation marks, three or more together: somebody else's.

    A text that stands in quotation marks as a whole quotes nobody.
    """
    marks = (len(_MARK.findall(chunks[place])) for place in places)
    marked = [number for number, found in enumerate(marks) if found % 2]
    spans = [(first, last + 1) for first, last in zip(marked[::2], marked[1::2], strict=False)]
    found = [(first, end) for first, end in spans if end - first >= 3]
    outside = len(places) - sum(end - first for first, end in found)
    return found if outside >= 3 else []


def features(looked: Looked) -> dict[str, float]:
    """Say how much there is of each feature that `weights.txt` weighs, by its name.

    Cues count their points in thousands of hundredths; the sums of words level off, so that one
    long list of words is no catastrophe.

    >>> features(look("I am still waiting!!"))["waiting"]
    1.5
    """
    return _features(looked, *_beside(looked))


def _beside(looked: Looked) -> tuple[list[float], int]:
    """Valences of the words that no cue has claimed, praise discounted; points of distress."""
    rest = list(looked.cut.valences)
    against = 0
    for code, points, first, end in looked.found:
        if FAMILY.get(code, "relief") != "relief":
            against += points
        rest[first:end] = [0.0] * (end - first)
    if against >= _COMPLAINT:
        rest = [valence * _DISCOUNT if valence > 0 else valence for valence in rest]
    return rest, against


def _features(looked: Looked, rest: Sequence[float], against: int) -> dict[str, float]:
    found: dict[str, float] = {}
    cues = 0
    words = looked.cut.words
    denies = _DENIES[looked.lang].__getitem__
    denied = sum(map(denies, words))
    for code, points, first, end in looked.found:
        if code == MUTE:
            denied -= sum(map(denies, words[first:end]))
        elif FAMILY[code] == "relief":
            found[code] = points / 1_000 * (_DISCOUNT if against else 1.0)
        else:
            found[code] = points / 1_000
            cues += 1
    live = list(filter(None, rest))
    good = sum([valence for valence in live if valence > 0])
    bad = -sum([valence for valence in live if valence < 0])
    denied = min(MOST_DENIALS, denied)
    found["good_words"] = good * _LEVEL / (good + _LEVEL)
    found["bad_words"] = bad * _LEVEL / (bad + _LEVEL)
    found["denials"] = float(denied)
    evidence = min(1.0, bad + cues + denied / 2)
    found["length"] = evidence * min(len(words), LONG) / LONG
    if evidence and any(map(looked.masked.__contains__, _SHOUTS)):
        found["loud"] = evidence
    return found


def _score(looked: Looked) -> tuple[int, tuple[Cue, ...]]:
    """Weigh the features; give the overall sentiment and the cues with their quotes."""
    rest, against = _beside(looked)
    weighed = weigh(_features(looked, rest, against), looked.lang)
    found = [cue for cue in looked.found if cue.code != MUTE]
    strength = normalised(sum(rest))
    if strength <= -SILENT or (strength >= SILENT and against < _COMPLAINT):
        found.append(_of_words(rest, strength))
        found.sort(key=_FIRST)
    bare = any(cue.code == BARE for cue in found)
    cut = looked.cut
    cues = [
        Cue(cue.code, _FAMILY[cue.code], cue.points, _quote(cut, cue, bare=bare)) for cue in found
    ]
    return round(-10_000 * normalised(weighed)), tuple(cues)


def _of_words(rest: Sequence[float], strength: float) -> Found:
    """What the words say beside the cues, at the strongest of them."""
    if strength < 0:
        place = rest.index(min(rest))
        return Found("negative_words", round(-strength * NEGATIVE_POINTS), place, place + 1)
    place = rest.index(max(rest))
    return Found("positive_words", round(strength * POSITIVE_POINTS), place, place + 1)


def _quote(cut: _Words, cue: Found, *, bare: bool) -> str:
    """The clause around the words of a cue, as written; bare, these words alone."""
    first = cut.places[cue.first]
    last = cut.places[cue.end] if cue.end < len(cut.places) else len(cut.chunks)
    return (
        quote(cut.chunks[first:last], 0, last - first) if bare else quote(cut.chunks, first, last)
    )
