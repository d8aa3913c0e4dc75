"""Cues: phrases that say more than their words, each worth points of distress or relief.

Rows stand in one table a language (`scoring.cues_en`, `scoring.cues_fa`); this module finds them. A
pattern runs over words as `scoring.text.words_of` writes them, so a space never crosses the end of
a sentence, and only if one of the row's anchors is among the words. What is denied ("not waiting"),
said by others in quotation marks, or claimed by a stronger cue does not count; a code counts
once a text. Mute rows are no cues: "my own mistake" is there so that nothing in it counts.

Next step: `scoring.reading` adds sentiment and quotes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Final, Literal, NamedTuple

from scoring.memo import Memo
from scoring.text import normalise

FAMILY: Final = {
    "waiting": "waiting",
    "no_answer": "waiting",
    "repetition": "repetition",
    "cannot": "effort",
    "effort": "effort",
    "money_lost": "effort",
    "confusion": "effort",
    "urgent": "effort",
    "vulnerable": "effort",
    "wish": "effort",
    "anger": "feeling",
    "profanity": "feeling",
    "mock_praise": "feeling",
    "lost_trust": "feeling",
    "staff_conduct": "feeling",
    "escalation_request": "intent",
    "leave_threat": "intent",
    "competitor": "intent",
    "legal_threat": "intent",
    "public_threat": "intent",
    "thanks": "relief",
    "solved": "relief",
}
"""Family of points that each code belongs to."""

BARE: Final = "staff_conduct"
"""Code quoted by its own words alone, and with it all else in its text: the clause around them may
name a member of staff, and nothing here is about one of them."""

MUTE: Final = "mute"
"""Code of rows whose words mean nothing to us: they claim their span first, for no points."""

Denial = Literal["none", "plain", "open"]
"""How a row is denied: not at all, by "not", or by "if", "when" and requests too."""

_FIRST: Final = -10_000
"""Rank of mute phrases, before all points."""

_BEFORE_CHARS: Final = 60
_PLAIN: Final = (
    r"(?:not|no|never|dont|didnt|doesnt|isnt|wasnt|arent|werent|wont|aint|without|cant|cannot"
    r"|couldnt"
    r"|wouldnt|shouldnt|havent|hasnt|hadnt|nor|neither|hardly|nothing|nobody)"
    r"(?! (?:but|only|just|short|less) )"
)
_OPEN: Final = (
    r"(?:if|when|until|till|unless|should|would|could|please|need|needs|needed|hope|hoping|want"
    r"|wants"
    r"|get|gets|getting|able|try|trying|tried|ask|asked|asking|yet|hopefully)"
)
_DENIED: Final = {
    "plain": re.compile(rf"(?:^|[ .?]){_PLAIN}(?: [^ .?]+){{0,2}} $"),
    "open": re.compile(rf"(?:^|[ .?])(?:{_PLAIN}|{_OPEN})(?: [^ .?]+){{0,3}} $"),
}
_DENIED_AFTER: Final = re.compile(
    normalise(
        r"(?: [^ .?]+){0,1} (?:نیست\S*|نبود\S*|نشد\S*|ندار\S*|نکرد\S*|نمیکن\S*|نمیش\S*|نخواه\S*"
        r"|نمیخوا\S*)"
    )
)


class Row(NamedTuple):
    """One cue.

    Attributes:
        code: Key of `FAMILY`, or `MUTE`.
        points: Hundredths of a point of distress, or of relief; 0 of what is mute.
        anchors: Words of which one must be there, apart by spaces; `wait*` is any that begins so.
        pattern: Over words in small letters, without apostrophes, one space apart.
        hit: A text of ours that has this cue.
        miss: A text of ours that looks like it and has not.
        denial: What before it (in Persian: a verb after it) denies it.
    """

    code: str
    points: int
    anchors: str
    pattern: str
    hit: str
    miss: str
    denial: Denial = "plain"


class Found(NamedTuple):
    """One cue found, or a mute phrase: code and points, its words from `first` to before `end`."""

    code: str
    points: int
    first: int
    end: int


class Table:
    """The rows of one language, compiled once.

    Args:
        rows: The rows; their order does not matter.
        verb_last: Denied by a verb after it, as in Persian, and not by words before it.
    """

    def __init__(self, rows: Iterable[Row], *, verb_last: bool = False) -> None:
        self.rows: Final = tuple(rows)
        self._verb_last = verb_last
        self._patterns = [re.compile(normalise(row.pattern)) for row in self.rows]
        self._anchored = _rows_of(self.rows)

    def find(
        self,
        words: Sequence[str],
        quoted: Sequence[tuple[int, int]] = (),
        commas: Collection[int] = (),
    ) -> list[Found]:
        """Find the cues of a text, in order of appearance, none overlapping another.

        Args:
            words: As `scoring.text.words_of` gives them, in Persian after `scoring.persian.join`.
            quoted: From which word up to, without, which other the words are somebody else's.
            commas: After which words a comma stands. A denial does not reach over it: "not happy,
                still waiting" waits.
        """
        wanted = set(chain.from_iterable(map(self._anchored.__getitem__, words)))
        if not wanted:
            return []
        text = " ".join(words)
        hits = []
        for number in wanted:
            row = self.rows[number]
            for match in self._patterns[number].finditer(text):
                start, stop = match.span()
                if start < stop and not self._denied(text, start, stop, row.denial, commas):
                    rank = -row.points if row.points else _FIRST
                    hits.append((rank, start, stop, row.code))
        return _unclaimed(sorted(hits), text, quoted)

    def _denied(
        self, text: str, start: int, stop: int, denial: Denial, commas: Collection[int]
    ) -> bool:
        if denial == "none":
            return False
        if self._verb_last:
            return _DENIED_AFTER.match(text, stop) is not None
        before = text[max(0, start - _BEFORE_CHARS) : start]
        if commas and _DENIED[denial].search(before):
            first = text.count(" ", 0, start)
            last = max((place for place in commas if place < first), default=-1)
            before = " ".join(before.split(" ")[last - first :])
        return _DENIED[denial].search(before) is not None


def _rows_of(rows: Sequence[Row]) -> Memo[tuple[int, ...]]:
    """The numbers of the rows that a word is an anchor of."""
    whole: dict[str, set[int]] = {}
    beginnings: dict[str, list[tuple[str, int]]] = {}
    for number, row in enumerate(rows):
        for anchor in normalise(row.anchors).split():
            if anchor[-1] == "*":
                beginnings.setdefault(anchor[:2], []).append((anchor[:-1], number))
            else:
                whole.setdefault(anchor, set()).add(number)

    def numbers(word: str) -> tuple[int, ...]:
        bare = word.rstrip(".?")
        found = set(whole.get(bare, ()))
        for anchor, number in beginnings.get(bare[:2], ()):
            if bare.startswith(anchor):
                found.add(number)
        return tuple(found)

    return Memo(numbers)


def _unclaimed(
    hits: Sequence[tuple[int, int, int, str]], text: str, quoted: Sequence[tuple[int, int]]
) -> list[Found]:
    """Keep the strongest cue of each code and each span, none within quotation marks."""
    found: list[Found] = []
    codes: set[str] = set()
    for rank, start, stop, code in hits:
        if code in codes and code != MUTE:
            continue
        first = text.count(" ", 0, start)
        end = text.count(" ", 0, stop) + 1
        if any(first < other.end and other.first < end for other in found):
            continue
        if any(begin <= first and end <= finish for begin, finish in quoted):
            continue
        codes.add(code)
        found.append(Found(code, 0 if rank == _FIRST else -rank, first, end))
    return sorted(found, key=lambda cue: cue.first)
