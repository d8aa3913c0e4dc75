"""Measure what is read on labelled conversations: `make eval DATA=DIR`.

DIR holds `*.jsonl`, one object a line, of any of these kinds:

    a text       {"set", "lang", "text", "label"}; label -1 bad, 0 neutral, 1 good, null = not bad
    a dialogue   {"set", "lang", "turns": [{"role", "text", "bad"}], "overall"}; bad 1 or 0 on
                 customers' turns, overall 1 to 5
    a timeline   a text with `customer_id` and `ts` in milliseconds

A set whose labels are all null, with a `domain` on each line, is the calm control: task talk, in
which a very bad score is a false alarm. Dialogues whose turns have no text are left out.

What is measured is `scoring.evaluation`, which is what the worker runs. Early warning asks after
each message of a customer how much they are at risk; the event is the third bad message within a
day, an alert must come before it, and what counts is the recall where exactly a given share of the
customers without an event is alerted too. Everything is plain Python: no package is needed.

    python -m bench.evaluate DIR [--only SET,SET] [--json FILE]
"""

from __future__ import annotations

import argparse
import bisect
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from scoring import evaluation
from streams.cli.measures import Measured, auc, measured

BUDGETS: Final = (0.005, 0.01, 0.05, 0.1)
"""Shares of customers without an event that may be alerted."""

_EVENT, _WINDOW_MS = 3, 24 * 3_600_000
_SHARES: Final = (25, 50, 75, 100)
_VERY_BAD, _BAD = -0.5, -0.05

Row = Mapping[str, Any]


def load(folder: Path, only: Sequence[str] = ()) -> dict[str, list[Row]]:
    """Read the sets of a directory.

    Raises:
        SystemExit: There is no such file, a line is no record, or a set asked for is missing.
    """
    sets: dict[str, list[Row]] = defaultdict(list)
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise SystemExit(f"{folder}: holds no *.jsonl: give the directory that does")
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row = json.loads(line)
                    name = row["set"]
                except (ValueError, KeyError, TypeError):
                    raise SystemExit(f"{path}:{number}: is no record with a `set`") from None
                if not only or name in only:
                    sets[name].append(row)
    if missing := set(only) - sets.keys():
        raise SystemExit(f"{folder}: has no set {', '.join(sorted(missing))}")
    return sets


def message_tests(sets: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str, list[Row]]]:
    """Name, language and labelled texts of each test: sets, their anger, customers' turns."""
    for name, rows in sets.items():
        first = rows[0]
        if "turns" in first:
            turns = [
                {"text": turn["text"], "label": -1 if turn["bad"] else None}
                for row in rows
                for turn in row["turns"]
                if turn.get("bad") is not None and turn["text"].strip()
            ]
            if turns:
                yield name, first["lang"], list(turns)
        elif any(row["label"] is not None for row in rows):
            yield name, first["lang"], list(rows)
            if "anger" in first:
                angry = [{**row, "label": -1 if row["anger"] else None} for row in rows]
                yield f"{name}:anger", first["lang"], list(angry)


def messages(sets: Mapping[str, Sequence[Row]]) -> dict[str, Measured]:
    """Measure single texts, and their plain mean per language."""
    found: dict[str, Measured] = {}
    means: dict[str, list[Measured]] = defaultdict(list)
    for name, lang, rows in message_tests(sets):
        values = [-_message(row["text"]) for row in rows]
        found[name] = measured([row["label"] == -1 for row in rows], values)
        if ":" not in name:
            means[lang].append(found[name])
    for lang, all_of in means.items():
        area, precision = fmean(one.auc for one in all_of), fmean(one.ap for one in all_of)
        found[f"mean {lang}"] = Measured(len(all_of), 0, area, math.nan, precision, math.nan)
    return found


def calm(sets: Mapping[str, Sequence[Row]]) -> dict[str, dict[str, float]]:
    """Measure task talk, per domain: shares that are very bad, and bad at all."""
    found = {}
    for rows in sets.values():
        if "turns" in rows[0] or any(row["label"] is not None for row in rows):
            continue
        by_domain: dict[str, list[float]] = defaultdict(list)
        for row in rows:
            value = _message(row["text"])
            by_domain["all"].append(value)
            by_domain[row["domain"]].append(value)
        for domain, values in by_domain.items():
            found[domain] = {
                "n": len(values),
                "very_bad": fmean(value <= _VERY_BAD for value in values),
                "bad": fmean(value <= _BAD for value in values),
            }
    return found


def dialogues(sets: Mapping[str, Sequence[Row]]) -> tuple[dict[str, Measured], dict[str, float]]:
    """Measure customers' turns with what came before, and how well dialogues foretell their end."""
    turns: dict[str, Measured] = {}
    ends: list[tuple[bool, list[float]]] = []
    for name, rows in sets.items():
        if "turns" not in rows[0] or not any("text" in turn for turn in rows[0]["turns"]):
            continue
        pairs: list[tuple[bool, float]] = []
        for row in rows:
            seen = [{"role": turn["role"], "text": turn["text"]} for turn in row["turns"]]
            scored = [
                (turn.get("bad"), evaluation.dialogue(seen[: number + 1]))
                for number, turn in enumerate(row["turns"])
                if turn["role"] == "customer"
            ]
            pairs += [(bool(bad), value) for bad, value in scored if bad is not None]
            if row.get("overall") is not None and scored:
                ends.append((row["overall"] < 3, _running([value for _, value in scored])))
        turns[name] = measured([bad for bad, _ in pairs], [value for _, value in pairs])
    outcome: dict[str, float] = {}
    for share in _SHARES if ends else ():
        reached = [means[max(0, math.ceil(len(means) * share / 100) - 1)] for _, means in ends]
        outcome[f"auc@{share}"] = auc([bad for bad, _ in ends], reached)
    return turns, outcome


