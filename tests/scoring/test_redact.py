"""Personal items are masked before anything is read or quoted."""

from __future__ import annotations

import time

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
        ("1-800-555-1234", "<phone>"),
        ("18005551234", "<phone>"),
        ("8005551234", "<phone>"),
        ("989123456789", "<phone>"),
        ("0912.345.6789", "<phone>"),
        ("030/1234567", "<phone>"),
        ("(020) 7946 0958", "<phone>"),
        ("(07700) 900123", "<phone>"),
        ("44 20 7946 0958", "<phone>"),
        ("tel.09123456789", "tel.<phone>"),
        ("x09123456789", "x<phone>"),
        ("0912\u00a0345\u00a06789", "<phone>"),
        ("0912  345  6789", "<phone>"),
        ("0912 - 345 - 6789", "<phone>"),
        ("0912\u2013345\u20136789", "<phone>"),
        ("0912, 345, 6789", "<phone>"),
        ("\u06f0\u06f9\u06f1\u06f2.\u06f3\u06f4\u06f5.\u06f6\u06f7\u06f8\u06f9", "<phone>"),
        (
            "\u0660\u0669\u0661\u0662\u060c\u0663\u0664\u0665\u060c\u0666\u0667\u0668\u0669",
            "<phone>",
        ),
        ("555-1234", "<phone>"),
        ("order 12345678", "order <phone>"),
        ("order 1234567890123456", "order <number>"),
        ("4111111111111111 12/27 123", "<card>"),
        ("4111 1111 1111 1111 123", "<card>"),
        ("12 4111111111111111", "<card>"),
        ("4111.1111.1111.1111", "<card>"),
        ("4111_1111_1111_1111", "<card>"),
        ("4111/1111/1111/1111", "<card>"),
        ("4111:1111:1111:1111", "<card>"),
        ("4111, 1111, 1111, 1111", "<card>"),
        ("4111\u00a01111\u00a01111\u00a01111", "<card>"),
        ("4111\n1111\n1111\n1111", "<card>"),
        ("4111\u20131111\u20131111\u20131111", "<card>"),
        ("4111\u20111111\u20111111\u20111111", "<card>"),
        ("paid 2026-05-04 with 4111111111111111-", "paid 2026-05-04 with <card>-"),
        ("me@localhost", "<email>"),
        ("me@[1.2.3.4]", "<email>"),
        ("me@example.o,", "<email>,"),
        ("me@example\u3002org", "<email>"),
        ("({me}@example.org)", "(<email>)"),
        ("me!@example.org", "<email>"),
        ("me [at] example[dot]org", "<email>"),
        ("me @ example.org", "<email>"),
        ('"john doe"@example.org', "<email>"),
        ("a" * 70 + "@example.org", "<email>"),
        ("DE89.3704.0044.0532.0130.00 please", "<iban> please"),
        ("GB82 WEST 1234 5698 7654 32 and", "<iban> and"),
        ("xDE89370400440532013000", "xDE<number>"),
        ("GB82 WEST 1234 5698 7654 33", "GB82 WEST <phone>"),
        ("password is hunter2", "password is <secret>"),
        ("my password: hunter2.", "my password: <secret>."),
        ("my password is swordfish", "my password is <secret>"),
        ("token=abcdef123", "token=<secret>"),
        ("رمز: hunter2", "رمز: <secret>"),
        ("رمزم hunter2 است", "رمزم <secret> است"),
        ("PIN 1234", "PIN <code>"),
        ("password 1234", "password <code>"),
        ("رمز عبورم 1234 است", "رمز عبورم <code> است"),
        ("https://me:pw@example.org/", "<url>"),
        ("me@ example.org", "<email>"),
        ("me at example dot org", "<email>"),
        ("pass: hunter2", "pass: <secret>"),
        ("pw=hunter2", "pw=<secret>"),
        ("my pass is hunter2", "my pass is <secret>"),
        ("pass word is hunter2", "pass word is <secret>"),
        ("password hunter2", "password <secret>"),
        ("password - hunter2", "password - <secret>"),
        ('password "hunter2"', 'password "<secret>"'),
        ("my password\nhunter2", "my password\n<secret>"),
        ("my password for the app is hunter2", "my password for the app is <secret>"),
        ("password changed to hunter2", "password changed to <secret>"),
        ("api key abcdef123", "api key <secret>"),
        ("رمزم اینه: hunter2", "رمزم اینه: <secret>"),
        ("رمزم هست hunter2", "رمزم هست <secret>"),
        ("پسوردم عبارت است از hunter2", "پسوردم عبارت است از <secret>"),
        ("رمز\u200cعبور: hunter2", "رمز\u200cعبور: <secret>"),
        ("رمز اينترنت بانك hunter2", "رمز اينترنت بانك <secret>"),
        ("رَمـز من hunter2", "رَمـز من <secret>"),
        ("پسوورد: hunter2", "پسوورد: <secret>"),
        ("رمزم گلابی۱۲", "رمزم <secret>"),
        ("گذرواژه: گلابی", "گذرواژه: <secret>"),
        ("my pin number is 4321", "my pin number is <code>"),
        ("verification code: 123 456", "verification code: <code>"),
        ("code 12-34-56", "code <code>"),
        ("cvv۲ ۱۲۳", "cvv۲ <code>"),
        ("رمز دوم ۱۲۳۴۵", "رمز دوم <code>"),
        ("كد تاييد 12345", "كد تاييد <code>"),
        ("رمز کارتم 1234", "رمز کارتم <code>"),
        ("رمز یکبار مصرف ۱۲۳۴۵۶", "رمز یکبار مصرف <code>"),
        ("پین 1234", "پین <code>"),
    ],
)
def test_a_personal_item_is_masked_and_counted(text: str, masked: str) -> None:
    """E-mail, phone, card, IBAN, national id, code, secret in a link; digits of both scripts."""
    assert redact(text) == (masked, 1)


