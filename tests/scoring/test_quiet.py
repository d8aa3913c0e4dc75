"""Who stopped writing, against how often they used to write."""

from __future__ import annotations

import msgspec
import pytest

from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS, Silence
from scoring.customer import CAPS, Customer, advance
from scoring.health import Health, health
from scoring.quiet import Quiet
from scoring.records import LogRecord, Signal
from tests.strategies import BASE_MS, SCORING, answer, interaction, outcome, profile, signal, thanks

T = BASE_MS
RULE = Silence()
LAST = T + 12 * DAY_MS
DUE = LAST + 3 * 4 * DAY_MS


def told(*records: LogRecord) -> Customer:
    """What we remember after these records."""
    found = Customer()
    for record in records:
        found = advance(found, record, SCORING)
    return found


def looked(customer: Customer, at_ms: int, complete_to_ms: int | None = None) -> Health:
    """Health at a moment; all is read up to it unless said otherwise."""
    complete = at_ms if complete_to_ms is None else complete_to_ms
    return health(customer, at_ms, SCORING, complete_to_ms=complete)


def visits(every_ms: int = 4 * DAY_MS, count: int = 4) -> list[LogRecord]:
    """Somebody who writes every few days and is answered each time, in one conversation a visit."""
    found: list[LogRecord] = []
    for visit in range(count):
        at_ms, key = T + visit * every_ms, f"t-{visit}"
        found += [
            signal(at_ms, 400, conversation=key),
            answer(at_ms + MINUTE_MS, conversation=key),
        ]
    return found


def quiet_points(found: Health) -> int:
    """What health loses by it."""
    return sum(part.points_e2 for part in found.health if part.name == "quiet")


@pytest.mark.parametrize(("at_ms", "state"), [(DUE - 1, "no"), (DUE, "content")])
def test_quiet_is_three_times_the_usual_gap_to_the_millisecond(at_ms: int, state: str) -> None:
    """The median gap is four days; the next look is at the very moment."""
    found = looked(told(*visits()), at_ms)
    assert found.quiet == Quiet(state, DUE, 4 * DAY_MS)  # type: ignore[arg-type]
    assert quiet_points(found) == (-RULE.content if state == "content" else 0)
    assert found.next_ms is None or found.next_ms > at_ms, "what is judged is not due again"
    assert looked(told(*visits()), LAST + 9 * DAY_MS).next_ms == DUE


def test_who_writes_every_hour_is_not_quiet_before_a_week() -> None:
    """A week at least, whatever the cadence."""
    customer = told(*visits(HOUR_MS))
    last = T + 3 * HOUR_MS
    assert looked(customer, last + 7 * DAY_MS - 1).quiet.state == "no"
    assert looked(customer, last + 7 * DAY_MS).quiet.state == "content"


def test_silence_is_judged_no_later_than_all_sources_have_been_read() -> None:
    """An outage of a source makes nobody quiet."""
    found = looked(told(*visits()), DUE + 9 * DAY_MS, DUE - 1)
    assert (found.quiet.state, found.next_ms) == ("no", DUE)


@pytest.mark.parametrize(
    ("last", "state"),
    [
        (signal(LAST + HOUR_MS, 900), "unresolved"),
        (signal(LAST + HOUR_MS), "unresolved"),
        (signal(LAST + HOUR_MS, conversation="new"), "unresolved"),
        (thanks(LAST + HOUR_MS), "content"),
        (thanks(LAST + HOUR_MS, 900), "unresolved"),
    ],
    ids=["angry-and-waits", "waits-again", "waits-calmly", "thanks", "leaves-angry"],
)
def test_who_gave_up_is_told_from_who_is_content(last: Signal, state: str) -> None:
    """Silence after an open question or an angry word is another silence."""
    found = looked(told(*visits(), last), DUE + DAY_MS)
    assert found.quiet.state == state
    assert quiet_points(found) == -getattr(RULE, state)
    assert sum(part.points_e2 for part in found.health) == found.health_e2


def test_without_a_cadence_nobody_is_quiet() -> None:
    """Two gaps are chance."""
    customer = told(*visits(count=3))
    assert looked(customer, T + 900 * DAY_MS).quiet == Quiet()


def test_who_left_is_not_quiet_until_they_return() -> None:
    """Churned ends it, returned starts the silence anew."""
    left = told(*visits(), outcome(LAST + DAY_MS, "churned"))
    assert looked(left, DUE + DAY_MS).quiet == Quiet("left")
    back = advance(left, outcome(LAST + 9 * DAY_MS, "returned"), SCORING)
    due = LAST + 9 * DAY_MS + 12 * DAY_MS
    assert looked(back, due - 1).quiet == Quiet("no", due, 4 * DAY_MS)
    assert looked(back, due).quiet.state == "content"
    wrote = told(signal(LAST + 11 * DAY_MS), answer(LAST + 11 * DAY_MS + 1))
    wrote = msgspec.structs.replace(back, heard_ms=wrote.heard_ms)
    assert looked(wrote, due).quiet.due_ms == LAST + 23 * DAY_MS
    gone_again = advance(back, outcome(LAST + 10 * DAY_MS, "churned"), SCORING)
    assert looked(gone_again, due).quiet.state == "left"
    at_once = advance(back, outcome(LAST + 9 * DAY_MS, "churned"), SCORING)
    assert looked(at_once, due).quiet.state == "content"
    late = advance(back, outcome(LAST + 8 * DAY_MS, "churned"), SCORING)
    assert looked(late, due).quiet.state == "content"


def test_what_we_or_systems_do_breaks_no_silence() -> None:
    """Only the customer can; a call they ask for does, though it is no text."""
    customer = told(*visits(), answer(LAST + 9 * DAY_MS), interaction(LAST + 9 * DAY_MS, "refund"))
    assert customer.heard_ms == LAST
    assert told(interaction(T, "call_requested")).heard_ms == T
    reply = told(signal(T), answer(T + 1), signal(T + 5))  # no contact anew, but heard
    assert (reply.contact_ms, reply.heard_ms) == (T, T + 5)


def test_gaps_are_those_between_contacts_in_the_order_they_come() -> None:
    """A contact that comes late is no gap; the newest eight are kept."""
    customer = told(*visits(HOUR_MS, 12))
    assert customer.gaps == (60,) * CAPS["gaps"]
    late = told(*visits(HOUR_MS, 3), signal(T - DAY_MS, conversation="old"))
    assert late.gaps == (60, 60)
    assert told(signal(T), signal(T, conversation="t-2")).gaps == (), "two at once are no gap"


def test_who_is_not_monitored_is_not_followed_in_silence() -> None:
    """Unknown, as all of them."""
    found = looked(told(*visits(), profile(LAST + DAY_MS, monitor=False)), DUE)
    assert found.quiet == Quiet() and found.next_ms is None
