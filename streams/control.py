"""What the processes of one installation tell each other through `nabz.control.v1`.

A compacted topic with one partition, read whole by all of them: the configurations with the one in
force, and how far each partition of each source has been read. From the latter everybody derives
the same `complete_to_ms`: up to which event time all sources have been read and appended.

Next step: `streams.ingest` writes progress, `streams.worker` and the notifier read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

IN_FORCE: Final = b"config"
_CONFIG: Final = "config:"
_PROGRESS: Final = "progress:"


class InForce(msgspec.Struct, frozen=True):
    """Value at key `config`: the configuration applied last, whose body is at `config:<hash>`."""

    hash: str
    at_ms: int


class Counts(msgspec.Struct, frozen=True):
    """What became of the records of one source partition, up to its `offset`.

    `read = appended + filtered + dead_lettered` always holds (law 5).

    Attributes:
        read: Records read.
        appended: Records that gave at least one event.
        filtered: Records left out on purpose, by reason.
        dead_lettered: Records that could not be understood, by reason.
        events: Events appended to the customer log.
    """

    read: int = 0
    appended: int = 0
    filtered: dict[str, int] = {}
    dead_lettered: dict[str, int] = {}
    events: int = 0


class Progress(msgspec.Struct, frozen=True):
    """Value at key `progress:<source>:<epoch>:<partition>`: how far a source partition is read.

    Attributes:
        source: Name in `nabz.yaml`.
        epoch: Epoch of the source; replays and rewinds have one of their own.
        partition: Partition of the topic, or number of the file.
        partitions: How many the source has.
        offset: Where to go on after a restart; everything below is counted and acknowledged.
        complete_ms: All events up to this time are appended; None while nothing can be said.
        newest_ms: Newest event time appended, None before the first.
        finished: Nothing more will come (the end of a file): it holds nobody back.
        counts: What became of the records below `offset`.
        at_ms: When this was written, by the writer's clock.
    """

    source: str
    epoch: int
    partition: int
    partitions: int
    offset: int
    complete_ms: int | None
    newest_ms: int | None
    finished: bool
    counts: Counts
    at_ms: int


Place = tuple[str, int, int]
"""Source, epoch, partition."""


def config_key(config_hash: str) -> bytes:
    """Key of a configuration's body."""
    return f"{_CONFIG}{config_hash}".encode()


def progress_key(progress: Progress) -> bytes:
    """Key of a source partition's progress."""
    return f"{_PROGRESS}{progress.source}:{progress.epoch}:{progress.partition}".encode()


class Control:
    """The control topic as read so far; feed it records, ask it questions.

    >>> control = Control()
    >>> control.complete_to_ms(["tickets"])
    0
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.bodies: dict[str, bytes] = {}
        self.in_force: InForce | None = None
        self.progress: dict[Place, Progress] = {}
        self._in_force: msgspec.json.Decoder[InForce] = msgspec.json.Decoder(InForce)
        self._progress: msgspec.json.Decoder[Progress] = msgspec.json.Decoder(Progress)

    def apply(self, key: bytes | None, value: bytes | None) -> None:
        """Take one record; keys of other kinds are left to those who know them."""
        name = "" if key is None else key.decode("utf-8", "replace")
        if name.startswith(_CONFIG):
            found = name.removeprefix(_CONFIG)
            if value is None:
                self.bodies.pop(found, None)
            else:
                self.bodies[found] = value
        elif key == IN_FORCE and value is not None:
            self.in_force = self._in_force.decode(value)
        elif name.startswith(_PROGRESS):
            source, epoch, partition = name.removeprefix(_PROGRESS).rsplit(":", 2)
            place = source, int(epoch), int(partition)
            if value is None:
                self.progress.pop(place, None)
            else:
                self.progress[place] = self._progress.decode(value)

    def complete_to_ms(self, sources: Iterable[str]) -> int:
        """Up to which event time all these sources have been read; 0 while one has not told.

        Finished partitions hold nobody back; once all are finished it is the newest event time.
        """
        return complete_to_ms(self.progress, sources)


def complete_to_ms(progress: Mapping[Place, Progress], sources: Iterable[str]) -> int:
    """The least `complete_ms` of all partitions still being read; see `Control.complete_to_ms`."""
    asked = frozenset(sources)
    least = least_complete_ms(progress, asked)
    if least is not None:
        return least
    return max((one.newest_ms or 0 for _, one in _counting(progress, asked)), default=0)


def least_complete_ms(progress: Mapping[Place, Progress], sources: Iterable[str]) -> int | None:
    """The same, but None once everything is finished: then nobody holds time back."""
    asked = frozenset(sources)
    told: dict[str, int] = {}
    wanted: dict[str, int] = {}
    least: int | None = None
    for source, one in _counting(progress, asked):
        told[source] = told.get(source, 0) + 1
        wanted[source] = one.partitions
        if not one.finished:
            complete = one.complete_ms or 0
            least = complete if least is None else min(least, complete)
    if any(told.get(source, 0) < wanted.get(source, 1) for source in asked):
        return 0
    return least


def _counting(
    progress: Mapping[Place, Progress], asked: frozenset[str]
) -> Iterator[tuple[str, Progress]]:
    """Progress of these sources; replays and rewinds (epochs above 0) repeat old times."""
    for (source, epoch, _), one in progress.items():
        if source in asked and epoch == 0:
            yield source, one
