"""Many alerts through five channels on a bad day: everything arrives, and every end with it.

`python -m tests.notifier.test_faults HOST:PORT ALERTS` does the same with as many as you like.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import random
import sys
import time
from collections import Counter
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from alerts.audit import Audit
from alerts.delivery import Delivery
from alerts.outputs import Transition
from streams.engine.brokers import Broker
from streams.notifier.build import Plan, build
from streams.notifier.feed import Names
from streams.notifier.loop import Notifier
from streams.notifier.settings import NotifierSettings
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import transition
from tests.notifier.fakes import SERVICES, TOKENS, PagerDuty, Service, serving, settings_of
from tests.notifier.kafka import SESSION_MS, names_for, newest, publish

KINDS = ("webhook", "slack-bot", "pagerduty", "telegram", "alertmanager")


def bad_day(service: Service, seed: int) -> None:
    """Some calls fail in each of the ways calls fail, the others are taken."""
    chance = random.Random(seed)
    taken = service.answer

    def answer(request: web.Request, body: Any) -> web.Response:
        draw = chance.random()
        if draw < 0.05:
            return web.Response(status=500)
        if draw < 0.08:
            return service.too_many(0)
        if draw < 0.1 and request.transport is not None:
            taken(request, body)  # it has it, and does not say so
            request.transport.close()
        return taken(request, body)

    service.answer = answer  # type: ignore[method-assign]


def plan_for(services: dict[str, Service]) -> Plan:
    """Five channels that may be called as often as the machine can."""
    channels = {kind: settings_of(kind, one.url) for kind, one in services.items()}
    settings = {"channels": channels, "clock": "watermark"}
    plan = build(NotifierSettings.model_validate(settings))
    outlets = {}
    for name, outlet in plan.outlets.items():
        one: Any = outlet.channel
        quick = dataclasses.replace(one, limits=dataclasses.replace(one.limits, gap_ms=0))
        outlets[name] = dataclasses.replace(outlet, channel=quick)
    return dataclasses.replace(plan, outlets=outlets)


async def storm(broker: Broker, alerts: int, seed: int) -> dict[str, Any]:
    """Open so many alerts and end them, and say what has become of every message."""
    names = names_for(broker)
    services = {kind: SERVICES[kind]() for kind in KINDS}
    opened = [transition(1, fingerprint=f"d|{n}", customer=f"c-{n}") for n in range(alerts)]
    ended = [
        transition(2, "recovered", fingerprint=f"d|{n}", customer=f"c-{n}") for n in range(alerts)
    ]
    begun_s = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        for number, one in enumerate(services.values()):
            await stack.enter_async_context(serving(one))
            bad_day(one, seed + number)
        plan = plan_for(services)
        registry = CollectorRegistry()
        notifier = Notifier(
            broker, plan, names=names, session_ms=SESSION_MS, registry=registry, jitter=lambda: 0.05
        )
        running = asyncio.create_task(notifier.run())
        try:
            await notifier.sending()
            publish(broker, names, opened)
            await until(broker, names, len(KINDS) * alerts)
            publish(broker, names, ended)
            found = await until(broker, names, 2 * len(KINDS) * alerts)
        finally:
            notifier.stop()
            await asyncio.wait_for(running, 60)
    return {
        "took_s": round(time.monotonic() - begun_s, 1),
        "calls": {kind: len(one.calls) for kind, one in services.items()},
        "states": Counter(f"{one.channel} {one.state}" for one in found.values()),
        "without a record": unrecorded([*opened, *ended], found),
        "without an end": unended(services, found),
    }


def unrecorded(told: list[Transition], found: dict[str, Delivery]) -> int:
    """Messages the auditor would miss."""
    audit = Audit()
    for one in told:
        audit.changed(one, KINDS, 0)
    for delivery in found.values():
        audit.recorded(delivery, 0)
    return audit.expecting


def unended(services: dict[str, Service], found: dict[str, Delivery]) -> dict[str, int]:
    """Alerts each receiver shows as open at the end, in the message that we know of."""
    known = {one.provider_ref for one in found.values()}
    pager, am = services["pagerduty"], services["alertmanager"]
    assert isinstance(pager, PagerDuty)
    hook = Counter(one.body["data"]["alert_id"] for one in services["webhook"].seen.values())
    chats = {
        kind: sum(
            one.parent is None
            and {ident, f"C0123:{ident}"} & known != set()
            and not one.text.startswith("[recovered]")
            for ident, one in services[kind].seen.items()
        )
        for kind in ("slack-bot", "telegram")
    }
    return chats | {
        "webhook": sum(count != 2 for count in hook.values()),
        "pagerduty": sum(state != "resolved" for state in pager.state.values()),
        "alertmanager": sum("13:20.000Z" not in one.body["endsAt"] for one in am.seen.values()),
    }


async def until(broker: Broker, names: Names, count: int) -> dict[str, Delivery]:
    """The deliveries, once there are so many and none is open."""
    while True:
        found = await newest(broker, names)
        if len(found) >= count and not any(one.open for one in found.values()):
            return found
        await asyncio.sleep(max(0.2, count / 2_000))  # reading all of it takes its time too


def secrets() -> dict[str, str]:
    """What the channels read from the environment."""
    named = {f"NABZ_TEST_{name.upper()}": token for name, token in TOKENS.items()}
    return named | {"NABZ_TEST_NEW": SECRETS[0]}


def test_on_a_bad_day_everything_arrives_and_every_end_with_it(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls fail in one of ten: nothing is lost, nothing stays open."""
    for name, value in secrets().items():
        monkeypatch.setenv(name, value)
    alerts = 40
    found = asyncio.run(asyncio.wait_for(storm(broker, alerts, seed=1), 100))
    assert found["states"] == {f"{kind} sent": 2 * alerts for kind in KINDS}
    assert found["without a record"] == 0
    assert set(found["without an end"].values()) == {0}
    assert sum(found["calls"].values()) > len(KINDS) * 2 * alerts, "some calls did fail"


if __name__ == "__main__":
    import structlog

    os.environ.update(secrets())
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # a line each is too much
    print(asyncio.run(storm(Broker(sys.argv[1]), int(sys.argv[2]), seed=1)))  # noqa: T201
