"""The auditor's books: what should have a record, and for how long it may be without one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.audit import PATIENCE_MS, Audit
from alerts.delivery import planned
from alerts.pipeline import Kept
from tests.alerts.transitions import BASE_MS, transition

OPENING, END = transition(), transition(2, "recovered")
LATER_MS = BASE_MS + PATIENCE_MS + 1


def test_a_message_without_a_record_is_lost_after_five_minutes_and_not_before() -> None:
    """One for each channel it is routed to."""
    audit = Audit()
    audit.changed(OPENING, ("ops", "chat"), BASE_MS)
    assert audit.lost(BASE_MS + PATIENCE_MS) == ()
    assert len(audit.lost(LATER_MS)) == 2
    audit.recorded(planned(OPENING, channel="ops", offset=0, now_ms=BASE_MS), LATER_MS)
    assert audit.lost(LATER_MS) == (
        planned(OPENING, channel="chat", offset=0, now_ms=0).notification_id,
    )


def test_what_is_kept_back_has_a_record_too() -> None:
    """Somebody can look at it; that is all the auditor asks."""
    audit = Audit()
    audit.changed(OPENING, ("ops",), BASE_MS)
    kept = planned(OPENING, channel="ops", offset=0, now_ms=BASE_MS, kept=Kept("shadow"))
    audit.recorded(kept, BASE_MS)
    assert audit.lost(LATER_MS) == ()


def test_a_silent_transition_or_a_repetition_expects_nothing() -> None:
    """As the notifier does: what is not newer is not told."""
    audit = Audit()
    audit.changed(transition(1, notify=False), ("ops",), BASE_MS)
    audit.changed(END, (), BASE_MS)
    audit.changed(OPENING, ("ops",), BASE_MS)
    audit.changed(END, ("ops",), BASE_MS)
    assert audit.lost(LATER_MS) == ()


@given(st.permutations([0, 1, 2, 3]))
def test_the_order_of_the_two_topics_does_not_matter(order: list[int]) -> None:
    """They are read side by side."""
    audit = Audit()
    told = [planned(one, channel="ops", offset=0, now_ms=BASE_MS) for one in (OPENING, END)]
    transitions = iter((OPENING, END))
    for step in order:
        if step < 2:
            audit.changed(next(transitions), ("ops",), BASE_MS)
        else:
            audit.recorded(told[step - 2], BASE_MS)
    assert audit.lost(LATER_MS) == ()


def test_a_record_nothing_expects_is_forgotten() -> None:
    """After an hour; the books do not grow for ever."""
    audit = Audit()
    audit.recorded(planned(OPENING, channel="ops", offset=0, now_ms=BASE_MS), BASE_MS)
    assert audit.lost(BASE_MS + 3_600_000) == ()
    audit.changed(OPENING, ("ops",), BASE_MS)
    assert audit.expecting == 0, "it had come an hour ago, and was remembered"
    audit.recorded(planned(END, channel="ops", offset=0, now_ms=BASE_MS), BASE_MS)
    assert audit.lost(BASE_MS + 3_600_001) == ()
    audit.changed(END, ("ops",), BASE_MS)
    assert audit.expecting == len(audit.lost(LATER_MS)) == 1
