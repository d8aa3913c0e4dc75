"""Topics of its own for one test, an ingest in this process, and what came of it."""

from __future__ import annotations

import asyncio
import functools
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from kafka import KafkaConsumer, TopicPartition

from scoring.records import LogRecord, Reading, Turn, decode_record
from streams.control import Control, Progress
from streams.dead_letters import DeadLetter
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.ingest.batch import Names
from streams.ingest.loop import Ingest
from streams.settings import load
from streams.topics import Topic

PARTITIONS = 4


class CrashError(Exception):
    """The process ends here, as far as the broker can tell."""


def read(text: str, _role: str) -> Reading:
    """Count words: what a text means is not what these tests are about."""
    return Reading("en", sentiment_e4=-500, turn=Turn(len(text.split())))


def crash_at(point: str, *, after: int = 0) -> Callable[[str], None]:
    """A hook that crashes when a point is reached, the first times let through."""
    left = [after]

    def at(reached: str) -> None:
        if reached == point:
            left[0] -= 1
            if left[0] < 0:
                raise CrashError(point)

    return at


def on_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an asynchronous test on a loop of its own; fixtures are those it asks for."""

    @functools.wraps(test)
    def run(*args: Any, **given: Any) -> None:
        async def whole() -> None:
            await test(*args, **given)

        asyncio.run(whole())

    return run


async def until(what: str, condition: Callable[[], bool], *, timeout_s: float = 40.0) -> None:
    """Wait for a condition; fail with its name when it does not come true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        await asyncio.sleep(0.02)


@dataclass
class World:
    """One installation."""

    broker: Broker
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    def __post_init__(self) -> None:
        """Create the topics."""
        kinds = ("events", "commands", "log", "control", "identities", "dead_letters")
        self.names = Names(**{kind: f"{self.name}.{kind}" for kind in kinds}, group=self.name)
        self.chat = f"{self.name}.chat"
        names = self.names
        one = {names.control, names.dead_letters}
        wanted = [getattr(names, kind) for kind in kinds] + [self.chat]
        apply_topics(
            self.broker,
            partitions=PARTITIONS,
            replication=1,
            topics=[Topic(name, "one" if name in one else "log") for name in wanted],
        )

    def ingest(self, tree: Mapping[str, Any], **given: Any) -> Ingest:
        """An ingest with these settings."""
        base = {"partitions": PARTITIONS, "ingest": {"session": "6s", "progress_every": "100ms"}}
        settings = load(None, {**base, **tree})
        return Ingest(settings, self.broker, names=self.names, **{"read": read, **given})

    @asynccontextmanager
    async def running(self, ingest: Ingest) -> AsyncIterator[Ingest]:
        """Let it run while the block does, then stop it in good order."""
        task = asyncio.create_task(ingest.run())
        try:
            yield ingest
        finally:
            ingest.stop()
            await asyncio.wait_for(task, 60)

    async def send(
        self, topic: str, items: Iterable[tuple[int, bytes | None, bytes | None]]
    ) -> None:
        """Produce partition, key, value."""
        producer = AIOKafkaProducer(**self.broker.aiokafka(), enable_idempotence=False)
        await producer.start()
        try:
            for partition, key, value in items:
                await producer.send(topic, value, key=key, partition=partition)
            await producer.flush()
        finally:
            await producer.stop()

    def records(self, topic: str) -> list[Any]:
        """Every record of a topic by partition and offset, to its present end."""
        consumer = KafkaConsumer(
            **self.broker.kafka_python(), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            count = 1 if topic in {self.names.control, self.names.dead_letters} else PARTITIONS
            partitions = [TopicPartition(topic, number) for number in range(count)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            found: list[Any] = []
            quiet = 0
            while quiet < 2:
                polled = consumer.poll(timeout_ms=200, max_records=10_000)
                quiet = 0 if polled else quiet + 1
                for some in polled.values():
                    found.extend(some)
            return sorted(found, key=lambda one: (one.partition, one.offset))
        finally:
            consumer.close()

    def log(self) -> list[tuple[str, LogRecord]]:
        """The customer log: customer and record."""
        return [
            (one.key.decode(), decode_record(one.value)) for one in self.records(self.names.log)
        ]

    def letters(self) -> list[DeadLetter]:
        """What was put aside."""
        return [
            msgspec.json.decode(one.value, type=DeadLetter)
            for one in self.records(self.names.dead_letters)
        ]

    def progress(self) -> list[Progress]:
        """The last progress of each source partition, in the order of their names."""
        control = Control()
        for one in self.records(self.names.control):
            control.apply(one.key, one.value)
        return [control.progress[place] for place in sorted(control.progress)]


def line(**fields: Any) -> bytes:
    """A record."""
    return json.dumps(fields).encode()


def folded(log: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What a fold makes of a log: fence per customer and source partition, and event ids."""
    fences: dict[Any, tuple[int, int]] = {}
    seen: set[tuple[str, str]] = set()
    kept: list[tuple[str, Any]] = []
    for customer, record in log:
        origin = record.origin
        at = origin.offset, origin.index
        fence = customer, origin.source, origin.epoch, origin.partition
        if record.ordered:
            if at <= fences.get(fence, (-1, -1)):
                continue
            fences[fence] = at
        if (customer, record.event_id) in seen:
            continue
        seen.add((customer, record.event_id))
        kept.append((customer, record))
    return kept


def write_lines(path: Path, lines: Iterable[bytes]) -> Path:
    """A file of these lines."""
    path.write_bytes(b"".join(one + b"\n" for one in lines))
    return path
