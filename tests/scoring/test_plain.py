"""What is called plain is what the steps it is spared would have left as it is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.fuzz_texts import texts
from scoring.plain import is_plain
from scoring.redact import redact
from scoring.text import parted, strip, tidy

PIECES = (
    *(
        "pass",
        "password",
        "passenger",
        "pin",
        "pink",
        "pinis",
        "pwd",
        "pswd",
        "otp",
        "token",
        "api",
    ),
    *("رمز", "رَمز", "پسورد", "پسور", "کد", "كد", "پین", "پویا", "کدوم", "code", "codes", "CVV۲"),
    *(
        "@",
        "@shop",
        "@shop.",
        "@shop.de",
        "a@b",
        "a@b.de",
        "at",
        "(at)",
        "(",
        "[at]",
        "dot",
        "dot com",
    ),
    *("is", ":", "=", "hunter2", "hunter", "1", "12", "345", "0912", "۳۴۵", "2026-05-04", "10:30"),
    *(
        "GB12",
        "IR06",
        "gb",
        "http://a.de",
        "://",
        "<",
        "&amp;",
        "`",
        "```",
        "--",
        "good",
        "bad.Very",
    ),
    *("نمی\u200cشود", "»", "“so”", "’", "…", "😡", "\u200f", "\u0640", "ſ", "K", "é", "ä", "_"),
)
SPOKEN = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=10).flatmap(
    lambda pieces: st.lists(
        st.sampled_from([" ", " ", " ", "", "", "\n", "  ", "\u00a0"]),
        min_size=len(pieces),
        max_size=len(pieces),
    ).map(lambda gaps: "".join(map("".join, zip(pieces, gaps, strict=True))))
)


def left_alone(text: str) -> bool:
    """Do the steps before reading change nothing, and count nothing?"""
    return strip(tidy(text)) == (text, ()) and redact(text) == (text, 0) and parted(text) == text


@given(SPOKEN | texts(300))
@example("write me at (at) home")
@example("gb12 3456 abcd efgh ij")
@example("رَمز عبورم hunter2")
@example("1 2 3 4 5 6 7")
def test_a_plain_text_would_have_been_left_alone(text: str) -> None:
    """Nothing personal, quoted or marked up passes because it was not looked for."""
    if is_plain(text, text.split()):
        assert left_alone(text)


@pytest.mark.parametrize(
    "text",
    [
        "Still waiting, nobody answers!",
        "@shop I can’t log in... “not again” :(",
        "My 2 bags are lost since 10:30",
        "passengers shopping for pink shoes",
        "۳ روز است منتظرم، چرا جواب نمی\u200cدهید؟",
    ],
)
def test_what_customers_write_is_mostly_plain(text: str) -> None:
    """Otherwise looking at chunks would spare nothing."""
    assert is_plain(text, text.split())


@pytest.mark.parametrize(
    "text",
    [
        "jane at example dot com",
        "write to a@b.de",
        "write to jane@host",
        "jane @ host.5x now",
        "hi @shop.5x now",
        "write to a @ b.de",
        "hi @shop.de now",
        "jane (at) example",
        "jane ( at ) example",
        "jane (at ) example",
        "see http://a.de",
        "my IBAN GB14 ABCD EFGH IJK",
        "my pwd is hunter2",
        "password: hunter",
        "pass: hunter",
        "PIN 12a4",
        "token: abc",
        "secret: abc",
        "api key a1b2",
        "pw is hunter2",
        "otp is 12a4",
        "cvv is 12a4",
        "the code 1234 works",
        "کد تایید 1234",
        "پین 1234",
        "رمز پویا 1234",
        "رَمز: سلام",
        "پسورد: سلام",
        "call 0912 345",
        "۰۹۱۲ ۳۴۵",
        "bad.Very bad",
        "bad😡",
        "so &lt; so",
        "a<br>b",
        "good\u200fness",
        "good\u00a0day\n> cited",
    ],
)
def test_what_would_have_been_changed_is_not_plain(text: str) -> None:
    """One thing each that a step looks for."""
    assert not left_alone(text)
    assert not is_plain(text, text.split())


def test_a_text_too_long_to_be_read_is_not_plain() -> None:
    """It is cut, so it would not have been left alone."""
    assert not is_plain("a" * 20_001, ["a" * 20_001])
