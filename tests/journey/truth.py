"""What one undisturbed pass over the log of a desk gives, held against all that was written.

Rows to the byte; every record published is one that the pass gives, at that coordinate, with those
headers; and nothing the pass gives is missing, but health rows that a newer one followed in the
same cycle. So what a crash published twice is equal, and what a reader keeps is the pass.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from alerts.header import unpack_header
from alerts.outputs import HealthRow, Output, Transition
from alerts.row import decode_partition_row, decode_row
from scoring.records import PARTITION_KEY
from streams.cli.public import everybody, transitions
from streams.codec import record_of
from streams.control import Counts
from streams.dead_letters import DeadLetter
from streams.engine.kafka_reads import ends, read
from streams.topics import (
    ALERTS,
    CHECKPOINTS,
    CONVERSATIONS,
    DEAD_LETTERS,
    EVENTS,
    HEALTH,
    LOG,
    TRANSITIONS,
)
from streams.worker.history import Refold, control_of
from tests.journey.desk import Desk

PUBLISHED: Final = (HEALTH, CONVERSATIONS, ALERTS, TRANSITIONS, CHECKPOINTS, DEAD_LETTERS)
SOURCES: Final = {"chat": "desk.chat", "steps": "desk.steps", "events": EVENTS}
_Rows = dict[int, dict[bytes, bytes]]


class Name(NamedTuple):
    """An output: where, and a digest of key, value and headers."""

    topic: str
    digest: bytes


def _named(topic: str, key: bytes | None, value: bytes | None, headers: Any) -> Name:
    parts = [key or b"", value or b"", *(part for n, v in headers for part in (n.encode(), v))]
    return Name(topic, hashlib.blake2b(b"\0".join(parts), digest_size=12).digest())


@dataclass
class Pass:
    """One pass over the log, up to where the stored rows are and then to its end.

    Attributes:
        rows: As they were where the worker has stopped.
        given: Every output up to there; `later` those beyond.
        health: The last health row of each customer, up to there.
        told: Transitions up to there, by fingerprint.
    """

    rows: _Rows = field(default_factory=dict)
    given: dict[Name, str] = field(default_factory=dict)
    later: set[Name] = field(default_factory=set)
    health: dict[str, HealthRow] = field(default_factory=dict)
    told: dict[str, list[Transition]] = field(default_factory=lambda: defaultdict(list))
    entries: int = 0

    def take(self, outputs: Iterable[Output]) -> None:
        """Note outputs up to the end of the stored rows."""
        for one in outputs:
            self.given[_output_name(one)] = type(one).__name__
            if isinstance(one, HealthRow):
                self.health[one.customer] = one
            elif isinstance(one, Transition):
                self.told[one.fingerprint].append(one)


def _output_name(one: Output) -> Name:
    record = record_of(one)
    return _named(record.topic, record.key, record.value, record.headers)


def undisturbed(desk: Desk, folded: dict[int, int]) -> Pass:
    """Fold the log once, in this process.

    Args:
        desk: Whose log.
        folded: Offset the stored rows are folded up to, by partition.
    """
    work = Refold(control_of(desk.broker), log_epoch=desk.settings.log_epoch, every_output=True)
    found = Pass()
    rest: dict[int, list[Any]] = defaultdict(list)
    for records in read(desk.broker, LOG):
        number = records[0].partition
        upto = [one for one in records if one.offset <= folded[number]]
        rest[number] += records[len(upto) :]
        work.fold(number, upto)
        found.take(work.history.outputs)
        work.history.outputs.clear()
    found.rows = {number: dict(rows) for number, rows in work.history.encoded.items()}
    found.entries = work.history.entries
    for number, records in rest.items():
        work.fold(number, records)
    found.later = {_output_name(one) for one in work.history.outputs}
    return found


def differing(one: _Rows, other: _Rows) -> list[str]:
    """Keys of rows that are not the same to the byte, with their partition."""
    return [
        f"{number}/{key.decode(errors='replace')}"
        for number in sorted({*one, *other})
        for key in sorted({*one.get(number, {}), *other.get(number, {})})
        if one.get(number, {}).get(key) != other.get(number, {}).get(key)
    ]


def published(desk: Desk) -> Counter[Name]:
    """Everything on the topics the fold writes; what ingest put aside is not the fold's."""
    found: Counter[Name] = Counter()
    for topic in PUBLISHED:
        for records in read(desk.broker, topic):
            for one in records:
                if topic != DEAD_LETTERS or one.key == b"customer-log":
                    found[_named(topic, one.key, one.value, one.headers)] += 1
    return found


