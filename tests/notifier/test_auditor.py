"""The auditor over Kafka: silent while all is recorded, loud and without a heartbeat when not."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec
import pytest
from kafka import KafkaProducer
from prometheus_client import CollectorRegistry, Gauge

from alerts.audit import PATIENCE_MS
from alerts.delivery import planned
from streams.clock import wall_ms
from streams.engine.brokers import Broker
from streams.notifier.auditor import Auditor
from streams.notifier.build import ChannelConfigError, build
from streams.notifier.settings import NotifierSettings
from tests.alerts.transitions import transition
from tests.notifier.kafka import names_for, publish
from tests.notifier.receiver import receiving
from tests.notifier.test_notifier import plan_for, run

SETTINGS: dict[str, Any] = {"channels": {"screen": {"type": "terminal"}}, "clock": "watermark"}


def test_what_has_no_record_is_an_alarm_and_stops_the_heartbeat(embedded_broker: Broker) -> None:
    """Five minutes; then the record comes, and all is well again."""

    async def test() -> None:
        names = names_for(embedded_broker)
        async with receiving() as receiver:
            heartbeat = {"url": receiver.url, "allow_loopback": True}
            plan = plan_for(SETTINGS | {"heartbeat": heartbeat})
            gauge = Gauge("lost", "Lost", registry=CollectorRegistry())
            ahead_ms = 0
            auditor = Auditor(
                embedded_broker,
                names,
                plan,
                gauge,
                clock=lambda: wall_ms() + ahead_ms,
                every_s=0.05,
            )
            task = asyncio.create_task(auditor.run(0, 0))
            await receiver.until(2)
            publish(embedded_broker, names, [transition()])
            while auditor.expecting == 0:
                await asyncio.sleep(0.01)
            ahead_ms = PATIENCE_MS + 1
            while gauge._value.get() != 1:  # the client has no other way to ask
                await asyncio.sleep(0.01)
            pings = len(receiver.got)
            for _ in range(3):
                assert auditor.look() == 1
                await asyncio.sleep(0.06)
            assert len(receiver.got) == pings
            made = planned(transition(), channel="screen", offset=0, now_ms=wall_ms())
            producer = KafkaProducer(**embedded_broker.kafka_python(), enable_idempotence=False)
            producer.send(names.deliveries, msgspec.json.encode(made), partition=0).get(timeout=20)
            producer.close(timeout=5)
            await receiver.until(pings + 1)
            assert auditor.look() == 0
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            assert plan.heartbeat is not None
            await plan.heartbeat.sender.close()

    run(test)


def test_a_heartbeat_to_a_private_address_stops_start_up() -> None:
    """The guard of the channels is its guard too."""
    for url in ("http://127.0.0.1:9/", "https://169.254.169.254/latest", "ftp://x.example"):
        settings = NotifierSettings.model_validate({"heartbeat": {"url": url}})
        with pytest.raises(ChannelConfigError, match="heartbeat: the address"):
            build(settings)
