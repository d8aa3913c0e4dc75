"""A bounded memory of what strings mean.

Words repeat: most of reading a text is looking up what a word was found to mean before. A memo is
a dictionary that fills itself, so `map(memo.__getitem__, words)` costs no Python frame a word. It
only ever spares work: forgetting everything changes no reading.

Next step: `scoring.text`, which remembers words, is where a text enters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

V = TypeVar("V")

ENTRIES: Final = 50_000
"""Strings remembered; the next one starts a memo anew. A few megabytes at most."""

LONGEST: Final = 64
"""Characters of a string worth remembering: words repeat, pasted blobs do not."""


class Memo(dict[str, V]):
    """Remember what a pure function gave for a string.

    Args:
        function: Gives the meaning of a string; the same one each time.
        entries: How many to remember before starting anew.

    >>> lengths = Memo(len, entries=2)
    >>> [lengths[word] for word in ("a", "bb", "ccc")], sorted(lengths)
    ([1, 2, 3], ['ccc'])
    >>> lengths["d" * 65], len(lengths)
    (65, 1)
    """

    def __init__(self, function: Callable[[str], V], entries: int = ENTRIES) -> None:
        super().__init__()
        self._function = function
        self._entries = entries

    def __missing__(self, key: str) -> V:
        found = self._function(key)
        if len(key) <= LONGEST:
            if len(self) >= self._entries:
                self.clear()
            self[key] = found
        return found
