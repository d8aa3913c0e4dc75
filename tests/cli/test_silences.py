"""`nabz silences`: written, listed, counted before and after, ended."""

from __future__ import annotations

import json

import msgspec
import pytest

from streams.clock import wall_ms
from streams.engine.cycle import Output
from streams.topics import CONTROL, TRANSITIONS
from tests.alerts.transitions import transition
from tests.cli.conftest import Nabz
from tests.cli.kafka import all_of, publish

DAY_MS = 86_400_000


@pytest.fixture
def desk(nabz_on: Nabz) -> Nabz:
    """Three customers in distress, one of them silver, one well again, one on trial."""
    made = [
        transition(1, fingerprint="a", customer="c-a"),
        transition(1, fingerprint="b", customer="c-b", tier="silver"),
        transition(1, fingerprint="c", customer="c-c"),
        transition(1, fingerprint="d", customer="c-d", shadow=True),
        transition(2, "recovered", fingerprint="c", customer="c-c"),
    ]
    assert nabz_on.broker is not None
    publish(
        nabz_on.broker,
        [
            Output(TRANSITIONS, one.fingerprint.encode(), msgspec.json.encode(one), (), 0)
            for one in made
        ],
    )
    return nabz_on


def test_a_preview_counts_what_is_open_now_and_writes_nothing(desk: Nabz) -> None:
    """Not what has ended, not what is on trial."""
    found = desk.on_broker("silences", "preview", "rule=customer-distress")
    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[0] == "alerts open now that it would hide: 2"
    assert "c-a" in found.stdout and "c-c" not in found.stdout
    one = desk.on_broker("silences", "preview", "tier=silver")
    assert one.stdout.startswith("alerts open now that it would hide: 1\n")
    assert desk.broker is not None
    assert all_of(desk.broker, CONTROL) == []


def test_a_silence_is_added_listed_and_ended(desk: Nabz) -> None:
    """With its end, its maker, its comment and what it hides."""
    words = ("tier=silver", "--for", "2h", "--comment", "known outage")
    added = desk.on_broker("silences", "add", *words)
    assert added.exit_code == 0, added.output
    assert added.stdout.endswith("alerts open now that it hides: 1\n")
    name = added.stdout.split()[1]
    listed = json.loads(desk.on_broker("silences", "list", "--json").stdout)
    assert (listed["id"], listed["state"], listed["text"]) == (name, "in force", "known outage")
    assert listed["end_ms"] - listed["ts_ms"] == 7_200_000
    row = desk.on_broker("silences", "list").stdout.splitlines()[1]
    assert "tier=silver" in row and "known outage" in row
    assert desk.on_broker("silences", "expire", name).stdout == f"silence {name} has ended\n"
    again = desk.on_broker("silences", "expire", name)
    assert "has ended already; nothing to do" in again.stdout
    assert "nothing is silenced" in desk.on_broker("silences", "list").stderr
    ended = json.loads(desk.on_broker("silences", "list", "--all", "--json").stdout)
    assert ended["state"] == "ended"


def test_maintenance_is_planned_and_may_be_about_everything(desk: Nabz) -> None:
    """It begins when it says."""
    words = ("--maintenance", "--for", "30d", "--comment", "upgrade")
    added = desk.on_broker("silences", "add", *words, "--starts", str(wall_ms() + DAY_MS))
    assert added.exit_code == 0, added.output
    assert added.stdout.startswith("maintenance ")
    listed = json.loads(desk.on_broker("silences", "list", "--json").stdout)
    assert (listed["kind"], listed["state"]) == ("maintenance", "to come")
    assert listed["end_ms"] - listed["from_ms"] == 30 * DAY_MS
    assert "everything" in desk.on_broker("silences", "list").stdout


def test_an_unknown_silence_cannot_be_ended(desk: Nabz) -> None:
    """It says where all of them are."""
    found = desk.on_broker("silences", "expire", "nope")
    assert found.exit_code == 1
    assert "silence nope: there is none; `nabz silences list --all`" in found.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "tier=gold", "--comment", "x"], "Missing option '--for'"),
        (["add", "tier=gold", "--for", "2h"], "Missing option '--comment'"),
        (["add", "tier=gold", "--for", "31d", "--comment", "x"], "--for: found '31d'; at most"),
        (["add", "tier=gold", "--for", "1d", "--comment", " "], "--comment: write 1 to 500"),
        (["add", "--for", "1d", "--comment", "x"], "MATCHER: found none"),
        (["add", "teir=gold", "--for", "1d", "--comment", "x"], "names are rule, severity"),
        (
            ["add", "tier=a", "--for", "1d", "--comment", "x", "--starts", "noon"],
            "--starts: found 'noon'",
        ),
        (["preview"], "Missing argument 'MATCHER...'"),
        (["preview", "tier"], "'tier': write name=value"),
    ],
)
def test_what_is_written_wrongly_silences_nothing(words: list[str], said: str, nabz: Nabz) -> None:
    """Refused in one line, before a broker is asked."""
    found = nabz("silences", *words)
    assert found.exit_code == 2
    assert said in found.stderr and found.stderr.count("\n") == 1
