"""The consumer's guide: its programs run as they are printed, on records as nabz writes them."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import shlex
import shutil
import signal as signals
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer

from alerts.outputs import AlertRow, At, HealthRow, Heartbeat, Output
from scoring.records import LogRecord
from streams import codec
from streams.clock import wall_ms
from streams.contract.messages import CHANNELS
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.engine.embedded import EmbeddedBroker
from streams.engine.kafka_local import LocalKafka
from streams.topics import ALERTS, HEALTH, TOPICS
from tests.strategies import BASE_MS, CONFIG, answer, fold_all, signal, wake

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "examples" / "consumers"
GUIDE = (ROOT / "docs" / "consumers.md").read_text(encoding="utf-8")
PARTITIONS = 4
MINUTE_MS = 60_000
SOON_S = 180.0
"""A group notices after 10 s that a member is dead, and a busy machine takes its time."""


@pytest.fixture
def own() -> Iterator[Broker]:
    """A broker with the public topics and nothing in them."""
    with EmbeddedBroker() as broker:
        public = [topic for topic in TOPICS if topic.public]
        apply_topics(broker, partitions=PARTITIONS, replication=1, topics=public)
        yield broker


def told(customer: str, first: int, turns: int = 3) -> list[Output]:
    """What a few angry turns and their end make known of one customer."""
    angry = [signal(BASE_MS + at * MINUTE_MS, 3_000) for at in range(turns)]
    end_ms = BASE_MS + 60 * MINUTE_MS
    records: list[LogRecord] = [*angry, answer(end_ms), wake(end_ms + 40 * MINUTE_MS)]
    folded = fold_all(records, CONFIG, customer=customer, first=first)
    return [one for done in folded for one in done.outputs]


def everybody(names: Sequence[str]) -> list[Output]:
    """The same of several, one after the other."""
    return [one for number, name in enumerate(names) for one in told(name, 1_000 * number)]


def publish(broker: Broker, outputs: Sequence[Output], **more: object) -> None:
    """Write as a worker does; `more` are fields of a later release."""
    producer = KafkaProducer(
        **broker.kafka_python(), acks="all", enable_idempotence=broker.idempotent
    )
    public = {channel.topic for channel in CHANNELS}
    try:
        sent = []
        for one in outputs:
            record = codec.record_of(one)
            value = record.value
            if record.topic not in public:
                continue
            if more and value is not None:
                value = json.dumps(json.loads(value) | more).encode()
            sent.append(
                producer.send(
                    record.topic, value, record.key, list(record.headers), record.partition
                )
            )
        for future in sent:
            future.get(timeout=20)
    finally:
        producer.close(timeout=5)


@contextlib.contextmanager
def running(program: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the guide while the block runs; killed, as services are."""
    # A file, as a pipe nobody reads is full some day, and then the program stands still.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603  # ours
            [sys.executable, str(PROGRAMS / program), *words], stderr=said
        )
        try:
            yield process
            assert process.poll() in {None, -signals.SIGKILL}, "it ended by itself"
        finally:
            process.kill()
            process.wait(20)
            said.seek(0)
            sys.stderr.write(said.read().decode()[-2_000:])


def run(program: str, *words: str) -> str:
    """A program of the guide, to its end."""
    return subprocess.run(  # noqa: S603  # ours
        [sys.executable, str(PROGRAMS / program), *words],
        check=True,
        capture_output=True,
        text=True,
        timeout=SOON_S,
    ).stdout


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    deadline = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)


def asked(database: Path, query: str) -> list[tuple[object, ...]]:
    """Rows of a database that others write; none while it has no such table."""
    if not database.exists():
        return []
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as db:
        try:
            return db.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []


def changes(outputs: Sequence[Output]) -> set[tuple[object, ...]]:
    """The changes of alerts among them."""
    alerts = (one for one in outputs if isinstance(one, AlertRow))
    return {(one.fingerprint, one.seq, one.state) for one in alerts}


# ---------------------------------------------------------------------- the service


