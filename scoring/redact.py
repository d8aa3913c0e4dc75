"""Personal items of a text, masked before anything is read or quoted.

The rule for numbers is plain, so that it holds: seven digits of any script with at most three
marks or spaces between neighbours are masked, whatever they are. Only what cannot be mistaken for
a person's number stays: an amount of money, a date, a time, two years. Which mask a number gets is
a guess from its length and check digits, and hides nothing less. A link is masked whole; it counts
as an item only if something secret stands in it.

Every pattern is bounded and every loop goes forward, so a hostile text costs no more than its
length.

Next step: `scoring.language` finds the language of what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scoring.text import listed, normalise

FEWEST_DIGITS: Final = 7
"""Shorter numbers stay: orders, rooms, flights, and nobody's telephone."""

_WIDEST_GAP: Final = 3
"""Marks and spaces between two digits of one number, as in `0912 - 345 - 6789`."""

_MOST_PHONE_DIGITS: Final = 15
"""E.164."""

_MOST_GROUPS: Final = 40
"""Pieces of a number up to which a card is looked for; longer ones are masked without a guess."""

_ASCII_DIGITS: Final = {
    first + digit: str(digit) for first in (0x660, 0x6F0) for digit in range(10)
} | {0x60C: ",", 0x66C: ","}
_LINK: Final = re.compile(r"(?:https?|ftp)://\S{0,2000}", re.IGNORECASE)
_SECRET_IN_LINK: Final = re.compile(
    r"[?&#;][\w-]{0,30}(?:token|key|secret|password|passwd|pwd|auth|session|sig|code|otp)[\w-]{0,30}="
    r"|//[^/\s]{1,200}@",
    re.IGNORECASE,
)

_CHUNK: Final = re.compile(r"\S+")
_AROUND: Final = "\"'«»“”()<>.,;:!?،؛؟…"
_SPELT_AT: Final = re.compile(
    r"[^\s@]{1,64} ?[\[({] ?at ?[\])}] ?[^\s@]{1,255}"
    r"|[\w.+-]{1,64}(?: @ ?|@ )[\w-]{1,63}\.[\w.-]{1,190}"
    r"|[\w.+-]{1,64} at [\w-]{1,63}(?: dot [\w-]{1,63}){1,3}"
    r'|"[^"@\n]{1,64}"@[^\s@]{1,255}',
    re.IGNORECASE,
)

_AT_WORD: Final = re.compile(r"[\[({] ?at ?[\])}]", re.IGNORECASE)
_APART: Final = re.compile(r"[\w.+-](?: @ ?|@ )[\w-]{1,63}\.[\w.-]")
_JOINED: Final = re.compile(r"\S@")
"""An address has one of these; a text that only calls @somebody by name has none, and most do."""

_GROUP: Final = re.compile(r"\d+")
_LETTER: Final = re.compile(r"[^\W_]")
_YEAR: Final = r"(?:1[34]|19|20)\d\d"
_MONTH: Final = r"(?:1[0-2]|0?[1-9])"
_DAY: Final = r"(?:[12]\d|3[01]|0?[1-9])"
_CURRENCY: Final = (
    r"(?:تومان|تومن|ریال|هزار|میلیون|toman|rial|dollar|euro|pound|usd|eur|gbp|[$€£﷼])"
)
_GROUPED: Final = r"[1-9]\d{0,2}[,.]\d{3}(?:[,.]\d{3})?(?:[,.]\d{3})?"
_READABLE: Final = re.compile(
    r"(?<![^\s(\[«\"'~])(?:"
    rf"{_YEAR}[-/.]{_MONTH}[-/.]{_DAY}"
    rf"|{_DAY}[-/.]{_MONTH}[-/.]{_YEAR}|{_MONTH}/{_DAY}/{_YEAR}"
    r"|(?:2[0-3]|[01]?\d):[0-5]\d(?::[0-5]\d)?(?: ?[ap]m)?"
    r"|[$€£]?[1-9]\d{0,2},\d{3}(?:,\d{3})?(?:\.\d\d?)?"
    rf"|[$€£] ?(?:{_GROUPED}|[1-9]\d{{0,8}})(?:\.\d\d?)?"
    rf"|(?:{_GROUPED}|[1-9]\d{{0,8}})(?:\.\d\d?)?(?= ?{_CURRENCY})[$€£]?"
    rf")(?=[.,;؛!?؟:)\]»\"'-]{{0,2}}(?:\s|$)| ?{_CURRENCY})",
    re.IGNORECASE,
)
"""Amounts, dates and times that stand alone between spaces, in ASCII digits."""

