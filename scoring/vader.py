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

_DISTANCES: Final = ((1, 1.0), (2, 0.95), (3, 0.9))
"""How far before a word a booster may stand, and how much of it is left there."""

_CONTEXT: Final = frozenset(
    word for phrase in (*_SPECIAL, *_BOOSTERS) for word in phrase.split()
) | listed("no or nor least at very never so this without doubt kind of but")
"""Words that some rule compares with; all others mean the same to every rule: nothing."""


class Meaning(NamedTuple):
    """What one token means to the rules.

    Attributes:
        word: In lower case; empty if no rule asks for it.
        valence: From the lexicon, None if it has none.
        booster: What it adds to the word after it, 0.0 if nothing.
        negates: It turns the words after it around.
        upper: It is written in capitals.
    """

    word: str
    valence: float | None
    booster: float
    negates: bool
    upper: bool


_PLAIN: Final = Meaning("", None, 0.0, negates=False, upper=False)


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
    if text.isascii() or _EMOJI_CHARS.isdisjoint(text):
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
) -> Memo[Meaning]:
    """Make a memo of what tokens mean under one table of valences.

    Args:
        valences: Words in lower case and their valence, -4 to 4.
        strip: Makes a word of a token as it stands in the text.
        lookup: Finds the valence of a stripped token that is not in the table, or None.
    """

    def meaning(token: str) -> Meaning:
        stripped = strip(token)
        word = stripped.lower()
        valence = valences.get(word)
        if valence is None:
            valence = lookup(stripped)
        booster = _BOOSTERS.get(word, 0.0)
        negates = word in _NEGATIONS or "n't" in word
        if valence is None and not booster and not negates and word not in _CONTEXT:
            return _PLAIN
        return Meaning(word, valence, booster, negates, stripped.isupper())

    return Memo(meaning)


_EXACT: Final = lexicon(VALENCES)


def valences_of(tokens: Sequence[str], meaning_of: Memo[Meaning]) -> list[float]:
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
    meanings = list(map(meaning_of.__getitem__, tokens))
    scores = [0.0] * len(meanings)
    caps: bool | None = None
    but: int | None = None
    last = len(meanings) - 1
    for i in [place for place, meaning in enumerate(meanings) if meaning is not _PLAIN]:
        word, valence, booster, _, upper = meanings[i]
        if word == "but" and but is None:
            but = i
        if caps is None and upper:
            caps = not all(map(str.isupper, tokens))
        if valence is None or booster:
            continue
        if word == "kind" and i < last and meanings[i + 1].word == "of":
            continue
        before = meanings[i - 3 if i > 3 else 0 : i]
        if before.count(_PLAIN) < len(before) or word in _CONTEXT:
            scores[i] = _in_context(meanings, i, valence, caps=caps is True)
        elif upper and caps:
            scores[i] = valence + _CAPS if valence > 0 else valence - _CAPS
        else:
            scores[i] = valence
    if but is not None:
        _but(scores, but)
    return scores


def _in_context(meanings: Sequence[Meaning], i: int, own: float, *, caps: bool) -> float:
    """Apply capitals, boosters, negations and idioms around the word at `i`."""
    valence = own
    word, _, _, _, upper = meanings[i]
    if word == "no" and i + 1 < len(meanings) and meanings[i + 1].valence is not None:
        valence = 0.0
    if (
        (i > 0 and meanings[i - 1].word == "no")
        or (i > 1 and meanings[i - 2].word == "no")
        or (i > 2 and meanings[i - 3].word == "no" and meanings[i - 1].word in ("or", "nor"))
    ):
        valence = own * _SCALAR
    if upper and caps:
        valence = valence + _CAPS if valence > 0 else valence - _CAPS
    for back, damp in _DISTANCES[: min(i, 3)]:
        before = meanings[i - back]
        if before.valence is not None:
            continue
        if before.booster:
            valence += _boost(before, valence, caps=caps) * damp
        if before.negates or back > 1:
            valence = _negate(meanings, i, back, valence)
        if back == 3:
            valence = _idioms(meanings, i, valence)
    if i > 0 and meanings[i - 1].word == "least" and meanings[i - 1].valence is None:
        softened = i > 1 and meanings[i - 2].word in ("at", "very")
        valence = valence if softened else valence * _SCALAR
    return valence


def _boost(before: Meaning, valence: float, *, caps: bool) -> float:
    scalar = -before.booster if valence < 0 else before.booster
    if before.upper and caps:
        scalar = scalar + _CAPS if valence > 0 else scalar - _CAPS
    return scalar


def _negate(meanings: Sequence[Meaning], i: int, back: int, valence: float) -> float:
    """Negation `back` words before; "so" or "this" counts alone, as `and` binds before `or`."""
    one = meanings[i - 1].word
    if back == 2:
        two = meanings[i - 2].word
        if two == "never" and one in ("so", "this"):
            return valence * 1.25
        if two == "without" and one == "doubt":
            return valence
    elif back == 3:
        two, three = meanings[i - 2].word, meanings[i - 3].word
        if (three == "never" and two in ("so", "this")) or one in ("so", "this"):
            return valence * 1.25
        if three == "without" and "doubt" in (two, one):
            return valence
    return valence * _SCALAR if meanings[i - back].negates else valence


def _idioms(meanings: Sequence[Meaning], i: int, valence: float) -> float:
    two, one, zero = meanings[i - 2].word, meanings[i - 1].word, meanings[i].word
    if one not in _CONTEXT and two not in _CONTEXT and zero not in _CONTEXT:
        return valence
    three = meanings[i - 3].word
    before = (f"{three} {two} {one}", f"{three} {two}", f"{two} {one}")
    for phrase in (f"{one} {zero}", f"{two} {one} {zero}", before[2], before[0], before[1]):
        if phrase in _SPECIAL:
            valence = _SPECIAL[phrase]
            break
    for length in (2, 3):
        if i + length <= len(meanings):
            after = " ".join(meaning.word for meaning in meanings[i : i + length])
            valence = _SPECIAL.get(after, valence)
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
    questions = text.count("?")
    asked = 0.0 if questions < 2 else questions * 0.18 if questions <= 3 else 0.96
    return min(text.count("!"), 4) * 0.292 + asked


def normalised(total: float, alpha: float = 15) -> float:
    """Bring a sum of valences into [-1, 1].

    >>> normalised(0.0), round(normalised(-3.0), 4)
    (0.0, -0.6124)
    """
    return max(-1.0, min(1.0, total / math.sqrt(total * total + alpha)))


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
    text = emoji_in_words(text)
    scores = valences_of(text.split(), _EXACT)
    if not scores:
        return {"neg": 0.0, "neu": 0.0, "pos": 0.0, "compound": 0.0}
    marks = emphasis(text)
    live = [score for score in scores if score]
    # The built-in adds as the original does on every Python; a loop would not from 3.12 on.
    total = float(sum(live))
    if total > 0:
        total += marks
    elif total < 0:
        total -= marks
    positive = negative = 0.0
    for score in live:
        if score > 0:
            positive += score + 1
        else:
            negative += score - 1
    if positive > -negative:
        positive += marks
    elif positive < -negative:
        negative -= marks
    neutral = len(scores) - len(live)
    whole = positive - negative + neutral
    return {
        "neg": round(math.fabs(negative / whole), 3),
        "neu": round(math.fabs(neutral / whole), 3),
        "pos": round(math.fabs(positive / whole), 3),
        "compound": round(normalised(total), 4),
    }
