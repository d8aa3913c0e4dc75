"""Does a worker stay as it is for half an hour at half of what it can? Memory, lag, and no end.

On an Apache Kafka of its own. First a backlog, whose drain gives the most this machine can; then
half of that, steadily. Every few seconds the resident memory of the worker is noted, and how many
records wait for it. By hand: `make soak`, `make soak ARGS="--minutes 2"`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression, median
from typing import Any, Final

from streams.acls import INGEST_GROUP, TRACK_GROUP
from streams.engine.admin import connected
from streams.engine.kafka_local import LocalKafka
from streams.engine.kafka_reads import ends
from streams.topics import EVENTS, LOG
from tests.journey.chaos import PARTITIONS
from tests.journey.desk import Desk, until
from tests.journey.fleet import Fleet
from tests.journey.traffic import Traffic

BACKLOG: Final = 20_000
STEP_S: Final = 0.25
SAMPLE_S: Final = 5.0
SETTLED: Final = 0.2
"""Share of the samples that do not count: rings fill, caches warm up."""
SLOPE_MB_H: Final = 40.0
"""Growth that is called flat: rows of customers who are new are among it."""
LAG_S: Final = 5.0
_READ: Final = {INGEST_GROUP: ("desk.chat", "desk.steps", EVENTS), TRACK_GROUP: (LOG,)}


def resident_mb(pid: int) -> float:
    """Resident memory of a process, as Linux tells it."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"process {pid} has no memory any more")


def slope_mb_h(samples: Sequence[tuple[float, float]]) -> float:
    """Growth by least squares, in megabytes an hour; samples are seconds and megabytes.

    >>> slope_mb_h([(0.0, 100.0), (1_800.0, 101.0), (3_600.0, 102.0)])
    2.0
    """
    seconds, sizes = zip(*samples, strict=True)
    return round(linear_regression(seconds, sizes).slope * 3_600, 3)


def waiting(desk: Desk) -> int:
    """Records that both groups have yet to read and commit."""
    left = 0
    with connected(desk.broker, 30) as client:
        for group, topics in _READ.items():
            committed = client.list_group_offsets({group: None})[group]
            done = {(tp.topic, tp.partition): at.offset for tp, at in committed.items()}
            for topic in topics:
                for number, end in ends(desk.broker, topic).items():
                    left += end - max(0, done.get((topic, number), 0))
    return left


def soak(directory: Path, *, minutes: float, rate: int | None) -> dict[str, Any]:
    """One run; a rate of None is half of what the backlog shows.

    Raises:
        AssertionError: Memory grew, records waited, or the worker ended.
    """
    with LocalKafka(directory / "kafka") as broker:
        desk = Desk(broker, directory, partitions=PARTITIONS)
        fleet = Fleet(desk, size=1, hasty=False)
        try:
            most = _drained(desk, fleet)
            steady = most // 2 if rate is None else rate
            (member,) = fleet.members
            samples, left = _steady(desk, fleet, minutes, steady, member.process.pid)
            assert fleet.members == [member], f"the worker ended: {fleet.ended}"
            fleet.stop()
        finally:
            fleet.close()
            desk.close()
    later = samples[int(len(samples) * SETTLED) :]
    lags = [one / steady for one in left[int(len(left) * SETTLED) :]]
    figures = {
        "minutes": minutes,
        "most_per_s": most,
        "rate_per_s": steady,
        "memory_mb": round(later[-1][1], 1),
        "slope_mb_per_hour": slope_mb_h(later),
        "lag_s_median": round(median(lags), 2),
        "lag_s_most": round(max(lags), 2),
    }
    print(json.dumps(figures), flush=True)  # noqa: T201
    assert figures["slope_mb_per_hour"] < SLOPE_MB_H or minutes < 10, "memory grows"
    assert figures["lag_s_median"] < LAG_S, "records wait"
    return figures


def _drained(desk: Desk, fleet: Fleet) -> int:
    """Events a second, from the moment the worker tells its progress until the backlog is gone."""
    traffic = Traffic(desk.broker, 1, count=BACKLOG, partitions=PARTITIONS)
    try:
        traffic.write(BACKLOG)
        traffic.finish()
    finally:
        traffic.close()
    # Not before: a broker that never had a group knows of no offsets.
    until("the worker begins", lambda: _tended(fleet, bool(desk.control().progress)))
    began_s = time.monotonic()
    until(
        "the backlog is read", lambda: _tended(fleet, waiting(desk) < BACKLOG // 100), timeout_s=900
    )
    return round(BACKLOG / (time.monotonic() - began_s))


def _tended(fleet: Fleet, condition: bool) -> bool:
    fleet.tend()  # which starts the worker, too
    return condition


def _steady(
    desk: Desk, fleet: Fleet, minutes: float, rate: int, pid: int
) -> tuple[list[tuple[float, float]], list[int]]:
    traffic = Traffic(desk.broker, 2, count=int(rate * minutes * 60), partitions=PARTITIONS)
    samples: list[tuple[float, float]] = []
    left: list[int] = []
    began_s = sampled_s = time.monotonic()
    try:
        while (now_s := time.monotonic()) < began_s + minutes * 60:
            traffic.write(max(0, int((now_s - began_s) * rate) - traffic.expected.total()))
            fleet.tend()
            if now_s >= sampled_s + SAMPLE_S:
                sampled_s = now_s
                samples.append((now_s - began_s, resident_mb(pid)))
                left.append(waiting(desk))
            time.sleep(STEP_S)
    finally:
        traffic.close()
    return samples, left


def main() -> int:
    """Run it; 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=int, help="events a second, half the most by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nabz-soak-") as directory:
        try:
            soak(Path(directory), minutes=given.minutes, rate=given.rate)
        except AssertionError as error:
            print(f"soak: {error}", flush=True)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
