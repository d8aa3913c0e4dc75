"""Beginning in the middle: a log that was cut, and the checkpoints that make up for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from alerts.config import encode_config
from alerts.outputs import HealthRow
from alerts.row import PartitionRow, encode_partition_row
from scoring.config import DAY_MS, HOUR_MS
from scoring.records import PARTITION_KEY, ConfigChanged, LogRecord, encode_record
from streams.cli.main import main
from streams.codec import record_of
from streams.control import config_key
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.kafka_local import LocalKafka
from streams.engine.kafka_reads import begins, read
from streams.settings import load
from streams.topics import CONTROL, LOG, ROWS
from streams.worker.checkpoints import partition_starts, starts
from streams.worker.history import History, HistoryError, Refold, control_of, refold
from streams.worker.log_file import export_log, refold_file
from tests.cli.kafka import publish
from tests.strategies import BASE_MS, CONFIG, OTHER, hashed, signal

DAYS = 12
NIGHT = BASE_MS // DAY_MS * DAY_MS + DAY_MS


@pytest.fixture(scope="module")
def kafka(kafka_at_hand: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Apache Kafka: the embedded broker cuts nothing."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


def story() -> list[tuple[bytes, LogRecord]]:
    """Twelve days of ann, who writes every hour, and of bo, who wrote once at the beginning.

    On the sixth day another configuration comes into force, and ann is not there until the eighth.
    """
    log: list[tuple[bytes, LogRecord]] = [
        (PARTITION_KEY, ConfigChanged(NIGHT, NIGHT, hashed(CONFIG))),
        (b"bo", signal(NIGHT, 300, author="customer", event_id="bo-1")),
    ]
    for hour in range(DAYS * 24):
        at_ms = NIGHT + hour * HOUR_MS
        day = hour // 24
        if hour == 6 * 24:
            log.append((PARTITION_KEY, ConfigChanged(at_ms, at_ms, hashed(OTHER))))
        if day not in {6, 7}:
            points = 2_500 if hour % 24 == 5 else 100
            log.append((b"ann", signal(at_ms, points, event_id=f"ann-{hour}")))
    return log


@pytest.fixture(scope="module")
def lived(kafka: Broker) -> History:
    """The story in a log, folded and stored once; then all before the seventh day is cut."""
    apply_topics(kafka, partitions=1, replication=1)
    producer = KafkaProducer(**kafka.kafka_python())
    for config in (CONFIG, OTHER):
        producer.send(CONTROL, key=config_key(hashed(config)), value=encode_config(config))
    for key, record in story():
        at_ms = record.at_ms
        producer.send(LOG, key=key, value=encode_record(record), partition=0, timestamp_ms=at_ms)
    producer.flush()
    work = Refold(control_of(kafka), log_epoch=1, every_output=True)
    for records in read(kafka, LOG):
        work.fold(0, records)
    history = work.done()
    publish(kafka, [record_of(one) for one in history.outputs])
    for key, row in history.encoded[0].items():
        producer.send(ROWS, key=key, value=row, partition=0)
    producer.flush()
    producer.close()
    return history


def cut(broker: Broker, offset: int) -> None:
    """Remove all records of the log before an offset, as retention does."""
    client = KafkaAdminClient(**broker.kafka_python())
    try:
        client.delete_records({TopicPartition(LOG, 0): offset})
    finally:
        client.close()
    assert begins(broker, LOG) == {0: offset}


SETTINGS = load(None, {})


def test_the_same_bytes_come_from_the_whole_log_from_a_checkpoint_and_from_a_cut_log(
    kafka: Broker, lived: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Across a change of configuration; `why` and `replay` agree, and say where they began."""
    whole = lived.encoded[0]
    rows = [one for one in lived.outputs if isinstance(one, HealthRow) and one.customer == "ann"]
    again = refold(kafka, SETTINGS, from_checkpoint=True)
    assert again.encoded[0][b"ann"] == whole[b"ann"]
    assert again.started["ann"] > 9 * 24
    assert again.partial == {0}

    oldest = starts(kafka, log_epoch=1, begins={0: 5 * 24}, customer=b"ann")[b"ann"].offset
    cut(kafka, oldest - 3)
    history = refold(kafka, SETTINGS, customer="ann")
    assert history.started == {"ann": oldest}
    assert history.encoded[0][b"ann"] == whole[b"ann"]
    told = [one for one in history.outputs if isinstance(one, HealthRow)]
    assert told == [one for one in rows if one.log.offset >= oldest]
    assert refold(kafka, SETTINGS).encoded[0][b"ann"] == whole[b"ann"]
    assert export_log(kafka, 1, tmp_path / "log.gz").checkpoints == 1
    in_file = refold_file(tmp_path / "log.gz")
    assert in_file.encoded == refold(kafka, SETTINGS).encoded
    assert (in_file.started, in_file.partial) == ({"ann": oldest}, {0})

    monkeypatch.chdir(tmp_path)
    where = ("--broker", kafka.bootstrap)
    why = CliRunner().invoke(main, ["why", "ann", *where])
    assert why.exit_code == 0, why.output
    assert "published row: same" in why.stdout
    assert f"taken before offset {oldest}" in why.stdout
    replay = CliRunner().invoke(main, ["replay", "--check", "--json", *where])
    assert replay.exit_code == 0, replay.output
    facts = json.loads(replay.stdout)
    # bo has no checkpoint, and the partition's own row counts what is gone.
    assert facts["check"] == {"same": 1, "behind": 0, "gone": 2, "differ": 0, "examples": []}


