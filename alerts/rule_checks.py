"""What is sound in form but cannot be meant: rules that never speak, speak twice, or to nobody.

Each finding names the rule, what was found and what to do. Reachability is judged by the caps of
the scoring in force: points of a part never rise above its cap, so a cut beyond it never raises.

Next step: `nabz rules check` (`streams.cli.rules`) prints them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from alerts.conditions import Condition, Cued, Every, Leaf, Level, Moved, Some, State
from alerts.fields import CUSTOMER, NUMBERS, hundredths
from alerts.grammar import KNOWN_CUES
from alerts.people import Person, owner_of
from alerts.routing import Described, Route, channels_for
from alerts.rules import Rule
from alerts.standstill import RULE as SOURCE_CUT_OFF
from alerts.storm import RULE as OPENING_STORM
from scoring.config import Scoring
from scoring.health import FULL

_OWN: Final = frozenset({SOURCE_CUT_OFF, OPENING_STORM})
"""Alerts about nabz itself, which no file of rules holds; their label is `kind: pipeline`."""


class Finding(NamedTuple):
    """Something a person should look at: which rule or route, and what about it."""

    about: str
    what: str


def findings(
    rules: Sequence[Rule],
    scoring: Scoring,
    routes: Sequence[Route],
    channels: Sequence[str],
    people: Sequence[Person] = (),
) -> tuple[Finding, ...]:
    """Look for what cannot be meant.

    Args:
        rules: The rules.
        scoring: What the scores are made of.
        routes: In order; empty for the default, every channel.
        channels: All configured channels; without any nobody is meant to be told yet.
        people: Who owns customers, in order.

    >>> findings((Rule("a"), Rule("b")), Scoring(), (), ())[0].about
    'rules a and b'
    """
    found = [finding for rule in rules for finding in _of_rule(rule, scoring)]
    found += _twice(rules)
    if channels:
        found += _unheard(rules, routes, channels)
        found += _unowned(rules, routes, channels, people)
    found += _routes_of_nobody(rules, routes)
    found += _unkept(rules, people)
    return tuple(found)


def _unkept(rules: Sequence[Rule], people: Sequence[Person]) -> Iterator[Finding]:
    """Rules that promise what nobody keeps, unless a customer's profile names somebody."""
    if any(not one.owns.asked() for one in people):
        return
    for rule in rules:
        if rule.due_ms is not None and not rule.labels.get("team"):
            what = "something is due, and nobody owns all of its alerts: give it a label `team`"
            yield Finding(f"rule {rule.id}", f"{what}, or let one of `people:` own everything")


def _of_rule(rule: Rule, scoring: Scoring) -> Iterator[Finding]:
    about = f"rule {rule.id}"
    for condition in (rule.when, rule.critical_when):
        if condition is not None:
            for leaf, needed in _with_need(condition):
                why = never(leaf, rule, scoring)
                if why is not None:
                    then = "so this is never raised" if needed else "so this adds nothing"
                    yield Finding(about, f"{why}, {then}")
    if rule.when is not None and rule.critical_when is not None:
        if rule.when == rule.critical_when:
            yield Finding(about, "is critical whenever it is raised: the bands are the same")
        elif _milder(rule.critical_when, rule.when):
            yield Finding(
                about, "critical begins where the warning does or before: no warning is ever shown"
            )


