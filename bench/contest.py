"""One contestant, one run: started, measured between two counts of events, checked, ended.

A run is measured from the moment 2,000 events are through, so that start, joining a group and first
calls count for nobody, to the moment all are. Processor time is user and system of the contestant's
processes, threads included; the broker's is told beside it. Contestants share one processor core,
the broker and we have another, where the machine has two.

Who does not do the job is not measured: the records written are held against those of a plain loop
with vaderSentiment, their number, and the last of every customer field by field. nabz as a whole
does another job; there every event must be in a row, none twice and none put aside.

Next step: `bench.run` has them take turns.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import IO, Any, Final

from aiokafka import AIOKafkaProducer

from alerts.row import decode_row
from bench import job, peers
from bench.contestants import nabz_job
from bench.contestants.given import Given
from bench.workload import CUSTOMERS, FAILING, HARMLESS, SPAN_MS, Event, events
from scoring.records import PARTITION_KEY
from streams.clock import wall_ms
from streams.engine.admin import apply_topics, connected
from streams.engine.brokers import Broker
from streams.engine.cycle import Headers, Writer, partition_of
from streams.engine.kafka_reads import read
from streams.settings import Settings, load
from streams.topics import DEAD_LETTERS, HEALTH, ROWS, TOPICS, Topic
from streams.worker.configure import apply_config

ROOT: Final = Path(__file__).resolve().parents[1]
PARTITIONS: Final = 4
WARM: Final = 2_000
SEED: Final = 7
_RUN_S: Final = 300.0
_RECORDS_S: Final = 60.0
_CALIBRATION: Final = (
    "import time\nfor _ in range(3):\n total=0\n began=time.process_time()\n"
    " for n in range(2_000_000): total+=n*n%7\n print(time.process_time()-began)"
)


class ContestError(Exception):
    """A contestant failed, or did not do the job."""


@dataclass(frozen=True)
class Contestant:
    """Who works.

    Attributes:
        name: In the results.
        module: Of `bench.contestants`.
        label: In the table, with what it rests on.
        peer: Runs in the peers' environment.
        whole: All of nabz, hence another job.
        processes: How many share the work.
    """

    name: str
    module: str
    label: str
    peer: bool = False
    whole: bool = False
    processes: int = 1


@dataclass(frozen=True)
class Source:
    """A topic filled with the workload."""

    topic: str
    count: int
    customers: int
    start_ms: int


@dataclass
class Arena:
    """A broker, the sources on it, and a directory.

    Attributes:
        broker: Where it listens.
        kind: What it is.
        pid: Of the broker, whose processor time is told too; None where it is not known.
        place: For state and settings.
    """

    broker: Broker
    kind: str
    pid: int | None
    place: Path
    sources: dict[tuple[int, int], Source] = field(default_factory=dict)
    runs: int = 0

    def source(self, count: int, customers: int = CUSTOMERS) -> Source:
        """The topic with so many events, filled on first use."""
        found = self.sources.get((count, customers))
        if found is None:
            topic = f"bench.source-{count}-{customers}"
            found = Source(topic, count, customers, wall_ms() - SPAN_MS - 3_600_000)
            make(self.broker, [Topic(topic, "log")])
            some = events(SEED, count, found.start_ms, customers=customers)
            asyncio.run(fill(self.broker, topic, some))
            self.sources[count, customers] = found
        return found


def make(broker: Broker, topics: Sequence[Topic]) -> None:
    """Make topics."""
    apply_topics(broker, partitions=PARTITIONS, replication=1, topics=topics)


async def fill(broker: Broker, topic: str, some: Iterator[Event]) -> None:
    """Write events to the partitions of their customers."""
    nothing: Headers = ()
    lists: list[list[tuple[bytes, bytes | None, Headers]]] = [[] for _ in range(PARTITIONS)]
    for key, value in some:
        lists[partition_of(key, PARTITIONS)].append((key, value, nothing))
    async with AIOKafkaProducer(
        **broker.aiokafka(), acks="all", enable_idempotence=broker.idempotent,
        max_batch_size=512 * 1024,
    ) as producer:  # fmt: skip
        writer = Writer(producer)
        for partition, items in enumerate(lists):
            await writer.acked(await writer.send(topic, partition, items))


@lru_cache(maxsize=8)
def expected(source: Source, every: int) -> tuple[int, dict[str, dict[str, Any]]]:
    """How many records the job writes, and the last of each customer: a loop and a dictionary."""
    compound = job.stock()
    states: dict[str, job.State] = {}
    last: dict[str, dict[str, Any]] = {}
    count = 0
    for _, value in events(SEED, source.count, source.start_ms, customers=source.customers):
        event = json.loads(value)
        customer = event["customer"]
        state = states.setdefault(customer, job.fresh())
        told = job.update(state, customer, event["ts"], job.points_e4(event, compound), every)
        if told is not None:
            count += 1
            last[customer] = told
    return count, last


# ---------------------------------------------------------------------------- processes


def on_core(core: int) -> list[str]:
    """Words before a command that keep it on one processor core, where that can be had."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if core < (os.cpu_count() or 1) and cores and shutil.which("taskset"):
        return ["taskset", "-c", str(core)]
    return []


