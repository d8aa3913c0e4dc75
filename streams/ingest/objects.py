"""A JSON object from the bytes of a record, or why it is none.

Next step: `streams.ingest.mapping` looks for an event's fields in it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from streams.ingest.events import Rejected

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 64

_decode = msgspec.json.Decoder().decode


def parse_object(value: bytes | None) -> dict[str, Any] | Rejected:
    """A JSON object from bytes, or why it is none; never raises.

    >>> parse_object(b'{"a": 1}'), parse_object(b'{"a": '), parse_object(b"[]")
    ({'a': 1}, Rejected(reason='not_json', field=''), Rejected(reason='not_an_object', field=''))
    """
    if value is None or not value.strip():
        return Rejected("empty")
    if len(value) > MAX_BYTES:
        return Rejected("too_large")
    try:
        record = _decode(value)
    except RecursionError:
        return Rejected("too_deep")
    except (msgspec.MsgspecError, ValueError):
        return Rejected("not_json" if _is_text(value) else "not_text")
    # Counting openers costs little and is never less than the depth, so few records are walked.
    if type(record) is not dict:
        return Rejected("not_an_object")
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and _deeper(record, MAX_DEPTH - 1):
        return Rejected("too_deep")
    return record


def _is_text(value: bytes) -> bool:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return False
    return not any(char < " " and char not in "\t\r\n" for char in text)


def _deeper(value: Any, depth: int) -> bool:
    """Is there a container within more than `depth` others?"""
    level: list[Any] = [value]
    for _ in range(depth + 1):
        level = [
            inner
            for one in level
            for inner in (one.values() if type(one) is dict else one)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True
