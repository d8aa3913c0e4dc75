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
