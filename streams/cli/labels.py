"""Files of a user's own: labelled texts to measure with, and conversations to look at.

One JSON object a line, UTF-8; fields beside the ones named here do not matter. What is wrong with a
line is told by its number and its fields, never by its text: a customer wrote that.

Next step: `nabz score` and `nabz fit` read what is in these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from streams.cli.errors import MISUSED, Stop
from streams.cli.words import moment_ms

_ROLES: Final = ("customer", "agent", "bot")


class Labelled(NamedTuple):
    """A text, and whether a person called it bad."""

    text: str
    bad: bool


def labelled_in(path: Path) -> list[Labelled]:
    """Read labelled texts: `{"text": .., "label": -1 | 0 | 1 | null}`; only -1 is bad.

    Raises:
        Stop: A line is of another shape, or there is none.
    """
    found = []
    for number, row in _rows(path):
        text, label = row.get("text"), row.get("label")
        if not isinstance(text, str):
            raise _wrong(path, number, "text", text, 'a string, as in {"text": "..", "label": -1}')
        if "label" not in row:
            raise _wrong(path, number, "label", None, "-1 (bad), 0, 1 or null (not bad)")
        if isinstance(label, bool) or label not in (-1, 0, 1, None):
            raise _wrong(path, number, "label", label, "-1 (bad), 0, 1 or null (not bad)")
        found.append(Labelled(text, label == -1))
    if not found:
        raise Stop(f"{path}: holds no lines: write one labelled text a line", MISUSED)
    return found


def turns_in(path: Path) -> list[dict[str, str]]:
    """Read one conversation, oldest turn first: `{"role": .., "text": ..}` a line.

    Raises:
        Stop: A line is of another shape, or there is none.
    """
    found = []
    for number, row in _rows(path):
        role, text = row.get("role"), row.get("text")
        if role not in _ROLES:
            raise _wrong(path, number, "role", role, "customer, agent or bot")
        if not isinstance(text, str):
            raise _wrong(path, number, "text", text, 'a string, as in {"role": .., "text": ".."}')
        found.append({"role": str(role), "text": text})
    if not found:
        raise Stop(f"{path}: holds no turns: write one a line, oldest first", MISUSED)
    return found


def events_in(path: Path) -> dict[str, tuple[int, ...]]:
    """Read what happened: `{"customer": .., "ts": milliseconds or ISO 8601}` a line.

    Returns:
        Times by customer, ascending.

    Raises:
        Stop: A line is of another shape, or there is none.
    """
    found: dict[str, list[int]] = {}
    for number, row in _rows(path):
        customer, when = row.get("customer"), row.get("ts")
        if not isinstance(customer, str) or not customer:
            raise _wrong(path, number, "customer", customer, "a string, as in nabz")
        wanted = "milliseconds, or a time like 2026-11-24T10:00Z"
        if isinstance(when, bool) or not isinstance(when, int | str):
            raise _wrong(path, number, "ts", when, wanted)
        try:
            at_ms = moment_ms(str(when))
        except ValueError:
            raise _wrong(path, number, "ts", when, wanted) from None
        found.setdefault(customer, []).append(at_ms)
    if not found:
        raise Stop(f"{path}: holds no lines: write one event a line", MISUSED)
    return {customer: tuple(sorted(times)) for customer, times in found.items()}


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as lines:
        try:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise Stop(
                        f"{path}:{number}: is no JSON: write one object a line", MISUSED
                    ) from error
                if not isinstance(row, dict):
                    raise Stop(
                        f"{path}:{number}: found {type(row).__name__}, want an object", MISUSED
                    )
                yield number, row
        except UnicodeDecodeError as error:
            raise Stop(f"{path}: is not UTF-8: convert it first", MISUSED) from error


def _wrong(path: Path, number: int, field: str, value: object, wanted: str) -> Stop:
    return Stop(f"{path}:{number}: {field} is {_kind(value)}: want {wanted}", MISUSED)


def _kind(value: object) -> str:
    """A value of a wrong type by its type only: it may be what somebody wrote.

    >>> _kind("they wrote this"), _kind(None), _kind(7)
    ('a str', 'missing', '7')
    """
    if value is None:
        return "missing"
    return str(value) if isinstance(value, bool | int) else f"a {type(value).__name__}"