def _with_need(condition: Condition, *, needed: bool = True) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf, and whether the whole depends on it."""
    if isinstance(condition, Every | Some):
        alone = isinstance(condition, Every) or len(condition.of) == 1
        for one in condition.of:
            yield from _with_need(one, needed=needed and alone)
    else:
        yield condition, needed


def _milder(worse: Condition, milder: Condition) -> bool:
    """Is what should be worse raised at the same cut, or before?"""
    if not isinstance(worse, Level) or not isinstance(milder, Level) or worse.field != milder.field:
        return False
    upwards = [one.raise_at > one.clear_at for one in (worse, milder)]
    if upwards[0] != upwards[1]:
        return False
    return worse.raise_at <= milder.raise_at if upwards[0] else worse.raise_at >= milder.raise_at


def never(leaf: Leaf, rule: Rule, scoring: Scoring) -> str | None:
    """Why a leaf can never be true, in words; None where it can.

    >>> never(Level("distress.effort", 9_000, 0), Rule("r"), Scoring())
    'distress.effort is at most 30, asked are 90'
    """
    match leaf:
        case Level(field, raise_at, clear_at) if raise_at > clear_at:
            most = _most(field.removeprefix(CUSTOMER), scoring)
            if most is not None and raise_at > most:
                kind = NUMBERS[rule.entity][field].kind
                asked, least = (hundredths(kind, one) / 100 for one in (raise_at, most))
                return f"{field} is at most {least:g}, asked are {asked:g}"
        case Moved("health", by_e2, _, _) if by_e2 > scoring.base:
            return f"health begins at {scoring.base / 100:g} and cannot fall by {by_e2 / 100:g}"
        case Cued(cue) if cue not in KNOWN_CUES:
            kind_of = scoring.interactions.get(cue)
            if kind_of is None:
                return f"interaction {cue} is not in `scoring.interactions`"
            if not kind_of.points:
                return f"interaction {cue} has no points, and is not remembered"
        case State(field, among):
            promised = any(one.promise_ms is not None for one in scoring.touchpoints.values())
            if field.removeprefix(CUSTOMER) == "watermelon" and among == ("yes",) and not promised:
                return "watermelon needs a touch-point with a promise"
        case _:
            pass
    return None


def _most(field: str, scoring: Scoring) -> int | None:
    """The most a number can be; None where there is no telling."""
    score, _, part = field.partition(".")
    caps, weights = scoring.caps, scoring.health
    if score == "distress":
        if not part:
            return FULL
        cap: int = getattr(caps, part)
        if part == "contacts":
            return min(cap, max(scoring.contact_ladder, default=0))
        if part == "waiting_now":
            return min(cap, max((step.points for step in scoring.wait_steps), default=0))
        return cap
    if score != "health":
        return None
    match part:
        case "":
            return min(scoring.base, FULL)
        case "unresolved":
            return weights.unresolved
        case "quiet":
            return max(scoring.silence.content, scoring.silence.unresolved)
        case _:
            share: int = getattr(weights, part).cap
            return share


def _twice(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Two rules that tell the same people of the same thing."""
    for one, other in combinations(rules, 2):
        if one.labels != other.labels or one.entity != other.entity or one.shadow or other.shadow:
            continue
        about = f"rules {one.id} and {other.id}"
        if one.when is None and other.when is None and one.measure == other.measure:
            yield Finding(
                about,
                f"overlap: both look at {one.measure} for the same labels, so whoever is beyond"
                " both cuts is told of twice; make them the bands of one rule, or label them apart",
            )
        elif one.when is not None and one.when == other.when:
            yield Finding(about, "have the same conditions and labels; keep one")


def _unheard(
    rules: Sequence[Rule], routes: Sequence[Route], channels: Sequence[str]
) -> Iterator[Finding]:
    """Rules that no route takes to any channel, whatever the tier of the customer."""
    tiers: dict[str | None, None] = {None: None}
    tiers |= {tier: None for route in routes for tier in route.match.tier}
    for rule in rules:
        for severity in _severities(rule):
            subjects = [Described(severity, rule.id, tier, rule.labels) for tier in tiers]
            owned = tuple(channels)  # a route to the owner counts: that people own is known later
            if not any(channels_for(one, routes, channels, owned) for one in subjects):
                labels = ", ".join(f"{name}={of}" for name, of in rule.labels.items())
                yield Finding(
                    f"rule {rule.id}",
                    f"its {severity} alerts reach nobody: no route takes labels"
                    f" {labels or 'of which it has none'}; see `nabz routes test`",
                )


def _severities(rule: Rule) -> tuple[str, ...]:
    """Those somebody is told of."""
    if rule.shadow:
        return ()
    worse = rule.critical_when is not None or (rule.when is None and rule.critical is not None)
    return ("warning", "critical") if worse else ("warning",)


def _unowned(
    rules: Sequence[Rule],
    routes: Sequence[Route],
    channels: Sequence[str],
    people: Sequence[Person],
) -> Iterator[Finding]:
    """Rules whose alerts of a customer whom no person owns are left to an owner there is not."""
    for rule in rules:
        for severity in _severities(rule):
            stranger = Described(severity, rule.id, labels=rule.labels)
            if owner_of(stranger, tuple(people), 0) is not None:
                continue
            owned = channels_for(stranger, routes, channels, tuple(channels))
            if owned and not channels_for(stranger, routes, channels):
                yield Finding(
                    f"rule {rule.id}",
                    f"its {severity} alerts of a customer whom nobody owns reach nobody: all their"
                    " routes are to the owner; add one with channels after them, or a last person"
                    " who owns all",
                )


def _routes_of_nobody(rules: Sequence[Rule], routes: Sequence[Route]) -> Iterator[Finding]:
    """Routes that ask for a rule or a label that there is not."""
    ids = {rule.id for rule in rules} | _OWN
    for number, route in enumerate(routes):
        about, match = f"route {number}", route.match
        if match.rule and not ids.intersection(match.rule):
            yield Finding(about, f"asks for rule {' or '.join(match.rule)}; there is none")
        for name, values in match.labels.items():
            of_nabz = name == "kind" and "pipeline" in values
            if not of_nabz and not any(rule.labels.get(name) in values for rule in rules):
                yield Finding(
                    about,
                    f"asks for label {name} {' or '.join(values)}; no rule has it: nobody owns what"
                    " it was meant for",
                )
