"""`nabz score` on a text, and `nabz tail --follow` as long as somebody looks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.main import main
from streams.codec import record_of
from tests.cli.conftest import Nabz
from tests.cli.kafka import publish
from tests.cli.world import World

ROOT = Path(__file__).resolve().parents[2]


def test_a_text_is_shown_with_what_it_scores(nabz: Nabz) -> None:
    """Language, cues with their words, and what was masked: what ingest would keep of it."""
    found = nabz("score", "Cancel my account! Write to ann@shop.example.")
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("language   English\n")
    assert "intent/" in found.stdout
    assert "Cancel my account" in found.stdout
    assert "redacted   1\n" in found.stdout
    assert "ann@" not in found.stdout


def test_persian_is_isolated_so_that_its_line_stays_in_order(nabz: Nabz) -> None:
    """Every right-to-left quote is closed again on its line."""
    found = nabz("score", "سه روزه منتظرم و هیچ‌کس جواب نمی‌دهد")
    assert "language   Persian" in found.stdout
    quoting = [line for line in found.stdout.splitlines() if "“" in line]
    assert quoting
    for line in quoting:
        assert line.count("\u2068") == line.count("\u2069") == 1


def test_an_agents_text_gives_its_turn_only(nabz: Nabz) -> None:
    """Staff are not scored (law 8)."""
    facts = json.loads(nabz("score", "Cancel my account!", "--role", "agent", "--json").stdout)
    assert facts["cues"] == []
    assert facts["sentiment_e4"] is None
    assert facts["turn"]["words"] == 3


def test_a_text_comes_from_standard_input_and_quoted_mail_is_left_out(nabz: Nabz) -> None:
    """What somebody else wrote before is not the customer's."""
    found = nabz("score", "-", given="all fine\n\n> cancel my account!\n> at once\n")
    assert "left out   quoted" in found.stdout
    assert "leave" not in found.stdout


@contextmanager
def running(nabz: Nabz, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command as a process, its output read through a pipe."""
    assert nabz.broker is not None
    with subprocess.Popen(  # noqa: S603  # ours
        [sys.executable, "-m", "streams.cli.main", *words, "--broker", nabz.broker.bootstrap],
        cwd=nabz.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line; a process that ends instead fails the test."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr is not None else ""
    return line


@pytest.fixture
def world(nabz_on: Nabz) -> World:
    """One angry customer, nothing published yet."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    world.configure()
    world.says("c-102", "cancel it")
    world.says("c-102", "cancel it now", at_min=10)
    world.work(outputs=False)
    return world


def test_following_health_shows_each_change_once_and_ends_with_ctrl_c(
    nabz_on: Nabz, world: World
) -> None:
    """Rows that come later are shown as they come, repeats are not, and looking ends well."""
    rows = world.health("c-102")
    assert len(rows) >= 2
    publish(world.broker, [record_of(rows[0])])
    with running(nabz_on, "tail", "health", "--follow", "--json") as process:
        assert json.loads(line_of(process))["version"] == 1
        publish(world.broker, [record_of(rows[0]), record_of(rows[1])])
        assert json.loads(line_of(process))["version"] == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_following_alerts_shows_each_transition_once(nabz_on: Nabz, world: World) -> None:
    """One line a transition, whether published before or after looking began."""
    told = world.transitions()
    with running(nabz_on, "tail", "alerts", "--follow") as process:
        publish(world.broker, [record_of(one) for one in (*told, *told)])
        for one in told:
            assert one.alert_id in line_of(process)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        assert rest == ""


def test_a_reader_that_leaves_ends_it_quietly(nabz_on: Nabz, world: World) -> None:
    """`nabz tail alerts --follow | head -1` says nothing on standard error."""
    with running(nabz_on, "tail", "health", "--follow", "--json") as process:
        rows = world.health("c-102")
        publish(world.broker, [record_of(rows[0])])
        line_of(process)
        assert process.stdout is not None
        process.stdout.close()
        publish(world.broker, [record_of(rows[1])])
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_what_is_no_utf_8_is_refused_in_one_line() -> None:
    """A file in another encoding is a mistake to mend, not a defect of nabz."""
    done = CliRunner().invoke(main, ["score", "-"], input=b"caf\xe9, again late")
    assert done.exit_code == 2
    assert done.stderr == "nabz: the text on standard input is not UTF-8: convert it first\n"


def test_a_brand_of_the_settings_is_a_name(nabz: Nabz) -> None:
    """As a worker reads it: from the file named, or nabz.yaml in the folder."""
    text = "Happy Mobile has cut my line"
    assert "happy" in nabz("score", text).stdout.partition("words")[2].lower()
    (nabz.folder / "nabz.yaml").write_text("scoring: {brands: [Happy Mobile]}\n", encoding="utf-8")
    (nabz.folder / "other.yaml").write_text("scoring: {brands: []}\n", encoding="utf-8")
    branded = json.loads(nabz("score", text, "--json").stdout)
    plain = json.loads(nabz("score", text, "--json", "--config", "other.yaml").stdout)
    assert branded["sentiment_e4"] < plain["sentiment_e4"]
