"""`nabz alerts`: what is open is listed; what people decide reaches the fold and is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from alerts.config import Config
from alerts.rules import Cuts, Rule
from scoring.records import Origin
from streams.cli.decisions import answers
from streams.clock import wall_ms
from streams.engine.cycle import Output
from streams.engine.kafka_reads import read
from streams.ingest.commands import ForCustomer, decode_command
from streams.topics import COMMANDS, TRANSITIONS
from tests.alerts.test_verdicts import some
from tests.cli.conftest import Nabz
from tests.cli.kafka import all_of, publish
from tests.cli.world import START_MS, World

RULE = Rule("angry", warning=Cuts(2_000, 1_000), critical=None, due_ms=3_600_000)
HOUR = "2026-09-21T15:00"


class Office:
    """Ingest and worker in one thread: takes commands from their topic, folds and answers them."""

    def __init__(self, world: World) -> None:
        """Begin at once."""
        self.world, self.ends = world, Event()
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Until it is closed."""
        for records in read(self.world.broker, COMMANDS, follow=True):
            if self.ends.is_set():
                return
            for one in records:
                origin = Origin("commands", one.partition, one.offset)
                found = decode_command(one.key, one.value, origin, wall_ms())
                assert isinstance(found, ForCustomer)
                command = replace(found.command, at_ms=wall_ms(), complete_to_ms=START_MS)
                self.world.append(found.customer, command)
            if records:
                self.world.work(rows=False)

    def close(self) -> None:
        """Read no further."""
        self.ends.set()
        self.thread.join(30)


