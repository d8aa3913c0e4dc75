"""Personal items of a text, masked before anything is read or quoted.

One row per kind, in the order they are tried; digits of both scripts count. Numbers that carry
their own check (cards, IBANs, national ids) are masked only if it holds, so order numbers stay
readable. A link is masked whole; it counts as an item only if something secret stands in it.

Next step: `scoring.language` finds the language of what is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple


def _digits(found: str) -> list[int]:
    return [int(char) for char in found if char.isdecimal()]


def _always(_: re.Match[str]) -> bool:
    return True


def is_card(match: re.Match[str]) -> bool:
    """Luhn's check over 13 to 19 digits (ISO/IEC 7812-1)."""
    digits = _digits(match.group())
    doubled = [2 * d - 9 * (d > 4) for d in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(match: re.Match[str]) -> bool:
    """ISO 13616: letters are 10 to 35, the first four characters go last, modulo 97 is 1."""
    plain = re.sub(r"[\s-]", "", match.group()).upper()
    plain = plain[4:] + plain[:4]
    number = "".join(str(int(char, 36)) if char.isascii() else str(int(char)) for char in plain)
    return int(number) % 97 == 1


def is_iranian_id(match: re.Match[str]) -> bool:
    """Ten digits, the last a weighted sum modulo 11; ten equal ones are nobody's."""
    digits = _digits(match.group())
    rest = sum(d * weight for d, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return len(set(digits)) > 1 and digits[9] == (rest if rest < 2 else 11 - rest)


def is_code(match: re.Match[str]) -> bool:
    """A number is a one-time code if the word before it says so."""
    before = match.string[max(0, match.start() - 20) : match.start()]
    return _CODE_WORD.search(before) is not None


class Item(NamedTuple):
    """One kind of personal item: its mask, what it looks like, and a check that must hold."""

    mask: str
    pattern: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] = _always


_IBAN: Final = Item(
    "<iban>",
    re.compile(
        r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9\d]{4}){2,7}(?:[ -]?[A-Z0-9\d]{1,3})?\b", re.IGNORECASE
    ),
    is_iban,
)
_LONG: Final = (
    Item("<card>", re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])"), is_card),
    Item("<id>", re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")),
    Item("<id>", re.compile(r"(?<![\d-])\d{3}-?\d{6}-?\d(?![\d-])"), is_iranian_id),
    Item(
        "<phone>",
        re.compile(
            r"(?<![\w.])(?:\+|00|۰۰)[1-9۱-۹](?:[ ().-]{0,2}\d){7,13}(?!\d)"
            r"|(?<![\w.])[0۰٠][1-9۱-۹١-٩](?:[ -]?\d){8,9}(?!\d)"
            r"|(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"
            r"|(?<![\w.])9\d{9}(?!\d)"
        ),
    ),
)
"""Items of nine digits or more."""

_CODE: Final = Item("<code>", re.compile(r"(?<![\w.-])\d{3,8}(?![\w-])"), is_code)
_CODE_WORD: Final = re.compile(
    r"(?:\b(?:code|otp|pin|cvv2?|password)(?: is)?|(?:کد|رمز|پویا|تایید|تأیید)(?: من)?):? ?$",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"\w@\w")
_EMAIL: Final = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}")
_LINK: Final = re.compile(r"(?:https?|ftp)://\S{0,2000}", re.IGNORECASE)
_SECRET: Final = re.compile(
    r"(?:[?&#;](?:[\w-]{0,30}(?:token|key|secret|password|passwd|pwd|auth|session|sig|code|otp)"
    r"[\w-]{0,30})=)|//[^/\s]{1,200}@",
    re.IGNORECASE,
)
_THREE_DIGITS: Final = re.compile(r"\d\d[^\w\n]{0,2}\d")
_NINE_DIGITS: Final = re.compile(r"\d(?:[^\w\n]{0,2}\d){8}")


def redact(text: str) -> tuple[str, int]:
    """Mask personal items and links; give the text and how many items were masked.

    Masks: `<email>`, `<phone>`, `<card>`, `<iban>`, `<id>`, `<code>`, `<url>`. Applying it twice
    changes nothing and counts nothing the second time.

    >>> redact("call me at 0912 345 6789 or me@example.org, order 12345")
    ('call me at <phone> or <email>, order 12345', 2)
    >>> redact("see https://example.org/a and https://example.org/r?token=abc")
    ('see <url> and <url>', 1)
    """
    count = 0
    if "://" in text:
        count += sum(_SECRET.search(link) is not None for link in _LINK.findall(text))
        text = _LINK.sub("<url>", text)
    if "@" in text and _AT.search(text):
        text, masked = _EMAIL.subn("<email>", text)
        count += masked
    if _THREE_DIGITS.search(text):
        long = _LONG if _NINE_DIGITS.search(text) else ()
        for item in (_IBAN, *long, _CODE):
            text, masked = _mask(text, item)
            count += masked
    return text, count


def _mask(text: str, item: Item) -> tuple[str, int]:
    masked = 0

    def replacement(match: re.Match[str]) -> str:
        nonlocal masked
        if not item.holds(match):
            return match.group()
        masked += 1
        return item.mask

    return item.pattern.sub(replacement, text), masked
