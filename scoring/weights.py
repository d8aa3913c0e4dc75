"""What each feature weighs: the table `weights.txt`, read once.

A weight is an integer in hundredths and belongs to one feature and one language. A feature adds to
how bad a text or a turn is, or takes from it; its sign is fixed (`RELIEF`), so more of a bad thing
never looks better. The table is fitted offline by `bench/fit_weights.py`, reviewed as a text, and
never changes while nabz runs.

Next step: `scoring.reading` weighs texts with it, `scoring.dialogue` turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Final

RELIEF: Final = frozenset(("good_words", "thanks", "solved", "pleased", "opens"))
"""Features that take from badness; all others add to it."""

ANY: Final = "any"
"""Language of the weights of dialogue features: they look at no words."""


def parse(table: str) -> dict[str, dict[str, int]]:
    """Read a table of weights: by language, then by feature, in hundredths.

    Args:
        table: Lines of feature, language and weight, apart by spaces; `#` begins a comment.

    Raises:
        ValueError: A line is of another shape, a weight is given twice or has the wrong sign.

    >>> parse("waiting en 120  # long")
    {'en': {'waiting': 120}}
    >>> parse("thanks en 5")
    Traceback (most recent call last):
    ValueError: weights line 1: thanks in en takes from badness, 5 adds to it: write -5
    """
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(table.splitlines(), start=1):
        parts = line.partition("#")[0].split()
        if not parts:
            continue
        if len(parts) != 3 or not parts[2].lstrip("-").isdigit():
            raise ValueError(
                f"weights line {number}: found {len(parts)} words, want a feature, a language and"
                " hundredths, like: waiting en 120"
            )
        feature, lang, weight = parts[0], parts[1], int(parts[2])
        if weight * (-1 if feature in RELIEF else 1) < 0:
            does = ("takes from", "adds to")[:: 1 if feature in RELIEF else -1]
            raise ValueError(
                f"weights line {number}: {feature} in {lang} {does[0]} badness, {weight} {does[1]}"
                f" it: write {-weight}"
            )
        if feature in found.setdefault(lang, {}):
            raise ValueError(
                f"weights line {number}: {feature} in {lang} has a weight: keep one line"
            )
        found[lang][feature] = weight
    return found


WEIGHTS: Final = parse(resources.files("scoring").joinpath("weights.txt").read_text("utf-8"))
"""By language, then by feature, in hundredths."""


def weigh(
    features: Mapping[str, float],
    lang: str,
    weights: Mapping[str, Mapping[str, int]] = WEIGHTS,
) -> float:
    """Add up what the features weigh; above 0 is bad.

    Args:
        features: How much there is of each; one without a weight counts as nothing.
        lang: `en`, `fa`, or `ANY` for dialogue features.
        weights: As `parse` gives them.

    >>> weigh({"waiting": 1.5}, "en", {"en": {"waiting": 100}})
    1.5
    """
    own = weights[lang]
    return sum(own.get(name, 0) * amount for name, amount in features.items()) / 100