def letters(desk: Desk) -> Counter[tuple[str, int, int, str]]:
    """What ingest put aside: topic, partition, offset, reason; how often it was written."""
    found: Counter[tuple[str, int, int, str]] = Counter()
    for records in read(desk.broker, DEAD_LETTERS):
        for record in records:
            if record.key != b"customer-log":
                one = msgspec.json.decode(record.value, type=DeadLetter)
                found[one.topic, one.partition, one.offset, one.reason] += 1
    return found


def check_published(desk: Desk) -> dict[str, int]:
    """Hold rows and topics against one undisturbed pass; figures of what was compared.

    Raises:
        AssertionError: Something differs, with names and numbers.
    """
    stored = desk.rows()
    folded = {number: unpack_header(rows[PARTITION_KEY]).offset for number, rows in stored.items()}
    once = undisturbed(desk, folded)
    wrong = differing(stored, once.rows)
    assert not wrong, f"{len(wrong)} rows differ: {wrong[:5]}"
    there = published(desk)
    strange = Counter(one.topic for one in there if one not in once.given and one not in once.later)
    assert not strange, f"published, but not given by the log: {strange}"
    missing = Counter(
        kind for one, kind in once.given.items() if kind != "HealthRow" and one not in there
    )
    assert not missing, f"given by the log, but not published: {missing}"
    _check_readers(desk, once)
    return {
        "log_records": once.entries,
        "rows": sum(map(len, stored.values())),
        "published": there.total(),
        "published_again": there.total() - len(there),
        "transitions": sum(map(len, once.told.values())),
    }


def _check_readers(desk: Desk, once: Pass) -> None:
    """What is left for a reader that drops what is not newer."""
    newest = everybody(desk.broker)
    for customer, row in once.health.items():
        held = newest.get(customer)
        assert held is not None, f"no health row of {customer}"
        assert held.version >= row.version, f"the newest health row of {customer} is an old one"
        if held.version == row.version:
            assert held == row, customer
    told: dict[str, list[Transition]] = defaultdict(list)
    for one in transitions(desk.broker):
        told[one.fingerprint].append(one)
    for fingerprint, derived in once.told.items():
        there: Sequence[Transition] = told[fingerprint][: len(derived)]
        assert there == derived, f"transitions of {fingerprint} differ"


def check_counts(desk: Desk, planted: int) -> dict[str, int]:
    """Law 5: what was written is what was read, appended, folded and put aside.

    Args:
        desk: Whose; `desk.expected` counts each event once.
        planted: Records in the log that cannot be folded.

    Raises:
        AssertionError: A sum is wrong.
    """
    counted = {name: count for name, count in desk.counted().items() if count}
    wrong = {
        name: (counted.get(name), desk.expected.get(name))
        for name in {*counted, *desk.expected}
        if counted.get(name) != desk.expected.get(name)
    }
    assert not wrong, f"{len(wrong)} customers counted wrongly: {dict(list(wrong.items())[:5])}"
    told = desk.control().progress
    events = 0
    for source, topic in SOURCES.items():
        for number, end in ends(desk.broker, topic).items():
            progress = told[source, 0, number]
            assert progress.offset == end, f"{source}/{number} read to {progress.offset} of {end}"
            assert progress.counts.read == end, f"{source}/{number} counts {progress.counts.read}"
            assert balanced(progress.counts), f"{source}/{number} does not add up"
            events += progress.counts.events
    folded = duplicates = failed = 0
    for rows in desk.rows().values():
        own = decode_partition_row(rows[PARTITION_KEY])
        folded += sum(own.folded.values())
        duplicates += sum(own.duplicates.values())
        failed += sum(own.failed.values())
        failures = [decode_row(row) for key, row in rows.items() if key != PARTITION_KEY]
        assert sum(row.failed for row in failures if row is not None) == sum(own.failed.values())
    assert folded == sum(desk.expected.values())
    assert failed == planted
    # Ingest that died before it wrote its progress has appended again: more duplicates, no more.
    assert duplicates >= events - folded
    return {"events": folded, "duplicates": duplicates, "appended": events}


def balanced(counts: Counts) -> bool:
    """Does read = appended + filtered + dead-lettered hold?

    >>> balanced(Counts(read=3, appended=2, filtered={"where": 1})), balanced(Counts(read=1))
    (True, False)
    """
    aside = sum(counts.filtered.values()) + sum(counts.dead_lettered.values())
    return counts.read == counts.appended + aside
