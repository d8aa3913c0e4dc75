"""`nabz score` on conversations and labelled texts, and what its numbers mean."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.evaluation import dialogue
from scoring.reading import read
from streams.cli.measures import auc, average_precision, measured, wilson
from tests.cli.conftest import Nabz

TURNS = [
    {"role": "customer", "text": "The app does not work."},
    {"role": "agent", "text": "Sorry, I cannot see why."},
    {"role": "customer", "text": "هنوز منتظرم، کسی جواب نمی‌دهد!"},
]
LABELLED = [
    {"text": "Nobody answers, this is awful.", "label": -1, "note": "does not matter"},
    {"text": "Thank you, it works again!", "label": 1},
    {"text": "Where can I change my address?", "label": 0},
    {"text": "Das ist nicht gut", "label": None},
]


def written(folder: Path, rows: list[Any]) -> str:
    """A file of these, one a line."""
    path = folder / "lines.jsonl"
    path.write_text(
        "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8"
    )
    return str(path)


def test_the_words_of_a_cue_are_where_the_spans_say(nabz: Nabz) -> None:
    """Programs can mark them: characters of the text as it was read, masks included."""
    text = "Mail ann@shop.example: still waiting,  nobody answers. Thanks"
    facts = json.loads(nabz("score", text, "--json").stdout)
    found = {one["code"]: facts["read"][one["start"] : one["end"]] for one in facts["spans"]}
    assert found == {
        "waiting": "still waiting,",
        "no_answer": "nobody answers.",
        "thanks": "Thanks",
    }
    assert "ann@" not in facts["read"]


def test_every_layer_is_shown(nabz: Nabz) -> None:
    """Language, the text as read, sentiment, words, cues, turn, and what was left out."""
    shown = nabz("score", "Awful. Nobody answers!").stdout
    heads = [line[:10].strip() for line in shown.splitlines() if line[:1] != " "]
    assert heads == [
        "language", "read as", "sentiment", "words", "cues", "turn", "left out", "redacted"
    ]  # fmt: skip
    assert "read as    Awful. Nobody answers!\n" in shown
    assert "words      awful -" in shown


def test_escapes_in_a_text_do_not_reach_the_terminal(nabz: Nabz) -> None:
    """What a customer wrote cannot move the cursor or turn a line round."""
    shown = nabz("score", "still \x1b[2J waiting \u202e now").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "waiting/waiting" in shown


def test_a_conversation_is_scored_turn_by_turn(nabz: Nabz) -> None:
    """Each turn's own reading, and how bad things are with all that came before."""
    path = written(nabz.folder, TURNS)
    facts = [
        json.loads(line)
        for line in nabz("score", "--conversation", path, "--json").stdout.splitlines()
    ]
    assert [one["number"] for one in facts] == [1, 2, 3]
    assert [one["role"] for one in facts] == ["customer", "agent", "customer"]
    assert facts[1]["badness"] is None
    assert facts[1]["cues"] == []
    for number in (1, 3):
        assert facts[number - 1]["badness"] == dialogue(TURNS[:number])
        assert facts[number - 1]["sentiment_e4"] == read(
            TURNS[number - 1]["text"], "customer"
        ).sentiment_e4  # fmt: skip
    shown = nabz("score", "--conversation", path).stdout
    assert f"so far {dialogue(TURNS):+.2f}" in shown
    for line in shown.splitlines():
        assert line.count("\u2068") == line.count("\u2069")


