"""An installation on a Kafka that asks who is there: a user per process, with its ACLs only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from kafka import KafkaProducer
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from streams.acls import PROCESSES, Process, Right, rights
from streams.engine.admin import apply_topics, connected
from streams.engine.brokers import Broker
from streams.engine.kafka_local import SecuredKafka
from streams.topics import Topic
from tests.engine import workers

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "desk.tickets"
USERS = [f"nabz-{one}" for one in PROCESSES]
SETTINGS = """\
broker: {{bootstrap: "{bootstrap}", tls: true, ca: "{ca}", mechanism: SCRAM-SHA-512,
  username: "file:/not/given", password: "file:/not/given"}}
partitions: 2
replication: 1
ingest: {{session: 6s}}
sources:
  tickets:
    topic: desk.tickets
    customer: $.who
    author: {{path: $.role, map: {{customer: customer, agent: agent}}}}
    ts: $.at
    text: $.body
rules:
  - {{id: angry, raise_at: 5, clear_at: 2, critical: null}}
channels:
  screen: {{type: terminal}}
metrics:
  worker: {{bind: "127.0.0.1:0"}}
  notifier: {{bind: "127.0.0.1:0"}}
"""


until = partial(workers.until, timeout_s=60.0, step_s=0.1)
"""Waits for a condition; whole processes take their time."""


@dataclass
class Ended:
    """A process that has ended: its exit code, all it said, and how long it took."""

    code: int
    said: str
    took_s: float


@dataclass
class Site:
    """The installation; `nabz` runs a command as one of its users."""

    kafka: SecuredKafka
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write the settings all processes share."""
        self.config = self.folder / "nabz.yaml"
        text = SETTINGS.format(
            bootstrap=self.kafka.broker.bootstrap, ca=self.kafka.directory / "ca.pem"
        )
        self.config.write_text(text, encoding="utf-8")
        apply_topics(self.kafka.broker, partitions=2, replication=1, topics=[Topic(SOURCE, "log")])

    def environment(self, user: str, **other: str) -> dict[str, str]:
        """Who a process is."""
        who = self.kafka.as_user(user)
        assert who.username is not None and who.password is not None
        named = {"NABZ_BROKER__USERNAME": who.username, "NABZ_BROKER__PASSWORD": who.password}
        return {**os.environ, "PYTHONPATH": str(ROOT), **named, **other}

    def nabz(self, user: str, *words: str, timeout_s: float = 60.0, **other: str) -> Ended:
        """Run a command to its end."""
        began_s = time.monotonic()
        done = subprocess.run(  # noqa: S603  # ours
            self._command(*words), cwd=self.folder, env=self.environment(user, **other),
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout + done.stderr, time.monotonic() - began_s)

    def start(self, user: str, *words: str) -> Path:
        """Start a process that runs until the site ends, and return where it talks to."""
        log = self.folder / f"{len(self.running)}-{words[0]}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603  # ours
                self._command(*words), cwd=self.folder, env=self.environment(user),
                stdout=sink, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.running.append(process)
        return log

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "streams.cli.main", *words, "--config", str(self.config)]

    def stop(self) -> list[int]:
        """End what was started, in good order, and return the exit codes."""
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        codes = []
        for process in self.running:
            try:
                codes.append(process.wait(40))
            except subprocess.TimeoutExpired:
                process.kill()
                codes.append(process.wait())
        self.running.clear()
        return codes

    def ticket(self, who: str, text: str) -> None:
        """A customer writes to the helpdesk."""
        producer = KafkaProducer(**self.kafka.broker.kafka_python(), acks="all")
        try:
            value = {"who": who, "role": "customer", "at": int(time.time() * 1000), "body": text}
            producer.send(SOURCE, json.dumps(value).encode(), key=who.encode()).get(timeout=20)
        finally:
            producer.close(timeout=5)


def acls(process: Process, several: Iterable[Right]) -> list[ACL]:
    """ACLs as kafka-python spells them."""
    return [
        ACL(
            f"User:nabz-{process}",
            "*",
            ACLOperation[operation],
            ACLPermissionType.ALLOW,
            ResourcePattern(ResourceType[one.kind.upper()], one.name),
        )
        for one in several
        for operation in one.operations
    ]


def allow(broker: Broker, process: Process) -> None:
    """Give a process what the table says."""
    with connected(broker, 15) as client:
        answer = client.create_acls(acls(process, rights(process, sources=[SOURCE])))
    assert not answer["failed"]


@contextmanager
def without(broker: Broker, process: Process, name: str, operation: str) -> Iterator[None]:
    """Take one right away while the block runs."""
    (one,) = [
        acl
        for acl in acls(process, rights(process, sources=[SOURCE]))
        if acl.resource_pattern.resource_name == name and acl.operation.name == operation
    ]
    pattern = one.resource_pattern
    chosen = ACLFilter(
        one.principal, "*", one.operation, ACLPermissionType.ALLOW,
        ResourcePatternFilter(pattern.resource_type, name, pattern.pattern_type),
    )  # fmt: skip
    with connected(broker, 15) as client:
        ((_, gone, _),) = client.delete_acls([chosen])
    assert len(gone) == 1
    try:
        yield
    finally:
        with connected(broker, 15) as client:
            client.create_acls([one])
