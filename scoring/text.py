"""A text as it is read: tidied, stripped of what its author did not write now, cut into words.

Three steps, each a function. `tidy` takes out what nobody sees and caps the length. `strip` leaves
out quoted mail, signatures, markup and logs, and says so. `words_of` gives each chunk between
spaces the word it is read as: one spelling for the many of Persian (Arabic letters, half-spaces,
vowel marks, stretched letters; measured in docs/detection), no apostrophes and small letters in
English. Chunks keep the spelling of the author, so that a quote shows what was written.

Next step: `scoring.redact` masks personal items, `scoring.language` finds the language.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

from scoring.memo import Memo

MAX_CHARS: Final = 20_000
"""Characters read of a text; what follows is neither scored nor quoted."""

MASK: Final = re.compile(
    r"<(?:email|phone|card|iban|id|code|url|secret|name|number|user)>", re.IGNORECASE
)
"""Placeholders of our redaction and of others; they never score."""

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200d-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ud800-\udfff\ufb50-\ufdff\ufe50-\ufe6b\ufe70-\ufefc\uff01-\uff5e]"
)
_LINE_ENDS: Final = dict.fromkeys((0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), "\n")
_UNSEEN_TABLE: Final[dict[int, str | None]] = _LINE_ENDS | {
    code: None
    for first, last in (
        (0x00, 0x08),
        (0x0E, 0x1B),
        (0x7F, 0x84),
        (0x86, 0x9F),
        (0xAD, 0xAD),
        (0x61C, 0x61C),
        (0x180E, 0x180E),
        (0x200B, 0x200B),
        (0x200D, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xD800, 0xDFFF),
    )
    for code in range(first, last + 1)
}
_EMOJI: Final = re.compile("([\u2600-\u27bf\u2b50\U0001f000-\U0001faff])\\1*")
_GLUED: Final = re.compile(
    r"(?<![.,;!?،؛؟…])[.,;!?،؛؟…]+(?=[^\W\d_][\u0640\u064b-\u065f\u0670]*[^\W\d_])"
)

_ONE_SPELLING: Final = {
    "ی": "يىئ",
    "ک": "كڪ",
    "ه": "ةۀۂہۃە",
    "ا": "أإآٱ",
    "و": "ؤ",
    "'": "’‘ʼ´`",
    '"': "“”„«»",
    "?": "؟",
    ",": "،٬",
    ";": "؛",
    "%": "٪",
    ".": "٫…",
}
MARKS: Final = dict.fromkeys([0x640, 0x670, *range(0x610, 0x61B), *range(0x64B, 0x660)])
"""Tatweel, and the marks for vowels and for reading the Quran: nothing, to `str.translate`."""

_LETTERS: Final[dict[int, str | None]] = {
    **{ord(char): one for one, chars in _ONE_SPELLING.items() for char in chars},
    **{first + digit: str(digit) for first in (0x660, 0x6F0) for digit in range(10)},
    # A lone hamza, the half-space, and the sign that old word processors write for one.
    **dict.fromkeys([0x621, 0x200C, 0xAC]),
    **MARKS,
}
_STRETCHED: Final = re.compile("([\u0621-\u06d3])\\1{2,}")

_MARKUP: Final = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|ul|ol|li|table|tbody|thead|tr|td|th|html|body|head|h[1-6]|strong|em"
    r"|img|font|meta|hr|pre|code|link|title|center|small|style|script|blockquote|section|article|header"
    r"|footer|main|nav|button|label|form|input|textarea|select|option|sup|sub|dl|dt|dd|o:p)\b[^<>]{0,2000}>"
    r"|<!--|-->|<!doctype[^<>]{0,200}>",
    re.IGNORECASE,
)
_HIDDEN: Final = re.compile(
    r"<(style|script|head)\b[^<>]{0,2000}>.*?(?:</\1>|\Z)|<!--.*?(?:-->|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_CITED: Final = re.compile(
    r"<blockquote\b[^<>]{0,2000}>.*?(?:</blockquote>|\Z)", re.IGNORECASE | re.DOTALL
)
_ENTITY: Final = re.compile(r"&(?:[a-z]{2,8}|#\d{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE)

_REPLY: Final = re.compile(
    r"^[ \t]*(?:"
    # Mail programs break this line where it gets long.
    r"on\b(?:.{6,200}|.{0,80}\d.{0,120}\n.{0,100})\bwrote:[ \t]*$"
    r"|-{2,}[ \t]*(?:original message|forwarded message|پ[يی]ام (?:اصل[يی]|هدا[يی]ت[ \u200c]?شده))"
    r"[ \t]*-{2,}"
    r"|begin forwarded message:|[#-]{2,}.{0,40}\breply above this line\b"
    r"|_{10,}[ \t]*$"
    r"|\*?from:.{1,200}\n[ \t]*\*?(?:sent|date|to|cc|subject):"
    r"|در (?:تار[يی]خ|روز|(?:[يی]ک|دو|سه|چهار|پنج)?[ \u200c]?شنبه|جمعه)\b"
    r"(?:.{4,200}|.{4,200}\n.{0,100})نوشت(?:ند|ه(?:[ \u200c]?(?:است|اند))?)?[ \t]*:[ \t]*$"
    r"|(?:از|فرستنده):.{1,200}\n[ \t]*(?:ارسال|تار[يی]خ|به|موضوع):"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_CITED_LINE: Final = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_SIGNED: Final = re.compile(
    r"^(?:--[ \t]*$|[ \t]*(?:sent from my|get outlook for|sent via|ارسال شده از|فرستاده شده از)\b"
    r"|[ \t]*(?:(?:best|kind|warm)(?: regards| wishes)?|regards|sincerely|yours (?:truly|sincerely)"
    r"|با (?:تشکر و )?احترام|ارادتمند)[ \t]*[,،.!]?[ \t]*\n"
    # Every line ends in one place only: lines of optional ends can be cut up in endless ways.
    r"(?=[\s\S]{0,480}\Z)(?:.{0,160}\n){0,5}.{0,160}\n?\Z)",
    re.IGNORECASE | re.MULTILINE,
)
_LOG_LINE: Final = re.compile(
    r"^[ \t]*(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"
    r"|\[?(?:error|warn|warning|info|debug|trace|fatal)\]?[: ].*[{}()=\[\]/\\].*"
    r"|traceback \(most recent call last\):.*|file \"[^\"\n]{1,300}\", line \d+.*(?:\n[ \t]{4}.*)?"
    r"|at [\w$.<>]{3,200}\(.*\).*|at (?:async |new )?[\w$.<>]{2,200} \(.*:\d+\).*|caused by: .*"
    r"|exception in thread .*|goroutine \d+ \[.*|panic: runtime error.*"
    r"|(?:unhandled exception[.:] )?[\w.]{3,120}(?:error|exception): .*"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) [ \d]\d \d\d:\d\d:\d\d .*"
    r"|[{}\[\]]+,?[ \t]*|\{\".*\}[ \t]*|\"[\w.-]{1,80}\":.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_FENCED: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


def tidy(text: str) -> str:
    """Take out what nobody sees and cap the length.

    Removes control, direction and zero-width characters other than the half-space, and unpaired
    surrogates; writes presentation forms of letters as letters, and every end of a line as one.
    Applying it twice changes nothing.

    >>> tidy("b\u200fad \ufefb")
    'bad لا'
    """
    text = text[:MAX_CHARS]
    if _UNSEEN.search(text):
        text = text.replace("\r\n", "\n").translate(_UNSEEN_TABLE)
        text = unicodedata.normalize("NFKC", text)[:MAX_CHARS]
        text = text.translate(_UNSEEN_TABLE)
    return text


def parted(text: str) -> str:
    """Put a space where a mark or an emoji is glued to a word; equal emoji stay one chunk.

    >>> parted("bad.Very bad, 2.5 e.g. 😡😡")
    'bad. Very bad, 2.5 e.g.  😡😡 '
    """
    text = _GLUED.sub(r"\g<0> ", text)
    return text if text.isascii() else _EMOJI.sub(r" \g<0> ", text)


def strip(text: str) -> tuple[str, tuple[str, ...]]:
    r"""Leave out what the author did not write now, and name what was left out.

    Returns:
        The rest, and the kinds of passages left out: `html`, `quoted`, `signature`, `log`, in this
        order, each at most once. Greater-than masks such as `<email>` stay.

    >>> strip("Still broken.\n\nOn Monday, May 4, Support wrote:\n> Is it fixed?")
    ('Still broken.', ('quoted',))
    """
    kinds = []
    if "&lt;" in text and not _MARKUP.search(text):
        text = html.unescape(text)
    if "<" in text and (_MARKUP.search(text)):
        uncited = _CITED.sub("\n", _HIDDEN.sub(" ", text))
        quoted = "blockquote" in text and uncited != text
        text = _MARKUP.sub("\n", uncited)
        kinds += ["html", "quoted"] if quoted else ["html"]
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if "\n" not in text and "```" not in text:
        return text, tuple(kinds)
    reply = _REPLY.search(text)
    unquoted = _CITED_LINE.sub("", text[: reply.start()] if reply else text)
    if unquoted != text:
        text = unquoted
        kinds += [] if "quoted" in kinds else ["quoted"]
    signed = _SIGNED.search(text)
    if signed is not None and text[: signed.start()].strip():
        text = text[: signed.start()]
        kinds.append("signature")
    unlogged = _LOG_LINE.sub("", _FENCED.sub("", text))
    if unlogged != text:
        text = unlogged
        kinds.append("log")
    return text.strip(), tuple(kinds)


def normalise(text: str) -> str:
    """Write Persian in one spelling: letters, digits, half-spaces, marks, stretched letters.

    Arabic yeh, kaf, teh marbuta and the seats of hamza become Persian letters, digits of both
    scripts ASCII, half-spaces and vowel marks nothing, a letter written three times or more one.
    Latin letters stay. Applying it twice changes nothing.

    >>> normalise("نمي‌شوددد ۱۲")
    'نمیشود 12'
    """
    if text.isascii():
        return text
    return _STRETCHED.sub(r"\1", text.translate(_LETTERS))


def listed(words: str) -> frozenset[str]:
    """Make a set of a table of words apart by spaces, in the one spelling of `normalise`.

    >>> sorted(listed("بله نه"))
    ['بله', 'نه']
    """
    return frozenset(normalise(words).split())


_EDGES: Final = "".join(chr(code) for code in range(33, 128) if not chr(code).isalnum()) + "\"'"
_INNER: Final = str.maketrans("", "", "'\"()[]{}*_,<>~|")


def _word(chunk: str) -> str:
    """Read one chunk: no capitals, no apostrophes, at most one mark at the end.

    Names, links and masks are `@`; a chunk without letters or digits is itself, or its mark.
    """
    if chunk.startswith("@") or MASK.search(chunk) or "://" in chunk:
        return "@"
    text = normalise(chunk).lower()
    word = text.strip(_EDGES).translate(_INNER)
    tail = text[len(text.rstrip(_EDGES)) :]
    mark = "?" if "?" in tail else "." if not set(tail).isdisjoint(".!;:") else ""
    if word:
        return word + mark
    return mark or text.strip() or "_"


_words: Final = Memo(_word)


def words_of(chunks: list[str]) -> list[str]:
    """Give each chunk the word it is read as; as many words as chunks, never an empty one.

    A word has no spaces, no apostrophes, no capitals and no punctuation but one full stop or
    question mark at its end, which patterns do not cross. Names, links and masks are `@`.

    >>> words_of("@shop I CAN'T wait... #fail".split())
    ['@', 'i', 'cant', 'wait.', 'fail']
    """
    return list(map(_words.__getitem__, chunks))
