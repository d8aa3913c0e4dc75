"""Drive counting workers as processes, and read back what they wrote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.engine.rows import Rows
from streams.topics import Topic
from tests.engine.counter import EPOCH, FAST, counted

PARTITIONS = 4


def until(
    what: str, condition: Callable[[], bool], *, timeout_s: float = 40.0, step_s: float = 0.05
) -> None:
    """Wait for a condition; fail with its name when it does not come true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(step_s)


@dataclass
class Worker:
    """A worker process."""

    process: subprocess.Popen[bytes]
    ready: Path
    mark: Path
    log: Path

    def facts(self) -> dict[str, Any]:
        """What it last told about itself."""
        if not self.ready.exists():
            return {"owned": [], "records": 0, "gaps": 0, "stale": 0}
        facts: dict[str, Any] = json.loads(self.ready.read_text(encoding="utf-8"))
        return facts

    def owned(self) -> set[int]:
        """Partitions it owns, as it says."""
        return set(self.facts()["owned"])

    def crashed(self) -> bool:
        """Has it reached its named point?"""
        return self.mark.exists()

    def ended(self) -> bool:
        """Is the process gone?"""
        return self.process.poll() is not None

    def told(self) -> str:
        """The end of what it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.process.pid, number)

    def wait(self, timeout_s: float = 30.0) -> int:
        """Exit code."""
        return self.process.wait(timeout_s)


@dataclass
class World:
    """Topics and a group of their own for one test, its workers, and the truth to compare with."""

    broker: Broker
    directory: Path
    partitions: int = PARTITIONS
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    workers: list[Worker] = field(default_factory=list)
    sent: list[tuple[bytes, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Create the topics and a producer."""
        self.log, self.rows, self.out = (f"{self.name}.{one}" for one in ("log", "rows", "out"))
        topics = (Topic(self.log, "log"), Topic(self.rows, "log", compacted=True))
        apply_topics(
            self.broker,
            partitions=self.partitions,
            replication=1,
            topics=(*topics, Topic(self.out, "log")),
        )
        self._producer = KafkaProducer(
            **self.broker.kafka_python(), enable_idempotence=False, linger_ms=5
        )

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every process we started, each by its id."""
        self._producer.close()
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()

    def send(self, count: int, *, customers: int = 40) -> None:
        """Append events and wait until the broker has them."""
        start = len(self.sent)
        for number in range(start, start + count):
            key = b"customer-%d" % (number * 7 % customers)
            self.sent.append((key, number))
            self._producer.send(
                self.log,
                key=key,
                value=b"%d" % number,
                partition=partition_of(key, self.partitions),
            )
        self._producer.flush()

    def start(
        self, *, at: str = "", extra: str = "", epoch: int = EPOCH, stop_s: float = FAST.stop_s
    ) -> Worker:
        """Start a worker; `at` is where it crashes or freezes, `extra` what its service does."""
        base = self.directory / f"w{len(self.workers)}"
        given = {
            "bootstrap": self.broker.bootstrap,
            "idempotent": self.broker.idempotent,
            "group": self.name,
            "log": self.log,
            "rows": self.rows,
            "out": self.out,
            "ready": str(base.with_suffix(".json")),
            "mark": str(base.with_suffix(".mark")),
            "at": at,
            "extra": extra,
            "epoch": epoch,
            "stop_s": stop_s,
        }
        log = base.with_suffix(".out")
        with log.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "tests.engine.counter", json.dumps(given)],
                cwd=Path(__file__).resolve().parents[2],
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        worker = Worker(process, base.with_suffix(".json"), base.with_suffix(".mark"), log)
        self.workers.append(worker)
        return worker

    def settled(self, *workers: Worker) -> bool:
        """Does each of these workers own some partitions, and do they own all of them together?"""
        owned = [worker.owned() for worker in workers]
        together = set().union(*owned)
        return (
            all(owned)
            and sum(map(len, owned)) == len(together)
            and together == set(range(self.partitions))
        )

    def read(self, topic: str) -> list[Any]:
        """Every record of a topic, by partition and offset, to its present end."""
        consumer = KafkaConsumer(
            **self.broker.kafka_python(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            partitions = [TopicPartition(topic, number) for number in range(self.partitions)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            records: list[Any] = []

            def at_end(partition: TopicPartition) -> bool:
                end = consumer.highwater(partition)  # of a fetch: Tansu tells other ends short
                return end is not None and consumer.position(partition) >= end

            while not all(map(at_end, partitions)):
                for some in consumer.poll(timeout_ms=100, max_records=10_000).values():
                    records.extend(some)
            return records
        finally:
            consumer.close()

    def restored(self) -> dict[bytes, tuple[int, int]]:
        """What a new worker would restore: rows of the changelog by highest fence."""
        rows, _ = self._restore()
        return {
            key: counted(row)
            for partition in range(self.partitions)
            for key, row in rows.of(partition).items()
        }

    def stale_rows(self) -> int:
        """How many rows in the changelog lie behind a newer one of the same customer."""
        return self._restore()[1]

    def _restore(self) -> tuple[Rows, int]:
        rows = Rows()
        by_partition: dict[int, list[Any]] = defaultdict(list)
        for record in self.read(self.rows):
            by_partition[record.partition].append(record)
        stale = sum(rows.restore(partition, records) for partition, records in by_partition.items())
        return rows, stale

    def expected(self) -> dict[bytes, tuple[int, int]]:
        """What an undisturbed fold of everything sent comes to."""
        truth: dict[bytes, tuple[int, int]] = {}
        for key, number in self.sent:
            count, total = truth.get(key, (0, 0))
            truth[key] = count + 1, total + number
        return truth

    def published(self) -> dict[bytes, tuple[bytes, bytes]]:
        """Outputs by coordinate: key and value; differing repeats of one are an error."""
        seen: dict[bytes, tuple[bytes, bytes]] = {}
        for record in self.read(self.out):
            at = dict(record.headers)["at"]
            found = record.key, record.value
            assert seen.setdefault(at, found) == found, f"two different outputs at {at!r}"
        return seen

    def await_all_folded(self, *, timeout_s: float = 40.0) -> None:
        """Wait until the group has committed everything sent."""
        consumer = KafkaConsumer(
            **self.broker.kafka_python(), group_id=self.name, enable_auto_commit=False
        )
        wanted: dict[int, int] = defaultdict(int)
        for key, _ in self.sent:
            wanted[partition_of(key, self.partitions)] += 1

        def all_committed() -> bool:
            return all(
                (consumer.committed(TopicPartition(self.log, partition)) or 0) >= count
                for partition, count in wanted.items()
            )

        try:
            until("all events committed", all_committed, timeout_s=timeout_s, step_s=0.2)
        except AssertionError as error:
            logs = "\n".join(
                f"--- {worker.log.name}, exit {worker.process.poll()}, {worker.facts()}\n"
                + worker.told()
                for worker in self.workers
            )
            raise AssertionError(f"{error}\n{logs}") from None
        finally:
            consumer.close()

    def check(self) -> None:
        """Rows and outputs are those of an undisturbed fold."""
        assert self.restored() == self.expected()
        assert self.published() == self._expected_outputs()

    def _expected_outputs(self) -> dict[bytes, tuple[bytes, bytes]]:
        counts: dict[bytes, tuple[int, int]] = {}
        outputs = {}
        for record in sorted(self.read(self.log), key=lambda one: (one.partition, one.offset)):
            count, total = counts.get(record.key, (0, 0))
            counts[record.key] = count, total = count + 1, total + int(record.value)
            value = count.to_bytes(8, "big") + total.to_bytes(8, "big")
            outputs[b"%d/%d" % (record.partition, record.offset)] = record.key, value
        return outputs


SIGSTOP, SIGCONT, SIGKILL, SIGTERM = signal.SIGSTOP, signal.SIGCONT, signal.SIGKILL, signal.SIGTERM
