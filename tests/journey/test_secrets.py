"""What customers write, and what opens a channel, is nowhere but where it belongs."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import Iterator, Mapping
from functools import partial

import pytest
import structlog
from aiohttp import web
from kafka import KafkaProducer
from prometheus_client import CollectorRegistry, generate_latest

from streams.clock import wall_ms
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.embedded import EmbeddedBroker, free_port
from streams.logs import configure
from streams.notifier.build import build
from streams.notifier.loop import Notifier
from streams.settings import Settings, load
from streams.topics import COMMANDS, CONTROL, EVENTS, LOG, TRANSITIONS
from streams.worker.app import Worker
from streams.worker.configure import apply_config
from tests.ingest.world import until
from tests.notifier.receiver import Received, Receiver, receiving

PARTITIONS = 2
WORDS = "xylograph"
"""In every text; no such word stands anywhere in nabz."""
NAME = "Zebulonia Quarrington"
MAIL = "zq-private@example.org"
PATH = "hush-path-7f3a"
KEY = "whsec_" + base64.b64encode(b"hush-key-of-32-bytes-hush-hush-1").decode()
ANSWER = "hush-answer-of-a-receiver"
SECRETS = (WORDS, NAME, MAIL, PATH, KEY, KEY.removeprefix("whsec_"), ANSWER)

MET = (
    ("nabz_dead_letters_total", {"reason": "fold_failed"}),
    ("nabz_ingest_dead_letters_total", {"reason": "not_json"}),
    ("nabz_notifications_total", {"channel": "desk", "reason": "fired"}),
    ("nabz_notifications_failed_total", {"channel": "desk", "failure": "server_error"}),
    ("nabz_notifications_failed_total", {"channel": "away", "failure": "unreachable"}),
    ("nabz_notifier_transitions_total", {"outcome": "undecodable"}),
)
"""What goes well and what fails, each at least once."""


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All that is logged, libraries included, down to the lowest level of ours."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    out = io.StringIO()
    configure(level="DEBUG", json=True, stream=out)
    yield out
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


def settings_on(broker: Broker) -> Settings:
    """A channel that stumbles, and one where nobody answers."""
    channel = {"type": "webhook", "keys": "env:NABZ_TEST_KEY", "allow_loopback": True}
    return load(
        None,
        {
            "broker": {"bootstrap": broker.bootstrap, "idempotent": False},
            "partitions": PARTITIONS,
            "replication": 1,
            "metrics": {"worker": {"bind": "127.0.0.1:0"}},
            "rules": [{"id": "upset", "raise_at": 10, "clear_at": 5}],
            "channels": {
                "desk": {**channel, "url": "env:NABZ_TEST_URL"},
                "away": {**channel, "url": "env:NABZ_TEST_AWAY"},
            },
            "routes": [{"channels": ["desk", "away"]}],
        },
    )


def written() -> list[tuple[str, bytes, bytes]]:
    """Topic, key and value: what is meant, and what every reader stumbles over."""
    now_ms = wall_ms()
    told: list[dict[str, object]] = [
        {"kind": "profile", "customer": "c-1", "ts": now_ms, "name": NAME},
        {
            "kind": "message", "customer": "c-1", "author": "customer", "ts": now_ms,
            "conversation": "t-1", "text": f"I am furious, I will sue you! {WORDS} {MAIL}",
        },
        {"kind": "message", "customer": "c-2", "author": WORDS, "ts": now_ms, "text": WORDS},
        {"kind": "message", "customer": "c-2", "author": "customer", "ts": WORDS, "text": WORDS},
        {"kind": WORDS, "customer": "c-2", "ts": now_ms, "text": MAIL},
    ]  # fmt: skip
    broken = f'{{"text": "{WORDS} {MAIL}", '.encode()
    return [
        *((EVENTS, str(one["customer"]).encode(), json.dumps(one).encode()) for one in told),
        (EVENTS, b"c-3", broken),
        (EVENTS, b"c-3", b"\xff" + WORDS.encode()),
        (COMMANDS, b"c-1", json.dumps({"verb": "note", "text": WORDS, "actor": NAME}).encode()),
        (COMMANDS, b"c-1", json.dumps({"verb": WORDS, "actor": NAME}).encode()),
        (LOG, b"c-4", broken),
        (LOG, WORDS.encode() + b"\xff", broken),
        (TRANSITIONS, b"x", broken),
        (CONTROL, b"silence:x", broken),
    ]


def publish(broker: Broker, records: list[tuple[str, bytes, bytes]]) -> None:
    """Append, acknowledged."""
    producer = KafkaProducer(**broker.kafka_python(), acks="all", enable_idempotence=False)
    try:
        for future in [producer.send(topic, value, key) for topic, key, value in records]:
            future.get(timeout=20)
    finally:
        producer.close(timeout=5)


async def lived(
    broker: Broker, settings: Settings, hook: Receiver
) -> Mapping[str, CollectorRegistry]:
    """A worker and a notifier, until all of it has been met."""
    worker = Worker(settings, roles=frozenset({"ingest", "track"}))
    heard = CollectorRegistry()
    notifier = Notifier(broker, build(settings.notifier()), session_ms=6_000, registry=heard)
    stumbles: list[Received] = []

    def answer(one: Received) -> web.Response:
        stumbles.append(one)
        return web.Response(status=200 if len(stumbles) > 1 else 500, text=ANSWER)

    hook.answer = answer
    running = [asyncio.create_task(worker.run()), asyncio.create_task(notifier.run())]
    try:
        for name, labels in MET:
            registry = heard if name.startswith("nabz_noti") else worker.registry

            met = partial(registry.get_sample_value, name, labels)
            await until(
                f"{name} {labels}",
                lambda met=met: bool(met()) or any(one.done() for one in running),  # type: ignore[misc]
                timeout_s=90,
            )
    finally:
        notifier.stop()
        worker.stop()
        await asyncio.wait_for(asyncio.gather(*running), 60)
    return {"worker": worker.registry, "notifier": heard}


def test_no_secret_is_in_a_log_a_metric_or_a_header(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words, names and keys, through everything that goes well and everything that fails."""

    async def go(broker: Broker) -> tuple[Mapping[str, CollectorRegistry], list[Received]]:
        async with receiving() as hook:
            monkeypatch.setenv("NABZ_TEST_KEY", KEY)
            monkeypatch.setenv("NABZ_TEST_URL", f"{hook.url}?of={PATH}")
            monkeypatch.setenv("NABZ_TEST_AWAY", f"http://127.0.0.1:{free_port()}/{PATH}")
            return await lived(broker, settings_on(broker), hook), hook.got

    monkeypatch.setenv("NABZ_TEST_KEY", KEY)
    for name in ("NABZ_TEST_URL", "NABZ_TEST_AWAY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    with EmbeddedBroker() as broker:
        apply_topics(broker, partitions=PARTITIONS, replication=1)
        apply_config(broker, settings_on(broker).config(), clock_ms=wall_ms())
        publish(broker, written())
        registries, got = asyncio.run(go(broker))
    said = lines.getvalue()
    assert all(json.loads(line) for line in said.splitlines())
    events = {json.loads(line)["event"] for line in said.splitlines()}
    assert {"command.taken", "delivery.attempted", "transition.undecodable"} <= events
    for secret in SECRETS:
        assert secret not in said, secret
        for name, registry in registries.items():
            assert secret not in generate_latest(registry).decode(), (name, secret)
        for one in got:
            assert not any(secret in value for value in one.headers.values()), secret
    assert NAME in got[-1].body.decode(), "who it is about is told where it should be"
    assert WORDS not in got[-1].body.decode()
