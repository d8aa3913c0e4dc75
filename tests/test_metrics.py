"""What nabz counts: names, labels and series, walked on processes that have worked."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest
from kafka import KafkaProducer
from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample

from alerts.canary import CANARY
from alerts.channels.base import FAILURES
from alerts.pipeline import REASONS as KEPT
from alerts.pipeline import WAITING
from scoring.records import FAMILIES
from streams.clock import wall_ms
from streams.dead_letters import REASONS as LETTERS
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.embedded import EmbeddedBroker
from streams.ingest.metrics import OUTCOMES as READ
from streams.metrics import CHANNEL_STATES, COMMAND_OUTCOMES, KINDS, LANGUAGES, OUTCOMES
from streams.notifier.build import Plan, build
from streams.notifier.loop import Notifier
from streams.notifier.settings import NotifierSettings
from streams.settings import Settings, load
from streams.simulate.shop import events
from streams.topics import EVENTS
from streams.worker.app import Worker
from streams.worker.census import BANDS, HUMAN, QUIET, SEVERITIES
from streams.worker.configure import apply_config
from tests.alerts.transitions import transition
from tests.notifier.kafka import SESSION_MS, names_for, publish

PAGE = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
PARTITIONS = 4
SERIES_MAX = 500
CHANNELS = {"team", "desk"}
ROLES = frozenset({"ingest", "track"})
CLOSED: dict[tuple[str, str], AbstractSet[str]] = {
    ("nabz_events", "outcome"): {*OUTCOMES},
    ("nabz_transitions", "to"): {"inactive", "pending", "firing", "recovering", "closed"},
    ("nabz_transitions", "severity"): {"warning", "critical"},
    ("nabz_messages", "language"): {*LANGUAGES},
    ("nabz_cue_messages", "family"): {*FAMILIES},
    ("nabz_customers", "band"): {*BANDS},
    ("nabz_quiet_customers", "state"): {*QUIET},
    ("nabz_open_alerts", "severity"): {*SEVERITIES},
    ("nabz_open_alerts", "human"): {*HUMAN},
    ("nabz_dead_letters", "reason"): {*LETTERS},
    ("nabz_ingest_records", "source"): {"events", "commands"},
    ("nabz_ingest_records", "outcome"): {*READ},
    ("nabz_ingest_events", "source"): {"events", "commands"},
    ("nabz_ingest_dead_letters", "reason"): {*LETTERS},
    ("nabz_ingest_lag_seconds", "source"): {"events", "commands"},
    ("nabz_ingest_lag_records", "source"): {"events", "commands"},
    ("nabz_ingest_skipped_records", "source"): {"events", "commands"},
    ("nabz_source_complete_to_timestamp_seconds", "source"): {"events"},
    ("nabz_notifier_transitions", "outcome"): {"planned", "silent", "duplicate", "undecodable"},
    ("nabz_notification_attempts", "channel"): CHANNELS,
    ("nabz_notifications", "channel"): CHANNELS,
    ("nabz_notifications", "reason"): {*KINDS},
    ("nabz_notifications_failed", "channel"): CHANNELS,
    ("nabz_notifications_failed", "failure"): {*FAILURES},
    ("nabz_notifications_dead", "channel"): CHANNELS,
    ("nabz_notification_latency_seconds", "channel"): CHANNELS,
    ("nabz_suppressed", "reason"): {*KEPT},
    ("nabz_kept_back_records", "reason"): {*WAITING},
    ("nabz_delivery_queue_records", "channel"): CHANNELS,
    ("nabz_delivery_oldest_timestamp_seconds", "channel"): CHANNELS,
    ("nabz_channel_state", "channel"): CHANNELS,
    ("nabz_channel_state", "state"): {*CHANNEL_STATES},
    ("nabz_channel_commands", "channel"): CHANNELS,
    ("nabz_channel_commands", "outcome"): {*COMMAND_OUTCOMES},
}
"""Every label, and all it can ever hold; besides them `partition` has the numbers of partitions."""
HELD = {
    "nabz_watermark_timestamp_seconds": {"partition"},
    "nabz_partition_customers": {"partition"},
    "nabz_log_lag_records": {"partition"},
    "nabz_ingest_lag_records": {"source", "partition"},
    "nabz_channel_listening": {"channel"},
}
"""What has no series before a partition is held, or a channel can be answered in; its labels."""


def settings_on(bootstrap: str) -> Settings:
    """A worker that may do anything on this broker."""
    tree = {
        "broker": {"bootstrap": bootstrap, "idempotent": False},
        "partitions": PARTITIONS,
        "replication": 1,
        "metrics": {"worker": {"bind": "127.0.0.1:0"}},
        "canary": "10s",
    }
    return load(None, tree)


def plan() -> Plan:
    """Two channels that write lines."""
    channels = {name: {"type": "terminal"} for name in sorted(CHANNELS)}
    settings = {"channels": channels, "clock": "watermark"}
    return build(NotifierSettings.model_validate(settings), stdout=io.StringIO())


def new_worker() -> CollectorRegistry:
    """What a worker shows before it does anything."""

    async def made() -> CollectorRegistry:
        return Worker(settings_on("127.0.0.1:1"), roles=ROLES).registry

    return asyncio.run(made())


def new_notifier() -> CollectorRegistry:
    """What a notifier shows before it does anything."""

    async def made() -> CollectorRegistry:
        registry = CollectorRegistry()
        Notifier(Broker("127.0.0.1:1"), plan(), registry=registry)
        return registry

    return asyncio.run(made())


def samples(registry: CollectorRegistry) -> Iterator[tuple[str, str, Sample]]:
    """Name and kind of each family of ours, and each sample of it."""
    for family in registry.collect():
        for sample in family.samples:
            yield family.name, family.type, sample


def series(registry: CollectorRegistry) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Every series there is."""
    return {(one.name, frozenset(one.labels.items())) for _, _, one in samples(registry)}


