"""A bad rule: 500 customers in distress within a minute, as the phone of their owner shows it.

The clock of the notifier and the times of the transitions are the test's; the broker and the wire
are real.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from alerts.holds import Hold
from alerts.outputs import At, Transition
from alerts.storm import RULE
from streams.engine.brokers import Broker
from streams.notifier.build import Plan, build
from streams.notifier.feed import Names
from streams.notifier.loop import Notifier
from streams.notifier.orders import Orders, give, hold_key
from streams.notifier.settings import NotifierSettings
from streams.settings import SettingsFileError, load
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import BASE_MS, HOUR_MS, transition
from tests.notifier.kafka import names_for, newest, notifying, publish
from tests.notifier.receiver import Receiver, receiving
from tests.notifier.test_source_cut import Clock, run

MANY = 500
BORNE = 20


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


def plan_for(phone: Receiver, ops: Receiver, **more: Any) -> Plan:
    """Whoever owns customers, and whoever runs nabz."""
    channels = {
        name: {
            "type": "webhook",
            "url": one.url,
            "keys": "env:NABZ_TEST_NEW",
            "allow_loopback": True,
        }
        for name, one in (("phone", phone), ("ops", ops))
    }
    routes = [
        {"match": {"labels": {"kind": "pipeline"}}, "channels": "ops"},
        {"channels": "phone"},
    ]
    return build(NotifierSettings.model_validate({"channels": channels, "routes": routes} | more))


def opening(number: int, at_ms: int, config: str = "bad", **more: Any) -> Transition:
    """One more customer in distress: critical, so that no budget keeps it back."""
    facts: dict[str, Any] = {
        "severity": "critical",
        "name": f"Customer {number}",
        "log": At("nabz.customer-log.v1", 0, number, 0, 1),
    }
    return transition(
        customer=f"c-{number}", fingerprint=f"d|{number}", at_ms=at_ms, config_hash=config,
        **(facts | more),
    )  # fmt: skip


def bad_minute() -> list[Transition]:
    """500 openings within a minute, under a new configuration."""
    return [opening(n, BASE_MS + n * 60_000 // MANY) for n in range(MANY)]


def before() -> list[Transition]:
    """A usual day: an opening an hour, long over."""
    return [
        opening(10_000 + hour, BASE_MS - hour * HOUR_MS, "good", historical=True)
        for hour in range(24, 0, -1)
    ]


def shown(receiver: Receiver) -> list[str]:
    """What a screen shows of each message: its kind and its title."""
    bodies = [json.loads(one.body)["data"] for one in receiver.got]
    return [f"{body['kind']:<10} {body['title']}" for body in bodies]


def kinds(receiver: Receiver) -> Counter[str]:
    """How many messages of each kind came."""
    return Counter(line.split()[0] for line in shown(receiver))


def orders_of(notifier: Notifier) -> dict[str, Hold]:
    """Holds it knows of."""
    return notifier.orders.holds


async def fates(broker: Broker, names: Names) -> Counter[str]:
    """Deliveries of the phone, by failure or state."""
    return Counter(
        one.failure if one.failure is not None else one.state
        for one in (await newest(broker, names)).values()
        if one.channel == "phone"
    )


async def recorded(broker: Broker, names: Names, **counts: int) -> None:
    """Return once the deliveries of the phone are in these states, by failure or state."""
    async with asyncio.timeout(60):
        while dict(await fates(broker, names)) != counts:
            await asyncio.sleep(0.05)


async def parted(broker: Broker, names: Names, count: int) -> int:
    """How many of so many openings the phone was sent, once all the others are held."""
    async with asyncio.timeout(60):
        while (found := await fates(broker, names))["sent"] + found["held"] < count:
            await asyncio.sleep(0.05)
    return found["sent"]


def test_a_bad_rule_shows_an_owner_a_screenful_and_ops_one_message(
    embedded_broker: Broker,
) -> None:
    """Twenty messages, over a takeover too; then ends of what was told; then one digest."""

    async def test() -> None:
        broker, names, clock = embedded_broker, names_for(embedded_broker), Clock(BASE_MS + 60_000)
        minute = bad_minute()
        async with receiving() as phone, receiving() as ops:
            publish(broker, names, [*before(), *minute[:15]])
            async with notifying(broker, names, plan_for(phone, ops), clock=clock):
                await phone.until(15)
            assert ops.got == []
            publish(broker, names, minute[15:])
            async with notifying(broker, names, plan_for(phone, ops), clock=clock) as notifier:
                await ops.until(1)
                (held,) = orders_of(notifier).items()
                # What was on its way as the storm was seen arrives beside the message about it.
                told = await parted(broker, names, MANY)
                assert len(phone.got) == told
                await recorded(broker, names, sent=told, held=MANY - told, historical=24)
            assert told <= BORNE
            # The rule is put right: everybody it raised recovers, but for one who is really angry.
            over = [
                opening(n, BASE_MS + 2 * 60_000, reason="recovered", seq=2, after="closed")
                for n in range(MANY - 2)
            ]
            clock.now_ms = BASE_MS + 3 * 60_000
            publish(broker, names, over)
            async with notifying(broker, names, plan_for(phone, ops), clock=clock):
                await phone.until(2 * told)
                assert kinds(phone) == {"fired": told, "recovered": told}
                assert len(ops.got) == 1
            # Nobody releases it.
            clock.now_ms = held[1].until_ms
            async with notifying(broker, names, plan_for(phone, ops), clock=clock):
                await phone.until(2 * told + 1)
                await ops.until(2)
            async with notifying(broker, names, plan_for(phone, ops), clock=clock):
                await recorded(
                    broker, names,
                    sent=2 * told + 3, held=MANY - 2 - told,
                    nothing_to_close=MANY - 2 - told, historical=24,
                )  # fmt: skip
            for name, receiver in (("owner", phone), ("ops", ops)):
                for number, line in enumerate(shown(receiver), 1):
                    print(f"{name} {number:>3}  {line}")  # noqa: T201  # pytest -s shows it
            assert kinds(phone) == {"fired": told, "recovered": told, "digest": 1}
            assert kinds(ops) == {"fired": 1, "closed": 1}
            assert len(phone.got) <= 2 * BORNE + 1
            members = json.loads(phone.got[-1].body)["data"]["members"]
            assert len(members) == 2
            first, last = (json.loads(one.body)["data"] for one in ops.got)
            assert (first["rule"], first["customer"], first["alert_id"]) == (
                RULE, "", last["alert_id"],
            )  # fmt: skip
            assert first["lines"][1].startswith("number of openings 21 (raised at 20)")

    run(test)


def test_releasing_a_storm_tells_what_is_true_and_it_is_not_held_again(
    embedded_broker: Broker,
) -> None:
    """As any hold: by each message, in a digest, or never; whoever takes over knows it is over."""

    async def test() -> None:
        broker, names, clock = embedded_broker, names_for(embedded_broker), Clock(BASE_MS + 60_000)
        minute = bad_minute()[:30]
        async with receiving() as phone, receiving() as ops:
            plan = plan_for(phone, ops)
            publish(broker, names, [*before(), *minute[:25]])
            async with notifying(broker, names, plan, clock=clock) as notifier:
                await ops.until(1)
                ((name, made),) = orders_of(notifier).items()
                assert made.rule == "customer-distress" and made.only_openings
                done = replace(made, released_ms=clock.now_ms, after="send")
                give(broker, [(hold_key(name), msgspec.json.encode(done))], topic=names.control)
                await phone.until(25)
                await ops.until(2)
            publish(broker, names, minute[25:])
            async with notifying(broker, names, plan_for(phone, ops), clock=clock) as notifier:
                await phone.until(30)
                assert orders_of(notifier) == {name: done}
            assert kinds(phone) == {"fired": 30}
            assert kinds(ops) == {"fired": 1, "closed": 1}
            reason = json.loads(ops.got[1].body)["data"]["lines"][-1]
            assert reason.endswith("the hold has ended")

    run(test)


def test_recorded_time_knows_no_storm(embedded_broker: Broker) -> None:
    """`clock: watermark`: files are read as fast as they can be."""

    async def test() -> None:
        broker, names, clock = embedded_broker, names_for(embedded_broker), Clock(BASE_MS + 60_000)
        async with receiving() as phone, receiving() as ops:
            publish(broker, names, [*before(), *bad_minute()[:30]])
            plan = plan_for(phone, ops, clock="watermark")
            async with notifying(broker, names, plan, clock=clock) as notifier:
                await phone.until(30)
                assert orders_of(notifier) == {}

    run(test)


def test_what_a_storm_is_can_be_configured() -> None:
    """Less than twice the usual is weather."""
    storm = {"times": 3, "within": "5m", "floor": 50, "hold": "1h"}
    built = build(load(None, {"storm": storm}).notifier()).storm
    assert (built.times, built.within_ms, built.floor, built.hold_ms) == (3, 300_000, 50, HOUR_MS)
    with pytest.raises(SettingsFileError, match=r"storm\.times"):
        load(None, {"storm": {"times": 1}})


def test_a_storm_s_hold_is_read_as_it_was_written() -> None:
    """What nabz writes it reads, and so does `nabz notifier release`."""
    made = Hold(until_ms=9, rule="r", after="digest", only_openings=True)
    orders = Orders()
    assert orders.apply(b"hold:storm-1", msgspec.json.encode(made))
    assert orders.holding(8) == (("storm-1", made),)
