"""The page about detection and the table of precision say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scoring.cues import FAMILY
from streams.cli.measures import wilson

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/detection.md").read_text(encoding="utf-8")
TABLE: dict[str, Any] = yaml.safe_load(
    (ROOT / "alerts/cue_precision.yaml").read_text(encoding="utf-8")
)
CUES: list[dict[str, Any]] = TABLE["cues"]
READ_AT_LEAST, RIGHT_AT_LEAST = 50, 0.9


def rows_of_the_page() -> dict[str, list[str]]:
    """The cells of the precision table, by cue."""
    table = PAGE.partition("<!-- precision:begin -->")[2].partition("<!-- precision:end -->")[0]
    lines = [line.strip("| \n").split(" | ") for line in table.strip().splitlines()[2:]]
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def test_every_cue_has_a_precision_in_both_languages() -> None:
    """No cue scores without somebody having read what it finds, or that it finds nothing."""
    assert [(row["lang"], row["cue"]) for row in CUES] == [
        (lang, code) for lang in ("en", "fa") for code in FAMILY
    ]


@pytest.mark.parametrize("row", CUES, ids=lambda row: f"{row['lang']}-{row['cue']}")
def test_a_row_is_a_sample_with_its_interval(row: dict[str, Any]) -> None:
    """At least 50 were read, or all; the interval follows from the counts."""
    assert row.keys() == {"cue", "lang", "hits", "read", "right", "low", "high"}
    assert min(READ_AT_LEAST, row["hits"]) <= row["read"] <= row["hits"]
    assert 0 <= row["right"] <= row["read"]
    assert [row["low"], row["high"]] == [round(one, 3) for one in wilson(row["right"], row["read"])]


def test_the_page_shows_the_table_and_marks_what_may_page_alone() -> None:
    """Equal counts and intervals; bold exactly where .9 of 50 read are right."""
    page = rows_of_the_page()
    assert list(page) == list(FAMILY)
    for row in CUES:
        cells = page[row["cue"]]
        hits, right, interval = cells[:3] if row["lang"] == "en" else cells[4:]
        alone = row["read"] >= READ_AT_LEAST and row["right"] >= RIGHT_AT_LEAST * row["read"]
        shown = f"{row['right']}/{row['read']}"
        assert hits == str(row["hits"])
        assert right == (f"**{shown}**" if alone else shown)
        assert interval == f"{row['low']:.3f} to {row['high']:.3f}"


def test_the_page_names_files_that_are_there() -> None:
    """Where to add words, cues and weights."""
    named = set(re.findall(r"`((?:scoring|alerts|bench)/[\w./-]+)`", PAGE))
    assert len(named) >= 7
    assert not [path for path in named if not (ROOT / path).is_file()]
