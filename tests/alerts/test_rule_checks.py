"""What is sound in form but cannot be meant, and a rule in words."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from alerts.fields import Seen
from alerts.people import Person
from alerts.presets import PRESETS
from alerts.routing import Match, Route
from alerts.rule_checks import findings
from alerts.rule_words import explained
from alerts.rules import Rule, rules_from
from alerts.subjects import seen_by
from scoring.config import HOUR_MS, Interaction, Scoring, Touchpoint
from tests.alerts.test_conditions import seen_after
from tests.strategies import BASE_MS, answer, signal

T = BASE_MS
SCORING = Scoring(interactions={"failed": Interaction(points=400), "seen": Interaction()})


def found(*rules: dict[str, Any], scoring: Scoring = SCORING, **more: Any) -> list[str]:
    """Findings, as text."""
    facts = {"routes": (), "channels": ()} | more
    return [
        f"{one.about}: {one.what}" for one in findings(rules_from(list(rules)), scoring, **facts)
    ]


def when(*leaves: dict[str, Any], word: str = "all") -> dict[str, Any]:
    """A rule of some conditions."""
    return {"id": "a", "when": {word: list(leaves)}}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_sound(name: str) -> None:
    """As the scoring is by default."""
    assert findings(rules_from({"preset": name}), Scoring(), (), ("chat",)) == ()


FELT = {"field": "distress.feeling", "raise_at": 46, "clear_at": 5}
WAITS = {"field": "waits", "is": "yes"}
UNREACHABLE: dict[str, tuple[dict[str, Any], str]] = {
    "a part beyond its cap": (FELT, "distress.feeling is at most 45, asked are 46"),
    "contacts": (
        {"field": "distress.contacts", "raise_at": 14, "clear_at": 0},
        "distress.contacts is at most 13, asked are 14",
    ),
    "the clock": (
        {"field": "distress.waiting_now", "raise_at": 31, "clear_at": 0},
        "distress.waiting_now is at most 30, asked are 31",
    ),
    "health": (
        {"field": "health", "raise_at": 86, "clear_at": 80},
        "health is at most 85, asked are 86",
    ),
    "a part of health": (
        {"field": "health.friction", "raise_at": 26, "clear_at": 5},
        "health.friction is at most 25, asked are 26",
    ),
    "a wait of a day": (
        {"field": "health.unresolved", "raise_at": 6, "clear_at": 0},
        "health.unresolved is at most 5, asked are 6",
    ),
    "quiet": (
        {"field": "health.quiet", "raise_at": 11, "clear_at": 0},
        "health.quiet is at most 10, asked are 11",
    ),
    "a fall": (
        {"field": "health", "fell_by": 86, "within": "7d"},
        "health begins at 85 and cannot fall by 86",
    ),
    "an interaction": (
        {"interaction": "gone", "within": "1d"},
        "interaction gone is not in `scoring.interactions`",
    ),
    "an interaction without points": (
        {"interaction": "seen", "within": "1d"},
        "interaction seen has no points, and is not remembered",
    ),
    "a watermelon": (
        {"field": "watermelon", "is": "yes"},
        "watermelon needs a touch-point with a promise",
    ),
}


@pytest.mark.parametrize("name", UNREACHABLE)
def test_what_can_never_be_true_is_found(name: str) -> None:
    """By the caps in force; and whether the whole rule hangs on it."""
    leaf, what = UNREACHABLE[name]
    assert found({"id": "a", "when": leaf}) == [f"rule a: {what}, so this is never raised"]
    assert found(when(leaf, WAITS)) == [f"rule a: {what}, so this is never raised"]
    assert found(when(leaf, WAITS, word="any")) == [f"rule a: {what}, so this adds nothing"]
    assert found(when(leaf, word="any")) == [f"rule a: {what}, so this is never raised"]


@pytest.mark.parametrize(
    "leaf",
    [
        FELT | {"raise_at": 45},
        {"field": "distress", "raise_at": 100, "clear_at": 0},
        {"field": "health", "raise_at": 1, "clear_at": 90},
        {"field": "distress.contacts", "raise_at": 13, "clear_at": 0},
        {"field": "health.trail", "raise_at": 30, "clear_at": 0},
        {"field": "contacts_24h", "raise_at": 100, "clear_at": 0},
        {"field": "health", "fell_by": 85, "within": "7d"},
        {"field": "distress", "rose_by": 99, "within": "1d"},
        {"interaction": "failed", "within": "1d"},
        {"cue": "anger", "within": "1d"},
        {"field": "watermelon", "is": "no"},
    ],
)
def test_what_can_be_true_is_no_finding(leaf: dict[str, Any]) -> None:
    """Up to the cap itself."""
    assert found({"id": "a", "when": leaf}) == []


def test_a_promise_makes_a_watermelon_possible_and_no_steps_a_clock_impossible() -> None:
    """It is the scoring in force that decides."""
    melon = {"id": "a", "when": {"field": "watermelon", "is": "yes"}}
    promised = replace(SCORING, touchpoints={"shop": Touchpoint(promise_ms=5)})
    assert found(melon, scoring=promised) == []
    clock = {"id": "a", "when": {"field": "distress.waiting_now", "raise_at": 1, "clear_at": 0}}
    assert len(found(clock, scoring=replace(SCORING, wait_steps=(), contact_ladder=()))) == 1
    calls = {"id": "a", "when": {"field": "distress.contacts", "raise_at": 1, "clear_at": 0}}
    assert len(found(calls, scoring=replace(SCORING, wait_steps=(), contact_ladder=()))) == 1


HURT = {"field": "distress", "raise_at": 50, "clear_at": 40}
LOW = {"field": "health", "raise_at": 30, "clear_at": 40}


@pytest.mark.parametrize(
    ("warning", "critical", "what"),
    [
        (HURT, HURT, "is critical whenever it is raised: the bands are the same"),
        (HURT, HURT | {"clear_at": 45}, "critical begins where the warning does or before"),
        (LOW, LOW | {"raise_at": 35}, "critical begins where the warning does or before"),
        (HURT, HURT | {"raise_at": 51}, None),
        (LOW, LOW | {"raise_at": 29}, None),
        (HURT, LOW, None),
        (HURT, HURT | {"raise_at": 10, "clear_at": 20}, None),
        ({"all": [HURT]}, HURT, None),
    ],
)
def test_a_warning_that_is_never_shown_is_found(
    warning: dict[str, Any], critical: dict[str, Any], what: str | None
) -> None:
    """A band inside the other, the wrong way round."""
    rules = found({"id": "a", "when": warning, "critical": {"when": critical}})
    assert rules == [] if what is None else len(rules) == 1 and what in rules[0]


def test_two_rules_for_the_same_people_about_the_same_thing_are_found() -> None:
    """Bands of one rule tell once; labels tell them apart, and so does a shadow."""
    one, other = {"id": "a"}, {"id": "b", "raise_at": 60}
    (twice,) = found(one, other)
    assert twice.startswith("rules a and b: overlap: both look at distress")
    assert found(one, other | {"labels": {"team": "x"}}) == []
    assert found(one, other | {"shadow": True}) == []
    assert found(one, other | {"entity": "conversation"}) == []
    assert found(one, {"id": "b", "measure": "health"}) == []
    same = found({"id": "a", "when": HURT}, {"id": "b", "when": HURT})
    assert same == ["rules a and b: have the same conditions and labels; keep one"]
    assert found({"id": "a", "when": HURT}, {"id": "b", "when": LOW}, {"id": "c"}) == []


def test_rules_that_reach_nobody_and_routes_of_nobody_are_found() -> None:
    """In both directions, whatever the tier; a shadow need reach nobody."""
    team = {"id": "a", "labels": {"team": "cs"}}
    routes = (
        Route(("chat",), Match(severity=("critical",), tier=("gold",))),
        Route(("chat",), Match(rule=("z",))),
        Route(("chat",), Match(labels={"team": ("ops",)})),
        Route(("chat",), Match(rule=("source-cut-off",), labels={"kind": ("pipeline",)})),
    )
    assert found(team, routes=routes, channels=("chat",)) == [
        (
            "rule a: its warning alerts reach nobody: no route takes labels team=cs; see"
            " `nabz routes test`"
        ),
        "route 1: asks for rule z; there is none",
        "route 2: asks for label team ops; no rule has it: nobody owns what it was meant for",
    ]
    assert len(found(team | {"shadow": True}, routes=routes, channels=("chat",))) == 2
    assert len(found(team, routes=routes)) == 2
    bare = found({"id": "a", "critical": None}, routes=routes[1:2], channels=("chat",))
    assert "no route takes labels of which it has none" in bare[0] and len(bare) == 2
    assert found(team, channels=("chat",)) == []
    own = Route(("chat",), Match(rule=("a",), labels={"team": ("cs",)}))
    assert found(team, routes=(own,), channels=("chat",)) == []
    worse = {"id": "a", "when": HURT, "critical": {"when": HURT | {"raise_at": 60}}}
    assert len(found(worse, routes=routes[1:2], channels=("chat",))) == 3


# ---------------------------------------------------------------------- in words


def lines(rule: Rule, seen: Seen, conversation: str = "") -> list[str]:
    """A rule in words, deeper lines further in."""
    return [
        f"{'  ' * line.depth}{line.text}"
        for line in explained(rule, seen_by(rule, conversation, seen))
    ]


def test_alerts_that_are_left_to_an_owner_there_is_not_are_found() -> None:
    """Unless a person owns all, or a route names a channel for whoever has no owner."""
    rules = rules_from([{"id": "a"}, {"id": "b", "labels": {"team": "x"}, "shadow": True}])
    ann, all_of = Person("ann", ("chat",), Match(tier=("gold",))), Person("all", ("chat",))
    owner, critical = Route((), to_owner=True), Route(("chat",), Match(severity=("critical",)))

    def said(*routes: Route, people: tuple[Person, ...] = (ann,)) -> list[str]:
        return [one.what for one in findings(rules, Scoring(), routes, ("chat",), people)]

    assert [what[:60] for what in said(owner)] == [
        "its warning alerts of a customer whom nobody owns reach nobo",
        "its critical alerts of a customer whom nobody owns reach nob",
    ]
    assert [what[:13] for what in said(owner, critical)] == ["its warning a"]
    assert said(owner, people=(ann, all_of)) == []
    assert said(owner, Route(("chat",))) == []
    assert said() == []


def test_a_plain_rule_is_explained_by_its_cuts() -> None:
    """Both severities, with the number now."""
    seen = seen_after(signal(T, 4_000), answer(T + 5), at_ms=T + 9)
    (rule,) = rules_from([{"id": "a", "raise_at": 40.5, "clear_at": 20}])
    now = seen.found.distress_e2
    assert now is not None
    assert lines(rule, seen) == [
        f"distress {now / 100:g}, raised from 40.5, cleared at 20: "
        + ("raised" if now >= 4_050 else "between the cuts"),
        f"critical: distress {now / 100:g}, raised from 85, cleared at 75: not raised",
    ]
    (low,) = rules_from([{"id": "b", "measure": "health"}])
    assert lines(low, seen_after(at_ms=T)) == [
        "health unknown, raised down to 30, cleared at 40: unknown"
    ]
    (talk,) = rules_from([{"id": "c", "entity": "conversation", "critical": None}])
    assert lines(talk, seen, "t-1")[0].startswith("conversation distress 40, raised from 70")


def test_a_rule_of_one_condition_and_one_severity_is_one_line() -> None:
    """Nothing is said of a severity it does not have."""
    (rule,) = rules_from([{"id": "a", "when": WAITS}])
    assert lines(rule, seen_after(signal(T, 100), at_ms=T)) == [
        "waits yes (does somebody wait for us), asked is yes: raised"
    ]


def test_conditions_are_explained_one_by_one_with_their_numbers_now() -> None:
    """In the order written, each with its meaning, its cuts and what it comes to."""
    (rule,) = rules_from(
        [
            {
                "id": "a",
                "when": {
                    "all": [
                        {"field": "waiting", "raise_at": "4h", "clear_at": "1h"},
                        {"field": "promise_gap", "raise_at": "-5m", "clear_at": "-10m"},
                        {"any": [
                            {"field": "band", "is": ["at_risk", "critical"]},
                            {"cue": "anger", "within": "7d"},
                            {"interaction": "angry", "within": "7d"},
                            {"field": "tier", "is": "gold"},
                        ]},
                        {"field": "health", "fell_by": 20, "within": "7d"},
                        {"field": "contacts_24h", "raise_at": 3, "clear_at": 1},
                        {"field": "confidence", "raise_at": 50, "clear_at": 40},
                    ]
                },
                "critical": {"when": {"field": "distress", "rose_by": 30, "within": "24h"}},
            }
        ]
    )  # fmt: skip
    scoring = replace(SCORING, touchpoints={"shop": Touchpoint(promise_ms=3 * HOUR_MS)})
    asks = signal(T, 700, touchpoint="shop")
    assert lines(rule, seen_after(asks, at_ms=T + 2 * HOUR_MS, scoring=scoring)) == [
        "all of these: not raised",
        (
            "  waiting 2 h (business time of the longest open wait), raised from 4 h, cleared at"
            " 1 h: between the cuts"
        ),
        (
            "  promise_gap -1 h (experienced less promised, business time; above 0 we are late),"
            " raised from -5 min, cleared at -10 min: not raised"
        ),
        "  any of these: raised",
        "    band healthy (band of health), asked is at_risk or critical: not raised",
        "    cue anger not remembered, asked is within 7 d: not raised",
        "    cue angry 2 h ago, asked is within 7 d: raised",
        "    tier unknown (as the profile says), asked is gold: not raised",
        "  health fell by unknown within 7 d, raised from 20, cleared at 10: unknown",
        "  contacts_24h 1 (contacts within 24 hours), raised from 3, cleared at 1: not raised",
        "  confidence 25 % (how much is known), raised from 50 %, cleared at 40 %: not raised",
        "critical: unknown",
        "  distress rose by unknown within 1 d, raised from 30, cleared at 15: unknown",
    ]


def test_a_rule_that_promises_what_nobody_keeps_is_found() -> None:
    """A team of its own, or an owner of everything, keeps it; an owner of some does not."""
    promised = {"id": "a", "due": "4h"}
    some = Person("ann", ("chat",), owns=Match(tier=("gold",)))
    for people in ((), (some,)):
        (one,) = found(promised, people=people)
        assert one.startswith("rule a: something is due, and nobody owns all of its alerts")
    assert found(promised, people=(some, Person("bo", ("chat",)))) == []
    assert found(promised | {"labels": {"team": "cs"}}) == []
    assert found({"id": "a"}) == []
