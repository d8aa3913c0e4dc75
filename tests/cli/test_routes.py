"""`nabz routes test`: whom an alert would reach, and why."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Nabz

YAML = """
channels:
  chat: {type: terminal}
  pager:
    type: terminal
    quiet_hours: {zone: Asia/Tehran, spans: [{from: "20:00", until: "08:00"}], critical: true}
routes:
  - {match: {severity: critical, labels: {team: [cs, ops]}}, channels: [pager], continue: true}
  - {match: {tier: [gold]}, channels: [chat, pager]}
"""


@pytest.fixture
def desk(nabz: Nabz) -> Nabz:
    """Two channels, two routes."""
    (nabz.folder / "nabz.yaml").write_text(YAML, encoding="utf-8")
    return nabz


def test_it_says_which_route_sends_where_and_why_not(desk: Nabz) -> None:
    """Each route in order, then each channel; at night in Tehran the pager waits."""
    found = desk("routes", "test", "--tier", "gold", "--at", "2026-11-24T16:30")
    assert found.exit_code == 0, found.output
    missed = (
        "severity is 'warning', asked is 'critical'; label team is None, asked is 'cs' or 'ops'"
    )
    assert found.stdout.splitlines() == [
        f"route 0: no: {missed}",
        "route 1: yes -> chat, pager, the search ends here",
        "reaches chat",
        "reaches pager  kept back until its quiet hours end",
    ]
    words = ("--severity", "critical", "--label", "team=cs", "--at", "2026-11-24T16:30")
    critical = desk("routes", "test", *words)
    assert critical.stdout.splitlines() == [
        "route 0: yes -> pager, and on",
        "route 1: no: tier is None, asked is 'gold'",
        "reaches pager",
    ]


def test_nobody_is_an_answer_and_code_1(desk: Nabz) -> None:
    """A script can ask; JSON says the same."""
    found = desk("routes", "test")
    assert (found.exit_code, found.stderr) == (1, "reaches nobody\n")
    told = desk("routes", "test", "--json", "--tier", "gold", "--at", "2026-11-24T12:00")
    assert json.loads(told.stdout)["channels"] == [
        {"channel": "chat", "quiet": False},
        {"channel": "pager", "quiet": False},
    ]


def test_without_routes_everybody_hears(nabz: Nabz) -> None:
    """The default."""
    (nabz.folder / "nabz.yaml").write_text("channels: {a: {type: terminal}}", encoding="utf-8")
    found = nabz("routes", "test")
    assert found.stdout.splitlines() == [
        "no routes: every channel hears of everything",
        "reaches a",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Asia/Tehran", "Asia/Teheran", "write a time zone like Asia/Tehran"),
        ('"20:00"', '"25:00"', "a time of day is at most 24:00, found '25:00'"),
        ('until: "08:00"', 'until: "08:00", days: [fry]', "'mon', 'tue'"),
        ("critical: true}", "loud: true}", "unknown key"),
    ],
)
def test_quiet_hours_written_wrongly_are_refused(old: str, new: str, said: str, nabz: Nabz) -> None:
    """At the check, naming what was found."""
    (nabz.folder / "nabz.yaml").write_text(YAML.replace(old, new), encoding="utf-8")
    found = nabz("config", "check")
    assert found.exit_code == 2
    assert said in found.stderr


def test_what_is_written_wrongly_is_said(desk: Nabz) -> None:
    """In one line."""
    label = desk("routes", "test", "--label", "team")
    assert (label.exit_code, "--label: found 'team'; write name=value" in label.stderr) == (2, True)
    when = desk("routes", "test", "--at", "noon")
    assert (when.exit_code, "--at: found 'noon'" in when.stderr) == (2, True)


def test_a_heartbeat_belongs_to_the_settings(nabz: Nabz) -> None:
    """Its address is guarded at the check, as a channel's is."""
    (nabz.folder / "nabz.yaml").write_text(
        "heartbeat: {url: 'https://10.0.0.1/'}", encoding="utf-8"
    )
    found = nabz("config", "check")
    assert found.exit_code == 2
    assert "heartbeat: the address is in a network that is not allowed" in found.stderr
    (nabz.folder / "nabz.yaml").write_text(
        "heartbeat: {url: 'https://x.example/'}", encoding="utf-8"
    )
    assert nabz("config", "check").exit_code == 0


