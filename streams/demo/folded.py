"""How far the log is folded, and whether anything is left to do: read off the changelog.

Every row begins with a header: the log offset last folded and when its next timer is due. The row
of a partition (key `~`) changes with each record of the log, so its offset is how far the partition
has come, and it counts what became of each source's events. Recorded events are done when all files
are finished, every partition stands at its end, and no timer lies within the time that was read.

Next step: `streams.demo.recorded` waits for that, `streams.demo.report` shows the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from alerts.header import NEVER_MS, unpack_header
from alerts.row import PartitionRow, decode_partition_row, decode_row
from scoring.records import PARTITION_KEY
from streams.control import Control

_DUE_NEVER: Final = (NEVER_MS, NEVER_MS)


class Folded:
    """The changelog as read so far.

    Attributes:
        partitions: The row of each log partition.
        offsets: Log offset each partition is folded up to, itself included.
        changes: Customer rows read; grows as long as anything happens.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.partitions: dict[int, PartitionRow] = {}
        self.offsets: dict[int, int] = {}
        self.changes = 0
        self._due: dict[bytes, int] = {}
        self._rows: dict[bytes, bytes] = {}

    def take(self, partition: int, key: bytes | None, value: bytes | None) -> None:
        """Take one record of `nabz.rows.v1`; an older row of the same key counts as none."""
        if key is None or value is None:
            return
        header = unpack_header(value)
        if key == PARTITION_KEY:
            if header.offset >= self.offsets.get(partition, -1):
                self.offsets[partition] = header.offset
                self.partitions[partition] = decode_partition_row(value)
            return
        self.changes += 1
        self._rows[key] = value
        due = (header.due_ms, header.absence_due_ms)
        if due == _DUE_NEVER:
            self._due.pop(key, None)
        else:
            self._due[key] = min(due)

    def due_by(self, at_ms: int) -> int:
        """How many customers have a timer due by then."""
        return sum(due_ms <= at_ms for due_ms in self._due.values())

    def peaks(self, customers: Iterable[str]) -> dict[str, int]:
        """The worst score of the newest alerts of these customers, by alert id.

        `nabz.alerts.v1` tells it at each transition; here is what has come after the last.

        >>> Folded().peaks(["nobody"])
        {}
        """
        found: dict[str, int] = {}
        for customer in customers:
            value = self._rows.get(customer.encode("utf-8", "surrogatepass"))
            row = None if value is None else decode_row(value)
            for one in () if row is None else row.episodes:
                if one.alert_id:
                    found[one.alert_id] = one.peak_e2
        return found

    def at_end(self, ends: Mapping[int, int]) -> bool:
        """Has every partition been folded to its end?

        >>> Folded().at_end({0: 0}), Folded().at_end({0: 1})
        (True, False)
        """
        return all(self.offsets.get(partition, -1) + 1 >= end for partition, end in ends.items())

    def count(self, what: str) -> Counter[str]:
        """Events `folded`, `duplicates` or `failed`, by source, of all partitions."""
        total: Counter[str] = Counter()
        for row in self.partitions.values():
            total.update(getattr(row, what))
        return total


def all_finished(control: Control, source: str) -> bool:
    """Have all files of a source been read to their ends?"""
    told = [one for one in control.progress.values() if one.source == source and not one.epoch]
    return bool(told) and len(told) >= told[0].partitions and all(one.finished for one in told)
