"""What we remember of a customer, and how one more record changes it.

`advance` is a pure function over frozen values: a fold that raises leaves the old customer whole.
Times are event times; the only "now" a customer knows is the newest record folded. Everything is
capped (`CAPS`), and what falls out falls out in a fixed order. `tests/golden/customer.json` pins
the encoding.

Next step: `scoring.health` turns a customer into two scores, `alerts.fold` into alerts.
"""

from __future__ import annotations

from typing import Final

import msgspec

from scoring.calendar import Calendar, open_ms
from scoring.config import MINUTE_MS, Scoring
from scoring.conversation import (
    CONVERSATIONS,
    HARM_HOURS,
    TURNS,
    TURNS_SET_ASIDE,
    WORDS,
    Conversation,
    conversation_of,
    hurt,
    said,
    wait_effect,
)
from scoring.dialogue import (
    CONTACT_GAP_MS,
    DIALOGUE_POINTS,
    SAME_TALK_MS,
    Said,
    turn_features,
)
from scoring.effort import with_effort
from scoring.panes import COUNTS, DAYS, HOURS, MINUTES, Ring, add, pack, unpack
from scoring.records import (
    FAMILIES,
    Cue,
    LogRecord,
    Origin,
    Outcome,
    Profile,
    ProfileFacts,
    Signal,
)

CAPS: Final = {
    "conversations": CONVERSATIONS,
    "turns": TURNS,
    "turns_set_aside": TURNS_SET_ASIDE,
    "words": WORDS,
    "harm": HARM_HOURS,
    "evidence": 12,
    "evidence_per_family": 3,
    "outcomes": 4,
    "answers": 8,
    "gaps": 8,
}
"""The most that is remembered of each; the least recent goes first (docs/state.md)."""

_FAMILY: Final = {name: place for place, name in enumerate(FAMILIES)}
_LONG_RINGS: Final = 48  # panes; below that packing spares little


class Past(msgspec.Struct, frozen=True, array_like=True):
    """One remembered cause of points."""

    cue: str
    family: str
    points: int
    ts_ms: int
    quote: str
    origin: Origin


class Customer(msgspec.Struct, frozen=True, array_like=True):
    """All we remember of one customer.

    Attributes:
        encoding: Version of this encoding; rises when a field changes meaning.
        event_ms: Newest event time of a signal; None before the first.
        contact_ms: Newest time the customer turned to us.
        calm_ms: Newest signal that was not bad: an answer of ours, a turn without distress, an
            interaction of relief.
        signals: Signals folded.
        messages: Messages the customer wrote; `read` of them in a language we read.
        behaviours: Interactions of a type the catalogue knows.
        late: Signals older than the rings reach: counted, their points lost.
        evidence: Causes of points in order of arrival, the newest three per family.
        band: Band of health as last settled, for its hysteresis.
        profile_ms: Time the profile stands for; an older one that comes later changes nothing.
        heard_ms: Newest time the customer wrote, or met us of their own accord.
        answers: How long our newest answers took, in seconds of business time, the newest last.
        answered_at: Touch-point of the newest one.
        gaps: Minutes between the newest contacts, the newest last.
        left_ms: Newest time they churned; `returned_ms` newest time they came back.
        packed: At rest, long rings of hours and days in place of `hours` and `days`; else empty.
    """

    encoding: int = 1
    first_ms: int | None = None
    event_ms: int | None = None
    contact_ms: int | None = None
    calm_ms: int | None = None
    signals: int = 0
    messages: int = 0
    read: int = 0
    behaviours: int = 0
    late: int = 0
    minutes: Ring = ()
    hours: Ring = ()
    days: Ring = ()
    conversations: tuple[Conversation, ...] = ()
    evidence: tuple[Past, ...] = ()
    outcomes: tuple[tuple[int, str], ...] = ()
    profile: ProfileFacts | None = None
    band: str = "unknown"
    profile_ms: int | None = None
    packed: tuple[bytes, ...] = ()
    heard_ms: int | None = None
    answers: tuple[int, ...] = ()
    answered_at: str | None = None
    gaps: tuple[int, ...] = ()
    left_ms: int | None = None
    returned_ms: int | None = None


