"""Folding a log again, in this process, with the same code."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaProducer

from alerts.config import encode_config
from alerts.header import Header, pack_header
from alerts.outputs import HealthRow, Transition
from scoring.records import PARTITION_KEY, ConfigChanged, LogRecord, Tick, encode_record
from streams.control import Control, config_key
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.topics import CONTROL, LOG, TOPICS
from streams.worker.history import HistoryError, Refold, control_of, refold
from tests.strategies import BASE_MS, CONFIG, hashed, logs, signal, stored
from tests.worker.test_track import GARBAGE, NAMES, Rows, cuts, folded, knowing, track

T = BASE_MS
NAME = hashed(CONFIG)


@given(logs(configs=NAMES), cuts)
def test_a_history_holds_the_rows_the_worker_stored(
    log: list[tuple[bytes, LogRecord]], places: list[int]
) -> None:
    """Byte for byte, whatever the worker's cycles and those of the replay were."""
    rows: Rows = {}
    records = stored(log)
    folded(records, rows)
    work = Refold(track()._control, log_epoch=1, every_output=False)
    ends = sorted({place % (len(records) + 1) for place in places} | {0, len(records)})
    for one, other in pairwise(ends):
        work.fold(3, records[one:other])
    work.fold(3, [])
    history = work.done()
    assert history.encoded == {3: rows}
    assert set(history.rows) == {key.decode() for key in rows if key != PARTITION_KEY}
    assert set(history.partitions) == ({3} if PARTITION_KEY in rows else set())
    assert (history.entries, history.first) == (len(records), {3: 0})


@given(logs(customers=[b"ann"]), st.booleans())
def test_of_many_customers_the_newest_health_is_kept_of_one_every_row(
    log: list[tuple[bytes, LogRecord]], every_output: bool
) -> None:
    """A replay of a whole log must fit into memory."""
    work = Refold(knowing(CONFIG), log_epoch=1, every_output=every_output)
    for record in stored(log):
        work.fold(0, [record])
    history = work.done()
    versions = [one.version for one in history.outputs if isinstance(one, HealthRow)]
    newest = history.rows["ann"].version if "ann" in history.rows else 0
    whole = list(range(1, newest + 1))
    assert versions == (whole if every_output else whole[-1:])


def test_a_deleted_row_is_no_customer() -> None:
    """Its header stays in the encoded rows."""
    work = Refold(knowing(), log_epoch=1, every_output=False)
    work.history.encoded[0] = {b"ann": pack_header(Header(1, 5, deleted=True))}
    assert work.done().rows == {}


def test_a_configuration_that_is_gone_is_named() -> None:
    """The log was folded under it: nothing else gives the same rows."""
    work = Refold(Control(), log_epoch=1, every_output=False)
    change = ConfigChanged(T, T, NAME)
    log: list[tuple[bytes, LogRecord]] = [(PARTITION_KEY, change), (b"ann", signal(T))]
    with pytest.raises(HistoryError, match=rf"{NAME}.*nabz config apply"):
        work.fold(0, stored(log))


# ---------------------------------------------------------------------- from a broker


@pytest.fixture(scope="module")
def written(embedded_broker: Broker) -> Broker:
    """A broker with a configuration and a log of two customers, one record of it unreadable."""
    apply_topics(
        embedded_broker, partitions=2, replication=1,
        topics=tuple(one for one in TOPICS if one.name in {CONTROL, LOG}),
    )  # fmt: skip
    producer = KafkaProducer(**embedded_broker.kafka_python(), enable_idempotence=False)
    producer.send(CONTROL, key=config_key(NAME), value=encode_config(CONFIG))
    ann, bo = (partition_of(key, 2) for key in (b"ann", b"bo"))
    for number in (0, 1):
        for record in (ConfigChanged(T, T, NAME), Tick(T, T)):
            producer.send(LOG, key=PARTITION_KEY, value=encode_record(record), partition=number)
    for at_ms in range(0, 50_000, 1_000):
        value = encode_record(signal(T + at_ms, 100))
        producer.send(LOG, key=b"ann", value=value, partition=ann)
    producer.send(LOG, key=b"ann", value=GARBAGE.value, partition=ann)
    producer.send(LOG, key=b"bo", value=encode_record(signal(T, 300)), partition=bo)
    producer.flush()
    producer.close()
    return embedded_broker


SETTINGS = SimpleNamespace(log_epoch=1)


def test_a_log_is_folded_again_from_its_broker(written: Broker) -> None:
    """Whole: every customer, under the configurations it was folded under."""
    seen: list[tuple[int, int]] = []
    history = refold(written, SETTINGS, progress=lambda *told: seen.append(told))
    assert set(history.rows) == {"ann", "bo"}
    assert history.rows["ann"].folded == 50 and history.rows["ann"].config_hash == NAME
    assert sum(one.ticks for one in history.partitions.values()) == 2
    assert history.entries == 56 and seen[-1][0] == 56
    assert sum(isinstance(one, HealthRow) for one in history.outputs) == 2


def test_one_customer_of_a_log_is_folded_again_up_to_a_time(written: Broker) -> None:
    """With every output of it; what cannot be read is put aside as in the worker."""
    history = refold(written, SETTINGS, customer="ann", at_ms=T + 9_999)
    assert set(history.rows) == {"ann"} and history.rows["ann"].folded == 10
    versions = [one.version for one in history.outputs if isinstance(one, HealthRow)]
    assert versions == list(range(1, history.rows["ann"].version + 1))
    assert refold(written, SETTINGS, customer="nobody").rows == {}
    again = refold(written, SETTINGS, customer="ann")
    assert any(isinstance(one, Transition) for one in again.outputs)


def test_the_control_topic_is_read_as_it_is_now(written: Broker) -> None:
    """Bodies by hash."""
    assert control_of(written).bodies == {NAME: encode_config(CONFIG)}