def test_a_service_acts_once_on_each_change_whatever_happens(
    kafka_at_hand: None, tmp_path: Path
) -> None:
    """Repeats, a second one, a kill, new fields, a restart of everything: none twice, none lost."""
    database = tmp_path / "work.db"
    early, late, later, after, last = (
        everybody([f"{word}-{n}" for n in range(4)]) for word in "abcde"
    )
    wanted = changes(early)
    assert len(wanted) >= 8

    def done() -> list[tuple[object, ...]]:
        return asked(database, "SELECT fingerprint, seq, state FROM work")

    kafka = LocalKafka(tmp_path / "kafka")
    with kafka as broker:
        public = [topic for topic in TOPICS if topic.public]
        apply_topics(broker, partitions=PARTITIONS, replication=1, topics=public)
        words = ("service.py", broker.bootstrap, str(database))
        publish(broker, early)
        with running(*words) as first:
            until(lambda: set(done()) == wanted, "the first changes")
            publish(broker, early)  # a worker was killed and wrote its last outputs again
            with running(*words):
                publish(broker, late, mood="better", because={"of": ["a", "later", "release"]})
                wanted |= changes(late)
                until(lambda: set(done()) == wanted, "what came while a second one joined")
                first.kill()
                publish(broker, later)
                wanted |= changes(later)
                until(lambda: set(done()) == wanted, "what the killed one had to do")
                kafka.kill()
                kafka.start()
                publish(broker, [*early, *after])
                wanted |= changes(after)
                until(lambda: set(done()) == wanted, "what came after the broker was back")
        kafka.stop()
        kafka.start()
        publish(broker, [*early, *late, *later, *last])
        wanted |= changes(last)
        with running(*words):
            until(lambda: set(done()) == wanted, "what came after both were back")
    assert sorted(done()) == sorted(wanted)
    assert not asked(database, "SELECT 1 FROM work WHERE state = 'firing' AND customer IS NULL")


def test_the_service_is_twenty_lines_of_python() -> None:
    """Beside its words, its imports and its SQL: whoever copies it can read it."""
    text = (PROGRAMS / "service.py").read_text(encoding="utf-8")
    body = [
        one
        for one in ast.parse(text).body
        if not isinstance(one, ast.Import | ast.ImportFrom)
        and not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        and not (isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant))
    ]
    used = [
        line
        for one in body
        if "executescript" not in ast.unparse(one)
        for line in ast.unparse(one).splitlines()
    ]
    assert len(used) <= 20, "\n".join(used)


# ---------------------------------------------------------------------- the readers


def newest(outputs: Sequence[Output]) -> dict[str, HealthRow]:
    """The last row of each customer."""
    return {one.customer: one for one in outputs if isinstance(one, HealthRow)}


def beat(partition: int, at_ms: int, complete_to_ms: int) -> Heartbeat:
    """A heartbeat."""
    place = At("nabz.customer-log.v1", partition, 9_000)
    return Heartbeat(partition, at_ms, complete_to_ms, 3, "abc", place)


def test_a_reader_tells_unchanged_from_dead(own: Broker) -> None:
    """The same old row: its partition is looked at, or not, or what it reads is late."""
    names = [f"e-{n}" for n in range(24)]
    outputs = everybody(names)
    now_ms = wall_ms()
    beats = [
        beat(0, now_ms, now_ms - 2_000),
        beat(1, now_ms - 10 * MINUTE_MS, now_ms - 10 * MINUTE_MS),
        beat(2, now_ms, now_ms - 45 * MINUTE_MS),
    ]
    publish(own, [*outputs, *beats])
    publish(own, [*outputs[:40], *beats])  # older rows, written again, after the newer ones
    lines = [line.split("\t") for line in run("customers.py", own.bootstrap).splitlines()]
    rows = newest(outputs)
    assert sorted(line[0] for line in lines) == sorted(names)
    said = {
        0: "current",
        1: "nobody looks: no heartbeat for 10 min",
        2: "sources are read 45 min behind",
        3: "nobody has looked yet",
    }
    for name, distress, band, fresh in lines:
        row = rows[name]
        assert row.distress_e2 is not None
        assert (distress, band) == (f"{row.distress_e2 / 100:.0f}", row.band)
        assert fresh == said[partition_of(name.encode(), PARTITIONS)]
    assert {line[3] for line in lines} == {*said.values()}
    worst = [-int(line[1]) for line in lines]
    assert worst == sorted(worst)


