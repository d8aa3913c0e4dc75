"""A rule in words: what it looks at, how that stands now, and what it comes to.

Next step: `nabz rules explain` (`streams.cli.rules`) prints the lines.
"""

from __future__ import annotations

from typing import Final, NamedTuple, assert_never

from alerts.conditions import (
    Condition,
    Cued,
    Every,
    Found,
    Level,
    Moved,
    Some,
    State,
    Verdict,
    against,
    look,
    verdict,
)
from alerts.fields import NUMBERS, STATES, Entity, Kind, Seen
from alerts.hits import Hits
from alerts.message import duration
from alerts.rules import Cuts, Rule
from alerts.subjects import measured

_WORDS: Final[dict[Verdict, str]] = {
    "raised": "raised",
    "between": "between the cuts",
    "over": "not raised",
    "unknown": "unknown",
}


class Line(NamedTuple):
    """One line of an explanation: how deep it stands, what it says, what it comes to."""

    depth: int
    text: str
    verdict: Verdict


def explained(rule: Rule, seen: Seen) -> tuple[Line, ...]:
    """What a rule finds, line by line, the lower severity first.

    Args:
        rule: The rule.
        seen: Its subject, from `alerts.subjects.seen_by`.
    """
    if rule.when is None:
        sight = measured(rule, seen, "warning")
        name = sight.measure.replace("_", " ")
        lines = [_of_cuts(name, sight.value_e2, rule.warning, "")]
        if rule.critical is not None:
            lines.append(_of_cuts(name, sight.value_e2, rule.critical, "critical: "))
        return tuple(lines)
    found = list(_lines(rule.when, seen, rule.entity, 0))
    if rule.critical_when is not None:
        worse = verdict(rule.critical_when, seen, rule.entity)
        found.append(Line(0, f"critical: {_WORDS[worse]}", worse))
        found += _lines(rule.critical_when, seen, rule.entity, 1)
    return tuple(found)


def hits_said(hits: Hits) -> str:
    """How often a rule must be raised.

    >>> hits_said(Hits(3, 5, 600_000)), hits_said(Hits(3, 5))
    ('in 3 of 5 windows of 10 min', 'after 3 of 5 events')
    """
    if hits.each_ms is None:
        return f"after {hits.need} of {hits.of} events"
    return f"in {hits.need} of {hits.of} windows of {duration(hits.each_ms)}"


def _of_cuts(name: str, value_e2: int | None, cuts: Cuts, before: str) -> Line:
    came_to = against(value_e2, cuts.raise_at_e2, cuts.clear_at_e2)
    text = f"{before}{name} {_points(value_e2)}, " + _cuts(
        "points", cuts.raise_at_e2, cuts.clear_at_e2
    )
    return Line(0, f"{text}: {_WORDS[came_to]}", came_to)


def _lines(condition: Condition, seen: Seen, entity: Entity, depth: int) -> list[Line]:
    if isinstance(condition, Every | Some):
        came_to = verdict(condition, seen, entity)
        word = "all of these" if isinstance(condition, Every) else "any of these"
        lines = [Line(depth, f"{word}: {_WORDS[came_to]}", came_to)]
        for one in condition.of:
            lines += _lines(one, seen, entity, depth + 1)
        return lines
    found = look(condition, seen, entity)
    return [Line(depth, f"{said(found, seen, entity)}: {_WORDS[found.verdict]}", found.verdict)]


def said(found: Found, seen: Seen, entity: Entity) -> str:
    """One leaf in words, with its number now.

    >>> from scoring.config import Scoring
    >>> from scoring.customer import Customer
    >>> from scoring.health import health
    >>> calm = health(Customer(), 7, Scoring(), complete_to_ms=7)
    >>> nobody = Seen(Customer(), calm, Scoring(), 7)
    >>> said(look(Level("waiting", 14_400_000, 0), nobody, "customer"), nobody, "customer")
    'waiting 0 s (business time of the longest open wait), raised from 4 h, cleared at 0 s'
    """
    leaf, value = found.leaf, found.value
    match leaf:
        case Level(field, raise_at, clear_at):
            number = NUMBERS[entity][field]
            now = shown(number.kind, value if isinstance(value, int) else None)
            return f"{field} {now} ({number.meaning}), {_cuts(number.kind, raise_at, clear_at)}"
        case Moved(field, by_e2, clear_by_e2, within_ms):
            verb = "rose" if field == "distress" else "fell"
            now = shown("points", value if isinstance(value, int) else None)
            cuts = _cuts("points", by_e2, clear_by_e2)
            return f"{field} {verb} by {now} within {duration(within_ms)}, {cuts}"
        case State(field, among):
            meaning = STATES[entity][field].meaning
            now = "unknown" if value is None else str(value)
            return f"{field} {now} ({meaning}), asked is {' or '.join(among)}"
        case Cued(cue, within_ms):
            if not isinstance(value, int):
                return f"cue {cue} not remembered, asked is within {duration(within_ms)}"
            age = duration(seen.found.now_ms - value)
            return f"cue {cue} {age} ago, asked is within {duration(within_ms)}"
        case _:
            assert_never(leaf)


def shown(kind: Kind, value: int | None) -> str:
    """A number with its unit.

    >>> shown("points", 7_050), shown("duration", 5_400_000), shown("count", None)
    ('70.5', '1 h 30 min', 'unknown')
    """
    if value is None:
        return "unknown"
    match kind:
        case "points" | "points_a_day":
            return _points(value)
        case "count":
            return str(value)
        case "percent":
            return f"{value} %"
        case "duration" | "signed_duration":
            return f"-{duration(-value)}" if value < 0 else duration(value)
        case _:
            assert_never(kind)


def _points(value_e2: int | None) -> str:
    return "unknown" if value_e2 is None else f"{value_e2 / 100:g}"


def _cuts(kind: Kind, raise_at: int, clear_at: int) -> str:
    side = "from" if raise_at > clear_at else "down to"
    return f"raised {side} {shown(kind, raise_at)}, cleared at {shown(kind, clear_at)}"