def advance(customer: Customer, record: LogRecord, scoring: Scoring) -> Customer:
    """Remember one record. Wakes, ticks, commands and configurations change nothing here."""
    match record:
        case Signal():
            if customer.profile is not None and not customer.profile.monitor:
                return customer
            return _advance_signal(customer, record, scoring)
        case Profile(facts=facts, ts_ms=ts_ms):
            if customer.profile_ms is not None and ts_ms < customer.profile_ms:
                return customer
            # Who is not monitored any more is not followed either: nobody can be said to wait.
            kept_open = customer.conversations if facts.monitor else ()
            return msgspec.structs.replace(
                customer, profile=facts, profile_ms=ts_ms, conversations=kept_open
            )
        case Outcome(ts_ms=ts_ms, kind=kind):
            kept = (*customer.outcomes, (ts_ms, kind))[-CAPS["outcomes"] :]
            ended = kind in ("churned", "returned")
            left_ms, returned_ms = customer.left_ms, customer.returned_ms
            return msgspec.structs.replace(
                customer,
                outcomes=kept,
                conversations=() if ended else customer.conversations,
                left_ms=_newest(left_ms, ts_ms) if kind == "churned" else left_ms,
                returned_ms=_newest(returned_ms, ts_ms) if kind == "returned" else returned_ms,
            )
        case _:
            return customer


def at_rest(customer: Customer) -> Customer:
    """A customer as it is stored: long rings packed. `at_hand` turns it back.

    >>> at_rest(Customer()) == Customer()
    True
    """
    if len(customer.hours) + len(customer.days) < _LONG_RINGS:
        return customer
    packed = (pack(customer.hours), pack(customer.days))
    return msgspec.structs.replace(customer, hours=(), days=(), packed=packed)


def at_hand(customer: Customer) -> Customer:
    """A customer as it is worked with, from what was stored."""
    if not customer.packed:
        return customer
    hours, days = map(unpack, customer.packed)
    return msgspec.structs.replace(customer, hours=hours, days=days, packed=())


