"""What does each part of nabz cost an event? A budget that adds up, beside vaderSentiment.

The events are those of the benchmark (`bench.workload`), worked through in this process without a
broker: mapped, read and put into records of the log, then folded in cycles of 2,000. Each part is
timed on its own over the same events, in turns for some rounds with vaderSentiment over the same
texts, and medians are told. What is left of a whole after its parts is a line of its own, so the
lines add up. Memos are warm: the first round is not counted. Processor time, of this process.

    python -m bench.parts [--events 20000] [--rounds 5] [--json FILE]

The JSON has `events`, `texts`, `distinct_texts`, `us_per_event` by part, `us_per_text` by reader
(`vaderSentiment`, `compound`, `polarity_scores`, `reading`), and `ratios`: of `compound` and
`polarity_scores` how many times faster, of `reading` its share of vaderSentiment's time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from alerts.row import decode_row, encode_row
from bench.scale import logged, new_track, workload_config
from bench.workload import SPAN_MS, events
from scoring import persian
from scoring.customer import Customer, advance
from scoring.health import health
from scoring.language import language
from scoring.plain import is_plain
from scoring.reading import TABLES, Looked, look, read
from scoring.records import PARTITION_KEY, decode_record, encode_record
from scoring.redact import redact
from scoring.sentiment import valences
from scoring.text import parted, strip, tidy, words_of
from scoring.vader import compound, polarity_scores
from streams.ingest.mapping import compile_source
from streams.ingest.objects import parse_object
from streams.ingest.sources import NATIVE

CYCLE: Final = 2_000
_SEED: Final = 11
_NOW_MS: Final = 1_790_035_200_000


def spent_us(work: Callable[[Any], object], items: Iterable[Any]) -> float:
    """Microseconds of processor time that a function takes over all items."""
    began_ns = time.process_time_ns()
    for item in items:
        work(item)
    return (time.process_time_ns() - began_ns) / 1_000


def prepared(text: str) -> str:
    """A text as `scoring.reading.look` prepares it: tidied, stripped, masked, parted."""
    if is_plain(text, text.split()):
        return text
    return parted(redact(strip(tidy(text))[0])[0])


class Parts:
    """The same events for every part, and what each of them costs.

    Args:
        count: How many events.
    """

    def __init__(self, count: int) -> None:
        self.events = list(events(_SEED, count, _NOW_MS - SPAN_MS))
        types = frozenset(workload_config().scoring.interactions)
        self._decode = compile_source("events", NATIVE, types, native=True)
        said = (json.loads(event.value) for event in self.events)
        self.said = [(one["text"], one["author"]) for one in said if "text" in one]
        self.texts = [text for text, _ in self.said]
        self._looked = [look(text) for text in self.texts]
        self._log = list(logged(self.events, 100))
        self._records = [decode_record(one.value) for one in self._log]
        self._english = [one for one in self._looked if one.lang == "en"]
        # Here, as pytest imports this module for its docstrings with warnings as errors.
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        self._stock = SentimentIntensityAnalyzer().polarity_scores

    def round(self) -> dict[str, float]:
        """Time every part once: microseconds per event."""
        values = [event.value for event in self.events]
        reading = self._spent_reading()
        whole_us = spent_us(lambda one: read(*one), self.said)
        costs = {
            "decode": spent_us(parse_object, values),
            "map": spent_us(lambda value: self._decode(value, "0/0", _NOW_MS), values),
            **reading,
            "turn, weights, quotes": whole_us - sum(reading.values()),
            "encode for the log": spent_us(encode_record, self._records),
            **self._spent_folding(),
        }
        costs["map"] -= costs["decode"]
        return {name: used_us / len(self.events) for name, used_us in costs.items()}

    def round_of_texts(self) -> dict[str, float]:
        """Time every reader once: microseconds per text."""
        costs = {
            "vaderSentiment": spent_us(self._stock, self.texts),
            "compound": spent_us(compound, self.texts),
            "polarity_scores": spent_us(polarity_scores, self.texts),
            "reading": spent_us(lambda one: read(*one), self.said),
        }
        return {name: used_us / len(self.texts) for name, used_us in costs.items()}

    def _spent_reading(self) -> dict[str, float]:
        chunks = [one.cut.chunks for one in self._looked]
        spoken = [
            one
            for one, (_, author) in zip(self._looked, self.said, strict=True)
            if author == "customer" and one.lang != "unknown"
        ]
        return {
            "tidy, redact": spent_us(prepared, self.texts),
            "normalise": spent_us(words_of, chunks),
            "language": spent_us(lambda one: language(one.masked, one.cut.words), self._looked),
            "sentiment": spent_us(_feel, spoken),
            "cues": spent_us(_find, spoken),
        }

    def _spent_folding(self) -> dict[str, float]:
        """A track's cycles, and what of them the parts with a name take."""
        track, first = new_track()
        rows: dict[bytes, bytes] = {}
        _store(rows, track.fold(0, [first], rows).changed)
        written: list[bytes] = []
        began_ns = time.process_time_ns()
        for at in range(0, len(self._log), CYCLE):
            written += _store(rows, track.fold(0, self._log[at : at + CYCLE], rows).changed)
        whole_us = (time.process_time_ns() - began_ns) / 1_000
        costs = {"decode of the log": spent_us(decode_record, [one.value for one in self._log])}
        kept = [row for row in map(decode_row, written) if row is not None]
        costs["decode of rows"] = spent_us(decode_row, written)
        costs["encode of rows"] = spent_us(lambda row: encode_row(row, log_epoch=1, offset=1), kept)
        costs |= self._spent_remembering()
        return costs | {"rules, timers, outputs": whole_us - sum(costs.values())}

    def _spent_remembering(self) -> dict[str, float]:
        scoring = workload_config().scoring
        known: dict[bytes, Customer] = {}
        grown: list[Customer] = []
        began_ns = time.process_time_ns()
        for one, record in zip(self._log, self._records, strict=True):
            known[one.key] = advance(known.get(one.key) or Customer(), record, scoring)
            grown.append(known[one.key])
        remembered_us = (time.process_time_ns() - began_ns) / 1_000
        judged_us = spent_us(
            lambda customer: health(customer, _NOW_MS, scoring, complete_to_ms=_NOW_MS), grown
        )
        return {"remember": remembered_us, "health": judged_us}


