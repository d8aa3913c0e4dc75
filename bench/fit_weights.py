"""Fit `scoring/weights.txt` to labelled texts and dialogues, and say what that is worth.

    .venv/bin/python -m bench.fit_weights DATA

The model is the one that nabz runs: a sum of features times weights. Logistic regression finds the
weights, with three things added. A weight has a sign it cannot leave (`scoring.weights.RELIEF`). A
ridge pulls each weight to what was assumed before (`assumed`), so what the labels hardly show, such
as legal threats, keeps it; and a cue keeps `LEAST` of it, as reviews say little of waiting in a
chat. Every set and both its classes weigh the same, with an intercept of its own, as base rates
differ and are not to be learnt.

Nothing is written: the table is printed, reviewed and pasted. DATA holds `*.jsonl` in the format of
a text a line, `{"set", "lang", "text", "label", "group"}` with label -1 for bad, or a dialogue a
line, `{"set", "lang", "dialogue_id", "turns": [{"role", "text", "bad"}]}`. Turns are fitted on
other sets than those we report dialogue figures on (`TURN_SETS`). The same data gives the same
table; no chance and no clock are involved.
"""

from __future__ import annotations

import argparse
import json
import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from scoring.config import MINUTE_MS
from scoring.cues import FAMILY
from scoring.customer import CAPS
from scoring.dialogue import Said, turn_features
from scoring.reading import features, look, read
from scoring.weights import ANY, RELIEF, WEIGHTS

LOGITS_PER_VALENCE: Final = 1.3
"""How much of a log-odds is one unit of valence: gives the scale on which -0.5 is very bad."""

RIDGE: Final = {"en": 0.002, "fa": 0.002, ANY: 0.01}
"""Pull towards what is assumed; found by halves, flat around. Talk of films (`TURN_SETS`) shows
little of failing answers, so dialogue weights are held closer."""

LEAST: Final = 0.4
"""Share of what is assumed of a cue below which no fit may go."""

TEXT_SETS: Final = {
    "en": ("airline", "complaints", "goemotions", "vader_tweets"),
    "fa": ("snappfood", "parsinlu_food", "sentipers", "hotel_fa"),
}
TURN_SETS: Final = ("uss_redial", "uss_ccpe")

_SWEEPS: Final = 40
_WORDS: Final = {"bad_words": 1.0, "good_words": -1.0, "denials": 0.5, "length": 0.3, "loud": 0.6}
_DIALOGUE: Final = {
    "displeased": 1.0,
    "pleased": -1.0,
    "opens": -0.3,
    "corrected": 0.6,
    "answer_failed": 0.4,
    "before": 0.2,
    "rephrased": 0.2,
    "followed_up": 0.2,
}


class Example(NamedTuple):
    """One labelled text or turn."""

    features: Mapping[str, float]
    bad: bool
    half: int


Sets = dict[str, list[Example]]


def assumed(feature: str, lang: str) -> float:
    """The weight taken for granted before any label is seen, in valence.

    Of cues it makes 1,000 hundredths of a point worth what 6 points used to be of valence.
    """
    if lang == ANY:
        return _DIALOGUE[feature]
    if feature in FAMILY:
        return -1.67 if feature in RELIEF else 1.67
    return _WORDS[feature]


def fit(sets: Sequence[Sequence[Example]], names: Sequence[str], lang: str) -> dict[str, float]:
    """Fit the weights, in valence, by coordinate descent with Newton steps.

    Args:
        sets: Examples, by set; each has both classes.
        names: The features to weigh.
        lang: Language, for what is assumed.
    """
    rows = [example for examples in sets for example in examples]
    shares = _shares(sets)
    of_set = [number for number, examples in enumerate(sets) for _ in examples]
    columns = {
        name: [(i, x) for i, row in enumerate(rows) if (x := row.features.get(name, 0.0))]
        for name in names
    }
    for number in range(len(sets)):
        columns[f"#{number}"] = [(i, 1.0) for i, owner in enumerate(of_set) if owner == number]
    prior = {name: assumed(name, lang) * LOGITS_PER_VALENCE for name in names}
    weights = dict(prior)
    margins = [0.0] * len(rows)
    for name, start in prior.items():
        for i, x in columns[name]:
            margins[i] += start * x
    for _ in range(_SWEEPS):
        for name, column in columns.items():
            free = name not in prior
            before = weights.get(name, 0.0)
            slope = 0.0 if free else RIDGE[lang] * (before - prior[name])
            curve = 1e-9 if free else RIDGE[lang]
            for i, x in column:
                chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, margins[i]))))
                slope += shares[i] * (chance - rows[i].bad) * x
                curve += shares[i] * chance * (1 - chance) * x * x
            after = before - slope / curve
            if not free:
                least = LEAST * prior[name] if name in FAMILY else 0.0
                after = min(least, after) if name in RELIEF else max(least, after)
            weights[name] = after
            for i, x in column:
                margins[i] += (after - before) * x
    return {name: weights[name] / LOGITS_PER_VALENCE for name in names}


