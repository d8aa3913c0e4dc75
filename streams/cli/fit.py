"""`nabz fit`: what your own labels would change about the weights, as a difference to review.

The table of weights is fitted offline and reviewed as a text; nobody's labels change it by
themselves. A proposal moves a weight by at most 30 % and never over 0, so more of a bad thing stays
worse, and it keeps only what both halves of the labels ask for: each half finds its own change, and
the smaller of two that agree is proposed. What a half gained is measured on the other one.

Next step: a person reads the difference, applies it to a checkout, and measures.
"""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.labels import Labelled, labelled_in
from streams.cli.measures import auc
from streams.cli.options import examples, json_option

BOUND: Final = 0.3
"""The most that a weight may move, as a share of itself."""

_STEPS: Final = (-BOUND, -0.15, 0.0, 0.15, BOUND)
_GAIN: Final = 0.0005
"""Area under the curve that a step must gain; less is noise."""

_SWEEPS: Final = 2
_SEEN: Final = 5
"""Lines of a half that must have a feature before its weight may move."""

_LEAST: Final = 40
"""Bad lines, and other lines, without which nothing can be told."""

_TABLE: Final = "scoring/weights.txt"
_LINE: Final = re.compile(r"^(\s*(\S+)\s+(\S+)\s+)(-?\d+)")

Weights = Mapping[tuple[str, str], int]


class Line(NamedTuple):
    """A labelled text: its language, what of each feature it has, and the label."""

    lang: str
    features: Mapping[str, float]
    bad: bool


@click.command(epilog=examples("nabz fit labelled.jsonl", "nabz fit labelled.jsonl > weights.diff"))
@click.argument(
    "labels", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
)
@json_option
def fit(*, labels: Path, as_json: bool) -> None:
    """Propose how the weights of words and cues could change, from texts you labelled.

    LABELS has {"text": .., "label": -1} a line, -1 is bad; 0, 1 and null are not. A difference of
    the table of weights is printed, to be read by a person; it is never applied.
    """
    from scoring.weights import WEIGHTS

    rows = labelled_in(labels)
    bad = sum(row.bad for row in rows)
    if min(bad, len(rows) - bad) < _LEAST:
        raise Stop(
            f"{labels}: found {bad} bad lines and {len(rows) - bad} others, want {_LEAST} of each:"
            " label more",
            MISUSED,
        )
    halves = _halves(rows)
    current = {(name, lang): value for lang, own in WEIGHTS.items() for name, value in own.items()}
    fitted = [propose(half, current) for half in halves]
    agreed = {
        key: smaller
        for key in current
        if (smaller := _agreed(current[key], fitted[0][key], fitted[1][key])) != current[key]
    }
    gains = [
        (rated(other, current), rated(other, found))
        for other, found in zip(reversed(halves), fitted, strict=True)
    ]
    if as_json:
        _json(agreed, current, gains)
    else:
        _print(agreed, gains)


def propose(lines: Sequence[Line], weights: Weights) -> dict[tuple[str, str], int]:
    """Move weights one at a time where that tells bad lines from others better.

    Args:
        lines: Labelled texts; both kinds.
        weights: Hundredths by feature and language.

    Returns:
        All weights, each at most `BOUND` of itself away and of the same sign.

    >>> lines = [Line("en", {"waiting": 1.0}, True), Line("en", {"thanks": 1.0}, False)] * 5
    >>> propose(lines, {("waiting", "en"): 100, ("thanks", "en"): -100})
    {('waiting', 'en'): 100, ('thanks', 'en'): -100}
    """
    found = dict(weights)
    have = {
        key: [number for number, line in enumerate(lines) if _amount(line, key)] for key in weights
    }
    badness = [_badness(line, found) for line in lines]
    bad = [line.bad for line in lines]
    best = auc(bad, badness)
    for _ in range(_SWEEPS):
        for key, start in weights.items():
            if len(have[key]) < _SEEN or not start:
                continue
            for step in _STEPS:
                value = bounded(start, step)
                tried = list(badness)
                for number in have[key]:
                    tried[number] += (value - found[key]) * _amount(lines[number], key)
                area = auc(bad, tried)
                if area > best + _GAIN:
                    best, badness = area, tried
                    found[key] = value
    return found


