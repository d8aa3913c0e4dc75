"""Messages that come back to what was told before: edits, replies, repeats, acknowledgements."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from alerts.delivery import Delivery
from alerts.outputs import Transition
from alerts.pipeline import Now
from streams.engine.brokers import Broker
from streams.notifier.build import Plan, build
from streams.notifier.outbox import Outbox
from streams.notifier.settings import NotifierSettings
from tests.alerts.transitions import BASE_MS, transition
from tests.notifier.fakes import (
    SERVICES,
    Alertmanager,
    PagerDuty,
    Service,
    secrets_of,
    serving,
    settings_of,
)
from tests.notifier.kafka import names_for, newest, notifying, publish

REPEAT_MS = 100
OVER = "2026-09-21T14:13:20.000Z"


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Service], Plan]:
    """What a process would run with; what is repeated, is repeated ten times a second."""

    def make(kind: str, service: Service) -> Plan:
        for name, value in secrets_of(kind, service.url).items():
            monkeypatch.setenv(name, value)
        channel = settings_of(kind, service.url)
        settings = {"channels": {"it": channel}, "clock": "watermark"}
        plan = build(NotifierSettings.model_validate(settings))
        outlet = plan.outlets["it"]
        one: Any = outlet.channel
        gaps = {"gap_ms": 0} | ({"repeat_ms": REPEAT_MS} if one.limits.repeat_ms else {})
        quick = dataclasses.replace(one, limits=dataclasses.replace(one.limits, **gaps))
        outlets = {"it": dataclasses.replace(outlet, channel=quick)}
        return dataclasses.replace(plan, outlets=outlets)

    return make


async def until(good: Callable[[], bool]) -> None:
    """Return once it is so."""
    async with asyncio.timeout(30):
        while not good():
            await asyncio.sleep(0.01)


async def sent(broker: Broker, names: Any, count: int) -> list[Delivery]:
    """The deliveries, once so many were sent."""
    async with asyncio.timeout(30):
        while True:
            found = await newest(broker, names)
            if sum(one.state == "sent" for one in found.values()) >= count:
                return sorted(found.values(), key=lambda one: one.seq)


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test's coroutine."""

    async def go() -> None:
        await asyncio.wait_for(test(), 80)

    asyncio.run(go())


@contextlib.asynccontextmanager
async def notifying_to(
    broker: Broker, names: Any, planned: Callable[[str, Service], Plan], service: PagerDuty
) -> AsyncIterator[None]:
    """A notifier whose pager listens already."""
    async with notifying(broker, names, planned("pagerduty", service)):
        yield


def story(*reasons: str) -> list[Transition]:
    """One alert, change by change."""
    return [
        transition(seq, reason, notify=reason != "acked")
        for seq, reason in enumerate(reasons, start=1)
    ]


@pytest.mark.parametrize("kind", ["slack-bot", "telegram"])
def test_another_process_edits_what_the_last_one_told(
    kind: str, broker: Broker, planned: Callable[[str, Service], Plan]
) -> None:
    """What the receiver calls the message stands in the record of its delivery."""

    async def test() -> None:
        names, service = names_for(broker), SERVICES[kind]()
        fired, worse, over = story("raised", "escalated", "recovered")
        async with serving(service):
            publish(broker, names, [fired])
            async with notifying(broker, names, planned(kind, service)):
                (first,) = await sent(broker, names, 1)
            (head,) = service.seen.values()
            assert first.provider_ref is not None and first.provider_ref.endswith(head.ident)
            publish(broker, names, [worse])
            async with notifying(broker, names, planned(kind, service)):
                await sent(broker, names, 2)
                publish(broker, names, [over])
                found = await sent(broker, names, 3)
        assert {one.provider_ref for one in found} == {first.provider_ref}
        root, *replies = service.seen.values()
        assert root.text.startswith("[recovered]")
        assert [one.parent for one in replies] == [root.ident, root.ident]

    run(test)


def test_what_is_open_is_said_again_by_the_next_process_too_and_ends(
    broker: Broker, planned: Callable[[str, Service], Plan]
) -> None:
    """An Alertmanager forgets; what has ended is not said again as if it had not."""

    async def test() -> None:
        names, service = names_for(broker), Alertmanager()
        fired, over = story("raised", "recovered")
        other = transition(1, fingerprint="d|2", customer="c-2")
        plan = "alertmanager"
        async with serving(service):
            publish(broker, names, [fired])
            async with notifying(broker, names, planned(plan, service)):
                await until(lambda: len(service.calls) >= 3)
                found = await newest(broker, names)
                assert [one.attempt for one in found.values()] == [1], "repeats are not recorded"
            service.calls.clear()
            async with notifying(broker, names, planned(plan, service)):
                await until(lambda: len(service.calls) >= 2)
                publish(broker, names, [over, other])
                await sent(broker, names, 3)
                before = len(service.calls)
                await until(lambda: len(service.calls) >= before + 3)
        ends = [one["endsAt"] for one in told(service, "c-102")]
        assert ends[-1] == OVER < min(ends[:-1])
        assert len(told(service, "c-2")) >= 3

    run(test)


