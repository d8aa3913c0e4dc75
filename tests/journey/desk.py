"""A support desk on a Kafka of its own: foreign topics, whole workers as processes, and the truth.

What is written to the topics is shaped as a helpdesk would: an agent turn names only the thread.
What should come of it is counted apart, from the simulator's events, with no code of ingest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

from alerts.header import unpack_header
from alerts.row import decode_partition_row, decode_row
from scoring.records import PARTITION_KEY
from streams.control import Control
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.engine.kafka_reads import read
from streams.engine.rows import Rows
from streams.settings import Settings, load
from streams.simulate.shop import Event, events
from streams.topics import CONTROL, DEAD_LETTERS, ROWS, TOPICS, Topic
from streams.worker.configure import apply_config
from tests.engine import workers

PARTITIONS = 4
ROOT = Path(__file__).resolve().parents[2]
_YAML = """\
clock: {clock}
partitions: {partitions}
replication: {replication}
ingest: {{session: 6s}}
sources:
  chat:
    topic: desk.chat
    customer: from_conversation
    writer: $.from.id
    conversation: $.thread
    author: {{path: $.from.role, map: {{customer: customer, agent: agent, bot: bot}}}}
    ts: $.at
    event_id: $.id
    text: $.body
  steps:
    topic: desk.steps
    kind: interaction
    customer: $.user
    type: $.type
    ts: $.at
    event_id: $.id
scoring:
  interactions:
    payment_failed: {{points: 4}}
    page_error: {{points: 3}}
    login_failed: {{points: 3}}
    app_crash: {{points: 4}}
    case_solved: {{points: 20, family: relief}}