def bounded(weight: int, step: float) -> int:
    """A weight moved by a share of itself, never out of its bound by rounding.

    >>> bounded(100, 0.3), bounded(-167, 0.3), bounded(1, 0.3)
    (130, -217, 1)
    """
    return weight + int(weight * step)


def rated(lines: Sequence[Line], weights: Weights) -> float:
    """How well these weights tell the bad lines: the area under the curve."""
    return auc([line.bad for line in lines], [_badness(line, weights) for line in lines])


def difference(table: str, changes: Weights) -> str:
    r"""Write changes of weights as a difference of their table, as `git apply` reads it.

    >>> print(difference("waiting en 100  # long\n", {("waiting", "en"): 115}))
    --- a/scoring/weights.txt
    +++ b/scoring/weights.txt
    @@ -1 +1 @@
    -waiting en 100  # long
    +waiting en 115  # long
    <BLANKLINE>
    """
    before = table.splitlines(keepends=True)
    after = []
    for line in before:
        found = _LINE.match(line)
        if found and (found[2], found[3]) in changes:
            width = len(found[4])
            line = f"{found[1]}{changes[found[2], found[3]]:{width}}{line[found.end() :]}"  # noqa: PLW2901
        after.append(line)
    return "".join(difflib.unified_diff(before, after, f"a/{_TABLE}", f"b/{_TABLE}", n=1))


def _halves(rows: Sequence[Labelled]) -> tuple[list[Line], list[Line]]:
    """Read the texts, and part them by their words: equal texts are in one half."""
    from scoring.reading import features, look

    halves: tuple[list[Line], list[Line]] = ([], [])
    for text, bad in rows:
        looked = look(text)
        seen = {} if looked.lang == "unknown" else features(looked)
        halves[zlib.crc32(text.encode(errors="replace")) % 2].append(Line(looked.lang, seen, bad))
    return halves


def _amount(line: Line, key: tuple[str, str]) -> float:
    return line.features.get(key[0], 0.0) if line.lang == key[1] else 0.0


def _badness(line: Line, weights: Weights) -> float:
    return sum(weights.get((name, line.lang), 0) * amount for name, amount in line.features.items())


def _agreed(now: int, one: int, other: int) -> int:
    """The smaller of two changes of one direction, else none.

    >>> _agreed(100, 130, 115), _agreed(100, 130, 100), _agreed(100, 85, 115)
    (115, 100, 100)
    """
    moves = sorted((one - now, other - now), key=abs)
    return now + moves[0] if moves[0] * moves[1] > 0 else now


def _print(agreed: Weights, gains: Sequence[tuple[float, float]]) -> None:
    for number, (before, after) in enumerate(gains, start=1):
        click.echo(
            f"half {number} judges what the other half asks for: AUC {before:.3f} -> {after:.3f}",
            err=True,
        )
    if not agreed:
        click.echo("no change proposed: the halves of your labels ask for none together", err=True)
        return
    table = resources.files("scoring").joinpath("weights.txt").read_text(encoding="utf-8")
    click.echo(difference(table, agreed), nl=False)
    click.echo("a proposal only: read it, apply it to a checkout, measure with --eval", err=True)


def _json(agreed: Weights, current: Weights, gains: Sequence[tuple[float, float]]) -> None:
    import msgspec

    changes = [
        {"feature": name, "lang": lang, "before": current[name, lang], "after": value}
        for (name, lang), value in agreed.items()
    ]
    halves = [{"auc_before": before, "auc_after": after} for before, after in gains]
    click.echo(msgspec.json.encode({"changes": changes, "halves": halves}).decode())
