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
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, lru_cache, reduce
from operator import or_
from typing import Final, Literal, NamedTuple

from scoring.memo import Memo
from scoring.needs import Group, Word, branches, needs
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


_LAYERS: Final = 4
"""Groups of words that a way to a row asks for, its anchors included; more would cost more."""

_REMEMBERED: Final = 10_000
"""Sets of open ways remembered; most texts open none, or one of a few."""

_RUN: Final = re.compile(r"\w+")


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
        self._ways = Ways(self.rows)

    def find(
        self,
        words: Sequence[str],
        quoted: Sequence[tuple[int, int]] = (),
        commas: Callable[[], Collection[int]] = frozenset,
    ) -> list[Found]:
        """Find the cues of a text, in order of appearance, none overlapping another.

        Args:
            words: As `scoring.text.words_of` gives them, in Persian after `scoring.persian.join`.
            quoted: From which word up to, without, which other the words are somebody else's.
            commas: Says after which words a comma stands. A denial does not reach over it: "not
                happy, still waiting" waits.
        """
        wanted = self._ways.open_to(words)
        if not wanted:
            return []
        text = " ".join(words)
        commas = cache(commas)
        hits = []
        for number, pattern in wanted:
            row = self.rows[number]
            for match in pattern.finditer(text):
                start, stop = match.span()
                if start < stop and not self._denied(text, start, stop, row.denial, commas):
                    rank = -row.points if row.points else _FIRST
                    hits.append((rank, start, stop, row.code))
        return _unclaimed(sorted(hits), text, quoted)

    def _denied(
        self,
        text: str,
        start: int,
        stop: int,
        denial: Denial,
        commas: Callable[[], Collection[int]],
    ) -> bool:
        if denial == "none":
            return False
        if self._verb_last:
            return _DENIED_AFTER.match(text, stop) is not None
        before = text[max(0, start - _BEFORE_CHARS) : start]
        if not _DENIED[denial].search(before):
            return False
        first = text.count(" ", 0, start)
        last = max((place for place in commas() if place < first), default=-1)
        return _DENIED[denial].search(" ".join(before.split(" ")[last - first :])) is not None


class Ways:
    """Which rows could match a text, by its words alone.

    A row can be met in one or several ways, and each asks for some groups of words: the anchors of
    the row, and what its pattern needs (`scoring.needs`). A way is a bit, a group one of a few
    layers of all these bits, and a word the sum of the bits that it is asked for; so a text is a
    few operations on integers, whatever the number of rows.

    Args:
        rows: The rows of a table.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        ways = [
            (number, branch, [_anchors(row), *way[: _LAYERS - 1]])
            for number, row in enumerate(rows)
            for branch in branches(normalise(row.pattern))
            for way in needs(branch)
        ]
        self._ways: Final = [(number, branch) for number, branch, _ in ways]
        self._size: Final = len(ways)
        self._every: Final = (1 << len(ways)) - 1
        self._unasked = 0
        self._anchors, self._needs = _Index(), _Index()
        for place, (_, _, groups) in enumerate(ways):
            for layer in range(_LAYERS):
                bit = 1 << (layer * len(ways) + place)
                if layer >= len(groups):
                    self._unasked |= bit
                else:
                    (self._needs if layer else self._anchors).add(groups[layer], bit)
        self._bits: Final = Memo(self._bits_of)
        self._opened: Final = lru_cache(maxsize=_REMEMBERED)(self._open)

    def open_to(self, words: Iterable[str]) -> Sequence[tuple[int, re.Pattern[str]]]:
        """The rows that have a way of which no group is missing, and a pattern of these ways."""
        bits = reduce(or_, filter(None, map(self._bits.__getitem__, words)), self._unasked)
        bits &= bits >> 2 * self._size
        left = bits & bits >> self._size & self._every
        return self._opened(left) if left else ()

    def _open(self, ways: int) -> list[tuple[int, re.Pattern[str]]]:
        """Branches that stay closed match nothing, so a pattern does without them."""
        found: dict[int, dict[str, None]] = {}
        for place, (number, branch) in enumerate(self._ways):
            if ways >> place & 1:
                found.setdefault(number, {})[branch] = None
        return [(number, re.compile("|".join(ways))) for number, ways in found.items()]

    def _bits_of(self, word: str) -> int:
        bare = word.rstrip(".?")
        return reduce(or_, map(self._needs.bits, _RUN.findall(bare)), self._anchors.bits(bare))


class _Index:
    """The bits that words are asked for."""

    def __init__(self) -> None:
        self._whole: dict[str, int] = {}
        self._beginnings: dict[str, list[tuple[str, int]]] = {}
        self._endings: dict[str, list[tuple[str, int]]] = {}

    def add(self, group: Group, bit: int) -> None:
        for word in group:
            if word.begins and word.ends:
                self._whole[word.text] = self._whole.get(word.text, 0) | bit
            elif word.begins:
                self._beginnings.setdefault(word.text[:2], []).append((word.text, bit))
            else:
                self._endings.setdefault(word.text[-2:], []).append((word.text, bit))

    def bits(self, word: str) -> int:
        found = self._whole.get(word, 0)
        for beginning, bit in self._beginnings.get(word[:2], ()):
            if word.startswith(beginning):
                found |= bit
        for ending, bit in self._endings.get(word[-2:], ()):
            if word.endswith(ending):
                found |= bit
        return found


def _anchors(row: Row) -> Group:
    """The anchors of a row; `wait*` is how a word begins."""
    anchors = normalise(row.anchors).split()
    return frozenset(
        Word(anchor.rstrip("*"), begins=True, ends=anchor[-1] != "*") for anchor in anchors
    )


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
