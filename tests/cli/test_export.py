"""What was known at a moment, in lines, and nothing that came later."""

from __future__ import annotations

import csv
import io
import json
from importlib.util import find_spec

import pytest
from click.testing import Result

from streams.cli.explanation import total_e2
from streams.worker.features import Features
from tests.cli.conftest import Nabz
from tests.cli.world import CONFIG, MINUTE_MS, START_MS, World
from tests.strategies import hashed, profile


@pytest.fixture
def world(nabz_on: Nabz) -> World:
    """Ann gets angry after ten minutes; bo does not want to be watched; =cy is called oddly."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    world.configure()
    world.says("ann", "", points=0)
    world.says("=cy", "", points=0)
    world.append("bo", profile(START_MS, monitor=False))
    world.says("ann", "cancel it", at_min=10)
    world.says("ann", "cancel it all", at_min=20)
    return world


def lines(found: Result) -> list[dict[str, object]]:
    """Of JSON."""
    assert found.exit_code == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_nothing_that_came_later_is_in_a_line(nabz_on: Nabz, world: World) -> None:
    """A line as of a moment is the one that would have been written at that moment."""
    before = [
        lines(nabz_on.on_broker("export", "--as-of", str(START_MS + minute * MINUTE_MS)))
        for minute in (9, 10, 20)
    ]
    ann = [next(one for one in found if one["customer"] == "ann") for found in before]
    assert [one["messages"] for one in ann] == [1, 2, 3]
    assert [one["bad_7d"] for one in ann] == [0, 1, 2]
    assert [one["intent_7d_e2"] for one in ann] == [0, 2_500, 5_000]
    assert ann[0]["distress_e2"] == 0
    assert all({*one} == {*Features._fields} for one in ann)
    world.says("ann", "and again", at_min=30)
    again = lines(nabz_on.on_broker("export", "--as-of", str(START_MS + 20 * MINUTE_MS)))
    assert again == before[2]


def test_the_scores_are_those_of_the_moment_and_of_the_rows(nabz_on: Nabz, world: World) -> None:
    """At the time of the newest health row they are its scores."""
    world.work(rows=False, outputs=False)
    row = world.health("ann")[-1]
    (ann, *_) = (
        one
        for one in lines(nabz_on.on_broker("export", "--as-of", str(row.as_of_ms)))
        if one["customer"] == "ann"
    )
    assert ann["distress_e2"] == row.distress_e2 == total_e2(row.distress)
    assert ann["health_e2"] == row.health_e2
    assert (ann["band"], ann["config_hash"]) == (row.band, hashed(CONFIG))
    later = lines(nabz_on.on_broker("export", "--as-of", str(row.as_of_ms + 600 * MINUTE_MS)))
    faded = next(one for one in later if one["customer"] == "ann")
    assert faded["distress_e2"] < row.distress_e2  # type: ignore[operator]


def test_who_is_not_monitored_is_not_exported(nabz_on: Nabz, world: World) -> None:
    """Consent holds for analysts too."""
    found = lines(nabz_on.on_broker("export", "--as-of", str(START_MS + 60 * MINUTE_MS)))
    assert [one["customer"] for one in found] == ["=cy", "ann"]
    world.work(rows=False, outputs=False)
    assert [one.distress_e2 for one in world.health("bo")] == [None], "shown so, and not scored"


def test_a_table_is_safe_to_open_in_a_spreadsheet(nabz_on: Nabz, world: World) -> None:
    """A name that is a formula becomes text; what is unknown is empty."""
    assert world.events == 4
    out = nabz_on.folder / "customers.csv"
    found = nabz_on.on_broker(
        "export", "--as-of", str(START_MS + 60 * MINUTE_MS), "--format", "csv", "--out", str(out)
    )
    assert (found.exit_code, found.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert [row["customer"] for row in rows] == ["'=cy", "ann"]
    assert rows[1]["tier"] == "" and rows[1]["from_checkpoint"] == "false"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as-of", "noon"), "--as-of: found 'noon'"),
        (("--as-of", "5", "--format", "parquet"), "name a file with --out"),
    ],
)
def test_a_mistake_is_told_before_the_log_is_read(
    nabz: Nabz, words: tuple[str, ...], said: str
) -> None:
    """No broker is needed to see it."""
    found = nabz("export", *words)
    assert found.exit_code == 2
    assert said in found.stderr


def test_parquet_asks_for_its_package_or_writes(nabz_on: Nabz, world: World) -> None:
    """An extra that is not installed is named."""
    out = nabz_on.folder / "customers.parquet"
    at = str(START_MS + 60 * MINUTE_MS)
    words = ("export", "--as-of", at, "--format", "parquet", "--out", str(out))
    found = nabz_on.on_broker(*words)
    assert world.events == 4
    if find_spec("pyarrow") is None:
        assert found.exit_code == 2
        assert "pyarrow is not installed" in found.stderr
    else:
        assert out.read_bytes()[:4] == b"PAR1"
