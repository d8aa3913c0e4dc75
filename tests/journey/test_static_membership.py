"""Workers that keep their place while they restart, as the chart and the systemd unit start them.

On Apache Kafka only: the embedded broker gives a member that comes back nothing.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.engine.brokers import Broker
from streams.engine.kafka_local import LocalKafka
from streams.engine.worker import FAIL_STOP
from tests.journey.desk import Desk, desk, story, until
from tests.journey.test_workers_on_kafka import check_against_the_log, stop

SESSION = "60s"
"""Longer than a worker takes to come back, on a machine that is busy with other things too."""


@pytest.fixture(scope="module")
def own_kafka(kafka_at_hand: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of its own: whole processes use the real names of topics and groups."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


class Named:
    """A worker with a name, through all its restarts."""

    def __init__(self, one: Desk, name: str) -> None:
        """Start it for the first time."""
        self.desk, self.name = one, name
        self.logs: list[Path] = []
        self.start()

    def start(self) -> None:
        """Start it, under the same name."""
        self.logs.append(self.desk.directory / f"worker-{len(self.desk.workers)}.log")
        self.process: subprocess.Popen[bytes] = self.desk.start(
            NABZ_WORKER__MEMBER=self.name,
            NABZ_WORKER__SESSION=SESSION,
            NABZ_INGEST__SESSION=SESSION,
        )

    def given(self) -> tuple[int, int]:
        """How often the present process was given partitions: of the sources, of the log."""
        told = self.logs[-1].read_text(encoding="utf-8", errors="replace")
        return told.count("ingest.partitions_assigned"), told.count("partitions.restored")

    def at_work(self) -> bool:
        """Has it been given partitions in both groups?"""
        return min(self.given()) > 0


def test_a_rolling_restart_disturbs_nobody_and_loses_nothing(
    own_kafka: Broker, tmp_path: Path
) -> None:
    """Two workers restarted one after the other under load: the other one sees no rebalance."""
    told = story(7, customers=60, start_ms=int(time.time() * 1000) - 30 * 86_400_000)
    with desk(own_kafka, tmp_path) as one:
        first = Named(one, "worker-0")
        until("the first at work", first.at_work)
        second = Named(one, "worker-1")
        until("the second at work", second.at_work)
        one.write(told, count=1_500)
        until("some events folded", lambda: one.accounted()[1] > 0)
        for leaves, stays in ((first, second), (second, first)):
            before = stays.given()
            leaves.process.send_signal(signal.SIGTERM)
            one.write(told, count=1_000)
            assert leaves.process.wait(40) == 0
            leaves.start()
            until(f"{leaves.name} at work again", leaves.at_work)
            one.write(told, count=1_000)
            assert stays.given() == before
        one.await_folded()
        stop(one)
        assert one.counted() == one.expected
        assert not one.dead_letters()
        check_against_the_log(one)


def test_a_name_that_is_given_twice_ends_the_first_who_had_it(
    own_kafka: Broker, tmp_path: Path
) -> None:
    """With 70, and the reason: two processes under one name would take it from each other."""
    with desk(own_kafka, tmp_path) as one:
        first = Named(one, "worker-0")
        until("the first at work", first.at_work)
        second = Named(one, "worker-0")
        until("the second at work", second.at_work)
        assert first.process.wait(40) == FAIL_STOP
        said = first.logs[0].read_text(encoding="utf-8")
        assert "does not know worker-0 any more" in said
        assert "another process has the same worker.member" in said
