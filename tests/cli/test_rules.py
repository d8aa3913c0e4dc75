"""`nabz rules`: are rules sound, do they do what is promised, and what do they see?"""

from __future__ import annotations

import json

import pytest

from alerts.conditions import Every, Level
from alerts.config import Config
from alerts.rules import Cuts, Rule
from tests.cli.conftest import Nabz
from tests.cli.world import MINUTE_MS, RULE, World

RULES = """
rules:
  - id: angry
    raise_at: 40
    clear_at: 20
    red_flags: [{cue: legal_threat, below_precision: true}]
    labels: {team: cs}
  - id: stuck
    entity: conversation
    when: {field: waiting, raise_at: 4h, clear_at: 0s}
    critical: {when: {field: waiting, raise_at: 8h, clear_at: 4h}}
    labels: {team: cs}
    shadow: true
tests:
  - {name: forty is enough, rule: angry, values: {distress: 40}, expect: raised}
"""


@pytest.fixture
def desk(nabz: Nabz) -> Nabz:
    """A file of rules, and settings that take it."""
    (nabz.folder / "mine.yaml").write_text(RULES, encoding="utf-8")
    (nabz.folder / "nabz.yaml").write_text("rules: mine.yaml\n", encoding="utf-8")
    return nabz


def test_sound_rules_are_listed(desk: Nabz) -> None:
    """A line each; by path, by settings, or the shipped ones."""
    for words in ((), ("mine.yaml",)):
        found = desk("rules", "check", *words)
        assert (found.exit_code, found.stderr) == (0, "")
        assert found.stdout.splitlines() == [
            f"{'angry':<24} distress 40/20, critical 85/75, red flags legal_threat",
            f"{'stuck':<24} conditions, critical too, of each conversation, in shadow",
        ]
    (desk.folder / "nabz.yaml").unlink()
    assert desk("rules", "check").stdout.startswith("customer-distress ")


def test_what_cannot_be_meant_is_a_finding_and_code_1(desk: Nabz) -> None:
    """Who reaches nobody is named with its labels; JSON says the same."""
    (desk.folder / "nabz.yaml").write_text(
        "rules: mine.yaml\n"
        "channels: {chat: {type: terminal}}\n"
        "routes: [{match: {labels: {team: [ops]}}, channels: [chat]}]\n",
        encoding="utf-8",
    )
    found = desk("rules", "check")
    assert found.exit_code == 1
    assert "rule angry: its critical alerts reach nobody" in found.stderr
    assert "route 0: asks for label team ops; no rule has it" in found.stderr
    told = json.loads(desk("rules", "check", "--json").stdout)
    assert told["rules"] == ["angry", "stuck"] and len(told["findings"]) == 3


def test_a_rule_that_cannot_be_understood_is_one_line_and_code_2(desk: Nabz) -> None:
    """With what was probably meant."""
    (desk.folder / "bad.yaml").write_text(
        "- {id: a, when: {field: distres, raise_at: 5, clear_at: 1}}", encoding="utf-8"
    )
    for command in ("check", "test"):
        found = desk("rules", command, "bad.yaml")
        assert (found.exit_code, found.stdout) == (2, "")
        assert found.stderr == (
            "nabz: rule a.when.field: unknown field 'distres'; did you mean distress?\n"
        )
    found = desk("rules", "test", "gone.yaml")
    assert found.exit_code == 2 and "does not exist" in found.stderr


def test_every_mistake_of_a_rule_with_conditions_is_named_once(desk: Nabz) -> None:
    """And nothing that is none: conditions are looked at together with their severity."""
    (desk.folder / "mine.yaml").write_text(
        RULES.replace("shadow: true", "shadow: 1").replace("raise_at: 4h", "raise_at: 4"),
        encoding="utf-8",
    )
    found = desk("config", "check")
    assert found.exit_code == 2
    assert "rule stuck.when.waiting.raise_at: found 4; a duration is" in found.stderr
    assert "rule stuck.shadow: found 1" in found.stderr
    assert found.stderr.count("rule stuck") == 2


