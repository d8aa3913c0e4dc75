"""The whole benchmark: nabz and its peers take turns on one broker, and a page is made of it.

    make bench [JSON=FILE] [QUICK=1] [ARGS="--embedded"]

Rounds are interleaved, so that a busy minute of the machine meets all alike; each run begins with
a fixed loop on the same core, whose best time over all runs scales processor seconds ("norm").
What is told is the median of the rounds; ratios are medians of each round's ratio. A contestant
that fails or does not do the job stands in the table with what was wrong. What is measured how is
in `bench.contest`, `bench.latency`, `bench.scale` and `bench.engine`.

The JSON has `machine`, `contests`, `engine`, `latency`, `workers`, `fold` and `restore`, each as
the function that measures it documents.

Next step: `bench.page` writes `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from bench import engine, page, peers, scale
from bench.contest import Arena, Contestant, ContestError, calibrate, on_core, run_once
from bench.latency import latency
from streams.engine import kafka_local
from streams.engine.embedded import EmbeddedBroker
from streams.engine.kafka_local import LocalKafka

NABZ: Final = Contestant(
    "nabz", "nabz", "**nabz, whole**: reading, scores, rules, alerts", whole=True
)
JOB: Final = Contestant("nabz_job", "nabz_job", "**nabz, the peers' job** on its engine, two hops")
QUIX: Final = Contestant("quix", "quix", "Quix Streams, RocksDB and changelog", peer=True)
BYTEWAX: Final = Contestant("bytewax", "bytewax", "Bytewax with recovery, SQLite", peer=True)
FAUST: Final = Contestant("faust", "faust", "stock Faust, agent and Table, changelog")
BARE: Final = Contestant(
    "bare", "bare", "bare confluent-kafka loop, a dict, nothing durable", peer=True
)
CONTESTANTS: Final = (NABZ, JOB, QUIX, BYTEWAX, FAUST, BARE)
TWO: Final = Contestant("nabz_two", "nabz", "nabz, whole, two workers", whole=True, processes=2)


class Size(NamedTuple):
    """How much is measured."""

    rounds: int
    events: Mapping[str, int]
    engine: Mapping[str, int]
    latency_s: float
    at_500: tuple[Contestant, ...]
    customers: tuple[int, ...]
    restored: tuple[int, ...]


FULL: Final = Size(
    3,
    {"nabz": 40_000, "nabz_job": 80_000, "quix": 40_000, "bytewax": 80_000, "faust": 12_000,
     "bare": 80_000},
    {"nabz": 300_000, "faust": 20_000},
    15.0,
    CONTESTANTS,
    (1_000, 10_000, 100_000, 1_000_000),
    (100_000, 1_000_000),
)  # fmt: skip
QUICK: Final = Size(
    1,
    {"nabz": 12_000, "nabz_job": 20_000, "quix": 12_000, "bytewax": 20_000, "faust": 5_000,
     "bare": 20_000},
    {"nabz": 50_000, "faust": 4_000},
    5.0,
    (NABZ, JOB, QUIX),
    (10_000, 100_000),
    (100_000,),
)  # fmt: skip


def told(text: str) -> None:
    """Say where we are."""
    sys.stderr.write(f"{text}\n")


def attempt(what: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The result, or `error` with what was wrong: the others are worth measuring all the same."""
    began_s = time.monotonic()
    try:
        result = work()
    except ContestError as error:
        result = {"error": str(error)}
    told(f"{what}: {time.monotonic() - began_s:.0f} s {result.get('error', '')}")
    return result


