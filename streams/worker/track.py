"""The fold on the lane: log records in, rows and outputs of the customers out.

Decoding, the order of rows in a batch and the choice of configuration are decided here; what a
record does is decided in `alerts.fold`. A row is decoded and encoded once per cycle, however many
records of its customer a cycle holds. The partition's row is written first: should the process die
between two batches of a changelog, the partition never counts what its customers fold again.

Next step: `streams.engine.cycle` stores what comes out, `streams.worker.wakes` watches what is due.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import structlog

from alerts.canary import CANARY, unseen
from alerts.config import Config, decode_config
from alerts.fold import LOG_TOPIC, Entry, Result, fold
from alerts.header import unpack_header
from alerts.outputs import At, FoldFailed, HealthRow
from alerts.outputs import Output as Told
from alerts.partition import accumulate, hash_at
from alerts.row import (
    PartitionRow,
    Row,
    decode_partition_row,
    decode_row,
    encode_partition_row,
    encode_row,
)
from scoring.records import (
    PARTITION_KEY,
    ConfigChanged,
    LogRecord,
    Tick,
    decode_record,
)
from streams.codec import record_of
from streams.control import Control
from streams.engine.cycle import Folded, Output, Record
from streams.worker.census import NOBODY, Fact, changed, counted
from streams.worker.due import DueIndex

log = structlog.get_logger("nabz.track")

FAILURES_MAX: Final = 20
FAILURES_SHARE: Final = 100
_CONFIG_POLL_S: Final = 0.05


class FoldBrokenError(Exception):
    """So many records of one cycle failed to fold that the release is broken, not the records.

    Operator action: the process has ended before anything was written. Go back to the last release,
    or apply the configuration that worked.
    """


class Observer:
    """Told what was folded; metrics are one."""

    def folded(self, result: Result, record: LogRecord) -> None:
        """One record of a customer was folded."""

    def told(self, output: Told) -> None:
        """One output goes out."""

    def partition(self, partition: int, row: PartitionRow) -> None:
        """A partition has come this far."""

    def lost(self, partition: int) -> None:
        """A partition is another worker's now."""


