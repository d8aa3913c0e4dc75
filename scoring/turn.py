"""What a turn does in its conversation: asks, corrects, closes, fails.

Who answered what beats the words alone in chat (docs/detection section 4: a turn that starts with
"no" or "I said", an answer that apologises, words that come again). These features are kept without
the words: numbers, truths, and hashes of content words.

Next step: `scoring.reading` puts them beside sentiment and cues; `scoring.customer` compares turns.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Final

from scoring.memo import Memo
from scoring.records import Turn
from scoring.text import listed, normalise

HASHES: Final = 12
"""Content words kept of a turn, those with the smallest hashes, so that equal words meet."""

_CLOSING_WORDS: Final = 14

_CORRECTS: Final = {
    "en": re.compile(
        r"(?:@ )*(?:(?:no|nope|not (?:that|this|what|the|it|in|at|on|for)|wrong|incorrect|actually"
        r"|again)\b(?!\.? (?:problem|worries|thanks|thank|one|doubt|bad|sure|to worry|nothing|im"
        r" good"
        r"|(?:that is|thats|that will be|this is) (?:it|all|everything|fine|ok|great)))"
        r"|i (?:just |already )?(?:said|told|asked|meant|mean)\b|thats (?:not|wrong)\b"
        r"|(?:that|this|it) (?:is|was)(?:nt| not) |but i (?:said|asked|want)\b)"
    ),
    "fa": re.compile(
        normalise(
            r"(?:@ )*(?:نه|نخیر|اشتباه|غلط|منظورم|گفتم|من که گفتم|عرض کردم|این نه|اون نه|قبلا"
            r" گفتم)(?= |[.?]|$)"
            r"(?! (?:خیلی )?(?:ممنون|مرسی|مشکلی|قربان|فدا|دستت|سپاس|متشکر))"
            r"(?!\.? (?:عزیز|جان|جانم)\S*(?: من)?(?:\.?$|\.? (?:قربان|فدا|ممنون|مرسی|دستت)))"
        )
    ),
}
_CLOSES: Final = {
    "en": re.compile(
        r"\b(?:thank you|thanks|thankyou|thx|ty|cheers|bye|goodbye|good night|see you|thats all"
        r"|thats it|nothing else|have a (?:good|great|nice|lovely) (?:day|one|evening|night"
        r"|weekend))\b"
    ),
    "fa": re.compile(
        normalise(
            r"\b(?:ممنون(?!م? میش)|مرسی|سپاس|متشکر|تشکر|خداحافظ|خدانگهدار|بدرود|روز خوش|شب خوش"
            r"|دستتون درد|قربان(?:ت|تون|تان)\b|قربان شما|فدات)"
        )
    ),
}
_FAILS: Final = {
    "en": re.compile(
        r"\b(?:sorry|apolog\w+|unfortunately|regret\w*|unable to|not able to|cannot|cant|could not"
        r"|couldnt|do not have|dont have|does not|doesnt (?:have|offer|serve)|not (?:available"
        r"|offered)"
        r"|unavailable|unsuccessful|no (?:\w+ ){0,3}(?:available|found|results?|matching|options?)"
        r"|there (?:is|are) (?:nothing|none|no)|nothing (?:matching|available)|not (?:find|found"
        r"|possible)|didnt find|did not find|was not|wasnt|is not|isnt|fully booked|sold out|afraid"
        r"|failed)\b"
    ),
    "fa": re.compile(
        normalise(
            r"\b(?:متاسفانه|متاسفیم|عذرخواهی|عذر میخوا\S+|پوزش|شرمنده|ببخشید|مقدور ن\S+|امکان(?:"
            r" ?پذیر)? ن\S+"
            r"|امکانش نیست|نمیتوان\S+|نمیتون\S+|موجود نیست|ناموجود|در دسترس نیست)"
        )
    ),
}

_COMMON: Final = listed(
    """about after again also always another anything because been before being could does doing
    dont every from going gonna have having hello here into just know like many more most much
    need never only other over please really said same should some still such sure than thank
    thanks that thats their them then there these they thing this those through today told
    tomorrow very want well were what when where which while will with would yeah your youre
    cant wont didnt isnt سلام لطفا ممنون مرسی خیلی برای است بود شده کنید میشه میشود نیست هست
    این آن اون شما دارم دارد داره باید چرا چطور اگر ولی اما خواهش میکنم کردم کنم بودم هنوز
    دیگه دیگر همین خودم بعد قبل"""
)


def _hash(word: str) -> int:
    """Give the 32-bit hash of a content word, -1 of others."""
    bare = word.rstrip(".?")
    if bare in _COMMON or len(bare) < 4 - (not bare.isascii()):
        return -1
    stem = bare if bare.isdigit() else re.sub(r"(?:ing|ed|es|s|ها|های)$", "", bare)
    return zlib.crc32(stem.encode())


_hashes: Final = Memo(_hash)
_counted: Final = Memo(lambda word: int(any(map(str.isalnum, word))))


def content_hashes(words: Sequence[str]) -> tuple[int, ...]:
    """Hash the content words: 32 bits each, sorted, at most `HASHES`, without repeats.

    >>> content_hashes(["my", "orders", "broken."]) == content_hashes(["broken", "order"])
    True
    """
    found = set(map(_hashes.__getitem__, words))
    found.discard(-1)
    return tuple(sorted(found)[:HASHES])


def turn_of(
    words: Sequence[str],
    lang: str,
    *,
    questions: int,
    complains: bool,
    agent: bool,
    mood_e2: int = 0,
) -> Turn:
    """Say what a turn does.

    Args:
        words: As `scoring.text.words_of` gives them, in Persian after `scoring.persian.join`.
        lang: `en`, `fa` or `unknown`; of an unknown language only the counts are known.
        questions: Number of question marks in the text.
        complains: It has cues of distress, so it closes nothing.
        agent: A person or bot of ours wrote it: only then can it fail the customer.
        mood_e2: Sentiment of a customer's text in hundredths, 0 where unknown.

    >>> turn_of(["no."], "en", questions=0, complains=False, agent=False).corrects
    True
    """
    count = sum(map(_counted.__getitem__, words))
    if lang == "unknown":
        return Turn(words=count, questions=questions)
    text = " ".join(words)
    closes = not complains and not questions and count <= _CLOSING_WORDS
    return Turn(
        words=count,
        questions=questions,
        corrects=_CORRECTS[lang].match(text) is not None,
        closes=closes and _CLOSES[lang].search(text) is not None,
        fails=agent and _FAILS[lang].search(text) is not None,
        hashes=content_hashes(words),
        mood_e2=mood_e2,
    )
