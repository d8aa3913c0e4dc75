"""Where each cue hits in labelled texts, and which share of those texts is bad: help for reading.

    .venv/bin/python -m bench.cue_precision DATA [--cue waiting] [--show 50]

A share is no precision: a cue may be right about its words in a text that is not bad as a
whole, and wrong in one that is. It says where to read first. With `--show` so many hits of a cue
are printed with their quotes, spread evenly over the data, for a person to judge. DATA
holds `*.jsonl`, a text a line: `{"set", "lang", "text", "label"}` with label -1 for bad, or a
dialogue a line, `{"set", "lang", "turns": [{"role", "text", "bad"}]}`.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from scoring.cues import FAMILY
from scoring.reading import read

_Z: Final = 1.96


class Hit(NamedTuple):
    """A cue found in a labelled text."""

    lang: str
    code: str
    family: str
    bad: bool
    quote: str


def texts(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Texts of customers, and whether they are labelled bad; what has no label is left out."""
    for row in rows:
        if "turns" in row:
            for turn in row["turns"]:
                if turn["role"] == "customer" and turn.get("bad") is not None:
                    yield turn["text"], bool(turn["bad"])
        elif "label" in row:
            yield row["text"], row["label"] == -1


def hits(labelled: Iterable[tuple[str, bool]]) -> list[Hit]:
    """Every cue of every text."""
    found = []
    for text, bad in labelled:
        reading = read(text, "customer")
        found += [Hit(reading.lang, cue.code, cue.family, bad, cue.quote) for cue in reading.cues]
    return found


def interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    >>> [round(bound, 2) for bound in interval(45, 50)]
    [0.79, 0.96]
    """
    share, spread = right / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / of + spread / of / 4) / (1 + spread)
    return middle - half, middle + half


def table(found: Iterable[Hit]) -> list[str]:
    """A line per language and cue: hits, share that is bad (of relief: that is not), interval."""
    counts: dict[tuple[str, str], list[int]] = {}
    for hit in found:
        as_meant = hit.bad != (hit.family == "relief")
        count = counts.setdefault((hit.lang, hit.code), [0, 0])
        count[0] += as_meant
        count[1] += 1
    lines = [f"{'cue':22}{'lang':6}{'hits':>7}{'as meant':>10}{'95 %':>16}"]
    for (lang, code), (right, of) in sorted(counts.items()):
        low, high = interval(right, of)
        lines.append(f"{code:22}{lang:6}{of:7}{right / of:10.2f}     {low:.2f} - {high:.2f}")
    return lines


def main() -> None:
    """Print the table, or hits of one cue to read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, metavar="DATA", help="directory of *.jsonl files")
    parser.add_argument("--only", metavar="SET", help="one set of the data")
    parser.add_argument("--cue", choices=sorted(FAMILY), help="show hits of this cue")
    parser.add_argument("--lang", choices=["en", "fa"], default="en", help="of this language")
    parser.add_argument("--show", type=int, default=50, metavar="N", help="so many of them")
    given = parser.parse_args()
    rows = [
        json.loads(line)
        for path in sorted(given.data.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    found = hits(texts(row for row in rows if given.only in (None, row["set"])))
    if given.cue is None:
        lines = table(found)
    else:
        own = [hit for hit in found if (hit.code, hit.lang) == (given.cue, given.lang)]
        step = max(1, len(own) // given.show)
        lines = [f"{'bad ' if hit.bad else '    '}{hit.quote}" for hit in own[::step]]
        lines = lines[: given.show]
    print(*lines, sep="\n")  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