@pytest.fixture
def world(nabz_on: Nabz) -> World:
    """Three customers, two of them angry, an hour apart."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    world.configure(Config(clock="watermark", rules=(RULE,)))
    world.says("c-a", "fed up")
    world.says("c-b", "so am I", at_min=60)
    world.says("c-c", "hello", points=0)
    world.work(rows=False)
    return world


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    """Somebody answers."""
    office = Office(world)
    yield office
    office.close()


def listed(nabz: Nabz, *words: str) -> list[dict[str, Any]]:
    """Alerts as a program reads them."""
    found = nabz.on_broker("alerts", "list", "--json", *words)
    assert found.exit_code == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def written(world: World) -> list[dict[str, Any]]:
    """Commands as they were written."""
    return [json.loads(one.value) for one in all_of(world.broker, COMMANDS)]


def test_open_alerts_are_listed_with_whose_they_are(nabz_on: Nabz, world: World) -> None:
    """Oldest first; that nobody owns one is not to be overlooked."""
    assert [one["customer"] for one in listed(nabz_on)] == ["c-a", "c-b"]
    table = nabz_on.on_broker("alerts", "list").stdout
    assert table.count("NOBODY") == 2 and "angry" in table
    assert listed(nabz_on, "--owner", "mina") == listed(nabz_on, "--rule", "calm") == []
    assert len(listed(nabz_on, "--unowned")) == 2 and listed(nabz_on, "--overdue") == []
    assert "no alert is open" in nabz_on.on_broker("alerts", "list", "--rule", "calm").stderr
    assert world.transitions()


def test_what_is_decided_is_applied_and_answered(nabz_on: Nabz, office: Office) -> None:
    """By the beginning of an id, or by a customer; a refusal says why, with exit code 1."""
    [one, _] = listed(nabz_on)
    short = one["alert_id"][:8]
    for words, said in (
        (("ack", short, "--for", "2h", "--text", "calling"), "acked"),
        (("snooze", short, "--for", "4h"), "snoozed"),
        (("unsnooze", short), "unsnoozed"),
        (("assign", "c-a", "--to", "omid"), "assigned"),
    ):
        done = nabz_on.on_broker("alerts", *words)
        assert done.exit_code == 0, done.output
        assert f"{one['alert_id']}  c-a  {said}, now " in done.stdout
    care = listed(nabz_on, "--owner", "omid")[0]["care"]
    assert (care["assignee"], care["overdue"]) == ("omid", True)  # an hour has passed since
    assert "OVERDUE" in nabz_on.on_broker("alerts", "list", "--overdue").stdout
    refused = nabz_on.on_broker("alerts", "unsnooze", short)
    assert refused.exit_code == 1
    assert "refused: nothing_to_undo" in refused.stderr
    office.close()


def test_alerts_of_a_rule_and_a_time_are_closed_together(nabz_on: Nabz, office: Office) -> None:
    """A dry run says how many, and writes nothing."""
    words = ("alerts", "resolve", "--rule", "angry", "--from", HOUR)
    dry = nabz_on.on_broker(*words, "--dry-run")
    assert dry.stdout.splitlines()[0] == "would close: 1" and "c-b" in dry.stdout
    assert written(office.world) == []
    done = nabz_on.on_broker(*words, "--text", "false alarm")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("c-b  manual, now closed\n")
    assert [one["customer"] for one in listed(nabz_on)] == ["c-a"]
    assert "nothing is open there" in nabz_on.on_broker(*words).stdout
    [shut] = [one for one in listed(nabz_on, "--all") if one["state"] == "closed"]
    judged = nabz_on.on_broker("alerts", "disagree", shut["alert_id"], "--reason", "misread_words")
    assert judged.exit_code == 0, judged.output
    assert "closed: misread_words" in nabz_on.on_broker("alerts", "list", "--all").stdout
    office.close()


def test_what_nobody_answers_is_written_all_the_same(nabz_on: Nabz, world: World) -> None:
    """Each verb as the contract has it, and it is said that there is no answer."""
    for words, facts in (
        (
            ("snooze", "c-a", "--until-worse", "--by", "5"),
            {"until_worse": True, "worse_by_e2": 500},
        ),
        (("note", "c-a", "--text", "x"), {"text": "x"}),
        (("handled", "c-a"), {}),
        (("unack", "c-a"), {}),
        (("disagree", "c-a", "--reason", "not_mine"), {"reason": "not_mine"}),
    ):
        done = nabz_on.on_broker("alerts", *words, "--no-wait")
        assert (done.exit_code, done.stderr) == (0, "written, and not answered yet: 1\n")
        (one,) = [one for one in written(world) if one["verb"] == words[0]]
        assert one.items() >= ({"channel": "cli", "verb": words[0]} | facts).items()
        assert one["alert_id"] and one["fingerprint"] and one["command_id"]
    left = answers(world.broker, frozenset({"c"}), {}, 0.3)
    assert (left.applied, left.refused, left.waiting) == ([], [], 1)
    assert all_of(world.broker, TRANSITIONS)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ack", "nobody"), 1, "alert nobody: neither an alert nor a customer"),
        (("snooze", "c-a"), 2, "--for: found none"),
        (("snooze", "c-a", "--for", "1h", "--by", "5"), 2, "--by: stands alone"),
        (("snooze", "c-a", "--for", "8d"), 2, "--for: found '8d'; at most 7 d"),
        (("note", "c-a"), 2, "--text: found none"),
        (("ack", "c-a", "--text", "x" * 2_001), 2, "--text: write up to 2000"),
        (("resolve",), 2, "ALERT: name alerts, or all of a --rule"),
        (("resolve", "c-a", "--from", "1"), 2, "--from, --to: are about a --rule"),
        (("resolve", "--rule", "r", "--to", "soon"), 2, "--to: found 'soon'"),
    ],
)
def test_what_is_written_wrongly_is_said(
    nabz_on: Nabz, words: tuple[str, ...], code: int, said: str
) -> None:
    """Before anything is written."""
    found = nabz_on.on_broker("alerts", *words)
    assert found.exit_code == code and said in found.stderr, found.output


def test_verdicts_are_counted_and_a_rule_that_is_wrong_too_often_is_named(nabz_on: Nabz) -> None:
    """By rule and cue, with an interval; it proposes and changes nothing."""
    none = nabz_on.on_broker("alerts", "verdicts", "--check")
    assert none.exit_code == 0 and "nobody has judged an alert yet" in none.stderr
    (nabz_on.folder / "rules.yaml").write_text(
        "rules:\n  - {id: customer-distress, min_precision: 0.8}\n", encoding="utf-8"
    )
    settings = nabz_on.folder / "nabz.yaml"
    settings.write_text(settings.read_text("utf-8") + "rules: rules.yaml\n", encoding="utf-8")
    assert nabz_on.broker is not None
    publish(
        nabz_on.broker,
        [
            Output(TRANSITIONS, one.fingerprint.encode(), msgspec.json.encode(one), (), 0)
            for one in some(15, 5)
        ],
    )
    counted = nabz_on.on_broker("alerts", "verdicts", "--check")
    assert counted.exit_code == 1, counted.output
    assert "rule  customer-distress: 15 of 20, 75 % right (53% to 89%)" in counted.stdout
    assert counted.stderr.endswith("consider:\n- raise_at: 70\n+ raise_at: 72\n")
    lines = nabz_on.on_broker("alerts", "verdicts", "--json").stdout.splitlines()
    first = json.loads(lines[0])
    assert (first["kind"], first["right"], first["verdicts"]) == ("rule", 15, 20)
    assert [json.loads(line)["kind"] for line in lines[1:]] == ["cue", "cue"]
