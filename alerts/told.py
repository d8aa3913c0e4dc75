"""What is known of a customer, in the shapes in which it is told.

Health rows and transitions say the same things in the same way: parts with their evidence, who
waits, what was promised, what is usual.

Next step: `alerts.fold` puts them into what it publishes.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from alerts import outputs
from alerts.message import Locale, phrases
from alerts.outputs import At
from scoring.baseline import baseline
from scoring.config import Scoring
from scoring.conversation import Conversation
from scoring.customer import Customer, Past
from scoring.health import Health, Part, answered_now

LOCALES: Final[tuple[Locale, ...]] = ("en", "fa")


def strongest(part: outputs.Contribution) -> tuple[int, str]:
    """Order of contributions: most points first, then by name."""
    return -part.points_e2, part.name


def reason(found: Health) -> str | None:
    """Code of what adds most to distress; None where nothing does."""
    top = found.top()
    if top is None:
        return None
    return top.causes[0].cue if top.causes else top.name


def in_words(found: Health, *, rests: bool) -> outputs.Words | None:
    """Why a customer is as they are, in every language; None where nothing weighs on them.

    Args:
        found: Their scores.
        rests: Distress is too low to speak of: what lowers health is said, unless that is healthy.
    """
    if not rests:
        parts = found.distress
    elif found.band in {"watch", "at_risk", "critical"}:
        parts = tuple(replace(part, points_e2=-part.points_e2) for part in found.health)
    else:
        return None
    why = contributions(parts)
    of: list[tuple[str, ...]] = [
        phrases(
            why,
            locale,
            waiting=waiting(found),
            contacts_24h=found.contacts_24h,
            at_ms=found.now_ms,
        )
        for locale in LOCALES
    ]
    return outputs.Words(*of)


def _evidence(past: Past) -> outputs.Evidence:
    origin = past.origin
    at = At(origin.topic, origin.partition, origin.offset, origin.index, origin.epoch)
    return outputs.Evidence(past.cue, past.ts_ms, past.points, past.quote, at)


def contributions(parts: tuple[Part, ...]) -> tuple[outputs.Contribution, ...]:
    """Parts of a score with their evidence, in their order."""
    return tuple(
        outputs.Contribution(
            part.name, part.points_e2, part.basis, tuple(_evidence(past) for past in part.causes)
        )
        for part in parts
    )


def waiting(found: Health) -> outputs.Waiting:
    """Who waits for us, and where."""
    wait = found.wait
    talk = wait.talk
    return outputs.Waiting(
        wait.state,
        wait.since_ms,
        None if talk is None else talk.key or None,
        None if talk is None else talk.link,
    )


def waiting_in(key: str, talk: Conversation | None) -> outputs.Waiting:
    """Who waits in one conversation; unknown in one that is not remembered."""
    if talk is None:
        return outputs.Waiting("unknown", conversation=key)
    since_ms = talk.waiting_since_ms
    if since_ms is not None:
        return outputs.Waiting("yes", since_ms, key, talk.link)
    return outputs.Waiting("unknown" if talk.inbound else "no", None, key, talk.link)


def promise_shown(found: Health) -> str:
    """What a health row is compared by: whether a promise was kept, in a word."""
    kept = found.promise
    if kept.late is None:
        return ""
    return "watermelon" if kept.watermelon else "late" if kept.late else "kept"


def answered(customer: Customer, found: Health, scoring: Scoring) -> outputs.AnsweredNow | None:
    """What an answer would be worth; None where nobody waits."""
    scores = answered_now(customer, found, scoring)
    return None if scores is None else outputs.AnsweredNow(scores.distress_e2, scores.health_e2)


def promised(found: Health) -> outputs.Promised:
    """What was experienced against what was promised."""
    one = found.promise
    return outputs.Promised(
        one.source,
        one.gap_ms,
        one.allowed_ms,
        one.experienced_ms,
        one.touchpoint,
        one.team,
        one.watermelon,
    )


def silent(found: Health) -> outputs.Silent:
    """Whether the customer stopped writing."""
    one = found.quiet
    return outputs.Silent(one.state, one.due_ms, one.cadence_ms)


def usual(customer: Customer, at_ms: int, scoring: Scoring) -> outputs.Usual:
    """What is usual for the customer, and whether it gets worse."""
    one = baseline(customer, at_ms, scoring)
    return outputs.Usual(
        one.contacts_e2, one.points_e2, one.days, one.confidence_e2, one.momentum_e2
    )


def conversation_of(customer: Customer, found: Health) -> tuple[str | None, str | None]:
    """Where to look: the conversation somebody waits in, else the newest."""
    talk = found.wait.talk
    if talk is None and customer.conversations:
        talk = max(customer.conversations, key=lambda one: one.last_ms)
    return (None, None) if talk is None else (talk.key or None, talk.link)
