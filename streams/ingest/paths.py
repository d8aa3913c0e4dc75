"""Paths into a record, and times as they are written: compiled once, called for every record.

A path is `$` (the record) or `@` (the element of `each:`) followed by `.name`, `['any name']` and
`[number]`. What is not there, and null, is None: nothing here raises on a record.

Next step: `streams.ingest.mapping` calls what is compiled here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

Get = Callable[[Any, Any], Any]
"""Called with the record and the element; gives what is there, None for nothing."""

_STEP: Final = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d{1,6})\]|\['([^']+)'\]|\[\"([^\"]+)\"\]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_SECONDS_BELOW: Final = 100_000_000_000
"""As seconds year 5138, as milliseconds 1973: no event of ours is near either."""


class PathError(ValueError):
    """A path cannot be read; the message says what one looks like."""


def parse(path: str) -> tuple[str, tuple[str | int, ...]]:
    """Take a path apart: where it starts, and its steps.

    Raises:
        PathError: It is none.

    >>> parse("$.from['user id'][0]")
    ('$', ('from', 'user id', 0))
    """
    root, rest = path[:1], path[1:]
    if root not in {"$", "@"}:
        raise PathError(f"path {path!r}: starts with $ (the record) or @ (the element of each)")
    steps: list[str | int] = []
    position = 0
    while position < len(rest):
        found = _STEP.match(rest, position)
        if found is None:
            raise PathError(f"path {path!r}: write it like $.customer.id, $.tags[0] or $['a name']")
        name, number, single, double = found.groups()
        steps.append(int(number) if number is not None else name or single or double)
        position = found.end()
    return root, tuple(steps)


def compile_path(path: str) -> Get:
    """Make a path into a function.

    >>> compile_path("$.a[1]")({"a": [7, 8]}, None), compile_path("$.a.b")({"a": 3}, None)
    (8, None)
    """
    root, steps = parse(path)
    if root == "$" and len(steps) == 1 and isinstance(steps[0], str):
        name = steps[0]  # most paths are this short, and the record is an object
        return lambda record, _element: record.get(name)
    follow = _follow(steps)
    if root == "$":
        return lambda record, _element: follow(record)
    return lambda _record, element: follow(element)


def _follow(steps: tuple[str | int, ...]) -> Callable[[Any], Any]:
    if not steps:
        return lambda value: value
    first, *rest = steps
    take = _named(first) if isinstance(first, str) else _numbered(first)
    if not rest:
        return take
    onwards = _follow(tuple(rest))
    return lambda value: onwards(take(value))


def _named(name: str) -> Callable[[Any], Any]:
    def take(value: Any) -> Any:
        return value.get(name) if type(value) is dict else None

    return take


def _numbered(number: int) -> Callable[[Any], Any]:
    def take(value: Any) -> Any:
        return value[number] if type(value) is list and number < len(value) else None

    return take


def compile_time(formats: str | Sequence[str], timezone: str) -> Callable[[Any], int | None]:
    """Make a time format into a function to milliseconds since the epoch; None for no such time.

    >>> compile_time("auto", "UTC")("1970-01-01T00:00:01.5Z"), compile_time("auto", "UTC")(1.5)
    (1500, 1500)
    >>> compile_time(["%d.%m.%Y %H:%M"], "Europe/Berlin")("01.01.1970 02:00")
    3600000
    """
    zone = ZoneInfo(timezone)
    match formats:
        case "s":
            return _of_number(1_000, 1_000)
        case "ms":
            return _of_number(1, 1)
        case "iso":
            return _of_iso(zone)
        case "auto":
            number, iso = _of_number(1_000, 1), _of_iso(zone)
            return lambda value: iso(value) if type(value) is str else number(value)
    patterns = [formats] if isinstance(formats, str) else list(formats)

    def strptime(value: Any) -> int | None:
        for pattern in patterns:
            try:
                return _ms(datetime.strptime(value, pattern), zone)  # noqa: DTZ007
                # `_ms` gives it one
            except (TypeError, ValueError, OverflowError):
                continue
        return None

    return strptime


def _of_number(small: int, large: int) -> Callable[[Any], int | None]:
    def convert(value: Any) -> int | None:
        if type(value) is int:
            return value * (small if abs(value) < _SECONDS_BELOW else large)
        if type(value) is float and abs(value) < _SECONDS_BELOW * 1_000:
            # Through a rounding that undoes 1.001 * 1000 = 1000.9999999999999.
            return round(value * (small if abs(value) < _SECONDS_BELOW else large))
        return None

    return convert


def _of_iso(zone: ZoneInfo) -> Callable[[Any], int | None]:
    def convert(value: Any) -> int | None:
        try:
            return _ms(datetime.fromisoformat(value), zone)
        except (TypeError, ValueError, OverflowError):
            return None

    return convert


def _ms(moment: datetime, zone: ZoneInfo) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - _EPOCH) // _MS
