"""One log, one truth: whoever folds it, in whatever pieces, and however it was lived."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from alerts.outputs import Transition
from alerts.row import decode_row
from scoring.config import DAY_MS
from scoring.records import PARTITION_KEY, ConfigChanged, LogRecord, encode_record
from streams.engine.cycle import Writer
from streams.topics import ALERTS, CHECKPOINTS, DEAD_LETTERS, LOG, TRANSITIONS
from streams.worker.track import Batch, Track
from streams.worker.wakes import Wakes
from tests.strategies import Stored
from tests.worker.lived import (
    CONFIG,
    START_MS,
    fold_as,
    knowing,
    named,
    read_log,
    told,
    write_log,
)
from tests.worker.test_wakes import Log

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of twenty customers."""
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    assert write_log(path, seed=3) > 1_000
    return path


@pytest.mark.parametrize(
    ("hash_seed", "workers", "batch"), [("0", 1, 1), ("1", 3, 7), ("4242", 3, 2_000)]
)
def test_a_log_gives_the_same_bytes_in_any_process(
    log_file: Path, tmp_path: Path, hash_seed: str, workers: int, batch: int
) -> None:
    """Another hash seed, other batches, one worker or three: rows, outputs, last health."""
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "tests.worker.lived", str(log_file), str(out)]
    subprocess.run(  # noqa: S603  # our own command
        [*command, f"--workers={workers}", f"--batch={batch}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        timeout=240,
    )
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    here = fold_as(read_log(log_file), workers=1, batch=500)
    assert found["rows"] == here["rows"]
    assert found["published"] == here["published"]
    assert found["health"] == here["health"]


def test_the_log_of_these_tests_holds_what_could_differ(log_file: Path) -> None:
    """Alerts, checkpoints, failures, many customers: else equal would mean little."""
    found = fold_as(read_log(log_file), workers=1, batch=500)
    topics = {name.split()[0] for name in found["published"]}
    assert {TRANSITIONS, ALERTS, DEAD_LETTERS, CHECKPOINTS} <= topics
    assert len(found["health"]) == 20
    assert len(found["rows"]) == 24


# ---------------------------------------------------------------------- lived or filled in


class Life:
    """One partition over a log in memory, folded whenever anything was appended."""

    def __init__(self) -> None:
        """The configuration is in force, and nothing has happened."""
        self.track = Track(knowing(CONFIG))
        self.log = Log()
        self.complete_ms = 0
        self.told: list[Transition] = []
        self.rows: dict[bytes, bytes] = {}
        self._folded = 0
        self.wakes = Wakes(
            self.track, lambda: Writer(self.log), log_topic=LOG, owned=lambda: (0,),
            complete_to_ms=lambda: self.complete_ms, live=False, clock=lambda: 0,
        )  # fmt: skip
        self.track.on_restored(0, {})
        self.append(PARTITION_KEY, ConfigChanged(START_MS, 0, named(CONFIG)))

    def append(self, key: bytes, record: LogRecord) -> None:
        """As ingest would."""
        log = self.log.appended.setdefault(0, [])
        log.append(Stored(len(log), record.at_ms, key, encode_record(record)))
        self.complete_ms = max(self.complete_ms, record.complete_to_ms)

    def fold(self) -> None:
        """Fold what is new, as one cycle."""
        log = self.log.appended[0]
        work = Batch(self.track, 0, self.rows)
        for record in log[self._folded :]:
            work.take(record)
        self._folded = len(log)
        self.told += [one for _, one in work.told if isinstance(one, Transition)]
        changed = work.changed()
        self.rows.update({key: row for key, row in changed.items() if row is not None})
        self.track.on_stored(0, changed)

    async def settle(self) -> None:
        """Wakes and folds until nothing is due."""
        self.fold()
        while await self.wakes.once(ticks=False):
            # A wake stands for the time all is read up to; brokers stamp it with that time.
            log = self.log.appended[0]
            log[self._folded :] = [
                one._replace(timestamp=self.complete_ms) for one in log[self._folded :]
            ]
            self.fold()

    async def live_until(self, at_ms: int) -> None:
        """Let time pass, ten seconds after each timer that comes due on the way."""
        await self.settle()
        while due := self.track.due[0].all():
            next_ms = -(-due[0][1] // 10_000) * 10_000
            if next_ms >= at_ms:
                break
            self.complete_ms = max(self.complete_ms, next_ms)
            await self.settle()
        self.complete_ms = max(self.complete_ms, at_ms)

    def alerts(self) -> dict[str, list[tuple[str, int]]]:
        """By rule and customer: each opening and closing with its time."""
        found: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for one in self.told:
            if one.after == "closed" or (one.before in {"inactive", "pending", "closed"}):
                found[one.fingerprint].append((one.after, one.at_ms))
        return found

    def bands(self) -> dict[bytes, str]:
        """Of every customer."""
        rows = {key: decode_row(row) for key, row in self.rows.items() if key != PARTITION_KEY}
        return {key: row.customer.band for key, row in rows.items() if row is not None}


def test_weeks_lived_and_weeks_filled_in_give_the_same_alerts() -> None:
    """The same alerts, opened and closed within ten seconds, and in the end the same bands."""
    story = list(told(11, customers=40, days=14))
    end_ms = START_MS + 17 * DAY_MS

    async def lived() -> Life:
        life = Life()
        for key, record in story:
            await life.live_until(record.complete_to_ms)
            life.append(key, record)
        await life.live_until(end_ms)
        await life.settle()
        return life

    async def filled_in() -> Life:
        life = Life()
        for key, record in story:
            life.append(key, record)
        life.fold()
        life.complete_ms = end_ms
        await life.settle()
        return life

    one, other = asyncio.run(lived()), asyncio.run(filled_in())
    assert len(one.log.appended[0]) > 2 * len(other.log.appended[0])
    assert one.bands() == other.bands()
    alerts, again = one.alerts(), other.alerts()
    assert alerts.keys() == again.keys()
    assert sum(map(len, alerts.values())) > 10
    for name, steps in alerts.items():
        assert [state for state, _ in steps] == [state for state, _ in again[name]], name
        for (_, at_ms), (_, at_again_ms) in zip(steps, again[name], strict=True):
            assert abs(at_ms - at_again_ms) <= 10_000, name