def customers(registry: CollectorRegistry) -> float:
    """How many the partitions hold."""
    name = "nabz_partition_customers"
    return sum(one.value for found, _, one in samples(registry) if found == name)


def walk(registry: CollectorRegistry) -> None:
    """Names in base units, labels of the closed sets above, and few series."""
    count = 0
    for name, kind, sample in samples(registry):
        count += 1
        assert re.fullmatch(r"(nabz|process)_[a-z_]+", name), name
        assert not re.search(r"_(ms|e2|milliseconds|minutes|hours|percent)(_|$)", name), name
        if kind == "counter":
            assert sample.name.endswith(("_total", "_created")), sample
        if kind == "histogram":
            assert name.endswith(("_seconds", "_score")), name
        for label, value in sample.labels.items():
            if label == "le" or name == "nabz_build":
                continue
            if label == "partition":
                assert value in {str(number) for number in range(PARTITIONS)}, sample
                continue
            assert value in CLOSED[name, label], sample
    assert count < SERIES_MAX


@pytest.mark.parametrize("make", [new_worker, new_notifier])
def test_every_label_begins_at_nought_with_all_it_can_hold(make: object) -> None:
    """So that a rate has a beginning, and an alarm on the first failure can fire."""
    registry = make()  # type: ignore[operator]
    walk(registry)
    found: dict[tuple[str, str], set[str]] = {}
    for name, kind, sample in samples(registry):
        if name.startswith("process_"):
            continue
        assert kind != "counter" or sample.name.endswith("_created") or sample.value == 0, sample
        for label, value in sample.labels.items():
            if label != "le" and name != "nabz_build":
                found.setdefault((name, label), set()).add(value)
    names = {name for name, _ in found}
    assert found == {
        where: held for where, held in CLOSED.items() if where[0] in names and where[0] not in HELD
    }


def test_the_two_processes_know_every_closed_set() -> None:
    """None is left that nothing shows."""
    shown = {
        name for registry in (new_worker(), new_notifier()) for name, _, _ in samples(registry)
    }
    assert {name for name, _ in CLOSED} - HELD.keys() <= shown


