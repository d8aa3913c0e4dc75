"""Tests beside rules: they pass where the rule does what they say, and fail where it does not."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml

from alerts.presets import PRESETS
from alerts.rules import Cuts, Rule, rules_from
from alerts.timelines import run_tests
from alerts.vectors import verdicts
from alerts.written import RuleError
from scoring.config import Interaction, Scoring

SCORING = Scoring(interactions={"call_failed": Interaction(points=4_000)})
RULES = rules_from(
    [
        {
            "id": "angry",
            "raise_at": 40,
            "clear_at": 20,
            "critical": {"raise_at": 70, "clear_at": 60},
        },
        {
            "id": "stuck",
            "entity": "conversation",
            "when": {
                "all": [
                    {"field": "waiting", "raise_at": "2h", "clear_at": "0s"},
                    {"field": "customer.tier", "is": ["gold"]},
                    {"cue": "anger", "within": "1d"},
                ]
            },
            "critical": {"when": {"field": "waiting", "raise_at": "8h", "clear_at": "2h"}},
        },
        {"id": "fell", "when": {"field": "health", "fell_by": 20, "within": "7d"}},
        {"id": "melon", "when": {"field": "watermelon", "is": True}},
        {"id": "low", "measure": "health"},
        {"id": "talk", "entity": "conversation", "raise_at": 40, "clear_at": 20},
    ]
)


def wrong(test: dict[str, Any]) -> tuple[str, ...]:
    """What one test came to."""
    (found,) = run_tests({"tests": [{"name": "a promise"} | test]}, RULES, SCORING)
    return found.wrong


@pytest.mark.parametrize("tree", [*PRESETS.values(), None])
def test_what_is_shipped_does_what_its_tests_promise(tree: Any) -> None:
    """Shipped rules and every preset have tests, and they pass."""
    if tree is None:
        text = resources.files("alerts").joinpath("rules.yaml").read_text(encoding="utf-8")
        tree = yaml.safe_load(text)
    found = run_tests(tree, rules_from(tree), Scoring())
    assert len(found) >= 2
    assert [one for one in found if one.wrong] == []


@pytest.mark.parametrize(
    ("rule", "values", "expect"),
    [
        ("angry", {"distress": 40}, "raised"),
        ("angry", {"distress": 40}, "warning"),
        ("angry", {"distress": 39.99}, "between"),
        ("angry", {"distress": 20}, "over"),
        ("angry", {"distress": 80}, "critical"),
        ("angry", {}, "unknown"),
        ("low", {"health": 30}, "raised"),
        ("low", {"health": 40}, "over"),
        ("low", {}, "unknown"),
        ("stuck", {"waiting": "2h", "customer.tier": "gold", "cue anger": "23h"}, "warning"),
        ("stuck", {"waiting": "8h", "customer.tier": "gold", "cue anger": "23h"}, "critical"),
        ("stuck", {"waiting": "2h", "customer.tier": "gold", "cue anger": "24h"}, "over"),
        ("stuck", {"waiting": "1h", "customer.tier": "gold", "cue anger": "0s"}, "between"),
        ("stuck", {"waiting": "9h", "cue anger": "0s"}, "over"),
        ("stuck", {"customer.tier": "gold", "cue anger": "0s"}, "unknown"),
        ("stuck", {"waiting": "9h", "customer.tier": "gold"}, "over"),
        ("fell", {"health_fell": 20}, "raised"),
        ("fell", {"health_fell": 10}, "over"),
        ("fell", {}, "unknown"),
        ("melon", {"watermelon": True}, "raised"),
        ("melon", {"watermelon": False}, "over"),
        ("talk", {"distress": 40}, "raised"),
    ],
)
def test_values_are_held_against_a_rule_as_written(
    rule: str, values: dict[str, Any], expect: str
) -> None:
    """To the hundredth and the second; what is not given is unknown."""
    assert wrong({"rule": rule, "values": values, "expect": expect}) == ()


def test_a_rule_without_a_higher_severity_has_no_verdict_on_it() -> None:
    """Known or not."""
    rule = Rule("r", warning=Cuts(4_000, 2_000), critical=None)
    assert verdicts(rule, {}) == ("unknown", None)
    assert verdicts(rule, {"distress": 50}) == ("raised", None)


def test_a_value_that_comes_out_otherwise_says_what_was_found() -> None:
    """So that the rule, or the test, can be mended."""
    assert wrong({"rule": "angry", "values": {"distress": 69}, "expect": "critical"}) == (
        "expected critical, found warning",
    )
    assert wrong({"rule": "angry", "values": {"distress": 1}, "expect": "warning"}) == (
        "expected warning, found over",
    )


STORY = [
    {"at": "0s", "points": {"feeling": 45}},
    {"at": "1m", "agent": "It is done."},
    {"at": "2m", "interaction": "call_failed"},
]


def test_a_story_is_folded_and_what_is_told_is_compared() -> None:
    """Through reading, scoring, rules and lifecycle, as a worker does."""
    told = [
        {"reason": "raised", "at": "0s", "severity": "warning", "conversation": "talk"},
        {"reason": "escalated", "by": "2m", "severity": "critical"},
    ]
    assert wrong({"rule": "angry", "events": STORY, "expect": told}) == ()
    assert wrong({"rule": "talk", "events": STORY[:1], "expect": told[:1]}) == ()


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ([], "expected nothing more, found raised (warning) at 0h"),
        ([{"reason": "held"}], "1. expected held, found raised (warning) at 0h"),
        ([{"reason": "raised", "at": "1s"}], "1. expected at 1s, found raised"),
        ([{"reason": "raised", "severity": "critical"}], "1. expected severity critical, found"),
        ([{"reason": "raised", "conversation": "t-9"}], "1. expected conversation t-9, found"),
        ([{"reason": "raised"}, {"reason": "held"}], "expected held, found nothing more"),
    ],
)
def test_a_story_that_goes_otherwise_says_where(expect: list[Any], said: str) -> None:
    """What was expected, and what happened when."""
    found = wrong({"rule": "angry", "events": STORY[:1], "expect": expect})
    assert len(found) == 1 and found[0].startswith(said)


def test_times_of_a_story_are_told_exactly() -> None:
    """In the largest unit that divides them, and about which conversation."""
    late = [{"at": "1500ms", "points": {"feeling": 45}, "conversation": "t-7"}]
    assert wrong({"rule": "talk", "events": late, "expect": []}) == (
        "expected nothing more, found raised (warning) at 1500ms of conversation t-7",
    )
    assert wrong(
        {"rule": "talk", "events": late, "expect": [{"reason": "raised", "by": "1s"}]}
    ) == ("1. expected by 1s, found raised (warning) at 1500ms of conversation t-7",)


def test_time_passes_after_the_last_event_as_far_as_asked() -> None:
    """Never less far than the last event, and alerts end by themselves."""
    events = [
        {"at": "0s", "points": {"feeling": 45}, "channel": "chat", "touchpoint": "shop"},
        {"at": "1m", "customer": "thanks, solved!"},
        {"at": "1m", "bot": "Bye!"},
        {"at": "2m", "outcome": "renewed"},
    ]
    told = [{"reason": "raised"}, {"reason": "recovered", "by": "2d"}]
    assert wrong({"rule": "angry", "events": events, "until": "2d", "expect": told}) == ()
    assert wrong({"rule": "angry", "events": events, "until": "0s", "expect": told[:1]}) == ()


def test_a_list_of_rules_has_no_tests() -> None:
    """Nor has a file without any."""
    assert run_tests([], RULES, SCORING) == run_tests({"rules": []}, RULES, SCORING) == ()


EVENT: dict[str, Any] = {"rule": "angry", "expect": []}
REFUSED: dict[str, tuple[Any, str]] = {
    "no list": ({}, "tests: found dict; write a list of tests"),
    "no mapping": (["a"], r"tests\[0\]: a test is a mapping with a name, found str"),
    "no name": ([{}], r"tests\[0\].name: found None; say what is promised"),
    "a typo": ([{"name": "a", "exspect": 1}], "unknown field 'exspect'; did you mean expect"),
    "no rule": ([{"name": "a"}], "test 'a'.rule: found None; known are angry"),
    "another rule": ([{"name": "a", "rule": "angri"}], r"did you mean angry\?"),
    "neither": ([{"name": "a", "rule": "angry"}], "write either `values` or `events`"),
    "both": ([EVENT | {"name": "a", "values": {}, "events": []}], "write either"),
    "values as a list": ([EVENT | {"name": "a", "values": []}], "values: found list"),
    "no verdict": ([{"name": "a", "rule": "angry", "values": {}}], "expect: found None"),
    "another verdict": (
        [{"name": "a", "rule": "angry", "values": {}, "expect": "raise"}],
        r"did you mean raised\?",
    ),
    "a value of nothing": (
        [{"name": "a", "rule": "angry", "values": {"health": 5}, "expect": "over"}],
        "unknown field 'health'; known are distress",
    ),
    "values until": (
        [{"name": "a", "rule": "angry", "values": {}, "until": "1d", "expect": "over"}],
        "until: is for `events`",
    ),
    "events as a mapping": ([EVENT | {"name": "a", "events": {}}], "events: found dict"),
    "expecting a word": (
        [{"name": "a", "rule": "angry", "events": [], "expect": "raised"}],
        "found str",
    ),
    "an event as a word": ([EVENT | {"name": "a", "events": ["x"]}], r"events\[0\]: found str"),
    "an event with a typo": (
        [EVENT | {"name": "a", "events": [{"at": "0s", "custmer": "x"}]}],
        r"did you mean customer\?",
    ),
    "an event of nothing": ([EVENT | {"name": "a", "events": [{"at": "0s"}]}], "write one of cust"),
    "an event of two": (
        [EVENT | {"name": "a", "events": [{"at": "0s", "agent": "x", "bot": "y"}]}],
        "write one of",
    ),
    "an event at no time": ([EVENT | {"name": "a", "events": [{"agent": "x"}]}], "at: found None"),
    "no text": ([EVENT | {"name": "a", "events": [{"at": "0s", "agent": 5}]}], "agent: found int"),
    "another interaction": (
        [EVENT | {"name": "a", "events": [{"at": "0s", "interaction": "x"}]}],
        "'x' is not among `scoring.interactions`",
    ),
    "points of another family": (
        [EVENT | {"name": "a", "events": [{"at": "0s", "points": {"joy": 5}}]}],
        "unknown field 'joy'",
    ),
    "points as a number": (
        [EVENT | {"name": "a", "events": [{"at": "0s", "points": 5}]}],
        "points: found int; write {feeling: 30}",
    ),
    "expecting a number": ([EVENT | {"name": "a", "events": [], "expect": [5]}], "found int"),
    "expecting nothing": (
        [EVENT | {"name": "a", "events": [], "expect": [{}]}],
        "reason: found not",
    ),
    "another severity": (
        [EVENT | {"name": "a", "events": [], "expect": [{"reason": "raised", "severity": "high"}]}],
        "write warning or critical",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_test_that_cannot_be_meant_is_refused(name: str) -> None:
    """With the test, the field, what was found and what to write."""
    tests, message = REFUSED[name]
    with pytest.raises(RuleError, match=message):
        run_tests({"tests": tests}, RULES, SCORING)
