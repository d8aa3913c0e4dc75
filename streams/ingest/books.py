"""What became of the records of one source partition, and up to where that is final.

Records are entered in offset order and settled in any order, as held ones are settled later. The
offset to go on from, and the counts that belong to it, end before the first unsettled record: so a
restart counts every record once, and `read = appended + filtered + dead_lettered` always holds.

Next step: `streams.ingest.loop` publishes them as `streams.control.Progress`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from streams.control import Counts


@dataclass(slots=True)
class _Entry:
    """A record: how many of its events are undecided, how many were appended, why else not."""

    open: int
    events: int = 0
    filtered: str = ""
    dead: str = ""


class Books:
    """Counts of one source partition.

    >>> books = Books(7)
    >>> books.enter(7, events=1)
    >>> books.enter(8, filtered="where")
    >>> books.offset
    7
    >>> books.appended(7)
    >>> books.close()
    [('appended', ''), ('filtered', 'where')]
    >>> books.offset, books.counts.read, books.counts.filtered
    (9, 2, {'where': 1})
    """

    def __init__(self, offset: int, counts: Counts | None = None) -> None:
        """Go on at an offset, with the counts of what lies below it."""
        self.offset = offset
        self._counts = Counts() if counts is None else counts
        self._read = self._counts.read
        self._appended = self._counts.appended
        self._events = self._counts.events
        self._filtered = dict(self._counts.filtered)
        self._dead = dict(self._counts.dead_lettered)
        self._entries: OrderedDict[int, _Entry] = OrderedDict()

    @property
    def events(self) -> int:
        """Events appended by the records below `offset`."""
        return self._events

    @property
    def counts(self) -> Counts:
        """Of the records below `offset`."""
        return Counts(
            read=self._read,
            appended=self._appended,
            filtered=dict(self._filtered),
            dead_lettered=dict(self._dead),
            events=self._events,
        )

    def enter(self, offset: int, *, events: int = 0, filtered: str = "", dead: str = "") -> None:
        """A record has come: with events to be decided, or a reason against it."""
        self._entries[offset] = _Entry(events, filtered=filtered, dead=dead)

    def appended(self, offset: int) -> None:
        """One event of a record goes to the log."""
        entry = self._entries[offset]
        entry.open -= 1
        entry.events += 1

    def dead(self, offset: int, reason: str) -> None:
        """One event of a record is put aside."""
        entry = self._entries[offset]
        entry.open -= 1
        entry.dead = reason

    def close(self) -> list[tuple[str, str]]:
        """Count what is settled, once everything it rests on is acknowledged.

        Returns:
            Outcome (`appended`, `filtered`, `dead_lettered`) and reason of each record counted.
        """
        counted: list[tuple[str, str]] = []
        while self._entries:
            offset, entry = next(iter(self._entries.items()))
            if entry.open:
                break
            del self._entries[offset]
            self.offset = offset + 1
            self._read += 1
            self._events += entry.events
            # Of several events some may have found their customer: then the record was appended.
            if entry.events:
                self._appended += 1
                counted.append(("appended", ""))
            elif entry.dead:
                self._dead[entry.dead] = self._dead.get(entry.dead, 0) + 1
                counted.append(("dead_lettered", entry.dead))
            else:
                self._filtered[entry.filtered] = self._filtered.get(entry.filtered, 0) + 1
                counted.append(("filtered", entry.filtered))
        return counted
