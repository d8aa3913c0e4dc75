"""Brokers that die under load, three of them, with two workers as they are installed.

The leader of most of the log is killed, then another one stopped in good order, then two of three
killed, which leaves no majority. In the end rows, topics and counts are held against one
undisturbed pass over the log, as `tests.journey.chaos` does. How long nothing was folded is read
from the times of the stored rows. By hand: `make brokers`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from streams.engine.kafka_reads import read
from streams.topics import CONTROL, LOG, ROWS, TOPICS
from tests.brokers.cluster import SIZE, Cluster
from tests.journey.chaos import PARTITIONS, Chaos
from tests.journey.desk import Desk, until
from tests.journey.fleet import Fleet
from tests.journey.traffic import Traffic

RATE: Final = 200
"""Events a second."""
MOST: Final = 60_000
"""Events that are planned; as many are written as there is time for."""
STEP_S: Final = 0.25
AWAY_S: Final = 20.0
"""Kafka notices a killed broker after nine seconds."""


def longest_pause_ms(times_ms: Iterable[int], begin_ms: int, end_ms: int) -> int:
    """The longest time without a row that began between two moments.

    >>> longest_pause_ms([1_000, 1_500, 9_000, 9_100, 30_000], 1_200, 9_050)
    7500
    """
    within = [
        two - one for one, two in pairwise(sorted(times_ms)) if begin_ms <= two and one < end_ms
    ]
    return max(within, default=0)


class Outages(Chaos):
    """One run."""

    def __init__(self, directory: Path, seed: int, *, told: Callable[[str], None]) -> None:
        """Plan it; `run` starts the brokers."""
        super().__init__(directory, seed, MOST, told=told)
        self._windows: dict[str, tuple[int, int]] = {}

    def run(self) -> dict[str, Any]:
        """Do all of it.

        Raises:
            AssertionError: Something is lost, doubled or different.
        """
        with Cluster(self._directory) as self._cluster:
            self._desk = Desk(
                self._cluster.broker, self._directory, partitions=PARTITIONS, replication=SIZE
            )
            self._traffic = Traffic(
                self._desk.broker, self._seed, count=MOST, partitions=PARTITIONS
            )
            self._fleet = Fleet(self._desk, size=2, hasty=False)
            try:
                self._disturb()
                self._settle()
                self._compare()
                self._state_pauses()
            finally:
                self._fleet.close()
                self._traffic.close()
                self._desk.close()
        self.figures["seconds"] = round(time.monotonic() - self._began_s, 1)
        return self.figures

    def _disturb(self) -> None:
        cluster = self._cluster
        self._fleet.tend()
        self._await("some rows", lambda: any(True for _ in self._times()))
        self._write(15.0)
        with_most = self._leader()
        self._outage("leader killed", lambda: cluster.kill([with_most]), [with_most])
        with_most = self._leader()
        self._outage("leader stopped", lambda: cluster.stop(with_most), [with_most])
        two = [self._leader()]
        two.append(two[0] % SIZE + 1)
        self._outage("two killed", lambda: cluster.kill(two), two)
        self._traffic.finish()
        self.figures |= {"planted": 0}

    def _outage(self, what: str, begin: Callable[[], None], numbers: list[int]) -> None:
        """Take brokers away under load, bring them back, and wait until all is copied again."""
        began_ms = _now_ms()
        begin()
        self._say(f"{what}: {numbers}")
        self._write(AWAY_S)
        self._say("back")
        self._cluster.start(numbers)
        self._write(AWAY_S)
        self._windows[what] = began_ms, _now_ms()
        names = [LOG, ROWS, CONTROL, "__consumer_offsets", *(one.name for one in TOPICS)]
        until("all copied again", lambda: self._cluster.whole(names), timeout_s=120, step_s=1.0)

    def _leader(self) -> int:
        ((number, _),) = self._cluster.leaders(LOG).most_common(1)
        return number

    def _write(self, seconds: float) -> None:
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s:
            self._traffic.write(round(RATE * STEP_S))
            self._fleet.tend()
            time.sleep(STEP_S)

    def _times(self) -> Iterable[int]:
        for records in read(self._desk.broker, ROWS):
            yield from (one.timestamp for one in records)

    def _state_pauses(self) -> None:
        times = sorted(self._times())
        for what, window in self._windows.items():
            self.figures[f"{what}, pause in s"] = longest_pause_ms(times, *window) / 1000


def _now_ms() -> int:
    return int(time.time() * 1000)


def main() -> int:
    """Run it once; 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nabz-brokers-") as directory:
        outages = Outages(Path(directory), given.seed, told=print)
        try:
            print(json.dumps(outages.run()), flush=True)  # noqa: T201
        except AssertionError as error:
            print(f"{error}\n{json.dumps(outages.figures)}", flush=True)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
