"""Values as people write them in a file of rules: points, durations, lists, words.

Each reader takes what a YAML reader made of a field and where the field stands, and gives the value
nabz reckons with: points become hundredths, durations milliseconds. What cannot be meant is refused
with the field, what was found and what to write instead.

Next step: `alerts.rules` makes rules of them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": _MINUTE_MS, "h": _HOUR_MS, "d": 24 * _HOUR_MS}

DURATION: Final = r"(\d+)\s*(ms|s|m|h|d)"
"""How a duration is written: `30s`, `10m`, `24h`."""


class RuleError(ValueError):
    """A rule cannot be understood; the message names rule, field and what was found."""


def known(one: Mapping[Any, Any], fields: Iterable[str], where: str) -> None:
    """Refuse a field of another name, with the one that was probably meant.

    >>> known({"raise": 1}, ("raise_at", "clear_at"), "rule a")
    Traceback (most recent call last):
    alerts.written.RuleError: rule a: unknown field 'raise'; did you mean raise_at?
    """
    names = tuple(fields)
    for key in one:
        if key not in names:
            raise RuleError(f"{where}: unknown field {key!r}; {meant(key, names)}")


def meant(found: Any, names: Iterable[str]) -> str:
    """What was probably meant, else what there is.

    >>> meant("helth", ("distress", "health")), meant("zzz", ("distress", "health"))
    ('did you mean health?', 'known are distress, health')
    """
    names = tuple(names)
    near = difflib.get_close_matches(str(found), names, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"


def kind(value: Any) -> str:
    """What a value is, for a message that must not quote it."""
    return "nothing" if value is None else type(value).__name__


def number(value: Any, where: str, *, least: int, most: int, what: str, scale: int = 100) -> int:
    """A number between two bounds, as an integer of `1 / scale`."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise RuleError(
            f"{where}: found {value!r}; write a number of {what} from {least} to {most}"
        )
    scaled: int = round(value * scale)
    return scaled


def points(value: Any, where: str) -> int:
    """Points of a score, in hundredths.

    >>> points(70, "raise_at"), points(30.5, "raise_at")
    (7000, 3050)
    """
    return number(value, where, least=0, most=100, what="points")


def whole(value: Any, where: str, *, least: int, most: int, what: str) -> int:
    """A whole number between two bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RuleError(
            f"{where}: found {value!r}; write a whole number of {what} from {least} to {most}"
        )
    return value


def duration(value: Any, where: str, *, signed: bool = False) -> int:
    """A length of time, in milliseconds.

    >>> duration("10m", "for"), duration("-90s", "raise_at", signed=True)
    (600000, -90000)
    """
    text = str(value).strip()
    minus = signed and text.startswith("-")
    found = re.fullmatch(DURATION, text.removeprefix("-").strip() if minus else text)
    if found is None:
        raise RuleError(
            f"{where}: found {value!r}; a duration is written like 30s, 10m or 24h"
            + (", or with a minus before it" if signed else "")
        )
    length = int(found[1]) * _UNITS_MS[found[2]]
    return -length if minus else length


def labels(value: Any, where: str) -> dict[str, str]:
    """Names and values, in the order of their names."""
    if not isinstance(value, Mapping):
        raise RuleError(f"{where}: found {kind(value)}; write name: value pairs")
    return {str(name): str(value[name]) for name in sorted(value, key=str)}


def text(value: Any, where: str) -> str | None:
    """A text, or nothing."""
    if value is not None and not isinstance(value, str):
        raise RuleError(f"{where}: found {kind(value)}; write a text")
    return value


def flag(value: Any, where: str) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise RuleError(f"{where}: found {value!r}; write true or false")
    return value
