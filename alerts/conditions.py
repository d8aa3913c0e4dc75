"""What must be true of a customer, or of a conversation, for a rule to speak.

A condition is a tree. Its leaves look at a number, at how far a score moved, at a state, or at a
cue; `all` and `any` put them together. Like a plain rule, a number has a raising and a clearing cut
and a gap between them, so a condition is one of four: *raised*, *over*, *between*, or *unknown*,
which raises nothing and closes nothing. Direction follows from the cuts: one that clears below
where it raises looks upwards.

How far a score moved is worked out from the panes that are kept, at both moments alike: without
open waits, whose past is not kept, and of health without the trail of distress, which lasts hours.

Next step: `alerts.lifecycle.step` moves an episode by what a rule's conditions came to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal, NamedTuple, assert_never

import msgspec

from alerts.fields import CUSTOMER, NUMBERS, STATES, Entity, Kind, Number, Seen, hundredths
from scoring.health import FULL, distress_before, health, monitored

Verdict = Literal["raised", "between", "over", "unknown"]
_REMEMBERED: Final = 1_024
"""Conditions whose shape is remembered: more than all rules of a configuration have."""
_NOT_KEPT: Final = frozenset({"trail", "bounds"})


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="level"):
    """A number beyond a cut.

    Attributes:
        field: Name in `alerts.fields.NUMBERS`.
        raise_at: In the field's own unit: hundredths of a point, milliseconds, or whole numbers.
        clear_at: Where it is over again; never equal to `raise_at`.
    """

    field: str
    raise_at: int
    clear_at: int


class Moved(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="moved"):
    """Distress that rose, or health that fell, by so many hundredths within a time."""

    field: Literal["distress", "health"]
    by_e2: int
    clear_by_e2: int
    within_ms: int


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="state"):
    """A state that is one of some words."""

    field: str
    among: tuple[str, ...]


class Cued(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="cue"):
    """A cue, or an interaction that gave points, not longer ago; as far as it is remembered."""

    cue: str
    within_ms: int


class Every(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="all"):
    """All of them: over as soon as one is."""

    of: tuple[Condition, ...]


class Some(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="any"):
    """One of them at least: over only when all are."""

    of: tuple[Condition, ...]


Leaf = Level | Moved | State | Cued
Condition = Level | Moved | State | Cued | Every | Some


class Found(NamedTuple):
    """One leaf, as it is.

    Attributes:
        value: In the field's own unit; of a cue, when it was last there; None for unknown or never.
    """

    leaf: Leaf
    verdict: Verdict
    value: int | str | None


class Judged(NamedTuple):
    """What a rule's conditions came to at a moment.

    Attributes:
        warning: Verdict of the lower severity, `critical` of the higher; None for none.
        measure: What is told as the measure: the first number the rule looks at.
        value_e2: As it is, in hundredths as `alerts.fields.hundredths` has them; None if unknown.
        raise_at_e2: Its cut, and `clear_at_e2`; the measure is worse above it where `upwards`.
    """

    warning: Verdict
    critical: Verdict | None
    measure: str
    value_e2: int | None
    raise_at_e2: int
    clear_at_e2: int
    upwards: bool


def judge(when: Condition, critical: Condition | None, seen: Seen, entity: Entity) -> Judged:
    """Hold a rule's conditions against what there is to see.

    Args:
        when: Condition of the lower severity.
        critical: Of the higher one, None for none.
        seen: What there is to see; a customer who does not consent to being scored is unknown, and
            so is a conversation that is not remembered any more.
        entity: What the rule is about.
    """
    shown = _shown(when, seen, entity)
    if not knowable(seen, entity):
        return Judged(
            "unknown", None if critical is None else "unknown", *shown._replace(value_e2=None)
        )
    worse = None if critical is None else verdict(critical, seen, entity)
    return Judged(verdict(when, seen, entity), worse, *shown)


def knowable(seen: Seen, entity: Entity) -> bool:
    """Is there anything to see? Not of who did not consent, nor of a forgotten conversation."""
    return monitored(seen.customer) and (entity == "customer" or seen.talk is not None)


def verdict(condition: Condition, seen: Seen, entity: Entity) -> Verdict:
    """What one condition comes to."""
    return combined(condition, lambda leaf: look(leaf, seen, entity).verdict)


def combined(condition: Condition, of_leaf: Callable[[Leaf], Verdict]) -> Verdict:
    """What a tree comes to, of what its leaves come to.

    >>> waits, calls = State("waits", ("yes",)), Level("contacts_24h", 3, 1)
    >>> found: dict[Leaf, Verdict] = {waits: "raised", calls: "between"}
    >>> combined(Every((waits, calls)), found.__getitem__)
    'between'
    """
    if not isinstance(condition, Every | Some):
        return of_leaf(condition)
    decides: Verdict = "over" if isinstance(condition, Every) else "raised"
    found: Verdict = "raised" if isinstance(condition, Every) else "over"
    for one in condition.of:
        here = combined(one, of_leaf)
        if here == decides:
            return here
        if here == "unknown" or (here == "between" and found != "unknown"):
            found = here
    return found


@lru_cache(_REMEMBERED)
def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """All that a condition looks at, as written; asked at every look, so it is remembered."""
    if isinstance(condition, Every | Some):
        return tuple(leaf for one in condition.of for leaf in leaves(one))
    return (condition,)


def look(leaf: Leaf, seen: Seen, entity: Entity) -> Found:
    """One leaf: its value, and what it comes to."""
    if seen.memo is None:
        return _look(leaf, seen, entity)
    found: Found | None = seen.memo.get((entity, leaf))
    if found is None:
        found = seen.memo[entity, leaf] = _look(leaf, seen, entity)
    return found


def _look(leaf: Leaf, seen: Seen, entity: Entity) -> Found:
    match leaf:
        case Level(field, raise_at, clear_at):
            value = NUMBERS[entity][field].value(seen)
            return Found(leaf, against(value, raise_at, clear_at), value)
        case Moved(_, by_e2, clear_by_e2, _):
            value = moved_e2(leaf, seen)
            return Found(leaf, against(value, by_e2, clear_by_e2), value)
        case State(field, among):
            word = STATES[entity][field].value(seen)
            return Found(leaf, "raised" if word in among else "over", word)
        case Cued(cue, within_ms):
            newest_ms = last_ms(cue, seen)
            there = newest_ms is not None and newest_ms > seen.found.now_ms - within_ms
            return Found(leaf, "raised" if there else "over", newest_ms)
        case _:
            assert_never(leaf)


def against(value: int | None, raise_at: int, clear_at: int) -> Verdict:
    """A value and its cuts, upwards or downwards.

    >>> against(70, 70, 55), against(60, 70, 55), against(20, 30, 40), against(None, 1, 0)
    ('raised', 'between', 'raised', 'unknown')
    """
    if value is None:
        return "unknown"
    if raise_at > clear_at:
        return "raised" if value >= raise_at else "over" if value <= clear_at else "between"
    return "raised" if value <= raise_at else "over" if value >= clear_at else "between"


def last_ms(cue: str, seen: Seen) -> int | None:
    """When a cue was last there, as far as it is remembered."""
    return max((past.ts_ms for past in seen.customer.evidence if past.cue == cue), default=None)


def moved_e2(leaf: Moved, seen: Seen) -> int | None:
    """By how much distress rose or health fell; None for whom we did not know so long ago."""
    found, first_ms = seen.found, seen.customer.first_ms
    then_ms = found.now_ms - leaf.within_ms
    score = found.distress_e2 if leaf.field == "distress" else found.health_e2
    if score is None or first_ms is None or first_ms > then_ms:
        return None
    at, before = (_lasting_e2(leaf.field, seen, ms) for ms in (found.now_ms, then_ms))
    return at - before if leaf.field == "distress" else before - at


def _lasting_e2(field: Literal["distress", "health"], seen: Seen, at_ms: int) -> int:
    """A score at a moment, from panes alone."""
    if field == "distress":
        return distress_before(seen.customer, at_ms, seen.scoring)
    nobody_waits = msgspec.structs.replace(seen.customer, conversations=())
    then = health(nobody_waits, at_ms, seen.scoring, complete_to_ms=at_ms)
    points = sum(part.points_e2 for part in then.health if part.name not in _NOT_KEPT)
    return min(max(points, 0), FULL)


class _Shown(NamedTuple):
    measure: str
    value_e2: int | None
    raise_at_e2: int
    clear_at_e2: int
    upwards: bool


def _shown(when: Condition, seen: Seen, entity: Entity) -> _Shown:
    """The first number of a rule, else whether its first leaf is true: 1 or 0."""
    leaf, kind, shown = _measure(when, entity)
    found = look(leaf, seen, entity)
    if kind is None:
        return shown._replace(value_e2=100 * (found.verdict == "raised"))
    value = found.value
    return shown._replace(value_e2=hundredths(kind, value) if isinstance(value, int) else None)


@lru_cache(_REMEMBERED)
def _measure(when: Condition, entity: Entity) -> tuple[Leaf, Kind | None, _Shown]:
    """What is shown of a condition, but for its value: the leaf, and its kind if a number."""
    all_leaves = leaves(when)
    for leaf in all_leaves:
        if isinstance(leaf, Level):
            number = NUMBERS[entity][leaf.field]
            shown = _Shown(
                _name(leaf.field, entity, number),
                None,
                hundredths(number.kind, leaf.raise_at),
                hundredths(number.kind, leaf.clear_at),
                upwards=leaf.raise_at > leaf.clear_at,
            )
            return leaf, number.kind, shown
        if isinstance(leaf, Moved):
            name = f"{leaf.field}_{'rise' if leaf.field == 'distress' else 'fall'}"
            return leaf, "points", _Shown(name, None, leaf.by_e2, leaf.clear_by_e2, upwards=True)
    first = all_leaves[0]
    name = first.cue if isinstance(first, Cued) else getattr(first, "field", "")
    return first, None, _Shown(name, None, 100, 0, upwards=True)


def _name(field: str, entity: Entity, number: Number) -> str:
    """How a measure is called where it is told, its unit included.

    >>> _name("waiting", "conversation", NUMBERS["conversation"]["waiting"])
    'conversation_waiting_minutes'
    """
    name = field.removeprefix(CUSTOMER).replace(".", "_")
    if entity == "conversation" and not field.startswith(CUSTOMER):
        name = f"conversation_{name}"
    return f"{name}_minutes" if number.kind in {"duration", "signed_duration"} else name
