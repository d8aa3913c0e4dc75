"""English sentiment for support texts: VADER's rules over a lexicon that we correct.

VADER was made for social media at large. In support texts "please", "help", brand names and topic
words carry praise they do not mean, and delay, silence and failure carry no blame (docs/detection,
measured on the airline set: AUC .757 as it is, .827 with such corrections). Every correction is a
row of `CORRECTIONS`: words, why, and a text that must come out lower or higher than VADER has it.
The rules around the words stay VADER's own (`scoring.vader`), except that short words lose their
punctuation too, stretched words and hashtags are looked up, and names, links and masks are mute.

Next step: `scoring.reading` joins sentiment and cues.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from scoring.text import MASK
from scoring.vader import VALENCES, lexicon, valences_of


class Correction(NamedTuple):
    """A group of words that mean something else in support texts.

    Attributes:
        name: What is corrected.
        source: How we know.
        words: Word in lower case and its valence, -4 to 4; 0.0 makes it mute.
        example: A text of ours that changes.
        becomes: Where the example's sentiment goes.
    """

    name: str
    source: str
    words: Mapping[str, float]
    example: str
    becomes: Literal["lower", "higher"]


def _same(valence: float, words: str) -> dict[str, float]:
    return dict.fromkeys(words.split(), valence)


_MEASURED: Final = "docs/detection section 3: the word's share of bad texts on the airline dev half"
_ASSUMED: Final = "assumed: what the word means to a support desk"

CORRECTIONS: Final = (
    Correction(
        "politeness",
        "docs/detection section 3: softened, not deleted, which would cost short chat turns",
        {
            **_same(0.5, "please pls plz"),
            **_same(0.2, "help helping helps"),
            **_same(1.2, "thanks thank thankyou thx thnx tnx"),
            **_same(0.8, "yes yep yeah yup"),
            **_same(
                0.4, "sure ok okay well fine hope hopefully hoping like likes kindly greetings"
            ),
            **_same(0.0, "want care cares dear sincerely respect hand"),
        },
        "Can you help me please?",
        "lower",
    ),
    Correction(
        "topics",
        "docs/detection section 3: names of things, with the praise or blame of other contexts",
        {
            **_same(
                0.0,
                """united accept accepted active advantage agree agreement alert allow approved
                assured award better bonus certain clear clearly credit credits demand energy
                fire free gift growth heart importance important intelligent interest interested
                join luck matter matters natural noble number opportunity original party pay
                play playing popular prize promise promised protect protected ready resolve
                reward rewards save secure security share shared shares sharing significant
                solution solutions solve special spirit straight strength strong support
                supported supports top treat true value values warm""",
            ),
            **_same(
                -0.4,
                "lost loses loss stolen block blocked blocking report emergency cut drop dropped"
                " cancel stop stops stopped low bill doubt fee penalty warning risk limited limit"
                " miss",
            ),
            **_same(-0.8, "error errors fraud wrong debt suspicious unauthorized missing no"),
        },
        "United, I want to share my rewards number for free support.",
        "lower",
    ),
    Correction(
        "delay and silence",
        _MEASURED,
        {
            **_same(-1.5, "stuck stranded unanswered unresponsive"),
            **_same(-1.2, "delay delays delayed delaying"),
            **_same(-1.2, "cancelled canceled cancelling canceling cancellation overbooked"),
            **_same(-1.0, "late later waiting waited overdue hrs hung missed disconnected hangup"),
            **_same(-0.7, "wait waits hold holding slow slower slowly unable refund refunds"),
            **_same(-0.5, "still again why hours hour told apparently supposed supposedly another"),
            **_same(-1.6, "ignored ignoring ignores ignore"),
        },
        "My flight is delayed and I am stuck here.",
        "lower",
    ),
    Correction(
        "failure",
        _MEASURED,
        {
            **_same(-1.5, "broken broke breaks damaged crashed crashes crashing ripped leaking"),
            **_same(-1.6, "faulty defective unusable malfunctioning buggy glitchy unreliable"),
            **_same(-1.2, "problem problems issue issues glitch bug outage inconvenience lacking"),
            **_same(-1.0, "lack lacks fix fixing incorrect incorrectly inaccurate outdated errors"),
            **_same(-1.8, "fail fails failed failing failure fails screwed ruined ruining messed"),
            **_same(-1.5, "mess messy hassle nowhere overpriced overcharged mistakes mistake"),
            **_same(-0.7, "complain complained complaint complaints expensive excuse charged fees"),
        },
        "The app crashes, what a glitchy mess.",
        "lower",
    ),
    Correction(
        "blame",
        _MEASURED,
        {
            **_same(-2.4, "unacceptable unprofessional incompetent incompetence atrocious abysmal"),
            **_same(
                -2.1, "unhelpful useless dissatisfied unsatisfied disgraceful ridiculous absurd"
            ),
            **_same(-2.2, "rude ruder rudest rudeness disrespectful disrespected clueless shady"),
            **_same(-1.8, "joke laughable disapointed dissapointed dissappointed disappointing"),
            **_same(
                -1.6, "shame smh wtf wth ffs omfg unbelievable lied lying excuses ripoff rip-off"
            ),
            **_same(-2.4, "appalling horrid disgusting deplorable worthless trash garbage scam"),
            **_same(-1.0, "seriously unreal insane zero sad pity honestly ugh meh"),
            **_same(-2.6, "worst terrible horrible awful pathetic epicfail neveragain"),
        },
        "This airline is a joke, unacceptable.",
        "lower",
    ),
    Correction(
        "praise",
        _ASSUMED,
        {
            **_same(
                1.2, "fixed resolved solved quick quickly fast prompt promptly smooth smoothly"
            ),
            **_same(1.6, "helpful responsive seamless comfy courteous professional efficient yay"),
            **_same(2.2, "kudos flawless stellar outstanding phenomenal lifesaver hero rockstar"),
            **_same(1.8, "rock rocks shoutout props impressed tysm woohoo grateful appreciated"),
            **_same(1.9, "appreciate friendly delicious yummy superb exceptional"),
        },
        "Kudos, a quick and seamless repair.",
        "higher",
    ),
    Correction(
        "emoji",
        "docs/detection section 3: VADER reads their descriptions; two angry ones are 0.0 to it",
        {
            **_same(-2.4, "😠 😡 🤬 👿 🖕 💩 🤮"),
            **_same(-1.6, "😤 😒 😞 😢 😭 😩 😫 👎 🙄 😣 😖 💔 😑 😕 ☹ 🙁 😟 😓 🤦 😔 😪 🤢 😾"),
            **_same(2.0, "😍 🥰 😘 ❤ 💕 💙 💚 💜 💖 💗 🤩 🎉 👏 🙌 💯 🏆 🥇"),
            **_same(1.4, "😀 😃 😄 😁 😊 🙂 😉 😎 👍 👌 😋 🤗 ☺ ✨ 💐 🌹 🌟 ⭐ 😇 💪"),
            **_same(0.6, "😂 🤣 😅 😜"),
            **_same(0.3, "🙏"),
        },
        "Two weeks! 😡 😡",
        "lower",
    ),
)
"""What support texts mean otherwise; a later row wins over an earlier one."""

_VALENCES: Final[dict[str, float]] = dict(VALENCES)
for _correction in CORRECTIONS:
    _VALENCES.update(_correction.words)

PRAISE: Final = 0.5
"""What praise weighs beside blame: politeness is cheap. Fitted by hand, dev half of five sets."""

MOST_TITLED: Final = 3
"""A name stands out where at most one word of so many is in title case."""

_CORRECTED_WORDS: Final = {
    word: valence for row in CORRECTIONS for word, valence in row.words.items()
}

EMOJI: Final[Mapping[str, float]] = CORRECTIONS[-1].words

_IN_HASHTAG: Final = re.compile(
    r"worst|fail|suck|terrible|horrible|awful|pathetic|ridiculous|disappoint|unhappy|bad|stranded"
    r"|stuck|shame|scam|fraud|useless|hate|angry|broken|love|best|awesome|great|amazing|thank|happy"
)
"""Words found within a hashtag written in small letters, #badservice."""

