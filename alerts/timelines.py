"""Tests that stand beside rules: what a rule says to given numbers, and what happens over a story.

    tests:
      - name: seventy is enough
        rule: customer-distress
        values: {distress: 70}
        expect: raised
      - name: an angry customer is told of once, and called off
        rule: customer-distress
        events:
          - {at: 0s, points: {feeling: 45, intent: 30}}
          - {at: 1h, agent: "Sorry! It is done."}
        until: 3d
        expect:
          - {reason: raised, at: 0s, severity: warning}
          - {reason: recovered, by: 3d}

Values are held against cuts and conditions alone. Events are folded by the one fold under the rules
as they are, from a Monday at nine in the morning, UTC, with all read up to each moment; what is
told of the rule must be what is expected, in order.

Next step: `nabz rules test` (`streams.cli.rules`) runs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from alerts import written
from alerts.config import Config, config_hash, encode_config
from alerts.fold import Entry, fold
from alerts.outputs import Transition
from alerts.row import Row
from alerts.rules import Rule
from alerts.vectors import SEVERITIES, wrong_of
from alerts.written import RuleError, kind, known, meant
from scoring.config import Scoring
from scoring.reading import read
from scoring.records import (
    FAMILIES,
    Cue,
    LogRecord,
    Origin,
    Outcome,
    Reading,
    Signal,
    Turn,
    Wake,
)

START_MS: Final = 1_767_603_600_000
"""2026-01-05 09:00 UTC, a Monday."""
_CUSTOMER: Final = "test"
FIELDS: Final = ("name", "rule", "values", "events", "until", "expect")
EVENT_FIELDS: Final = (
    "at", "customer", "agent", "bot", "points", "interaction", "outcome", "conversation",
    "touchpoint", "channel",
)  # fmt: skip
EXPECTED_FIELDS: Final = ("reason", "at", "by", "severity", "conversation")
_WHAT: Final = ("customer", "agent", "bot", "points", "interaction", "outcome")


class Ran(NamedTuple):
    """What became of one test: empty `wrong` where all was as expected."""

    name: str
    wrong: tuple[str, ...]


def run_tests(tree: Any, rules: Sequence[Rule], scoring: Scoring) -> tuple[Ran, ...]:
    """Run the tests of a file of rules.

    Args:
        tree: The file, as a YAML reader made it; a list of rules has no tests.
        rules: Its rules.
        scoring: What the scores are made of, for stories.

    Raises:
        RuleError: A test cannot be understood; with the test, the field and what was found.
    """
    tests = tree.get("tests", ()) if isinstance(tree, Mapping) else ()
    if not isinstance(tests, list | tuple):
        raise RuleError(f"tests: found {kind(tests)}; write a list of tests")
    return tuple(_run(one, number, rules, scoring) for number, one in enumerate(tests))


def _run(one: Any, number: int, rules: Sequence[Rule], scoring: Scoring) -> Ran:
    where = f"tests[{number}]"
    if not isinstance(one, Mapping):
        raise RuleError(f"{where}: a test is a mapping with a name, found {kind(one)}")
    name = one.get("name")
    if not isinstance(name, str) or not name:
        raise RuleError(f"{where}.name: found {name!r}; say what is promised")
    where = f"test {name!r}"
    known(one, FIELDS, where)
    ids = [rule.id for rule in rules]
    if one.get("rule") not in ids:
        raise RuleError(f"{where}.rule: found {one.get('rule')!r}; {meant(one.get('rule'), ids)}")
    rule = rules[ids.index(one["rule"])]
    if ("values" in one) == ("events" in one):
        raise RuleError(f"{where}: write either `values` or `events`")
    if "values" in one:
        if "until" in one:
            raise RuleError(f"{where}.until: is for `events`; values are of one moment")
        wrong = wrong_of(rule, one["values"], one.get("expect"), where)
        return Ran(name, () if wrong is None else (wrong,))
    return Ran(name, tuple(_story(one, rule, rules, scoring, where)))


def _story(
    one: Mapping[Any, Any], rule: Rule, rules: Sequence[Rule], scoring: Scoring, where: str
) -> Iterator[str]:
    given, expected = one["events"], one.get("expect", ())
    for name, listed in (("events", given), ("expect", expected)):
        if not isinstance(listed, list | tuple):
            raise RuleError(f"{where}.{name}: found {kind(listed)}; write a list")
    records = [_record(event, n, f"{where}.events[{n}]", scoring) for n, event in enumerate(given)]
    last_ms = max((record.at_ms for record in records), default=START_MS)
    until_ms = last_ms
    if "until" in one:
        until_ms = START_MS + written.duration(one["until"], f"{where}.until")
    found = [
        found
        for found in told(records, rules, scoring, until_ms=max(until_ms, last_ms))
        if found.rule == rule.id
    ]
    wanted = [_expected(each, f"{where}.expect[{n}]") for n, each in enumerate(expected)]
    for n in range(max(len(found), len(wanted))):
        if n >= len(found):
            yield f"expected {wanted[n]['reason']}, found nothing more"
        elif n >= len(wanted):
            yield f"expected nothing more, found {_said(found[n])}"
        else:
            wrong = _differs(found[n], wanted[n])
            if wrong:
                yield f"{n + 1}. expected {wrong}, found {_said(found[n])}"


def told(
    records: Sequence[LogRecord], rules: Sequence[Rule], scoring: Scoring, *, until_ms: int
) -> list[Transition]:
    """What somebody would be told over a story, and what would be told of its end.

    Args:
        records: In order of time.
        rules: The rules, shadow or not.
        scoring: What the scores are made of.
        until_ms: Time passes until then after the last record.
    """
    config = Config(clock="watermark", scoring=scoring, rules=tuple(rules))
    name = config_hash(encode_config(config))
    row: Row | None = None
    found: list[Transition] = []
    for offset, record in enumerate((*records, Wake(until_ms, until_ms, until_ms))):
        entry = Entry(_CUSTOMER, record, 0, offset, record.at_ms)
        folded = fold(row, entry, config, name)
        row = folded.row
        found += [one for one in folded.outputs if isinstance(one, Transition) and one.notify]
    return found


def _record(event: Any, number: int, where: str, scoring: Scoring) -> LogRecord:
    if not isinstance(event, Mapping):
        raise RuleError(f'{where}: found {kind(event)}; write {{at: 5m, customer: ".."}}')
    known(event, EVENT_FIELDS, where)
    what = [name for name in _WHAT if name in event]
    if len(what) != 1:
        raise RuleError(f"{where}: write one of {', '.join(_WHAT)}")
    at_ms = START_MS + written.duration(event.get("at"), f"{where}.at")
    name, value = what[0], event[what[0]]
    where = f"{where}.{name}"
    base: dict[str, Any] = {
        "at_ms": at_ms,
        "complete_to_ms": at_ms,
        "event_id": f"event-{number}",
        "ts_ms": at_ms,
        "origin": Origin("test", 0, number),
    }
    if name == "outcome":
        return Outcome(**base, kind=_word(value, where))
    kind_, author, reading = "message", name, None
    if name == "points":
        author, reading = "customer", _points(value, where)
    elif name == "interaction":
        kind_, author = _word(value, where), "customer"
        if kind_ not in scoring.interactions:
            raise RuleError(f"{where}: {value!r} is not among `scoring.interactions`")
    else:
        reading = read(_word(value, where), name)
    talk = event.get("conversation", "talk")
    return Signal(
        **base,
        type=kind_,
        author=author,
        reading=reading,
        conversation=_word(talk, f"{where}.conversation"),
        touchpoint=written.text(event.get("touchpoint"), f"{where}.touchpoint"),
        channel=written.text(event.get("channel"), f"{where}.channel"),
    )


def _word(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise RuleError(f"{where}: found {kind(value)}; write a text")
    return value


def _points(value: Any, where: str) -> Reading:
    """A turn of the customer that is worth so many points of each family."""
    if not isinstance(value, Mapping):
        raise RuleError(f"{where}: found {kind(value)}; write {{feeling: 30}}")
    known(value, FAMILIES, where)
    cues = [
        Cue(f"{family}_points", family, written.points(points, f"{where}.{family}"))
        for family, points in value.items()
    ]
    return Reading("en", 0, tuple(cues), Turn(words=3))


def _expected(one: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(one, Mapping):
        raise RuleError(f"{where}: found {kind(one)}; write {{reason: raised, at: 5m}}")
    known(one, EXPECTED_FIELDS, where)
    _word(one.get("reason"), f"{where}.reason")
    found: dict[str, Any] = dict(one)
    for name in ("at", "by"):
        if name in one:
            found[name] = START_MS + written.duration(one[name], f"{where}.{name}")
    if "severity" in one and one["severity"] not in SEVERITIES:
        raise RuleError(f"{where}.severity: found {one['severity']!r}; write warning or critical")
    return found


def _differs(found: Transition, wanted: Mapping[str, Any]) -> str:
    """What was expected otherwise, in words; empty for all as expected."""
    wrong = []
    if found.reason != wanted["reason"]:
        wrong.append(str(wanted["reason"]))
    if "at" in wanted and found.at_ms != wanted["at"]:
        wrong.append(f"at {_length(wanted['at'])}")
    if "by" in wanted and found.at_ms > wanted["by"]:
        wrong.append(f"by {_length(wanted['by'])}")
    wrong += [
        f"{name} {wanted[name]}"
        for name in ("severity", "conversation")
        if name in wanted and getattr(found, name) != wanted[name]
    ]
    return ", ".join(wrong)


def _said(one: Transition) -> str:
    about = f" of conversation {one.conversation}" if one.entity == "conversation" else ""
    return f"{one.reason} ({one.severity}) at {_length(one.at_ms)}{about}"


def _length(at_ms: int) -> str:
    """A moment of a story, exactly: in the largest unit that divides it.

    >>> _length(START_MS + 5_400_000), _length(START_MS + 1_001)
    ('90m', '1001ms')
    """
    length = at_ms - START_MS
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if length % size == 0:
            return f"{length // size}{unit}"
    return f"{length}ms"
