"""What a part of a score is made of, where the causes shown below it do not add up to it.

A row carries at most three causes a part, each with the points it had when it happened; the part
counts all of them, with what is left of each, up to its cap. So whoever adds up the lines needs a
sentence more, and here it is. Percentages and caps are those of the configuration folded under.

Next step: `streams.cli.portrait` prints it under the part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from alerts.outputs import Contribution, Evidence, HealthRow, Transition
from scoring.config import HOUR_MS, Scoring, Share
from scoring.panes import FAST
from scoring.records import FAMILIES
from streams.cli.words import points, utc

_SHIFT: Final = 16  # `scoring.panes` weighs in 1/65536
_FRICTION: Final = "waiting, repetition and effort"


class Facts(NamedTuple):
    """What the sentences are about.

    Attributes:
        score: Which of both scores.
        now_ms: The time the parts stand for.
        contacts_24h: Contacts within 24 h then.
        waiting_ms: Since when the longest open wait lasted, None for none.
        distress_e2: Distress then, of which health takes a share.
        quiet: Whether they stopped writing, and with what left open.
        scoring: Weights and caps; None where the configuration is not known any more.
    """

    score: Literal["distress", "health"]
    now_ms: int
    contacts_24h: int
    waiting_ms: int | None
    distress_e2: int | None = None
    quiet: str = "unknown"
    scoring: Scoring | None = None


def facts_of(
    one: HealthRow | Transition, score: Literal["distress", "health"], scoring: Scoring | None
) -> Facts:
    """The facts of a row, or of a transition, which knows no health."""
    if isinstance(one, Transition):
        return Facts(
            score, one.at_ms, one.contacts_24h, one.waiting.since_ms, scoring=scoring
        )  # fmt: skip
    quiet = "unknown" if one.quiet is None else one.quiet.state
    return Facts(
        score, one.as_of_ms, one.contacts_24h, one.waiting.since_ms, one.distress_e2, quiet, scoring
    )  # fmt: skip


def remainder(part: Contribution, facts: Facts) -> str:
    """One sentence on what the causes shown do not say; empty where they say it all.

    >>> facts = Facts("distress", 0, 2, None)
    >>> remainder(Contribution("contacts", 500), facts)
    '2 contacts within 24 h'
    >>> remainder(Contribution("bounds", -1_250), facts)
    'keeps the sum between 0 and 100'
    """
    if part.name == "bounds":
        return "keeps the sum between 0 and 100"
    if facts.score == "health":
        return _of_health(part, facts)
    if part.name == "contacts":
        return f"{facts.contacts_24h} contacts within 24 h"
    if part.name == "waiting_now":
        since = "" if facts.waiting_ms is None else f", since {utc(facts.waiting_ms)} UTC"
        return f"the clock of the longest open wait{since}, in business time"
    if part.name == "displeasure":
        return _of_displeasure(facts)
    return _of_family(part, facts) if part.name in FAMILIES else ""


def _of_displeasure(facts: Facts) -> str:
    scoring = facts.scoring
    worth = "" if scoring is None else f", {points(scoring.displeasure)} for a wholly bad one"
    cap = "" if scoring is None else f", capped at {points(scoring.caps.displeasure)}"
    return (
        f"how bad each of the last turns was{worth}, half of it gone every 12 h{cap};"
        " the words are what was said in them, their points count above"
    )


def left_e2(causes: Sequence[Evidence], now_ms: int) -> int:
    """What is left of the points of causes: half after every 12 hours, as distress weighs them.

    Args:
        causes: In any order; those of more than a week ago count as nothing.
        now_ms: When.
    """
    total = 0
    for one in causes:
        age = now_ms // HOUR_MS - one.ts_ms // HOUR_MS
        if 0 <= age < len(FAST):
            total += one.points_e2 * FAST[age]
    return total >> _SHIFT


def _of_family(part: Contribution, facts: Facts) -> str:
    size_e2 = abs(part.points_e2)
    shown_e2 = sum(one.points_e2 for one in part.evidence)
    left = left_e2(part.evidence, facts.now_ms)
    cap = None if facts.scoring is None else getattr(facts.scoring.caps, part.name)
    capped = left > size_e2 or size_e2 == cap
    said = []
    if left != shown_e2:
        said.append(f"by now {points(left)} is left of these, as half goes every 12 h")
    if left < size_e2:
        said.append(f"{points(size_e2 - left)} comes from older or smaller ones")
    if capped and (left != size_e2 or left != shown_e2):
        said.append(f"capped at {points(size_e2)}")
    return "; ".join(said)


_WEEKS: Final = {
    "feeling": "the last weeks' feeling",
    "friction": f"the last weeks' {_FRICTION}",
    "intent": "the last weeks' intent",
    "relief": "the last weeks' relief",
}


def _of_health(part: Contribution, facts: Facts) -> str:
    share: Share | None = None
    if facts.scoring is not None and (part.name in _WEEKS or part.name == "trail"):
        share = getattr(facts.scoring.health, part.name)
    of = "a share" if share is None else f"{share.percent} %"
    capped = share is not None and abs(part.points_e2) == share.cap
    limit = f", capped at {points(abs(part.points_e2))}" if capped else ""
    if part.name in _WEEKS:
        healing = ", and lifts nobody above base" if part.name == "relief" else ""
        return (
            f"{of} of {_WEEKS[part.name]}, older and smaller ones included, of which half goes in"
            f" 14 days{limit}{healing}"
        )
    if part.name == "trail":
        now = "" if facts.distress_e2 is None else f", {points(facts.distress_e2)}"
        return f"{of} of distress as it is now{now}{limit}"
    if part.name == "quiet":
        left = {"content": ", with nothing left open", "unresolved": ", with something left open"}
        return f"stopped writing{left.get(facts.quiet, '')}"
    return {
        "base": "where everybody starts of whom nothing bad is known",
        "unresolved": "somebody waits for longer than a day, in business time",
    }.get(part.name, "")