_CAMEL: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_STRETCHED: Final = re.compile(r"(\w)\1{2,}")
_CURLY: Final = str.maketrans("’‘`´", "''''")


def _strip(token: str) -> str:
    """Make a word of a token: names and masks nothing, emoticons themselves, "No." "No"."""
    token = token.translate(_CURLY)
    if token[0] == "@" or MASK.search(token):
        return ""
    if token.lower() in _VALENCES:
        return token
    if token[0] in EMOJI:
        return token[0]
    stripped = token.strip(string.punctuation)
    return "#" + stripped if token[0] == "#" and stripped else stripped or token


def _lookup(word: str) -> float | None:
    """Look at stretched words as they are usually spelt, at hashtags for the words in them."""
    if word[:1] == "#":
        known = [_VALENCES.get(part.lower(), 0.0) for part in _CAMEL.findall(word)]
        known += [_VALENCES[part] for part in _IN_HASHTAG.findall(word.lower())]
        known.append(_VALENCES.get(word[1:].lower(), 0.0))
        return max(known, key=abs) or None
    for shorter in (r"\1\1", r"\1"):
        spelt = _STRETCHED.sub(shorter, word.lower())
        if spelt in _VALENCES:
            return _VALENCES[spelt]
    return None


_ANSWERS: Final = frozenset(("no", "nope", "nothing", "nah", "never"))
_AFTER_ANSWER: Final = frozenset(("thanks", "thank", "else", "that", "i", "great", "sir", "you"))

