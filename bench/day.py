"""A day of a large fleet under each preset: how many alerts, for whom, when, and why no others.

What a simulated fleet writes from midnight to midnight is read once and folded in this process, by
the one fold, once for each preset; at the end every customer is woken, so that all that was due by
then has happened at its own time. Every customer is new at midnight. All of it is synthetic: how
many of a fleet write, and how often it goes badly, was made up, so the figures compare presets and
say nothing about your customers.

    make day [ARGS="--customers 5000 --rate 0.1"]

Printed for each preset: alerts opened for each owner (the label `team`) in each hour of the day;
that as many were opened as were closed or are still open; for each rule and customer with a row,
the gate at which it stands at the end; and what folding cost, beside two plain rules.
Ends with 1 if an alert was lost or made up.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from alerts.config import Config, config_hash, encode_config
from alerts.fields import Seen
from alerts.fold import Entry, fold
from alerts.lifecycle import OPEN
from alerts.outputs import FoldFailed, Output, Transition
from alerts.presets import PRESETS
from alerts.row import Row
from alerts.rules import Rule, rules_from
from alerts.subjects import seen_by, subjects
from alerts.why_not import gate
from scoring.config import DAY_MS, HOUR_MS, Scoring
from scoring.health import health
from scoring.records import LogRecord, Wake
from streams.settings import load
from streams.simulate.appended import appended
from streams.simulate.delivery import Delivery, delivered
from streams.simulate.shop import events

START_MS: Final = 1_767_571_200_000
"""2026-01-05 00:00 UTC, a Monday."""
PLAIN: Final = "two plain rules"
_PLAIN_RULES: Final = (Rule("distress"), Rule("health", "health"))


class Day(NamedTuple):
    """A fleet's day under one set of rules.

    Attributes:
        opened: By owner and hour of the day; an alert that is opened again counts again.
        closed: By reason.
        still_open: At the end of the day.
        gates: Rules of customers, and of their conversations, by the gate they stand at.
        seconds: Processor time of all folds.
    """

    opened: Counter[tuple[str, int]]
    closed: Counter[str]
    still_open: int
    gates: Counter[str]
    seconds: float


def records(
    *, seed: int, customers: int, rate: float, scoring: Scoring
) -> list[tuple[str, LogRecord]]:
    """Customer and record of all that the fleet does, as ingest would append it."""
    told = events(seed, customers, START_MS, duration_ms=DAY_MS, rate_e2=rate * 100)
    sent = delivered(told, Delivery(), seed=seed, start_ms=START_MS)
    return [(key.decode(), record) for key, record in appended(sent, scoring)]


def lived(log: Sequence[tuple[str, LogRecord]], rules: tuple[Rule, ...], scoring: Scoring) -> Day:
    """Fold a day under some rules."""
    config = Config(clock="watermark", scoring=scoring, rules=rules)
    name = config_hash(encode_config(config))
    rows: dict[str, Row] = {}
    found: list[Output] = []
    end_ms = START_MS + DAY_MS
    began = time.process_time()
    for offset, (customer, record) in enumerate(log):
        if record.at_ms >= end_ms:
            continue
        entry = Entry(customer, record, 0, offset, record.at_ms)
        folded = fold(rows.get(customer), entry, config, name)
        rows[customer] = folded.row
        found += (one for one in folded.outputs if isinstance(one, Transition | FoldFailed))
    for offset, customer in enumerate(rows, len(log)):
        entry = Entry(customer, Wake(end_ms, end_ms, end_ms), 0, offset, end_ms)
        folded = fold(rows[customer], entry, config, name)
        rows[customer] = folded.row
        found += (one for one in folded.outputs if isinstance(one, Transition | FoldFailed))
    seconds = time.process_time() - began
    opened: Counter[tuple[str, int]] = Counter()
    closed: Counter[str] = Counter()
    for one in found:
        assert isinstance(one, Transition), "a record could not be folded"
        if one.after == "firing" and one.before not in OPEN:
            opened[one.labels.get("team", ""), (one.at_ms - START_MS) // HOUR_MS % 24] += 1
        elif one.after == "closed":
            closed[one.reason] += 1
    still_open = sum(one.state in OPEN for row in rows.values() for one in row.episodes)
    return Day(opened, closed, still_open, _gates(rows, config, end_ms), seconds)


def _gates(rows: dict[str, Row], config: Config, at_ms: int) -> Counter[str]:
    """The gate at which each rule stands with each of its subjects; `open` where it fired."""
    gates: Counter[str] = Counter()
    for row in rows.values():
        now = health(row.customer, at_ms, config.scoring, complete_to_ms=at_ms)
        base = Seen(row.customer, now, config.scoring, at_ms)
        for rule in config.rules:
            mine = {one.conversation: one for one in row.episodes if one.rule == rule.id}
            for conversation in subjects(rule, row.customer, mine.values()):
                episode = mine.get(conversation)
                if episode is not None and episode.state in OPEN:
                    gates["open"] += 1
                else:
                    gates[gate(rule, seen_by(rule, conversation, base), episode).name] += 1
    return gates


def shown(name: str, day: Day, plain: Day) -> list[str]:
    """The day under one preset, a line each."""
    lines = [name]
    for owner in sorted({owner for owner, _ in day.opened}):
        hours = [day.opened[owner, hour] for hour in range(24)]
        lines.append(
            f"  {owner:<10}" + "".join(f"{count:>4}" for count in hours) + f"{sum(hours):>6}"
        )
    closed = ", ".join(f"{count} {reason}" for reason, count in sorted(day.closed.items()))
    lines.append(
        f"  opened {day.opened.total()} = closed {day.closed.total()} ({closed or 'none'})"
        f" + open {day.still_open}"
    )
    gates = ", ".join(f"{gate} {count}" for gate, count in day.gates.most_common())
    lines.append(f"  why not: {gates}")
    lines.append(f"  folding: {day.seconds / plain.seconds:.2f} times {PLAIN}")
    return lines


def say(*lines: str) -> None:
    """Write lines at once: a run is minutes long."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Live the day under every preset; 1 if opened is not closed and still open."""
    parser = argparse.ArgumentParser(prog="python -m bench.day", description=__doc__.split("\n")[0])
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--rate", type=float, default=0.5, help="events a second, of all together")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    scoring = load(None).scoring.scoring()
    log = records(seed=given.seed, customers=given.customers, rate=given.rate, scoring=scoring)
    who = len({customer for customer, _ in log})
    say(
        f"SYNTHETIC: {given.customers} customers, of whom {who} were heard of; {len(log)} records"
        f" in 24 h, from midnight UTC, seed {given.seed}"
    )
    plain = lived(log, _PLAIN_RULES, scoring)
    say("  hour      " + "".join(f"{hour:>4}" for hour in range(24)) + "   all")
    wrong = 0
    for name, tree in PRESETS.items():
        day = lived(log, rules_from(tree), scoring)
        wrong += day.opened.total() != day.closed.total() + day.still_open
        say(*shown(name, day, plain))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