@pytest.mark.parametrize(
    "text",
    [
        "order 123456",
        "on 2026-05-04 at 10:30",
        "2026-05-04 10:30, 12345",
        "04.05.2026 or 5/14/2026 10:30:15",
        "از 1403/02/15 تا ۱۴۰۳/۰۳/۱۵",
        "I paid 1,250,000 for 2 items",
        "$1,250.00 and €2,000.50",
        "1,200,000 تومان",
        "۱٬۲۰۰٬۰۰۰ تومان دادم",
        "1,200,000,000 ریال",
        "2500000 تومان",
        "between 2019 - 2023",
        "@shop are you there",
        ".@shop broken.@shop again",
        "my password is wrong",
        "password: cannot log in",
        "رمزم اشتباه است",
        "رمز Wi-Fi ندارم",
        "password stopped working on 5 phones",
        "my boarding pass is for gate 12",
        "رمز: فراموش کردم",
        "رمز دوم: هنوز نيومده",
        "رمز دوم نمیاد",
        "code 12",
        "meet me at gate dot",
        "room 512, 3 nights",
    ],
)
def test_other_numbers_stay_readable(text: str) -> None:
    """An order number, a date or a price is no personal item."""
    assert redact(text) == (text, 0)


def test_a_plain_link_is_masked_and_not_counted() -> None:
    """A link says nothing and reveals nothing; it only disturbs reading."""
    assert redact("see https://example.org/help") == ("see <url>", 0)


def test_a_mask_is_no_part_of_an_account() -> None:
    """Letters of a mask may come out as an IBAN by chance, one time in 97."""
    masked = ("IR58 code: code: <code>", 1)
    assert redact("IR58 code: code: 2024-05-04") == masked
    assert redact(masked[0]) == (masked[0], 0)


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
                "password is",
                "رمز من",
                "pass: me at x dot y",
                "x1",
                "2026-05-04",
                "2024",
                "1,250,000",
                "(020)",
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


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1.",
        ".",
        "@",
        "a@",
        "a",
        "1 ",
        "AA11",
        "(",
        "1,234,",
        "code ",
        "password is ",
        "12:30 ",
        "password a b c d e ",
        "رمز عبور من ",
        "رمز\u200c",
        "pass a is ",
        "a at b dot c ",
    ],
)
def test_a_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    """Four times the text takes no more than ten times as long, and never half a second."""

    def cost(chars: int) -> float:
        text = (piece * chars)[:chars]
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    small = min(cost(5_000) for _ in range(3))
    large = min(cost(20_000) for _ in range(3))
    assert large < max(0.05, 10 * small)
    assert large < 0.5