PEOPLE = """
channels: {ann: {type: terminal}, bob: {type: terminal}, ops: {type: terminal}}
people:
  ann-lee:
    owns: {tier: gold, language: [en, fa]}
    channels: ann
    hours: {zone: Asia/Tehran, hours: "08:00-18:00", weekend: [thu, fri]}
    delegate: bob
  bob: {owns: {account: Acme}, channels: bob, hours: {hours: "14:00-20:00"}, critical: true}
routes:
  - {match: {labels: {kind: pipeline}}, channels: ops}
  - {to: owner}
  - {channels: ops}
"""
ANN = "ann-lee (tier is 'gold'; language is 'en' or 'fa')"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--tier", "gold", "--language", "fa", "--at", "2026-11-24T09:00"),
            [
                f"owner: {ANN}, who is there",
                "route 0: no: label kind is None, asked is 'pipeline'",
                "route 1: yes -> ann, the search ends here",
                "reaches ann",
            ],
        ),
        (
            ("--tier", "gold", "--language", "fa", "--at", "2026-11-24T19:00"),
            [
                f"owner: {ANN}, who is away; bob stands in",
                "route 0: no: label kind is None, asked is 'pipeline'",
                "route 1: yes -> bob, the search ends here",
                "reaches bob",
            ],
        ),
        (
            ("--tier", "gold", "--language", "fa", "--at", "2026-11-24T21:00"),
            [
                f"owner: {ANN}, who is away, and nobody who is there stands in",
                "route 0: no: label kind is None, asked is 'pipeline'",
                "route 1: yes -> ann, the search ends here",
                "reaches ann  kept back until ann-lee is there",
            ],
        ),
        (
            ("--account", "Acme", "--severity", "critical", "--at", "2026-11-24T21:00"),
            [
                "owner: bob (account is 'Acme'), who is away, and nobody who is there stands in",
                "route 0: no: label kind is None, asked is 'pipeline'",
                "route 1: yes -> bob, the search ends here",
                "reaches bob",
            ],
        ),
        (
            ("--tier", "silver"),
            [
                "owner: nobody in `people` owns it",
                "route 0: no: label kind is None, asked is 'pipeline'",
                "route 1: no: nobody owns it",
                "route 2: yes -> ops, the search ends here",
                "reaches ops",
            ],
        ),
    ],
)
def test_it_says_who_is_chosen_and_why(nabz: Nabz, words: tuple[str, ...], said: list[str]) -> None:
    """The owner, what makes them that, whether they are there, and who stands in."""
    (nabz.folder / "nabz.yaml").write_text(PEOPLE, encoding="utf-8")
    found = nabz("routes", "test", *words)
    assert found.stdout.splitlines() == said
    told = json.loads(nabz("routes", "test", "--json", *words).stdout)
    assert (told["person"] is None) == (said[0] == "owner: nobody in `people` owns it")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("delegate: bob", "delegate: rob", "people.ann-lee.delegate: found 'rob'; people are"),
        ("channels: ann\n", "channels: anna\n", "people.ann-lee names"),
        ("{to: owner}", "{to: owner, channels: ops}", "one of the two"),
        ("{to: owner}", "{match: {tier: gold}}", "one of the two"),
        ("Asia/Tehran", "Asia/Teheran", "is not known here"),
        ("owns: {tier", "owns: {teir", "unknown key"),
    ],
)
def test_people_that_cannot_be_meant_are_refused(nabz: Nabz, old: str, new: str, said: str) -> None:
    """When the file is read, not at night."""
    assert old in PEOPLE
    (nabz.folder / "nabz.yaml").write_text(PEOPLE.replace(old, new), encoding="utf-8")
    found = nabz("routes", "test")
    assert found.exit_code in {2, 78}, found.output
    assert said in found.output
