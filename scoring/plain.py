r"""Texts in which there is nothing to leave out, to mask or to part: most of what customers write.

Those steps search a text some twenty times, mostly for nothing. So each chunk between spaces is
looked at on its own, once, and remembered: may it hold, begin or end something that one of them
looks for? A text of other chunks is read as it stands. This only ever spares work: a test holds
what is called plain against the steps it is spared, and a chunk in doubt is not plain.

Next step: `scoring.text` and `scoring.redact` take any other text in hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from scoring.memo import Memo
from scoring.redact import FEWEST_DIGITS, PASSWORD_HINTS
from scoring.text import MAX_CHARS, normalise, parted

_KNOWN: Final = re.compile(
    r"[!-%'-;=?-Z\\^_a-z|~«»‘’“”…–—€£،؛؟\u0621-\u063a\u0641-\u064aپچژکگی\u200c\u06f0-\u06f9]+"
)
"""Characters that stand for themselves; steps look for them within what `_PERSONAL` names only."""

_PERSONAL: Final = re.compile(
    # An address, a link, an account number, or a part of them; a bare @name is none of these.
    r"(?<!^)@|^@(?!\w)|@.*\.[\w.-]|://|(?:^|\()at\)|^\)|^dot$|[a-z]{2}\d\d"
    # What stands before a password or a code, where a word begins.
    r"|\b(?:pass(?!e|i|port)|pw|pin(?!e|g|k)|otp|cv[vc]|token|secret|api|code)",
    re.IGNORECASE,
)
_PERSIAN: Final = (*(hint for hint in PASSWORD_HINTS if not hint.isascii()), "کد", "پین", "پویا")


def _counts(chunk: str) -> int:
    """The digits of a chunk; as many as make a number if anything else may be in it."""
    if _KNOWN.fullmatch(chunk) and not _PERSONAL.search(chunk) and parted(chunk) == chunk:
        spelt = normalise(chunk)
        if not any(map(spelt.__contains__, _PERSIAN)):
            return sum(map(str.isdecimal, chunk))
    return FEWEST_DIGITS


_counted: Final = Memo(_counts)


def is_plain(text: str, chunks: Sequence[str]) -> bool:
    """Would `tidy`, `strip`, `redact` and `parted` give the text back as it is?

    Args:
        text: Any text.
        chunks: What `text.split()` gives.

    Returns:
        False where that is not certain.

    >>> [is_plain(t, t.split()) for t in ("@shop 2 weeks, still nothing!", "<b>", "0912 345")]
    [True, False, False]
    """
    if len(text) > MAX_CHARS or sum(map(_counted.__getitem__, chunks)) >= FEWEST_DIGITS:
        return False
    return text.isprintable() or " ".join(chunks) == text
