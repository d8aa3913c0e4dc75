"""The clause around what was found: short enough to show, long enough to be understood.

A quote begins and ends where a sentence does; if that sentence is too long, where a clause does;
and if that is too long as well, after as many words around the match as fit. Only then words of
the same clause are missing, and an ellipsis says where. It never runs into the next sentence.

Next step: `scoring.reading` puts it beside the points that it explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scoring.memo import Memo

QUOTE_CHARS: Final = 80
"""The longest quote, ellipses included."""

_SENTENCE: Final = 2
_CLAUSE: Final = 1
_MARKS: Final = {**dict.fromkeys(".!?؟…", _SENTENCE), **dict.fromkeys(",،؛;:-–—", _CLAUSE)}
_CLOSING: Final = "\"'”»)]"
_ends: Final = Memo(lambda chunk: _MARKS.get(chunk.rstrip(_CLOSING)[-1:], 0))
_SEPARATORS: Final = ".,،;؛: -–—"


def quote(chunks: Sequence[str], start: int, stop: int) -> str:
    """Quote the chunks from `start` up to `stop` with what belongs to them.

    Args:
        chunks: The text between its spaces, redacted, spelt as written.
        start: First chunk of the match.
        stop: One after its last chunk, above `start`.

    Returns:
        At most `QUOTE_CHARS` characters, never nothing.

    >>> quote("I am really angry now. Nobody helps!".split(), 3, 4)
    'I am really angry now'
    >>> quote("It came, and it was broken again!".split(), 5, 6)
    'It came, and it was broken again!'
    """
    first, last = start, stop
    for edge in (_SENTENCE, _CLAUSE):
        first, last = _bounds(chunks, start, stop, edge)
        if last - first <= QUOTE_CHARS:
            whole = " ".join(chunks[first:last])
            if len(whole) <= QUOTE_CHARS:
                return whole.rstrip(_SEPARATORS) or whole
    return _cut(chunks, start, stop, first, last)


def _bounds(chunks: Sequence[str], start: int, stop: int, edge: int) -> tuple[int, int]:
    """The nearest edges around the match, or as far away as no quote reaches."""
    first = start
    while first and start - first < QUOTE_CHARS and _ends[chunks[first - 1]] < edge:
        first -= 1
    last = stop
    while last < len(chunks) and last - stop < QUOTE_CHARS and _ends[chunks[last - 1]] < edge:
        last += 1
    return first, last


def _cut(chunks: Sequence[str], start: int, stop: int, first: int, last: int) -> str:
    """As many words of the clause on both sides of the match as fit, and ellipses for the rest."""
    room = QUOTE_CHARS - 2 - len(" ".join(chunks[start:stop]))
    if room < 0:
        return " ".join(chunks[start:stop])[: QUOTE_CHARS - 1] + "…"
    begin, end = start, stop
    grown = True
    while grown:
        grown = False
        if begin > first and len(chunks[begin - 1]) < room:
            begin -= 1
            room -= len(chunks[begin]) + 1
            grown = True
        if end < last and len(chunks[end]) < room:
            room -= len(chunks[end]) + 1
            end += 1
            grown = True
    before = "…" if begin > first else ""
    after = "…" if end < last else ""
    return before + " ".join(chunks[begin:end]) + after
