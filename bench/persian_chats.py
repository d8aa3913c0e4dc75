"""What is read in the Persian support chats of our own, beside their labels.

The chats (`tests/data/persian_chats`) are synthetic and stand apart from the real sets: they show
which cues fire on what is said in a chat, and whether spelling matters. Texts in Latin letters
(`finglish`) are not read, and shown as abstained.

    python -m bench.persian_chats [--misses]
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from scoring import evaluation
from scoring.cues import FAMILY
from scoring.reading import read
from scoring.records import Reading
from streams.cli.measures import Measured, measured

CHATS: Final = Path(__file__).resolve().parents[1] / "tests/data/persian_chats/turns.jsonl"


class Turn(NamedTuple):
    """A customer's turn with its labels, its reading, and how bad things are with what was before.

    Attributes:
        label: 0 calm, 1 something is wrong, 2 distress.
        cues: What its readers say it says.
    """

    text: str
    label: int
    cues: frozenset[str]
    form: tuple[str, ...]
    reading: Reading
    badness: float

    @property
    def message(self) -> float:
        """Badness of the text alone; 0 where it is not read."""
        return -(self.reading.sentiment_e4 or 0) / 10_000


def rows() -> list[dict[str, Any]]:
    """All turns as they stand in the file."""
    return [json.loads(line) for line in CHATS.read_text(encoding="utf-8").splitlines()]


def turns() -> Iterator[Turn]:
    """Read the customers' turns, each with its dialogue so far."""
    dialogues: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows():
        said = dialogues[row["dialogue_id"]]
        said.append({"role": row["role"], "text": row["text"]})
        if row["role"] == "customer":
            yield Turn(
                text=row["text"],
                label=row["label"],
                cues=frozenset(row["cues"]),
                form=tuple(row["form"]),
                reading=read(row["text"], "customer"),
                badness=evaluation.dialogue(said),
            )


def table(found: Sequence[Turn]) -> dict[str, tuple[int, int, int]]:
    """Count each cue over the turns that are read: said and found, said and missed, found only."""
    counts = {code: [0, 0, 0] for code in FAMILY}
    for turn in found:
        seen = {cue.code for cue in turn.reading.cues} & FAMILY.keys()
        for code in turn.cues:
            counts[code][code not in seen] += 1
        for code in seen - turn.cues:
            counts[code][2] += 1
    return {code: (hit, missed, only) for code, (hit, missed, only) in counts.items()}


def rated(found: Sequence[Turn], least: int) -> tuple[Measured, Measured]:
    """How well texts alone, and texts after their dialogue, tell labels from `least` on."""
    bad = [turn.label >= least for turn in found]
    return (
        measured(bad, [turn.message for turn in found]),
        measured(bad, [turn.badness for turn in found]),
    )


def main() -> None:
    """Print both tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--misses", action="store_true", help="show the turns behind the counts")
    misses = options.parse_args().misses
    every = list(turns())
    persian = [turn for turn in every if turn.reading.lang == "fa"]
    lines = [f"{len(every)} customer turns, {len(persian)} read as Persian"]
    for name, least in (("something is wrong", 1), ("distress", 2)):
        alone, after = rated(persian, least)
        lines.append(
            f"{name:20} text alone AUC {alone.auc:.3f} +- {alone.auc_se:.3f} AP {alone.ap:.3f},"
            f" in dialogue {after.auc:.3f} +- {after.auc_se:.3f} AP {after.ap:.3f}"
        )
    calm = [turn.message for turn in persian if not turn.label]
    lines.append(f"calm turns at -0.5 or worse: {sum(value >= 0.5 for value in calm)}/{len(calm)}")
    lines.append(f"{'cue':20}{'said':>6}{'found':>7}{'missed':>8}{'found only':>12}")
    for code, (hit, missed, only) in table(persian).items():
        lines.append(f"{code:20}{hit + missed:6}{hit:7}{missed:8}{only:12}")
    if misses:
        for turn in persian:
            seen = {cue.code for cue in turn.reading.cues} & FAMILY.keys()
            if seen != turn.cues:
                less, more = sorted(turn.cues - seen), sorted(seen - turn.cues)
                lines.append(f"{turn.label} {turn.message:+.2f} -{less} +{more} {turn.text}")
    print(*lines, sep="\n")  # noqa: T201  # a program's answer


if __name__ == "__main__":
    main()
