"""Personal items are masked before anything is read or quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.redact import redact
from scoring.text import tidy


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail jane.roe+shop@mail.example.org now", "mail <email> now"),
        ("call +1 (415) 555-2671 now", "call <phone> now"),
        ("call 415-555-2671", "call <phone>"),
        ("شماره من ۰۹۱۲۳۴۵۶۷۸۹ است", "شماره من <phone> است"),
        ("09123456789", "<phone>"),
        ("9123456789", "<phone>"),
        ("0098 912 345 6789", "<phone>"),
        ("card 4111 1111 1111 1111 please", "card <card> please"),
        ("کارت ۴۱۱۱-۱۱۱۱-۱۱۱۱-۱۱۱۱", "کارت <card>"),
        ("card 5500-0000-0000-0004", "card <card>"),
        ("IBAN GB82 WEST 1234 5698 7654 32.", "IBAN <iban>."),
        ("شبا IR580540105180021273113007", "شبا <iban>"),
        ("شبا IR۵۸۰۵۴۰۱۰۵۱۸۰۰۲۱۲۷۳۱۱۳۰۰۷", "شبا <iban>"),
        ("ssn 078-05-1120", "ssn <id>"),
        ("کد ملی 0084575948", "کد ملی <id>"),
        ("کد ملی ۰۰۸۴۵۷۵۹۴۸", "کد ملی <id>"),
        ("کد ملی 0010000021", "کد ملی <id>"),
        ("the code is 123456", "the code is <code>"),
        ("your OTP: 4821", "your OTP: <code>"),
        ("رمز ۱۲۳۴۵", "رمز <code>"),
        ("https://example.org/r?token=abc", "<url>"),
        ("https://me:pw@example.org/", "<url>"),
    ],
)
def test_a_personal_item_is_masked_and_counted(text: str, masked: str) -> None:
    """E-mail, phone, card, IBAN, national id, code, secret in a link; digits of both scripts."""
    assert redact(text) == (masked, 1)


@pytest.mark.parametrize(
    "text",
    [
        "order 12345678",
        "order 1234567890123456",
        "GB82 WEST 1234 5698 7654 33",
        "on 2026-05-04 at 10:30",
        "1111111111",
        "I paid 1,250,000 for 2 items",
        "@shop are you there",
        "room 512, 3 nights",
    ],
)
def test_other_numbers_stay_readable(text: str) -> None:
    """An order number, a date or a price is no personal item."""
    assert redact(text) == (text, 0)


def test_a_plain_link_is_masked_and_not_counted() -> None:
    """A link says nothing and reveals nothing; it only disturbs reading."""
    assert redact("see https://example.org/help") == ("see <url>", 0)


@given(
    st.lists(
        st.sampled_from(
            [
                "a@b.example",
                "0912 345 6789",
                "4111111111111111",
                "code 12345",
                "https://x.example/?key=1",
                "IR580540105180021273113007",
                "0084575948",
                "۰۹۱۲۳۴۵۶۷۸۹",
                *"12،-",
            ]
        ),
        max_size=8,
    ).map(" ".join)
)
def test_masking_twice_finds_nothing_more(text: str) -> None:
    """Masks are no items."""
    masked, _ = redact(text)
    assert redact(masked) == (masked, 0)


@given(st.text(st.characters(codec="utf-8"), max_size=100))
def test_any_text_is_masked_without_an_error(text: str) -> None:
    """Odd digits of other scripts included."""
    masked, count = redact(tidy(text))
    assert count >= 0
    assert isinstance(masked, str)


def test_invisible_characters_hide_no_number() -> None:
    """A zero-width space within a card number does not save it."""
    assert redact(tidy("4111\u200b1111\u200b1111\u200b1111")) == ("<card>", 1)