def _running(values: Iterable[float]) -> list[float]:
    """Means that forget: each half the one before and half the value."""
    means: list[float] = []
    for value in values:
        means.append(0.5 * means[-1] + 0.5 * value if means else value)
    return means


def early(sets: Mapping[str, Sequence[Row]]) -> dict[float, tuple[float, float]]:
    """Measure early warning: by budget, recall at exactly that many false alarms, and its error."""
    by_customer: dict[str, list[Row]] = defaultdict(list)
    rows = [row for rows in sets.values() for row in rows if "customer_id" in row and "ts" in row]
    for row in sorted(rows, key=lambda row: row["ts"]):
        by_customer[row["customer_id"]].append(row)
    peaks, before = [], []
    for own in by_customer.values():
        said = [(row["ts"], row["text"]) for row in own]
        risks = [(ts, evaluation.customer(said[: n + 1])) for n, (ts, _) in enumerate(said)]
        event_ms = _event_ms([row["ts"] for row in own if row["label"] == -1])
        if event_ms is None:
            peaks.append(max(risk for _, risk in risks))
        else:
            before.append(max((risk for ts, risk in risks if ts < event_ms), default=-math.inf))
    if not peaks or not before:
        return {}
    found = {}
    for budget in BUDGETS:
        recall = recall_at(peaks, before, budget)
        found[budget] = recall, math.sqrt(recall * (1 - recall) / len(before))
    return found


def _event_ms(bad_ms: Sequence[int]) -> int | None:
    """When the third bad message within a day was written.

    >>> _event_ms([0, 1_000, 86_400_000, 86_400_001])
    86400000
    """
    return next(
        (
            last
            for first, last in zip(bad_ms, bad_ms[_EVENT - 1 :], strict=False)
            if last - first <= _WINDOW_MS
        ),
        None,
    )


def recall_at(peaks: Sequence[float], before: Sequence[float], budget: float) -> float:
    """Recall before the event where `budget` of the others are alerted, between thresholds.

    Args:
        peaks: The highest risk of each customer without an event.
        before: The highest risk of each other one before the event.
        budget: Share of the first that may be alerted.

    >>> recall_at([0.1, 0.2, 0.3, 0.4], [0.35, 0.15], 0.5)
    0.5
    """
    quiet, events = sorted(peaks), sorted(before)
    share = recall = 0.0
    for cut in sorted(set(quiet), reverse=True):
        share_now = 1 - bisect.bisect_left(quiet, cut) / len(quiet)
        recall_now = 1 - bisect.bisect_left(events, cut) / len(events)
        if share_now >= budget:
            return recall + (recall_now - recall) * (budget - share) / (share_now - share)
        share, recall = share_now, recall_now
    return recall


def _message(text: str) -> float:
    value = evaluation.message(text)
    return 0.0 if value is None else value


def _row(name: str, one: Measured) -> str:
    rate = f"{100 * one.bad / one.n:7.1f}" if not math.isnan(one.auc_se) else " " * 7
    error = f"{one.auc_se:6.3f}" if not math.isnan(one.auc_se) else " " * 6
    silent = f"{100 * one.silent:9.1f}" if not math.isnan(one.silent) else ""
    return f"{name:18}{one.n:7}{rate}{one.auc:7.3f}{error}{one.ap:7.3f}{silent}"


def report(sets: Mapping[str, Sequence[Row]]) -> tuple[list[str], dict[str, Any]]:
    """Measure everything there is data for: lines to print, and the numbers."""
    head = f"{'n':>7}{'bad%':>7}{'AUC':>7}{'+-':>6}{'AP':>7}"
    texts = messages(sets)
    lines = [f"{'message set':18}{head}{'silent%':>9}", *(_row(*item) for item in texts.items())]
    quiet = calm(sets)
    if quiet:
        lines += ["", f"{'calm control':18}{'n':>7}{'<=-.5 %':>9}{'<=-.05 %':>10}"]
        lines += [
            f"{domain:18}{one['n']:7.0f}{100 * one['very_bad']:9.2f}{100 * one['bad']:10.2f}"
            for domain, one in quiet.items()
        ]
    turns, outcome = dialogues(sets)
    if turns:
        lines += ["", f"{'dialogue turns':18}{head}"]
        lines += [_row(name, one._replace(silent=math.nan)) for name, one in turns.items()]
    if outcome:
        areas = ", ".join(f"{name} {area:.3f}" for name, area in outcome.items())
        lines.append(f"outcome (overall < 3), running mean: {areas}")
    warned = early(sets)
    if warned:
        lines += ["", "early warning, at exactly that share of false alarms: recall, +-"]
        lines += [f"{100 * at:5g}%{recall:9.3f}{se:7.3f}" for at, (recall, se) in warned.items()]
    numbers = {
        "message": {name: one._asdict() for name, one in texts.items()},
        "calm": quiet,
        "dialogue": {name: one._asdict() for name, one in turns.items()},
        "outcome": outcome,
        "early": {f"{at:g}": {"recall": r, "se": se} for at, (r, se) in warned.items()},
    }
    return lines, numbers


def main() -> None:
    """Measure, print, and write the numbers down if asked to."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("data", metavar="DIR", type=Path)
    options.add_argument("--only", default="", metavar="SET,..", help="only these sets")
    options.add_argument("--json", type=Path, metavar="FILE", help="write every number here")
    given = options.parse_args()
    sets = load(given.data, [name for name in given.only.split(",") if name])
    lines, numbers = report(sets)
    print(*lines, sep="\n")  # noqa: T201  # a program's answer
    if given.json is not None:
        text = json.dumps(numbers, indent=1).replace("NaN", "null")
        given.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
