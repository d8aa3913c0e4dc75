"""A customer's story on virtual time through fold, notifier and channel: what people are told.

What happens to a customer is folded as a worker does it, wakes included, which come at the next ten
seconds; what the fold writes the notifier reads at once. Only topics and the wire are stood in for.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from alerts.config import Config
from alerts.fold import Entry, fold
from alerts.outputs import Transition
from alerts.row import Row, decode_row, encode_row
from alerts.rules import Cuts, Rule
from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS
from scoring.records import LogRecord
from tests.alerts.test_channels import SECRETS
from tests.notifier.virtual import WEBHOOK, World, on_virtual_time
from tests.strategies import BASE_MS, SCORING, answer, hashed, signal, wake

T = BASE_MS // MINUTE_MS * MINUTE_MS
WAKE_MS = 10_000
RULE = Rule("angry", warning=Cuts(3_000, 2_000), critical=None, clear_for_ms=10 * MINUTE_MS)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


class Pipeline:
    """One customer, the rules in force, and who is told."""

    def __init__(self, *rules: Rule, **settings: Any) -> None:
        """Nothing has happened yet."""
        self.config = Config(scoring=SCORING, rules=rules)
        self.world = World({"channels": {"chat": WEBHOOK}} | settings, at_ms=T)
        self.row: Row | None = None
        self.offset = 0

    async def happen(self, record: LogRecord) -> None:
        """A record is folded, its row goes through the store, and what is told is read."""
        await self.until(record.at_ms)
        await self._fold(record)

    async def _fold(self, record: LogRecord) -> None:
        entry = Entry("ann", record, 0, self.offset, record.at_ms)
        folded = fold(self.row, entry, self.config, hashed(self.config))
        assert folded.result != "failed"
        self.row = decode_row(encode_row(folded.row, log_epoch=1, offset=self.offset))
        self.offset += 1
        await self.world.take(*(one for one in folded.outputs if isinstance(one, Transition)))

    async def until(self, at_ms: int) -> None:
        """Time passes; what comes due wakes the customer."""
        while self.row is not None:
            dues = [one for one in (self.row.due_ms, self.row.absence_due_ms) if one is not None]
            woken_ms = -(-min(dues, default=at_ms) // WAKE_MS) * WAKE_MS
            if woken_ms >= at_ms:
                break
            await self.world.wait(max(0, woken_ms - self.world.now_ms), DAY_MS)
            await self._fold(wake(woken_ms))
        await self.world.wait(max(0, at_ms - self.world.now_ms), DAY_MS)

    async def apply(self, *rules: Rule) -> None:
        """`nabz config apply`: customers with an open alert are woken first."""
        self.config = replace(self.config, rules=rules)
        await self._fold(wake(self.world.now_ms))

    def told(self, channel: str = "chat") -> list[tuple[str, str, int]]:
        """Kind and reason of each message, and its minute."""
        return [
            (one.kind, one.body["data"]["reason"], (one.at_ms - T) // MINUTE_MS)
            for one in self.world.receivers[channel].told
        ]

    @property
    def state(self) -> str:
        """Where the alert stands."""
        assert self.row is not None
        return self.row.episodes[0].state


FIRED = ("fired", "raised", 0)


@pytest.mark.parametrize(
    "edit",
    [
        {"warning": Cuts(9_000, 2_000)},
        {"warning": Cuts(2_500, 1_500), "labels": {"team": "other"}},
        {"for_ms": HOUR_MS, "warmup_ms": DAY_MS, "min_events": 100},
        {"clear_for_ms": 12 * MINUTE_MS, "expire_after_ms": 48 * HOUR_MS},
        {"runbook": "https://wiki.example/new", "min_precision_e2": 90, "reopen_ms": 0},
    ],
    ids=["raised-higher", "lower-and-relabelled", "asks-for-more", "ends-later", "told-otherwise"],
)
@on_virtual_time
async def test_a_rule_that_is_edited_while_it_fires_tells_nobody(edit: dict[str, Any]) -> None:
    """T5: the alert stays the same alert, its timers run on, and its end is told once."""
    here = Pipeline(RULE)
    await here.happen(signal(T, 4_500))
    assert here.told() == [FIRED]
    before = here.world.log[-1]
    await here.until(T + 30 * MINUTE_MS)
    await here.apply(replace(RULE, **edit))
    await here.until(T + HOUR_MS)
    await here.happen(answer(T + HOUR_MS))
    assert here.told() == [FIRED]
    assert here.state == "firing"
    await here.until(T + 4 * DAY_MS)
    ends = here.told()[1:]
    assert [(kind, reason) for kind, reason, _ in ends] == [("recovered", "recovered")]
    assert {one.alert_id for one in here.world.log} == {before.alert_id}
    assert [one.seq for one in here.world.log] == list(range(1, len(here.world.log) + 1))
    assert here.world.undelivered() == 0


@on_virtual_time
async def test_an_edit_does_not_set_back_the_time_in_which_an_alert_recovers() -> None:
    """T5: ten minutes of calm are ten minutes, whatever is written into the rule meanwhile."""
    times = []
    for edited in (False, True):
        here = Pipeline(RULE)
        await here.happen(signal(T, 4_500))
        await here.happen(answer(T + MINUTE_MS))
        while here.state != "recovering":
            await here.until(here.world.now_ms + MINUTE_MS)
        await here.until(here.world.now_ms + 5 * MINUTE_MS)
        if edited:
            await here.apply(replace(RULE, labels={"team": "other"}))
        await here.until(T + 4 * DAY_MS)
        times.append(here.told())
    assert times[0] == times[1]
    assert [kind for kind, _, _ in times[0]] == ["fired", "recovered"]


@on_virtual_time
async def test_a_rule_that_is_removed_while_it_fires_calls_off_whom_it_called() -> None:
    """T5: the one edit that is told: nobody would close it any more."""
    here = Pipeline(RULE)
    await here.happen(signal(T, 4_500))
    await here.until(T + 30 * MINUTE_MS)
    await here.apply()
    assert here.told() == [FIRED, ("closed", "rule_removed", 30)]
    assert here.world.undelivered() == 0


@on_virtual_time
async def test_a_customer_who_falls_silent_expires_and_does_not_recover() -> None:
    """T6: points that fade are no recovery, and the message says that nothing was confirmed."""
    here = Pipeline(RULE)
    await here.happen(signal(T, 4_500, inbound=True))
    await here.until(T + 24 * HOUR_MS)
    assert here.state == "recovering"  # the score has been low for hours
    assert here.told() == [FIRED]
    await here.until(T + 30 * HOUR_MS)
    assert here.told() == [FIRED, ("expired", "expired", 24 * 60)]
    lines = here.world.receivers["chat"].told[-1].body["data"]["lines"]
    assert any("recovery not confirmed" in line for line in lines)
    await here.until(T + 10 * DAY_MS)
    assert len(here.told()) == 2
    assert here.world.undelivered() == 0


@on_virtual_time
async def test_a_customer_who_waits_for_us_neither_expires_nor_recovers() -> None:
    """T6: silence is theirs to keep while the answer is ours to give."""
    here = Pipeline(RULE)
    await here.happen(signal(T, 4_500))
    await here.until(T + 5 * DAY_MS)
    assert here.told() == [FIRED]
    await here.happen(answer(T + 5 * DAY_MS))
    await here.until(T + 9 * DAY_MS)
    assert [kind for kind, _, _ in here.told()] == ["fired", "recovered"]


@on_virtual_time
async def test_a_silence_that_may_be_an_outage_of_ours_ends_nothing() -> None:
    """T6: what has not been read is not known to be absent."""
    here = Pipeline(RULE)
    await here.happen(signal(T, 4_500, inbound=True))
    blind = wake(T + 3 * DAY_MS)
    await here.world.wait(3 * DAY_MS, DAY_MS)
    await here._fold(replace(blind, complete_to_ms=T + HOUR_MS))
    assert here.told() == [FIRED]
    await here._fold(wake(T + 3 * DAY_MS + WAKE_MS))
    assert [kind for kind, _, _ in here.told()] == ["fired", "expired"]


PAGER = {"channels": {"chat": WEBHOOK, "pager": WEBHOOK | {"wary": True}}}
WORSE = replace(RULE, critical=Cuts(6_000, 5_000))


@on_virtual_time
async def test_one_message_of_a_new_customer_is_seen_and_pages_nobody() -> None:
    """The second one, which makes it worse, pages; and the pager hears of the end."""
    here = Pipeline(WORSE, **PAGER)
    await here.happen(signal(T, 4_500))
    assert (here.told(), here.told("pager")) == ([FIRED], [])
    assert ("raised", "quality") in here.world.fates("pager")
    lines = here.world.receivers["chat"].told[0].body["data"]["lines"]
    assert "Little is known of this customer yet" in lines
    await here.happen(signal(T + MINUTE_MS, 3_000, family="intent"))
    assert here.told("pager") == [("escalated", "escalated", 1)]
    await here.happen(answer(T + HOUR_MS))
    await here.until(T + 4 * DAY_MS)
    assert [here.told(name)[-1][0] for name in ("chat", "pager")] == ["recovered", "recovered"]
    assert here.world.undelivered() == 0


@on_virtual_time
async def test_what_nobody_takes_pages_however_little_is_known() -> None:
    """It was left to the chat, and the chat did nothing."""
    route = {"channels": "chat", "escalate": [{"after": "2h", "channels": "pager"}]}
    here = Pipeline(WORSE, **PAGER, routes=[route])
    await here.happen(signal(T, 4_500))
    await here.world.wait(3 * HOUR_MS)
    assert here.told("pager") == [("unanswered", "escalation", 120)]
