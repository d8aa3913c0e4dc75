"""The morning list: whose, in which order, in whose words and time; as golden files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from alerts.agenda import LISTED, PATIENCE_MS, agenda, due, morning
from alerts.channels.terminal import block
from alerts.delivery import listed
from alerts.message import Locale, Notification
from alerts.outputs import Care
from alerts.people import Person
from alerts.routing import Match
from alerts.standing import Register, Standing
from scoring.calendar import DAY_MS, Calendar
from tests.alerts.test_message import LINKS, PERSIAN
from tests.alerts.transitions import BASE_MS, HOUR_MS, MINUTE_MS, transition

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"
TEHRAN = Calendar(
    week=((),) + (((480, 1080),),) * 6,  # closed on Mondays
    offsets=((0, 12_600_000),),
)
ANN = Person("ann", ("ops",), Match(tier=("gold",)), TEHRAN)
BOB = Person("bob", ("ops",))
PEOPLE = (ANN, BOB)


def standing(number: int, care: Care | None = None, **more: Any) -> Standing:
    """One open alert."""
    facts = {"fingerprint": f"d|{number}", "customer": f"c-{number}"} | more
    made = transition(1, care=Care() if care is None else care, **facts)
    return Standing(made, made, number, taken=care is not None and care.acked_by is not None)


def several(locale: Locale) -> tuple[Standing, ...]:
    """Three of ann's: the calm one, the critical one, and one that somebody let lie."""
    mine: dict[str, Any] = PERSIAN if locale == "fa" else {}
    late = Care(acked_by="ann", overdue=True, due_at_ms=BASE_MS + 2 * HOUR_MS)
    found = (
        standing(1, **mine),
        standing(2, severity="critical", score_e2=9100, **mine),
        standing(3, late, score_e2=7100, **mine),
    )
    return agenda(found, ANN, PEOPLE)


def agenda_of(locale: Locale) -> Notification:
    """The list as a message."""
    return morning(
        several(locale), day=(BASE_MS + 4 * HOUR_MS) // DAY_MS, notification_id="n-1",
        alert_id="morning-1", channel="ops", locale=locale, links=LINKS,
        now_ms=BASE_MS + 4 * HOUR_MS,
    )  # fmt: skip


@pytest.mark.parametrize("locale", ["en", "fa"])
def test_the_list_reads_as_agreed(locale: Locale) -> None:
    """Set NABZ_GOLDEN=write to write the files anew, then read the difference."""
    shown = block(agenda_of(locale)) + "\n"
    path = GOLDEN / f"morning.{locale}.txt"
    if os.environ.get("NABZ_GOLDEN") == "write":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_what_is_overdue_is_first_then_what_is_critical() -> None:
    """Whatever its score."""
    assert [one.newest.customer for one in several("en")] == ["c-3", "c-2", "c-1"]


def test_a_list_holds_what_is_somebody_s_and_nothing_else() -> None:
    """By what they own; what was given to somebody is theirs."""
    given = standing(4, Care(assignee="bob"))
    found = (standing(1), standing(2, tier=None), given)
    assert [one.newest.customer for one in agenda(found, ANN, PEOPLE)] == ["c-1"]
    assert [one.newest.customer for one in agenda(found, BOB, PEOPLE)] == ["c-2", "c-4"]
    assert agenda(Register(), ANN, PEOPLE) == ()
    assert agenda(found, ANN, ()) == ()


def test_a_long_list_is_cut_and_says_so() -> None:
    """Twenty, and how many more."""
    made = morning(
        [standing(n) for n in range(LISTED + 2)], day=1, notification_id="n", alert_id="a",
        channel="ops", locale="en", links={}, now_ms=BASE_MS,
    )  # fmt: skip
    assert len(made.lines) == LISTED + 1 and made.lines[-1] == "and 2 more"
    assert (made.links, len(made.members)) == ((), LISTED)


def test_a_list_comes_in_the_morning_of_a_day_with_hours() -> None:
    """By the clock on their wall; not hours later, and not on Mondays."""
    tuesday = 5  # 1970-01-06
    eight_ms = tuesday * DAY_MS + 8 * HOUR_MS - 12_600_000
    assert [due(TEHRAN, 480, eight_ms + ms) for ms in (-1, 0, PATIENCE_MS - 1, PATIENCE_MS)] == [
        None, tuesday, tuesday, None,
    ]  # fmt: skip
    assert due(TEHRAN, 480, eight_ms - DAY_MS) is None
    assert due(None, 480, 8 * HOUR_MS + MINUTE_MS) == 0


def test_what_never_said_when_it_opened_is_open_since_it_was_told() -> None:
    """And an overdue one without a time is not said to be."""
    one = standing(1, Care(overdue=True), opened_ms=None)
    made = morning(
        [one], day=1, notification_id="n", alert_id="a", channel="ops", locale="en", links={},
        now_ms=BASE_MS + HOUR_MS,
    )  # fmt: skip
    assert "open for 1 h" in made.lines[0] and "overdue" not in made.lines[0]


def test_one_list_a_day_reason_person_and_channel_has_one_id() -> None:
    """So no restart plans it again."""
    facts: dict[str, Any] = {"channel": "ops", "person": "ann", "day": 5, "now_ms": BASE_MS}
    first = listed("morning", **facts)
    assert (first.kind, first.reason, first.person, first.open) == ("list", "morning", "ann", True)
    assert listed("morning", **facts | {"now_ms": 1}).notification_id == first.notification_id
    others = [
        listed("morning", **facts | other)
        for other in ({"day": 6}, {"person": "bob"}, {"channel": "chat"})
    ]
    ids = {one.notification_id for one in (first, *others, listed("weekly", **facts))}
    assert len(ids) == 5
