"""A customer log as a file: written from its topic, and folded again without any broker.

Beside the records it holds what a replay of them needs: the configurations of the control topic
and, where retention has cut the log, the checkpoints to begin with.

Next step: `streams.cli.log` writes one, `nabz replay --log` shows what folding it came to.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from streams.control import Control, config_key
from streams.engine.brokers import Broker
from streams.engine.kafka_reads import ReadError, ends, read
from streams.topics import LOG
from streams.worker.checkpoints import Start
from streams.worker.history import (
    Beginning,
    History,
    LogRecord,
    Refold,
    beginnings,
    control_of,
)
from streams.worker.log_lines import (
    AGAIN,
    VERSION,
    Checkpoint,
    Configuration,
    Head,
    Line,
    LogFileError,
    Partition,
    Record,
    Writer,
    created,
    lines,
)

_AT_ONCE: Final = 2_000  # as many as a worker's cycle


class Exported(NamedTuple):
    """What a file holds."""

    records: int
    configurations: int
    checkpoints: int


def export_log(
    broker: Broker,
    log_epoch: int,
    path: Path,
    *,
    topic: str = LOG,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Exported:
    """Write a log to a file, up to where it ends now.

    Args:
        broker: Where it is.
        log_epoch: Its epoch, of the settings.
        path: Is overwritten; gzip if it ends with `.gz`.
        topic: The log, or a copy of it under another name.
        progress: Told records done and records there are.

    Raises:
        streams.engine.kafka_reads.ReadError: The topics cannot be read.
        LogFileError: Retention has cut the log meanwhile.
        OSError: The file cannot be written.
    """
    started = beginnings(broker, log_epoch, topic=topic)
    if not started:
        raise ReadError(
            f"topic {topic} is not on the broker at {broker.bootstrap}; run `nabz topics apply`, or"
            " name another with --topic or --broker"
        )
    total = sum(ends(broker, topic).values()) - sum(one.first for one in started)
    records = 0
    # Read after the beginnings and before the records, as `refold` does: what they name is there.
    bodies = control_of(broker).bodies
    with created(path) as file:
        writer = Writer(file)
        writer.line(Head(LOG, VERSION, log_epoch))
        for name, body in sorted(bodies.items()):
            writer.line(Configuration(name, body))
        for one in started:
            writer.line(Partition(one.partition, one.first, one.partition_row))
            for key, start in sorted(one.rows.items()):
                writer.line(Checkpoint(one.partition, key, start.offset, start.now_ms, start.row))
        for one in started:
            expected = one.first
            for batch in read(broker, topic, partitions=[one.partition]):
                for record in batch:
                    if record.offset != expected:
                        raise LogFileError(
                            f"{topic} partition {one.partition}: offset {record.offset} follows"
                            f" {expected - 1}; retention has cut the log meanwhile: {AGAIN}"
                        )
                    expected += 1
                    writer.line(
                        Record(
                            one.partition, record.offset, record.timestamp, record.key, record.value
                        )
                    )
                records += len(batch)
                progress(records, max(records, total))
        writer.end(records)
    return Exported(records, len(bodies), sum(len(one.rows) for one in started))


class _Folding:
    """Lines taken one after the other; the fold begins with the first record."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._control = Control()
        self._log_epoch = 0
        self._begins: dict[int, Beginning] = {}
        self._next: dict[int, int] = {}
        self._work: Refold | None = None
        self._batch: list[LogRecord] = []
        self._partition = 0
        self.records = 0

    def take(self, line: Line) -> None:
        """Take a line; records are folded in batches."""
        match line:
            case Head():
                self._log_epoch = line.log_epoch
            case Configuration():
                self._control.apply(config_key(line.hash), line.body)
            case Partition():
                self._next[line.partition] = line.first
                self._begins[line.partition] = Beginning(line.partition, line.first, {}, line.row)
            case Checkpoint():
                begins = self._begins.get(line.partition)
                if begins is None:
                    raise LogFileError(
                        f"{self._path}: a checkpoint of partition {line.partition} comes before the"
                        f" partition; {AGAIN}"
                    )
                begins.rows[line.key] = Start(line.row, line.offset, line.now_ms)
            case Record():
                self._record(line)

    def _record(self, line: Record) -> None:
        if self._next.get(line.partition) != line.offset:
            raise LogFileError(
                f"{self._path}: offset {line.offset} of partition {line.partition} is out of order;"
                f" {AGAIN}"
            )
        self._next[line.partition] += 1
        if line.partition != self._partition or len(self._batch) >= _AT_ONCE:
            self._fold()
        self._partition = line.partition
        self._batch.append(LogRecord(line.offset, line.timestamp, line.key, line.value))
        self.records += 1

    def _fold(self) -> Refold:
        if self._work is None:
            self._work = Refold(self._control, log_epoch=self._log_epoch, every_output=False)
            for one in self._begins.values():
                self._work.begin(one.partition, one.first, one.rows, one.partition_row)
        self._work.fold(self._partition, self._batch)
        self._batch = []
        return self._work

    def done(self) -> History:
        """The history, once all lines were taken."""
        return self._fold().done()


def refold_file(
    path: Path, *, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> History:
    """Fold the log in a file: the same bytes as `streams.worker.history.refold` from its topic.

    Args:
        path: What `export_log` wrote.
        progress: Told now and then how many records were folded; how many there are is known last.

    Raises:
        LogFileError: The file was cut, changed, or is something else.
        HistoryError: A configuration is missing.
    """
    work = _Folding(path)
    for line in lines(path):
        work.take(line)
        if work.records % _AT_ONCE == 1:
            progress(work.records, work.records)
    return work.done()
