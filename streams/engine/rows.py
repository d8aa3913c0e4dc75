"""The rows of the partitions we hold: plain dictionaries, restored from the changelog by fence.

A frozen worker that wakes up may append old rows behind newer ones, so the last record of a key is
not the truth: the row with the highest fence is. A deleted row therefore stays as its header alone,
which still wins against a stale write; the null that follows it, later than any credible freeze,
lets compaction forget the key. A null has no bytes for a fence, so it travels in a record header.

Next step: `streams.engine.reader` feeds `restore`, `streams.engine.cycle` feeds `store`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from alerts.header import FENCE_BYTES, HEADER_BYTES, Header, unpack_header

FENCE = "fence"


class Stored(Protocol):
    """A Kafka record as any client hands it out, as far as the engine looks at it."""

    @property
    def offset(self) -> int:
        """Offset in its partition."""
        ...

    @property
    def key(self) -> bytes | None:
        """Customer."""
        ...

    @property
    def value(self) -> bytes | None:
        """What it says; in the changelog a row, header first, None for a tombstone."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Record headers; a tombstone of the changelog has its fence there."""
        ...


class UnreadableRowError(Exception):
    """The changelog holds something that is no row.

    Operator action: find out what else writes to the rows topic; nothing but the lane may.
    """


class Rows:
    """Rows by partition, with the changelog position each partition has been read up to.

    >>> rows = Rows()
    >>> rows.store(3, {b"ann": b"header and customer"}, position=1)
    >>> rows.of(3)[b"ann"], rows.position(3), rows.position(4)
    (b'header and customer', 1, 0)
    """

    def __init__(self) -> None:
        """Hold nothing."""
        self._rows: dict[int, dict[bytes, bytes]] = {}
        self._positions: dict[int, int] = {}

    def partitions(self) -> frozenset[int]:
        """Partitions of which we hold a copy, active or standby."""
        return frozenset(self._rows)

    def of(self, partition: int) -> Mapping[bytes, bytes]:
        """The rows of one partition; a live view, empty where nothing is held."""
        return self._rows.setdefault(partition, {})

    def position(self, partition: int) -> int:
        """Offset of the changelog record to read next, 0 for a partition not held."""
        return self._positions.get(partition, 0)

    def store(
        self, partition: int, changed: Mapping[bytes, bytes | None], *, position: int
    ) -> None:
        """Take over what the cycle wrote and the changelog acknowledged.

        The position moves only if our records continue it. Otherwise somebody else has written in
        between: we were frozen and are late, or another one was; the next restore has to read that.

        Args:
            partition: Of the log and the changelog.
            changed: Rows by key, one changelog record each; None for a null.
            position: Offset after the last of these records.
        """
        rows = self._rows.setdefault(partition, {})
        for key, row in changed.items():
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
        if position - len(changed) == self._positions.get(partition, 0):
            self._positions[partition] = position

    def reached(self, partition: int, end: int) -> None:
        """All there was before this offset has been restored, also where compaction left gaps."""
        self._positions[partition] = max(end, self._positions.get(partition, 0))

    def restore(self, partition: int, records: Iterable[Stored]) -> int:
        """Apply changelog records in offset order, keeping per key the highest fence.

        Returns:
            How many records were stale: outvoted by a row already held.

        Raises:
            UnreadableRowError: A value is shorter than a row header.
        """
        rows = self._rows.setdefault(partition, {})
        get = rows.get
        stale = 0
        last = self._positions.get(partition, 0) - 1
        for record in records:
            key, row = record.key, record.value
            last = record.offset
            if key is None:
                raise UnreadableRowError(f"changelog partition {partition} offset {last}: no key")
            held = get(key)
            if row is None:
                stale += _bury(rows, key, held, dict(record.headers).get(FENCE))
            elif len(row) < HEADER_BYTES:
                raise UnreadableRowError(
                    f"changelog partition {partition} offset {last}:"
                    f" {len(row)} bytes, a row has at least {HEADER_BYTES}"
                )
            elif held is None or row[:FENCE_BYTES] >= held[:FENCE_BYTES]:
                rows[key] = row
            else:
                stale += 1
        self._positions[partition] = last + 1
        return stale

    def drop(self, partition: int) -> None:
        """Forget a partition and its position."""
        self._rows.pop(partition, None)
        self._positions.pop(partition, None)

    def newest(self, partition: int) -> Header | None:
        """Header with the highest fence of a partition, None where there are no rows."""
        rows = self._rows.get(partition)
        return unpack_header(max(rows.values(), key=_fence)) if rows else None


def _fence(row: bytes) -> bytes:
    return row[:FENCE_BYTES]


def _bury(rows: dict[bytes, bytes], key: bytes, held: bytes | None, fence: bytes | None) -> int:
    """Apply a null: 1 if it is stale. One without a fence ends only what was deleted before."""
    if held is None:
        return 0
    ends = unpack_header(held).deleted if fence is None else fence >= held[:FENCE_BYTES]
    if ends:
        del rows[key]
    return int(not ends)
