"""A log folded under rules on trial: what was known of each customer when, and what was alerted.

The records are those of the log, its own changes of configuration left out, as
`streams.worker.comparison` does it: so rules can be tried on what happened before they were
written. Beside distress three plain scores are kept, for comparison: contacts within a day, how bad
the last message was, and how long the customer has waited.

Next step: `alerts.backtest.judge`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from alerts.association import Handled, handled
from alerts.backtest import Fired, Timeline
from alerts.config import Config
from alerts.outputs import HealthRow, Output, Transition
from scoring.records import Outcome, Signal, decode_record
from streams.worker.comparison import Records, refolded
from streams.worker.history import LogRecord
from streams.worker.log_lines import Record, lines

DISTRESS: Final = "distress"
CONTACTS: Final = "contacts"
SENTIMENT: Final = "last message"
WAIT: Final = "longest wait"
SCORES: Final = (DISTRESS, CONTACTS, SENTIMENT, WAIT)
_UNKNOWN: Final = -1.0
_AT_ONCE: Final = 2_000


@dataclass(slots=True)
class _Known:
    """One customer while the log is folded."""

    now: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SCORES, _UNKNOWN))
    since_ms: int | None = None
    at_ms: list[int] = field(default_factory=list)
    scores: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SCORES})
    fired: dict[str, Fired] = field(default_factory=dict)
    events: list[int] = field(default_factory=list)

    def look(self, at_ms: int) -> None:
        """Note what all scores are now."""
        waited = _UNKNOWN if self.since_ms is None else at_ms - self.since_ms
        self.now[WAIT] = float(max(_UNKNOWN, waited))
        self.at_ms.append(at_ms)
        for name in SCORES:
            self.scores[name].append(self.now[name])


def records_of(path: Path) -> Iterator[tuple[int, list[LogRecord]]]:
    """Partition and records of a log that `nabz log export` wrote, some at a time.

    Raises:
        streams.worker.log_lines.LogFileError: The file was cut, changed, or is something else.
    """
    batch: list[LogRecord] = []
    partition = 0
    for line in lines(path):
        if not isinstance(line, Record):
            continue
        if batch and (line.partition != partition or len(batch) >= _AT_ONCE):
            yield partition, batch
            batch = []
        partition = line.partition
        batch.append(LogRecord(line.offset, line.timestamp, line.key, line.value))
    if batch:
        yield partition, batch


def timelines(
    records: Records,
    config: Config,
    *,
    log_epoch: int,
    kinds: Collection[str] = (),
    labels: Mapping[str, Sequence[int]] | None = None,
) -> list[Timeline]:
    """Fold the records under a configuration; give a timeline for each customer that has a score.

    Args:
        records: The log, or a part of it.
        config: With the rules on trial.
        log_epoch: Epoch of the log.
        kinds: Outcomes that are events.
        labels: Times of events by customer, ascending, from outside the log; then outcomes are not.

    Raises:
        streams.worker.history.HistoryError: The log cannot be folded.
    """
    known: dict[str, _Known] = defaultdict(_Known)
    for some, told in refolded(records, config, log_epoch=log_epoch):
        outputs: dict[int, list[Output]] = defaultdict(list)
        for one in told:
            outputs[one.log.offset].append(one)
        for record in some:
            _take(known, record, outputs.get(record.offset, ()), kinds)
    return [
        Timeline(
            customer,
            tuple(one.at_ms),
            {name: tuple(values) for name, values in one.scores.items()},
            tuple(one.fired.values()),
            tuple(sorted(one.events) if labels is None else labels.get(customer, ())),
        )
        for customer, one in sorted(known.items())
        if one.at_ms
    ]


def episodes(
    records: Records, config: Config, *, log_epoch: int
) -> tuple[list[Handled], dict[str, list[tuple[int, str]]]]:
    """Fold the records under a configuration; the alerts that opened, and outcomes by customer.

    Raises:
        streams.worker.history.HistoryError: The log cannot be folded.
    """
    told: list[Transition] = []
    happened: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for some, outputs in refolded(records, config, log_epoch=log_epoch):
        told += (one for one in outputs if isinstance(one, Transition))
        for record in some:
            found = _read(record)
            if isinstance(found, Outcome) and record.key is not None:
                customer = record.key.decode("utf-8", "surrogatepass")
                happened[customer].append((found.ts_ms, found.kind))
    return handled(told), happened


def _take(
    known: dict[str, _Known], record: Any, outputs: Sequence[Output], kinds: Collection[str]
) -> None:
    """Note one record of the log and what folding it gave."""
    at_ms: int | None = None
    for told in outputs:
        if isinstance(told, HealthRow):
            one = known[told.customer]
            one.now[DISTRESS] = _UNKNOWN if told.distress_e2 is None else told.distress_e2 / 100
            one.now[CONTACTS] = float(told.contacts_24h)
            one.since_ms = told.waiting.since_ms
            at_ms = told.as_of_ms
        elif isinstance(told, Transition) and told.alert_id:
            _note(known[told.customer].fired, told)
    customer = None if record.key is None else record.key.decode("utf-8", "surrogatepass")
    found = _read(record)
    if customer is None:
        return
    match found:
        case Outcome(kind=kind, ts_ms=ts_ms) if kind in kinds:
            known[customer].events.append(ts_ms)
        case Signal(author="customer", reading=reading) if reading is not None:
            value = reading.sentiment_e4
            known[customer].now[SENTIMENT] = _UNKNOWN if value is None else -value / 10_000
            at_ms = found.ts_ms if at_ms is None else at_ms
    if at_ms is not None:
        known[customer].look(at_ms)


def _read(record: Any) -> Any:
    if record.value is None:
        return None
    try:
        return decode_record(record.value)
    except msgspec.DecodeError:
        return None  # the fold puts it aside


def _note(fired: dict[str, Fired], told: Transition) -> None:
    before = fired.get(told.alert_id)
    if before is None:
        if told.after != "firing":
            return
        fired[told.alert_id] = Fired(
            told.rule,
            told.severity,
            told.at_ms,
            owner=told.labels.get("team", ""),
            shadow=told.shadow,
        )
        return
    returned = told.after == "firing" and told.before in ("recovering", "closed")
    fired[told.alert_id] = msgspec.structs.replace(
        before,
        severity="critical" if "critical" in (before.severity, told.severity) else before.severity,
        closed_ms=told.at_ms if told.after == "closed" else None,
        relapses=before.relapses + returned,
    )
