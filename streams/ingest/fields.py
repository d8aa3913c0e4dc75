"""The fields of an event: each a function of record and element, compiled from its settings.

A function gives a value of the right type, None for nothing there, or raises `BadError` with the
reason and the field; `streams.ingest.mapping` turns that into `Rejected`. Whole numbers count as
text where an id or a label is asked for; text never counts as a number.

Next step: `streams.ingest.mapping` puts them together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from streams.ingest.events import Rejected
from streams.ingest.paths import Get, compile_path, compile_time
from streams.ingest.picks import Condition, Pick, TimePick, as_text

AHEAD_MS: Final = 600_000
"""Further ahead of the reader's clock than this, a time is an error; nearer, it counts as now."""

MAX_ID_BYTES: Final = 512
MAX_LABEL: Final = 256
MAX_LINK_BYTES: Final = 2_048


class BadError(Exception):
    """A field does not hold what it should; never leaves `streams.ingest.mapping`."""

    def __init__(self, reason: str, field: str) -> None:
        """Name reason and field."""
        super().__init__(reason)
        self.rejected = Rejected(reason, field)


class Unmapped:
    """Found, but without a row in the `map` of its field."""


UNMAPPED: Final = Unmapped()


def compile_pick(pick: Pick | None) -> Get:
    """Make a field's place into a function; None for nothing there."""
    if pick is None:
        return lambda _record, _element: None
    if pick.path is None:
        const = pick.const
        return lambda _record, _element: const
    find, default = compile_path(pick.path), pick.default
    if pick.map is None:
        if default is None:
            return find

        def found_or_default(record: Any, element: Any) -> Any:
            found = find(record, element)
            return default if found is None else found

        return found_or_default
    rows = dict(pick.map)

    def translated(record: Any, element: Any) -> Any:
        found = find(record, element)
        if found is None:
            return default
        meant = None
        if isinstance(found, str | bool | int | float):
            meant = rows.get(found if type(found) is str else as_text(found))
        if meant is None:
            return UNMAPPED if default is None else default
        return meant

    return translated


def compile_condition(condition: Condition) -> Callable[[Any, Any], bool]:
    """Make a condition into a function; values are compared as text, so `1` equals `"1"`.

    >>> holds = compile_condition(Condition.model_validate({"path": "$.a", "in": [1, "x"]}))
    >>> holds({"a": "1"}, None), holds({"a": 2}, None), holds({}, None)
    (True, False, False)
    """
    if condition.negated is not None:
        inner = compile_condition(condition.negated)
        return lambda record, element: not inner(record, element)
    assert condition.path is not None, "settings are validated"  # noqa: S101
    find = compile_path(condition.path)
    if condition.exists is not None:
        wanted = condition.exists
        return lambda record, element: (find(record, element) is not None) == wanted
    values = condition.among if condition.among is not None else (condition.equals,)
    allowed = frozenset(as_text(one) for one in values)

    def among(record: Any, element: Any) -> bool:
        found = find(record, element)
        return isinstance(found, str | bool | int | float) and as_text(found) in allowed

    return among


def words(
    pick: Pick | None, field: str, limit: int = MAX_LABEL
) -> Callable[[Any, Any], str | None]:
    """A short text: whole numbers count, an empty one is none."""
    find = compile_pick(pick)

    def get(record: Any, element: Any) -> str | None:
        found = find(record, element)
        if found is None or found == "":
            return None
        if type(found) is int:
            found = str(found) if abs(found) < 10**18 else None
        if type(found) is not str or len(found.encode()) > limit or "\x00" in found:
            raise BadError("wrong_type", field)
        return found

    return get


def number(pick: Pick | None, field: str) -> Callable[[Any, Any], float | None]:
    """A number; a truth is none."""
    find = compile_pick(pick)

    def get(record: Any, element: Any) -> float | None:
        found = find(record, element)
        if found is None:
            return None
        if type(found) not in {int, float} or not math.isfinite(found) or abs(found) > 1e15:
            raise BadError("wrong_type", field)
        return float(found)

    return get


def truth(pick: Pick | None, field: str) -> Callable[[Any, Any], bool | None]:
    """True or false."""
    find = compile_pick(pick)

    def get(record: Any, element: Any) -> bool | None:
        found = find(record, element)
        if found is not None and type(found) is not bool:
            raise BadError("wrong_type", field)
        return found

    return get


def time(pick: TimePick) -> Callable[[Any, Any, int], int]:
    """Event time; called with the reader's clock too, as nothing happens in the future."""
    find, convert = compile_path(pick.path), compile_time(pick.format, pick.timezone)

    def get(record: Any, element: Any, now_ms: int) -> int:
        found = find(record, element)
        if found is None:
            raise BadError("missing_field", "ts")
        ts_ms = convert(found)
        if ts_ms is None or ts_ms <= 0:
            raise BadError("bad_time", "ts")
        if ts_ms > now_ms:
            if ts_ms > now_ms + AHEAD_MS:
                raise BadError("future", "ts")
            return now_ms
        return ts_ms

    return get


def labels(dims: dict[str, Pick] | str) -> Callable[[Any, Any], dict[str, str]]:
    """Labels by name, as text; of an object all that are no lists or objects."""
    if isinstance(dims, str):
        find = compile_path(dims)

        def of_object(record: Any, element: Any) -> dict[str, str]:
            found = find(record, element)
            if found is None:
                return {}
            if type(found) is not dict:
                raise BadError("wrong_type", "dims")
            return _scalars(found.items())

        return of_object
    picks = [(name, compile_pick(pick)) for name, pick in dims.items()]
    return lambda record, element: _scalars((name, get(record, element)) for name, get in picks)


def _scalars(items: Iterable[tuple[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in items:
        if value is None or type(value) is Unmapped:
            continue
        if not isinstance(value, str | bool | int | float) or len(name) > MAX_LABEL:
            raise BadError("wrong_type", "dims")
        found[name] = as_text(value)[:MAX_LABEL]
    return found
