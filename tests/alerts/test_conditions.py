"""What a condition comes to, and how it is written."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from alerts.conditions import Cued, Every, Level, Moved, Some, State, judge, look, verdict
from alerts.config import Config, decode_config, encode_config
from alerts.fields import NUMBERS, STATES, Seen
from alerts.grammar import LEAVES_MAX, condition_from
from alerts.rules import Cuts, Rule, rules_from
from alerts.subjects import seen_by
from alerts.written import RuleError
from scoring.baseline import baseline
from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS, Scoring, Touchpoint
from scoring.customer import Customer, advance
from scoring.health import health
from scoring.records import LogRecord
from scoring.talks import view
from tests.strategies import BASE_MS, SCORING, answer, interaction, outcome, profile, signal

T = BASE_MS
TALKS = Rule("talks", entity="conversation")


def seen_after(
    *records: LogRecord, at_ms: int, scoring: Scoring = SCORING, complete_ms: int | None = None
) -> Seen:
    """What there is to see at a moment of a customer to whom this happened."""
    customer = Customer()
    for record in records:
        customer = advance(customer, record, scoring)
    complete = at_ms if complete_ms is None else complete_ms
    return Seen(
        customer, health(customer, at_ms, scoring, complete_to_ms=complete), scoring, complete
    )


def value(field: str, seen: Seen) -> int | str | None:
    """A field of the customer."""
    if field in STATES["customer"]:
        return STATES["customer"][field].value(seen)
    return NUMBERS["customer"][field].value(seen)


# ---------------------------------------------------------------------- fields


def test_every_part_of_both_scores_can_be_looked_at() -> None:
    """A part that is shown and that no rule could name would be a dead end."""
    seen = seen_after(
        *(
            signal(T + n, 4_000, family=family)
            for n, family in enumerate(("feeling", "waiting", "repetition", "effort", "intent"))
        ),
        signal(T + HOUR_MS, 100),
        signal(T + 2 * HOUR_MS, 100, conversation="t-2"),
        at_ms=T + 2 * DAY_MS,
    )
    names = {f"distress.{part.name}" for part in seen.found.distress}
    names |= {f"health.{part.name}" for part in seen.found.health}
    unnamed = {
        "health.base",
        "health.bounds",
        "distress.bounds",
        "distress.relief",
        "health.relief",
    }
    assert names - unnamed <= set(NUMBERS["customer"])
    assert len(names - unnamed) >= 10
    for part in seen.found.distress:
        if f"distress.{part.name}" in NUMBERS["customer"]:
            assert value(f"distress.{part.name}", seen) == part.points_e2
    for part in seen.found.health:
        if f"health.{part.name}" in NUMBERS["customer"]:
            assert value(f"health.{part.name}", seen) == -part.points_e2


def test_a_customer_nobody_knows_is_unknown_and_not_nought() -> None:
    """Missing is unknown, never 0; what can be counted is counted."""
    seen = seen_after(at_ms=T)
    unknown = {"distress", "health", "promise_gap", "momentum", "tier", "language"}
    for name in (*NUMBERS["customer"], *STATES["customer"]):
        part = "." in name
        assert (value(name, seen) is None) == (part or name in unknown), name
    assert (value("waiting", seen), value("contacts_24h", seen)) == (0, 0)


def test_fields_say_what_the_row_says() -> None:
    """The same numbers and states that are published."""
    scoring = replace(
        SCORING, touchpoints={"shop": Touchpoint(promise_ms=30 * MINUTE_MS)}, high=100
    )
    asks = signal(T, 700, touchpoint="shop")
    who = profile(T, tier="gold", language="fa")
    seen = seen_after(who, asks, at_ms=T + 20 * MINUTE_MS, scoring=scoring)
    assert value("waiting", seen) == 20 * MINUTE_MS
    assert value("promise_gap", seen) == -10 * MINUTE_MS
    assert value("confidence", seen) == seen.found.confidence_e2 > 0
    assert value("contacts_24h", seen) == 1
    momentum = baseline(seen.customer, T + 20 * MINUTE_MS, scoring).momentum_e2
    assert value("momentum", seen) == momentum > 0
    words = ("waits", "promise", "watermelon", "tier", "language", "band", "quiet")
    assert [value(word, seen) for word in words] == [
        "yes", "kept", "yes", "gold", "fa", "healthy", "unknown",
    ]  # fmt: skip
    late = seen_after(asks, at_ms=T + 31 * MINUTE_MS, scoring=scoring)
    assert (value("promise", late), value("watermelon", late)) == ("late", "no")
    blind = seen_after(signal(T, 100, inbound=True), at_ms=T + HOUR_MS)
    assert (value("waiting", blind), value("waits", blind), value("promise", blind)) == (
        None, "unknown", "none",
    )  # fmt: skip


def test_a_wait_is_judged_only_as_far_as_all_has_been_read() -> None:
    """An outage of a source makes nobody wait longer."""
    seen = seen_after(signal(T, 100), at_ms=T + DAY_MS, complete_ms=T + HOUR_MS)
    assert value("waiting", seen) == HOUR_MS


def test_a_conversation_has_numbers_of_its_own() -> None:
    """And sees those of the customer under their full name."""
    base = seen_after(
        signal(T, 900, conversation="t-1", channel="chat", touchpoint="shop"),
        signal(T + 5, 100, conversation="t-2"),
        answer(T + 9, conversation="t-2"),
        signal(T + 9, 100, conversation=None, channel="mail"),
        at_ms=T + HOUR_MS,
    )
    of = {key: seen_by(TALKS, key, base) for key in ("t-1", "t-2", "mail", "t-9")}
    numbers, states = NUMBERS["conversation"], STATES["conversation"]
    assert [numbers["waiting"].value(of[key]) for key in of] == [HOUR_MS, 0, None, None]
    assert of["mail"].talk is None and of["t-9"].talk is None
    (talk,) = [one for one in base.customer.conversations if one.key == "t-1"]
    own = view(base.customer, talk, T + HOUR_MS, SCORING, complete_to_ms=T + HOUR_MS)
    assert numbers["distress"].value(of["t-1"]) == own.distress_e2 > 0
    assert [numbers[name].value(of["t-1"]) for name in ("reopens", "hops", "handoffs")] == [0, 0, 0]
    assert [states[name].value(of["t-1"]) for name in ("state", "channel", "touchpoint")] == [
        "waiting", "chat", "shop",
    ]  # fmt: skip
    assert states["state"].value(of["t-2"]) == "answered"
    for name in ("state", "reason", "channel", "touchpoint"):
        assert states[name].value(of["t-9"]) is None
    for name in ("distress", "waiting", "reopens", "hops", "handoffs"):
        assert numbers[name].value(of["t-9"]) is None
    whole = numbers["customer.distress"].value(of["t-2"])
    assert whole == base.found.distress_e2
    blind = seen_after(signal(T, 100, inbound=True), at_ms=T)
    assert numbers["waiting"].value(seen_by(TALKS, "t-1", blind)) is None


# ---------------------------------------------------------------------- what they come to

RAISED, BETWEEN, OVER, UNKNOWN = (
    Level("contacts_24h", 0, 5), Level("contacts_24h", 5, -1), Level("contacts_24h", 5, 0),
    Level("health", 5, 4),
)  # fmt: skip
"""Of a customer nobody knows: 0 contacts, health unknown."""


@pytest.mark.parametrize(
    ("of", "every", "some"),
    [
        ((RAISED,), "raised", "raised"),
        ((BETWEEN,), "between", "between"),
        ((OVER,), "over", "over"),
        ((UNKNOWN,), "unknown", "unknown"),
        ((RAISED, RAISED), "raised", "raised"),
        ((RAISED, BETWEEN), "between", "raised"),
        ((RAISED, OVER), "over", "raised"),
        ((RAISED, UNKNOWN), "unknown", "raised"),
        ((BETWEEN, OVER), "over", "between"),
        ((BETWEEN, UNKNOWN), "unknown", "unknown"),
        ((OVER, UNKNOWN), "over", "unknown"),
        ((RAISED, BETWEEN, OVER, UNKNOWN), "over", "raised"),
    ],
)
def test_all_is_over_as_soon_as_one_is_and_any_is_raised_as_soon_as_one_is(
    of: tuple[Level, ...], every: str, some: str
) -> None:
    """What is unknown decides only where it could turn the verdict."""
    seen = seen_after(at_ms=T)
    for order in (of, of[::-1]):
        assert verdict(Every(order), seen, "customer") == every
        assert verdict(Some(order), seen, "customer") == some
    assert verdict(Every((Some(of),)), seen, "customer") == some


@pytest.mark.parametrize(
    ("age_ms", "there"), [(0, True), (7 * DAY_MS - 1, True), (7 * DAY_MS, False)]
)
def test_a_cue_is_there_for_just_as_long_as_asked(age_ms: int, there: bool) -> None:
    """To the millisecond; an interaction that gave points is remembered like one."""
    seen = seen_after(signal(T, 700), interaction(T, "checkout_failed"), at_ms=T + age_ms)
    for cue in ("angry", "checkout_failed"):
        found = look(Cued(cue, 7 * DAY_MS), seen, "customer")
        assert (found.verdict == "raised", found.value) == (there, T)
    assert look(Cued("lawyer", DAY_MS), seen, "customer").value is None


def test_distress_that_rose_is_held_against_what_it_was() -> None:
    """Of whom we did not know then, nothing can be said."""
    first, later = signal(T, 300, conversation=None), signal(T + DAY_MS, 4_000)
    rose = Moved("distress", 2_000, 1_000, DAY_MS)
    assert look(rose, seen_after(first, at_ms=T + DAY_MS - 1), "customer").verdict == "unknown"
    calm = look(rose, seen_after(first, at_ms=T + DAY_MS), "customer")
    assert calm.verdict == "over" and isinstance(calm.value, int) and calm.value < 0
    found = look(rose, seen_after(first, later, at_ms=T + DAY_MS), "customer")
    assert found.verdict == "raised" and isinstance(found.value, int) and found.value >= 3_500


def test_health_that_fell_leaves_out_what_is_not_kept() -> None:
    """Neither the clock of an open wait nor the trail of distress: both moments alike."""
    week = 7 * DAY_MS
    fell = Moved("health", 1_000, 500, week)
    first = (interaction(T, "call_made"),)
    bad = [signal(T + week + n * HOUR_MS, 3_000, conversation=None) for n in range(3)]
    still = look(fell, seen_after(*first, at_ms=T + week), "customer")
    assert (still.verdict, still.value) == ("over", 0)
    seen = seen_after(*first, *bad, at_ms=T + week + 3 * HOUR_MS)
    found = look(fell, seen, "customer")
    parts = {part.name: part.points_e2 for part in seen.found.health}
    assert "trail" in parts and parts["feeling"] < -1_000
    lasting = sum(points for name, points in parts.items() if name not in {"base", "trail"})
    assert (found.verdict, found.value) == ("raised", -lasting)


def test_a_customer_who_does_not_consent_is_unknown_to_every_rule() -> None:
    """Contacts could still be counted; nobody is told of them."""
    asks = signal(T, 4_000)
    seen = seen_after(asks, profile(T + 1, monitor=False), at_ms=T + 2)
    found = judge(Level("contacts_24h", 1, 0), Level("waiting", 1, 0), seen, "customer")
    assert (found.warning, found.critical, found.value_e2) == ("unknown", "unknown", None)
    assert judge(Level("contacts_24h", 1, 0), None, seen, "customer").critical is None


SHOWN: dict[str, tuple[Any, tuple[str, int | None, int, int, bool]]] = {
    "points": (Level("distress", 7_000, 5_000), ("distress", 1_200, 7_000, 5_000, True)),
    "a part": (Level("distress.feeling", 700, 500), ("distress_feeling", 700, 700, 500, True)),
    "minutes": (Level("waiting", HOUR_MS, 0), ("waiting_minutes", 6_000, 6_000, 0, True)),
    "downwards": (Level("contacts_24h", 2, 4), ("contacts_24h", 100, 200, 400, False)),
    "a fall": (Moved("health", 500, 100, DAY_MS), ("health_fall", None, 500, 100, True)),
    "a rise": (Moved("distress", 500, 100, DAY_MS), ("distress_rise", None, 500, 100, True)),
    "a state": (State("waits", ("yes",)), ("waits", 100, 100, 0, True)),
    "a cue": (Cued("lawyer", DAY_MS), ("lawyer", 0, 100, 0, True)),
    "the first number": (
        Every((State("waits", ("yes",)), Some((Level("confidence", 20, 10),)))),
        ("confidence", 2_500, 2_000, 1_000, True),
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_told_is_the_first_number_of_a_rule_in_its_unit(name: str) -> None:
    """A message that gave distress for a rule about waiting would mislead."""
    scoring = replace(SCORING, displeasure=0, contact_ladder=())
    seen = seen_after(signal(T, 700), at_ms=T + HOUR_MS, scoring=scoring)
    scored = replace(seen.found, distress_e2=1_200)
    scored = replace(scored, distress=tuple(
        replace(part, points_e2=700) if part.name == "feeling" else part for part in scored.distress
    ))  # fmt: skip
    condition, expected = SHOWN[name]
    found = judge(condition, None, seen._replace(found=scored), "customer")
    shown = (found.measure, found.value_e2, found.raise_at_e2, found.clear_at_e2, found.upwards)
    assert shown == expected


# ---------------------------------------------------------------------- as written

WRITTEN: dict[str, tuple[dict[str, Any], Any]] = {
    "points": (
        {"field": "health", "raise_at": 30.5, "clear_at": 40},
        Level("health", 3_050, 4_000),
    ),
    "a length of time": (
        {"field": "waiting", "raise_at": "4h", "clear_at": "0s"},
        Level("waiting", 4 * HOUR_MS, 0),
    ),
    "a length below nothing": (
        {"field": "promise_gap", "raise_at": "-5m", "clear_at": "-10m"},
        Level("promise_gap", -5 * MINUTE_MS, -10 * MINUTE_MS),
    ),
    "a count": (
        {"field": "contacts_24h", "raise_at": 4, "clear_at": 1},
        Level("contacts_24h", 4, 1),
    ),
    "percent": (
        {"field": "confidence", "raise_at": 50, "clear_at": 40},
        Level("confidence", 50, 40),
    ),
    "points a day": (
        {"field": "momentum", "raise_at": 2.5, "clear_at": -1},
        Level("momentum", 250, -100),
    ),
    "a state": ({"field": "band", "is": "critical"}, State("band", ("critical",))),
    "states": (
        {"field": "band", "is": ["at_risk", "critical", "at_risk"]},
        State("band", ("at_risk", "critical")),
    ),
    "yes without quotes": ({"field": "watermelon", "is": True}, State("watermelon", ("yes",))),
    "no without quotes": ({"field": "waits", "is": [False]}, State("waits", ("no",))),
    "any word": ({"field": "tier", "is": "gold"}, State("tier", ("gold",))),
    "a cue": ({"cue": "leave_threat", "within": "7d"}, Cued("leave_threat", 7 * DAY_MS)),
    "a cue of a dialogue": (
        {"cue": "answer_failed", "within": "1h"},
        Cued("answer_failed", HOUR_MS),
    ),
    "an interaction": (
        {"interaction": "payment_failed", "within": "1d"},
        Cued("payment_failed", DAY_MS),
    ),
    "a rise": (
        {"field": "distress", "rose_by": 30, "within": "24h"},
        Moved("distress", 3_000, 1_500, DAY_MS),
    ),
    "a fall": (
        {"field": "health", "fell_by": 20, "within": "7d", "clear_by": 5},
        Moved("health", 2_000, 500, 7 * DAY_MS),
    ),
    "together": (
        {"all": [{"any": [{"field": "waits", "is": "yes"}]}]},
        Every((Some((State("waits", ("yes",)),)),)),
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_kind_of_condition_can_be_written(name: str) -> None:
    """And is the same after it has been put in force."""
    tree, condition = WRITTEN[name]
    assert condition_from(tree, "when", "customer") == condition
    (rule,) = rules_from([{"id": "a", "when": tree, "critical": {"when": tree}}])
    assert rule == Rule("a", critical=None, when=condition, critical_when=condition)
    config = Config(rules=(rule,))
    assert decode_config(encode_config(config)) == config


def deep(levels: int) -> dict[str, Any]:
    """A condition that lies so deep."""
    tree: dict[str, Any] = {"field": "waits", "is": "yes"}
    for _ in range(levels):
        tree = {"all": [tree]}
    return tree


WAITS = {"field": "waits", "is": "yes"}
REFUSED: dict[str, tuple[Any, str]] = {
    "a list": ([WAITS], "when: found list; write {field"),
    "nothing": ({}, "when: names no field; write {field"),
    "another field": ({"field": "distres"}, r"unknown field 'distres'; did you mean distress\?"),
    "a field of conversations": ({"field": "hops"}, "unknown field 'hops'"),
    "a field that is a number": ({"field": 5}, "unknown field 5"),
    "no cut": ({"field": "health", "raise_at": 5}, "when.health.clear_at: is missing"),
    "no gap": ({"field": "health", "raise_at": 5, "clear_at": 5}, "the same as raise_at"),
    "cuts of a state": (
        {"field": "band", "raise_at": 5, "clear_at": 6},
        "unknown field 'raise_at'",
    ),
    "a state of cuts": ({"field": "health", "is": 5}, "unknown field 'is'"),
    "no state": ({"field": "band"}, "when.band.is: is missing"),
    "another state": ({"field": "band", "is": "at-risk"}, r"found 'at-risk'; did you mean at_risk"),
    "a state that is a number": ({"field": "tier", "is": 5}, "found 5; write a word"),
    "an empty state": ({"field": "tier", "is": ""}, "found ''; write a word"),
    "no states": ({"field": "band", "is": []}, "true of nobody"),
    "all states": ({"field": "watermelon", "is": [True, False]}, "true of everybody"),
    "a duration for points": ({"field": "health", "raise_at": "5m", "clear_at": 6}, "found '5m'"),
    "points for a duration": (
        {"field": "waiting", "raise_at": 5, "clear_at": "0s"},
        "found 5; a dur",
    ),
    "a wait below nothing": (
        {"field": "waiting", "raise_at": "-5m", "clear_at": "0s"},
        "found '-5m'",
    ),
    "half a contact": ({"field": "contacts_24h", "raise_at": 1.5, "clear_at": 0}, "whole number"),
    "a gap in words": (
        {"field": "promise_gap", "raise_at": "soon", "clear_at": "0s"},
        "or with a minus before it",
    ),
    "all and any": ({"all": [WAITS], "any": [WAITS]}, "unknown field 'any'"),
    "all of nothing": ({"all": []}, "when.all: found list; write a list of conditions"),
    "all of one": ({"all": WAITS}, "when.all: found dict"),
    "within a list": ({"any": [WAITS, {"field": "x"}]}, r"when.any\[1\].field: unknown field 'x'"),
    "too deep": (deep(4), "4 deep at most"),
    "too many": ({"all": [WAITS] * (LEAVES_MAX + 1)}, "looks at 17 things; 16 are the most"),
    "another cue": ({"cue": "legal_treat", "within": "7d"}, r"did you mean legal_threat\?"),
    "a cue of no time": ({"cue": "anger"}, "when.anger.within: is missing"),
    "a cue within nothing": ({"cue": "anger", "within": "0s"}, "found '0s'"),
    "a cue too long ago": ({"cue": "anger", "within": "91d"}, "reaches back 90d"),
    "a cue as interaction": ({"interaction": "anger", "within": "1d"}, r"anger is a cue"),
    "an interaction of two words": ({"interaction": "a b", "within": "1d"}, "the type of an inter"),
    "an interaction that is a number": ({"interaction": 5, "within": "1d"}, "found int"),
    "a rise of nothing": ({"field": "distress", "within": "1d"}, "rose_by: is missing"),
    "a rise of health": (
        {"field": "health", "rose_by": 5, "within": "1d"},
        "unknown field 'rose_by'",
    ),
    "a rise too long ago": ({"field": "distress", "rose_by": 5, "within": "4d"}, "reaches back 3d"),
    "a fall too long ago": ({"field": "health", "fell_by": 5, "within": "29d"}, "reaches back 28d"),
    "a fall cleared above": (
        {"field": "health", "fell_by": 5, "within": "1d", "clear_by": 5},
        r"clear_by: must lie below fell_by \(5\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_condition_that_cannot_be_meant_is_refused(name: str) -> None:
    """With where it stands, what was found and what to write."""
    tree, message = REFUSED[name]
    with pytest.raises(RuleError, match=message):
        condition_from(tree, "when", "customer")


RULES_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "both kinds": ({"when": WAITS, "raise_at": 5}, "raise_at: stands beside `when`"),
    "a measure beside": ({"when": WAITS, "measure": "health"}, "measure: stands beside `when`"),
    "critical as cuts": ({"when": WAITS, "critical": {"raise_at": 5}}, "unknown field 'raise_at'"),
    "critical of nothing": ({"when": WAITS, "critical": {}}, "critical.when: is missing"),
    "critical as a number": ({"when": WAITS, "critical": 5}, "critical: found int; write {when"),
    "another entity": ({"entity": "account"}, "write customer or conversation"),
    "health of a talk": ({"entity": "conversation", "measure": "health"}, "write distress"),
    "no events": ({"min_events": 0}, "write a whole number of events from 1 to 1000"),
    "half an event": ({"min_events": 1.5}, "found 1.5"),
    "percent of precision": ({"min_precision": 90}, "write a number of a share from 0 to 1"),
    "a playbook that is a list": ({"playbook": []}, "playbook: found list; write a text"),
}


@pytest.mark.parametrize("name", RULES_REFUSED)
def test_a_rule_with_conditions_that_cannot_be_meant_is_refused(name: str) -> None:
    """With the rule, the field, what was found and what to write."""
    fields, message = RULES_REFUSED[name]
    with pytest.raises(RuleError, match=message):
        rules_from([{"id": "a"} | fields])


def test_every_new_field_can_be_written() -> None:
    """And what is left out is what it was before there was such a field."""
    (rule,) = rules_from(
        [
            {
                "id": "stuck", "entity": "conversation", "raise_at": 40, "clear_at": 20,
                "critical": None, "warmup": "1d", "min_events": 2, "playbook": "docs/stuck.md",
                "min_precision": 0.75,
            }
        ]
    )  # fmt: skip
    assert rule == Rule(
        "stuck", warning=Cuts(4_000, 2_000), critical=None, entity="conversation",
        warmup_ms=DAY_MS, min_events=2, playbook="docs/stuck.md", min_precision_e2=75,
    )  # fmt: skip
    plain = Config(rules=rules_from([{"id": "stuck"}]))
    assert encode_config(plain) == b'{"rules":[{"id":"stuck"}]}'


def test_a_configuration_with_fields_of_a_newer_release_is_refused() -> None:
    """A fold that met an unknown field would put every record aside."""
    body = b'{"rules":[{"id":"a","when":{"kind":"level","field":"joy","raise_at":1,"clear_at":0}}]}'
    with pytest.raises(ValueError, match="rule a: field joy is unknown"):
        decode_config(body)
    hops = Level("hops", 3, 0)
    assert Rule("a", entity="conversation", when=hops).when == hops
    with pytest.raises(ValueError, match="field hops is unknown"):
        Rule("a", critical_when=hops, when=State("waits", ("yes",)))


def test_a_customer_who_left_is_known_to_have() -> None:
    """Quiet has four kinds, and a rule may ask for each."""
    seen = seen_after(signal(T, 100), outcome(T + 5, "churned"), at_ms=T + 9)
    assert look(State("quiet", ("left",)), seen, "customer").verdict == "raised"
