"""Names that say nothing of how somebody feels: yours, your products', your topics'.

To a lexicon "United" is praise and "Red Devil" an insult. Names from the settings
(`scoring.brands`) are read like an @name: they carry no valence and belong to no cue.

Next step: `scoring.reading` takes the names out before it looks for feelings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scoring.text import words_of


class Brands:
    """A set of names, made once.

    Args:
        names: In any spelling; a name may be several words.

    >>> brands = Brands(["Red Devil", "united"])
    >>> sorted(brands.places(["a", "red", "devil.", "for", "united?"]))
    [1, 2, 4]
    >>> bool(Brands([])), Brands(["red devil"]).places(["red", "wine"])
    (False, set())
    """

    def __init__(self, names: Iterable[str]) -> None:
        cut = {tuple(_bare(words_of(name.split()))) for name in names}
        self._names: Final = cut - {()}
        self._first: Final = {name[0] for name in self._names}
        self._longest: Final = max(map(len, self._names), default=0)

    def __bool__(self) -> bool:
        return bool(self._names)

    def places(self, words: Sequence[str]) -> set[int]:
        """Which of the words, as `scoring.text.words_of` gives them, belong to a name."""
        bare = _bare(words)
        found: set[int] = set()
        for place, word in enumerate(bare):
            if word in self._first:
                for length in range(1, self._longest + 1):
                    name = tuple(bare[place : place + length])
                    if name in self._names:
                        found.update(range(place, place + len(name)))
        return found


def _bare(words: Sequence[str]) -> list[str]:
    return [word.rstrip(".?") for word in words]


NO_BRANDS: Final = Brands(())
