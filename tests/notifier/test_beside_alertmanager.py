"""The same two stories to a real Alertmanager and to our notifier, each with a webhook of its own.

`docs/notifier.md` shows the difference. An Alertmanager loses the end of what it has told of when a
silence comes between, and says nothing at all of what its receiver could not take at first.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from alerts.silences import Silence, matcher
from streams.clock import wall_ms
from streams.engine.brokers import Broker
from streams.notifier.orders import give, silence_key
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import HOUR_MS, transition
from tests.notifier.kafka import names_for, newest, notifying, publish
from tests.notifier.receiver import Answer, Received, receiving
from tests.notifier.test_alertmanager import Alertmanager, against, now
from tests.notifier.test_contract import said
from tests.notifier.test_notifier import kinds, plan_for, run, settings_for, settled


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


async def over(am: Alertmanager) -> None:
    """Return once it has thought about the end: it has told that of an alert that began later.

    An alert that is over leaves its API at once; what is told of it is decided each two seconds.
    """
    later: dict[str, Any] = {"customer": "c-9", "fingerprint": "d|9"}
    for message, there in (
        (said(**later), ["firing"]),
        (said(2, "recovered", **later), ["firing", "resolved"]),
    ):
        await am.tell(now(message))
        async with asyncio.timeout(30):
            while statuses(am.told.got, "c-9") != there:
                await asyncio.sleep(0.05)


def statuses(got: list[Received], customer: str = "c-102") -> list[str]:
    """What an Alertmanager has told of a customer."""
    alerts = [alert for one in got for alert in json.loads(one.body)["alerts"]]
    return [one["status"] for one in alerts if one["labels"]["customer"] == customer]


def once_busy() -> Answer:
    """Answer 429 the first time, and take everything from then on."""
    answers = iter([429])
    return lambda _: web.Response(status=next(answers, 200), headers={"Retry-After": "1"})


def test_an_alertmanager_swallows_an_end_that_a_silence_meets(tmp_path: Path) -> None:
    """Whoever was called is not called off."""

    async def test(am: Alertmanager) -> None:
        await am.tell(now(said()))
        assert await am.heard(1) == [("firing", "warning")]
        span = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"}
        who = {"name": "customer", "value": "c-102", "isRegex": False}
        silence = {**span, "matchers": [who], "createdBy": "t", "comment": "t"}
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{am.url}/api/v2/silences", json=silence) as answer,
        ):
            assert answer.status == 200
        await am.tell(now(said(2, "recovered")))
        await over(am)
        assert statuses(am.told.got) == ["firing"]

    against(tmp_path, test)


def test_nabz_tells_an_end_that_a_silence_meets(broker: Broker) -> None:
    """Whoever was called is called off."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            publish(broker, names, [transition(1)])
            async with notifying(broker, names, plan_for(settings_for(receiver))) as notifier:
                await receiver.until(1)
                made = Silence(wall_ms() + HOUR_MS, wall_ms(), (matcher("customer=c-102"),))
                key = silence_key("s", "silence")
                give(broker, [(key, msgspec.json.encode(made))], topic=names.control)
                another = transition(1, fingerprint="d|2")  # of the same customer: it is silenced
                while notifier.orders.silencing(wall_ms(), "silence") == ():
                    await asyncio.sleep(0.01)
                publish(broker, names, [another, transition(2, "recovered")])
                found = await settled(broker, names, 3)
            assert [kind for _, kind in kinds(receiver)] == ["fired", "recovered"]
            assert sum(one.failure == "silence" for one in found.values()) == 1

    run(test)


def test_an_alertmanager_says_nothing_of_what_its_receiver_could_not_take(tmp_path: Path) -> None:
    """One 429, and the alert is over before the next round: neither is ever told."""

    async def test(am: Alertmanager) -> None:
        am.told.answer = once_busy()
        await am.tell(now(said()))
        await am.told.until(1)
        await am.tell(now(said(2, "recovered")))
        await over(am)
        assert statuses(am.told.got) == ["firing"], "the one that was not taken"

    against(tmp_path, test)


def test_nabz_says_both_in_one_message_once_its_receiver_can_take_it(broker: Broker) -> None:
    """What has fired and recovered meanwhile is told as that."""

    async def test() -> None:
        names = names_for(broker)
        async with receiving() as receiver:
            receiver.answer = once_busy()
            publish(broker, names, [transition(1)])
            async with notifying(broker, names, plan_for(settings_for(receiver))):
                await receiver.until(1)
                publish(broker, names, [transition(2, "recovered")])
                await settled(broker, names, 2)
                states = sorted(one.state for one in (await newest(broker, names)).values())
            assert [kind for _, kind in kinds(receiver)] == ["fired", "fired_and_recovered"]
            assert states == ["sent", "superseded"]

    run(test)