def _shares(sets: Sequence[Sequence[Example]]) -> list[float]:
    """What each example weighs: every set the same, and both its classes."""
    found = []
    for examples in sets:
        bad = sum(example.bad for example in examples)
        for example in examples:
            own = bad if example.bad else len(examples) - bad
            found.append(0.5 / own / len(sets))
    return found


def auc(examples: Iterable[Example], weights: Mapping[str, float]) -> float:
    """The chance that a bad example scores above another one; ties count half."""
    scored = sorted(
        (sum(weights.get(name, 0.0) * x for name, x in example.features.items()), example.bad)
        for example in examples
    )
    bad = sum(is_bad for _, is_bad in scored)
    ranks, place = 0.0, 0
    while place < len(scored):
        end = place
        while end < len(scored) and scored[end][0] == scored[place][0]:
            end += 1
        ranks += sum(is_bad for _, is_bad in scored[place:end]) * (place + end + 1) / 2
        place = end
    return (ranks - bad * (bad + 1) / 2) / (bad * (len(scored) - bad))


def text_examples(rows: Iterable[Mapping[str, Any]], lang: str) -> Sets:
    """Texts by set, of one language; a text in no language we read has no features."""
    found: Sets = {}
    for row in rows:
        if "turns" in row or row["lang"] != lang:
            continue
        looked = look(row["text"])
        seen = features(looked) if looked.lang == lang else {}
        example = Example(seen, row["label"] == -1, _half(str(row.get("group") or row["text"])))
        found.setdefault(row["set"], []).append(example)
    return {name: rows for name, rows in found.items() if any(row.bad for row in rows)}


def turn_examples(rows: Iterable[Mapping[str, Any]]) -> Sets:
    """Customers' turns by set, each after the turns before it."""
    found: Sets = {}
    for row in rows:
        if "turns" not in row or not any("bad" in turn for turn in row["turns"]):
            continue
        said: list[Said] = []
        for place, turn in enumerate(row["turns"]):
            role = turn["role"]
            said.append(Said(place * MINUTE_MS, role, read(turn["text"], role).turn))
            if role == "customer" and turn.get("bad") is not None:
                seen = turn_features(said[-CAPS["turns"] :])
                example = Example(seen, bool(turn["bad"]), _half(row["dialogue_id"]))
                found.setdefault(row["set"], []).append(example)
    return found


def _half(group: str) -> int:
    return zlib.crc32(group.encode()) % 2


def report(
    lang: str, sets: Sets, used: Sequence[str], say: Callable[[str], None]
) -> dict[str, float]:
    """Fit on the sets used, say what that changes, and give the weights."""
    names = sorted(_DIALOGUE if lang == ANY else (*_WORDS, *FAMILY))
    now = {name: WEIGHTS.get(lang, {}).get(name, 0) / 100 for name in names}
    before = {name: assumed(name, lang) for name in names}
    training = [sets[name] for name in used if name in sets]
    weights = fit(training, names, lang)
    halves = [
        fit([[row for row in rows if row.half == half] for rows in training], names, lang)
        for half in (0, 1)
    ]
    heads = ("assumed", "table now", "other half", "other sets", "fitted")
    say(f"{lang + ': AUC of':14}{'n':>6}" + "".join(f"{head:>12}" for head in heads))
    for name, rows in sets.items():
        crossed = sum(
            auc([row for row in rows if row.half != half], halves[half]) for half in (0, 1)
        )
        others = [sets[other] for other in used if other in sets and other != name]
        left_out = auc(rows, fit(others, names, lang)) if name in used and others else math.nan
        figures = (auc(rows, before), auc(rows, now), crossed / 2, left_out, auc(rows, weights))
        say(f"{name:14}{len(rows):6}" + "".join(f"{figure:12.3f}" for figure in figures))
    return weights


def main() -> None:
    """Read the data, print what a fit is worth and the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, metavar="DATA", help="directory of *.jsonl files")
    parser.add_argument("--only", choices=["en", "fa", ANY], help="one language, or dialogues")
    given = parser.parse_args()
    rows = [
        json.loads(line)
        for path in sorted(given.data.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    table = []
    for lang in ("en", "fa", ANY):
        if given.only not in (None, lang):
            continue
        sets = turn_examples(rows) if lang == ANY else text_examples(rows, lang)
        weights = report(lang, sets, TEXT_SETS.get(lang, TURN_SETS), print)
        table += [
            f"{name:20} {lang:4} {round(weight * 100):6}"
            for name, weight in sorted(weights.items(), key=lambda item: -item[1])
        ]
    print(*table, sep="\n")  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
