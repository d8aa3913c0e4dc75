"""`nabz fit` proposes, within bounds, and never applies."""

from __future__ import annotations

import json
import subprocess
from importlib import resources
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scoring.weights import RELIEF, WEIGHTS, parse
from streams.cli.fit import BOUND, Line, bounded, difference, propose, rated
from tests.cli.conftest import Nabz

TABLE = resources.files("scoring").joinpath("weights.txt").read_text(encoding="utf-8")
KEYS = [("waiting", "en"), ("thanks", "en"), ("waiting", "fa")]


def labelled(folder: Path, *, many: int) -> str:
    """Texts of a desk where asking again is nothing, and a broken app is what hurts."""
    rows = []
    for number in range(many):
        thing = f"article {number}"
        rows.append({"text": f"The {thing} does not work.", "label": -1})
        rows.append({"text": f"This is the third time I order {thing}!", "label": 1})
        rows.append({"text": f"Second time for {thing}, terrible weather.", "label": 0})
    path = folder / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


def test_labels_propose_a_difference_that_git_applies(nabz: Nabz) -> None:
    """The table with it is still a table, with each weight near to what it was, of equal sign."""
    found = nabz("fit", labelled(nabz.folder, many=60))
    assert found.exit_code == 0, found.output
    assert "half 1 judges what the other half asks for: AUC" in found.stderr
    assert "a proposal only" in found.stderr
    (nabz.folder / "scoring").mkdir()
    table = nabz.folder / "scoring" / "weights.txt"
    table.write_text(TABLE, encoding="utf-8")
    (nabz.folder / "weights.diff").write_text(found.stdout, encoding="utf-8")
    subprocess.run(["git", "apply", "weights.diff"], cwd=nabz.folder, check=True)
    after = parse(table.read_text(encoding="utf-8"))
    assert after != WEIGHTS
    assert after["en"]["cannot"] > WEIGHTS["en"]["cannot"]
    assert after["fa"] == WEIGHTS["fa"]
    for lang, weights in WEIGHTS.items():
        for name, weight in weights.items():
            assert abs(after[lang][name] - weight) <= BOUND * abs(weight)


def test_the_table_itself_is_never_touched(nabz: Nabz) -> None:
    """Nobody's labels change what runs."""
    nabz("fit", labelled(nabz.folder, many=60))
    after = resources.files("scoring").joinpath("weights.txt").read_text(encoding="utf-8")
    assert after == TABLE


def test_programs_get_the_changes_as_numbers(nabz: Nabz) -> None:
    """Feature, language, before and after; and what each half made of the other."""
    facts = json.loads(nabz("fit", labelled(nabz.folder, many=60), "--json").stdout)
    changes = {(one["feature"], one["lang"]): one for one in facts["changes"]}
    assert changes["cannot", "en"]["before"] == WEIGHTS["en"]["cannot"]
    assert changes["cannot", "en"]["after"] > WEIGHTS["en"]["cannot"]
    assert len(facts["halves"]) == 2
    assert all(half["auc_after"] >= half["auc_before"] for half in facts["halves"])


def test_labels_that_ask_for_nothing_propose_nothing(nabz: Nabz) -> None:
    """What is told apart already stays as it is."""
    rows = [{"text": f"This is awful, case {number}", "label": -1} for number in range(40)]
    rows += [{"text": f"Thank you, case {number} is solved", "label": 1} for number in range(40)]
    path = nabz.folder / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = nabz("fit", str(path))
    assert found.exit_code == 0
    assert found.stdout == ""
    assert "no change proposed" in found.stderr


def test_too_few_labels_are_refused(nabz: Nabz) -> None:
    """From a handful of lines nothing can be told."""
    found = nabz("fit", labelled(nabz.folder, many=10))
    assert found.exit_code == 2
    assert "found 10 bad lines and 20 others, want 40 of each" in found.stderr


LINES = st.lists(
    st.builds(
        Line,
        lang=st.sampled_from(["en", "fa", "unknown"]),
        features=st.dictionaries(st.sampled_from(["waiting", "thanks"]), st.floats(0, 3)),
        bad=st.booleans(),
    ),
    max_size=40,
)


@given(LINES, st.tuples(st.integers(0, 300), st.integers(-300, 0), st.integers(0, 300)))
def test_a_proposal_is_bounded_monotone_and_no_worse(
    lines: list[Line], values: tuple[int, int, int]
) -> None:
    """No weight leaves its bound or its sign, and what it was fitted to is told no worse."""
    weights = dict(zip(KEYS, values, strict=True))
    found = propose(lines, weights)
    assert found.keys() == weights.keys()
    for key, weight in weights.items():
        assert abs(found[key] - weight) <= BOUND * abs(weight)
        assert found[key] * weight >= 0
        assert (found[key] <= 0) if key[0] in RELIEF else (found[key] >= 0)
    if {line.bad for line in lines} == {True, False}:
        assert rated(lines, found) >= rated(lines, weights) - 1e-9


@given(st.integers(-1_000, 1_000), st.sampled_from([-0.3, -0.15, 0.0, 0.15, 0.3]))
def test_rounding_never_leaves_the_bound(weight: int, step: float) -> None:
    """Half a hundredth more would be out of it."""
    assert abs(bounded(weight, step) - weight) <= BOUND * abs(weight)


def test_a_difference_changes_the_number_and_nothing_else() -> None:
    """Comments, order and columns stay, so that a review sees one number a line."""
    changed = difference(TABLE, {("waiting", "en"): 99})
    lines = [line for line in changed.splitlines() if line[0] in "+-"][2:]
    assert len(lines) == 2
    assert lines[0].split()[:2] == ["-waiting", "en"]
    assert lines[1].split()[:3] == ["+waiting", "en", "99"]
    assert len(lines[0]) == len(lines[1])
    assert difference(TABLE, {}) == ""
