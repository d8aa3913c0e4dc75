"""A log as a list, the simulator's customers in it, and folds of it: by workers, and again.

Run as a module it folds a log file as so many workers would, in batches of so many records, and
writes down all that comes of it: `python -m tests.worker.lived LOG OUT --workers 3 --batch 7`.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from alerts.config import Config, config_hash, encode_config
from alerts.rules import Cuts, Rule
from scoring.config import DAY_MS
from scoring.records import (
    PARTITION_KEY,
    ConfigChanged,
    Cue,
    LogRecord,
    Signal,
    Tick,
    encode_record,
)
from streams.control import Control, config_key
from streams.engine.cycle import partition_of
from streams.engine.rows import Rows
from streams.simulate.appended import appended
from streams.simulate.faults import records
from streams.simulate.shop import events
from streams.topics import HEALTH
from streams.worker.track import Track
from tests.strategies import SCORING, Stored

PARTITIONS: Final = 4
START_MS: Final = 1_790_035_200_000  # a midnight
LATENESS_MS: Final = 10_000
RULES: Final = (
    Rule("distress", warning=Cuts(5_000, 3_500), critical=Cuts(7_000, 6_000)),
    Rule("held", warning=Cuts(3_000, 2_000), critical=None, for_ms=90_000),
)
CONFIG: Final = Config(clock="watermark", scoring=SCORING, rules=RULES)
LATER: Final = Config(clock="watermark", scoring=SCORING, rules=RULES[:1])


def knowing(*configs: Config) -> Control:
    """A control topic with these bodies."""
    control = Control()
    for config in configs:
        body = encode_config(config)
        control.apply(config_key(config_hash(body)), body)
    return control


def named(config: Config) -> str:
    """Its hash."""
    return config_hash(encode_config(config))


def told(seed: int, *, customers: int, days: int) -> Iterator[tuple[bytes, LogRecord]]:
    """What the simulator's customers do, as ingest would append it where `clock: watermark`."""
    story = events(seed, customers, START_MS, duration_ms=days * DAY_MS, rate_e2=1)
    return appended(records(story), SCORING)


# ---------------------------------------------------------------------- a log in a file


def write_log(path: Path, seed: int) -> int:
    """A log of four partitions in a file: events, ticks, repeats, garbage, two configurations."""
    ends = dict.fromkeys(range(PARTITIONS), 0)
    with path.open("w", encoding="utf-8") as file:

        def append(number: int, key: bytes, value: bytes, timestamp: int) -> None:
            parts = (base64.b64encode(part).decode() for part in (key, value))
            file.write(json.dumps([number, ends[number], timestamp, *parts]) + "\n")
            ends[number] += 1

        def everywhere(record: LogRecord) -> None:
            for number in ends:
                append(number, PARTITION_KEY, encode_record(record), record.at_ms)

        everywhere(ConfigChanged(START_MS, 0, named(CONFIG)))
        for count, (key, record) in enumerate(told(seed, customers=20, days=2)):
            value, at_ms = encode_record(record), record.at_ms
            number = partition_of(key, PARTITIONS)
            append(number, key, value, at_ms)
            if count % 20 == 0:
                append(number, key, value, at_ms)
            if count % 25 == 0:
                everywhere(Tick(at_ms, record.complete_to_ms))
            if count % 200 == 50:
                append(number, key, b"\xc1", at_ms)
            if count % 200 == 150 and isinstance(record, Signal) and record.reading is not None:
                cues = (Cue("planted", "unheard_of", 1),)
                reading = msgspec.structs.replace(record.reading, cues=cues)
                planted = msgspec.structs.replace(
                    record, reading=reading, event_id=f"planted-{count}", ordered=False
                )
                append(number, key, encode_record(planted), at_ms)
            if count == 600:
                everywhere(ConfigChanged(at_ms, record.complete_to_ms, named(LATER)))
    return sum(ends.values())


def read_log(path: Path) -> dict[int, list[Stored]]:
    """The log of a file, by partition."""
    found: dict[int, list[Stored]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        number, offset, timestamp, key, value = json.loads(line)
        found.setdefault(number, []).append(
            Stored(offset, timestamp, base64.b64decode(key), base64.b64decode(value))
        )
    return found


# ---------------------------------------------------------------------- workers that are objects


def fold_as(log: dict[int, list[Stored]], *, workers: int, batch: int) -> dict[str, Any]:
    """Fold a log as so many workers would, who hand their partitions on half way.

    Returns:
        Rows, everything published but health, and the last health of each customer, as text.
    """
    owners = [Track(knowing(CONFIG, LATER)) for _ in range(workers)]
    changelog: dict[int, list[Stored]] = {number: [] for number in log}
    held: dict[int, tuple[Track, Rows]] = {}
    published: dict[str, list[str]] = {}
    health: dict[str, str] = {}
    place = dict.fromkeys(log, 0)
    while any(place[number] < len(whole) for number, whole in log.items()):
        for number, whole in log.items():
            some = whole[place[number] : place[number] + batch]
            if not some:
                continue
            moved = place[number] >= len(whole) // 2
            track = owners[(number + moved) % workers]
            if number not in held or held[number][0] is not track:
                rows = Rows()
                rows.restore(number, changelog[number])
                track.on_restored(number, rows.of(number))
                held[number] = track, rows
            rows = held[number][1]
            found = track.fold(number, some, rows.of(number))
            for one in found.outputs:
                text = f"{one.key!r} {one.value!r} {one.headers!r}"
                if one.topic == HEALTH and not one.key.startswith(b"~"):
                    health[one.key.decode()] = text
                else:
                    published.setdefault(f"{one.topic} {number}", []).append(text)
            for key, row in found.changed.items():
                changelog[number].append(Stored(len(changelog[number]), 0, key, row))
            rows.store(number, found.changed, position=len(changelog[number]))
            track.on_stored(number, found.changed)
            place[number] += len(some)
    return {
        "rows": {
            f"{number} {key!r}": base64.b64encode(row).decode()
            for number, (_, rows) in sorted(held.items())
            for key, row in sorted(rows.of(number).items())
        },
        "published": dict(sorted(published.items())),
        "health": dict(sorted(health.items())),
    }


def main() -> int:
    """Fold a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=500)
    given = parser.parse_args()
    found = fold_as(read_log(given.log), workers=given.workers, batch=given.batch)
    given.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
