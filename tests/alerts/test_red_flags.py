"""Who may fire alone: cues that were measured to mean what their name says."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.red_flags import CUES, MEASURED, Read, doubt_about, precision_from, red_flags_from
from alerts.rules import rules_from
from alerts.written import RuleError
from scoring.cues import FAMILY
from scoring.reading import read

GOOD = {"leave_threat": (Read("en", 50, 45), Read("fa", 60, 54))}


def test_a_cue_that_is_right_often_enough_in_every_language_may_fire_alone() -> None:
    """Nine in ten of fifty, to the last one, in each language."""
    assert red_flags_from(["leave_threat"], "rule a.red_flags", GOOD) == ("leave_threat",)


@pytest.mark.parametrize(
    ("reads", "doubt"),
    [
        ((Read("en", 50, 44),), "is right in 44 of 50 read (en)"),
        ((Read("en", 49, 49),), "is right in 49 of 49 read (en), too few to know"),
        (
            (Read("en", 50, 50), Read("fa", 50, 44)),
            "is right in 50 of 50 read (en) and 44 of 50 read (fa)",
        ),
        (
            (Read("en", 50, 50), Read("fa", 1, 1)),
            "is right in 50 of 50 read (en) and 1 of 1 read (fa), too few to know",
        ),
        ((), "has not been read in any text"),
    ],
)
def test_a_cue_that_is_wrong_too_often_or_little_known_is_refused_with_its_figures(
    reads: tuple[Read, ...], doubt: str
) -> None:
    """The message says how often it was right, where, and the two ways out."""
    assert doubt_about("leave_threat", {"leave_threat": reads}) == doubt
    with pytest.raises(RuleError) as refused:
        red_flags_from(["leave_threat"], "rule a.red_flags", {"leave_threat": reads})
    assert str(refused.value) == (
        f"rule a.red_flags: cue leave_threat {doubt}; what fires alone must be right in 90 % of 50"
        " read or more, in each language: use a condition on a score, or accept the noise with"
        " {cue: leave_threat, below_precision: true}"
    )


def test_a_language_of_which_nothing_was_read_is_too_little_to_know() -> None:
    """A cue that is right in English may be anything in Persian."""
    tree = {
        "cues": [
            {"cue": "anger", "lang": "en", "read": 50, "right": 50},
            {"cue": "anger", "lang": "fa", "read": 0, "right": 0},
        ]
    }
    doubt = doubt_about("anger", precision_from(tree))
    assert doubt == "is right in 50 of 50 read (en) and 0 of 0 read (fa), too few to know"


def test_noise_may_be_accepted_cue_by_cue() -> None:
    """A site that would rather be woken once too often says so, and where."""
    written = ["leave_threat", {"cue": "legal_threat", "below_precision": True}]
    assert red_flags_from(written, "r", GOOD) == ("leave_threat", "legal_threat")
    with pytest.raises(RuleError, match="cue legal_threat has not been read"):
        red_flags_from([{"cue": "legal_threat"}], "r", GOOD)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("legal_threat", "red_flags: found str; write a list of words"),
        ([1], "found int; write a list of words"),
        ([{"cue": None}], "found nothing; write a list of words"),
        (["legal_treat"], r"unknown cue 'legal_treat'; did you mean legal_threat\?"),
        (["zzz"], "unknown cue 'zzz'; known are waiting, no_answer"),
        (["answer_failed"], "unknown cue 'answer_failed'"),
        (["thanks"], "cue thanks tells of relief"),
        ([{"cue": "anger", "below_precise": True}], r"did you mean below_precision\?"),
        ([{"cue": "anger", "below_precision": 1}], "found 1; write true or false"),
    ],
)
def test_what_is_no_red_flag_is_refused_with_what_was_meant(written: Any, message: str) -> None:
    """Names are checked: a misspelt red flag would never fire, and nobody would notice."""
    with pytest.raises(RuleError, match=message):
        rules_from([{"id": "a", "red_flags": written}])


def test_the_shipped_measurements_are_about_cues_that_exist() -> None:
    """And every cue of a text has a family, so that relief is known as relief."""
    assert set(MEASURED) <= set(CUES)
    assert set(CUES) - set(FAMILY) == {"negative_words", "positive_words"}
    found = read("absolutely terrible, awful, horrible service", "customer").cues
    assert {cue.code for cue in found} <= set(CUES)


def test_of_the_shipped_cues_anger_may_fire_alone_and_rare_threats_may_not() -> None:
    """As measured on 25 November 2026; a better reading of a cue is what changes this."""
    assert doubt_about("anger") is None
    assert doubt_about("leave_threat") is None
    assert "right in" in str(doubt_about("profanity"))
    assert "too few to know" in str(doubt_about("legal_threat"))
    assert "too few to know" in str(doubt_about("public_threat"))