class Track:
    """A `streams.engine.cycle.Fold`; also run in process by `nabz replay`, `nabz why` and tests.

    Attributes:
        due: Timers by partition, of the partitions restored to us.
        hashes: Configuration in force by partition.
        census: How the customers are, by partition restored to us.
    """

    def __init__(
        self,
        control: Control,
        *,
        log_epoch: int = 1,
        observer: Observer | None = None,
        on_config: Callable[[int, str], None] = lambda _partition, _hash: None,
    ) -> None:
        """Fold under the configurations that `control` knows."""
        self._control = control
        self._epoch = log_epoch
        self._observer = Observer() if observer is None else observer
        self._on_config = on_config
        self._configs: dict[str, Config] = {"": Config()}
        self.due: dict[int, DueIndex] = {}
        self.hashes: dict[int, str] = {}
        self._restored: dict[int, tuple[PartitionRow, int]] = {}
        self.census: dict[int, Counter[Fact]] = {}
        self._moved: dict[int, Counter[Fact]] = {}

    # ------------------------------------------------------------------ what the cycle calls

    def fold(
        self, partition: int, records: Sequence[Record], rows: Mapping[bytes, bytes]
    ) -> Folded:
        """Fold records of one partition; see `streams.engine.cycle.Fold`.

        Raises:
            FoldBrokenError: More than 20 records and 1 % of the batch failed.
        """
        work = Batch(self, partition, rows)
        for record in records:
            work.take(record)
        if work.failures > FAILURES_MAX and work.failures * FAILURES_SHARE > len(records):
            raise FoldBrokenError(
                f"{work.failures} of {len(records)} records of partition {partition} failed to"
                " fold: nothing was written; run the last release or configuration that worked"
            )
        self._moved[partition] = work.moved()
        return work.result(self._observer)

    async def ready_for(self, partition: int, records: Sequence[Record]) -> None:
        """Wait until the configurations that these records are folded under are known."""
        wanted = {self.hashes.get(partition, "")}
        own, fence = self._restored.get(partition, (PartitionRow(), -1))
        for record in records:
            if record.offset <= fence:
                wanted.add(hash_at(own, record.offset))
            if record.key == PARTITION_KEY and record.value is not None:
                found = _decoded(record.value)
                if isinstance(found, ConfigChanged):
                    wanted.add(found.config_hash)
        waited = False
        while missing := [one for one in wanted if not self._knows(one)]:
            if not waited:
                log.warning("config.body_missing", partition=partition, hashes=sorted(missing))
                waited = True
            await asyncio.sleep(_CONFIG_POLL_S)

    def on_restored(self, partition: int, rows: Mapping[bytes, bytes]) -> None:
        """Index what is due, and take up the configuration in force."""
        self.due[partition] = DueIndex(rows)
        self.census[partition] = counted(rows)
        row = rows.get(PARTITION_KEY)
        self.hashes[partition] = ""
        if row is not None:
            own = decode_partition_row(row)
            self.hashes[partition] = own.config_hash
            self._restored[partition] = own, unpack_header(row).offset

    def on_stored(self, partition: int, changed: Mapping[bytes, bytes | None]) -> None:
        """Keep the index in line with the rows."""
        index = self.due.get(partition)
        if index is not None:
            index.change(changed.items())
            self.census[partition].update(self._moved.pop(partition, Counter()))
        row = changed.get(PARTITION_KEY)
        if row is not None:
            found = decode_partition_row(row)
            self._observer.partition(partition, found)
            if found.config_hash != self.hashes.get(partition):
                self.hashes[partition] = found.config_hash
                self._on_config(partition, found.config_hash)

    def on_lost(self, partition: int) -> None:
        """Forget the partition."""
        self._observer.lost(partition)
        self.due.pop(partition, None)
        self.census.pop(partition, None)
        self.hashes.pop(partition, None)
        self._restored.pop(partition, None)

    # ------------------------------------------------------------------ configurations

    def _knows(self, config_hash: str) -> bool:
        return config_hash in self._configs or config_hash in self._control.bodies

    def config(self, config_hash: str) -> Config:
        """The configuration of that name.

        Raises:
            KeyError: Its body has not been read; `ready_for` waits for it.
        """
        found = self._configs.get(config_hash)
        if found is None:
            found = self._configs[config_hash] = decode_config(self._control.bodies[config_hash])
        return found

    @property
    def log_epoch(self) -> int:
        """Epoch of the log that is folded."""
        return self._epoch


def _decoded(value: bytes) -> LogRecord | None:
    try:
        return decode_record(value)
    except msgspec.DecodeError:
        return None


