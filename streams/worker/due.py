"""Which customers have a timer coming due: an index over row headers, rebuilt at every restore.

Two queues per partition: timers that need only time to pass, and timers that rest on absence and
wait until all sources have been read. Entries are never removed from a queue, they go stale: what
counts is the header stored last.

Next step: `streams.worker.wakes` appends a wake for each.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import Final

from alerts.header import NEVER_MS, unpack_header
from scoring.records import PARTITION_KEY

_STALE_SHARE: Final = 4


class DueIndex:
    """Due times of one partition.

    >>> index = DueIndex()
    >>> index.set(b"ann", 5, NEVER_MS)
    >>> index.take(time_ms=4, absence_ms=9, limit=10), index.take(time_ms=5, absence_ms=0, limit=10)
    ([], [(b'ann', 5)])
    >>> index.take(time_ms=5, absence_ms=0, limit=10)  # until its row changes
    []
    """

    def __init__(self, rows: Mapping[bytes, bytes] | None = None) -> None:
        """Index the rows of a partition."""
        self._due: dict[bytes, tuple[int, int]] = {}
        self._time: list[tuple[int, bytes]] = []
        self._absence: list[tuple[int, bytes]] = []
        self.change((rows or {}).items())

    def __len__(self) -> int:
        """How many customers have a timer."""
        return len(self._due)

    def all(self) -> list[tuple[bytes, int]]:
        """Every customer with a timer, the earliest first."""
        return sorted(((key, min(due)) for key, due in self._due.items()), key=_by_time)

    def change(self, changed: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take over rows as they are stored."""
        for key, row in changed:
            if key == PARTITION_KEY:
                continue
            if row is None:
                self._due.pop(key, None)
                continue
            header = unpack_header(row)
            self.set(key, header.due_ms, header.absence_due_ms)
        if len(self._time) + len(self._absence) > 64 + 2 * _STALE_SHARE * len(self._due):
            self._rebuild()

    def set(self, key: bytes, due_ms: int, absence_due_ms: int) -> None:
        """Note when a customer's timers are due, `NEVER_MS` for never."""
        due = (due_ms, absence_due_ms)
        if due == (NEVER_MS, NEVER_MS):
            self._due.pop(key, None)
            return
        self._due[key] = due
        if due_ms != NEVER_MS:
            heapq.heappush(self._time, (due_ms, key))
        if absence_due_ms != NEVER_MS:
            heapq.heappush(self._absence, (absence_due_ms, key))

    def _rebuild(self) -> None:
        self._time = [(due[0], key) for key, due in self._due.items() if due[0] != NEVER_MS]
        self._absence = [(due[1], key) for key, due in self._due.items() if due[1] != NEVER_MS]
        heapq.heapify(self._time)
        heapq.heapify(self._absence)

    def take(self, *, time_ms: int, absence_ms: int, limit: int) -> list[tuple[bytes, int]]:
        """Customers due by then, the earliest first, each once until its row is stored again.

        Args:
            time_ms: Timers of time are due up to here.
            absence_ms: Timers of absence are due up to here.
            limit: Take no more than this.
        """
        taken: list[tuple[bytes, int]] = []
        for place, (queue, up_to_ms) in enumerate(
            ((self._time, time_ms), (self._absence, absence_ms))
        ):
            while queue and queue[0][0] <= up_to_ms and len(taken) < limit:
                due_ms, key = heapq.heappop(queue)
                due = self._due.get(key)
                if due is not None and due[place] == due_ms:
                    del self._due[key]
                    taken.append((key, due_ms))
        return taken


def _by_time(one: tuple[bytes, int]) -> tuple[int, bytes]:
    return one[1], one[0]
