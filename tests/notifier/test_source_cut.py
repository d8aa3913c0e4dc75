"""A source cut off for two hours, on virtual time: the fold says nothing, the notifier says why.

The clock of the notifier and the times in the log are the test's; the broker and the wire are real.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from aiohttp import web
from kafka import KafkaProducer
from msgspec.structs import replace

from alerts.config import Config
from alerts.outputs import Transition
from alerts.row import Row
from alerts.rules import Cuts, Rule
from alerts.standstill import RULE
from scoring.config import HOUR_MS, MINUTE_MS, WaitStep
from scoring.records import LogRecord
from streams.control import Counts, Progress, progress_key
from streams.engine.brokers import Broker
from streams.notifier.build import Plan, build
from streams.notifier.feed import Names
from streams.notifier.loop import Notifier
from streams.notifier.settings import NotifierSettings
from streams.settings import SettingsFileError, load
from tests.alerts.test_channels import SECRETS
from tests.notifier.kafka import names_for, newest, notifying, publish
from tests.notifier.receiver import Receiver, receiving
from tests.strategies import (
    BASE_MS,
    SCORING,
    answer,
    at,
    fold_all,
    interaction,
    signal,
    wake,
)

T = BASE_MS
READ_MS = T + MINUTE_MS
"""Up to here the source was read when it was cut off."""
BACK_MS = T + 2 * HOUR_MS
CONFIG = Config(
    clock="live",
    scoring=replace(SCORING, wait_steps=(WaitStep(30 * MINUTE_MS, 1_300),)),
    rules=(Rule("distress", warning=Cuts(1_200, 600), critical=None),),
)
"""Half an hour of waiting is as bad as one angry message."""


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


@dataclass
class Clock:
    """A clock that stands until it is told."""

    now_ms: int

    def __call__(self) -> int:
        """What it shows."""
        return self.now_ms


def plan_for(receiver: Receiver, **more: Any) -> Plan:
    """One webhook, two sources."""
    hook = {
        "type": "webhook",
        "url": receiver.url,
        "keys": "env:NABZ_TEST_NEW",
        "allow_loopback": True,
    }
    tree = {"channels": {"ops": hook}, "sources": {"chat": 10_000, "calls": 0}}
    return build(NotifierSettings.model_validate(tree | more))


def tell(broker: Broker, names: Names, *progress: Progress) -> None:
    """Write progress as ingest does, acknowledged."""
    producer = KafkaProducer(
        **broker.kafka_python(), acks="all", enable_idempotence=broker.idempotent
    )
    try:
        for one in progress:
            key, value = progress_key(one), msgspec.json.encode(one)
            producer.send(names.control, value, key=key, partition=0).get(timeout=20)
    finally:
        producer.close(timeout=5)


def read_to(source: str, complete_ms: int, partition: int = 0, **changes: Any) -> Progress:
    """A source partition is read so far."""
    made = Progress(
        source, 0, partition, 2, 7, complete_ms, complete_ms, finished=False, counts=Counts(),
        at_ms=complete_ms,
    )  # fmt: skip
    return replace(made, **changes)


async def looked(notifier: Notifier, times: int = 2) -> None:
    """Return once it has looked at its sources so often again; it does each second."""
    for _ in range(times):
        term = notifier._term
        assert term is not None
        before = term.looks
        async with asyncio.timeout(20):
            while term.looks == before:
                await asyncio.sleep(0.02)


async def known(notifier: Notifier, complete_ms: int) -> None:
    """Return once it has heard that all of the chat was read so far, which is told beside it."""
    async with asyncio.timeout(20):
        while True:
            term = notifier._term
            assert term is not None
            told = term.sources._control.progress.items()
            reached = [one.complete_ms or 0 for (name, epoch, _), one in told
                       if (name, epoch) == ("chat", 0)]  # fmt: skip
            if min(reached, default=0) >= complete_ms:
                return
            await asyncio.sleep(0.02)


def heard(receiver: Receiver) -> list[tuple[str, str]]:
    """Whom each message is about, and its kind."""
    bodies = [json.loads(one.body)["data"] for one in receiver.got]
    return [(body["customer"] or body["title"], body["kind"]) for body in bodies]


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test's coroutine, but not for ever: on a busy machine each notifier takes its time."""

    async def go() -> None:
        await asyncio.wait_for(test(), 240)

    asyncio.run(go())


