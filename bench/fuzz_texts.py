"""Texts that try a reader: any Unicode, and what ours look out for, repeated up to a length.

Hypothesis alone draws short texts of rare letters. So pieces that patterns begin with (marks,
quotation marks, markup, half-words of cues, prefixes of Persian verbs) are drawn too, strung
together and repeated many times: what looks back over and over shows there.

Next step: `bench.fuzz` and `tests/scoring/test_fuzz.py` read them.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

_PIECES: Final = (
    *" \n\t.!?؟،؛…\"“”«»'`<>&@#:/-_|{}[]()*~",
    *"\u200c\u200d\u200f\u202e\u2066\ufeff\u0640\u064b\u00ad\ud800\udfff\x00\x1b",
    *"يكةىآئءﻻ۱١1",
    *"😡🙏❤\ufe0f👩\u200d👩",
    "&amp;", "<b", "<p>", "<style", "</", "<!--", "<email>", "```", "> ", "-- \n", "On ", " wrote:",
    "regards\n",
    "wait", "still ", "not ", "no ", "2 hours", "for ", "thank you ", "again", "never", "cancel ",
    "می", "نمی ", "ها", "هنوز ", "منتظر", "سه هفته ", "دیگه ", "نشد", "هیچ‌کس ", "مرسی که ", "چرا",
    "09121234567", "4111 1111 1111 1111", "a@b.c", "https://", "IR12", "aaaa", "ااا",
)  # fmt: skip


def texts(max_chars: int) -> st.SearchStrategy[str]:
    """Texts of at most so many characters: any letters, pieces, and either repeated."""
    anything = st.text(st.characters(), max_size=200)
    pieces = st.lists(st.sampled_from(_PIECES) | anything, min_size=1, max_size=12).map("".join)
    times = st.sampled_from((1, 1, 2, 30, 1_000, max_chars))
    repeated = st.builds(lambda unit, count: (unit * count)[:max_chars], pieces, times)
    return st.builds(lambda one, other: (one + other)[:max_chars], repeated, anything | repeated)
