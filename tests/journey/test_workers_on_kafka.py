"""Whole workers on Apache Kafka: killed in mid-stream, fed garbage, and folded again."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scoring.records import PARTITION_KEY
from streams.engine.brokers import Broker
from streams.engine.kafka_local import LocalKafka
from tests.journey.desk import PARTITIONS, Desk, desk, newest_offset, story, until
from tests.journey.truth import differing, undisturbed

GARBAGE = [
    b"",
    b'{"id": "x", "thread": "t", "from": {"id": "c", "ro',
    b"\xff\xfe\x00binary\x80",
    b'{"pad": "' + b"x" * 300_000 + b'"}',
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b'{"id": "x1", "thread": "t", "from": {"id": "c", "role": "customer"}, "at": "yesterday"}',
    b'{"id": "x2", "thread": "t", "from": {"id": "c", "role": "customer"}, "at": 99999999999999}',
    b'{"id": "x3", "thread": 7.5, "from": "nobody", "at": 1}',
    b"[1, 2, 3]",
]


@pytest.fixture
def own_kafka(kafka_at_hand: None, tmp_path: Path) -> Iterator[Broker]:
    """A broker of its own: whole processes use the real names of topics and groups."""
    with LocalKafka(tmp_path / "kafka") as broker:
        yield broker


def check_against_the_log(one: Desk) -> None:
    """The rows are, byte for byte, what one undisturbed pass over the same log gives.

    Up to where each partition was folded: a tick may have been appended as the worker was stopped.
    """
    stored = one.rows()
    folded_to = {number: newest_offset(rows) for number, rows in stored.items()}
    assert min(folded_to.values()) > 0
    assert differing(undisturbed(one, folded_to).rows, stored) == []


def stop(one: Desk) -> None:
    """End all workers in good order, so that nothing more is appended or folded."""
    for process in one.workers:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in one.workers:
        process.wait(30)


def test_a_worker_killed_in_mid_stream_changes_nothing(own_kafka: Broker, tmp_path: Path) -> None:
    """Two workers, one killed with SIGKILL and restarted: rows and counts are exact."""
    start_ms = int(time.time() * 1000) - 30 * 86_400_000
    told = story(11, customers=60, start_ms=start_ms)
    with desk(own_kafka, tmp_path) as one:
        first, second = one.start(), one.start()
        one.write(told, count=2_000)
        until("some events folded", lambda: one.accounted()[1] > 0)
        one.write(told, count=2_000)
        first.send_signal(signal.SIGKILL)
        first.wait()
        one.write(told, count=1_000)
        one.start()
        one.write(told, count=1_000)
        one.await_folded()
        stop(one)
        assert second.returncode == 0
        assert one.counted() == one.expected
        # What a crash makes ingest append again is a duplicate too, so there may be more of them.
        _, folded, duplicates = one.accounted()
        assert folded == sum(one.expected.values())
        assert duplicates >= one.repeated
        assert not one.dead_letters()
        check_against_the_log(one)


def test_garbage_is_put_aside_and_the_stream_goes_on(own_kafka: Broker, tmp_path: Path) -> None:
    """Empty, cut, binary, huge, deep, mistyped and far-future records: a reason each."""
    start_ms = int(time.time() * 1000) - 30 * 86_400_000
    told = story(5, customers=20, start_ms=start_ms)
    with desk(own_kafka, tmp_path) as one:
        one.start()
        one.write(told, count=200)
        one.spoil(GARBAGE)
        one.write(told, count=200)
        one.await_folded()
        until("all garbage put aside", lambda: one.dead_letters().total() == len(GARBAGE))
        stop(one)
        assert one.counted() == one.expected
        reasons = set(one.dead_letters())
        assert {"empty", "not_json", "too_large", "too_deep", "bad_time", "future"} <= reasons
        reached = one.control().progress
        assert len(reached) == 4 * PARTITIONS  # two sources of theirs, two of ours
        for place, progress in reached.items():
            counts = progress.counts
            parts = (
                counts.appended + sum(counts.filtered.values()) + sum(counts.dead_lettered.values())
            )
            assert counts.read == parts, place
        appended, folded, duplicates = one.accounted()
        assert appended == folded + duplicates
        assert PARTITION_KEY in one.rows()[0]
        check_against_the_log(one)
