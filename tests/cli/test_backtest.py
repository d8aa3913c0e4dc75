"""Rules tried on what happened: from a broker or a file, labelled or not, as page or JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.engine.brokers import Broker
from tests.cli.conftest import Nabz
from tests.cli.world import MINUTE_MS, START_MS, World

STRICT = "rules: [{id: angry, raise_at: 99, clear_at: 5, critical: null}]\n"
NEW = "rules: [{id: angry, raise_at: 10, clear_at: 5, critical: null}]\n"


def told(broker: Broker) -> World:
    """One customer who threatens to leave, one who says hello."""
    world = World(broker)
    world.configure()
    for minute in range(3):
        world.says("c-102", "cancel it", at_min=minute)
    world.says("c-103", "hello", points=0, at_min=4)
    return world


@pytest.fixture
def tried(nabz_on: Nabz) -> Nabz:
    """A log on a broker, rules in force that nobody reaches, and others on trial."""
    assert nabz_on.broker is not None
    told(nabz_on.broker)
    with (nabz_on.folder / "nabz.yaml").open("a", encoding="utf-8") as file:
        file.write(STRICT)
    (nabz_on.folder / "new.yaml").write_text(NEW, encoding="utf-8")
    labels = [{"customer": "c-102", "ts": START_MS + 2 * MINUTE_MS}]
    lines = "".join(json.dumps(one) + "\n" for one in labels)
    (nabz_on.folder / "labels.jsonl").write_text(lines, encoding="utf-8")
    return nabz_on


def test_rules_on_trial_stand_beside_those_in_force(tried: Nabz) -> None:
    """One alert a minute before its event against none; the same from a file of the log."""
    asked = ("--rules", "new.yaml", "--labels", "labels.jsonl", "--json")
    done = tried.on_broker("backtest", *asked)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    new, old = found["on trial: new.yaml"], found["as configured: nabz.yaml"]
    assert (new["customers"], new["events"]) == (2, 1)
    assert (new["worth"]["alerts"], new["worth"]["precision"]) == (1, 1.0)
    assert new["worth"]["lead_ms"] == [2 * MINUTE_MS] * 3
    assert (old["worth"]["alerts"], old["worth"]["recall"]) == (0, 0.0)
    assert tried.on_broker("log", "export", "log.jsonl.gz").exit_code == 0
    again = tried("backtest", "--log", "log.jsonl.gz", *asked)
    assert again.stdout == done.stdout


def test_without_labels_and_outcomes_no_precision_is_printed(tried: Nabz) -> None:
    """It says why, and what to give."""
    done = tried.on_broker("backtest", "--rules", "new.yaml")
    assert done.exit_code == 0, done.output
    assert "nobody said what happened" in done.stdout and "--labels" in done.stdout
    assert "Beside plain scores" not in done.stdout
    assert "| on trial: new.yaml | 1 | - | - |" in done.stdout


def test_the_page_is_whole_and_escapes_what_comes_from_outside(tried: Nabz) -> None:
    """Plots where there is something to plot, the caution on top, names as text."""
    words = ("--labels", "labels.jsonl", "--caution", "synthetic <data>", "--html", "page.html")
    done = tried.on_broker("backtest", "--rules", "new.yaml", *words, "--markdown", "report.md")
    assert done.exit_code == 0, done.output
    page = Path("page.html").read_text(encoding="utf-8")
    assert "synthetic &lt;data&gt;" in page and "<data>" not in page
    assert page.count("<svg") == 3 and page.rstrip().endswith("</html>")
    assert Path("report.md").read_text(encoding="utf-8") == done.stdout
    assert "**synthetic <data>**" in done.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"customer": 7, "ts": 1}', "labels.jsonl:1: customer is 7"),
        ('{"customer": "ann", "ts": "soon"}', "labels.jsonl:1: ts is a str: want milliseconds"),
        ('{"customer": "ann"}', "labels.jsonl:1: ts is missing"),
        ("", "labels.jsonl: holds no lines"),
    ],
)
def test_labels_that_are_none_are_refused_by_line(tried: Nabz, line: str, said: str) -> None:
    """By field and line, never by what was written there."""
    (tried.folder / "labels.jsonl").write_text(line + "\n", encoding="utf-8")
    done = tried.on_broker("backtest", "--labels", "labels.jsonl")
    assert done.exit_code == 2
    assert said in done.output and "soon" not in done.output


def test_labels_that_count_for_nothing_are_said(tried: Nabz) -> None:
    """A name nobody has, a time outside of the log."""
    lines = [
        {"customer": "c-102", "ts": START_MS + 2 * MINUTE_MS},
        {"customer": "c-102", "ts": START_MS + 90 * MINUTE_MS},
        {"customer": "c-nosuch", "ts": START_MS},
    ]
    text = "".join(json.dumps(one) + "\n" for one in lines)
    (tried.folder / "labels.jsonl").write_text(text, encoding="utf-8")
    done = tried.on_broker("backtest", "--rules", "new.yaml", "--labels", "labels.jsonl")
    assert done.stderr == (
        "of 3 labels 1 are used: 1 name nobody in the log, 1 lie outside of the stretch\n"
    )
    assert "2 customers over 1.0 days; 1 events" in done.stdout


def test_a_stretch_that_ends_before_it_begins_is_refused(tried: Nabz) -> None:
    """And a time that is none."""
    ahead = ("--from", "2031-01-01", "--to", "2030-01-01")
    assert "--from: must lie before --to" in tried.on_broker("backtest", *ahead).output
    done = tried.on_broker("backtest", "--from", "tomorrow")
    assert done.exit_code == 2 and "write a time like" in done.output


def test_whom_nobody_was_told_of_is_drawn_for_reading(tried: Nabz) -> None:
    """Both, as the rules in force told of nobody; the unhappier first."""
    done = tried.on_broker("audit-sample", "--count", "5")
    assert done.exit_code == 0, done.output
    head, first, second = done.stdout.splitlines()
    assert head.split("\t")[0] == "customer"
    assert first.startswith("c-102\t") and second.startswith("c-103\t0\t1.0")


def test_a_cut_is_proposed_that_fits_the_budget(tried: Nabz) -> None:
    """Today's cut tells of nobody; one alert a day is room for the customer who wants to leave."""
    done = tried.on_broker("tune", "--budget", "1/owner/day", "--labels", "labels.jsonl")
    assert done.exit_code == 0, done.output
    table, _, rest = done.stdout.partition("\n\n")
    assert [line.split()[0] for line in table.splitlines()[1:]] == [
        *map(str, range(50, 100, 5)), "99",
    ]  # fmt: skip
    assert table.splitlines()[-1].split()[1:3] == ["0.0", "0"]
    assert table.splitlines()[-1].endswith("  now")
    lines = rest.splitlines()
    assert lines[:3] == ["rule angry", "- raise_at: 99", "+ raise_at: 50"]
    assert lines[-1] == "told of then, not now: c-102"
    calm = tried.on_broker("tune", "--budget", "0.5/owner/day")
    assert calm.exit_code == 0 and "+ raise_at: 55" in calm.stdout
    assert "write it like 5/owner/day" in tried.on_broker("tune", "--budget", "5").output
    assert (
        "known: angry" in tried.on_broker("tune", "--budget", "1/owner/day", "--rule", "x").output
    )