"""


until = partial(workers.until, timeout_s=90.0, step_s=0.2)
"""Waits for a condition; whole processes take their time."""


@dataclass
class Desk:
    """Topics, settings and workers of one installation.

    Attributes:
        partitions: Of the log and of all topics of the desk.
        replication: Copies of each.
        expected: Events by customer, each counted once.
        repeated: Records written a second time.
    """

    broker: Broker
    directory: Path
    clock: str = "live"
    partitions: int = PARTITIONS
    replication: int = 1
    expected: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Create topics and settings, and put the configuration in force."""
        self.config = self.directory / "nabz.yaml"
        self.config.write_text(
            _YAML.format(
                clock=self.clock, partitions=self.partitions, replication=self.replication
            ),
            encoding="utf-8",
        )
        self.settings: Settings = load(
            self.config, {"broker": {"bootstrap": self.broker.bootstrap}}
        )
        foreign = (Topic("desk.chat", "log"), Topic("desk.steps", "log"))
        for topics in (TOPICS, foreign):
            apply_topics(
                self.broker,
                partitions=self.partitions,
                replication=self.replication,
                topics=topics,
            )
        apply_config(self.broker, self.settings.config(), clock_ms=int(time.time() * 1000))
        self._producer = KafkaProducer(
            **self.broker.kafka_python(), enable_idempotence=False, linger_ms=5
        )

    def write(self, told: Iterator[Event], *, count: int, repeat_every: int = 20) -> None:
        """Write so many of the simulator's messages and interactions, some of them twice."""
        written = 0
        for event in told:
            record = shaped(event)
            if record is None:
                continue
            topic, key, value = record
            self.expected[event["customer"]] += 1
            self._send(topic, key, value)
            written += 1
            if written % repeat_every == 0:
                self._send(topic, key, value)
                self.repeated += 1
            if written == count:
                break
        self._producer.flush()

    def spoil(self, values: list[bytes]) -> None:
        """Write records nobody can read."""
        for number, value in enumerate(values):
            self._producer.send("desk.chat", value, partition=number % self.partitions)
        self._producer.flush()

    def _send(self, topic: str, key: str, value: dict[str, Any]) -> None:
        place = partition_of(key.encode(), self.partitions)
        self._producer.send(topic, json.dumps(value).encode(), key=key.encode(), partition=place)

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker with both roles; settings may be given as `NABZ_` variables."""
        log = self.directory / f"worker-{len(self.workers)}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603  # our own command
                [
                    sys.executable, "-m", "streams.cli.main", "worker",
                    "--config", str(self.config), "--broker", self.broker.bootstrap,
                ],
                cwd=ROOT,
                env={**os.environ, "NABZ_METRICS__WORKER__BIND": "127.0.0.1:0", **environment},
                stdout=sink,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.workers.append(process)
        return process

    def close(self) -> None:
        """End what we started, each by its id."""
        self._producer.close()
        for process in self.workers:
            if process.poll() is None:
                process.kill()
                process.wait()

    # ------------------------------------------------------------------ what came of it

    def control(self) -> Control:
        """The control topic as it is now."""
        control = Control()
        for records in read(self.broker, CONTROL):
            for record in records:
                control.apply(record.key, record.value)
        return control

    def rows(self) -> dict[int, dict[bytes, bytes]]:
        """Rows as a new worker would restore them: by highest fence."""
        rows = Rows()
        for records in read(self.broker, ROWS):
            rows.restore(records[0].partition, records)
        return {number: dict(rows.of(number)) for number in range(self.partitions)}

    def accounted(self) -> tuple[int, int, int]:
        """Events appended by ingest; folded, and left out as duplicates, by the partitions."""
        appended = sum(one.counts.events for one in self.control().progress.values())
        folded = duplicates = 0
        for rows in self.rows().values():
            if PARTITION_KEY in rows:
                row = decode_partition_row(rows[PARTITION_KEY])
                folded += sum(row.folded.values())
                duplicates += sum(row.duplicates.values())
        return appended, folded, duplicates

    def await_folded(self) -> None:
        """Wait until everything written is folded; show the logs where it is not."""
        wanted = sum(self.expected.values())
        try:
            until("all events folded", lambda: self.accounted()[1] >= wanted)
        except AssertionError as error:
            logs = "\n".join(
                path.read_text(encoding="utf-8", errors="replace")[-2000:]
                for path in sorted(self.directory.glob("worker-*.log"))
            )
            raise AssertionError(f"{error}: {self.accounted()} of {wanted}\n{logs}") from None

    def counted(self) -> dict[str, int]:
        """Events folded, by customer, as the rows say."""
        counts = {}
        for rows in self.rows().values():
            for key, row in rows.items():
                found = None if key == PARTITION_KEY else decode_row(row)
                if found is not None:
                    counts[key.decode()] = found.folded
        return counts

    def dead_letters(self) -> Counter[str]:
        """Dead letters by reason."""
        reasons: Counter[str] = Counter()
        for records in read(self.broker, DEAD_LETTERS):
            reasons.update(json.loads(record.value)["reason"] for record in records)
        return reasons


def shaped(event: Event) -> tuple[str, str, dict[str, Any]] | None:
    """An event of the simulator as a helpdesk's record: topic, key and value."""
    if event["kind"] == "message":
        by = event["author"]
        writer = {"role": by} | ({"id": event["customer"]} if by == "customer" else {})
        return (
            "desk.chat",
            event["conversation"],
            {
                "id": event["event_id"],
                "thread": event["conversation"],
                "from": writer,
                "at": event["ts"],
                "body": event["text"],
            },
        )
    if event["kind"] == "interaction":
        value = {
            "id": event["event_id"],
            "user": event["customer"],
            "type": event["type"],
            "at": event["ts"],
        }
        return "desk.steps", event["customer"], value
    return None


@contextmanager
def desk(broker: Broker, directory: Path, *, clock: str = "live") -> Iterator[Desk]:
    """An installation for as long as the block runs."""
    opened = Desk(broker, directory, clock)
    try:
        yield opened
    finally:
        opened.close()


def story(seed: int, *, customers: int, start_ms: int) -> Iterator[Event]:
    """What customers do, without end, at one event a second of event time."""
    return events(seed, customers, start_ms, duration_ms=None, rate_e2=100)


def newest_offset(rows: dict[bytes, bytes]) -> int:
    """Highest offset folded into the rows of a partition."""
    return max((unpack_header(row).offset for row in rows.values()), default=-1)
