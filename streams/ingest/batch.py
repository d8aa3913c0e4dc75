"""What one round of ingest writes, and in which order.

First the owners of conversations, as the events rest on them; then the log, all its partitions
beside each other, one batch each; then what was put aside, and commands for everybody. Each is
acknowledged before the next is sent, and only then is anything counted. A crash in between repeats
records, never loses one.

Next step: `streams.ingest.loop` counts what is written here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from scoring.records import LogRecord, encode_record
from streams.dead_letters import DeadLetter
from streams.engine.cycle import Headers, Writer, partition_of
from streams.topics import COMMANDS, CONTROL, DEAD_LETTERS, EVENTS, IDENTITIES, LOG

Written = list[tuple[bytes, bytes | None, Headers]]

POINTS = (
    "identities_acked",
    "log_sent",
    "log_acked",
    "letters_acked",
    "progress_acked",
    "committed",
)
"""Where a test may crash."""


@dataclass(frozen=True, slots=True)
class Names:
    """Topics and group of ingest; others than these are for tests."""

    events: str = EVENTS
    commands: str = COMMANDS
    log: str = LOG
    control: str = CONTROL
    identities: str = IDENTITIES
    dead_letters: str = DEAD_LETTERS
    group: str = "nabz-ingest"


@dataclass(slots=True)
class Batch:
    """Records of one round, by where they go.

    Attributes:
        records: By customer, in order.
        letters: What is put aside.
        control: Commands for everybody, by key.
        identities: Owners of conversations, by key; None forgets one.
    """

    records: list[tuple[bytes, LogRecord]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    control: list[tuple[bytes, bytes]] = field(default_factory=list)
    identities: Mapping[bytes, bytes | None] = field(default_factory=dict)

    async def write(self, writer: Writer, names: Names, at: Callable[[str], None]) -> None:
        """Write everything, each part acknowledged before the next.

        Raises:
            aiokafka.errors.KafkaError: The broker refused, or did not answer in time.
        """
        if self.identities:
            await _keyed(
                writer, names.identities, [(key, one, ()) for key, one in self.identities.items()]
            )
            at("identities_acked")
        if self.records:
            await _keyed(
                writer,
                names.log,
                [
                    (key, encode_record(record), (("record", _kind(record)),))
                    for key, record in self.records
                ],
                sent=lambda: at("log_sent"),
            )
            at("log_acked")
        if self.letters:
            await _keyed(
                writer,
                names.dead_letters,
                [(one.source.encode(), msgspec.json.encode(one), ()) for one in self.letters],
            )
            at("letters_acked")
        if self.control:
            await _keyed(writer, names.control, [(key, value, ()) for key, value in self.control])


def _kind(record: LogRecord) -> bytes:
    tag = type(record).__struct_config__.tag
    return str(tag).encode()


async def _keyed(
    writer: Writer, topic: str, written: Written, *, sent: Callable[[], None] = lambda: None
) -> None:
    """Write records to the partitions of their keys, and wait for all of them."""
    count = await writer.partitions(topic)
    sorted_: dict[int, Written] = {}
    for one in written:
        sorted_.setdefault(partition_of(one[0], count), []).append(one)
    pending = await asyncio.gather(
        *(writer.send(topic, partition, some) for partition, some in sorted_.items())
    )
    sent()
    await asyncio.gather(*(writer.acked(one) for one in pending))