def _name(key: bytes) -> str | None:
    """A customer's name; None if the key is no text, which no output could carry."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None


class Batch:
    """One partition's part of a cycle.

    Attributes:
        told: Key and output of all that was told, in order.
        results: What became of each customer's record.
        failures: How many of them failed.
    """

    def __init__(self, track: Track, partition: int, rows: Mapping[bytes, bytes]) -> None:
        """Fold over these rows, which stay as they are."""
        self._track = track
        self._partition = partition
        self._rows = rows
        self._decoded: dict[bytes, tuple[Row | None, int]] = {}
        self._changed_rows: dict[bytes, tuple[Row, int]] = {}
        self._before: dict[bytes, Row | None] = {}
        self.told: list[tuple[bytes, Told]] = []
        stored = rows.get(PARTITION_KEY)
        self._seen = -1 if stored is None else unpack_header(stored).offset
        self._own = PartitionRow() if stored is None else decode_partition_row(stored)
        self._own_changed: int | None = None
        self.failures = 0
        self.results: list[tuple[Result, LogRecord]] = []

    def take(self, record: Record) -> None:
        """Fold one record."""
        key, value = record.key, record.value
        decoded = None if key is None or value is None else _decoded(value)
        if decoded is None or key is None:
            self._unreadable(record)
        elif key == PARTITION_KEY:
            if isinstance(decoded, Tick | ConfigChanged):
                entry = self._entry("", decoded, record)
                self._accumulate(entry, None, new_customer=False)
            else:
                self._unreadable(record)
        else:
            self._fold_customer(key, decoded, record)

    def _entry(self, customer: str, decoded: LogRecord, record: Record) -> Entry:
        return Entry(
            customer,
            decoded,
            self._partition,
            record.offset,
            record.timestamp,
            self._track.log_epoch,
        )

    def _fold_customer(self, key: bytes, decoded: LogRecord, record: Record) -> None:
        customer = _name(key)
        if customer is None:
            self._unreadable(record)
            return
        held = self._decoded.get(key)
        if held is None:
            stored = self._rows.get(key)
            if stored is None:
                held = (None, -1)
            else:
                held = (decode_row(stored), unpack_header(stored).offset)
            self._before[key] = held[0]
        row, offset = held
        if record.offset <= offset:
            return
        entry = self._entry(customer, decoded, record)
        own = self._own
        # Behind the partition's row only after a crash: fold again as it was folded then.
        name = own.config_hash if record.offset > self._seen else hash_at(own, record.offset)
        folded = fold(row, entry, self._track.config(name), name)
        self.failures += folded.result == "failed"
        self.results.append((folded.result, decoded))
        self._decoded[key] = (folded.row, record.offset)
        self._changed_rows[key] = (folded.row, record.offset)
        canary = customer == CANARY
        told = unseen(folded, entry, name) if canary else folded.outputs
        self.told += [(key, one) for one in told]
        self._accumulate(entry, folded.result, new_customer=row is None and not canary)

    def _accumulate(self, entry: Entry, result: Result | None, *, new_customer: bool) -> None:
        if entry.offset <= self._seen:
            return
        self._own, heartbeat = accumulate(self._own, entry, result, new_customer=new_customer)
        self._own_changed = entry.offset
        if heartbeat is not None:
            self.told.append((PARTITION_KEY, heartbeat))

    def _unreadable(self, record: Record) -> None:
        """Something else wrote to the log: put aside, and counted in nobody's row."""
        if record.offset <= self._seen:
            return
        at = At(LOG_TOPIC, self._partition, record.offset, 0, self._track.log_epoch)
        at_ms = max(self._own.now_ms, record.timestamp)
        name = (record.key or b"").decode("utf-8", "replace")
        letter = FoldFailed(name, "UnreadableRecord", record.value or b"", at_ms, at)
        self.told.append((PARTITION_KEY, letter))
        self._own_changed = record.offset

    def changed(self) -> dict[bytes, bytes | None]:
        """Changed rows as bytes, the partition's first."""
        epoch = self._track.log_epoch
        changed: dict[bytes, bytes | None] = {}
        if self._own_changed is not None:
            changed[PARTITION_KEY] = encode_partition_row(
                self._own, log_epoch=epoch, offset=self._own_changed
            )
        for key, (row, offset) in self._changed_rows.items():
            changed[key] = encode_row(row, log_epoch=epoch, offset=offset)
        return changed

    def moved(self) -> Counter[Fact]:
        """What the changed rows change in the census."""
        rows = self._changed_rows.items()
        return changed((self._before[key], row) for key, (row, _) in rows if key not in NOBODY)

    def result(self, observer: Observer) -> Folded:
        """Rows, and outputs as records in order, of a customer's health the newest only."""
        newest = {key: at for at, (key, one) in enumerate(self.told) if isinstance(one, HealthRow)}
        records: list[Output] = []
        for at, (key, one) in enumerate(self.told):
            if isinstance(one, HealthRow) and newest[key] != at:
                continue
            records.append(record_of(one))
            observer.told(one)
        for result, record in self.results:
            observer.folded(result, record)
        return Folded(self.changed(), records)
