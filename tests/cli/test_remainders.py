"""Whoever adds up what `nabz why` prints comes to what it says, or reads why not."""

from __future__ import annotations

import pytest

from alerts.outputs import At, Contribution, Evidence
from scoring.config import HOUR_MS, Scoring
from streams.cli.remainders import Facts, remainder

NOW_MS = 500_000 * HOUR_MS


def said(points_e2: int, *, hours: int = 0) -> Evidence:
    """A cause of so many points, so many hours ago."""
    return Evidence("anger", NOW_MS - hours * HOUR_MS, points_e2, "bad", At("t", 0, 7))


def facts(score: str = "distress") -> Facts:
    """At noon, after three contacts, waiting since two hours ago."""
    return Facts(
        score,  # type: ignore[arg-type]
        NOW_MS, 3, NOW_MS - 2 * HOUR_MS, 4_937, "content", Scoring(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (Contribution("feeling", 2_400, "assumed", (said(1_500), said(900))), ""),
        (
            Contribution("feeling", 3_000, "assumed", (said(1_500), said(900))),
            "6.00 comes from older or smaller ones",
        ),
        (
            Contribution("feeling", 450, "assumed", (said(900, hours=12),)),
            "by now 4.50 is left of these, as half goes every 12 h",
        ),
        (
            Contribution("feeling", 4_500, "assumed", (said(2_500), said(2_500))),
            "capped at 45.00",
        ),
        (
            Contribution("relief", -3_000, "assumed", (said(5_000, hours=1),)),
            "by now 47.19 is left of these, as half goes every 12 h; capped at 30.00",
        ),
        (
            Contribution("feeling", 4_500, "assumed", (said(2_500),)),
            "20.00 comes from older or smaller ones; capped at 45.00",
        ),
    ],
    ids=["whole", "more", "halved", "capped", "halved-capped", "more-capped"],
)
def test_what_the_causes_do_not_add_up_to_is_said(part: Contribution, told: str) -> None:
    """Halved, cut off at the cap, or more than is shown: the rest of the sum has a reason."""
    assert remainder(part, facts()) == told


@pytest.mark.parametrize(
    ("name", "points_e2", "told"),
    [
        ("feeling", -270, "30 % of the last weeks' feeling, older and smaller ones"),
        ("friction", -2_500, "waiting, repetition and effort"),
        ("friction", -2_500, "capped at 25.00"),
        ("intent", -770, "35 % of the last weeks' intent"),
        ("trail", -1_481, "30 % of distress as it is now, 49.37"),
        ("unresolved", -500, "longer than a day"),
        ("relief", 300, "20 % of the last weeks' relief"),
        ("quiet", -300, "with nothing left open"),
        ("base", 8_500, "where everybody starts"),
        ("bounds", 100, "between 0 and 100"),
    ],
)
def test_every_part_of_health_has_a_sentence(name: str, points_e2: int, told: str) -> None:
    """A share of weeks is no sum of the causes of today, and says so."""
    assert told in remainder(Contribution(name, points_e2), facts("health"))


def test_parts_without_causes_say_what_they_rest_on() -> None:
    """The ladder of contacts and the clock of a wait quote nobody."""
    assert remainder(Contribution("contacts", 1_100), facts()) == "3 contacts within 24 h"
    assert "since " in remainder(Contribution("waiting_now", 400), facts())


def test_without_the_configuration_no_percentage_is_made_up() -> None:
    """What is not known any more is not guessed."""
    known = facts("health")._replace(scoring=None)
    assert remainder(Contribution("trail", -1_481), known).startswith("a share of distress")


def test_displeasure_says_what_its_words_are_there_for() -> None:
    """Their points count in other parts, so nobody tries to add them up here."""
    told = remainder(Contribution("displeasure", 3_285), facts())
    assert "15.00 for a wholly bad one" in told and "their points count above" in told
    assert "15.00" not in remainder(
        Contribution("displeasure", 3_285), facts()._replace(scoring=None)
    )
