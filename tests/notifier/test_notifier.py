"""Transitions in, messages out: once each, in order, over crashes.

On both brokers, but for kill -9 and freezes: those are about Apache Kafka's promises.
"""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
import standardwebhooks
from aiohttp import web

from alerts.delivery import Delivery
from alerts.outputs import Transition
from streams.engine.brokers import Broker
from streams.notifier.build import Plan, build
from streams.notifier.feed import Feed, Names, Raw
from streams.notifier.loop import NoAssignmentError, Notifier
from streams.notifier.settings import NotifierSettings
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import BASE_MS, HOUR_MS, transition
from tests.notifier.kafka import SESSION_MS, names_for, newest, notifying, publish
from tests.notifier.receiver import Received, Receiver, receiving


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


def settings_for(receiver: Receiver, **more: Any) -> dict[str, Any]:
    """One webhook."""
    hook = {
        "type": "webhook",
        "url": receiver.url,
        "keys": "env:NABZ_TEST_NEW",
        "allow_loopback": True,
    }
    return {"channels": {"hook": hook}, "clock": "watermark"} | more


def plan_for(settings: Mapping[str, Any], stdout: io.StringIO | None = None) -> Plan:
    """As a process would build it."""
    return build(NotifierSettings.model_validate(settings), stdout=stdout)


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test's coroutine within a minute."""

    async def go() -> None:
        await asyncio.wait_for(test(), 80)

    asyncio.run(go())


async def settled(broker: Broker, names: Names, count: int) -> dict[str, Delivery]:
    """The deliveries, once there are so many and none is open."""
    while True:
        found = await newest(broker, names)
        if len(found) >= count and not any(one.open for one in found.values()):
            return found


def customers(count: int) -> list[Transition]:
    """One opening for each of so many customers."""
    return [transition(1, fingerprint=f"d|{n}", customer=f"c-{n}") for n in range(count)]


def ends(count: int) -> list[Transition]:
    """Their ends."""
    return [
        transition(2, "recovered", fingerprint=f"d|{n}", customer=f"c-{n}") for n in range(count)
    ]


def kinds(receiver: Receiver) -> list[tuple[str, str]]:
    """Customer and kind of what came, in order; every signature is verified."""
    verify = standardwebhooks.Webhook(SECRETS[0]).verify
    bodies = [verify(one.body, one.headers) for one in receiver.got]
    return [(body["data"]["customer"], body["data"]["kind"]) for body in bodies]


def test_each_transition_is_one_signed_post(broker: Broker) -> None:
    """Told twice by the worker, once by us; the end after the beginning; silence stays so."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            pending = transition(1, "pending", fingerprint="d|p", customer="p", notify=False)
            publish(
                broker,
                names,
                [*customers(20), *customers(20), pending, b"{", b'{"customer":"\xff"}', b""],
            )
            async with notifying(broker, names, plan_for(settings_for(receiver))):
                await receiver.until(20)
                publish(broker, names, [*customers(20), *ends(20), *ends(20)])
                await receiver.until(40)
                found = await settled(broker, names, 40)
            told = kinds(receiver)
            assert Counter(told) == Counter(
                (f"c-{n}", kind) for n in range(20) for kind in ("fired", "recovered")
            )
            assert set(told[:20]) == {(f"c-{n}", "fired") for n in range(20)}
            assert {one.state for one in found.values()} == {"sent"}
            assert sorted(found) == sorted(one.id for one in receiver.got)

    run(test)


def test_a_restart_sends_nothing_again(broker: Broker) -> None:
    """All is in the records; a transition shown again is not new; the end follows later."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            plan = settings_for(receiver)
            publish(broker, names, customers(5))
            async with notifying(broker, names, plan_for(plan)):
                await settled(broker, names, 5)
            publish(broker, names, [*customers(5), *ends(5)])
            async with notifying(broker, names, plan_for(plan)):
                await settled(broker, names, 10)
            assert len(receiver.got) == 10
            assert Counter(kind for _, kind in kinds(receiver)) == {"fired": 5, "recovered": 5}

    run(test)