def _advance_signal(customer: Customer, signal: Signal, scoring: Scoring) -> Customer:
    kind = scoring.interactions.get(signal.type)
    is_message = signal.type == "message"
    by_customer = is_message and signal.author == "customer"
    wait = wait_effect(signal, kind.wait if kind else "")
    talk, rest = (
        conversation_of(customer.conversations, signal) if is_message or wait else (None, ())
    )
    reading = signal.reading
    cues: tuple[Cue, ...] = reading.cues if reading is not None and by_customer else ()
    if by_customer and talk is not None:
        cues += _dialogue_cues(talk, signal)
        talk, repeats = with_effort(talk, rest, signal, scoring.same_issue_ms)
        cues += repeats
    if kind is not None and kind.points:
        cues += (Cue(signal.type, kind.family, kind.points),)
    contact = _is_contact(customer, talk, signal) if by_customer else bool(kind and kind.contact)
    points = [0] * len(FAMILIES)
    for cue in cues:
        points[_FAMILY[cue.family]] += cue.points
    bad = sum(points) - 2 * points[_FAMILY["relief"]] > 0
    answered = wait == "ends" and not by_customer
    measures = (int(contact), int(by_customer), int(bad), int(answered), *points)
    counts, hourly = measures[: len(COUNTS)], (int(contact), 0, 0, 0, *points)
    minutes = add(customer.minutes, signal.ts_ms // MINUTES.pane_ms, MINUTES.panes, counts)
    hours = add(customer.hours, signal.ts_ms // HOURS.pane_ms, HOURS.panes, hourly)
    days = add(customer.days, signal.ts_ms // DAYS.pane_ms, DAYS.panes, measures)
    conversations = customer.conversations
    answers, answered_at = customer.answers, customer.answered_at
    if talk is not None:
        since_ms = talk.waiting_since_ms
        if answered and since_ms is not None and signal.ts_ms >= since_ms:
            took_ms = open_ms(calendar_of(customer, scoring), since_ms, signal.ts_ms)
            answers = (*answers, took_ms // 1_000)[-CAPS["answers"] :]
            answered_at = signal.touchpoint or talk.touchpoint
        talk = said(talk, signal, wait)
        talk = hurt(talk, cues, signal.ts_ms) if cues else talk
        conversations = (*rest, talk)
    first, newest = customer.first_ms, customer.event_ms
    gaps, contact_ms = customer.gaps, customer.contact_ms
    if contact and contact_ms is not None and signal.ts_ms > contact_ms:
        gaps = (*gaps, (signal.ts_ms - contact_ms) // MINUTE_MS)[-CAPS["gaps"] :]
    # What the catalogue calls relief (a refund, a solved case) is a sign as good as words are.
    relieved = kind is not None and kind.family == "relief" and kind.points > 0
    calm = answered or ((by_customer or relieved) and not bad)
    return Customer(
        encoding=customer.encoding,
        first_ms=signal.ts_ms if first is None or signal.ts_ms < first else first,
        event_ms=signal.ts_ms if newest is None or signal.ts_ms > newest else newest,
        contact_ms=_newest(contact_ms, signal.ts_ms) if contact else contact_ms,
        calm_ms=_newest(customer.calm_ms, signal.ts_ms) if calm else customer.calm_ms,
        signals=customer.signals + 1,
        messages=customer.messages + by_customer,
        read=customer.read
        + (by_customer and reading is not None and reading.sentiment_e4 is not None),
        behaviours=customer.behaviours + (kind is not None),
        late=customer.late + (days is None),
        minutes=customer.minutes if minutes is None else minutes,
        hours=customer.hours if hours is None else hours,
        days=customer.days if days is None else days,
        conversations=conversations,
        evidence=_remember(customer.evidence, cues, signal) if cues else customer.evidence,
        outcomes=customer.outcomes,
        profile=customer.profile,
        band=customer.band,
        profile_ms=customer.profile_ms,
        heard_ms=_newest(customer.heard_ms, signal.ts_ms)
        if by_customer or contact
        else customer.heard_ms,
        answers=answers,
        answered_at=answered_at,
        gaps=gaps,
        left_ms=customer.left_ms,
        returned_ms=customer.returned_ms,
    )


def calendar_of(customer: Customer, scoring: Scoring) -> Calendar | None:
    """The calendar by which this customer waits, None for day and night."""
    profile = customer.profile
    return scoring.calendar_of(None if profile is None else profile.calendar)


def _newest(before_ms: int | None, ts_ms: int) -> int:
    return ts_ms if before_ms is None or ts_ms > before_ms else before_ms


def _dialogue_cues(talk: Conversation, signal: Signal) -> tuple[Cue, ...]:
    """What a customer's turn means after the turns before it."""
    if signal.reading is None or signal.reading.lang == "unknown":
        return ()
    before = [one for one in talk.turns if one.ts_ms < signal.ts_ms]
    turns = (*before, Said(signal.ts_ms, signal.author, signal.reading.turn))
    found = turn_features(turns, inbound=talk.inbound)
    return tuple(Cue(code, *worth) for code, worth in DIALOGUE_POINTS.items() if code in found)


def _is_contact(customer: Customer, talk: Conversation | None, signal: Signal) -> bool:
    """Turning to us anew: not the next sentence of a talk that is going on."""
    if customer.contact_ms is None or talk is None:
        return True
    before = [s for s in talk.turns if s.ts_ms <= signal.ts_ms and s.author != "event"]
    if not before:
        return signal.ts_ms - customer.contact_ms >= CONTACT_GAP_MS or bool(signal.conversation)
    gap_ms = signal.ts_ms - before[-1].ts_ms
    if before[-1].author == "customer":
        return gap_ms >= CONTACT_GAP_MS
    return gap_ms >= SAME_TALK_MS


def _remember(
    evidence: tuple[Past, ...], cues: tuple[Cue, ...], signal: Signal
) -> tuple[Past, ...]:
    """Keep the newest causes: three per family, twelve in all, the fullest family gives way."""
    kept = list(evidence)
    for cue in cues:
        kept.append(Past(cue.code, cue.family, cue.points, signal.ts_ms, cue.quote, signal.origin))
        of_family: dict[str, int] = {}
        for past in kept:
            of_family[past.family] = of_family.get(past.family, 0) + 1
        most = max(of_family.values())
        crowded = {cue.family} if of_family[cue.family] > CAPS["evidence_per_family"] else set()
        if not crowded and len(kept) > CAPS["evidence"]:
            crowded = {family for family, count in of_family.items() if count == most}
        if crowded:
            same = [past for past in kept if past.family in crowded]
            kept.remove(min(same, key=lambda past: (past.ts_ms, past.points)))
    return tuple(kept)