WORKER_CORE: Final = 1


def calibrate() -> float:
    """Processor seconds of a fixed loop on the contestants' core now: the best of three."""
    command = [*on_core(WORKER_CORE), sys.executable, "-c", _CALIBRATION]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # fixed
    return min(map(float, run.stdout.split()))


def cpu_of(pid: int | None) -> float | None:
    """Processor seconds a process has used, from the kernel; None where that cannot be known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Running:
    """Processes of one contestant, and the lines they print."""

    def __init__(self, commands: Sequence[Sequence[str]], log: Path) -> None:
        """Start them."""
        self._lines: queue.Queue[tuple[int, dict[str, Any] | None]] = queue.Queue()
        self._log = log
        self._latest: dict[int, dict[str, Any]] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._listeners: list[threading.Thread] = []
        for number, command in enumerate(commands):
            with log.open("ab") as sink:
                one = subprocess.Popen(  # noqa: S603  # our own programs
                    command, cwd=ROOT, stdout=subprocess.PIPE, stderr=sink, start_new_session=True,
                    env=os.environ | {"PYTHONPATH": str(ROOT)},
                )  # fmt: skip
            self._processes.append(one)
            assert one.stdout is not None  # a pipe was asked for
            listener = threading.Thread(target=self._listen, args=(number, one.stdout), daemon=True)
            listener.start()
            self._listeners.append(listener)

    def _listen(self, number: int, output: IO[bytes]) -> None:
        with output:
            for line in output:
                if line.startswith(b'{"events"'):
                    self._lines.put((number, json.loads(line)))
        self._lines.put((number, None))

    def reach(self, count: int) -> dict[str, float]:
        """Wait for so many events in all, and a word of each process; where they are then.

        Raises:
            ContestError: A process ended, or it takes too long.
        """
        until_s = time.monotonic() + _RUN_S
        while (
            len(self._latest) < len(self._processes)
            or sum(one["events"] for one in self._latest.values()) < count
        ):
            try:
                number, line = self._lines.get(timeout=max(0.0, until_s - time.monotonic()))
            except queue.Empty:
                raise ContestError(f"not through after {_RUN_S:.0f} s: {self._tail()}") from None
            if line is None:
                raise ContestError(f"ended early: {self._tail()}")
            self._latest[number] = line
        now = self._latest.values()
        return {
            "events": sum(one["events"] for one in now),
            "cpu_s": sum(one["cpu_s"] for one in now),
            "at_s": max(one["at_s"] for one in now),
            "rss_mb": sum(one["rss_mb"] for one in now),
        }

    @property
    def pids(self) -> list[int]:
        """Of all processes."""
        return [one.pid for one in self._processes]

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def kill(self) -> None:
        """End them."""
        for one in self._processes:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
            one.wait(20)
        for listener in self._listeners:
            listener.join(20)


# ---------------------------------------------------------------------------- a run


def settings_for(arena: Arena, source: Source, *, whole: bool) -> Path:
    """A `nabz.yaml` that reads the source and knows its types.

    For the peers' job every author is a customer, as nabz scores no others.
    """
    points = {"page_error": 4, "payment_failed": 9, "login_failed": 5, "app_crash": 6}
    types: dict[str, dict[str, int]] = {name: {} for name in HARMLESS} | {
        name: {"points": points[name]} for name in FAILING
    }
    tree = {
        "partitions": PARTITIONS,
        "replication": 1,
        "broker": {"bootstrap": arena.broker.bootstrap, "idempotent": arena.broker.idempotent},
        "metrics": {"worker": {"bind": "127.0.0.1:0"}},
        "scoring": {"interactions": types},
        "sources": {
            "desk": {
                "topic": source.topic,
                "kind": {"path": "$.kind"},
                "customer": "$.customer",
                "author": {"path": "$.author", "default": "customer"} if whole else "customer",
                "ts": "$.ts",
                "event_id": "$.event_id",
                "text": "$.text",
                "type": {"path": "$.type"},
                "conversation": "$.conversation",
            }
        },
    }
    path = arena.place / f"{source.topic}-{whole}.yaml"
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def fresh_nabz(arena: Arena, settings: Settings) -> None:
    """All topics of nabz anew, and its configuration in force."""
    names = {topic.name for topic in TOPICS}
    with connected(arena.broker, 30.0) as client:
        there = names & set(client.list_topics())
        if there:
            client.delete_topics(sorted(there))
            client.delete_groups(["nabz-ingest", "nabz-track"])
        until_s = time.monotonic() + 60
        while names & set(client.list_topics()):
            if time.monotonic() > until_s:
                raise ContestError("the broker did not delete the topics of the run before")
            time.sleep(0.1)
    make(arena.broker, TOPICS)
    apply_config(arena.broker, settings.config(), clock_ms=wall_ms())


@contextmanager
def started(
    arena: Arena, who: Contestant, source: Source, *, every: int = job.EVERY,
    marks: tuple[int, ...],
) -> Iterator[tuple[Running, Given]]:  # fmt: skip
    """A contestant at work on a source, until the block is left."""
    arena.runs += 1
    run = f"{who.name}-{arena.runs}"
    place = Path(tempfile.mkdtemp(prefix=run, dir=arena.place))
    output = f"{run}.output"
    topics = [Topic(output, "log")]
    if who.module == "nabz_job":
        topics += [
            Topic(
                f"{run}.{name}",
                "one" if name in nabz_job.ONE else "log",
                compacted=name in nabz_job.COMPACTED,
            )
            for name in nabz_job.TOPICS
        ]
    make(arena.broker, topics)
    settings = settings_for(arena, source, whole=who.whole)
    if who.whole:
        fresh_nabz(arena, load(settings, {}))
    given = Given(
        bootstrap=arena.broker.bootstrap,
        run=run,
        source=source.topic,
        output=output,
        partitions=PARTITIONS,
        marks=marks if who.processes == 1 else (),
        every=every,
        place=str(place),
        settings=str(settings),
    )
    python = peers.python() if who.peer else Path(sys.executable)
    command = [
        *on_core(WORKER_CORE), str(python), "-m", f"bench.contestants.{who.module}", given.encoded()
    ]  # fmt: skip
    running = Running([command] * who.processes, place / "stderr.log")
    try:
        yield running, given
    finally:
        running.kill()
        shutil.rmtree(place, ignore_errors=True)


def run_once(arena: Arena, who: Contestant, source: Source, *, warm: int = WARM) -> dict[str, Any]:
    """One run, measured from so many events on and checked.

    Returns:
        `events`, `cpu_s`, `wall_s`, `broker_cpu_s`, `rss_mb`, `calibration_s`, `records`, those
        written for other services; of nabz as a whole what `whole_checked` finds, too.

    Raises:
        ContestError: It failed, or did not do the job.
    """
    calibration_s = calibrate()
    late = who.processes > 1
    if late:  # one process would be through before the others have joined its group
        arena.runs += 1
        topic = f"bench.late-{arena.runs}"
        make(arena.broker, [Topic(topic, "log")])
        source = replace(source, topic=topic)
    with ExitStack() as stack:
        running, given = stack.enter_context(
            started(arena, who, source, marks=(warm, source.count))
        )
        if late:
            running.reach(0)
            some = events(SEED, source.count, source.start_ms, customers=source.customers)
            asyncio.run(fill(arena.broker, source.topic, some))
        first = running.reach(warm)
        broker_s = cpu_of(arena.pid)
        last = running.reach(source.count)
        after_s = cpu_of(arena.pid)
        found = whole_checked(arena, source) if who.whole else checked(arena, given, source)
    return {
        "events": last["events"] - first["events"],
        "cpu_s": last["cpu_s"] - first["cpu_s"],
        "wall_s": last["at_s"] - first["at_s"],
        "broker_cpu_s": None if broker_s is None or after_s is None else after_s - broker_s,
        "rss_mb": last["rss_mb"],
        "calibration_s": calibration_s,
        **found,
    }


def checked(arena: Arena, given: Given, source: Source) -> dict[str, Any]:
    """Hold what was written against what should be; `records`, how many there are.

    Raises:
        ContestError: They are not the same.
    """
    count, last = expected(source, given.every)
    until_s = time.monotonic() + _RECORDS_S
    while True:
        found: dict[str, dict[str, Any]] = {}
        written = 0
        for records in read(arena.broker, given.output):
            for record in records:
                told = json.loads(record.value)
                found[told["customer"]] = told
                written += 1
        if written >= count or time.monotonic() > until_s:
            break
        time.sleep(0.5)
    wrong = [customer for customer in last if found.get(customer) != last[customer]]
    if written != count or wrong:
        raise ContestError(
            f"{given.run} wrote {written} records, not {count}; of {len(last)} customers"
            f" {len(wrong)} end otherwise than a plain loop has them"
        )
    return {"records": written}


def whole_checked(arena: Arena, source: Source) -> dict[str, Any]:
    """Every event is in a row, once; `records` of health, `changelog` records, median row bytes.

    Raises:
        ContestError: One is not.
    """
    rows: dict[bytes, bytes] = {}
    changelog = 0
    for records in read(arena.broker, ROWS):
        rows.update((record.key, record.value) for record in records)
        changelog += len(records)
    events_in = again = 0
    for key, row in rows.items():
        found = None if key == PARTITION_KEY else decode_row(row)
        if found is not None:
            events_in += found.folded
            again += found.duplicates
    letters = sum(len(records) for records in read(arena.broker, DEAD_LETTERS))
    if events_in != source.count or again or letters:
        raise ContestError(
            f"nabz folded {events_in} of {source.count} events, {again} twice, and put {letters}"
            " aside"
        )
    return {
        "records": sum(len(records) for records in read(arena.broker, HEALTH)),
        "changelog": changelog,
        "row_bytes": median(map(len, rows.values())),
    }
