"""Rules as people write them, and what they are told where they wrote something else."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml

from alerts.rules import Cuts, Rule, rules_from
from alerts.written import RuleError


def test_the_shipped_rules_are_what_the_design_says() -> None:
    """Distress at 70, cleared at 55, critical at 85 and 75, ten minutes to recover."""
    text = resources.files("alerts").joinpath("rules.yaml").read_text(encoding="utf-8")
    assert rules_from(yaml.safe_load(text)) == (
        Rule("customer-distress", labels={"team": "support"}),
    )
    assert Rule("r") == Rule(
        "r", "distress", Cuts(7_000, 5_500), Cuts(8_500, 7_500), 0, 600_000, 86_400_000, 1_800_000
    )


def test_every_field_can_be_written() -> None:
    """Points become hundredths, durations milliseconds, labels are sorted."""
    (rule,) = rules_from(
        [
            {
                "id": "leaving",
                "measure": "health",
                "raise_at": 30.5,
                "clear_at": 45,
                "critical": {"raise_at": 10, "clear_at": 20},
                "for": "90s",
                "clear_for": "1d",
                "expire_after": "2h",
                "reopen_within": "500 ms",
                "red_flags": [{"cue": "legal_threat", "below_precision": True}],
                "labels": {"team": "cs", "floor": 2},
                "runbook": "https://wiki.example/leaving",
                "shadow": True,
            }
        ]
    )
    assert rule == Rule(
        id="leaving", measure="health", warning=Cuts(3_050, 4_500), critical=Cuts(1_000, 2_000),
        for_ms=90_000, clear_for_ms=86_400_000, expire_after_ms=7_200_000, reopen_ms=500,
        red_flags=("legal_threat",), labels={"floor": "2", "team": "cs"},
        runbook="https://wiki.example/leaving", shadow=True,
    )  # fmt: skip
    assert list(rule.labels) == ["floor", "team"]


def test_a_rule_on_health_raises_downwards() -> None:
    """Its defaults lie the other way round, and it has one severity unless two are given."""
    (rule,) = rules_from({"rules": [{"id": "low", "measure": "health"}]})
    assert (rule.warning, rule.critical) == (Cuts(3_000, 4_000), None)


def test_no_rules_are_rules_too() -> None:
    """Scores without alerts."""
    assert rules_from([]) == rules_from({"rules": []}) == ()


LOW: dict[str, Any] = {"id": "low", "measure": "health"}
REFUSED: dict[str, tuple[Any, str]] = {
    "nothing": (None, "rules are a list, found nothing"),
    "an empty file of rules": ({}, "found nothing"),
    "a text": ("rules", "found str"),
    "another preset": ({"preset": "loud"}, "preset: found 'loud'; known are quiet, normal"),
    "another key": ({"rule": []}, r"did you mean rules\?"),
    "a rule that is a text": (["a"], r"rules\[0\]: a rule is a mapping with an id, found str"),
    "no id": ([{"measure": "health"}], r"rules\[0\].id: found None"),
    "an id with capitals": ([{"id": "A"}], "found 'A'; write small letters"),
    "an id of 61": ([{"id": "a" * 61}], "small letters"),
    "an id twice": ([{"id": "a"}, {"id": "a"}], "rule a: the id is given twice"),
    "a typo": ([{"id": "a", "rais_at": 5}], r"unknown field 'rais_at'; did you mean raise_at\?"),
    "a field of nowhere": ([{"id": "a", "zzz": 5}], "known are id, entity, measure"),
    "a key that is a number": ([{"id": "a", 7: 5}], "unknown field 7"),
    "another measure": ([{"id": "a", "measure": "joy"}], "write distress or health"),
    "points beyond 100": ([{"id": "a", "raise_at": 101}], "a.raise_at: found 101"),
    "points below 0": ([{"id": "a", "clear_at": -1}], "a.clear_at: found -1"),
    "points that are true": ([{"id": "a", "raise_at": True}], "found True"),
    "points that are words": ([{"id": "a", "raise_at": "high"}], "a number of points"),
    "points that are no number": ([{"id": "a", "raise_at": float("nan")}], "found nan"),
    "no gap": ([{"id": "a", "raise_at": 60, "clear_at": 60}], "must lie below raise_at"),
    "no gap of health": ([LOW | {"raise_at": 30, "clear_at": 30}], "must lie above raise_at"),
    "a gap the wrong way": ([LOW | {"raise_at": 30, "clear_at": 20}], "must lie above raise_at"),
    "critical as a number": ([{"id": "a", "critical": 90}], "critical: found int"),
    "critical by half": ([{"id": "a", "critical": {"raise_at": 90}}], "clear_at: is missing"),
    "critical with a typo": ([{"id": "a", "critical": {"raise": 90}}], "did you mean raise_at"),
    "critical below warning": (
        [{"id": "a", "raise_at": 60, "clear_at": 50, "critical": {"raise_at": 60, "clear_at": 5}}],
        "must lie beyond raise_at",
    ),
    "critical of health above warning": (
        [LOW | {"critical": {"raise_at": 30, "clear_at": 50}}],
        "must lie beyond raise_at",
    ),
    "a duration without unit": ([{"id": "a", "for": 30}], "a.for: found 30; a duration is"),
    "a duration in words": ([{"id": "a", "clear_for": "soon"}], "a.clear_for: found 'soon'"),
    "red flags as a word": ([{"id": "a", "red_flags": "legal"}], "red_flags: found str"),
    "red flags as numbers": ([{"id": "a", "red_flags": [1]}], "write a list of words"),
    "labels as a list": ([{"id": "a", "labels": ["x"]}], "labels: found list"),
    "a runbook that is a number": ([{"id": "a", "runbook": 5}], "runbook: found int"),
    "shadow as a word": ([{"id": "a", "shadow": "yes"}], "shadow: found 'yes'; write true"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_name(name: str) -> None:
    """The message names rule and field, what was found, and what to write."""
    tree, message = REFUSED[name]
    with pytest.raises(RuleError, match=message):
        rules_from(tree)


def test_rules_of_ones_own_come_on_top_of_a_preset() -> None:
    """One of the same id takes the place of the preset's; the others stay as they are."""
    preset = rules_from({"preset": "normal"})
    own = {"id": preset[0].id, "raise_at": 60, "critical": None}
    found = rules_from({"preset": "normal", "rules": [own, {"id": "mine"}]})
    assert [rule.id for rule in found] == [*(rule.id for rule in preset[1:]), preset[0].id, "mine"]
    assert found[-2].warning == Cuts(6_000, 5_500)
    shipped = resources.files("alerts").joinpath("rules.yaml").read_text(encoding="utf-8")
    assert rules_from(yaml.safe_load(shipped))[0] == preset[0]


def test_what_is_due_is_a_length_of_time_or_nothing() -> None:
    """In no time nobody does anything."""
    assert rules_from([{"id": "a", "due": "4h"}])[0].due_ms == 4 * 3_600_000
    assert rules_from([{"id": "a", "due": None}])[0].due_ms is None
    with pytest.raises(RuleError, match=r"rule a.due: found '0s'; nobody acts in no time"):
        rules_from([{"id": "a", "due": "0s"}])
