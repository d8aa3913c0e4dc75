"""A contest is measured as it says, and who does not do the job is found."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench import contest, run
from bench.contest import Arena, ContestError, Source
from bench.contestants.given import Meter
from streams.engine.brokers import Broker


@pytest.fixture
def arena(kafka_broker: Broker, tmp_path: Path) -> Arena:
    """A broker to compete on."""
    return Arena(kafka_broker, "Apache Kafka", os.getpid(), tmp_path)


def test_the_peers_job_on_nabz_writes_what_a_plain_loop_writes(arena: Arena) -> None:
    """Two hops, the same records; with few events, as no figure is judged here."""
    source = arena.source(6_000)
    found = contest.run_once(arena, run.JOB, source, warm=200)
    assert 0 < found["events"] <= source.count - 200
    assert found["cpu_s"] > 0 and found["wall_s"] > 0 and found["broker_cpu_s"] >= 0
    assert found["records"] == contest.expected(source, 8)[0] > 200


def test_a_contestant_that_ends_early_is_told_with_what_it_said(tmp_path: Path) -> None:
    """Not a run that hangs until its time is over."""
    running = contest.Running(
        [["python3", "-c", "raise SystemExit('no broker there')"]], tmp_path / "log"
    )
    try:
        with pytest.raises(ContestError, match="no broker there"):
            running.reach(1)
    finally:
        running.kill()


def test_the_expected_records_are_of_the_whole_workload() -> None:
    """Every customer with eight events ends in a record, and each event is in a sum."""
    source = Source("none", 600, 20, 0)
    count, last = contest.expected(source, 1)
    assert count == 600
    assert sum(one["events"] for one in last.values()) == 600
    fewer, _ = contest.expected(replace(source, topic="other"), 8)
    assert fewer == sum(one["events"] // 8 for one in last.values())


def test_a_meter_tells_at_its_marks_and_without_any_at_every_call(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is measured begins and ends where it should."""
    meter = Meter((2, 5))
    for _ in range(4):
        meter.add()
    meter.reached(9)
    meter.reached(10)
    Meter(()).reached(3)
    told = [line.split(",")[0] for line in capsys.readouterr().out.splitlines()]
    assert told == ['{"events": 2', '{"events": 9', '{"events": 3']