_YEARS: Final = re.compile(rf"{_YEAR}[\W_]{{1,3}}{_YEAR}")
_NATIONAL: Final = re.compile(r"\d{3}-\d\d-\d{4}|\d{3}-\d{6}-\d|\d{10}")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d\d(?:[A-Z\d_]|[^\w<>]){11,50}", re.IGNORECASE)
_FEWEST_IBAN: Final = 15
_MOST_IBAN: Final = 34


def _spelt(words: str) -> str:
    """A pattern of Persian words in any spelling: letters of both keyboards, marks, half-spaces.

    >>> re.fullmatch(_spelt("کد رمز"), "رَمـز") is not None
    True
    """
    letters = {"ک": "[کك]", "ی": "[یيى]", "ه": "[هة]", "ا": "[اآأ]", " ": "|"}
    silent = r"[\u0640\u064b-\u065f\u0670\u200c]*"
    spelt = (silent.join(letters.get(char, char) for char in word) for word in words.split())
    return f"(?:{'|'.join(spelt)})"


PASSWORD_HINTS: Final = (
    *("pass", "pwd", "pw", "pin", "otp", "cvc", "cvv", "token", "secret", "api"),
    *("رمز", "پسور", "پسوورد", "گذرواژه"),
)
"""One of these is in whatever finds a password; looking for them is ten times as fast."""

_ENGLISH: Final = (
    r"\b(?:pass ?(?:word|code|phrase|wd|wort)|p[so]?wd|pw|pin|otp|cvv[2۲٢]?|cvc)"
    r"(?: (?:code|number))?"
)
_PERSIAN: Final = (
    rf"{_spelt('رمز پسورد پسور پسوورد گذرواژه')}\S{{0,3}}(?:[ \u200c]?"
    + _spelt("عبور ورود اول دوم پویا کارت بانک اینترنت یکبار یک بار مصرف حساب اکانت ایمیل من عبارت")
    + rf"\S{{0,3}}){{0,4}}(?: {_spelt('اینه هست است')}(?: از)?)?"
)
_VALUE: Final = r"([^\s<>\"'`()]{2,63}[^\s<>.,!?،؛\"'`()])"
_OPENS: Final = r"[\s:=\"'`(\[]"

_PASSWORDS: Final = (
    (
        re.compile(
            rf"((?:{_ENGLISH}\s?(?:is|was|:|=)|\b(?:pass|token|secret|api[ _-]?key)\s?[:=]"
            rf"|{_PERSIAN} ?[:=]){_OPENS}{{0,3}}){_VALUE}",
            re.IGNORECASE,
        ),
        False,
    ),
    (
        re.compile(
            rf"((?:(?:{_ENGLISH}|\bpass)(?:(?: [a-z]{{1,15}}){{0,5}}(?: (?:is|was|to)|:))?"
            rf"|\bapi[ _-]?key|{_PERSIAN})(?:{_OPENS}|[→>–-]){{1,4}}){_VALUE}",
            re.IGNORECASE,
        ),
        True,
    ),
)
"""What stands before a password, the password, and whether it must have a digit to be one."""

_SAID_OF_ONE: Final = listed(
    """not no wrong incorrect invalid expired right correct the an my your his her our their being
    still never always also too required needed reset resetting locked blocked broken changed
    different unknown weak strong hard lost forgotten accepted rejected refused working failing
    missing same very now already just case denied fine and but for what where when how why this
    that it's its it you please cannot can't cant doesn't doesnt does don't dont won't wont good bad
    too long short old new out only asked sent needs gone safe set stolen leaked hacked compromised
    supposed impossible
    فراموش یادم اشتباه غلط درست وارد هست است اینه ندارم نمیدونم نمیاد نمیشه عوض تغییر
    هنوز چرا چیه کجا نیست نشد نرسید نرسیده نیومد نیومده نیامد نیامده اصلا لطفا برای بعد قبلی جدید"""
)
"""What follows "the password is" without being one."""