_CORRECTED: Final = lexicon(_VALENCES, _strip, _lookup)


def valences(chunks: Sequence[str]) -> list[float]:
    """Give each chunk of an English text its valence where it stands, about -5 to 5.

    Args:
        chunks: What stands between spaces, spelt as its author did.

    Returns:
        One valence per chunk, 0.0 for most.

    >>> valences("No. It is delayed again 😡".split())
    [-0.8, 0.0, 0.0, -1.2, -0.5, -2.4]
    """
    if len(chunks) > 1 and chunks[0].lower().rstrip(",.!") in _ANSWERS and _answers(chunks):
        found = [*valences_of(chunks[:1], _CORRECTED), *valences_of(chunks[1:], _CORRECTED)]
    else:
        found = valences_of(chunks, _CORRECTED)
    few: bool | None = None
    for place, valence in enumerate(found):
        if valence < 0 and chunks[place][0].isupper() and _names(chunks, place):
            if few is None:
                few = sum(chunk.istitle() for chunk in chunks) * MOST_TITLED <= len(chunks)
            found[place] = 0.0 if few else valence
    return [valence * PRAISE if valence > 0 else valence for valence in found]


def _names(chunks: Sequence[str], place: int) -> bool:
    """Could this word be part of a name: in title case beside another?

    Words of `CORRECTIONS` are no names ("Worst Service"), whatever their case. The first word of a
    sentence says nothing; whether few words are in title case is for the caller to count, once.

    >>> _names("we sell the Red Devil drill now".split(), 4)
    True
    >>> _names("what Terrible Service I Had".split(), 1)
    False
    """
    if not _titled(chunks, place) or _CORRECTED_WORDS.get(chunks[place].lower()):
        return False
    return _titled(chunks, place - 1) or _titled(chunks, place + 1)


def _titled(chunks: Sequence[str], place: int) -> bool:
    """Title case that the beginning of a sentence does not explain."""
    if not 0 < place < len(chunks) or chunks[place - 1][-1] in ".!?:":
        return False
    word = chunks[place].strip(string.punctuation)
    return len(word) > 2 and word.istitle()


def _answers(chunks: Sequence[str]) -> bool:
    """Does the text begin with an answer that denies nothing of what follows?"""
    return not chunks[0][-1].isalpha() or chunks[1].lower() in _AFTER_ANSWER