def test_the_tests_beside_rules_are_run(desk: Nabz) -> None:
    """A line each; what comes out otherwise is code 1 and says what was found."""
    found = desk("rules", "test")
    assert (found.exit_code, found.stdout, found.stderr) == (
        0, "ok      forty is enough\n", "1 of 1 as promised\n",
    )  # fmt: skip
    (desk.folder / "mine.yaml").write_text(
        RULES.replace("raise_at: 40", "raise_at: 41"), encoding="utf-8"
    )
    found = desk("rules", "test", "mine.yaml")
    assert (found.exit_code, found.stderr) == (1, "0 of 1 as promised\n")
    assert found.stdout == ("FAILED  forty is enough\n        expected raised, found between\n")
    assert json.loads(desk("rules", "test", "--json").stdout) == {
        "name": "forty is enough", "wrong": ["expected raised, found between"],
    }  # fmt: skip


def test_rules_without_tests_are_no_success(desk: Nabz) -> None:
    """Whoever runs tests believes that there are some."""
    (desk.folder / "mine.yaml").write_text("[]", encoding="utf-8")
    found = desk("rules", "test")
    assert found.exit_code == 1 and "there are no tests" in found.stderr


def test_the_shipped_rules_do_what_their_tests_promise(nabz: Nabz) -> None:
    """Without any settings."""
    found = nabz("rules", "test")
    assert found.exit_code == 0, found.output
    assert "seventy is enough" in found.stdout


STUCK = Rule(
    "stuck",
    entity="conversation",
    when=Every((Level("waiting", 240 * MINUTE_MS, 0), Level("distress", 2_000, 100))),
    min_events=5,
    warmup_ms=240 * MINUTE_MS,
    for_ms=MINUTE_MS,
    shadow=True,
)


@pytest.fixture
def world(nabz_on: Nabz) -> World:
    """Two customers, one of them angry enough for an alert."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    low = Rule("low", warning=Cuts(9_000, 1_000), critical=None)
    world.configure(Config(clock="watermark", rules=(RULE, low, STUCK)))
    world.says("c-102", "cancel it")
    world.says("c-102", "cancel it now", at_min=121)
    return world


def test_a_rule_is_explained_with_the_numbers_of_a_customer(nabz_on: Nabz, world: World) -> None:
    """As the log has them, whether a worker runs or not."""
    assert not world.told
    found = nabz_on.on_broker("rules", "explain", "angry", "c-102")
    assert found.exit_code == 0, found.output
    first, state, cuts = found.stdout.splitlines()
    assert first.startswith("angry for c-102, 2026-")
    assert state.strip().startswith("firing since 2026-")
    assert cuts.startswith("  distress ") and cuts.endswith("raised from 20, cleared at 10: raised")
    told = json.loads(nabz_on.on_broker("rules", "explain", "angry", "c-102", "--json").stdout)
    assert (told["state"], told["conditions"][0]["verdict"]) == ("firing", "raised")


def test_a_rule_about_conversations_is_explained_for_each(nabz_on: Nabz, world: World) -> None:
    """Each condition with its number, and what else holds the rule back."""
    assert not world.told
    found = nabz_on.on_broker("rules", "explain", "stuck", "c-102")
    assert found.exit_code == 0, found.output
    lines = found.stdout.splitlines()
    assert lines[0].startswith("stuck for c-102, conversation t-1, 2026-")
    assert lines[1:3] == ["  inactive", "  all of these: between the cuts"]
    assert lines[3].startswith(
        "    waiting 2 h 1 min (business time of its open wait), raised from"
    )
    assert lines[5:] == [
        "  held: must hold for 1 min",
        "  held: warm-up of a new customer for another 1 h 59 min",
        "  held: 2 of 5 events",
        "  held: in shadow: told to nobody",
    ]


def test_an_unknown_rule_or_customer_is_one_line(nabz_on: Nabz, world: World) -> None:
    """With what was probably meant."""
    assert not world.told
    found = nabz_on.on_broker("rules", "explain", "angri", "c-102")
    assert (found.exit_code, found.stderr.splitlines()[-1]) == (
        1, "nabz: rule angri: is not in force; did you mean angry?",
    )  # fmt: skip
    found = nabz_on.on_broker("rules", "explain", "zzz", "c-102")
    assert "in force are angry, low, stuck" in found.stderr
    found = nabz_on.on_broker("rules", "explain", "angry", "c-999")
    assert found.exit_code == 1 and "customer c-999: not in the log" in found.stderr
