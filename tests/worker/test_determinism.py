"""One log, one truth: whoever folds it, in whatever pieces, and however it was lived."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scoring.config import DAY_MS
from streams.simulate.extras import Extras
from streams.topics import ALERTS, CHECKPOINTS, DEAD_LETTERS, TRANSITIONS
from tests.worker.life import APART_MS, compare, compared, filled_in, story
from tests.worker.lived import RULES, START_MS, fold_as, read_log, write_log

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


def test_weeks_lived_and_weeks_filled_in_give_the_same_alerts() -> None:
    """The same alerts, opened and closed within ten seconds, and in the end the same bands."""
    told = list(story(11, customers=8, days=14, rate_e2=0.1, extras=Extras(renewed=True)))
    found = compare(told)
    assert not found.differ
    assert found.lived > 2 * len(told)
    assert found.openings > 200


def test_a_year_lived_and_a_year_filled_in_give_the_same_alerts() -> None:
    """With customers who fall quiet, mean the opposite, are hit at once, leave and are followed."""
    extras = Extras(incidents_every_ms=60 * DAY_MS, renewed=True, quiet_e2=30, sarcasm_e2=30)
    told = list(story(5, customers=2, days=365, rate_e2=0.004, extras=extras))
    assert told[-1][1].at_ms > START_MS + 360 * DAY_MS
    found = compare(told, RULES)  # two rules: a year of more takes minutes, which `make year` has
    assert not found.differ
    assert found.lived > 5 * len(told)
    assert found.openings > 40


@pytest.mark.parametrize("spoilt", ["closed later", "never opened", "another band"])
def test_a_difference_between_two_lives_is_found(spoilt: str) -> None:
    """Else equal would mean little: a moved step, a lost alert and another band are named."""
    told = list(story(11, customers=6, days=1, rate_e2=1, extras=Extras()))
    one, other = (asyncio.run(filled_in(told, RULES)) for _ in range(2))
    assert compared(one, other, len(told)).differ == ()
    place, last = max((n, each) for n, each in enumerate(other.told) if each.after == "closed")
    if spoilt == "closed later":
        other.told[place] = msgspec.structs.replace(last, at_ms=last.at_ms + APART_MS + 1)
    elif spoilt == "never opened":
        other.told = [each for each in other.told if each.fingerprint != last.fingerprint]
    else:
        del other.rows[last.customer.encode()]
    (line,) = compared(one, other, len(told)).differ
    assert (last.customer if spoilt == "another band" else last.fingerprint) in line
