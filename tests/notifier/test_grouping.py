"""One message for several, on virtual time: customers of an account, and an owner's full day."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.outputs import Transition
from scoring.calendar import DAY_MS
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import transition
from tests.notifier.fakes import TOKENS
from tests.notifier.test_rounds import MORNING_MS
from tests.notifier.virtual import HOUR_MS, MINUTE_MS, SLACK, WEBHOOK, World, on_virtual_time


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])
    monkeypatch.setenv("NABZ_TEST_SLACK", TOKENS["slack"])


def grouping(**more: Any) -> World:
    """A hook and a chat that wait half a minute for others of an account."""
    group = {"group": {"wait": "30s", "window": "1h"}}
    channels = {"hook": WEBHOOK | group, "chat": SLACK | group}
    return World({"channels": channels} | more, at_ms=MORNING_MS)


def opening(number: int, here: World, reason: str = "raised", **more: Any) -> Transition:
    """One of a family of customers."""
    seq = 1 if reason == "raised" else 2
    facts: dict[str, Any] = {
        "fingerprint": f"d|{number}", "customer": f"c-{number}", "name": f"Customer {number}",
        "at_ms": here.now_ms,
    }  # fmt: skip
    return transition(seq, reason, **(facts | more))


def titles(here: World, channel: str = "hook") -> list[str]:
    """Titles of what a webhook took."""
    return [one.body["data"]["title"] for one in here.receivers[channel].told]


@on_virtual_time
async def test_customers_of_one_account_are_one_message_and_later_ones_its_update() -> None:
    """Three within the wait; a fourth an hour's half later edits what is there; then a new one."""
    here = grouping()
    await here.take(*(opening(n, here) for n in range(3)))
    assert here.receivers["hook"].got == []
    assert set(here.fates("hook")) == {("raised", "group")}
    await here.wait(MINUTE_MS, 1_000)
    assert titles(here) == ["[warning] account Acme: 3 customers need attention"]
    assert here.receivers["hook"].told[0].at_ms == MORNING_MS + 30_000
    await here.take(opening(0, here, "recovered"))
    await here.wait(20 * MINUTE_MS)
    await here.take(opening(3, here, severity="critical"))
    await here.wait(2 * MINUTE_MS)
    assert titles(here)[1:] == [
        "[recovered] Customer 0 (c-0), account Acme",
        "[critical] account Acme: 3 customers need attention",
    ]
    first, _, second = (one.body["data"] for one in here.receivers["hook"].told)
    assert (first["alert_id"], first["seq"] + 1) == (second["alert_id"], second["seq"])
    # The chat shows one message: posted, then edited, with a reply in its thread.
    calls = [(one.path, one.body.get("ts"), one.body.get("thread_ts")) for one in
             here.receivers["chat"].told if "account Acme:" in one.body["text"]]  # fmt: skip
    assert calls == [
        ("chat.postMessage", None, None),
        ("chat.update", "1.0", None),
        ("chat.postMessage", None, "1.0"),
    ]
    await here.wait(HOUR_MS)
    await here.take(opening(4, here))
    await here.wait(MINUTE_MS)
    assert titles(here)[3:] == ["[warning] Customer 4 (c-4), account Acme needs attention"]
    await here.take(*(opening(n, here, "recovered") for n in range(1, 5)))
    await here.wait(HOUR_MS)
    assert here.undelivered() == 0
    assert sum(title.startswith("[recovered]") for title in titles(here)) == 5


@on_virtual_time
async def test_one_alone_waits_and_is_told_as_itself() -> None:
    """And others of other accounts, or of none, are no family."""
    here = grouping()
    await here.take(
        opening(0, here), opening(1, here, account="Beta"), opening(2, here, account=None)
    )
    assert len(titles(here)) == 1
    await here.wait(MINUTE_MS)
    assert sorted(one.customer for one in here.receivers["hook"].told) == ["c-0", "c-1", "c-2"]
    assert {one.kind for one in here.receivers["hook"].told} == {"fired"}