def test_an_end_waits_for_the_answer_to_a_repeat(
    broker: Broker, planned: Callable[[str, Service], Plan]
) -> None:
    """Overtaken by it, the alert would burn again, for four minutes."""

    async def test() -> None:
        names, service, answered = names_for(broker), Alertmanager(), asyncio.Event()
        fired, over = story("raised", "recovered")
        other = transition(1, fingerprint="d|2", customer="c-2")

        async def late(request: web.Request) -> web.Response:
            if "c-102" in await request.text():
                await answered.wait()
            return web.Response(status=200)

        async with serving(service):
            publish(broker, names, [fired])
            async with notifying(broker, names, planned("alertmanager", service)):
                await sent(broker, names, 1)
                service.fault = late
                before = len(service.calls)
                await until(lambda: len(service.calls) > before)
                publish(broker, names, [over, other])
                await sent(broker, names, 2)  # the other one was told
                assert {one["endsAt"] > OVER for one in told(service, "c-102")} == {True}
                answered.set()
                await sent(broker, names, 3)
        assert told(service, "c-102")[-1]["endsAt"] == OVER

    run(test)


def told(service: Service, customer: str) -> list[dict[str, Any]]:
    """All that was said of a customer, in order."""
    every = [one for _, body in service.calls for one in json.loads(body)]
    return [one for one in every if one["labels"]["customer"] == customer]


def test_a_receiver_that_does_not_answer_is_asked_again_in_the_next_round(
    broker: Broker, planned: Callable[[str, Service], Plan]
) -> None:
    """It fails for itself: neither the alert nor the process is the worse for it."""

    async def test() -> None:
        names, service = names_for(broker), Alertmanager()
        fired, over = story("raised", "recovered")
        async with serving(service):
            publish(broker, names, [fired])
            async with notifying(broker, names, planned("alertmanager", service)):
                await sent(broker, names, 1)

                async def no(_: web.Request) -> web.Response:
                    return web.Response(status=500)

                service.fault = no
                before = len(service.calls)
                await until(lambda: len(service.calls) >= before + 2)
                service.fault = None
                publish(broker, names, [over])
                found = await sent(broker, names, 2)
        assert [one.state for one in found] == ["sent", "sent"]

    run(test)


def test_who_takes_an_alert_acknowledges_its_incident(
    broker: Broker, planned: Callable[[str, Service], Plan]
) -> None:
    """The change is told to nobody else; its end resolves the incident."""

    async def test() -> None:
        names, service = names_for(broker), PagerDuty()
        fired, taken, over = story("raised", "acked", "recovered")
        stranger = transition(1, "acked", fingerprint="d|9", customer="c-9", notify=False)
        async with serving(service), notifying_to(broker, names, planned, service):
            publish(broker, names, [fired])
            await sent(broker, names, 1)
            publish(broker, names, [taken, stranger])
            await sent(broker, names, 2)
            assert list(service.state.values()) == ["acknowledged"]
            publish(broker, names, [over])
            await sent(broker, names, 3)
        assert list(service.state.values()) == ["resolved"]
        assert "c-9" not in str(service.calls)

    run(test)


# ---------------------------------------------------------------------- without a broker


def box(*states: tuple[str, str], **more: Any) -> tuple[Outbox, tuple[str, str]]:
    """An outbox with one lane: reason and state of each delivery, oldest first."""
    outbox = Outbox(repeated=frozenset({"am"}), hearing={"am": frozenset({"acked"})})
    key = ("am", "")
    for change, (_, state) in zip(story(*(reason for reason, _ in states)), states, strict=True):
        made = outbox.plan(
            change, change.seq, routes=(), channels=("am",), now=Now(0, False, 0), wall_ms=BASE_MS
        )
        for one in made:
            key = outbox.add(one, change)
            outbox.update(replace(one, state=state, provider_ref=f"r{one.seq}", **more))
    return outbox, key


def test_the_last_word_is_what_is_said_again() -> None:
    """While nothing newer is on its way, and not once it has ended."""
    outbox, key = box(("raised", "sent"), ("escalated", "sent"))
    found = outbox.standing(key)
    assert found is not None and (found[0].seq, found[1].seq) == (2, 2)
    for states in (
        [("raised", "sent"), ("recovered", "pending")],
        [("raised", "sent"), ("recovered", "sent")],
        [("raised", "suppressed")],
        [("raised", "dead")],
    ):
        outbox, key = box(*states)
        assert outbox.standing(key) is None, states
    outbox, key = box(("raised", "sent"), by="digest")
    assert outbox.standing(key) is None, "it was told as part of a digest"


def test_a_message_is_known_by_its_newest_reference() -> None:
    """And a channel that keeps nothing is asked for nothing."""
    outbox, key = box(("raised", "sent"), ("escalated", "sent"))
    last = outbox.lanes[key][-1]
    assert outbox.ref(last) == "r2"
    assert outbox.ref(replace(last, alert_id="other")) is None


def test_who_was_told_nothing_hears_of_nobody_taking_it() -> None:
    """An acknowledgement follows its opening, as an end does."""
    outbox, key = box(("raised", "sent"), ("acked", "sent"))
    assert [one.reason for one in outbox.lanes[key]] == ["raised", "acked"]
    outbox, key = box(("acked", "sent"))
    assert outbox.lanes == {}
    for state in ("suppressed", "superseded", "dead"):
        outbox, key = box(("raised", state), ("acked", "sent"))
        assert [one.reason for one in outbox.lanes[key]] == ["raised"], state
    outbox, key = box(("raised", "sending"), ("acked", "pending"))
    assert len(outbox.lanes[key]) == 2, "the opening may be there by now"