_CODE: Final = re.compile(r"(?<![\w.-])\d{2,8}(?:[ -]\d{2,4}){0,3}(?![\w-])")
_FEWEST_CODE_DIGITS: Final = 3
_CODE_BEFORE_CHARS: Final = 48
_CODE_WORD: Final = re.compile(
    r"(?:\b(?:code|otp|pin|cvv[2۲٢]?|cvc|pass(?:word|code)?)(?: (?:code|number))?"
    r"(?: (?:is|was|من))?"
    rf"|{_spelt('کد رمز پین پسورد پسور پسوورد پویا')}\S{{0,4}}(?:[ \u200c]?"
    + _spelt("تایید تأیید تائید عبور ورود اول دوم پویا کارت یکبار یک بار مصرف فعالسازی امنیتی من")
    + rf"\S{{0,3}}){{0,4}}(?: {_spelt('اینه هست است')})?)[ :=\"']{{0,3}}$",
    re.IGNORECASE,
)


def redact(text: str) -> tuple[str, int]:
    """Mask personal items and links; give the text and how many items were masked.

    Masks: `<email>`, `<phone>`, `<card>`, `<iban>`, `<id>`, `<number>`, `<secret>`, `<code>`,
    `<url>`. Applying it twice changes nothing and counts nothing the second time.

    >>> redact("call me at 0912 345 6789 or me@example.org, order 12345")
    ('call me at <phone> or <email>, order 12345', 2)
    >>> redact("paid 1,200,000 on 2026-05-04, my password is hunter2")
    ('paid 1,200,000 on 2026-05-04, my password is <secret>', 1)
    >>> redact("see https://example.org/a and https://example.org/r?token=abc")
    ('see <url> and <url>', 1)
    """
    count = 0
    if "://" in text:
        count += sum(_SECRET_IN_LINK.search(link) is not None for link in _LINK.findall(text))
        text = _LINK.sub("<url>", text)
    small = normalise(text).lower()
    if any(map(small.__contains__, PASSWORD_HINTS)):
        text, masked = _without_passwords(text)
        count += masked
    text, masked = _without_addresses(text)
    count += masked
    if _GROUP.search(text):
        for step in (_without_ibans, _without_numbers, _without_codes):
            text, masked = step(text)
            count += masked
    return text, count


def _without_passwords(text: str) -> tuple[str, int]:
    """Mask what is said to be a password; plain numbers are left to the steps after this one."""
    masked = 0

    for pattern, numbered in _PASSWORDS:

        def replacement(match: re.Match[str], *, numbered: bool = numbered) -> str:
            nonlocal masked
            before, value = match.groups()
            if value.isdecimal() or normalise(value).lower().strip(_AROUND) in _SAID_OF_ONE:
                return match.group()
            if numbered and not any(map(str.isdecimal, value)):
                return match.group()
            masked += 1
            return f"{before}<secret>"

        text = pattern.sub(replacement, text)
    return text, masked


def _without_addresses(text: str) -> tuple[str, int]:
    """Mask what has letters on both sides of an @, however odd; a @name has none before it."""
    masked = 0

    def replacement(match: re.Match[str]) -> str:
        nonlocal masked
        chunk = match.group()
        if "@" not in chunk:
            return chunk
        core = chunk.strip(_AROUND)
        name, _, host = core.partition("@")
        if not _LETTER.search(name) or not _LETTER.search(host):
            return chunk
        if name[-1] in _AROUND + "/" and "." not in host:
            return chunk
        masked += 1
        start = chunk.index(core)
        return f"{chunk[:start]}<email>{chunk[start + len(core) :]}"

    spelt = 0
    apart = (" @" in text or "@ " in text) and _APART.search(text)
    if apart or '"@' in text or " dot " in text or _AT_WORD.search(text):
        text, spelt = _SPELT_AT.subn("<email>", text)
    if "@" in text and _JOINED.search(text):
        text = _CHUNK.sub(replacement, text)
    return text, spelt + masked


