"""What another configuration would have made of what has happened: whose band, which alerts.

Both configurations fold the same records from nothing: the log as it is, with its own changes of
configuration left out. So what differs is what the configurations differ in, and nothing that was
decided under an older one.

Next step: `nabz diff-config` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from alerts.config import Config, config_hash, encode_config
from alerts.outputs import Contribution, HealthRow, Output, Transition
from scoring.records import PARTITION_KEY, ConfigChanged, decode_record, encode_record
from streams.control import Control, config_key
from streams.worker.history import LogRecord, Refold

_TOP = 3


class Opened(NamedTuple):
    """One alert as one of the configurations has it."""

    rule: str
    severity: str
    opened_ms: int | None
    closed_ms: int | None


class Side(NamedTuple):
    """A customer under one configuration.

    Attributes:
        band: Band of the newest row; None where no row was told.
        alerts: All that opened, oldest first.
        health: Parts of health that weigh most; `distress` likewise.
    """

    band: str | None
    health_e2: int | None
    distress_e2: int | None
    alerts: tuple[Opened, ...]
    health: tuple[Contribution, ...]
    distress: tuple[Contribution, ...]


class Differing(NamedTuple):
    """A customer whose band or alerts the configurations do not agree on."""

    customer: str
    before: Side
    after: Side


class Compared(NamedTuple):
    """Two configurations over the same records.

    Attributes:
        customers: How many there are under either.
        differing: Those who differ, the worst band under the second first.
    """

    customers: int
    differing: tuple[Differing, ...]


Records = Callable[[], Iterator[tuple[int, list[Any]]]]
"""Gives partition and records, each partition in offset order, each time the same."""
_BANDS = ("critical", "at_risk", "watch", "healthy", "unknown", None)


def compare(records: Records, before: Config, after: Config, *, log_epoch: int) -> Compared:
    """Fold the same records under both, and tell who differs.

    Args:
        records: The log, or its newest part.
        before: As it is, say.
        after: As it would be.
        log_epoch: Epoch of the log.
    """
    one, other = (_sides(records, config, log_epoch) for config in (before, after))
    nobody = Side(None, None, None, (), (), ())
    found = [
        Differing(name, one.get(name, nobody), other.get(name, nobody))
        for name in sorted({*one, *other})
    ]
    differing = [each for each in found if _differs(each.before, each.after)]
    differing.sort(key=lambda each: (_BANDS.index(each.after.band), each.customer))
    return Compared(len(found), tuple(differing))


def _differs(one: Side, other: Side) -> bool:
    return one.band != other.band or one.alerts != other.alerts


def refolded(
    records: Records, config: Config, *, log_epoch: int
) -> Iterator[tuple[list[LogRecord], list[Output]]]:
    """Fold the log under one configuration, its own changes left out.

    Yields:
        Some records of a partition, and all that folding them gave; the log coordinates in the
        outputs are those of these records.
    """
    work = _under(config, log_epoch, every_output=True)
    begun: set[int] = set()
    for number, some in records():
        kept = _begin(work, config, number, some, begun)
        work.fold(number, kept)
        yield kept, work.history.outputs
        work.history.outputs = []


def _under(config: Config, log_epoch: int, *, every_output: bool) -> Refold:
    body = encode_config(config)
    control = Control()
    control.apply(config_key(config_hash(body)), body)
    return Refold(control, log_epoch=log_epoch, every_output=every_output)


def _begin(
    work: Refold, config: Config, number: int, some: list[Any], begun: set[int]
) -> list[LogRecord]:
    """The records one place later, as the first place of a partition is the configuration's."""
    kept = [_behind(record) for record in some if not _changes_config(record)]
    if kept and number not in begun:
        begun.add(number)
        change = encode_record(ConfigChanged(0, 0, config_hash(encode_config(config))))
        work.fold(number, [LogRecord(kept[0].offset - 1, 0, PARTITION_KEY, change)])
    return kept


def _sides(records: Records, config: Config, log_epoch: int) -> dict[str, Side]:
    work = _under(config, log_epoch, every_output=False)
    begun: set[int] = set()
    for number, some in records():
        work.fold(number, _begin(work, config, number, some, begun))
    history = work.done()
    rows = {one.customer: one for one in history.outputs if isinstance(one, HealthRow)}
    alerts: dict[str, dict[str, Opened]] = {}
    for told in history.outputs:
        if isinstance(told, Transition) and told.alert_id:
            alerts.setdefault(told.customer, {})[told.alert_id] = Opened(
                told.rule,
                told.severity,
                told.opened_ms,
                told.at_ms if told.after == "closed" else None,
            )
    return {
        customer: _side(rows.get(customer), tuple(alerts.get(customer, {}).values()))
        for customer in history.rows
    }


def _behind(record: Any) -> LogRecord:
    return LogRecord(record.offset + 1, record.timestamp, record.key, record.value)


def _changes_config(record: Any) -> bool:
    if record.key != PARTITION_KEY or record.value is None:
        return False
    try:
        return isinstance(decode_record(record.value), ConfigChanged)
    except msgspec.DecodeError:
        return False


def _side(row: HealthRow | None, alerts: tuple[Opened, ...]) -> Side:
    if row is None:
        return Side(None, None, None, alerts, (), ())
    return Side(
        row.band, row.health_e2, row.distress_e2, alerts, _top(row.health), _top(row.distress)
    )


def _top(parts: tuple[Contribution, ...]) -> tuple[Contribution, ...]:
    """The parts that weigh most; what everybody begins with explains nobody."""
    named = [part for part in parts if part.name != "base"]
    return tuple(sorted(named, key=lambda part: (-abs(part.points_e2), part.name))[:_TOP])
