"""Reminders and rungs on virtual time: who hears of what nobody takes, and what stops it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from alerts.silences import Silence, matcher
from streams.notifier.orders import silence_key
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import BASE_MS, transition
from tests.notifier.fakes import TOKENS
from tests.notifier.virtual import HOUR_MS, MINUTE_MS, WEBHOOK, Got, World, kinds, on_virtual_time

DAY_MS = 24 * HOUR_MS
MORNING_MS = (BASE_MS // DAY_MS + 1) * DAY_MS + 9 * HOUR_MS


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])
    for name, token in TOKENS.items():
        monkeypatch.setenv(f"NABZ_TEST_{name.upper()}", token)


def world(at_ms: int = MORNING_MS, **route: Any) -> World:
    """An owner who is there from 08:00 to 20:00, a lead, and a route with this ladder."""
    tree = {
        "channels": {"chat": WEBHOOK, "lead": WEBHOOK | {"locale": "fa"}},
        "people": {
            "ann": {"channels": "chat", "owns": {"tier": "gold"}},
            "lea": {"channels": "lead", "language": "en", "owns": {"tier": "none"}},
        },
        "routes": [{"to": "owner"} | route],
    }
    return World(tree, at_ms=at_ms)


def opening(at_ms: int = MORNING_MS, seq: int = 1, reason: str = "raised", **more: Any) -> Any:
    """One alert of ann's."""
    told = {"acked", "unacked", "snoozed"}.isdisjoint({reason})
    return transition(seq, reason, at_ms=at_ms, notify=told, **more)


