r"""The words without which a pattern cannot match, read off the pattern itself.

Searching a text for a cue costs microseconds, and there are some two hundred cues; a text has words
for two or three of them. So each pattern is taken apart once, at import: into ways to match it (the
branches of its alternation), and for each way into groups of words of which one must be there. A
way with a group that the text has no word of cannot match, so its pattern need not run.

What is found here only ever spares work: whatever is not understood asks for nothing. Words are
runs of `\w`, as a space and a mark end them; a word asked for is a whole one, or how one begins.

Next step: `scoring.cues.Table` runs the patterns whose needs a text meets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Final, NamedTuple

# The parser behind `re`: it has no public name. `tests/scoring/test_needs.py` holds what is made
# of its trees against the patterns themselves.
_parser: Final[Any] = import_module("re._parser")

_MOST: Final = 1_000
"""Ways to write a piece of a pattern; one with more is cut in two."""

SHORTEST: Final = 2
"""Letters that the beginning or the end of a word must have to be asked for."""

_ANY: Final = "\x00"
"""Stands in a way of writing for any text, none included."""

_EDGE: Final = "\b"
"""Stands in a way of writing where a word begins or ends."""

_WIDTHLESS: Final = ("AT", "ASSERT", "ASSERT_NOT")
_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_RUN: Final = re.compile(r"\w+")
_Forms = frozenset[str]


class Word(NamedTuple):
    """A word in a text that a pattern asks for: its letters, and whether they are all of it.

    Attributes:
        text: Letters that stand side by side in it.
        begins: It begins with them.
        ends: It ends with them.
    """

    text: str
    begins: bool
    ends: bool


Group = frozenset[Word]
"""Words of which one must be there."""

Way = tuple[Group, ...]
"""All groups that must have a word in the text for a pattern to match in one way."""


def needs(pattern: str) -> tuple[Way, ...]:
    r"""Say which words a text must have for a pattern to match somewhere in it.

    Args:
        pattern: As `re.compile` takes it, without flags.

    Returns:
        Ways to match; the pattern matches only where all groups of one way have a word in the text.
        A way's groups are the more telling ones first; a way without groups asks for nothing.

    >>> [[sorted(word.text for word in group) for group in way] for way in needs(r"\bon (?:a|b)\b")]
    [[['on'], ['a', 'b']]]
    >>> [list(group) for way in needs(r"\bwait\w*|[^ ]+ ") for group in way]
    [[Word(text='wait', begins=True, ends=False)]]
    """
    return tuple(_groups_of(way) for way in _ways(list(_parser.parse(pattern))))


def branches(pattern: str) -> list[str]:
    r"""Cut a pattern where it says "or" outside of any bracket.

    >>> branches(r"a(?:b|c)|[|]d|\|")
    ['a(?:b|c)', '[|]d', '\\|']
    """
    found = [""]
    depth = 0
    for piece in _PIECE.findall(pattern):
        if piece == "|" and not depth:
            found.append("")
        else:
            depth += (piece == "(") - (piece == ")")
            found[-1] += piece
    return found


def _ways(items: Sequence[Any]) -> list[list[Any]]:
    """The branches of an alternation with nothing but edges and looks around it."""
    found = [place for place, (kind, _) in enumerate(items) if str(kind) not in _WIDTHLESS]
    if len(found) != 1 or str(items[found[0]][0]) != "BRANCH":
        return [list(items)]
    (place,) = found
    ways = [way for branch in items[place][1][1] for way in _ways(list(branch))]
    return [[*items[:place], *way, *items[place + 1 :]] for way in ways]


def _groups_of(items: Sequence[Any]) -> Way:
    forms, groups = _sequence(items, apart=True)
    return tuple(sorted(dict.fromkeys([*groups, *_asked(forms)]), key=_usual))


def _sequence(items: Iterable[Any], *, apart: bool = False) -> tuple[_Forms, list[Group]]:
    """Ways to write what stands in a row, and groups of words that any of them has besides.

    Args:
        items: Items of a parsed pattern.
        apart: Take it apart wherever a space must stand, so that there are more groups.
    """
    forms: _Forms = frozenset([""])
    groups: list[Group] = []
    for item in items:
        more, asked = _item(item)
        groups += asked
        if len(forms) * len(more) > _MOST:
            groups += _asked(frozenset(form + _border(more, 0) for form in forms))
            forms = frozenset([_ANY + _border(forms, -1)])
        forms = frozenset(form + other for form in forms for other in more)
        if apart and all(form.endswith(" ") for form in forms):
            groups += _asked(forms)
            forms = frozenset(" ")
    return forms, groups


def _item(item: tuple[Any, Any]) -> tuple[_Forms, list[Group]]:
    """Ways to write one item of a parsed pattern."""
    kind, value = str(item[0]), item[1]
    if kind == "LITERAL":
        return frozenset([chr(value)]), []
    if kind in _WIDTHLESS:
        return frozenset([_EDGE if _is_edge(kind, value) else ""]), []
    if kind == "IN" and all(str(one) == "LITERAL" for one, _ in value):
        return frozenset(chr(code) for _, code in value), []
    if kind == "BRANCH":
        return _branches([_sequence(branch) for branch in value[1]])
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        return _repeated(value[0], value[1], *_sequence(value[2]))
    return frozenset([_ANY]), []


def _is_edge(kind: str, value: Any) -> bool:  # a node of the parser's
    """Does a place where nothing is read ask that no letter stands before it, or after it?"""
    if kind == "AT":
        return "NON" not in str(value)
    if kind == "ASSERT" or len(value[1]) != 1:
        return False
    ((name, chars),) = value[1]
    if str(name) == "NOT_LITERAL":
        return not _RUN.match(chr(chars))
    if str(name) != "IN" or str(chars[0][0]) != "NEGATE":
        return False
    return all(str(one) == "LITERAL" and not _RUN.match(chr(code)) for one, code in chars[1:])


def _branches(branches: Sequence[tuple[_Forms, list[Group]]]) -> tuple[_Forms, list[Group]]:
    """One of several: a group of each of them is a group of all."""
    forms = frozenset(form for found, _ in branches for form in found)
    best = []
    for found, groups in branches:
        asked = [*groups, *_asked(found)]
        if not asked:
            return forms if len(forms) <= _MOST else frozenset([_ANY]), []
        best.append(min(asked, key=_usual))
    if any(groups for _, groups in branches) or len(forms) > _MOST:
        return frozenset([_ANY]), [frozenset().union(*best)]
    return forms, []


def _repeated(
    least: int, most: int, forms: _Forms, groups: list[Group]
) -> tuple[_Forms, list[Group]]:
    """The same again: of what may be missing nothing is asked."""
    if most == 1:
        return (forms, groups) if least else (forms | {""}, [])
    shortened = frozenset(_border([form], 0) + _ANY + _border([form], -1) for form in forms)
    return (shortened, [*groups, *_asked(forms)]) if least else (shortened | {""}, [])


def _border(forms: Iterable[str], end: int) -> str:
    """What all forms begin with (`end` 0) or end with (-1), if no word does."""
    found = {form[end] if form else _ANY for form in forms}
    border = found.pop() if len(found) == 1 else _ANY
    return border if border in (" ", _EDGE) else _ANY


def _asked(forms: _Forms) -> list[Group]:
    """Of every form its most telling word, and its next: nothing if a form has none."""
    first, second = set(), set()
    for form in forms:
        words = sorted(_words(form), key=lambda word: (-len(word.text), word))
        if not words:
            return []
        first.add(words[0])
        second.add(words[1] if len(words) > 1 else words[0])
    return list(dict.fromkeys([frozenset(first), frozenset(second)]))


def _words(form: str) -> set[Word]:
    """The words of a form of which one end is known at least."""
    found = set()
    for run in _RUN.finditer(form):
        start, stop = run.span()
        begins = start > 0 and form[start - 1] != _ANY
        ends = stop < len(form) and form[stop] != _ANY
        if (begins and ends) or ((begins or ends) and stop - start >= SHORTEST):
            found.add(Word(run.group(), begins, ends))
    return found


def _usual(group: Group) -> float:
    """How likely some word of a group is in any text: more so if there are many, and short ones."""
    return sum(2.0 ** -len(word.text) for word in sorted(group))
