"""Reminders and rungs: when, in whose time, and which of those that were missed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.ladder import Ladder, Look, Rung, Saying, look
from scoring.calendar import Calendar, earliest, open_ms
from tests.alerts.transitions import HOUR_MS

OFFICE = Calendar(week=(((480, 1080),),) * 7)
LEAD = Rung(2 * HOUR_MS, ("lead",), "lea")
BOSS = Rung(4 * HOUR_MS, ("boss",))
FULL = Ladder(HOUR_MS, 3, (LEAD, BOSS))


def at(now_ms: int, ladder: Ladder = FULL, hours: Calendar | None = None) -> Look:
    """What is due, told at 08:00 of the first day."""
    return look(ladder, ["chat", "pager"], told_ms=8 * HOUR_MS, hours=hours, now_ms=now_ms)


def names(found: Look) -> list[tuple[str, int]]:
    """Reason and number of what is to be said."""
    return [(one.reason, one.number) for one in found.say]


def test_a_reminder_comes_at_its_time_and_not_before() -> None:
    """To the millisecond."""
    assert at(9 * HOUR_MS - 1) == Look((), 9 * HOUR_MS)
    assert at(9 * HOUR_MS) == Look((Saying("repeat", 1, ("chat", "pager")),), 10 * HOUR_MS)


def test_of_missed_reminders_the_newest_is_said_and_of_rungs_each() -> None:
    """A notifier that was away for hours reminds once; a lead and a boss are two people."""
    assert names(at(100 * HOUR_MS)) == [("repeat", 3), ("escalation", 1), ("escalation", 2)]
    assert at(100 * HOUR_MS).next_ms is None
    assert at(100 * HOUR_MS).say[1:] == (
        Saying("escalation", 1, ("lead",), "lea"),
        Saying("escalation", 2, ("boss",), None),
    )


def test_nights_do_not_count() -> None:
    """Told at 08:00: the rung after 14 hours is climbed at noon of the next day."""
    late = Ladder(rungs=(Rung(14 * HOUR_MS, ("lead",)),))
    assert names(at(36 * HOUR_MS - 1, late, OFFICE)) == []
    assert names(at(36 * HOUR_MS, late, OFFICE)) == [("escalation", 1)]


def test_nobody_is_reminded_where_nobody_is_ever_there() -> None:
    """A calendar without hours; and an empty ladder says nothing."""
    never = Calendar(week=((),) * 7)
    assert at(10**12, FULL, never) == Look((), None)
    assert Ladder().empty and at(10**12, Ladder()) == Look((), None)
    assert not FULL.empty and not Ladder(rungs=(LEAD,)).empty


@given(
    st.integers(1, 5 * HOUR_MS),
    st.integers(1, 8),
    st.lists(st.integers(1, 50 * HOUR_MS), max_size=3),
    st.integers(0, 10**9),
    st.sampled_from([None, OFFICE]),
)
def test_what_is_due_stays_due_and_the_next_look_is_the_first_that_finds_more(
    repeat_ms: int, most: int, afters: list[int], now_ms: int, hours: Calendar | None
) -> None:
    """So a notifier may sleep until then, and a restart finds the same."""
    ladder = Ladder(repeat_ms, most, tuple(Rung(after, ("x",)) for after in afters))
    found = at(now_ms, ladder, hours)
    passed = open_ms(hours, 8 * HOUR_MS, now_ms)
    assert {one.number for one in found.say if one.reason == "escalation"} == {
        number for number, after in enumerate(afters, 1) if after <= passed
    }
    if found.next_ms is None:
        assert names(at(now_ms + 10**9, ladder, hours)) == names(found)
    else:
        assert found.next_ms > now_ms
        assert names(at(found.next_ms - 1, ladder, hours)) == names(found)
        assert names(at(found.next_ms, ladder, hours)) != names(found)


def test_never_is_later_than_any_moment() -> None:
    """Nothing at all is never, too."""
    assert (earliest([]), earliest([None, 3]), earliest([0, 3])) == (None, 3, 0)