def _without_ibans(text: str) -> tuple[str, int]:
    """ISO 13616: the first four characters go last, letters are 10 to 35, modulo 97 is 1."""
    masked = 0

    def replacement(match: re.Match[str]) -> str:
        nonlocal masked
        found = match.group()
        ends = [place for place in range(_FEWEST_IBAN, len(found) + 1) if _stops(found, place)]
        for end in reversed(ends):
            plain = "".join(_LETTER.findall(found[:end])).upper()
            if _FEWEST_IBAN <= len(plain) <= _MOST_IBAN and plain.isalnum():
                turned = plain[4:] + plain[:4]
                if int("".join(str(int(char, 36)) for char in turned)) % 97 == 1:
                    masked += 1
                    return "<iban>" + found[end:]
        return found

    return _IBAN.sub(replacement, text), masked


def _stops(text: str, place: int) -> bool:
    """A word ends before this place."""
    return text[place - 1].isalnum() and (place == len(text) or not text[place].isalnum())


def _without_numbers(text: str) -> tuple[str, int]:
    """Mask numbers of seven digits or more."""
    if sum(map(len, _GROUP.findall(text))) < FEWEST_DIGITS:
        return text, 0
    parts = []
    done = count = 0
    for run in _runs(text):
        start, end = run[0].start(), run[-1].end()
        digits = [group.group() for group in run]
        if sum(map(len, digits)) < FEWEST_DIGITS or _YEARS.fullmatch(
            text[start:end].translate(_ASCII_DIGITS)
        ):
            continue
        if ")" in text[start:end] and text[done:start].endswith("("):
            start -= 1
        if text[done:start].endswith("+"):
            start -= 1
        parts += [text[done:start], _mask(digits, text[start:end])]
        done = end
        count += 1
    return "".join([*parts, text[done:]]), count


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Groups of digits that belong to one number; readable ones belong to none."""
    plain = text.translate(_ASCII_DIGITS)
    readable = iter(
        [*(match.span() for match in _READABLE.finditer(plain)), (len(text), len(text))]
    )
    first, last = next(readable)
    run: list[re.Match[str]] = []
    for group in _GROUP.finditer(text):
        while last <= group.start() < len(text):
            first, last = next(readable)
        if run:
            gap = text[run[-1].end() : group.start()]
            if group.start() >= first or len(gap) > _WIDEST_GAP or _LETTER.search(gap):
                yield run
                run = []
        if group.start() < first:
            run.append(group)
    if run:
        yield run


def _mask(groups: Sequence[str], written: str) -> str:
    """Guess what a number is, for whoever reads the quote."""
    if len(groups) > _MOST_GROUPS:
        return "<number>"
    for first in range(len(groups)):
        piece = ""
        for group in groups[first:]:
            piece += group
            if len(piece) > 19:
                break
            if is_card(piece):
                return "<card>"
    digits = "".join(groups)
    if _NATIONAL.fullmatch(written) and (len(digits) == 9 or is_iranian_id(digits)):
        return "<id>"
    return "<phone>" if len(digits) <= _MOST_PHONE_DIGITS else "<number>"


def is_card(digits: str) -> bool:
    """Luhn's check over 13 to 19 digits (ISO/IEC 7812-1).

    >>> is_card("4111111111111111"), is_card("4111111111111112"), is_card("0")
    (True, False, False)
    """
    if not 13 <= len(digits) <= 19:
        return False
    values = [int(char) for char in digits]
    doubled = [2 * value - 9 * (value > 4) for value in values[-2::-2]]
    return (sum(values[-1::-2]) + sum(doubled)) % 10 == 0


def is_iranian_id(digits: str) -> bool:
    """Ten digits, the last a weighted sum modulo 11; ten equal ones are nobody's.

    >>> is_iranian_id("0084575948"), is_iranian_id("0084575949"), is_iranian_id("1" * 10)
    (True, False, False)
    """
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    values = [int(char) for char in digits]
    weights = range(10, 1, -1)
    rest = sum(value * weight for value, weight in zip(values, weights, strict=False)) % 11
    return values[9] == (rest if rest < 2 else 11 - rest)


def _without_codes(text: str) -> tuple[str, int]:
    """Mask short numbers that the word before them calls a code."""
    masked = 0

    def replacement(match: re.Match[str]) -> str:
        nonlocal masked
        before = text[max(0, match.start() - _CODE_BEFORE_CHARS) : match.start()]
        few = sum(map(str.isdecimal, match.group())) < _FEWEST_CODE_DIGITS
        if few or not _CODE_WORD.search(before):
            return match.group()
        masked += 1
        return "<code>"

    return _CODE.sub(replacement, text), masked
