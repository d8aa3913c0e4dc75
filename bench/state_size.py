"""How large does a row get? A simulated year of the heaviest customers, folded in this process.

The log is a list: what the simulator's customers do is read and folded as a worker would, and each
row is weighed as it would be stored, header included, after every 20 records of its customer. The
customers are `h-1` with a hundred thousand events by default, programs that write all day, and a
small shop. Events are synthetic; that rows are bounded does not depend on it.

    make state-size [ARGS="--heavy 20000 --days 90"]

Printed for each kind of customer: rows weighed, bytes at the median, at 99 of 100, and at most.
Ends with 1 if one is larger than `docs/state.md` says a row can be.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from alerts.config import config_hash, encode_config
from scoring.config import DAY_MS
from scoring.records import PARTITION_KEY, ConfigChanged, LogRecord, encode_record
from streams.control import Control, config_key
from streams.settings import load
from streams.simulate.appended import appended
from streams.simulate.delivery import Delivery, delivered
from streams.simulate.extras import Extras
from streams.simulate.shop import events
from streams.worker.history import LogRecord as Stored
from streams.worker.history import Refold

CAP_BYTES: Final = 12_000
"""A row is never larger: 8 kB of memory, 2 kB against repeats, 2 kB for 64 source partitions."""
_WEIGH: Final = 20
_START_MS: Final = 1_790_035_200_000  # a midnight
_CONFIG: Final = Path(__file__).resolve().parents[1] / "examples" / "demo.yaml"
_KINDS: Final = {"h": "heavy", "b": "program", "c": "shop"}


class Weighed(NamedTuple):
    """The rows of one kind of customer, in bytes."""

    kind: str
    rows: int
    p50: int
    p99: int
    most: int


def year(
    *, seed: int, days: int, heavy: int, customers: int, partitions: int
) -> Iterator[tuple[bytes, bytes, int]]:
    """A log: key, value and time of each record."""
    config = load(_CONFIG, {"clock": "watermark"}).config()
    told = events(
        seed, customers, _START_MS, duration_ms=days * DAY_MS, rate_e2=customers / 8_640,
        extras=Extras(
            incidents_every_ms=20 * DAY_MS, renewed=True, quiet_e2=10, sarcasm_e2=10, bots=2,
            heavy_events=heavy,
        ),
    )  # fmt: skip
    delivery = Delivery(outages_every_ms=7 * DAY_MS, imports_e2=20, duplicates_e2=1)
    sent = delivered(told, delivery, seed=seed, start_ms=_START_MS)
    changed: LogRecord = ConfigChanged(_START_MS, 0, config_hash(encode_config(config)))
    yield PARTITION_KEY, encode_record(changed), _START_MS
    for key, record in appended(sent, config.scoring, partitions=partitions):
        yield key, encode_record(record), record.at_ms


def weigh(log: Iterator[tuple[bytes, bytes, int]]) -> dict[bytes, list[int]]:
    """Sizes of each customer's row, after every 20 of their records and in the end."""
    body = encode_config(load(_CONFIG, {"clock": "watermark"}).config())
    control = Control()
    control.apply(config_key(config_hash(body)), body)
    work = Refold(control, log_epoch=1, every_output=False)
    sizes: dict[bytes, list[int]] = defaultdict(list)
    seen: dict[bytes, int] = defaultdict(int)
    waiting: list[Stored] = []
    for offset, (key, value, at_ms) in enumerate(log):
        waiting.append(Stored(offset, at_ms, key, value))
        seen[key] += 1
        if key != PARTITION_KEY and seen[key] % _WEIGH == 0:
            work.fold(0, waiting)
            waiting = []
            sizes[key].append(len(work.history.encoded[0][key]))
        work.history.outputs.clear()  # alerts are not what is weighed
    work.fold(0, waiting)
    for key, row in work.history.encoded[0].items():
        if key != PARTITION_KEY:
            sizes[key].append(len(row))
    return sizes


def weighed(sizes: dict[bytes, list[int]]) -> list[Weighed]:
    """By kind of customer, the heaviest first."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for key, some in sizes.items():
        by_kind[_KINDS[key[:1].decode()]] += some
    return [
        Weighed(kind, len(some), some[len(some) // 2], some[len(some) * 99 // 100], some[-1])
        for kind, some in ((kind, sorted(by_kind[kind])) for kind in _KINDS.values())
        if some
    ]


def main() -> int:
    """Print a table; 1 if a row is larger than it can be."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--days", type=int, default=365)
    options.add_argument("--heavy", type=int, default=100_000, help="events of customer h-1")
    options.add_argument("--customers", type=int, default=20, help="of the shop")
    options.add_argument("--partitions", type=int, default=16, help="of the source")
    given = options.parse_args()
    began_s = time.process_time()
    sizes = weigh(year(**vars(given)))
    found = weighed(sizes)
    lines = [f"{'customer':12}{'rows':>10}{'p50 B':>10}{'p99 B':>10}{'most B':>10}"]
    lines += [
        f"{one.kind:12}{one.rows:10,}{one.p50:10,}{one.p99:10,}{one.most:10,}" for one in found
    ]
    spent_s = time.process_time() - began_s
    lines.append(
        f"{given.days} simulated days, {len(sizes)} customers, {spent_s:.0f} s; cap {CAP_BYTES:,} B"
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if max(one.most for one in found) > CAP_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
