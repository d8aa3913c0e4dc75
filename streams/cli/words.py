"""How times, points and foreign words are written on a terminal.

Whatever a customer or a producer chose (ids, quotes, reasons) loses control and bidirectional
override characters before it is printed, and right-to-left text is wrapped in isolates, so that a
Persian quote cannot turn its line round.

Next step: the commands print with these.
"""

from __future__ import annotations

import sys
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from alerts.message import FSI, PDI, duration, plain

if TYPE_CHECKING:
    from rich.console import Console

_QUOTE_MAX: Final = 120


def points(value_e2: int, *, signed: bool = False) -> str:
    """Hundredths as points, exact.

    >>> points(4250), points(-5), points(0, signed=True), points(700, signed=True)
    ('42.50', '-0.05', '0.00', '+7.00')
    """
    sign = "-" if value_e2 < 0 else "+" if signed and value_e2 else ""
    whole, rest = divmod(abs(value_e2), 100)
    return f"{sign}{whole}.{rest:02d}"


def shown(value: str, limit: int = _QUOTE_MAX) -> str:
    r"""A text from outside, safe inside a line of a terminal.

    >>> shown("a\x1b[2Jb"), shown("سلام") == FSI + "سلام" + PDI
    ('a[2Jb', True)
    """
    text = plain(value, limit)
    foreign = any(unicodedata.bidirectional(letter) in {"R", "AL", "AN"} for letter in text)
    return f"{FSI}{text}{PDI}" if foreign else text


def utc(at_ms: int) -> str:
    """A time in UTC, to the second.

    >>> utc(0)
    '1970-01-01 00:00:00'
    """
    try:
        return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms"


def age(then_ms: int, now_ms: int) -> str:
    """How long ago, in at most two units; seconds below a minute.

    >>> age(0, 4_000), age(0, 12_000_000)
    ('4 s', '3 h 20 min')
    """
    length_ms = max(0, now_ms - then_ms)
    return f"{length_ms // 1000} s" if length_ms < 60_000 else duration(length_ms)


def place(topic: str, partition: int, offset: int, index: int = 0) -> str:
    """A coordinate, as one word.

    >>> place("t", 1, 7), place("t", 1, 7, 2)
    ('t/1/7', 't/1/7#2')
    """
    name = "_".join(plain(topic, 200).split())
    return f"{name}/{partition}/{offset}" + (f"#{index}" if index else "")


def moment_ms(text: str) -> int:
    """Read a time a person wrote: ISO 8601 (UTC where it names no zone) or milliseconds.

    Raises:
        ValueError: Neither.

    >>> moment_ms("1970-01-01T00:01:00"), moment_ms("1970-01-01 00:01Z"), moment_ms("60000")
    (60000, 60000, 60000)
    """
    if text.isascii() and text.isdigit():
        return int(text)
    when = datetime.fromisoformat(text)
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return round(when.timestamp() * 1000)


def console(*, err: bool = False, **settings: Any) -> Console:
    """A terminal to write to: colour only where one is, lines never wrapped where none is."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    wide = None if stream.isatty() else 1_000
    return Console(
        file=stream, highlight=False, markup=False, emoji=False, soft_wrap=not stream.isatty(),
        width=wide, **settings,
    )  # fmt: skip