@on_virtual_time
async def test_what_ends_while_it_waits_for_others_is_not_told() -> None:
    """Neither its beginning nor its end."""
    here = grouping()
    await here.take(opening(0, here), opening(1, here))
    await here.take(opening(0, here, "recovered"))
    await here.wait(MINUTE_MS)
    assert titles(here) == ["[warning] Customer 1 (c-1), account Acme needs attention"]
    assert ("recovered", "nothing_to_close") in here.fates("hook")


@on_virtual_time
async def test_a_restart_goes_on_with_the_same_message_about_an_account() -> None:
    """While its window lasts, and with what it told of before."""
    here = grouping()
    await here.take(opening(0, here), opening(1, here))
    here.restart()
    await here.wait(MINUTE_MS)
    here.restart()
    await here.take(opening(2, here))
    await here.wait(MINUTE_MS)
    assert titles(here) == [
        "[warning] account Acme: 2 customers need attention",
        "[warning] account Acme: 3 customers need attention",
    ]
    assert len({one.body["data"]["alert_id"] for one in here.receivers["hook"].told}) == 1
    here.now_ms += 2 * HOUR_MS
    here.term.outbox.expired(here.now_ms)
    assert here.term.outbox.groups == {}


def owned(budget: int) -> World:
    """An owner in Tehran who is told of so many alerts a day."""
    ann = {
        "channels": "hook", "budget": budget, "language": "fa",
        "hours": {"zone": "Asia/Tehran", "hours": "08:00-18:00"},
    }  # fmt: skip
    tree = {"channels": {"hook": WEBHOOK}, "people": {"ann": ann}, "routes": [{"to": "owner"}]}
    return World(tree, at_ms=MORNING_MS)


@on_virtual_time
async def test_what_exceeds_an_owner_s_day_comes_in_one_digest_the_next_morning() -> None:
    """Recorded with its reason; what is critical passes; a restart counts the same."""
    here = owned(2)
    for number in range(5):
        await here.take(opening(number, here, severity="critical" if number == 4 else "warning"))
        here.restart()
        await here.wait(10 * MINUTE_MS)
    assert [one.customer for one in here.receivers["hook"].told] == ["c-0", "c-1", "c-4"]
    assert here.fates().count(("raised", "owner_budget")) == 2
    assert {one.by for one in here.books.deliveries.values() if one.failure} == {"ann"}
    await here.take(opening(0, here, "recovered"))
    assert here.receivers["hook"].told[-1].kind == "recovered"
    await here.wait(DAY_MS)
    digest = here.receivers["hook"].told[-1]
    assert (digest.kind, len(digest.body["data"]["members"])) == ("digest", 2)
    assert digest.body["data"]["locale"] == "fa"
    local_ms = digest.at_ms + 3 * HOUR_MS + 30 * MINUTE_MS
    assert local_ms % DAY_MS == 8 * HOUR_MS, "when their hours begin, in Tehran"
    assert {one.person for one in here.books.deliveries.values()} == {"ann"}
    await here.take(*(opening(n, here, "recovered") for n in range(1, 5)))
    await here.wait(HOUR_MS)
    assert here.undelivered() == 0


@on_virtual_time
async def test_a_new_day_has_a_budget_of_its_own() -> None:
    """And one alert counts once, however often it is told of on a day."""
    here = owned(2)
    await here.take(opening(0, here), opening(1, here), opening(2, here))
    await here.take(opening(0, here, "reopened"))
    await here.wait(DAY_MS - HOUR_MS)
    await here.take(opening(3, here), opening(4, here))
    told = [(one.customer, one.kind) for one in here.receivers["hook"].told]
    assert sorted(told) == [
        ("c-0", "fired"), ("c-0", "reopened"), ("c-1", "fired"), ("c-2", "fired"),
        ("c-3", "fired"),
    ], "the one of yesterday is one of today"  # fmt: skip
