"""What a condition may look at: numbers and states of a customer, or of one of their conversations.

A number has a kind, which says how it is written and shown (points, a count, a length of time), and
how it moves while nothing happens, which says when to look again. None is unknown, never 0. A state
is one of a few words, or any word where others give the names. A rule about conversations sees
their fields by name and those of the customer as `customer.<name>`.

Next step: `alerts.conditions` holds fields against the cuts of a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from scoring.baseline import baseline
from scoring.calendar import open_ms
from scoring.config import Scoring
from scoring.customer import Customer, calendar_of
from scoring.health import Health
from scoring.records import FAMILIES
from scoring.talks import View

Entity = Literal["customer", "conversation"]
Kind = Literal["points", "points_a_day", "count", "percent", "duration", "signed_duration"]
Moves = Literal["never", "fades", "heals", "wait", "gap", "clock"]
"""Without an event: not at all, towards 0, upwards, with the customer's open wait, with what it
leaves of a promise, with the steps of the conversation's own wait while points fade."""

CUSTOMER: Final = "customer."
"""Before a field of the customer, in a rule about conversations."""
_MINUTE_MS: Final = 60_000


class Seen(NamedTuple):
    """What a rule sees.

    Attributes:
        customer: What we remember.
        found: Their health at the moment looked at.
        scoring: What it was worked out with.
        complete_to_ms: All sources have been read up to here; waits are judged no later.
        spread_ms: Where in an hour this customer is looked at again.
        talk: The conversation a rule about conversations looks at; None for the customer.
        memo: What has been worked out of it already, by what was asked; None to keep nothing. It
            only saves work: several rules, and what they show, ask the same of one moment.
    """

    customer: Customer
    found: Health
    scoring: Scoring
    complete_to_ms: int
    spread_ms: int = 0
    talk: View | None = None
    memo: dict[object, Any] | None = None

    def waited_ms(self, since_ms: int) -> int:
        """How long somebody has waited since then, in business time."""
        judged_ms = min(self.found.now_ms, self.complete_to_ms)
        return open_ms(calendar_of(self.customer, self.scoring), since_ms, judged_ms)


class Number(NamedTuple):
    """A number a condition may look at."""

    kind: Kind
    moves: Moves
    value: Callable[[Seen], int | None]
    meaning: str


class States(NamedTuple):
    """A word a condition may look at; `among` is empty where others give the names."""

    among: tuple[str, ...]
    value: Callable[[Seen], str | None]
    meaning: str


def hundredths(kind: Kind, value: int) -> int:
    """A number as it is told: hundredths of a point, of a percent, of one, of a minute.

    >>> hundredths("points", 7_000), hundredths("count", 3), hundredths("duration", 90_000)
    (7000, 300, 150)
    """
    if kind in {"duration", "signed_duration"}:
        return value * 100 // _MINUTE_MS
    return value if kind in {"points", "points_a_day"} else value * 100


def _of_distress(name: str) -> Callable[[Seen], int | None]:
    def value(seen: Seen) -> int | None:
        found = seen.found
        if found.distress_e2 is None:
            return None
        return sum(part.points_e2 for part in found.distress if part.name == name)

    return value


def _of_health(name: str) -> Callable[[Seen], int | None]:
    def value(seen: Seen) -> int | None:
        found = seen.found
        if found.health_e2 is None:
            return None
        return -sum(part.points_e2 for part in found.health if part.name == name)

    return value


def _waiting(seen: Seen) -> int | None:
    wait = seen.found.wait
    if wait.state == "unknown":
        return None
    return 0 if wait.since_ms is None else seen.waited_ms(wait.since_ms)


def _momentum(seen: Seen) -> int | None:
    if seen.found.distress_e2 is None:
        return None
    return baseline(seen.customer, seen.found.now_ms, seen.scoring).momentum_e2


def _promise(seen: Seen) -> str:
    late = seen.found.promise.late
    return "none" if late is None else "late" if late else "kept"


def _tier(seen: Seen) -> str | None:
    profile = seen.customer.profile
    return None if profile is None else profile.tier


def _language(seen: Seen) -> str | None:
    profile = seen.customer.profile
    return None if profile is None else profile.language


