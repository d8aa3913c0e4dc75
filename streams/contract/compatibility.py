"""Which changes of a schema break readers of a released one, or records that are at rest?

The rule is BACKWARD_TRANSITIVE and a little more, as compacted topics hold records of every release
and services are never upgraded together: no field is removed or retyped, none becomes required or
stops being so, an enumeration only grows, and a new field may be missing. What breaks that needs a
new topic, `.v2`, beside the old one.

Next step: `tests/contract` asks this of every released version.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streams.contract.schema import Schema


def broken(old: Schema, new: Schema) -> tuple[str, ...]:
    """What a newer schema breaks, a line for each field; empty where it is compatible.

    >>> from copy import deepcopy
    >>> old = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
    >>> new = deepcopy(old) | {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    >>> broken(old, old), broken(old, new)
    ((), ('a: retyped from integer to string',))
    """
    return tuple(_object(old, new, old, new, ""))


def _object(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, one in before.items():
        if name not in after:
            yield f"{at}{name}: removed"
            continue
        yield from _value(one, after[name], old_root, new_root, f"{at}{name}")
    was, now = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(now - was):
        yield f"{at}{name}: required, which older records may lack"
    for name in sorted((was - now) & after.keys()):
        yield f"{at}{name}: no longer required, which older readers rely on"


def _value(old: Any, new: Any, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    before, after = _resolved(old, old_root), _resolved(new, new_root)
    if _kinds(before) != _kinds(after):
        yield f"{at}: retyped from {_said(before)} to {_said(after)}"
        return
    for value in before.get("enum", ()):
        if value not in after.get("enum", (value,)):
            yield f"{at}: no longer {value!r}"
    if "enum" in after and "enum" not in before:
        yield f"{at}: now one of a list"
    if "enum" in before and "enum" not in after:
        yield f"{at}: no longer one of a list"
    if "properties" in before:
        yield from _object(before, after, old_root, new_root, f"{at}.")
    for inner in ("items", "additionalProperties"):
        if isinstance(before.get(inner), dict) and isinstance(after.get(inner), dict):
            yield from _value(before[inner], after[inner], old_root, new_root, f"{at}[]")


def _resolved(given: Schema, root: Schema) -> Schema:
    """What a property is, behind references; null beside an object shows in `nullable`."""
    match given:
        case {"$ref": str(ref)}:
            return dict(root["definitions"][ref.removeprefix("#/definitions/")])
        case {"allOf": [one]}:
            return _resolved(one, root)
        case {"anyOf": [one, {"type": "null"}]}:
            return _resolved(one, root) | {"nullable": True}
        case _:
            return given


def _kinds(given: Schema) -> set[str]:
    kinds = given["type"]
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    return found | ({"null"} if given.get("nullable") else set())


def _said(given: Schema) -> str:
    return " or ".join(sorted(_kinds(given)))