def test_a_table_holds_the_newest_row_of_each_customer(own: Broker, tmp_path: Path) -> None:
    """Loaded twice, with repeats and new fields between: the same rows, each once."""
    database = tmp_path / "health.db"
    outputs = everybody([f"f-{n}" for n in range(6)])
    publish(own, outputs)
    run("to_sql.py", own.bootstrap, str(database), "--once")
    publish(own, [*outputs[:30], beat(0, BASE_MS, BASE_MS)])
    more = told("f-6", 6_000)
    publish(own, more, mood="new")
    run("to_sql.py", own.bootstrap, str(database), "--once")
    rows = newest([*outputs, *more])
    found = asked(
        database, "SELECT customer, distress_e2, health_e2, band, version FROM health ORDER BY 1"
    )
    assert found == [
        (name, row.distress_e2, row.health_e2, row.band, row.version)
        for name, row in sorted(rows.items())
    ]
    ((body,),) = asked(database, "SELECT body FROM health WHERE customer = 'f-6'")
    assert json.loads(str(body))["mood"] == "new"


# ---------------------------------------------------------------------- kcat and the page

_OPTIONS = {"-C": 0, "-G": 1, "-b": 1, "-t": 1, "-p": 1, "-o": 1, "-e": 0, "-q": 0, "-u": 0,
            "-Z": 0, "-J": 0, "-f": 1, "-c": 1, "-D": 1, "-K": 1, "-X": 1}  # fmt: skip
"""What kcat 1.7 takes in these modes, and with how many words."""
_TOKENS = set("sSRkKThtpo")


def kcat_lines() -> list[list[str]]:
    """Every command line of kcat in the guide, up to a pipe."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [
        shlex.split(line.split(" | ")[0].split(" # ")[0])
        for line in lines
        if line.startswith("kcat ")
    ]


@pytest.mark.parametrize("words", kcat_lines(), ids=" ".join)
def test_a_line_of_kcat_is_one(words: list[str]) -> None:
    """Options that there are, tokens that there are, and topics that are public."""
    rest, topics = words[1:], []
    while rest:
        option = rest.pop(0)
        if not option.startswith("-"):
            topics.append(option)
            continue
        taken = [rest.pop(0) for _ in range(_OPTIONS[option])]
        if option == "-t":
            topics += taken
        if option == "-f":
            assert set(re.findall(r"%(.)", taken[0])) <= _TOKENS
    assert topics
    assert set(topics) <= {channel.topic for channel in CHANNELS}


def test_kcat_shows_what_is_written(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Where kcat is installed, the lines that end by themselves are run, on Apache Kafka."""
    ending = [words for words in kcat_lines() if "-e" in words]
    assert ending
    if (kcat := shutil.which("kcat")) is None:
        return  # their words are checked above
    request.getfixturevalue("kafka_at_hand")
    with LocalKafka(tmp_path) as kafka:
        public = [topic for topic in TOPICS if topic.public]
        apply_topics(kafka, partitions=PARTITIONS, replication=1, topics=public)
        outputs = told("g-0", 0)
        publish(kafka, outputs)
        for words in ending:
            here = [kafka.bootstrap if word == "localhost:9092" else word for word in words[1:]]
            done = subprocess.run(  # noqa: S603  # of the guide
                [kcat, *here], check=True, capture_output=True, text=True, timeout=SOON_S
            )
            kind = HealthRow if HEALTH in words else AlertRow
            newest_ = [one for one in outputs if isinstance(one, kind)][-1]
            assert msgspec.json.encode(newest_, order="deterministic").decode() in done.stdout


def test_the_guide_prints_its_programs_as_they_run() -> None:
    """The service stands in the page to the letter; the others are linked."""
    service = (PROGRAMS / "service.py").read_text(encoding="utf-8")
    assert f"```python\n{service}```" in GUIDE
    linked = set(re.findall(r"\(\.\./examples/consumers/(\w+\.py)\)", GUIDE))
    assert linked == {path.name for path in PROGRAMS.glob("*.py")}
    assert HEALTH in GUIDE
    assert ALERTS in GUIDE
