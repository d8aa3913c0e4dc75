"""An owner over Kafka: asleep, awake, and spoken to in their own language."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest
import yaml

from scoring.calendar import DAY_MS
from streams.engine.brokers import Broker
from streams.notifier.build import Plan, build
from streams.notifier.settings import NotifierSettings
from streams.settings import load
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import BASE_MS, HOUR_MS, transition
from tests.notifier.kafka import names_for, newest, notifying, publish
from tests.notifier.receiver import Receiver, receiving
from tests.notifier.test_source_cut import Clock, run

MORNING_MS = (BASE_MS // DAY_MS + 1) * DAY_MS + 8 * HOUR_MS
NIGHT_MS = MORNING_MS - 7 * HOUR_MS


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


def plan_for(receiver: Receiver) -> Plan:
    """One owner, hours as they are without being written."""
    hook = {
        "type": "webhook",
        "url": receiver.url,
        "keys": "env:NABZ_TEST_NEW",
        "allow_loopback": True,
    }
    tree = {
        "channels": {"hook": hook},
        "people": {"ann": {"owns": {"tier": "gold"}, "channels": "hook", "language": "fa"}},
        "routes": [{"to": "owner"}],
    }
    return build(NotifierSettings.model_validate(tree))


def test_an_owner_hears_in_the_morning_in_their_language_and_of_ends_at_night(
    embedded_broker: Broker,
) -> None:
    """Nothing about a customer pages at night, even after a restart; who was told is called off."""

    async def test() -> None:
        broker, names, clock = embedded_broker, names_for(embedded_broker), Clock(BASE_MS)
        day = transition(1, fingerprint="d|day", customer="day")
        night = transition(1, fingerprint="d|n", customer="n", at_ms=NIGHT_MS, severity="critical")
        end = transition(2, "recovered", fingerprint="d|day", customer="day", at_ms=NIGHT_MS)
        async with receiving() as receiver:
            publish(broker, names, [day])
            async with notifying(broker, names, plan_for(receiver), clock=clock):
                await receiver.until(1)
                clock.now_ms = NIGHT_MS
                publish(broker, names, [night, end])
                await receiver.until(2)
            clock.now_ms = MORNING_MS - 1
            async with notifying(broker, names, plan_for(receiver), clock=clock):
                kept = [
                    (one.state, one.failure, one.by)
                    for one in (await newest(broker, names)).values()
                    if one.state != "sent"
                ]
                assert kept == [("suppressed", "quiet_hours", "ann")]
                assert len(receiver.got) == 2
                clock.now_ms = MORNING_MS
                await receiver.until(3)
            bodies = [json.loads(one.body)["data"] for one in receiver.got]
            assert [(body["customer"], body["kind"]) for body in bodies] == [
                ("day", "fired"),
                ("day", "recovered"),
                ("n", "fired"),
            ]
            assert {body["locale"] for body in bodies} == {"fa"}

    run(test)


def test_the_starter_keeps_owners_and_those_who_run_nabz_apart() -> None:
    """With the comments taken away: what is about nabz itself first, then the owner, in hours."""
    starter = resources.files("streams.cli").joinpath("starter.yaml").read_text("utf-8")
    parts = re.findall(r"^#(?:people|storm):.*\n(?:^#.*\n)*", starter, re.MULTILINE)
    assert len(parts) == 2
    tree = yaml.safe_load(re.sub("^#", "", "".join(parts), flags=re.MULTILINE))
    built = build(load(None, {"channels": {"log": {"type": "terminal"}}} | tree).notifier())
    assert [one.to_owner for one in built.routes] == [False, True, False]
    assert built.routes[0].match.labels == {"kind": ("pipeline",)}
    (ann,) = built.audience.people
    assert not ann.critical and ann.hours is not None
    assert built.storm == Plan({}).storm
