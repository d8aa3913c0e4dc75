"""What is at stake with a customer, and in which order they are looked at."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.config import Config, decode_config, encode_config
from alerts.message import digest_notification, notification
from alerts.outputs import HealthRow, Loss, Transition
from alerts.ranking import Standing, ranked
from alerts.rules import Cuts, Rule
from alerts.value import Step, Worth, at_stake, share_percent, with_medians, worth_from
from alerts.written import RuleError
from scoring.config import Scoring
from scoring.customer import Customer, advance
from scoring.health import Health, explained, health
from scoring.records import Cue, LogRecord, ProfileFacts
from tests.alerts.transitions import BASE_MS, transition
from tests.strategies import SCORING, fold_all, profile, signal

EUR = Worth("EUR a year")
scores = st.none() | st.integers(0, 10_000)
fleets = st.lists(
    st.builds(
        Standing,
        st.text("abcdef", min_size=1, max_size=3),
        scores,
        st.none() | st.integers(0, 10**8),
        st.booleans(),
    ),
    unique_by=lambda one: one.key,
    max_size=40,
)


def found(*cues: Cue, distress: int = 0) -> Health:
    """Health of somebody who wrote this."""
    said = cues or (Cue("anger", "feeling", distress),)
    customer = advance(Customer(), signal(BASE_MS, cues=said), SCORING)
    return explained(customer, health(customer, BASE_MS, SCORING, complete_to_ms=BASE_MS))


# ---------------------------------------------------------------------- order


@given(fleets, st.integers(1, 100))
def test_low_value_never_hides_distress(fleet: list[Standing], reserved: int) -> None:
    """Wherever the list is cut, the most distressed are there, whatever they are worth."""
    order = [place.key for place in ranked(fleet, reserved_percent=reserved)]
    exempt = sum(one.exempt for one in fleet)
    distressed = sorted(
        (one for one in fleet if not one.exempt),
        key=lambda one: (one.distress_e2 is None, -(one.distress_e2 or 0), one.key),
    )
    for places in range(1, len(distressed) + 1):
        first = {one.key for one in distressed[: -(-places * reserved // 100)]}
        assert first <= set(order[exempt : exempt + places])


@given(fleets, st.integers(1, 100))
def test_everybody_is_listed_once_and_the_exempt_before_all(
    fleet: list[Standing], reserved: int
) -> None:
    """Overflow stays visible, and nobody counts the money of the vulnerable."""
    places = ranked(fleet, reserved_percent=reserved)
    assert sorted(place.key for place in places) == sorted(one.key for one in fleet)
    by_key = {one.key: one for one in fleet}
    exempt = [by_key[place.key].exempt for place in places]
    assert exempt == sorted(exempt, reverse=True)
    assert [place.by == "exempt" for place in places] == exempt


@given(fleets)
def test_the_other_places_go_by_expected_loss(fleet: list[Standing]) -> None:
    """Of two who have their place by loss the larger loss comes first; unknown comes last."""
    by_key = {one.key: one for one in fleet}
    losses = [
        by_key[place.key].loss_e2
        for place in ranked(fleet, reserved_percent=20)
        if place.by == "loss"
    ]
    known = [one for one in losses if one is not None]
    assert known == sorted(known, reverse=True)
    assert losses[: len(known)] == known


def test_without_any_value_the_order_is_that_of_distress() -> None:
    """An installation that configures nothing sees what it saw."""
    fleet = [Standing("a", 100), Standing("b", 900), Standing("c", None), Standing("d", 900)]
    assert [place.key for place in ranked(fleet)] == ["b", "d", "a", "c"]
    assert ranked([]) == []


# ---------------------------------------------------------------------- loss


def test_loss_is_value_times_the_larger_share() -> None:
    """Distress or band, whichever says more; in hundredths of a unit."""
    assert [share_percent(score, "healthy", EUR) for score in (4_999, 5_000, 7_000, 8_500)] == [
        0, 5, 15, 30,
    ]  # fmt: skip
    assert share_percent(5_000, "critical", EUR) == 25
    assert share_percent(None, "unknown", Worth("EUR", by_distress=(), by_band=())) == 0
    loss = at_stake(ProfileFacts(tier="gold", value=1_000.5), found(distress=5_000), EUR)
    assert (loss.value_e2, loss.assumed, loss.segment) == (100_050, False, "gold")
    assert loss.loss_e2 == 100_050 * loss.share_percent // 100


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -1.0, 1e300])
def test_a_value_that_cannot_be_one_is_unknown_and_assumed(value: float | None) -> None:
    """Unknown is the segment's, and said to be so; never nought."""
    worth = Worth("EUR", assumed={"gold": 200})
    facts = ProfileFacts(tier="gold", value=value)
    loss = at_stake(facts, found(distress=4_000), worth)
    assert (loss.value_e2, loss.assumed) == (20_000, True)
    loss = at_stake(replace(facts, tier="basic"), found(distress=4_000), worth)
    assert (loss.value_e2, loss.assumed, loss.loss_e2) == (None, True, None)
    assert at_stake(None, found(distress=4_000), worth).value_e2 is None