def test_a_checkpoint_from_later_than_the_wanted_time_is_of_no_use(
    kafka: Broker, lived: History
) -> None:
    """What was folded into it cannot be taken out again."""
    at_ms = NIGHT + 9 * DAY_MS + 1
    assert lived.rows["ann"].now_ms > at_ms
    newest = starts(kafka, log_epoch=1, begins={0: 0}, at_ms=at_ms, newest=True)[b"ann"]
    assert newest.now_ms <= at_ms
    assert starts(kafka, log_epoch=1, begins={0: 0}, newest=True)[b"ann"].offset > newest.offset
    assert starts(kafka, log_epoch=2, begins={0: 0}) == {}


def test_the_configuration_at_the_cut_is_that_of_the_place_and_not_of_today(
    kafka: Broker, lived: History
) -> None:
    """The stored row of the partition remembers its changes, with their offsets."""
    config_at = dict(lived.partitions[0].configs)
    assert list(config_at.values()) == [hashed(CONFIG), hashed(OTHER)]
    second = max(config_at)
    for begin, name in ((second, hashed(CONFIG)), (second + 1, hashed(OTHER))):
        row = partition_starts(kafka, {0: begin})[0]
        work = Refold(control_of(kafka), log_epoch=1, every_output=False)
        work.begin(0, begin, {}, row)
        assert name.encode() in work.history.encoded[0][PARTITION_KEY]


def test_a_cut_that_nobody_remembers_the_configuration_of_is_refused(kafka: Broker) -> None:
    """Folding under a guess gives scores nobody has published."""
    changes = tuple((100 + number, f"{number:016}") for number in range(8))
    row = PartitionRow(config_hash=changes[-1][1], configs=changes)
    producer = KafkaProducer(**kafka.kafka_python())
    stored = encode_partition_row(row, log_epoch=1, offset=10**6)
    producer.send(ROWS, key=PARTITION_KEY, value=stored, partition=0).get(timeout=20)
    producer.close()
    assert partition_starts(kafka, {0: 50}) == {}
    work = Refold(control_of(kafka), log_epoch=1, every_output=False)
    with pytest.raises(HistoryError, match="begins at offset 50"):
        work.begin(0, 50, {}, None)
