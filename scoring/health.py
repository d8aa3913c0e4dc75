"""Two scores of a customer at a moment, each the exact sum of its named parts.

**Distress**, 0 to 10000 hundredths, up is bad: does somebody need to act now? Each family of
points decays with a half-life of 12 hours and has a cap; relief counts against them; the ladder of
contacts within 24 hours, the displeasure of each turn and the clock of an open wait are added.
**Health**, up is good: a base, less what has gone wrong over weeks, less a share of distress. Where
a sum leaves its bounds, the part `bounds` takes it back, so the parts add up to the last digit.

What rests on absence, the clock of a wait, is judged no later than `complete_to_ms`: an outage of a
source makes nobody wait longer. That clock counts business time of the customer's calendar.
Weights are assumptions unless marked otherwise.

Next step: `alerts.lifecycle` compares the scores with rules, `alerts.fold` publishes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from scoring.calendar import Calendar, open_ms, reached_ms
from scoring.config import DAY_MS, HOUR_MS, Scoring, Share
from scoring.conversation import Conversation
from scoring.customer import Customer, Past, calendar_of
from scoring.dialogue import displeasure
from scoring.panes import COLUMN, FAST, SLOW, leaky_points, window
from scoring.promise import Promise, promise
from scoring.quiet import Quiet, quiet
from scoring.records import FAMILIES

Band = Literal["unknown", "healthy", "watch", "at_risk", "critical"]
Basis = Literal["measured", "literature", "assumed"]

FULL: Final = 10_000
_EVIDENCE: Final = 3
_KNOWN: Final = 3
"""Readings and behaviours at which a customer is half known; confidence is n / (n + 3)."""
_HARMFUL: Final = tuple(family for family in FAMILIES if family != "relief")
_CLOCKS: Final = frozenset({"waiting_now", "unresolved"})
_FRICTION: Final = ("waiting", "repetition", "effort")


def _in(*families: str) -> Callable[[Past], bool]:
    return lambda past: past.family in families


def _in_words(past: Past) -> bool:
    """Said in words, whatever it was about."""
    return bool(past.quote) and past.family != "relief"


_RESTS_ON: Final = {
    **{family: _in(family) for family in FAMILIES},
    "friction": _in(*_FRICTION),
    "displeasure": _in_words,
}
"""Which remembered causes a part can have, by its name; others have none."""


class Part(msgspec.Struct, frozen=True):
    """One named part of a score.

    Attributes:
        name: `base`, a family, `contacts`, `waiting_now`, `friction`, `trail`, ..., `bounds`.
        points_e2: Signed hundredths of a point.
        basis: How the weight is known.
        causes: The remembered causes that weigh most, at most three; `explained` looks for them.
    """

    name: str
    points_e2: int
    basis: Basis = "assumed"
    causes: tuple[Past, ...] = ()


class Wait(msgspec.Struct, frozen=True):
    """Who waits for us.

    Attributes:
        state: `unknown` where a source shows no replies and nothing else says that somebody waits.
        since_ms: When the longest open wait began.
        talk: The conversation it is in, None where nobody waits.
    """

    state: Literal["yes", "no", "unknown"]
    since_ms: int | None = None
    talk: Conversation | None = None


class Health(msgspec.Struct, frozen=True):
    """A customer's two scores at a moment.

    Attributes:
        now_ms: The moment.
        distress_e2: None while unknown, as is `health_e2`.
        health: Parts that add up to `health_e2`; empty while unknown. `distress` likewise. They
            have no causes before `explained` has looked for them.
        band: Band of health after hysteresis.
        confidence_e2: 0 to 100: how much is known of the customer.
        next_ms: When a score changes by time alone and is to be looked at again, None at rest.
        quiet: Whether the customer stopped writing.
        promise: How late we are, measured by what was promised.
    """

    now_ms: int
    distress_e2: int | None
    health_e2: int | None
    distress: tuple[Part, ...]
    health: tuple[Part, ...]
    band: Band
    confidence_e2: int
    wait: Wait
    contacts_24h: int
    next_ms: int | None
    quiet: Quiet = Quiet()
    promise: Promise = Promise()

    def top(self) -> Part | None:
        """The part that adds most to distress, None where none adds anything."""
        named = (part for part in self.distress if part.name != "bounds")
        best = max(named, key=lambda part: part.points_e2, default=None)
        return best if best is not None and best.points_e2 > 0 else None


def monitored(customer: Customer) -> bool:
    """False for a customer who does not consent to being scored."""
    return customer.profile is None or customer.profile.monitor


def waiting(customer: Customer) -> Wait:
    """Who waits for us, as far as the sources show.

    >>> waiting(Customer()).state
    'no'
    """
    oldest: Conversation | None = None
    oldest_ms: int | None = None
    blind = False
    for talk in customer.conversations:
        since = talk.waiting_since_ms
        blind = blind or talk.inbound
        if since is not None and (oldest_ms is None or since < oldest_ms):
            oldest, oldest_ms = talk, since
    if oldest is not None:
        return Wait("yes", oldest_ms, oldest)
    return Wait("unknown" if blind else "no")


def health(
    customer: Customer, now_ms: int, scoring: Scoring, *, complete_to_ms: int, spread_ms: int = 0
) -> Health:
    """Work out both scores.

    Args:
        customer: What we remember.
        now_ms: The moment they stand for, not before the newest event counted.
        scoring: Weights and caps.
        complete_to_ms: All sources have been read up to here; waits are judged no later.
        spread_ms: Less than an hour: where in the hour this customer is looked at again.

    Returns:
        Both scores; health is unknown where nothing could be read, distress too if nobody waits.
    """
    wait = waiting(customer)
    contacts = window(customer.hours, now_ms // HOUR_MS, 24, COLUMN["contacts"])
    seen = customer.read + customer.behaviours
    if not monitored(customer) or (seen == 0 and wait.since_ms is None):
        return Health(now_ms, None, None, (), (), "unknown", 0, wait, contacts, None)
    calendar = calendar_of(customer, scoring)
    judged_ms = min(now_ms, complete_to_ms)
    waited_ms = _waited_ms(wait, judged_ms, calendar)
    silent = quiet(customer, judged_ms, scoring, waits=wait.since_ms is not None)
    distress = _distress(customer, now_ms, scoring, waited_ms=waited_ms, contacts=contacts)
    distress_e2 = sum(part.points_e2 for part in distress)
    # Somebody waits, and nothing could be read of them: how the relationship is nobody knows.
    parts = (
        _health(
            customer, now_ms, scoring, distress_e2=distress_e2, waited_ms=waited_ms, silent=silent
        )
        if seen
        else ()
    )
    kept = promise(customer, wait.talk, waited_ms, distress_e2, scoring)
    health_e2 = sum(part.points_e2 for part in parts) if parts else None
    band: Band = "unknown" if health_e2 is None else _band(health_e2, customer.band, scoring)
    return Health(
        now_ms=now_ms,
        distress_e2=distress_e2,
        health_e2=health_e2,
        distress=distress,
        health=parts,
        band=band,
        confidence_e2=_confidence(customer, seen),
        wait=wait,
        contacts_24h=contacts,
        next_ms=min(
            (
                due_ms
                for due_ms in (
                    _next_step_ms(wait, waited_ms, calendar, scoring, kept),
                    silent.due_ms if silent.state == "no" else None,
                    _next_period_ms(now_ms, scoring, distress_e2, band, spread_ms),
                )
                if due_ms is not None
            ),
            default=None,
        ),
        quiet=silent,
        promise=kept,
    )


def explained(customer: Customer, found: Health) -> Health:
    """The same scores, their parts with the remembered causes that weigh most.

    Points halve every 12 hours, as in the sum. Looked for only where somebody is told, which is
    once for many looks.

    Args:
        customer: Who `found` is about.
        found: Their health.
    """
    causes: dict[str, tuple[Past, ...]] = {}

    def with_causes(part: Part) -> Part:
        told = causes.get(part.name)
        if told is None:
            rests_on = _RESTS_ON.get(part.name)
            some = [] if rests_on is None else [one for one in customer.evidence if rests_on(one)]
            told = causes[part.name] = _weightiest(some, found.now_ms)
        return msgspec.structs.replace(part, causes=told) if told else part

    return msgspec.structs.replace(
        found,
        distress=tuple([with_causes(part) for part in found.distress]),
        health=tuple([with_causes(part) for part in found.health]),
    )


class Answered(msgspec.Struct, frozen=True):
    """Both scores as they would be if the open wait had ended just now."""

    distress_e2: int
    health_e2: int


def answered_now(customer: Customer, found: Health, scoring: Scoring) -> Answered | None:
    """What an answer would be worth: the scores without the clock of the open wait.

    Nothing else is assumed: what was said stays said, and heals with time only.

    Args:
        customer: Who `found` is about.
        found: Their health.
        scoring: Weights and caps it was worked out with.

    Returns:
        None where nobody waits, or the scores are unknown.
    """
    if found.wait.since_ms is None or found.distress_e2 is None or found.health_e2 is None:
        return None
    if not _CLOCKS.intersection(part.name for part in (*found.distress, *found.health)):
        return Answered(found.distress_e2, found.health_e2)  # the clock has not struck yet
    now_ms = found.now_ms
    parts = _distress(customer, now_ms, scoring, waited_ms=0, contacts=found.contacts_24h)
    distress_e2 = sum(part.points_e2 for part in parts)
    parts = _health(
        customer, now_ms, scoring, distress_e2=distress_e2, waited_ms=0, silent=found.quiet
    )
    return Answered(distress_e2, sum(part.points_e2 for part in parts))


def distress_before(customer: Customer, then_ms: int, scoring: Scoring) -> int:
    """Distress as it was at an earlier moment, waits left out: for the trend.

    What has happened since does not count; causes older than the rings are gone for both.
    """
    hour = then_ms // HOUR_MS
    contacts = window(customer.hours, hour, 24, COLUMN["contacts"])
    parts = _distress(customer, then_ms, scoring, waited_ms=0, contacts=contacts)
    return sum(part.points_e2 for part in parts)


def _waited_ms(wait: Wait, judged_ms: int, calendar: Calendar | None) -> int:
    """Business time of the longest open wait."""
    return 0 if wait.since_ms is None else open_ms(calendar, wait.since_ms, judged_ms)


def _distress(
    customer: Customer, now_ms: int, scoring: Scoring, *, waited_ms: int, contacts: int
) -> tuple[Part, ...]:
    hour = now_ms // HOUR_MS
    caps = scoring.caps
    parts = []
    total = 0
    left = leaky_points(customer.hours, hour, FAST)
    for family in _HARMFUL:
        points = min(left[family], getattr(caps, family)) if family in left else 0
        if points:
            parts.append(Part(family, points))
            total += points
    ladder = scoring.contact_ladder
    if contacts > 0 and ladder:
        # P(negative within 24 h) rises with each contact: airline timelines, docs/detection.
        points = min(ladder[min(contacts, len(ladder)) - 1], caps.contacts)
        if points:
            parts.append(Part("contacts", points, "measured"))
            total += points
    # Who was displeased twice will be again: airline timelines, docs/detection.
    turns = (said for talk in customer.conversations for said in talk.turns)
    points = min(displeasure(turns, now_ms, scoring.displeasure), caps.displeasure)
    if points:
        parts.append(Part("displeasure", points, "measured"))
        total += points
    points = 0
    for step in scoring.wait_steps:
        if waited_ms >= step.after_ms:
            points = step.points
    points = min(points, caps.waiting_now)
    if points:
        parts.append(Part("waiting_now", points))
        total += points
    relief = min(left.get("relief", 0), caps.relief)
    if relief:
        parts.append(Part("relief", -relief))
        total -= relief
    return _bounded(parts, total)


def _health(
    customer: Customer,
    now_ms: int,
    scoring: Scoring,
    *,
    distress_e2: int,
    waited_ms: int,
    silent: Quiet,
) -> tuple[Part, ...]:
    day, weights = now_ms // DAY_MS, scoring.health
    parts = [Part("base", scoring.base)]
    total = scoring.base

    def take(name: str, points: int) -> None:
        nonlocal total
        if points:
            parts.append(Part(name, points))
            total += points

    left = leaky_points(customer.days, day, SLOW)
    friction = sum([left.get(family, 0) for family in _FRICTION])
    take("feeling", -_share(left.get("feeling", 0), weights.feeling))
    take("friction", -_share(friction, weights.friction))
    take("intent", -_share(left.get("intent", 0), weights.intent))
    take("unresolved", -weights.unresolved if waited_ms >= DAY_MS else 0)
    take("trail", -_share(distress_e2, weights.trail))
    relief = _share(left.get("relief", 0), weights.relief)
    # Relief heals what went wrong; it lifts nobody above where they started.
    take("relief", min(relief, scoring.base - total))
    if silent.state in {"content", "unresolved"}:
        take("quiet", -getattr(scoring.silence, silent.state))
    return _bounded(parts, total)


def _share(points: int, share: Share) -> int:
    return min(points * share.percent // 100, share.cap)


def _bounded(parts: list[Part], total: int) -> tuple[Part, ...]:
    bounded = min(max(total, 0), FULL)
    if bounded != total:
        parts.append(Part("bounds", bounded - total))
    return tuple(parts)


def _weightiest(found: list[Past], now_ms: int) -> tuple[Past, ...]:
    if len(found) > 1:
        found.sort(key=lambda past: (-_weight(past, now_ms), -past.ts_ms, past.cue))
    return tuple(found[:_EVIDENCE])


def _weight(past: Past, now_ms: int) -> int:
    age = max(0, (now_ms - past.ts_ms) // HOUR_MS)
    return past.points * FAST[age] if age < len(FAST) else 0


def _band(health_e2: int, before: str, scoring: Scoring) -> Band:
    """Fall at once, rise only once a margin above the cut is reached."""
    cuts = scoring.bands
    names: tuple[Band, ...] = ("critical", "at_risk", "watch", "healthy")
    levels = (cuts.at_risk, cuts.watch, cuts.healthy)
    rank = sum(health_e2 >= level for level in levels)
    if before in names:
        held = names.index(before)
        while rank > held and health_e2 < levels[rank - 1] + cuts.hysteresis:
            rank -= 1
    return names[rank]


def _confidence(customer: Customer, seen: int) -> int:
    known = 100 * seen // (seen + _KNOWN)
    if customer.messages:
        # A customer half of whose messages we cannot read is known half as well.
        readable = 100 * customer.read // customer.messages
        behaved = customer.behaviours > 0
        known = known * max(readable, 50 if behaved else 0) // 100
    return known


def _next_step_ms(
    wait: Wait, waited_ms: int, calendar: Calendar | None, scoring: Scoring, kept: Promise
) -> int | None:
    """When the wait reaches its next step, breaks its promise, or has lasted a day."""
    if wait.since_ms is None:
        return None
    steps = [DAY_MS, *(step.after_ms for step in scoring.wait_steps)]
    if kept.allowed_ms is not None:
        steps.append(kept.allowed_ms + 1)
    ahead = [after_ms for after_ms in steps if after_ms > waited_ms]
    return reached_ms(calendar, wait.since_ms, min(ahead)) if ahead else None


def _next_period_ms(
    now_ms: int, scoring: Scoring, distress_e2: int, band: Band, spread_ms: int
) -> int | None:
    """Hourly above resting, daily below healthy: points fade by the hour and by the day."""
    if distress_e2 >= scoring.resting:
        return _after(now_ms, HOUR_MS, spread_ms)
    if band not in {"healthy", "unknown"}:
        return _after(now_ms, DAY_MS, spread_ms)
    return None


def _after(now_ms: int, every_ms: int, spread_ms: int) -> int:
    """The first moment after now that lies `spread_ms` into a period."""
    return (now_ms - spread_ms) // every_ms * every_ms + every_ms + spread_ms
