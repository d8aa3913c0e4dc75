"""The report of the week: what counts as acted, ignored, late and right; as golden files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.terminal import block
from alerts.message import Locale
from alerts.outputs import Care, Contribution, Transition
from alerts.people import Person
from alerts.weekly import WEEK_MS, OfRule, Report, Weekly, report, weekly
from scoring.calendar import DAY_MS, Calendar
from tests.alerts.transitions import BASE_MS, HOUR_MS, evidence, transition

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"
FROM_MS = BASE_MS


def story(number: int, *parts: tuple[str, Care | None], at_ms: int = FROM_MS, **more: Any) -> Any:
    """One alert, hour by hour."""
    return [
        transition(
            seq, reason, fingerprint=f"d|{number}", at_ms=at_ms + seq * HOUR_MS,
            care=Care() if care is None else care, **more,
        )
        for seq, (reason, care) in enumerate(parts, 1)
    ]  # fmt: skip


def because(cue: str) -> tuple[Contribution, ...]:
    """One reason."""
    return (Contribution("intent", 1500, "assumed", (evidence(cue),)),)


def week() -> list[Transition]:
    """A week of two rules, and the one before it."""
    told: list[Transition] = []
    told += story(1, ("raised", None), ("acked", Care(acked_by="a")), ("recovered", None))
    told += story(2, ("raised", None), ("recovered", None))
    told += story(3, ("raised", None), ("overdue", Care(acked_by="a", overdue=True)))
    told += story(4, ("raised", None), ("handled", Care(handled_by="a", verdict="handled")))
    told += story(5, ("raised", None), ("disagreed", Care(verdict="not_distress")))
    told += story(6, ("raised", None), ("recovered", None), ("reopened", None))
    told += story(7, ("raised", None), rule="quiet", why=())
    told += story(8, ("raised", None), shadow=True)
    told += story(9, ("raised", None), at_ms=FROM_MS - WEEK_MS)
    told += story(10, ("raised", None), at_ms=FROM_MS + WEEK_MS)
    for number in range(20, 25):
        told += story(number, ("raised", None), why=because("legal_threat"))
    told += story(30, ("raised", None), at_ms=FROM_MS - DAY_MS, why=because("legal_threat"))
    return [*told, *told[:3]]  # told twice counts once


def test_each_alert_counts_once_for_what_people_did_about_it() -> None:
    """Acted on, ignored, late, right; on trial and of other weeks not at all."""
    found = report(week(), from_ms=FROM_MS)
    assert found.rules == {
        "customer-distress": OfRule(opened=11, acted=4, ignored=2, late=1, right=1, said=2),
        "quiet": OfRule(1, 0, 0, 0, 0, 0),
    }
    assert found.opened == 12


def test_what_rises_is_what_opened_more_than_the_week_before() -> None:
    """By three at least; an alert of an hour before the week is of the week before."""
    assert report(week(), from_ms=FROM_MS).rising == (
        ("no_answer", 6, 1), ("legal_threat", 5, 1),
    )  # fmt: skip
    assert report([], from_ms=FROM_MS) == Report(FROM_MS)


@pytest.mark.parametrize("locale", ["en", "fa"])
def test_the_report_reads_as_agreed(locale: Locale) -> None:
    """Set NABZ_GOLDEN=write to write the files anew, then read the difference."""
    made = weekly(
        report(week(), from_ms=FROM_MS), day=(FROM_MS + WEEK_MS) // DAY_MS, notification_id="n",
        alert_id="weekly-1", channel="ops", locale=locale, now_ms=FROM_MS + WEEK_MS,
    )  # fmt: skip
    shown = block(made) + "\n"
    path = GOLDEN / f"weekly.{locale}.txt"
    if os.environ.get("NABZ_GOLDEN") == "write":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_a_week_in_which_nothing_opened_says_so() -> None:
    """Rather than nothing at all."""
    made = weekly(
        Report(FROM_MS), day=7, notification_id="n", alert_id="a", channel="ops", locale="en",
        now_ms=FROM_MS,
    )  # fmt: skip
    assert made.lines == ("Nothing opened",)


def test_a_report_comes_on_its_day_although_nobody_is_there() -> None:
    """By the clock of the lead; a day off work is a day too."""
    closed = Calendar(week=((),) * 7, offsets=((0, 3_600_000),))
    made = Weekly(Person("lea", ("x",), hours=closed), weekday=3, at_min=540)
    assert [made.due(8 * HOUR_MS + ms) for ms in (-1, 0)] == [None, 0]
    assert made.due(DAY_MS + 8 * HOUR_MS) is None
