"""The stop button over Kafka: read before anything is sent, followed while it runs."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from alerts.holds import Hold
from alerts.silences import Silence, matcher
from streams.clock import wall_ms
from streams.engine.brokers import Broker
from streams.engine.kafka_reads import ReadError
from streams.notifier.feed import Names
from streams.notifier.orders import Orders, give, hold_key, silence_key
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import HOUR_MS, MINUTE_MS
from tests.notifier.kafka import names_for, newest, notifying, publish
from tests.notifier.receiver import Receiver, receiving
from tests.notifier.test_notifier import (
    customers,
    ends,
    kinds,
    plan_for,
    run,
    settings_for,
    settled,
)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


def press(broker: Broker, names: Names, **changes: Any) -> None:
    """Give the order, as the command line does."""
    made = replace(Hold(until_ms=wall_ms() + HOUR_MS, text="drill"), **changes)
    give(broker, [(hold_key("h"), msgspec.json.encode(made))], topic=names.control)


def data(receiver: Receiver) -> list[dict[str, Any]]:
    """What came, in order."""
    return [json.loads(one.body)["data"] for one in receiver.got]


def test_a_hold_from_before_the_start_holds_and_a_digest_follows(broker: Broker) -> None:
    """Nothing is sent through it, not even once; then one message, then each end."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            press(broker, names)
            publish(broker, names, customers(7))
            async with notifying(broker, names, plan_for(settings_for(receiver))) as notifier:
                assert notifier.holding == ("h",)
                held = await settled(broker, names, 7)
                assert {one.failure for one in held.values()} == {"held"}
                assert receiver.got == []
                press(broker, names, released_ms=wall_ms(), after="digest")
                await receiver.until(1)
                publish(broker, names, ends(7))
                await receiver.until(8)
                found = await settled(broker, names, 15)
            bodies = data(receiver)
            assert bodies[0]["kind"] == "digest" and len(bodies[0]["members"]) == 7
            assert bodies[0]["lines"][-1] == "and 2 more"
            assert Counter(one["kind"] for one in bodies[1:]) == {"recovered": 7}
            assert "members" not in bodies[1]
            assert {one.state for one in found.values()} == {"sent"}

    run(test)


def test_a_hold_stops_what_is_being_tried_and_ends_by_itself(broker: Broker) -> None:
    """Pressed while a notifier runs; the end of what was told waits for the clock, no longer."""

    async def test() -> None:
        names = names_for(broker)
        ahead_ms = 0
        async with receiving() as receiver:
            plan = plan_for(settings_for(receiver))
            async with notifying(
                broker, names, plan, clock=lambda: wall_ms() + ahead_ms
            ) as notifier:
                publish(broker, names, customers(1))
                await receiver.until(1)
                until_ms = wall_ms() + MINUTE_MS
                press(broker, names, channel="hook", until_ms=until_ms)
                while notifier.holding != ("h",):
                    await asyncio.sleep(0.01)
                publish(broker, names, [*ends(1), customers(2)[1]])
                while Counter(one.failure for one in (await newest(broker, names)).values()) != {
                    None: 1,
                    "held": 2,
                }:
                    await asyncio.sleep(0.01)
                assert len(receiver.got) == 1
                ahead_ms = 2 * MINUTE_MS
                # Another order, as nobody tells the scheduler that the clock has jumped.
                press(broker, names, channel="hook", until_ms=until_ms)
                await receiver.until(3)
                await settled(broker, names, 3)
            assert Counter(kinds(receiver)) == {
                ("c-0", "fired"): 1,
                ("c-0", "recovered"): 1,
                ("c-1", "fired"): 1,
            }

    run(test)


def test_an_order_that_cannot_be_read_changes_nothing() -> None:
    """A hold without an end is none: nobody would ever hear anything again."""
    orders = Orders()
    for value in (b"{", b"{}", b'{"until_ms": "soon"}', b'{"until_ms": 9, "after": "forget"}'):
        assert not orders.apply(b"hold:a", value)
    assert orders.holding(0) == ()
    assert not orders.apply(b"progress:a:0:0", b"{}")
    assert not orders.apply(None, b"{}")


def test_an_order_of_ingest_is_read_too() -> None:
    """With the fields a command has, whoever wrote them."""
    orders = Orders()
    value = {"verb": "hold", "until_ms": 9, "actor": "ann", "command_id": "x", "text": "why"}
    assert orders.apply(b"hold:a", msgspec.json.encode(value))
    assert orders.holding(8) == (("a", Hold(until_ms=9, actor="ann", text="why")),)
    assert orders.apply(b"hold:a", None)
    assert orders.holding(8) == ()


def test_nobody_to_take_an_order_is_said() -> None:
    """At once, with the address."""
    with pytest.raises(ReadError, match=r"nobody listens at 127\.0\.0\.1:9"):
        give(Broker("127.0.0.1:9", idempotent=False), [(b"hold:a", None)])


def test_a_silence_lasts_between_its_times_and_is_forgotten_a_month_later() -> None:
    """Silences and maintenance apart, as they have stages of their own."""
    orders = Orders()
    silence = Silence(100, 10, (matcher("tier=gold"),))
    work = Silence(100, 10, verb="maintenance", from_ms=50)
    assert orders.apply(silence_key("a", "silence"), msgspec.json.encode(silence))
    assert orders.apply(silence_key("b", "maintenance"), msgspec.json.encode(work))
    assert not orders.apply(b"silence:c", b'{"until_ms": 100, "ts_ms": 10}')
    assert orders.silencing(40, "silence") == (("a", silence),)
    assert orders.silencing(40, "maintenance") == ()
    assert orders.silencing(50, "maintenance") == (("b", work),)
    assert orders.silencing(100, "silence") == ()
    month_ms = 30 * 24 * HOUR_MS
    assert orders.forgettable(100 + month_ms) == []
    assert orders.forgettable(101 + month_ms) == [b"silence:a", b"maintenance:b"]
    assert orders.apply(b"silence:a", None)
    assert orders.silencing(40, "silence") == ()
