"""One stream out of all source partitions of this process, in event-time order as far as known.

Each partition keeps its own order; among the partitions, the one whose next record is oldest goes
first. While a partition may still hold something older (unread, not at its end), newer records of
the others wait for it. Finite files are always known to their end, so their merge is exact and a
backfill is folded in the order it was lived.

Each record carries up to when everything is complete: the least, over all partitions still being
read, of the newest event time emitted there (that of the next record included) less the lateness of
the source; it never falls. Other processes' partitions count with what they have published.

Next step: `streams.ingest.loop` appends what is emitted.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from streams.control import Place

MINUTE_MS: Final = 60_000
T = TypeVar("T")


class Item(NamedTuple, Generic[T]):
    """A record that waits for its turn; `time_ms` is None where it has no event time."""

    offset: int
    time_ms: int | None
    what: T


class Emitted(NamedTuple, Generic[T]):
    """A record whose turn it is.

    Attributes:
        place: Source partition it comes from.
        item: The record.
        newest_ms: Newest event time of its partition, its own included; 0 before the first.
        complete_ms: What it may carry as `complete_to_ms`.
    """

    place: Place
    item: Item[T]
    newest_ms: int
    complete_ms: int


@dataclass(slots=True)
class Partition(Generic[T]):
    """One source partition.

    Attributes:
        lateness_ms: Events may come this much after a newer one.
        counts: It holds completeness and order back; commands do not.
        queue: Read and waiting.
        newest_ms: Newest event time emitted.
        ended: Read to its end, as far as known.
        ended_ms: What time stood for that end: no event older than this, less lateness, is to come.
        finished: Nothing more will come, or nothing that time should wait for.
        held_ms: Event time at which the oldest turn still held came.
        complete_ms: What it allows; never falls.
    """

    lateness_ms: int
    counts: bool = True
    queue: deque[Item[T]] = field(default_factory=deque)
    newest_ms: int | None = None
    ended: bool = False
    ended_ms: int | None = None
    finished: bool = False
    held_ms: int | None = None
    complete_ms: int = 0

    def next_ms(self) -> int:
        """Time of the next record in line; for the merge never older than what went out."""
        newest = self.newest_ms or 0
        time_ms = self.queue[0].time_ms
        return newest if time_ms is None else max(newest, time_ms)

    def allows_ms(self) -> int | None:
        """Up to when all its events are appended; None if it holds nobody back."""
        # At least a millisecond: events of one and the same millisecond are still to come.
        late_ms = max(self.lateness_ms, 1)
        limit: int | None
        if self.queue:
            limit = self.next_ms() - late_ms
        elif self.finished:
            limit = None
        elif self.ended and self.ended_ms is not None:
            limit = max(self.newest_ms or 0, self.ended_ms) - late_ms
        else:
            limit = (self.newest_ms or 0) - late_ms
        if self.held_ms is not None:
            held = self.held_ms - late_ms
            limit = held if limit is None else min(limit, held)
        if limit is None:
            return None
        self.complete_ms = max(self.complete_ms, limit)
        return self.complete_ms


class Merge(Generic[T]):
    """The partitions of this process.

    Attributes:
        partitions: By place.
        complete_to_ms: What the record emitted last carried.
    """

    def __init__(self, *, queue_max: int = 2_000) -> None:
        """Own nothing; let `queue_max` records of a partition wait at most."""
        self.partitions: dict[Place, Partition[T]] = {}
        self.complete_to_ms = 0
        self._queue_max = queue_max

    def feed(self, place: Place, items: Sequence[Item[T]]) -> None:
        """Records of a partition, following those fed before."""
        partition = self.partitions[place]
        partition.queue.extend(items)
        partition.ended = False
        partition.finished = False

    def room(self, place: Place) -> int:
        """How many more records of a partition should be read now; 0 while it is paused.

        A partition pauses when its queue is full, or a minute of event time ahead of the slowest
        unread one.
        """
        partition = self.partitions[place]
        free = max(0, self._queue_max - len(partition.queue))
        if not free or not partition.queue or not partition.counts:
            return free
        slowest = min((one.newest_ms or 0 for one in self._unread(())), default=None)
        if slowest is not None and partition.next_ms() > slowest + MINUTE_MS:
            return 0
        return free

    def _unread(self, passed_over: Collection[Place]) -> list[Partition[T]]:
        return [
            one
            for place, one in self.partitions.items()
            if one.counts
            and not one.queue
            and not one.ended
            and not one.finished
            and place not in passed_over
        ]

    def emit(
        self, limit: int, *, others_ms: int | None = None, passed_over: Collection[Place] = ()
    ) -> Iterator[Emitted[T]]:
        """Take records whose turn has come; `held_ms` may change between two of them.

        Args:
            limit: At most so many.
            others_ms: What the partitions of other processes allow, None if they hold nobody back.
            passed_over: Places that cannot be read at the moment: nobody waits for their records,
                but completeness does.
        """
        order = {place: number for number, place in enumerate(self.partitions)}
        heap = [
            (one.next_ms(), order[place], place)
            for place, one in self.partitions.items()
            if one.queue
        ]
        heapq.heapify(heap)
        allows = {place: one.allows_ms() for place, one in self.partitions.items() if one.counts}
        barrier = min((one.newest_ms or 0 for one in self._unread(passed_over)), default=None)
        for _ in range(limit):
            if not heap or (barrier is not None and heap[0][0] > barrier):
                return
            time_ms, number, place = heapq.heappop(heap)
            partition = self.partitions[place]
            # Before the record is taken: its own time is the newest its partition vouches for.
            self._advance(allows.values(), others_ms)
            item = partition.queue.popleft()
            if item.time_ms is not None:
                partition.newest_ms = time_ms
            yield Emitted(place, item, partition.newest_ms or 0, self.complete_to_ms)
            if partition.queue:
                heapq.heappush(heap, (partition.next_ms(), number, place))
            elif partition.counts and not (
                partition.ended or partition.finished or place in passed_over
            ):
                reached = partition.newest_ms or 0
                barrier = reached if barrier is None else min(barrier, reached)
            if partition.counts:
                allows[place] = partition.allows_ms()

    def _advance(self, allows: Collection[int | None], others_ms: int | None) -> None:
        limits = [one for one in allows if one is not None]
        if others_ms is not None:
            limits.append(others_ms)
        if limits:
            reached = min(limits)
        else:  # all finished: nothing is to come but what is at hand
            reached = max(
                (one.newest_ms or 0 for one in self.partitions.values() if one.counts), default=0
            )
        self.complete_to_ms = max(self.complete_to_ms, reached)