def _feel(looked: Looked) -> object:
    if looked.lang == "fa":
        return persian.valences(looked.cut.words)
    return valences(looked.cut.chunks)


def _find(looked: Looked) -> object:
    return TABLES[looked.lang].find(looked.cut.words)


def _store(rows: dict[bytes, bytes], changed: Mapping[bytes, bytes | None]) -> list[bytes]:
    """Take the rows of a cycle, and give back those of customers."""
    some = {key: row for key, row in changed.items() if row is not None}
    rows.update(some)
    return [row for key, row in some.items() if key != PARTITION_KEY]


def measured(count: int, rounds: int) -> dict[str, Any]:
    """Time all parts in turns; what the JSON holds."""
    parts = Parts(count)
    parts.round()  # fills the memos
    found = [(parts.round(), parts.round_of_texts()) for _ in range(rounds)]
    per_event = {name: median(one[name] for one, _ in found) for name in found[0][0]}
    per_text = {name: median(one[name] for _, one in found) for name in found[0][1]}
    stock_us = per_text["vaderSentiment"]
    return {
        "events": len(parts.events),
        "texts": len(parts.texts),
        "distinct_texts": len(set(parts.texts)),
        "us_per_event": per_event,
        "us_per_text": per_text,
        "ratios": {
            "compound": stock_us / per_text["compound"],
            "polarity_scores": stock_us / per_text["polarity_scores"],
            "reading": per_text["reading"] / stock_us,
        },
    }


def table(result: Mapping[str, Any]) -> list[str]:
    """The budget as lines of a table in Markdown, and the ratios below."""
    budget = result["us_per_event"]
    whole = sum(budget.values())
    lines = ["| part | us an event | share |", "|---|---|---|"]
    lines += [f"| {name} | {us:.1f} | {us / whole:.0%} |" for name, us in budget.items()]
    lines += [f"| whole | {whole:.1f} | 100% |", "", "| reader | us a text | to vaderSentiment |"]
    lines += ["|---|---|---|"]
    stock = result["us_per_text"]["vaderSentiment"]
    lines += [
        f"| {name} | {us:.1f} | {us / stock:.2f} of its time, {stock / us:.1f} times as fast |"
        for name, us in result["us_per_text"].items()
    ]
    return lines


def main() -> None:
    """Print the tables, and write the JSON if asked."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--events", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--json", type=Path, help="where the figures go")
    given = options.parse_args()
    result = measured(given.events, given.rounds)
    sys.stdout.write("\n".join(table(result)) + "\n")
    if given.json is not None:
        given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
