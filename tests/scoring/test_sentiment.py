"""English sentiment: every correction of the lexicon does what its row says."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.sentiment import CORRECTIONS, EMOJI, Correction, valences
from scoring.vader import VALENCES, normalised, polarity_scores


@pytest.mark.parametrize("row", CORRECTIONS, ids=lambda row: row.name)
def test_a_correction_moves_its_example(row: Correction) -> None:
    """Each group of words has a text that comes out lower, or higher, than VADER has it."""
    ours = normalised(sum(valences(row.example.split())))
    theirs = polarity_scores(row.example)["compound"]
    assert ours < theirs if row.becomes == "lower" else ours > theirs


@pytest.mark.parametrize("row", CORRECTIONS, ids=lambda row: row.name)
def test_a_correction_changes_something(row: Correction) -> None:
    """A row that repeats the package's lexicon, or mutes what has no voice, is not needed."""
    assert row.source
    assert [w for w, valence in row.words.items() if VALENCES.get(w, 0.0) != valence]
    assert not [w for w, valence in row.words.items() if valence == 0.0 and w not in VALENCES]
    assert all(-4.0 <= valence <= 4.0 for valence in row.words.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No.", [-0.8]),
        ("not ok.", [0.0, -0.296]),
        ("@good <email> https://good.example", [0.0, 0.0, 0.0]),
        ("hooooorrible", [-2.6]),
        ("soooo", [0.0]),
        ("#EpicFail", [-2.6]),
        ("#badservice", [-2.5]),
        ("#shop", [0.0]),
        ("#", [0.0]),
        ("😡😡", [-2.4]),
        (":(", [-1.9]),
        ("No, thanks", [-0.8, 0.6]),
        ("no great hurry", [-0.8, 1.55, 0.0]),
        ("no bad news", [0.0, 0.925, 0.0]),
        ("don’t like", [0.0, -0.296]),
        ("we sell the Red Devil drill", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ("a visit to Devil Lake, today", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ("what Evil Plan You Have", [0.0, -3.4, 0.0, 0.0, 0.0]),
        ("you are a Devil", [0.0, 0.0, 0.0, -3.4]),
        ("we are here. Terrible Service again", [0.0, 0.0, 0.0, -2.6, 0.0, -0.5]),
    ],
)
def test_a_chunk_has_the_valence_it_has_here(text: str, expected: list[float]) -> None:
    """Short words, masks, stretched words, hashtags, emoji, answers: what VADER stumbles over."""
    assert [round(valence, 3) for valence in valences(text.split())] == expected


@pytest.mark.parametrize("emoji", EMOJI)
def test_an_emoji_is_read_by_its_own_row(emoji: str) -> None:
    """However often it is repeated, it counts once."""
    (once,) = valences([emoji])
    assert once != 0.0
    assert valences([emoji * 4]) == [once]


@given(st.lists(st.text(min_size=1, max_size=8).filter(lambda t: not t.isspace()), max_size=8))
def test_every_chunk_has_one_finite_valence(chunks: list[str]) -> None:
    """Whatever a chunk is made of."""
    found = valences(chunks)
    assert len(found) == len(chunks)
    assert all(map(math.isfinite, found))


def test_many_names_take_no_time() -> None:
    """How many words are in title case is counted once, not at each name."""
    began = time.process_time()
    assert valences(["Red", "Devil"] * 5_000)[1] < 0
    assert time.process_time() - began < 0.5
    few = valences([*["Red", "Devil"] * 1_000, *["no"] * 8_000])
    assert few[:2_000] == [0.0] * 2_000