def times(got: list[Got]) -> list[tuple[str, int]]:
    """Kind of each message, and how many minutes after the first morning."""
    return [(one.kind, (one.at_ms - MORNING_MS) // MINUTE_MS) for one in got]


@on_virtual_time
async def test_nobody_takes_it_and_the_lead_hears_of_it() -> None:
    """A reminder each hour, three at most; the lead after two hours, in their language."""
    here = world(repeat="1h", max_repeats=3, escalate=[{"after": "2h", "to": "lea"}])
    await here.take(opening())
    await here.wait(8 * HOUR_MS)
    assert times(here.receivers["chat"].told) == [
        ("fired", 0), ("repeat", 60), ("repeat", 120), ("repeat", 180),
    ]  # fmt: skip
    assert times(here.receivers["lead"].told) == [("unanswered", 120)]
    said = here.receivers["lead"].told[0].body["data"]
    assert (said["locale"], said["reason"]) == ("en", "escalation")
    assert [one.person for one in here.books.deliveries.values()] == [*("ann",) * 3, "lea", "ann"]
    assert [reason for reason, _ in here.fates()] == [
        "raised", "repeat", "repeat", "escalation", "repeat",
    ]  # fmt: skip
    ids = [one.id for one in here.receivers["chat"].told]
    assert set(ids) <= here.books.deliveries.keys() and len(set(ids)) == 4


@pytest.mark.parametrize("reason", ["acked", "snoozed", "recovered"])
@on_virtual_time
async def test_who_takes_it_stops_the_ladder(reason: str) -> None:
    """An ack, a snooze or an end; whoever was told hears of the end."""
    here = world(repeat="1h", escalate=[{"after": "2h", "channels": "lead"}])
    await here.take(opening())
    await here.wait(HOUR_MS)
    await here.take(opening(here.now_ms, 2, reason))
    await here.wait(8 * HOUR_MS)
    ended = [("recovered", 60)] if reason == "recovered" else []
    assert times(here.receivers["chat"].told) == [("fired", 0), ("repeat", 60), *ended]
    assert here.receivers["lead"].got == []


@on_virtual_time
async def test_the_lead_who_was_told_is_called_off() -> None:
    """Although no route leads there."""
    here = world(escalate=[{"after": "10m", "to": "lea"}])
    await here.take(opening())
    await here.wait(HOUR_MS)
    await here.take(opening(here.now_ms, 2, "recovered"))
    assert [kind for kind, _ in times(here.receivers["lead"].told)] == ["unanswered", "recovered"]
    assert here.undelivered() == 0


@on_virtual_time
async def test_who_lets_go_begins_the_ladder_anew() -> None:
    """Its reminders have other ids than those before."""
    here = world(repeat="1h", max_repeats=1)
    await here.take(opening())
    await here.wait(HOUR_MS)
    await here.take(opening(here.now_ms, 2, "acked"))
    await here.wait(HOUR_MS)
    await here.take(opening(here.now_ms, 3, "unacked"))
    await here.wait(4 * HOUR_MS)
    assert times(here.receivers["chat"].told) == [("fired", 0), ("repeat", 60), ("repeat", 180)]
    assert here.undelivered() == 0


@on_virtual_time
async def test_nights_do_not_count_but_for_who_asks_for_them() -> None:
    """Told at 19:30 of a day that ends at 20:00: the rest of the hour is in the morning."""
    evening_ms = MORNING_MS + 10 * HOUR_MS + 30 * MINUTE_MS
    here = world(evening_ms, repeat="1h", max_repeats=1)
    await here.take(opening(evening_ms))
    await here.wait(DAY_MS)
    assert times(here.receivers["chat"].told) == [("fired", 630), ("repeat", 630 + 60 + 12 * 60)]


@on_virtual_time
async def test_a_restart_says_nothing_again_and_forgets_nothing() -> None:
    """Records and transitions say how far the ladder was climbed, and who has taken it."""
    here = world(repeat="1h", escalate=[{"after": "2h", "to": "lea"}])
    await here.take(opening(), opening(fingerprint="d|2", customer="c-2"))
    await here.take(opening(here.now_ms, 2, "acked", fingerprint="d|2", customer="c-2"))
    for _ in range(3):
        await here.wait(HOUR_MS)
        here.restart()
        await here.settle()
    told = here.receivers["chat"].told
    assert sorted(kinds(told)) == [
        ("c-102", "fired"), *[("c-102", "repeat")] * 3, ("c-2", "fired"),
    ]  # fmt: skip
    assert [kind for _, kind in kinds(here.receivers["lead"].told)] == ["unanswered"]


@on_virtual_time
async def test_a_silence_keeps_back_a_reminder_and_says_so() -> None:
    """Recorded with its reason; told once when the silence ends."""
    here = world(repeat="1h", max_repeats=2)
    await here.take(opening())
    silence = Silence(here.now_ms + 90 * MINUTE_MS, here.now_ms, (matcher("tier=gold"),))
    here.term.orders.apply(silence_key("s", "silence"), msgspec.json.encode(silence))
    await here.wait(HOUR_MS)
    assert here.fates() == [("raised", "sent"), ("repeat", "silence")]
    await here.wait(4 * HOUR_MS)
    assert times(here.receivers["chat"].told) == [("fired", 0), ("repeat", 90), ("repeat", 120)]


@on_virtual_time
async def test_what_nobody_was_told_of_is_not_reminded_of() -> None:
    """The ladder counts from when somebody was told, not from when it opened."""
    here = world(repeat="1h", max_repeats=1, escalate=[{"after": "30m", "to": "lea"}])
    silence = Silence(here.now_ms + 3 * HOUR_MS, here.now_ms, (matcher("tier=gold"),))
    here.term.orders.apply(silence_key("s", "silence"), msgspec.json.encode(silence))
    await here.take(opening())
    await here.wait(8 * HOUR_MS)
    assert times(here.receivers["chat"].told) == [("fired", 180), ("repeat", 240)]
    assert times(here.receivers["lead"].told) == [("unanswered", 210)]


@on_virtual_time
async def test_a_channel_that_is_down_does_not_stop_the_ladder() -> None:
    """The lead hears of it although the owner's chat takes nothing; nothing piles up there."""
    here = world(repeat="30m", escalate=[{"after": "1h", "to": "lea"}])
    here.receivers["chat"].status = lambda: 503
    await here.take(opening())
    await here.wait(2 * HOUR_MS)
    assert times(here.receivers["lead"].told) == [("unanswered", 60)]
    assert [reason for reason, _ in here.fates("chat")] == ["raised"]
    here.receivers["chat"].status = lambda: 200
    await here.wait(HOUR_MS)
    assert here.receivers["chat"].told[0].kind == "fired"
