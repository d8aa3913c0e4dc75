"""When a condition may change although nothing happens, and must be looked at again.

A clock runs while somebody waits, points fade by the hour and the day, and a cue grows old. What is
counted by a clock is due to the millisecond; what fades is looked at once an hour at most, at the
customer's own moment in it. All of it rests on absence, so it is due only in the time up to which
all sources have been read.

Next step: `alerts.fold` sets the timers of a row.
"""

from __future__ import annotations

from typing import Final, assert_never

from alerts.conditions import (
    Condition,
    Cued,
    Leaf,
    Level,
    Moved,
    State,
    last_ms,
    leaves,
    look,
)
from alerts.fields import CUSTOMER, NUMBERS, Entity, Number, Seen
from alerts.rules import Rule
from scoring.calendar import reached_ms
from scoring.config import DAY_MS, HOUR_MS
from scoring.customer import calendar_of
from scoring.health import monitored

_SETTLED: Final = frozenset({"raised", "unknown"})
_DISTRESS: Final = Level("distress", 10_000, 0)
"""What a rule about conversations without conditions looks at; its cuts are looked at elsewhere."""


def subject_due_ms(rule: Rule, seen: Seen, *, watched: bool) -> int | None:
    """When a rule must look at its subject again by time alone, or None.

    Args:
        rule: A rule with conditions, or about conversations.
        seen: Its subject as it is now.
        watched: An alert of it is pending or open.

    Returns:
        None where only an event changes anything, or where `Health.next_ms` says when.
    """
    if rule.entity == "conversation" and seen.talk is None:
        return None
    if rule.when is None:
        return due_ms(_DISTRESS, seen, rule.entity, watched=watched)
    found = [due_ms(one, seen, rule.entity, watched=watched) for one in _both(rule)]
    return min((one for one in found if one is not None), default=None)


def _both(rule: Rule) -> tuple[Condition, ...]:
    return tuple(one for one in (rule.when, rule.critical_when) if one is not None)


def due_ms(condition: Condition, seen: Seen, entity: Entity, *, watched: bool) -> int | None:
    """When a condition may change by time alone, later than what its looks were judged at.

    Args:
        condition: What is looked at.
        seen: As it is now; conditions on waits are due in the time all sources have been read to.
        entity: What the rule is about.
        watched: An alert is pending or open: then points that fade are looked at every hour.

    Returns:
        None where only an event changes anything, or where `Health.next_ms` says when.
    """
    if not monitored(seen.customer):
        return None
    found = [_leaf_due_ms(leaf, seen, entity, watched=watched) for leaf in leaves(condition)]
    return min((one for one in found if one is not None), default=None)


def _leaf_due_ms(leaf: Leaf, seen: Seen, entity: Entity, *, watched: bool) -> int | None:
    hourly_ms = next_ms(seen, HOUR_MS)
    match leaf:
        case Level(field, raise_at, clear_at):
            number = NUMBERS[entity][field]
            on_clock = _on_clock_ms(number, seen, (raise_at, clear_at), field)
            fading = number.moves in {"fades", "heals", "clock"}
            if watched and fading:
                return hourly_ms if on_clock is None else min(hourly_ms, on_clock)
            # Points that fade raise what looks downwards, health that heals what looks upwards.
            towards = (raise_at > clear_at) == (number.moves == "heals") or raise_at < 0
            if fading and towards and look(leaf, seen, entity).verdict not in _SETTLED:
                return hourly_ms
            return on_clock
        case Moved():
            return hourly_ms if watched else _moves_ms(leaf, seen, entity)
        case State(field=field):
            if field == "reason":
                steps = _steps_ms(seen)
                return steps if not watched or steps is None else min(steps, hourly_ms)
            return hourly_ms if watched else None
        case Cued(cue, within_ms):
            newest_ms = last_ms(cue, seen)
            ends_ms = None if newest_ms is None else newest_ms + within_ms
            now_ms = seen.found.now_ms
            return ends_ms if watched and ends_ms is not None and ends_ms > now_ms else None
        case _:
            assert_never(leaf)


def _moves_ms(leaf: Moved, seen: Seen, entity: Entity) -> int | None:
    """When a score may have moved by time alone, as old points fade from the moment before."""
    if leaf.field == "distress":
        # Who rose by that much is above resting, where everybody is looked at every hour.
        small = leaf.by_e2 < seen.scoring.resting
        return next_ms(seen, HOUR_MS) if small and seen.found.distress else None
    lasting = len(seen.found.health) > 1 or look(leaf, seen, entity).value
    return next_ms(seen, DAY_MS) if lasting else None


def next_ms(seen: Seen, every_ms: int) -> int:
    """The customer's next moment in the hour or day; spread, so that not all come at once.

    >>> from scoring.config import Scoring
    >>> from scoring.customer import Customer
    >>> from scoring.health import health
    >>> found = health(Customer(), 7, Scoring(), complete_to_ms=7)
    >>> next_ms(Seen(Customer(), found, Scoring(), 7, spread_ms=5), HOUR_MS)
    3600005
    """
    now_ms = seen.found.now_ms
    return (now_ms - seen.spread_ms) // every_ms * every_ms + every_ms + seen.spread_ms


def _on_clock_ms(number: Number, seen: Seen, cuts: tuple[int, int], field: str) -> int | None:
    """When an open wait takes a number past one of its cuts."""
    raise_at, clear_at = cuts
    # The first moment beyond: at a cut itself it is still raised downwards, or over upwards.
    edges = (raise_at, clear_at + 1) if raise_at > clear_at else (raise_at + 1, clear_at)
    wait = seen.found.wait
    since_ms: int | None = wait.since_ms
    match number.moves:
        case "wait":
            if seen.talk is not None and not field.startswith(CUSTOMER):
                since_ms = seen.talk.talk.waiting_since_ms
        case "gap":
            allowed_ms = seen.found.promise.allowed_ms
            if allowed_ms is None:
                return None
            edges = (edges[0] + allowed_ms, edges[1] + allowed_ms)
        case "clock":
            return _steps_ms(seen)
        case _:
            return None
    return _reached_ms(seen, since_ms, edges)


def _steps_ms(seen: Seen) -> int | None:
    """When the wait of the conversation reaches the next step of its points."""
    since_ms = None if seen.talk is None else seen.talk.talk.waiting_since_ms
    return _reached_ms(seen, since_ms, tuple(one.after_ms for one in seen.scoring.wait_steps))


def _reached_ms(seen: Seen, since_ms: int | None, edges: tuple[int, ...]) -> int | None:
    if since_ms is None:
        return None
    waited_ms = seen.waited_ms(since_ms)
    ahead = [edge for edge in edges if edge > waited_ms]
    if not ahead:
        return None
    return reached_ms(calendar_of(seen.customer, seen.scoring), since_ms, min(ahead))