def test_nought_is_a_value() -> None:
    """Who is worth nothing yet is not unknown."""
    loss = at_stake(ProfileFacts(value=0.0), found(distress=4_000), Worth("EUR"))
    assert (loss.value_e2, loss.assumed, loss.loss_e2) == (0, False, 0)


def test_the_vulnerable_and_whoever_has_a_red_flag_are_exempt() -> None:
    """By the cues that are among the causes of their distress now."""
    anger, lawyer = Cue("vulnerable", "feeling", 300), Cue("legal_threat", "intent", 900)
    assert at_stake(None, found(anger), EUR).exempt == "vulnerable"
    assert at_stake(None, found(lawyer), EUR).exempt is None
    assert at_stake(None, found(lawyer), EUR, ["legal_threat"]).exempt == "legal_threat"


def test_the_fleet_gives_whoever_is_unknown_the_median_of_those_alike() -> None:
    """Of the segment, else of all; what is assumed already makes no median."""

    def loss(segment: str | None, value_e2: int | None, *, assumed: bool = False) -> Loss:
        return Loss("EUR", segment, value_e2, assumed or value_e2 is None, 10, None, None)

    fleet = {
        "a": loss("gold", 1_000),
        "b": loss("gold", 5_000),
        "c": loss("gold", 9_000),
        "d": loss("gold", None),
        "e": loss(None, None),
        "f": loss("basic", 10, assumed=True),
        "g": loss("basic", None),
    }
    filled = with_medians(fleet)
    assert {name: one.value_e2 for name, one in filled.items()} == {
        "a": 1_000, "b": 5_000, "c": 9_000, "d": 5_000, "e": 5_000, "f": 10, "g": 5_000,
    }  # fmt: skip
    assert [filled[name].assumed for name in "adg"] == [False, True, True]
    assert filled["d"].loss_e2 == 500
    nobody = {"a": loss(None, None)}
    assert with_medians(nobody) == nobody


# ---------------------------------------------------------------------- told


def test_rows_and_transitions_say_what_is_at_stake() -> None:
    """As it was then, under the configuration in force."""
    rule = Rule("r", warning=Cuts(2_000, 1_000), critical=None, playbook="https://wiki.example/p")
    config = Config(clock="watermark", scoring=SCORING, rules=(rule,), value=EUR)
    log: list[LogRecord] = [
        profile(BASE_MS, tier="gold", value=1_000.0),
        signal(BASE_MS + 5_000, 4_000),
    ]
    told = [one for each in fold_all(log, config) for one in each.outputs]
    fired = [one for one in told if isinstance(one, Transition)]
    rows = [one for one in told if isinstance(one, HealthRow)]
    assert fired[0].loss is not None
    assert fired[0].loss == rows[-1].loss
    assert (fired[0].loss.value_e2, fired[0].loss.unit) == (100_000, "EUR a year")
    assert fired[0].playbook == "https://wiki.example/p"
    without = fold_all(log, replace(config, value=None))
    assert [one.loss for each in without for one in each.outputs if isinstance(one, HealthRow)] == [
        None for _ in rows
    ]