def test_labelled_texts_are_measured(nabz: Nabz) -> None:
    """Only -1 is bad; an unread text counts as silent; cues tell how many of theirs are bad."""
    facts = json.loads(nabz("score", "--eval", written(nabz.folder, LABELLED), "--json").stdout)
    whole = facts["measured"]["all"]
    assert (whole["n"], whole["bad"], whole["auc"], whole["ap"]) == (4, 1, 1.0, 1.0)
    assert facts["measured"]["unknown"]["silent"] == 1.0
    assert facts["measured"]["unknown"]["auc"] is None
    assert facts["cues"]["no_answer"] == {"hits": 1, "bad": 1}
    assert facts["cues"]["thanks"] == {"hits": 1, "bad": 0}
    shown = nabz("score", "--eval", written(nabz.folder, LABELLED)).stdout
    assert "all 4 1 1.000 0.000 1.000 50.0%" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "secret words", "label": 2}', ":1: label is 2: want -1"),
        ('{"text": "secret words", "label": true}', ":1: label is True: want -1"),
        ('{"text": "secret words", "label": "bad"}', ":1: label is a str: want -1"),
        ('{"text": "secret words"}', ":1: label is missing: want -1"),
        ('{"label": -1}', ":1: text is missing: want a string"),
        ("secret words", ":1: is no JSON"),
        ('["secret words"]', ":1: found list, want an object"),
        ("", ": holds no lines"),
    ],
)
def test_a_line_of_another_shape_is_named_and_not_quoted(nabz: Nabz, line: str, said: str) -> None:
    """Number, field and kind; what a customer wrote stays in the file."""
    path = nabz.folder / "labels.jsonl"
    path.write_text(line, encoding="utf-8")
    found = nabz("score", "--eval", str(path))
    assert found.exit_code == 2
    assert said in found.stderr
    assert "secret" not in found.stderr


def test_turns_of_another_shape_are_named(nabz: Nabz) -> None:
    """A conversation needs roles and texts."""
    for rows, said in (
        ([{"role": "boss", "text": "hi"}], "role is a str: want customer, agent or bot"),
        ([{"role": "agent"}], "text is missing"),
        ([], "holds no turns"),
    ):
        found = nabz("score", "--conversation", written(nabz.folder, rows))
        assert found.exit_code == 2
        assert said in found.stderr


def test_a_file_that_is_no_utf8_is_named(nabz: Nabz) -> None:
    """Old exports come in other encodings."""
    path = nabz.folder / "old.jsonl"
    path.write_bytes('{"text": "caf\xe9", "label": 0}'.encode("latin-1"))
    found = nabz("score", "--eval", str(path))
    assert found.exit_code == 2
    assert "old.jsonl: is not UTF-8" in found.stderr


def test_labels_of_one_kind_measure_nothing(nabz: Nabz) -> None:
    """There is nothing to tell apart."""
    found = nabz("score", "--eval", written(nabz.folder, LABELLED[1:]))
    assert found.exit_code == 2
    assert "all 3 lines have one kind of label" in found.stderr


@pytest.mark.parametrize("words", [(), ("a text", "--eval"), ("--conversation", "--eval")])
def test_one_thing_is_scored_at_a_time(nabz: Nabz, words: tuple[str, ...]) -> None:
    """Nothing to score, or two things, is a mistake."""
    path = written(nabz.folder, LABELLED)
    given_words = [part for word in words for part in ((word, path) if word[0] == "-" else (word,))]
    found = nabz("score", *given_words)
    assert found.exit_code == 2
    assert "want one: TEXT" in found.stderr


PAIRS = st.lists(st.tuples(st.booleans(), st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0])))


@given(PAIRS)
def test_the_area_is_the_share_of_pairs_in_the_right_order(pairs: list[tuple[bool, float]]) -> None:
    """Counted pair by pair, a tie for half."""
    bad = [value for is_bad, value in pairs if is_bad]
    good = [value for is_bad, value in pairs if not is_bad]
    area = auc([is_bad for is_bad, _ in pairs], [value for _, value in pairs])
    if not bad or not good:
        assert math.isnan(area)
    else:
        won = sum((one > other) + (one == other) / 2 for one in bad for other in good)
        assert area == pytest.approx(won / len(bad) / len(good))


@given(PAIRS)
def test_average_precision_is_the_mean_over_thresholds(pairs: list[tuple[bool, float]]) -> None:
    """At each distinct value: how many come in there, and how pure all is that came in."""
    count = sum(is_bad for is_bad, _ in pairs)
    total = 0.0
    for cut in {value for _, value in pairs}:
        seen = [is_bad for is_bad, value in pairs if value >= cut]
        here = sum(is_bad for is_bad, value in pairs if value == cut)
        total += here * sum(seen) / len(seen)
    found = average_precision([is_bad for is_bad, _ in pairs], [value for _, value in pairs])
    assert math.isnan(found) if not count else found == pytest.approx(total / count)


def test_nothing_to_measure_is_no_number() -> None:
    """No examples: not a perfect score."""
    found = measured([], [])
    assert (found.n, found.bad) == (0, 0)
    assert all(math.isnan(value) for value in found[2:])
    assert wilson(0, 0) == (0.0, 1.0)
