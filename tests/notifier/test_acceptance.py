"""The acceptance list of the notifier on virtual time: what other systems get wrong.

T1 and T2 are also told side by side with a real Alertmanager (`test_beside_alertmanager`), T3 with
kill -9 on Apache Kafka (`test_notifier`), T5 and T6 from the fold on (`test_timelines`).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from alerts.outputs import At, Transition
from alerts.silences import Silence, matcher
from streams.notifier.orders import silence_key
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import transition
from tests.notifier.fakes import TOKENS
from tests.notifier.test_rounds import MORNING_MS
from tests.notifier.virtual import (
    HOUR_MS,
    MINUTE_MS,
    PAGER,
    SLACK,
    WEBHOOK,
    World,
    kinds,
    on_virtual_time,
)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])
    for name, token in TOKENS.items():
        monkeypatch.setenv(f"NABZ_TEST_{name.upper()}", token)


def opening(here: World, number: int = 0, reason: str = "raised", **more: Any) -> Transition:
    """A change of one of many customers, now."""
    seq = {"raised": 1, "acked": 2, "escalated": 2}.get(reason, 3)
    facts: dict[str, Any] = {
        "fingerprint": f"d|{number}", "customer": f"c-{number}", "at_ms": here.now_ms,
        "notify": reason != "acked", "log": At("log", number % 16, number * 9 + seq),
    }  # fmt: skip
    return transition(seq, reason, **(facts | more))


def first(status: int | str) -> Callable[[], int | str]:
    """One answer, and from then on all is well."""
    answers = itertools.chain([status], itertools.repeat(200))
    return answers.__next__


def one_hook(**more: Any) -> World:
    """A webhook that hears everything."""
    return World({"channels": {"hook": WEBHOOK}} | more, at_ms=MORNING_MS)


@on_virtual_time
async def test_t1_an_end_arrives_although_its_alert_was_silenced_meanwhile() -> None:
    """Whoever was called is called off; a silence made later keeps back no end."""
    here = one_hook()
    await here.take(opening(here))
    silence = Silence(here.now_ms + 9 * HOUR_MS, here.now_ms, (matcher("rule=customer-distress"),))
    here.term.orders.apply(silence_key("s", "silence"), msgspec.json.encode(silence))
    await here.take(opening(here, 1))
    await here.wait(HOUR_MS)
    await here.take(opening(here, 0, "recovered"), opening(here, 1, "recovered"))
    await here.wait(HOUR_MS)
    assert kinds(here.receivers["hook"].told) == [("c-0", "fired"), ("c-0", "recovered")]
    assert here.undelivered() == 0


@on_virtual_time
async def test_t2_one_429_and_then_a_clear_is_one_message_that_says_both() -> None:
    """Neither nothing, nor a beginning after the end."""
    here = one_hook()
    here.receivers["hook"].status = first(429)
    await here.take(opening(here))
    await here.take(opening(here, 0, "recovered"))
    await here.wait(HOUR_MS)
    assert kinds(here.receivers["hook"].told) == [("c-0", "fired_and_recovered")]
    assert here.fates() == [("raised", "superseded"), ("recovered", "sent")]


@pytest.mark.parametrize("dies", ["before the call", "in the call", "after the call"])
@on_virtual_time
async def test_t3_dying_anywhere_around_a_call_repeats_one_id_at_most(dies: str) -> None:
    """`pending` and `sending` are records, so is the answer: at any of them the process may die."""
    here = one_hook()
    if dies == "in the call":
        here.receivers["hook"].status = first("die")
    else:
        here.books.left = 1 if dies == "before the call" else 2
    await here.take(opening(here))
    here.books.left = None
    here.restart()
    await here.wait(HOUR_MS)
    await here.take(opening(here, 0, "recovered"))
    told = here.receivers["hook"].told
    assert kinds(told) in (
        [("c-0", "fired"), ("c-0", "recovered")],
        [("c-0", "fired"), ("c-0", "fired"), ("c-0", "recovered")],
    )
    assert len({one.id for one in told}) == 2
    assert (len(told) == 3) == (dies == "after the call")


@on_virtual_time
async def test_t4_500_customers_at_once_are_ten_messages_and_a_digest() -> None:
    """Where a channel has a budget; every end is told, whichever message told its beginning."""
    here = World({"channels": {"hook": WEBHOOK | {"budget": 10}}}, at_ms=MORNING_MS)
    for second in range(60):
        first = second * 500 // 60
        await here.take(*(opening(here, n) for n in range(first, (second + 1) * 500 // 60)))
        await here.wait(1_000)
    assert set(kinds(here.receivers["hook"].told)) == {(f"c-{n}", "fired") for n in range(10)}
    await here.wait(20 * MINUTE_MS)
    told = here.receivers["hook"].told
    assert Counter(one.kind for one in told) == {"fired": 10, "digest": 1}
    assert told[-1].body["data"]["title"] == "[warning] 490 alerts that were held back"
    assert Counter(here.fates()) == {("raised", "sent"): 500, ("digest", "sent"): 1}
    await here.take(*(opening(here, n, "recovered") for n in range(500)))
    await here.wait(HOUR_MS)
    assert Counter(one.kind for one in here.receivers["hook"].told)["recovered"] == 500
    assert here.undelivered() == 0


@on_virtual_time
async def test_t7_a_backlog_of_two_hours_pages_nobody_about_history() -> None:
    """What has ended meanwhile is not told; what is still true is told once, and says how late."""
    here = one_hook()
    written = [
        opening(here, n, reason, at_ms=MORNING_MS + n * MINUTE_MS)
        for n in range(100)
        for reason in ("raised", "recovered")
        if n < 97 or reason == "raised"
    ]
    here.now_ms += 2 * HOUR_MS + 40 * MINUTE_MS
    await here.take(*written)
    await here.wait(HOUR_MS)
    told = here.receivers["hook"].told
    assert sorted(kinds(told)) == [(f"c-{n}", "fired") for n in (97, 98, 99)]
    assert all("Delayed 1 h" in one.body["data"]["lines"][-1] for one in told)
    assert Counter(state for _, state in here.fates())["nothing_to_close"] == 97
    assert here.undelivered() == 0


@on_virtual_time
async def test_t8_an_ack_while_it_is_queued_sends_nothing() -> None:
    """Somebody has it: nobody is paged about it, nor reminded."""
    routes = [{"channels": "hook", "repeat": "10m"}]
    here = one_hook(routes=routes)
    here.receivers["hook"].status = lambda: 503
    await here.take(opening(here))
    here.receivers["hook"].status = lambda: 200
    await here.take(opening(here, 0, "acked"))
    await here.wait(3 * HOUR_MS)
    assert here.receivers["hook"].told == []
    assert here.fates() == [("raised", "superseded")]


@on_virtual_time
async def test_t9_slack_down_for_half_an_hour_holds_nobody_else_up() -> None:
    """The pager is told at once; Slack catches up in order, and says how late it is."""
    channels = {"chat": SLACK, "pager": PAGER}
    here = World({"channels": channels}, at_ms=MORNING_MS, status={"chat": lambda: 503})
    here.receivers["pager"].status = lambda: 202
    for number in range(5):
        await here.take(opening(here, number))
        await here.wait(2 * MINUTE_MS)
    await here.take(opening(here, 0, "escalated"))
    await here.wait(20 * MINUTE_MS)
    paged = [one.body["event_action"] for one in here.receivers["pager"].got]
    assert paged == ["trigger"] * 6
    assert here.receivers["chat"].told == []
    here.receivers["chat"].status = lambda: 200
    await here.wait(HOUR_MS)
    said = [str(one.body["blocks"]) for one in here.receivers["chat"].told]
    assert len(said) == 5, "the opening that got worse is one message"
    assert all("Delayed" in text for text in said)
    states = Counter(state for _, state in here.fates("chat"))
    assert states == {"sent": 5, "superseded": 1}
    await here.take(*(opening(here, n, "recovered") for n in range(5)))
    await here.wait(HOUR_MS)
    assert here.undelivered() == 0


@on_virtual_time
async def test_t10_hands_changing_in_a_flood_lose_nothing_and_keep_the_order() -> None:
    """Every 50 transitions another process takes over, in the middle of what it does."""
    here = one_hook()
    for start in range(0, 300, 50):
        here.books.left = 75  # it dies while it sends
        await here.take(*(opening(here, n) for n in range(start, start + 50)))
        here.books.left = None
        here.restart()
        await here.catch_up()
        await here.take(*(opening(here, n, "recovered") for n in range(start, start + 50, 2)))
    await here.wait(HOUR_MS)
    await here.take(*(opening(here, n, "recovered") for n in range(1, 300, 2)))
    await here.wait(HOUR_MS)
    assert here.undelivered() == 0
    told = here.receivers["hook"].told
    last: dict[str, int] = {}
    for one in told:
        seq = one.body["data"]["seq"]
        assert seq >= last.get(one.customer, 0), "an end before its beginning"
        last[one.customer] = seq
    assert len(last) == 300 and set(last.values()) == {3}
    copies = Counter(one.id for one in told)
    assert max(copies.values()) <= 2 and len(copies) == 600
    assert all(one.at_ms <= two.at_ms for one, two in itertools.pairwise(told))
