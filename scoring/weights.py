"""What each feature weighs: the table `weights.txt`, read once.

A weight is an integer in hundredths and belongs to one feature and one language. A feature adds to
how bad a text or a turn is, or takes from it; its sign is fixed (`RELIEF`), so more of a bad thing
never looks better. The table is fitted offline by `bench/fit_weights.py`, reviewed as a text, and
never changes while nabz runs.

Next step: `scoring.reading` weighs texts with it, `scoring.dialogue` turns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from typing import Final

RELIEF: Final = frozenset(("good_words", "thanks", "solved", "pleased", "opens"))
"""Features that take from badness; all others add to it."""

LANGUAGES: Final = ("en", "fa")
"""Languages that are read; each weighs the same features."""

ANY: Final = "any"
"""Language of the weights of dialogue features: they look at no words."""


_HUNDREDTHS: Final = re.compile("-?[0-9]{1,6}")


def parse(table: str) -> dict[str, dict[str, int]]:
    """Read a table of weights: by language, then by feature, in hundredths.

    Args:
        table: Lines of feature, language and weight, apart by spaces; `#` begins a comment.

    Raises:
        ValueError: A line is of another shape or language, a weight is given twice or has the wrong
            sign.

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
        if len(parts) != 3 or not _HUNDREDTHS.fullmatch(parts[2]):
            raise ValueError(
                f"weights line {number}: found {len(parts)} words, want a feature, a language and"
                " hundredths, like: waiting en 120"
            )
        feature, lang, weight = parts[0], parts[1], int(parts[2])
        if lang not in (*LANGUAGES, ANY):
            raise ValueError(f"weights line {number}: language {lang} is none of en, fa, any")
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


def whole(weights: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Give the table back if no line is missing: what one language weighs the other does too.

    Raises:
        ValueError: A feature stands in one language only, or is misspelt there.

    >>> whole({"en": {"wating": 1}, "fa": {"waiting": 1}})
    Traceback (most recent call last):
    ValueError: weights: waiting has no line in en: add it, or mend its name
    """
    for lang in LANGUAGES:
        for other in LANGUAGES:
            missing = sorted(weights.get(other, {}).keys() - weights.get(lang, {}).keys())
            if missing:
                raise ValueError(
                    f"weights: {missing[0]} has no line in {lang}: add it, or mend its name"
                )
    return weights


WEIGHTS: Final = whole(parse(resources.files("scoring").joinpath("weights.txt").read_text("utf-8")))
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