def machine(arena: Arena) -> dict[str, Any]:
    """What it was measured on, and with which versions."""
    model = "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # whichever git there is
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {
        "broker": arena.kind,
        "model": model,
        "cores": os.cpu_count(),
        "pinned": bool(on_core(1)),
        "load": os.getloadavg()[0],
        "system": platform.system(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
        "versions": peers.VERSIONS,
    }


def contests(arena: Arena, size: Size) -> dict[str, Any]:
    """All contestants, round by round.

    Returns:
        By name `label`, `events`, `rounds` as `run_once` gives them, and medians: `us`, processor
        time of an event, normalised; `events_per_cpu_s`; `events_per_s` of wall time;
        `broker_us`; `rss_mb`; `records_per_event`. Where a round failed: `error`.
    """
    rounds: dict[str, list[dict[str, Any]]] = {one.name: [] for one in CONTESTANTS}
    for number in range(size.rounds):
        for who in CONTESTANTS:
            source = arena.source(size.events[who.name])
            one = attempt(
                f"round {number + 1} {who.name}",
                lambda who=who, source=source: run_once(arena, who, source),  # type: ignore[misc]
            )
            rounds[who.name].append(one)
    return summed(rounds, size)


def summed(rounds: Mapping[str, list[dict[str, Any]]], size: Size) -> dict[str, Any]:
    """Medians of rounds; see `contests`."""
    best_s = min(
        (one["calibration_s"] for some in rounds.values() for one in some if "error" not in one),
        default=0.0,
    )
    result: dict[str, Any] = {}
    for who in CONTESTANTS:
        some = rounds[who.name]
        entry: dict[str, Any] = {
            "label": who.label, "events": size.events[who.name], "rounds": some
        }  # fmt: skip
        result[who.name] = entry
        errors = [one["error"] for one in some if "error" in one]
        if errors:
            entry["error"] = errors[0]
            continue
        for one in some:
            scale_by = best_s / one["calibration_s"]
            one["us"] = 1e6 * one["cpu_s"] / one["events"] * scale_by
        entry["us"] = median(one["us"] for one in some)
        entry["events_per_cpu_s"] = 1e6 / entry["us"]
        entry["events_per_s"] = median(one["events"] / one["wall_s"] for one in some)
        entry["rss_mb"] = median(one["rss_mb"] for one in some)
        entry["records_per_event"] = median(one["records"] / entry["events"] for one in some)
        if all(one["broker_cpu_s"] is not None for one in some):
            entry["broker_us"] = median(1e6 * one["broker_cpu_s"] / one["events"] for one in some)
        for more in ("changelog", "row_bytes"):
            if all(more in one for one in some):
                entry[more] = median(one[more] for one in some)
    return result


def latencies(arena: Arena, size: Size, most: float | None) -> list[dict[str, Any]]:
    """Everybody at 500 events a second, nabz also at 10, 50 and 80 % of what it can.

    Returns:
        As `bench.latency.latency` gives them, with `name`, `label` and `share_of_most`.
    """
    asked: list[tuple[Contestant, int, float | None]] = [(who, 500, None) for who in size.at_500]
    if most is not None and size.rounds > 1:
        asked += [(NABZ, max(20, int(most * share)), share) for share in (0.1, 0.5, 0.8)]
    result = []
    for who, rate, share in asked:
        one = attempt(
            f"latency {who.name} at {rate}/s",
            lambda who=who, rate=rate: latency(arena, who, rate=rate, seconds=size.latency_s),  # type: ignore[misc]
        )
        result.append(
            {"name": who.name, "label": who.label, "rate": rate, "share_of_most": share} | one
        )
    return result


def workers(arena: Arena, size: Size) -> dict[str, Any]:
    """Processor time of an event with one worker and with two: `one_us`, `two_us`."""
    source = arena.source(size.events["nabz"])
    costs: dict[str, Any] = {}
    for name, who in (("one_us", NABZ), ("two_us", TWO)):
        result = attempt(f"workers {name}", lambda who=who: run_once(arena, who, source))  # type: ignore[misc]
        if "error" in result:
            return result
        costs[name] = 1e6 * result["cpu_s"] / result["events"]
    return costs


def measure(arena: Arena, size: Size) -> dict[str, Any]:
    """Everything, as documented above."""
    result: dict[str, Any] = {"machine": machine(arena)}
    result["contests"] = contests(arena, size)
    result["workers"] = workers(arena, size)
    most = result["contests"]["nabz"].get("events_per_s")
    result["latency"] = latencies(arena, size, most)
    result["engine"] = attempt(
        "engine alone",
        lambda: engine.compare(arena.broker, arena.kind, events=size.engine, rounds=size.rounds),
    )
    result["fold"] = [
        attempt(f"fold {count}", lambda count=count: scale.measured("fold", count))  # type: ignore[misc]
        for count in size.customers
        for _ in range(size.rounds)
    ]
    result["restore"] = [
        attempt(
            f"restore {count}",
            lambda count=count: scale.measured("restore", count, arena.broker.bootstrap),  # type: ignore[misc]
        )
        for count in size.restored
    ]
    return result


@contextmanager
def an_arena(place: Path, *, embedded: bool) -> Iterator[Arena]:
    """A broker to measure on: Apache Kafka where Java and Maven are found."""
    if embedded or kafka_local.missing() is not None:
        with EmbeddedBroker() as broker:
            yield Arena(broker, "embedded (Tansu)", None, place)
        return
    kafka = LocalKafka(place / "kafka")
    kafka.start()
    try:
        yield Arena(kafka.broker, f"Apache Kafka {kafka_local.KAFKA_VERSION}", kafka.pid, place)
    finally:
        kafka.stop()


def main() -> int:
    """Measure, write the page, print its tables; 1 if somebody failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="little of everything; no page")
    parser.add_argument("--embedded", action="store_true", help="on the broker in memory; no page")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument(
        "--from", dest="found", type=Path, help="make the page of figures measured before"
    )
    given = parser.parse_args()
    if given.found is not None:
        result = json.loads(given.found.read_text(encoding="utf-8"))
    else:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # or the broker would outlive us
        if on_core(0):
            os.sched_setaffinity(0, {0})  # the broker inherits it; contestants are elsewhere
        with (
            tempfile.TemporaryDirectory(prefix="nabz-bench-") as place,
            an_arena(Path(place), embedded=given.embedded) as arena,
        ):
            calibrate()
            result = measure(arena, QUICK if given.quick else FULL)
    if given.json is not None:
        given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    text = page.figures(result)
    if not given.quick and not given.embedded:
        page.write(text, result)
    sys.stdout.write(text)
    return 1 if any("error" in one for one in result["contests"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
