"""Cues: every row finds its example and leaves alone what only looks like it."""

from __future__ import annotations

import re

import pytest

from scoring import cues_en, cues_fa, persian
from scoring.cues import FAMILY, Row, Table
from scoring.records import FAMILIES
from scoring.text import normalise, parted, tidy, words_of

TABLES = {"en": Table(cues_en.ROWS), "fa": Table(cues_fa.ROWS, verb_last=True)}
ROWS = [("en", row) for row in cues_en.ROWS] + [("fa", row) for row in cues_fa.ROWS]
IDS = [f"{lang}-{row.code}-{row.hit}" for lang, row in ROWS]


def words(text: str, lang: str) -> list[str]:
    """The words of a text as its table reads them."""
    found = words_of(parted(tidy(text)).split())
    return persian.join(found)[0] if lang == "fa" else found


def codes(text: str, lang: str) -> list[str]:
    """The codes found in a text, in order."""
    return [cue.code for cue in TABLES[lang].find(words(text, lang))]


@pytest.mark.parametrize(("lang", "row"), ROWS, ids=IDS)
def test_a_row_finds_its_example_and_not_its_look_alike(lang: str, row: Row) -> None:
    """Each row alone: what it is for, and what it must leave alone."""
    alone = Table([row], verb_last=lang == "fa")
    assert [cue.code for cue in alone.find(words(row.hit, lang))] == [row.code]
    assert alone.find(words(row.miss, lang)) == []


@pytest.mark.parametrize(("lang", "row"), ROWS, ids=IDS)
def test_a_row_is_well_made(lang: str, row: Row) -> None:
    """Its code has a family, its points stay below an alert, it matches nothing in nothing."""
    assert FAMILY[row.code] in FAMILIES
    assert 0 < row.points <= 2_500
    assert re.compile(normalise(row.pattern)).search("") is None
    assert lang in TABLES


def test_both_languages_have_the_same_codes() -> None:
    """What an English customer can say, a Persian one can too."""
    assert {row.code for row in cues_en.ROWS} == {row.code for row in cues_fa.ROWS} == set(FAMILY)


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "I am not waiting any more, all is well"),
        ("en", "I am not angry"),
        ("en", "I would appreciate it if someone has time"),
        ("en", "Can you get this fixed?"),
        ("fa", "عصبانی نیستم"),
        ("fa", "منتظر نیستم"),
        ("fa", "وکیل ندارم"),
    ],
)
def test_what_is_denied_does_not_count(lang: str, text: str) -> None:
    """No before it in English, a verb after it in Persian."""
    assert codes(text, lang) == []


def test_a_denial_does_not_reach_over_a_full_stop() -> None:
    """What was denied in the last sentence is not denied in this one."""
    assert codes("It is not. Furious I am", "en") == ["anger"]


def test_a_span_counts_once_and_the_strongest_cue_has_it() -> None:
    """Thanks for nothing is mockery and no thanks."""
    assert codes("Thanks for nothing", "en") == ["mock_praise"]


def test_a_code_counts_once_and_cues_come_in_order_of_appearance() -> None:
    """Saying it three times is not three complaints."""
    text = "I am furious, furious, furious, nobody answers, I am still waiting"
    assert codes(text, "en") == ["anger", "no_answer", "waiting"]


def test_a_phrase_does_not_cross_the_end_of_a_sentence() -> None:
    """Words of two sentences are no phrase."""
    assert codes("I am still here. Waiting room is nice", "en") == []


def test_what_others_said_does_not_count() -> None:
    """A span marked as quoted belongs to somebody else."""
    told = words("He said I will sue you and left", "en")
    assert [cue.code for cue in TABLES["en"].find(told)] == ["legal_threat"]
    assert TABLES["en"].find(told, quoted=[(2, 6)]) == []