def test_killed_between_sending_and_the_answer(kafka_broker: Broker) -> None:
    """At most one repeat, under the same id; then the end."""

    async def test() -> None:
        names = names_for(kafka_broker)
        async with receiving() as receiver:
            arrived, never = asyncio.Event(), asyncio.Event()

            async def hang(_: Received) -> web.Response:
                arrived.set()
                await never.wait()
                return web.Response(status=200)

            receiver.answer = hang
            told = {
                "broker": dataclasses.asdict(kafka_broker),
                "settings": settings_for(receiver),
                "names": dataclasses.asdict(names),
                "session_ms": SESSION_MS,
            }
            publish(kafka_broker, names, [transition(1)])
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.notifier.child", json.dumps(told)
            )
            try:
                await asyncio.wait_for(arrived.wait(), 40)
                states = [one.state for one in (await newest(kafka_broker, names)).values()]
                assert states == ["sending"]
            finally:
                child.send_signal(signal.SIGKILL)
                await child.wait()
            receiver.answer = lambda _: web.Response(status=200)
            async with notifying(kafka_broker, names, plan_for(settings_for(receiver))):
                await receiver.until(2)
                publish(kafka_broker, names, [transition(2, "recovered")])
                await settled(kafka_broker, names, 2)
            assert [kind for _, kind in kinds(receiver)] == ["fired", "fired", "recovered"]
            assert len({one.id for one in receiver.got}) == 2

    run(test)


def test_a_frozen_process_sends_nothing_when_it_wakes(kafka_broker: Broker) -> None:
    """Another has taken over meanwhile; what was due here has been sent there."""

    async def test() -> None:
        names = names_for(kafka_broker)
        async with receiving() as receiver:
            receiver.answer = lambda _: web.Response(status=503, headers={"Retry-After": "2"})
            told = {
                "broker": dataclasses.asdict(kafka_broker),
                "settings": settings_for(receiver),
                "names": dataclasses.asdict(names),
                "session_ms": SESSION_MS,
            }
            waiting = {"failed_temp"}
            publish(kafka_broker, names, customers(3))
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.notifier.child",
                json.dumps(told),
                stderr=asyncio.subprocess.PIPE,
            )
            assert child.stderr is not None
            try:
                await receiver.until(1)
                while {
                    one.state for one in (await newest(kafka_broker, names)).values()
                } != waiting:
                    pass  # between two attempts: what is on the wire cannot be called back
                child.send_signal(signal.SIGSTOP)
                receiver.answer = lambda _: web.Response(status=200)
                async with notifying(kafka_broker, names, plan_for(settings_for(receiver))):
                    await settled(kafka_broker, names, 3)
                    before = len(receiver.got)
                    child.send_signal(signal.SIGCONT)
                    while b"notifier.stood_down" not in (line := await child.stderr.readline()):
                        assert line, "the frozen process ended"
                    child.send_signal(signal.SIGTERM)
                    await child.communicate()
                    assert len(receiver.got) == before
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.communicate()

    run(test)


def test_a_process_ends_by_itself_on_sigterm(broker: Broker) -> None:
    """What is being sent is finished; exit code 0."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            arrived, go_on = asyncio.Event(), asyncio.Event()

            async def wait(_: Received) -> web.Response:
                arrived.set()
                await go_on.wait()
                return web.Response(status=200)

            receiver.answer = wait
            told = {
                "broker": dataclasses.asdict(broker),
                "settings": settings_for(receiver),
                "names": dataclasses.asdict(names),
                "session_ms": SESSION_MS,
            }
            publish(broker, names, [transition(1)])
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.notifier.child", json.dumps(told)
            )
            await asyncio.wait_for(arrived.wait(), 40)
            child.send_signal(signal.SIGTERM)
            go_on.set()
            assert await asyncio.wait_for(child.wait(), 30) == 0
            assert [one.state for one in (await newest(broker, names)).values()] == ["sent"]

    run(test)


def test_an_end_without_a_beginning_is_recorded_and_not_sent(broker: Broker) -> None:
    """Shadow and historical openings told nobody."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            shadow: dict[str, Any] = {"fingerprint": "s", "customer": "s", "shadow": True}
            old: dict[str, Any] = {"fingerprint": "h", "customer": "h", "historical": True}
            publish(broker, names, [transition(1, **shadow), transition(1, **old)])
            publish(broker, names, [transition(2, "recovered", **shadow)])
            publish(broker, names, [transition(2, "expired", **old), transition(1)])
            async with notifying(broker, names, plan_for(settings_for(receiver))):
                found = await settled(broker, names, 5)
            assert [customer for customer, _ in kinds(receiver)] == ["c-102"]
            why = Counter(one.failure for one in found.values())
            assert why == {"shadow": 1, "historical": 1, "nothing_to_close": 2, None: 1}

    run(test)