def test_a_worker_that_has_worked_shows_no_series_more_but_its_partitions() -> None:
    """Customers, their conversations and their alerts leave nothing behind in any label."""

    async def work(broker: Broker) -> CollectorRegistry:
        settings = settings_on(broker.bootstrap)
        worker = Worker(settings, roles=ROLES)
        running = asyncio.create_task(worker.run())
        shown = worker.registry.get_sample_value
        try:
            async with asyncio.timeout(80):
                while not running.done() and (
                    shown("nabz_events_total", {"outcome": "folded"}) or 0
                ) < len(told):
                    await asyncio.sleep(0.1)
                while not running.done() and customers(worker.registry) < len(names):
                    await asyncio.sleep(0.1)
                while not running.done() and not shown("nabz_canary_folded_timestamp_seconds"):
                    await asyncio.sleep(0.1)
        finally:
            worker.stop()
            await asyncio.wait_for(running, 40)
        assert worker.lane is not None
        faust = [type(one).__module__ for one in worker.lane.app.sensors]
        assert faust in ([], ["faust.sensors.monitor"]), "a sensor of Faust's has come"
        return worker.registry

    began_ms = wall_ms() - 60_000
    told = list(events(7, 12, began_ms, duration_ms=60_000, rate_e2=20_000))
    names = {one["customer"] for one in told}
    with EmbeddedBroker() as broker:
        settings = settings_on(broker.bootstrap)
        apply_topics(broker, partitions=PARTITIONS, replication=1)
        apply_config(broker, settings.config(), clock_ms=began_ms)
        producer = KafkaProducer(**broker.kafka_python(), enable_idempotence=False)
        for one in told:
            producer.send(EVENTS, json.dumps(one).encode(), one["customer"].encode())
        producer.close(timeout=10)
        registry = asyncio.run(work(broker))
    walk(registry)
    added = series(registry) - series(new_worker())
    assert {name for name, _ in added} <= HELD.keys()
    assert len([name for name, _ in added if name == "nabz_log_lag_records"]) == PARTITIONS
    bands = [one.value for name, _, one in samples(registry) if name == "nabz_customers"]
    read = [one.value for name, _, one in samples(registry) if one.name == "nabz_messages_total"]
    assert sum(read) > 0
    assert sum(bands) == len(names)
    assert customers(registry) == len(names)
    assert (registry.get_sample_value("nabz_cycle_seconds_count") or 0) > 0
    assert (registry.get_sample_value("nabz_event_lag_seconds_count") or 0) > 0
    assert registry.get_sample_value("nabz_log_skipped_records_total") == 0


def test_a_notifier_that_has_worked_shows_no_series_more(embedded_broker: Broker) -> None:
    """Openings, ends, repeats, garbage, a silent one: all are counted under what is known."""
    registry = CollectorRegistry()

    async def work() -> None:
        names = names_for(embedded_broker)
        told = [transition(1, fingerprint=f"d|{n}", customer=f"c-{n}") for n in range(5)]
        ends = [transition(2, "recovered", fingerprint=f"d|{n}", customer=f"c-{n}") for n in (1, 2)]
        silent = transition(1, "pending", fingerprint="d|p", customer="p", notify=False)
        canary = transition(1, fingerprint="canary", customer=CANARY, notify=False, since_ms=5_000)
        publish(embedded_broker, names, [*told, *told, *ends, silent, canary, b"{"])
        notifier = Notifier(
            embedded_broker, plan(), names=names, session_ms=SESSION_MS, registry=registry
        )
        running = asyncio.create_task(notifier.run())
        seen = "nabz_notifier_transitions_total"
        try:
            async with asyncio.timeout(40):
                while not running.done() and not registry.get_sample_value(
                    seen, {"outcome": "undecodable"}
                ):
                    await asyncio.sleep(0.05)
                sent = {"channel": "team", "reason": "fired"}
                while not registry.get_sample_value("nabz_notifications_total", sent):
                    await asyncio.sleep(0.05)
        finally:
            notifier.stop()
            await asyncio.wait_for(running, 40)
        for outcome, count in (("planned", 7), ("duplicate", 5), ("silent", 2)):
            assert registry.get_sample_value(seen, {"outcome": outcome}) == count
        assert registry.get_sample_value("nabz_canary_last_success_timestamp_seconds") == 5

    asyncio.run(work())
    walk(registry)
    assert series(registry) == series(new_notifier())


def test_the_page_lists_what_is_shown() -> None:
    """Each metric once, with its kind and its labels, and no other."""
    page = PAGE.read_text(encoding="utf-8")
    listed = {}
    rows = re.findall(r"^\| `(nabz_\w+)` \| (\w+) \| (.*?) ?\| ", page, re.MULTILINE)
    for name, kind, labels in rows:
        assert name not in listed
        listed[name] = kind, frozenset(re.findall(r"`(\w+)`", labels))
    shown: dict[str, tuple[str, frozenset[str]]] = {}
    for registry in (new_worker(), new_notifier()):
        for family in registry.collect():
            if family.name.startswith("process_"):
                continue
            suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
            labels = {
                label for sample in family.samples for label in sample.labels if label != "le"
            }
            labels = HELD.get(family.name, labels)
            shown[family.name + suffix] = family.type, frozenset(labels)
    assert listed == shown
