"""A channel that takes nothing, on virtual time: its fallback is told, and called off."""

from __future__ import annotations

from typing import Any

import pytest

from streams.notifier.build import build
from streams.notifier.settings import NotifierSettings
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import transition
from tests.notifier.test_rounds import MORNING_MS
from tests.notifier.virtual import HOUR_MS, MINUTE_MS, WEBHOOK, World, kinds, on_virtual_time


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


def world(**status: Any) -> World:
    """A chat, and who stands in for it."""
    channels = {"chat": WEBHOOK | {"fallback": "spare"}, "spare": WEBHOOK}
    tree = {"channels": channels, "routes": [{"channels": "chat"}]}
    return World(tree, at_ms=MORNING_MS, status=status)


def opening(number: int, here: World, reason: str = "raised") -> Any:
    """One of several customers."""
    return transition(
        1 if reason == "raised" else 2, reason, fingerprint=f"d|{number}", customer=f"c-{number}",
        at_ms=here.now_ms,
    )  # fmt: skip


@on_virtual_time
async def test_a_channel_that_refuses_us_has_its_fallback_told_at_once() -> None:
    """And what waits behind the first one; each stays in the queue, and is told late."""
    here = world(chat=lambda: 401)
    await here.take(*(opening(n, here) for n in range(3)))
    await here.wait(MINUTE_MS)
    assert sorted(kinds(here.receivers["spare"].told)) == [(f"c-{n}", "fired") for n in range(3)]
    said = here.receivers["spare"].told[0].body["data"]
    assert said["reason"] == "fallback"
    assert said["lines"][-1] == "Meant for channel chat, which does not take it"
    assert {one.instead for one in here.books.deliveries.values() if one.channel == "spare"} == {
        "chat"
    }
    await here.take(opening(0, here, "recovered"))
    assert kinds(here.receivers["spare"].told)[-1] == ("c-0", "recovered")
    here.receivers["chat"].status = lambda: 200
    await here.wait(HOUR_MS)
    assert sorted(kinds(here.receivers["chat"].told)) == [
        ("c-0", "fired_and_recovered"), ("c-1", "fired"), ("c-2", "fired"),
    ]  # fmt: skip
    await here.take(opening(1, here, "recovered"), opening(2, here, "recovered"))
    await here.wait(HOUR_MS)
    assert here.undelivered() == 0
    assert len(here.receivers["spare"].told) == 6


@on_virtual_time
async def test_a_channel_that_fails_is_given_five_minutes() -> None:
    """A hiccup tells nobody twice; over a restart too, and each alert falls back once."""
    here = world(chat=lambda: 503)
    await here.take(opening(0, here))
    await here.wait(5 * MINUTE_MS - 1_000)
    assert here.receivers["spare"].got == []
    for _ in range(4):
        await here.wait(MINUTE_MS)
        here.restart()
        await here.settle()
    assert kinds(here.receivers["spare"].told) == [("c-0", "fired")]
    here.receivers["chat"].status = lambda: 200
    await here.wait(10 * MINUTE_MS)
    await here.take(opening(1, here))
    assert kinds(here.receivers["chat"].told) == [("c-0", "fired"), ("c-1", "fired")]
    assert len(here.receivers["spare"].told) == 1


@on_virtual_time
async def test_what_is_refused_for_good_is_told_by_the_fallback() -> None:
    """A message that a receiver cannot read is no reason to tell nobody."""
    here = world(chat=lambda: 400)
    await here.take(opening(0, here))
    await here.wait(MINUTE_MS)
    assert [one.state for one in here.books.deliveries.values()] == ["failed_perm", "sent"]


@pytest.mark.parametrize("fallback", ["chat", "no", "spare"])
def test_a_fallback_to_nobody_or_in_a_circle_is_refused(fallback: str) -> None:
    """With the names there are."""
    channels = {
        "chat": WEBHOOK | {"fallback": fallback if fallback != "spare" else "spare"},
        "spare": WEBHOOK | ({"fallback": "chat"} if fallback == "spare" else {}),
    }
    with pytest.raises(ValueError, match=r"fallback: found '(chat|no)'"):
        build(NotifierSettings.model_validate({"channels": channels}))
