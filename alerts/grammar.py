"""Conditions as people write them, and what they are told where they wrote something else.

    when:
      all:
        - {field: distress, raise_at: 50, clear_at: 40}
        - {field: waiting, raise_at: 4h, clear_at: 1h}
        - {field: band, is: [at_risk, critical]}
        - {cue: leave_threat, within: 7d}
        - {field: health, fell_by: 20, within: 7d}

Names are checked when a rule is read: a misspelt field would never be true, and nobody would
notice.

Next step: `alerts.conditions` holds them against a customer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, assert_never

from alerts import written
from alerts.conditions import Condition, Cued, Every, Leaf, Level, Moved, Some, State
from alerts.fields import NUMBERS, STATES, Entity, Kind, Number
from alerts.red_flags import CUES
from alerts.written import RuleError, kind, known, meant
from scoring.config import DAY_MS
from scoring.dialogue import DIALOGUE_POINTS
from scoring.effort import EFFORT_POINTS

DEPTH_MAX: Final = 4
LEAVES_MAX: Final = 16
WITHIN_MAX_MS: Final = {"distress": 3 * DAY_MS, "health": 28 * DAY_MS}
"""How far back a score can be worked out to the last few hundredths: two half-lives of its points
are left in the rings before that (hours reach 7 days, days 90)."""
CUE_WITHIN_MAX_MS: Final = 90 * DAY_MS
KNOWN_CUES: Final = (*CUES, *DIALOGUE_POINTS, *EFFORT_POINTS)
"""Every cue a customer can be remembered for; interactions are named by the configuration."""

LEVEL_FIELDS: Final = ("field", "raise_at", "clear_at")
STATE_FIELDS: Final = ("field", "is")
MOVED_FIELDS: Final = {
    "distress": ("field", "rose_by", "within", "clear_by"),
    "health": ("field", "fell_by", "within", "clear_by"),
}
CUE_FIELDS: Final = ("cue", "within")
INTERACTION_FIELDS: Final = ("interaction", "within")
_FORMS: Final = (
    "write {field: .., raise_at: .., clear_at: ..}, {field: .., is: [..]}, {cue: .., within: ..},"
    " {interaction: .., within: ..}, {all: [..]} or {any: [..]}"
)
_INTERACTION: Final = re.compile(r"[^\s]{1,100}")


def condition_from(value: Any, where: str, entity: Entity) -> Condition:
    """Read a condition.

    Args:
        value: What a YAML reader made of it.
        where: Rule and field, for messages.
        entity: What the rule is about, which decides what fields there are.

    Raises:
        RuleError: It cannot be meant; with what was found and what to write.

    >>> condition_from({"field": "waiting", "raise_at": "4h", "clear_at": "1h"}, "when", "customer")
    Level(field='waiting', raise_at=14400000, clear_at=3600000)
    """
    condition = _condition(value, where, entity, DEPTH_MAX)
    count = sum(1 for _ in _leaves(condition))
    if count > LEAVES_MAX:
        raise RuleError(f"{where}: looks at {count} things; {LEAVES_MAX} are the most")
    return condition


def _leaves(condition: Condition) -> Iterator[Leaf]:
    if isinstance(condition, Every | Some):
        for one in condition.of:
            yield from _leaves(one)
    else:
        yield condition


def _condition(value: Any, where: str, entity: Entity, depth: int) -> Condition:
    if not isinstance(value, Mapping):
        raise RuleError(f"{where}: found {kind(value)}; {_FORMS}")
    for word in ("all", "any"):
        if word in value:
            known(value, (word,), where)
            return _together(value[word], f"{where}.{word}", entity, depth, word)
    for word in ("cue", "interaction"):
        if word in value:
            return _cued(value, where, word)
    field = value.get("field")
    names = (*NUMBERS[entity], *STATES[entity])
    if field is None:
        raise RuleError(f"{where}: names no field; {_FORMS}")
    if not isinstance(field, str) or field not in names:
        raise RuleError(f"{where}.field: unknown field {field!r}; {meant(field, names)}")
    if entity == "customer" and field in MOVED_FIELDS and "within" in value:
        return _moved(value, f"{where}.{field}", field)
    if field in STATES[entity]:
        return _state(value, f"{where}.{field}", field, entity)
    return _level(value, f"{where}.{field}", field, NUMBERS[entity][field])


def _together(value: Any, where: str, entity: Entity, depth: int, word: str) -> Condition:
    if not isinstance(value, list | tuple) or not value:
        raise RuleError(f"{where}: found {kind(value)}; write a list of conditions")
    if depth == 1:
        raise RuleError(f"{where}: conditions lie {DEPTH_MAX} deep at most; name some as a rule")
    of = tuple(
        _condition(one, f"{where}[{number}]", entity, depth - 1) for number, one in enumerate(value)
    )
    return Every(of) if word == "all" else Some(of)


def _level(one: Mapping[Any, Any], where: str, field: str, number: Number) -> Level:
    known(one, LEVEL_FIELDS, where)
    for name in LEVEL_FIELDS[1:]:
        if name not in one:
            raise RuleError(f"{where}.{name}: is missing; write where it is raised and cleared")
    raise_at, clear_at = (
        level(one[name], f"{where}.{name}", number.kind) for name in LEVEL_FIELDS[1:]
    )
    if raise_at == clear_at:
        raise RuleError(
            f"{where}.clear_at: found {one['clear_at']}, the same as raise_at; leave a gap, or the"
            " alert will flap"
        )
    return Level(field, raise_at, clear_at)


def level(value: Any, where: str, of: Kind) -> int:
    """A cut of a number of some kind, in its own unit.

    >>> level("2h", "raise_at", "duration"), level(3, "raise_at", "count")
    (7200000, 3)
    """
    match of:
        case "points":
            return written.points(value, where)
        case "points_a_day":
            return written.number(value, where, least=-1_000, most=1_000, what="points a day")
        case "count":
            return written.whole(value, where, least=0, most=10_000, what="times")
        case "percent":
            return written.whole(value, where, least=0, most=100, what="percent")
        case "duration" | "signed_duration":
            return written.duration(value, where, signed=of == "signed_duration")
        case _:
            assert_never(of)


def _moved(one: Mapping[Any, Any], where: str, field: str) -> Moved:
    verb = "rose_by" if field == "distress" else "fell_by"
    known(one, MOVED_FIELDS[field], where)
    if verb not in one:
        raise RuleError(f"{where}.{verb}: is missing; write a number of points")
    by_e2 = written.points(one[verb], f"{where}.{verb}")
    clear_by_e2 = by_e2 // 2
    if "clear_by" in one:
        clear_by_e2 = written.points(one["clear_by"], f"{where}.clear_by")
    if clear_by_e2 >= by_e2:
        raise RuleError(f"{where}.clear_by: must lie below {verb} ({one[verb]})")
    most_ms = WITHIN_MAX_MS[field]
    within_ms = _within_ms(one, where, most_ms)
    name: Literal["distress", "health"] = "distress" if field == "distress" else "health"
    return Moved(name, by_e2, clear_by_e2, within_ms)


def _within_ms(one: Mapping[Any, Any], where: str, most_ms: int) -> int:
    if "within" not in one:
        raise RuleError(f"{where}.within: is missing; write a length of time like 7d")
    within_ms = written.duration(one["within"], f"{where}.within")
    if not 0 < within_ms <= most_ms:
        raise RuleError(
            f"{where}.within: found {one['within']!r}; what is kept reaches back"
            f" {most_ms // DAY_MS}d at most, and not at all for 0"
        )
    return within_ms


def _state(one: Mapping[Any, Any], where: str, field: str, entity: Entity) -> State:
    known(one, STATE_FIELDS, where)
    if "is" not in one:
        raise RuleError(f"{where}.is: is missing; write the state or a list of them")
    given = one["is"]
    listed = given if isinstance(given, list | tuple) else [given]
    among = STATES[entity][field].among
    # `yes` and `no` without quotes are true and false in YAML.
    spoken: list[Any] = [_spoken(word) for word in listed]
    for word in spoken:
        if not isinstance(word, str) or not word or (among and word not in among):
            hint = meant(word, among) if among else "write a word or a list of words"
            raise RuleError(f"{where}.is: found {word!r}; {hint}")
    if not spoken or (among and set(spoken) == set(among)):
        raise RuleError(f"{where}.is: is true of {'nobody' if not spoken else 'everybody'}")
    return State(field, tuple(dict.fromkeys(spoken)))


def _spoken(word: Any) -> Any:
    return word if not isinstance(word, bool) else "yes" if word else "no"


def _cued(one: Mapping[Any, Any], where: str, word: str) -> Cued:
    known(one, CUE_FIELDS if word == "cue" else INTERACTION_FIELDS, where)
    name = one[word]
    if word == "cue" and name not in KNOWN_CUES:
        raise RuleError(f"{where}: unknown cue {name!r}; {meant(name, KNOWN_CUES)}")
    if not isinstance(name, str) or _INTERACTION.fullmatch(name) is None:
        raise RuleError(f"{where}: found {kind(name)}; write the type of an interaction")
    if word == "interaction" and name in KNOWN_CUES:
        raise RuleError(f"{where}: {name} is a cue; write {{cue: {name}, within: ..}}")
    return Cued(name, _within_ms(one, f"{where}.{name}", CUE_WITHIN_MAX_MS))
