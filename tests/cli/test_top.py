"""`nabz top` and `nabz playbooks`: whom to look at first, what to do, and what followed."""

from __future__ import annotations

import json

from msgspec.structs import replace

from alerts.association import Followed
from alerts.outputs import Loss
from alerts.playbooks import SHIPPED
from scoring.records import Command, Origin, Outcome, Profile, ProfileFacts
from streams.cli.playbooks import table
from streams.cli.top import _line, in_order
from tests.cli.conftest import Nabz
from tests.cli.world import MINUTE_MS, START_MS, World
from tests.demo.published import ROW

VALUED = "value: {unit: EUR a year, assumed: {basic: 100}}\n"
NEW = "rules: [{id: angry, raise_at: 10, clear_at: 5, critical: null}]\n"


def test_customers_are_listed_by_loss_with_places_for_distress() -> None:
    """Each says what the place was got by, and whether the value is assumed."""
    known = Loss("EUR a year", "gold", 1_000_000, False, 15, 150_000, None)
    unknown = Loss("EUR a year", "gold", None, True, 5, None, None)
    rows = {
        name: replace(ROW, customer=name, distress_e2=distress, loss=loss)
        for name, distress, loss in (
            ("poor", 9_000, None),
            ("rich", 5_000, known),
            ("unsure", 4_000, unknown),
            ("fragile", 100, replace(known, value_e2=1, loss_e2=0, exempt="vulnerable")),
        )
    }
    told = [_line(*one) for one in in_order(rows, 30)]
    assert [line.split()[0] for line in told] == ["fragile", "poor", "rich", "unsure"]
    assert "exempt: vulnerable" in told[0]
    assert told[1].rstrip().endswith("distress")
    assert told[2].endswith("loss        1,500 EUR a year at stake (15 % of 10,000)")
    assert told[3].endswith("at stake (5 % of 0, assumed)")
    assert in_order({}, 30) == []


def test_steps_are_shown_as_configured_in_either_language(nabz: Nabz) -> None:
    """Those that ship where nothing is, which is said."""
    shipped = nabz("playbooks", "show", "--locale", "fa")
    assert SHIPPED["waiting_now"].steps["fa"][0] in shipped.stdout
    assert "write `playbooks: true`" in shipped.stderr
    (nabz.folder / "nabz.yaml").write_text(
        "playbooks: {anger: {en: [Call.], link: 'https://wiki.example/a'}, contacts: null}\n",
        encoding="utf-8",
    )
    mine = nabz("playbooks", "show")
    assert "\nanger                Call.\n" in mine.stdout
    assert "https://wiki.example/a" in mine.stdout
    assert "\ncontacts" not in mine.stdout and mine.stderr == ""
    whole = json.loads(nabz("playbooks", "show", "--json").stdout)
    assert whole["anger"] == {"steps": {"en": ["Call."]}, "link": "https://wiki.example/a"}
    (nabz.folder / "nabz.yaml").write_text("playbooks: {angr: null}\n", encoding="utf-8")
    refused = nabz("playbooks", "show")
    assert refused.exit_code != 0 and "did you mean anger?" in refused.stderr


def test_a_fleet_is_ranked_and_what_followed_its_alerts_is_counted(nabz_on: Nabz) -> None:
    """From the topics: the value of a profile, that of a segment, an ack, an outcome."""
    assert nabz_on.broker is not None
    assert "no customer has a score yet" in nabz_on.on_broker("top").stderr
    file = nabz_on.folder / "nabz.yaml"
    written = file.read_text(encoding="utf-8") + NEW
    file.write_text(written, encoding="utf-8")
    assert "no alert opened" in nabz_on.on_broker("playbooks", "outcomes").stderr
    world = World(nabz_on.broker)
    file.write_text(written + VALUED, encoding="utf-8")
    assert nabz_on.on_broker("config", "apply").exit_code == 0
    for number, (name, facts) in enumerate(
        (
            ("rich", ProfileFacts(tier="gold", value=9_000.0)),
            ("poor", ProfileFacts(tier="basic")),
        )
    ):
        origin = Origin("crm", 0, number)
        world.append(name, Profile(START_MS, START_MS, f"p-{number}", START_MS, origin, facts))
    world.says("rich", "cancel it", points=5_000)
    for index in range(3):
        world.says("poor", "cancel it", points=4_000, index=index, at_min=1)
    acked_ms, left_ms = START_MS + 2 * MINUTE_MS, START_MS + 3 * MINUTE_MS
    world.append(
        "rich",
        Command(acked_ms, acked_ms, "c-1", acked_ms, Origin("commands", 0, 0), "ack", actor="ann"),
    )
    world.append("poor", Outcome(left_ms, left_ms, "o-1", left_ms, Origin("crm", 0, 9), "churned"))
    world.work()
    listed = nabz_on.on_broker("top", "--json")
    told = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(one["customer"], one["by"]) for one in told] == [
        ("poor", "distress"),
        ("rich", "loss"),
    ]
    assert told[0]["loss"]["value_e2"] == 10_000 and told[0]["loss"]["assumed"]
    assert told[1]["loss"]["value_e2"] == 900_000 and not told[1]["loss"]["assumed"]
    assert len(nabz_on.on_broker("top", "--limit", "1").stdout.splitlines()) == 1
    done = nabz_on.on_broker("playbooks", "outcomes")
    assert done.exit_code == 0, done.output
    head, *lines = done.stdout.splitlines()
    assert head.startswith("cause")
    assert [line.split()[:3] for line in lines] == [
        ["leave_threat", "yes", "1"], ["leave_threat", "no", "1"],
    ]  # fmt: skip
    assert lines[1].endswith("1 churned")
    assert "association" in done.stderr
    as_json = nabz_on.on_broker("playbooks", "outcomes", "--json").stdout.splitlines()
    assert [json.loads(line)["outcomes"] for line in as_json] == [{}, {"churned": 1}]


def test_no_share_is_printed_of_few_alerts() -> None:
    """One of two would pass for half of all."""
    few, many = (
        Followed("anger", taken=False, alerts=count, ended={"open": count}, outcomes={"churned": 1})
        for count in (19, 20)
    )
    assert [line.rpartition("; ")[2] for line in table([few, many])[1:]] == [
        "1 churned", "1 churned (5 %)",
    ]  # fmt: skip