def test_a_fire_and_its_end_that_both_missed_come_as_one(broker: Broker) -> None:
    """One 429 with Retry-After, then the alert clears."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            receiver.answer = lambda _: web.Response(status=429, headers={"Retry-After": "1"})
            publish(broker, names, [transition(1)])
            async with notifying(broker, names, plan_for(settings_for(receiver))):
                await receiver.until(1)
                receiver.answer = lambda _: web.Response(status=200)
                publish(broker, names, [transition(2, "recovered")])
                found = await settled(broker, names, 2)
            assert [kind for _, kind in kinds(receiver)] == ["fired", "fired_and_recovered"]
            assert Counter(one.state for one in found.values()) == {"sent": 1, "superseded": 1}

    run(test)


def test_one_channel_down_does_not_hold_back_another(broker: Broker) -> None:
    """The screen shows all while the webhook says 500."""

    async def test() -> None:
        names, screen = names_for(broker), io.StringIO()
        async with receiving() as receiver:
            receiver.answer = lambda _: web.Response(status=500)
            settings = settings_for(receiver)
            settings["channels"]["screen"] = {"type": "terminal"}
            publish(broker, names, customers(10))
            async with notifying(broker, names, plan_for(settings, screen)):
                while screen.getvalue().count("needs attention") < 10:
                    await asyncio.sleep(0)
                found = await newest(broker, names)
            hook = [one for one in found.values() if one.channel == "hook"]
            assert len(hook) == 10 and all(one.open for one in hook)

    run(test)


def test_live_openings_of_an_outage_wait_and_only_true_ones_go(broker: Broker) -> None:
    """Two hours away: what has ended meanwhile is not told, what has not is, once."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            over: dict[str, Any] = {"fingerprint": "o", "customer": "over"}
            publish(broker, names, [transition(1), transition(1, **over)])
            publish(broker, names, [transition(2, "recovered", **over)])
            plan = plan_for(settings_for(receiver, clock="live"))
            async with notifying(broker, names, plan, clock=lambda: BASE_MS + 2 * HOUR_MS):
                await receiver.until(1)
                found = await settled(broker, names, 3)
                publish(broker, names, [transition(2, "recovered")])
                await settled(broker, names, 4)
            body = json.loads(receiver.got[0].body)["data"]
            assert body["customer"] == "c-102" and "Delayed 2 h" in body["lines"][-1]
            assert Counter(one.state for one in found.values()) == {"sent": 1, "suppressed": 2}
            bodies = [json.loads(one.body)["data"]["kind"] for one in receiver.got]
            assert bodies == ["fired", "recovered"]

    run(test)


def test_a_standby_takes_over(kafka_broker: Broker) -> None:
    """The second sends nothing while the first lives, and goes on where it stopped.

    On Apache Kafka only: of two members the broker in memory sends one round the joining for ever
    now and then, always in the same generation.
    """

    async def test() -> None:
        broker = kafka_broker
        names = names_for(broker)
        async with receiving() as receiver:
            second = Notifier(
                broker, plan_for(settings_for(receiver)), names=names, session_ms=SESSION_MS
            )
            async with notifying(broker, names, plan_for(settings_for(receiver))):
                publish(broker, names, customers(3))
                await receiver.until(3)
                running = asyncio.create_task(second.run())
                while not second.ready:
                    await asyncio.sleep(0.01)
                publish(broker, names, ends(3))
                await receiver.until(6)
            await asyncio.wait_for(second.sending(), 40)
            publish(broker, names, [transition(1)])
            await receiver.until(7)
            second.stop()
            await running
            assert len({one.id for one in receiver.got}) == len(receiver.got) == 7

    run(test)


class Silent(Feed):
    """A group that never answers."""

    async def start(self) -> None:
        """Nothing to connect to."""

    async def poll(self, timeout_ms: int) -> list[Raw]:
        """Nothing ever comes."""
        await asyncio.sleep(timeout_ms / 1000)
        return []


def test_a_group_that_does_not_answer_ends_the_process(
    embedded_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sessions, then somebody starts it anew."""
    monkeypatch.setattr("streams.notifier.loop.Feed", Silent)

    async def test() -> None:
        with pytest.raises(NoAssignmentError):
            await Notifier(embedded_broker, Plan({}), session_ms=300).run()

    run(test)


def test_no_broker_ends_the_process() -> None:
    """With the code that asks for a restart."""

    async def test() -> None:
        told = {
            "broker": dataclasses.asdict(Broker("127.0.0.1:9", idempotent=False)),
            "settings": {},
            "names": {},
            "session_ms": 500,
        }
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.notifier.child", json.dumps(told)
        )
        assert await asyncio.wait_for(child.wait(), 30) == 70

    run(test)