CUT = ("[critical] source chat needs attention", "fired")
ON = ("[recovered] source chat", "recovered")


class Fleet:
    """Rows of a few customers, folded as records come."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.offsets = 0

    def fold(self, customer: str, *records: LogRecord) -> list[Transition]:
        """What is told of a customer."""
        folded = fold_all(
            records, CONFIG, row=self.rows.get(customer), customer=customer, first=self.offsets
        )
        self.rows[customer], self.offsets = folded[-1].row, self.offsets + len(records)
        return [one for each in folded for one in each.outputs if isinstance(one, Transition)]

    def wake(self, at_ms: int, complete_ms: int) -> list[Transition]:
        """Everybody is looked at."""
        return [one for name in self.rows for one in self.fold(name, wake(at_ms, complete_ms))]


def lived() -> tuple[list[Transition], list[Transition], list[Transition]]:
    """What the fold tells before the cut, during it, and once the source is back.

    Cora is calmed half a minute after she was angry; Will waits to this day; Ann was answered after
    ten minutes, which nobody reads before the source is back.
    """
    fleet = Fleet()
    before = fleet.fold("cora", signal(T, 1_300), interaction(T + 30_000, "refund", ordered=False))
    before += fleet.fold("cora", answer(T + 31_000))
    before += fleet.fold("will", signal(T)) + fleet.fold("ann", signal(T))
    during = [
        one
        for at_ms in range(READ_MS, BACK_MS, 5 * MINUTE_MS)
        for one in fleet.wake(at_ms, READ_MS)
    ]
    late = at(answer(T + 10 * MINUTE_MS), BACK_MS, T + 10 * MINUTE_MS - 10_000)
    back = fleet.fold("ann", late) + fleet.wake(BACK_MS, BACK_MS - 10_000)
    for minute in range(1, 30):
        at_ms = BACK_MS + minute * MINUTE_MS
        back += fleet.wake(at_ms, at_ms - 10_000)
    return before, during, back


def told_of(transitions: Sequence[Transition]) -> list[tuple[str, str]]:
    """Who is told of, and why; what is history when it is found is recorded and tells nobody."""
    return [(one.customer, one.reason) for one in transitions if one.notify and not one.historical]


def test_a_cut_source_raises_and_closes_nothing_that_rests_on_absence() -> None:
    """Two hours: nobody waits longer, nobody recovers; then each true thing once."""
    before, during, back = lived()
    assert told_of(before) == [("cora", "raised")]
    assert during == []
    assert sorted(told_of(back)) == [("cora", "recovered"), ("will", "raised")]


def test_a_cut_source_is_one_alert_of_its_own_which_closes_when_it_is_back(broker: Broker) -> None:
    """Two hours, three notifiers one after the other: five messages, each once."""

    async def test() -> None:
        names, clock = names_for(broker), Clock(T)
        before, _, back = lived()

        def reach(chat_ms: int, other_ms: int | None = None) -> None:
            parts = [chat_ms, chat_ms if other_ms is None else other_ms]
            told = [read_to("chat", ms, number) for number, ms in enumerate(parts)]
            calls = [read_to("calls", BACK_MS, number) for number in range(2)]
            old = read_to("chat", T - 99 * HOUR_MS, epoch=1)  # a replay repeats old times
            end = read_to("calls", T - 99 * HOUR_MS, 2, finished=True)
            tell(broker, names, *told, *calls, old, end)

        async with receiving() as receiver:
            reach(T)
            publish(broker, names, before)
            async with notifying(broker, names, plan_for(receiver), clock=clock) as notifier:
                await receiver.until(1)
                clock.now_ms = READ_MS
                reach(READ_MS, READ_MS + 9)
                await known(notifier, READ_MS)
                await looked(notifier)
                clock.now_ms = READ_MS + 15 * MINUTE_MS + 10_000
                reach(READ_MS, READ_MS + 9)
                await looked(notifier)
                assert heard(receiver) == [("cora", "fired")]
                clock.now_ms += 1
                await receiver.until(2)
                assert heard(receiver)[1:] == [CUT]
                gauge = notifier._metrics.cut_off._value.get()
                assert gauge == 1
            async with notifying(broker, names, plan_for(receiver), clock=clock) as notifier:
                await looked(notifier)
                clock.now_ms = BACK_MS
                await looked(notifier)
                publish(broker, names, back)
                reach(T + 10 * MINUTE_MS, BACK_MS)
                await receiver.until(4)
                assert sorted(heard(receiver)[2:]) == [("cora", "recovered"), ("will", "fired")]
                reach(BACK_MS)
                await receiver.until(5)
            async with notifying(broker, names, plan_for(receiver), clock=clock) as notifier:
                await looked(notifier)
                found = await newest(broker, names)
            assert heard(receiver)[4:] == [ON]
            assert Counter(one.state for one in found.values()) == {"sent": 5, "suppressed": 1}
            about = [one.about for one in found.values() if one.about is not None]
            assert {(one.source, one.seq, one.stood_ms) for one in about} == {
                ("chat", 1, READ_MS), ("chat", 2, READ_MS),
            }  # fmt: skip

    run(test)


def test_what_could_not_be_said_before_a_restart_is_said_after_it(broker: Broker) -> None:
    """The texts are made of the delivery alone: no transition of it stands anywhere."""

    async def test() -> None:
        names, clock = names_for(broker), Clock(T)
        async with receiving() as receiver:
            receiver.answer = lambda _: web.Response(status=503, headers={"Retry-After": "7200"})
            tell(broker, names, read_to("chat", T), read_to("chat", T, 1))
            async with notifying(broker, names, plan_for(receiver), clock=clock) as notifier:
                await looked(notifier)
                clock.now_ms = T + HOUR_MS
                await receiver.until(1)
            receiver.answer = lambda _: web.Response(status=200)
            clock.now_ms += 2 * HOUR_MS
            async with notifying(broker, names, plan_for(receiver), clock=clock):
                await receiver.until(2)
            first, second = (json.loads(one.body)["data"] for one in receiver.got)
            assert heard(receiver) == [CUT, CUT]
            assert receiver.got[0].id == receiver.got[1].id
            assert second["lines"][: len(first["lines"])] == first["lines"]
            assert (second["rule"], second["customer"]) == (RULE, "")

    run(test)


def test_recorded_time_knows_no_present_to_be_behind(broker: Broker) -> None:
    """`clock: watermark`: files are read when they are read."""

    async def test() -> None:
        names, clock = names_for(broker), Clock(T)
        async with receiving() as receiver:
            tell(broker, names, read_to("chat", T), read_to("chat", T, 1))
            plan = plan_for(receiver, clock="watermark")
            async with notifying(broker, names, plan, clock=clock):
                clock.now_ms = T + HOUR_MS
                publish(broker, names, lived()[0])
                await receiver.until(1)
            assert heard(receiver) == [("cora", "fired")]

    run(test)


def test_the_notifier_learns_what_is_configured_and_how_late_it_may_be() -> None:
    """All sources that completeness waits for; shorter than a minute is refused."""
    chat = {
        "topic": "chat", "customer": "$.c", "ts": "$.t", "text": "$.x", "lateness": "30s",
        "author": {"const": "customer"},
    }  # fmt: skip
    plan = build(load(None, {"sources": {"chat": chat}, "cut_off_after": "1h"}).notifier())
    assert (plan.sources, plan.cut_off_after_ms) == ({"events": 10_000, "chat": 30_000}, HOUR_MS)
    assert set(load(None).notifier().sources) == {"events"}
    with pytest.raises(SettingsFileError, match="cut_off_after"):
        load(None, {"cut_off_after": "59s"})
