"""Lists on virtual time: once a day and once a week, over restarts, and true when they are sent."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.calendar import DAY_MS
from streams.notifier.build import build
from streams.notifier.settings import NotifierSettings
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import transition
from tests.notifier.test_rounds import MORNING_MS
from tests.notifier.virtual import HOUR_MS, MINUTE_MS, WEBHOOK, Got, World, on_virtual_time


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


def settings(**more: Any) -> dict[str, Any]:
    """Ann, who has a list at half past eight in Tehran, and her lead."""
    tehran = {"hours": {"zone": "Asia/Tehran", "hours": "08:00-18:00"}, "language": "fa"}
    people = {
        "ann": {"channels": "ann", "owns": {"tier": "gold"}, "morning": "08:30"} | tehran,
        "lea": {"channels": "lead", "owns": {"tier": "none"}},
    }
    channels = {"ann": WEBHOOK, "lead": WEBHOOK}
    return {"channels": channels, "people": people, "routes": [{"to": "owner"}]} | more


def lists(got: list[Got]) -> list[tuple[str, str]]:
    """When each list came, in hours after the first morning, and its title."""
    return [
        (f"{(one.at_ms - MORNING_MS) / HOUR_MS:.1f}", one.body["data"]["title"])
        for one in got
        if one.kind == "list"
    ]


@on_virtual_time
async def test_an_owner_has_one_list_a_day_while_something_is_open() -> None:
    """At 08:30 in Tehran, 05:00 in Greenwich; none where nothing is open; no restart repeats it."""
    here = World(settings(), at_ms=MORNING_MS)
    await here.take(transition(1, at_ms=MORNING_MS))
    for _ in range(4):
        await here.wait(6 * HOUR_MS)
        here.restart()
        await here.settle()
    assert lists(here.receivers["ann"].told) == [
        ("20.0", "هشدارهای باز در \u2068۱۴۰۵/۰۷/۰۱\u2069: ۱، به ترتیب رسیدگی")
    ]
    await here.take(transition(2, "recovered", at_ms=here.now_ms))
    await here.wait(2 * DAY_MS)
    assert len(lists(here.receivers["ann"].told)) == 1
    assert ("morning", "sent") in here.fates("ann")
    assert here.undelivered() == 0


@on_virtual_time
async def test_a_list_says_what_is_true_when_it_is_sent() -> None:
    """What ended while the chat was down is not in it; a list of nothing is not sent."""
    here = World(settings(), at_ms=MORNING_MS)
    await here.take(transition(1, at_ms=MORNING_MS), transition(1, fingerprint="d|2"))
    await here.wait(20 * HOUR_MS - MINUTE_MS)
    here.receivers["ann"].status = lambda: 429
    await here.wait(2 * MINUTE_MS)
    here.receivers["ann"].status = lambda: 200
    await here.take(transition(2, "recovered", at_ms=here.now_ms))
    await here.wait(5 * MINUTE_MS)
    assert lists(here.receivers["ann"].told)[0][1].endswith(": ۱، به ترتیب رسیدگی")
    await here.wait(DAY_MS - HOUR_MS)
    here.receivers["ann"].status = lambda: 429
    await here.wait(HOUR_MS)
    await here.take(transition(2, "recovered", fingerprint="d|2", at_ms=here.now_ms))
    here.receivers["ann"].status = lambda: 200
    await here.wait(HOUR_MS)
    assert len(lists(here.receivers["ann"].told)) == 1
    assert ("morning", "superseded") in here.fates("ann")


@on_virtual_time
async def test_the_lead_has_a_report_a_week_over_restarts() -> None:
    """Counted from the transitions when it is due, and again where a crash came between."""
    here = World(settings(weekly={"to": "lea", "day": "wed", "at": "10:00"}), at_ms=MORNING_MS)
    await here.take(*(transition(1, fingerprint=f"d|{n}", at_ms=MORNING_MS) for n in range(3)))
    await here.wait(DAY_MS)  # it is Wednesday, 09:00
    here.receivers["lead"].status = lambda: 503
    await here.wait(HOUR_MS)
    here.restart()
    here.receivers["lead"].status = lambda: 200
    for _ in range(3):
        await here.wait(HOUR_MS)
        here.restart()
        await here.settle()
    told = here.receivers["lead"].told
    assert [title for _, title in lists(told)] == [
        "The week of 2026-09-16 to 2026-09-22: 3 alerts opened"
    ]
    assert told[0].body["data"]["lines"][0] == (
        "customer-distress: 3 opened, 0 acted on, 0 ignored, 0 late"
    )
    await here.wait(7 * DAY_MS)
    assert len(lists(told)) == 1 and len(lists(here.receivers["lead"].told)) == 2


def test_a_report_to_nobody_is_refused() -> None:
    """As is a rung to nobody, and a time of day that is none."""
    for wrong in (
        {"weekly": {"to": "bob"}},
        {"weekly": {"to": "lea", "at": "25:00"}},
        {"routes": [{"to": "owner", "escalate": [{"after": "1h", "to": "bob"}]}]},
        {"routes": [{"to": "owner", "escalate": [{"after": "1h", "channels": "no"}]}]},
        {"routes": [{"to": "owner", "escalate": [{"after": "1h"}]}]},
    ):
        with pytest.raises(ValueError, match=r"bob|25:00|\['no'\]|one of the two"):
            build(NotifierSettings.model_validate(settings(**wrong)))