def _talk_waiting(seen: Seen) -> int | None:
    if seen.talk is None or seen.talk.state == "unknown":
        return None
    since_ms = seen.talk.talk.waiting_since_ms
    return 0 if since_ms is None else seen.waited_ms(since_ms)


def _of_talk(name: Literal["reopens", "hops", "handoffs"]) -> Callable[[Seen], int | None]:
    def value(seen: Seen) -> int | None:
        count: int | None = None if seen.talk is None else getattr(seen.talk.talk, name)
        return count

    return value


_HARMFUL: Final = tuple(family for family in FAMILIES if family != "relief")
_NUMBERS: Final[Mapping[str, Number]] = {
    "distress": Number("points", "fades", lambda seen: seen.found.distress_e2, "up is bad"),
    "health": Number("points", "heals", lambda seen: seen.found.health_e2, "up is good"),
    **{
        f"distress.{name}": Number("points", "fades", _of_distress(name), f"points of {name}")
        for name in (*_HARMFUL, "contacts", "displeasure", "waiting_now")
    },
    **{
        f"health.{name}": Number("points", "fades", _of_health(name), f"points {name} takes")
        for name in ("feeling", "friction", "intent", "unresolved", "trail", "quiet")
    },
    "confidence": Number(
        "percent", "never", lambda seen: seen.found.confidence_e2, "how much is known"
    ),
    "contacts_24h": Number(
        "count", "fades", lambda seen: seen.found.contacts_24h, "contacts within 24 hours"
    ),
    "waiting": Number("duration", "wait", _waiting, "business time of the longest open wait"),
    "promise_gap": Number(
        "signed_duration",
        "gap",
        lambda seen: seen.found.promise.gap_ms,
        "experienced less promised, business time; above 0 we are late",
    ),
    "momentum": Number(
        "points_a_day", "fades", _momentum, "points a day lately, less as usual; above 0 is worse"
    ),
}
_STATES: Final[Mapping[str, States]] = {
    "band": States(
        ("unknown", "healthy", "watch", "at_risk", "critical"),
        lambda seen: seen.found.band,
        "band of health",
    ),
    "waits": States(
        ("yes", "no", "unknown"), lambda seen: seen.found.wait.state, "does somebody wait for us"
    ),
    "promise": States(("kept", "late", "none"), _promise, "of the newest answer or the open wait"),
    "watermelon": States(
        ("yes", "no"),
        lambda seen: "yes" if seen.found.promise.watermelon else "no",
        "the promise is kept while distress is high",
    ),
    "quiet": States(
        ("unknown", "no", "content", "unresolved", "left"),
        lambda seen: seen.found.quiet.state,
        "whether the customer stopped writing",
    ),
    "tier": States((), _tier, "as the profile says"),
    "language": States((), _language, "as the profile says"),
}

NUMBERS: Final[Mapping[Entity, Mapping[str, Number]]] = {
    "customer": _NUMBERS,
    "conversation": {
        "distress": Number(
            "points",
            "clock",
            lambda seen: None if seen.talk is None else seen.talk.distress_e2,
            "of the conversation alone",
        ),
        "waiting": Number("duration", "wait", _talk_waiting, "business time of its open wait"),
        "reopens": Number("count", "never", _of_talk("reopens"), "how often it was opened again"),
        "hops": Number("count", "never", _of_talk("hops"), "changes of channel"),
        "handoffs": Number("count", "never", _of_talk("handoffs"), "by a bot"),
        **{CUSTOMER + name: one for name, one in _NUMBERS.items()},
    },
}
"""Numbers by entity and name."""

STATES: Final[Mapping[Entity, Mapping[str, States]]] = {
    "customer": _STATES,
    "conversation": {
        "state": States(
            ("waiting", "answered", "closed", "unknown"),
            lambda seen: None if seen.talk is None else seen.talk.state,
            "who is to act",
        ),
        "reason": States(
            (),
            lambda seen: None if seen.talk is None else seen.talk.reason,
            "what hurt last: a cue, or waiting_now",
        ),
        "channel": States(
            (), lambda seen: None if seen.talk is None else seen.talk.talk.channel, "where it began"
        ),
        "touchpoint": States(
            (),
            lambda seen: None if seen.talk is None else seen.talk.talk.touchpoint,
            "what it is about",
        ),
        **{CUSTOMER + name: one for name, one in _STATES.items()},
    },
}
"""States by entity and name."""