def test_a_message_says_what_is_at_stake_and_whether_it_is_assumed() -> None:
    """In both languages; nothing where nothing is known."""
    loss = Loss("EUR a year", "gold", 1_200_000, False, 15, 180_000, None)
    lines = notification(transition(loss=loss), channel="ops").lines
    assert lines[-1] == "At stake: 1,800 EUR a year (15 % of 12,000)"
    told = notification(transition(loss=replace(loss, assumed=True)), channel="ops").lines
    assert told[-1] == "At stake: about 1,800 EUR a year (15 % of 12,000, a value assumed)"
    persian = notification(transition(loss=loss), channel="ops", locale="fa").lines
    assert persian[-1].startswith("در خطر: ۱,۸۰۰")
    plain = notification(transition(), channel="ops").lines
    assert len(plain) == len(lines) - 1
    for unknown in (replace(loss, value_e2=None, loss_e2=None), replace(loss, loss_e2=0)):
        assert notification(transition(loss=unknown), channel="ops").lines == plain


def test_a_digest_names_who_is_at_stake_and_still_the_most_distressed() -> None:
    """The critical first, then the most distressed, then the largest loss."""

    def one(name: str, score_e2: int, loss_e2: int | None, **more: Any) -> Transition:
        exempt = more.pop("exempt", None)
        loss = None if loss_e2 is None else Loss("EUR", None, 1, False, 1, loss_e2, exempt)
        return transition(
            fingerprint=name, customer=name, name=None, score_e2=score_e2, loss=loss, **more
        )

    members = [
        one("poor", 8_000, 100),
        one("calm", 7_000, 90_000_00),
        one("rich", 7_100, 50_000_00),
        one("critical", 8_600, None, severity="critical"),
        one("vulnerable", 7_050, 1, exempt="vulnerable"),
        one("flagged", 1_000, 1, reason="red_flag"),
    ]
    digest = digest_notification(
        members, notification_id="n", alert_id="a", channel="ops", now_ms=BASE_MS
    )
    who = [line.split()[1].strip(",:") for line in digest.lines[:5]]
    assert who == ["critical", "vulnerable", "flagged", "poor", "calm"]


# ---------------------------------------------------------------------- configuration


def test_the_formula_is_a_record_of_the_log() -> None:
    """It travels in the configuration; without it the hash is what it was."""
    worth = worth_from(
        {
            "unit": "EUR",
            "segment": "region",
            "assumed": {"north": 5},
            "risk": {"distress": {80: 20, 60: 10}, "band": {"critical": 40}},
            "reserved": 50,
            "exempt": ["anger", "anger"],
        }
    )
    assert worth == Worth(
        "EUR", "region", {"north": 5}, (Step(6_000, 10), Step(8_000, 20)), (("critical", 40),), 50,
        ("anger",),
    )  # fmt: skip
    config = Config(value=worth)
    assert decode_config(encode_config(config)) == config
    assert encode_config(Config(scoring=Scoring())) == b"{}"
    assert worth_from({"unit": "EUR"}) == Worth("EUR")


@pytest.mark.parametrize(
    ("tree", "meant"),
    [
        ([], "value: found list"),
        ({}, "value.unit: found nothing"),
        ({"unit": "x" * 41}, "value.unit"),
        ({"unit": "EUR", "segmnt": 1}, "did you mean segment"),
        ({"unit": "EUR", "segment": "name"}, "value.segment: found 'name'"),
        ({"unit": "EUR", "assumed": 5}, "value.assumed: found int"),
        ({"unit": "EUR", "assumed": {"a": -5}}, "value.assumed.a: found -5"),
        ({"unit": "EUR", "risk": {"health": {}}}, "unknown field 'health'"),
        ({"unit": "EUR", "risk": {"distress": {170: 5}}}, "value.risk.distress: found 170"),
        ({"unit": "EUR", "risk": {"distress": {70: 500}}}, "value.risk.distress.70: found 500"),
        ({"unit": "EUR", "risk": {"band": {"bad": 5}}}, "unknown field 'bad'"),
        ({"unit": "EUR", "reserved": 0}, "value.reserved: found 0"),
        ({"unit": "EUR", "exempt": "anger"}, "value.exempt: found str"),
        ({"unit": "EUR", "exempt": ["angr"]}, "did you mean anger"),
    ],
)
def test_what_cannot_be_meant_is_refused(tree: Any, meant: str) -> None:
    """With the field, what was found and what to write."""
    with pytest.raises(RuleError, match=meant):
        worth_from(tree)
