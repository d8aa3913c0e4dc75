"""VADER, exactly: the scores of vaderSentiment 3.3.2, bit for bit, several times faster.

Source: Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text" (ICWSM 2014), and the rules as vaderSentiment 3.3.2 runs them, flaws included: "so" and
"this" before a word scale it even without "never", idioms are not seen among the first three
words, and "but" finds scores by value in a list that it changes. What we think better is a layer
of its own (`scoring.sentiment`). Words and weights are those of the installed package, loaded at
import, never copied. A property test holds this module equal to the original.

Faster because each distinct token is understood once (`lexicon` makes a bounded memo), and because
rules run only around words that carry a valence.

Next step: `scoring.sentiment` corrects the lexicon for support texts.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import compress
from typing import Final, NamedTuple

from vaderSentiment import vaderSentiment as original  # noqa: N813  # a module's name, theirs

from scoring.memo import Memo
from scoring.text import listed

_BUT_BEFORE: Final = 0.5
_BUT_AFTER: Final = 1.5
_package = original.SentimentIntensityAnalyzer()

VALENCES: Final[Mapping[str, float]] = _package.lexicon
"""Words and their mean rating by ten raters, -4 to 4, as the package ships them."""

_EMOJI: Final[Mapping[str, str]] = _package.emojis
_EMOJI_CHARS: Final = frozenset(emoji for emoji in _EMOJI if len(emoji) == 1)
_BOOSTERS: Final[Mapping[str, float]] = original.BOOSTER_DICT
_SPECIAL: Final[Mapping[str, float]] = original.SPECIAL_CASES
_NEGATIONS: Final = frozenset(original.NEGATE)
_SCALAR: Final[float] = original.N_SCALAR
_CAPS: Final[float] = original.C_INCR

_BACK: Final = 3
"""Words further back than so many change nothing."""

_ON: Final = 2
"""Words that an idiom has after a word with a valence."""

_PHRASES: Final = tuple(phrase for phrase in (*_SPECIAL, *_BOOSTERS) if " " in phrase)
_PHRASED: Final = frozenset(word for phrase in _PHRASES for word in phrase.split()) - listed(
    "the to of for"
)
"""Words of idioms; each idiom has one of them that stands in few other texts."""

_COMPARED: Final = listed("no least never so this without kind but") | _PHRASED
_BESIDE: Final = listed("or nor at very doubt the to of for")
"""Words that some rule compares with; the latter only beside one of the former."""


class Meaning(NamedTuple):
    """What one token means to the rules; `None` stands for a token that means nothing to them.

    Attributes:
        word: In lower case.
        valence: From the lexicon, None if it has none.
        booster: What it adds to the word after it, 0.0 if nothing.
        negates: It turns the words after it around.
        upper: It is written in capitals.
        acts: It may change what words near it are worth, or be an idiom with them.
    """

    word: str
    valence: float | None
    booster: float
    negates: bool
    upper: bool
    acts: bool


_NONE_BACK: Final = (None,) * _BACK
_NONE_ON: Final = (None,) * _ON
_NOTHING: Final = Meaning("", None, 0.0, negates=False, upper=False, acts=False)
"""Stands before the first word, and for tokens without a meaning, where a rule looks back."""


def strip_token(token: str) -> str:
    """Take punctuation off both ends, unless two letters or fewer would be left.

    Source: `SentiText._strip_punc_if_word`; the limit keeps emoticons, and loses "No.".

    >>> strip_token("(good!)"), strip_token("No."), strip_token(":)")
    ('good', 'No.', ':)')
    """
    stripped = token.strip(string.punctuation)
    return token if len(stripped) <= 2 else stripped


def emoji_in_words(text: str) -> str:
    """Write the emoji of a text as the words that the package gives for them.

    >>> emoji_in_words("fine\U0001f600")
    'fine grinning face'
    """
    if _EMOJI_CHARS.isdisjoint(text):
        return text
    written = []
    after_space = True
    for char in text:
        if char in _EMOJI_CHARS:
            if not after_space:
                written.append(" ")
            written.append(_EMOJI[char])
            after_space = False
        else:
            written.append(char)
            after_space = char == " "
    return "".join(written)


def lexicon(
    valences: Mapping[str, float],
    strip: Callable[[str], str] = strip_token,
    lookup: Callable[[str], float | None] = lambda _: None,
) -> Memo[Meaning | None]:
    """Make a memo of what tokens mean under one table of valences.

    Args:
        valences: Words in lower case and their valence, -4 to 4.
        strip: Makes a word of a token as it stands in the text.
        lookup: Finds the valence of a stripped token that is not in the table, or None.
    """

    def meaning(token: str) -> Meaning | None:
        stripped = strip(token)
        word = stripped.lower()
        valence = valences.get(word)
        if valence is None:
            valence = lookup(stripped)
        booster = _BOOSTERS.get(word, 0.0)
        negates = word in _NEGATIONS or "n't" in word
        acts = bool(booster) or negates or word in _COMPARED
        if valence is None and not acts and word not in _BESIDE:
            return None
        return Meaning(word, valence, booster, negates, stripped.isupper(), acts)

    return Memo(meaning)


_EXACT: Final = lexicon(VALENCES)


def valences_of(tokens: Sequence[str], meaning_of: Memo[Meaning | None]) -> list[float]:
    """Give each token the valence it has where it stands.

    Args:
        tokens: Tokens of a text split at white space, in order, punctuation included.
        meaning_of: What tokens mean, made by `lexicon`.

    Returns:
        One valence per token, 0.0 for most; `[]` for no tokens.

    Source: `SentimentIntensityAnalyzer.sentiment_valence` and its checks, operation by operation.

    >>> valences_of("not a good day".split(), _EXACT)
    [0.0, 0.0, -1.406, 0.0]
    """
    # With room before the first word and after the last, where rules look.
    meanings = [*_NONE_BACK, *map(meaning_of.__getitem__, tokens), *_NONE_ON]
    scores = [0.0] * len(tokens)
    caps: bool | None = None
    but: int | None = None
    acting = -_BACK
    places = compress(range(len(meanings)), meanings)
    for place, meaning in zip(places, filter(None, meanings), strict=True):
        word, valence, booster, _, upper, acts = meaning
        if upper and caps is None:
            caps = not all(map(str.isupper, tokens))
        if valence is None or booster:
            if word == "but" and but is None:
                but = place - _BACK
        elif acts or place - acting <= _BACK:
            scores[place - _BACK] = _in_context(meanings, place, meaning, valence, caps is True)
        elif upper and caps:
            scores[place - _BACK] = valence + _CAPS if valence > 0 else valence - _CAPS
        else:
            scores[place - _BACK] = valence
        if acts:
            acting = place
    if but is not None:
        _but(scores, but)
    return scores


def _in_context(  # noqa: C901, PLR0912  # one rule after the other; calls would cost more than they
    meanings: Sequence[Meaning | None],
    place: int,
    meaning: Meaning,
    own: float,
    caps: bool,  # noqa: FBT001  # a keyword costs time where every word counts
) -> float:
    """Apply capitals, boosters, negations and idioms around the word at a place, from 3 on."""
    zero = meaning.word
    three, two, one = meanings[place - _BACK : place]
    valence = own
    if zero == "no" or zero == "kind":  # noqa: PLR1714  # a set would be slower
        following = meanings[place + 1] or _NOTHING
        if zero == "kind" and following.word == "of":
            return 0.0
        if zero == "no" and following.valence is not None:
            valence = 0.0
    if (
        (one and one.word == "no")
        or (two and two.word == "no")
        or (three and three.word == "no" and one and one.word in {"or", "nor"})
    ):
        valence = own * _SCALAR
    if caps and meaning.upper:
        valence = valence + _CAPS if valence > 0 else valence - _CAPS
    if one and one.valence is None:
        if one.booster:
            valence += _boost(one, valence, caps=caps)
        if one.negates:
            valence *= _SCALAR
    if two and two.valence is None:
        if two.booster:
            valence += _boost(two, valence, caps=caps) * 0.95
        if two.negates:
            valence *= _negation(two, one)
    if place >= 2 * _BACK and (three is None or three.valence is None):
        if three and three.booster:
            valence += _boost(three, valence, caps=caps) * 0.9
        # "so" and "this" count alone here, as `and` binds before `or` in the original.
        if one and one.word in {"so", "this"}:
            valence *= 1.25
        elif three and three.negates:
            valence *= _negation(three, two, one)
        if (
            zero in _PHRASED
            or (one and one.word in _PHRASED)
            or (two and two.word in _PHRASED)
            or (three and three.word in _PHRASED)
        ):
            valence = _idioms(meanings, place, valence)
    if one and one.word == "least" and one.valence is None:
        return valence if two and two.word in {"at", "very"} else valence * _SCALAR
    return valence


def _negation(meaning: Meaning, *between: Meaning | None) -> float:
    """What a word that negates makes of one two or three places on, by the words between them."""
    words = [word.word for word in between if word]
    if meaning.word == "never" and between[0] and between[0].word in {"so", "this"}:
        return 1.25
    if meaning.word == "without" and "doubt" in words:
        return 1.0
    return _SCALAR


def _boost(before: Meaning, valence: float, *, caps: bool) -> float:
    scalar = -before.booster if valence < 0 else before.booster
    if before.upper and caps:
        scalar = scalar + _CAPS if valence > 0 else scalar - _CAPS
    return scalar


def _idioms(meanings: Sequence[Meaning | None], place: int, valence: float) -> float:
    three, two, one, zero, *after = [
        "" if meaning is None else meaning.word
        for meaning in meanings[place - _BACK : place + _ON + 1]
    ]
    before = (f"{three} {two} {one}", f"{three} {two}", f"{two} {one}")
    for phrase in (f"{one} {zero}", f"{two} {one} {zero}", before[2], before[0], before[1]):
        if phrase in _SPECIAL:
            valence = _SPECIAL[phrase]
            break
    for length in range(1, len(after) + 1):
        valence = _SPECIAL.get(" ".join((zero, *after[:length])), valence)
    for phrase in before:
        valence += _BOOSTERS.get(phrase, 0.0)
    return valence


def _but(scores: list[float], but: int) -> None:
    """Halve what stands before "but" and strengthen what follows, as the original finds them.

    It takes each score in turn and changes the first one equal to it; heaps of places by score
    find that one without searching a long text again for every word.
    """
    places: dict[float, list[int]] = {}
    for place, score in enumerate(scores):
        if score:
            places.setdefault(score, []).append(place)
    for turn in range(len(scores)):
        score = scores[turn]
        if score:
            place = heappop(places[score])
            scores[place] = score * (_BUT_BEFORE if place < but else _BUT_AFTER)
            heappush(places.setdefault(scores[place], []), place)


def emphasis(text: str) -> float:
    """What exclamation and question marks add to a sum of valences.

    >>> emphasis("really?"), emphasis("no!"), emphasis("what????")
    (0.0, 0.292, 0.96)
    """
    if "!" not in text and "?" not in text:
        return 0.0
    questions = text.count("?")
    asked = 0.0 if questions < 2 else questions * 0.18 if questions <= 3 else 0.96
    return min(text.count("!"), 4) * 0.292 + asked


def normalised(total: float, alpha: float = 15) -> float:
    """Bring a sum of valences into [-1, 1]: the original's clamp has nothing to do.

    >>> normalised(0.0), round(normalised(-3.0), 4)
    (0.0, -0.6124)
    """
    return total / math.sqrt(total * total + alpha)


def compound(text: str) -> float:
    """Score one text from -1 to 1: the `compound` of `polarity_scores`, and nothing else.

    >>> compound("The service was good!")
    0.4926
    """
    # Not by the functions that `polarity_scores` calls: half a microsecond in five.
    if not text.isascii():
        text = emoji_in_words(text)
    total = sum(valences_of(text.split(), _EXACT))
    if not total:
        return 0.0
    if "!" in text or "?" in text:
        total += emphasis(text) if total > 0 else -emphasis(text)
    return round(total / math.sqrt(total * total + 15), 4)


def polarity_scores(text: str) -> dict[str, float]:
    """Score one text: `neg`, `neu`, `pos` as shares, `compound` in [-1, 1]; rounded as VADER does.

    Equal, bits and order of keys included, to
    `SentimentIntensityAnalyzer().polarity_scores(text)`. Any text is accepted; texts of other
    languages come out as 0.0, so ask `scoring.language` first.

    >>> polarity_scores("The service was good!")
    {'neg': 0.0, 'neu': 0.484, 'pos': 0.516, 'compound': 0.4926}
    >>> polarity_scores("")
    {'neg': 0.0, 'neu': 0.0, 'pos': 0.0, 'compound': 0.0}
    """
    if not text.isascii():
        text = emoji_in_words(text)
    scores = valences_of(text.split(), _EXACT)
    live = list(filter(None, scores))
    if not live:
        return {"neg": 0.0, "neu": 1.0 if scores else 0.0, "pos": 0.0, "compound": 0.0}
    positive = negative = 0.0
    for score in live:
        if score > 0:
            positive += score + 1
        else:
            negative += score - 1
    if positive > -negative:
        positive += emphasis(text)
    elif positive < -negative:
        negative -= emphasis(text)
    neutral = len(scores) - len(live)
    whole = positive - negative + neutral
    return {
        "neg": round(-negative / whole, 3) if negative else 0.0,
        "neu": round(neutral / whole, 3) if neutral else 0.0,
        "pos": round(positive / whole, 3) if positive else 0.0,
        "compound": _compound(_total(live, text)),
    }


def _total(scores: Sequence[float], text: str) -> float:
    """The sum of the valences, and what marks add to it."""
    # The built-in adds as the original does on every Python; a loop would not from 3.12 on.
    total = sum(scores)
    if total > 0:
        return total + emphasis(text)
    return total - emphasis(text) if total < 0 else total


def _compound(total: float) -> float:
    return round(normalised(total), 4) if total else 0.0
