"""The table of weights: well made, complete, and of the right signs."""

from __future__ import annotations

import pytest

from scoring.cues import FAMILY
from scoring.dialogue import DIALOGUE_POINTS
from scoring.reading import features, look
from scoring.weights import ANY, RELIEF, WEIGHTS, parse, weigh, whole

WORDS = {"good_words", "bad_words", "denials", "length", "loud"}
TURNS = {"displeased", "pleased", "before", "opens", *DIALOGUE_POINTS}


def test_every_feature_has_a_weight_in_every_language() -> None:
    """None is forgotten, and none is left of a feature that is gone."""
    assert WEIGHTS.keys() == {"en", "fa", ANY}
    assert WEIGHTS["en"].keys() == WEIGHTS["fa"].keys() == {*FAMILY, *WORDS}
    assert WEIGHTS[ANY].keys() == TURNS


def test_more_of_a_bad_thing_never_looks_better() -> None:
    """Each weight has its sign, so the sum is monotone."""
    for weights in WEIGHTS.values():
        for feature, weight in weights.items():
            assert weight < 0 if feature in RELIEF else weight > 0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("waiting en", "weights line 1: found 2 words"),
        ("\nwaiting en much", "weights line 2: found 3 words"),
        ("waiting en --5", "weights line 1: found 3 words"),
        ("waiting en ²", "weights line 1: found 3 words"),
        ("waiting en 1\nwaiting de 5", "weights line 2: language de is none of en, fa, any"),
        ("waiting en -5", "waiting in en adds to badness, -5 takes from it: write 5"),
        ("thanks en 5", "thanks in en takes from badness, 5 adds to it: write -5"),
        ("waiting en 5\nwaiting en 6", "weights line 2: waiting in en has a weight: keep one line"),
    ],
)
def test_a_table_that_is_wrong_says_where_and_how(table: str, message: str) -> None:
    """It is edited by hand."""
    with pytest.raises(ValueError, match=message):
        parse(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("waiting en 1", "waiting has no line in fa"),
        ("waiting fa 1", "waiting has no line in en"),
        ("waiting en 1\nwating fa 1", "wating has no line in en"),
    ],
)
def test_a_line_that_is_missing_is_named(table: str, message: str) -> None:
    """Else it would weigh nothing, and nobody would know."""
    with pytest.raises(ValueError, match=message):
        whole(parse(table))


def test_comments_and_empty_lines_weigh_nothing() -> None:
    """What stands behind a # is for readers."""
    assert parse("# all\n\nwaiting en 5 # short\nwaiting fa 6\n") == {
        "en": {"waiting": 5},
        "fa": {"waiting": 6},
    }
    assert weigh({"unheard_of": 3.0}, "en") == 0.0


def test_the_features_of_a_text_are_what_is_in_it() -> None:
    """Cues by their points, words beside them, denials, and length and marks where it complains."""
    bad = features(look("Still waiting for my awful parcel and I am not happy, good grief!!"))
    assert bad.keys() == {"anger", "waiting", *WORDS}
    assert (bad["anger"], bad["waiting"]) == (1.2, 1.5)
    assert bad["length"] == 1.0
    calm = features(look("Which one is it!!"))
    assert set(calm.values()) == {0.0}
    assert features(look("قصد جسارت ندارم"))["denials"] == 0.0
    assert features(look("ندارم"))["denials"] == 1.0
    mixed, thanks = (features(look(t))["thanks"] for t in ("Thanks, still waiting", "Thanks"))
    assert mixed < thanks
