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
_FADING: Final = frozenset({"fades", "heals", "clock"})
_BY_CLOCK: Final = frozenset({"wait", "gap", "clock"})
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
    when = _DISTRESS if rule.when is None else rule.when
    due = due_ms(when, seen, rule.entity, watched=watched)
    if rule.critical_when is None:
        return due
    worse = due_ms(rule.critical_when, seen, rule.entity, watched=watched)
    return worse if due is None or (worse is not None and worse < due) else due


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
    earliest = None
    for leaf in leaves(condition):
        due = _leaf_due_ms(leaf, seen, entity, watched=watched)
        if due is not None and (earliest is None or due < earliest):
            earliest = due
    return earliest


def _leaf_due_ms(leaf: Leaf, seen: Seen, entity: Entity, *, watched: bool) -> int | None:
    match leaf:
        case Level(field, raise_at, clear_at):
            number = NUMBERS[entity][field]
            on_clock = None
            if number.moves in _BY_CLOCK:
                on_clock = _on_clock_ms(number, seen, (raise_at, clear_at), field)
            fading = number.moves in _FADING
            if watched and fading:
                hourly_ms = next_ms(seen, HOUR_MS)
                return hourly_ms if on_clock is None else min(hourly_ms, on_clock)
            # Points that fade raise what looks downwards, health that heals what looks upwards.
            towards = (raise_at > clear_at) == (number.moves == "heals") or raise_at < 0
            if fading and towards and look(leaf, seen, entity).verdict not in _SETTLED:
                return next_ms(seen, HOUR_MS)
            return on_clock
        case Moved():
            return next_ms(seen, HOUR_MS) if watched else _moves_ms(leaf, seen, entity)
        case State(field=field):
            if field == "reason":
                steps = _steps_ms(seen)
                return steps if not watched or steps is None else min(steps, next_ms(seen, HOUR_MS))
            return next_ms(seen, HOUR_MS) if watched else None
        case Cued(cue, within_ms):
            newest_ms = last_ms(cue, seen) if watched else None
            ends_ms = None if newest_ms is None else newest_ms + within_ms
            return ends_ms if ends_ms is not None and ends_ms > seen.found.now_ms else None
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
    """When an open wait takes a number that a clock moves past one of its cuts."""
    if number.moves == "clock":
        return _steps_ms(seen)
    raise_at, clear_at = cuts
    # The first moment beyond: at a cut itself it is still raised downwards, or over upwards.
    edges = (raise_at, clear_at + 1) if raise_at > clear_at else (raise_at + 1, clear_at)
    wait = seen.found.wait
    since_ms: int | None = wait.since_ms
    if number.moves == "gap":
        allowed_ms = seen.found.promise.allowed_ms
        if allowed_ms is None:
            return None
        edges = (edges[0] + allowed_ms, edges[1] + allowed_ms)
    elif seen.talk is not None and not field.startswith(CUSTOMER):
        since_ms = seen.talk.talk.waiting_since_ms
    return _reached_ms(seen, since_ms, edges)


def _steps_ms(seen: Seen) -> int | None:
    """When the wait of the conversation reaches the next step of its points."""
    since_ms = None if seen.talk is None else seen.talk.talk.waiting_since_ms
    if since_ms is None:
        return None
    return _reached_ms(seen, since_ms, tuple(one.after_ms for one in seen.scoring.wait_steps))


def _reached_ms(seen: Seen, since_ms: int | None, edges: tuple[int, ...]) -> int | None:
    if since_ms is None:
        return None
    waited_ms = seen.waited_ms(since_ms)
    ahead = [edge for edge in edges if edge > waited_ms]
    if not ahead:
        return None
    return reached_ms(calendar_of(seen.customer, seen.scoring), since_ms, min(ahead))
