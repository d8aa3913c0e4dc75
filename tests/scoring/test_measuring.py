"""`make eval` measures what the product reads, on a folder of labelled conversations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.evaluate import load, recall_at, report
from scoring import evaluation
from scoring.config import HOUR_MS
from streams.cli.measures import measured

BAD, GOOD, CALM = "Nobody answers, awful!", "Thank you, great help!", "Where is the entrance?"
TURNS: list[dict[str, Any]] = [
    {"role": "customer", "text": CALM, "bad": 0},
    {"role": "agent", "text": "Sorry, I cannot find it."},
    {"role": "customer", "text": BAD, "bad": 1},
]


def text(label: int | None, words: str, **more: Any) -> dict[str, Any]:
    """A labelled text of the set `s`."""
    return {"set": "s", "lang": "en", "text": words, "label": label} | more


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    """A folder of one file with these rows."""
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


def test_texts_are_measured_by_set_and_language(tmp_path: Path) -> None:
    """The same numbers as measuring `evaluation.message` by hand; anger is a test of its own."""
    rows = [text(-1, BAD, anger=1), text(1, GOOD, anger=0), text(0, CALM, anger=0)]
    lines, numbers = report(load(written(tmp_path, *rows)))
    by_hand = measured(
        [True, False, False], [-(evaluation.message(row["text"]) or 0.0) for row in rows]
    )
    assert numbers["message"]["s"] == by_hand._asdict()
    assert numbers["message"]["s:anger"]["auc"] == 1.0
    assert numbers["message"]["mean en"]["auc"] == by_hand.auc
    assert lines[1].split()[:4] == ["s", "3", "33.3", "1.000"]


def test_task_talk_counts_false_alarms_by_domain(tmp_path: Path) -> None:
    """A set without labels is calm: every very bad score in it is wrong."""
    rows = [text(None, BAD, domain="shop"), text(None, CALM, domain="bank")]
    _, numbers = report(load(written(tmp_path, *rows)))
    assert numbers["calm"]["all"] == {"n": 2, "very_bad": 0.5, "bad": 0.5}
    assert numbers["calm"]["bank"] == {"n": 1, "very_bad": 0.0, "bad": 0.0}
    assert numbers["message"] == {}


def test_turns_are_measured_after_what_came_before(tmp_path: Path) -> None:
    """Alone as texts, and in their dialogue as `evaluation.dialogue` rates them."""
    rows: list[dict[str, Any]] = [
        {"set": "d", "lang": "en", "turns": TURNS, "overall": 2},
        {"set": "d", "lang": "en", "turns": TURNS[:1], "overall": 4},
        {"set": "acts", "lang": "en", "turns": [{"role": "customer", "act": "inform"}]},
    ]
    sets = load(written(tmp_path, *rows), only=["d"])
    _, numbers = report(sets)
    ratings = [evaluation.dialogue(TURNS[:n]) for n in (1, 3, 1)]
    assert numbers["dialogue"]["d"] == measured([False, True, False], ratings)._asdict()
    assert numbers["message"]["d"]["n"] == 3
    assert numbers["outcome"]["auc@100"] == 1.0
    assert "acts" not in report(load(tmp_path))[1]["dialogue"]


def test_early_warning_comes_before_the_third_bad_message(tmp_path: Path) -> None:
    """A customer who is bad twice before the event is found; the event itself is too late."""
    bad = [text(-1, BAD, customer_id="c-1", ts=n * HOUR_MS) for n in range(3)]
    fine = [text(1, GOOD, customer_id="c-2", ts=0), text(0, CALM, customer_id="c-3", ts=0)]
    late = [text(0, CALM, customer_id="c-4", ts=0)]
    late += [text(-1, BAD, customer_id="c-4", ts=0) for _ in range(3)]
    _, numbers = report(load(written(tmp_path, *bad, *fine, *late)))
    # No alert that spares one of the two others: they look alike. So a tenth of the way to .5.
    assert numbers["early"]["0.1"]["recall"] == pytest.approx(0.05)


def test_recall_lies_between_the_thresholds_around_a_budget() -> None:
    """Half way between two shares of false alarms, half way between their recalls."""
    assert recall_at([1.0, 2.0], [1.5, 0.5], 0.5) == 0.0
    assert recall_at([1.0, 2.0], [1.5, 0.5], 0.75) == 0.25
    assert recall_at([1.0, 2.0], [1.5, 0.5], 1.0) == 0.5


@pytest.mark.parametrize(
    ("line", "said"), [("no json", "a.jsonl:1: is no record"), ("[1]", "a.jsonl:1: is no record")]
)
def test_what_is_no_record_is_named(tmp_path: Path, line: str, said: str) -> None:
    """File and line, and never the text."""
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(SystemExit, match=said):
        load(tmp_path)


def test_a_folder_without_data_and_a_set_that_is_not_there_are_named(tmp_path: Path) -> None:
    """Both are what somebody typed."""
    with pytest.raises(SystemExit, match="holds no"):
        load(tmp_path)
    with pytest.raises(SystemExit, match="has no set other"):
        load(written(tmp_path, text(0, CALM)), only=["other"])
