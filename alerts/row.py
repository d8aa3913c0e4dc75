"""The row of a customer, and of a log partition: all state there is, one encoding each.

A stored row is a fixed header (`alerts.header`) and a positional msgpack body. New fields go to
the end with a default, so a release reads the rows of the one before; `tests/golden/rows.json` pins
the bytes. What has been folded is known three ways: the offset in the header for the log itself,
the last coordinates per source partition for records that travel in source order, and the newest
event ids for all others.

Next step: `alerts.fold` changes rows, `streams.engine.rows` keeps them.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from alerts.header import HEADER_BYTES, Header, pack_header, unpack_header
from alerts.lifecycle import Episode
from scoring.customer import Customer, at_hand, at_rest
from scoring.records import Origin

ORIGINS_MAX: Final = 64
"""Source partitions remembered per customer; the one heard of longest ago goes first."""
IDS_MAX: Final = 256
"""Event ids remembered per customer: a repeat within the last 256 events of a customer is found."""
_ID_BYTES: Final = 8

Place = tuple[str, int, int, int, int]
"""Source, epoch, partition, last offset, last index within the record."""


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """What the last health row told; a new one goes out when any of it changes."""

    distress: int | None = None
    health: int | None = None
    band: str = "unknown"
    waiting: str = "no"
    open_alerts: int = 0
    contacts: int = 0
    promise: str = ""
    quiet: str = "unknown"


class TalkShown(msgspec.Struct, frozen=True, array_like=True):
    """What the last row of one conversation told, as a hash, and when."""

    key: str
    emitted_ms: int
    digest: bytes


class Row(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """All that is kept of one customer.

    Attributes:
        encoding: Version of this encoding; rises when a field changes meaning.
        now_ms: Newest time folded; never runs backwards.
        complete_ms: Newest `complete_to_ms` folded.
        looked_ms: When the scores were last worked out.
        config_hash: Configuration it was last folded under.
        customer: What `scoring` remembers.
        episodes: One per rule that has ever seen something; of rules about conversations one for
            each of these, and one that stands for all that are forgotten.
        places: Last coordinates per source partition, the most recent last.
        ids: Hashes of the newest event ids, 8 bytes each, the newest last.
        folded: Events folded; `duplicates` left out, `failed` put aside.
        failed_ms: When a record last failed to fold.
        version: Health rows decided so far.
        emitted_ms: When the last one was decided; `shown` is what it told.
        emit_ms: When one is due that was held back for the end of its second.
        look_ms: When to look at the scores again.
        day: UTC day of the last record; `since_checkpoint` records since the last checkpoint, which
            was made at `checkpoint_ms`.
        due_ms: Next timer of time, `absence_due_ms` of absence; None for none.
        talks: Conversations that are told; `talks_version` rows were, and one is due at
            `talks_emit_ms`.
    """

    encoding: int = 1
    now_ms: int = 0
    complete_ms: int = 0
    looked_ms: int = 0
    config_hash: str = ""
    customer: Customer = Customer()
    episodes: tuple[Episode, ...] = ()
    places: tuple[Place, ...] = ()
    ids: bytes = b""
    folded: int = 0
    duplicates: int = 0
    failed: int = 0
    failed_ms: int | None = None
    version: int = 0
    emitted_ms: int = 0
    shown: Shown = Shown()
    emit_ms: int | None = None
    look_ms: int | None = None
    day: int = -1
    since_checkpoint: int = 0
    checkpoint_ms: int = 0
    due_ms: int | None = None
    absence_due_ms: int | None = None
    talks: tuple[TalkShown, ...] = ()
    talks_version: int = 0
    talks_emit_ms: int | None = None


class Glance(msgspec.Struct, frozen=True, array_like=True):
    """The few parts of a row that a census asks for; the rest is passed over, not decoded."""

    encoding: int
    now_ms: int
    complete_ms: int
    looked_ms: int
    config_hash: str
    customer: msgspec.Raw
    episodes: tuple[Episode, ...]
    places: msgspec.Raw
    ids: msgspec.Raw
    folded: int
    duplicates: int
    failed: int
    failed_ms: int | None
    version: int
    emitted_ms: int
    shown: Shown


class PartitionRow(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is kept of a log partition as a whole, at key `~`.

    Attributes:
        encoding: Version of this encoding.
        now_ms: Newest time folded in the partition.
        complete_ms: Newest `complete_to_ms`.
        config_hash: Configuration in force, empty before the first.
        heartbeat_ms: When the last heartbeat was decided.
        customers: Customers that have a row.
        folded: Events folded by source; `duplicates` and `failed` likewise (law 5).
        ticks: Ticks folded.
        configs: Offset and hash of the newest changes of configuration. After a crash between two
            batches of a changelog this row may be ahead of its customers' rows, and what they have
            yet to fold again is folded under the configuration of that time (`hash_at`).
    """

    encoding: int = 1
    now_ms: int = 0
    complete_ms: int = 0
    config_hash: str = ""
    heartbeat_ms: int = 0
    customers: int = 0
    folded: dict[str, int] = {}
    duplicates: dict[str, int] = {}
    failed: dict[str, int] = {}
    ticks: int = 0
    configs: tuple[tuple[int, str], ...] = ()


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_glance_decoder = msgspec.msgpack.Decoder(Glance)
_row_decoder = msgspec.msgpack.Decoder(Row)
_partition_decoder = msgspec.msgpack.Decoder(PartitionRow)


def encode_row(row: Row, *, log_epoch: int, offset: int) -> bytes:
    """Header and body of a customer's row.

    >>> decode_row(encode_row(Row(now_ms=5), log_epoch=1, offset=7)).now_ms
    5
    """
    head = Header(log_epoch, offset)
    if row.due_ms is not None:
        head = head._replace(due_ms=row.due_ms)
    if row.absence_due_ms is not None:
        head = head._replace(absence_due_ms=row.absence_due_ms)
    stored = at_rest(row.customer)
    if stored is not row.customer:
        row = msgspec.structs.replace(row, customer=stored)
    return pack_header(head) + _encoder.encode(row)


def decode_row(data: bytes) -> Row | None:
    """Body of a customer's row; None for one that was deleted.

    Raises:
        ValueError: The bytes are too short to be a row.
        msgspec.DecodeError: They hold something else.
    """
    if unpack_header(data).deleted:
        return None
    row = _row_decoder.decode(memoryview(data)[HEADER_BYTES:])
    if not row.customer.packed:
        return row
    return msgspec.structs.replace(row, customer=at_hand(row.customer))


def glance(data: bytes) -> Glance | None:
    """What a census asks of a row, at a fraction of `decode_row`'s cost; errors as there.

    >>> found = glance(encode_row(Row(now_ms=5), log_epoch=1, offset=7))
    >>> found is not None and found.shown == Shown()
    True
    """
    if unpack_header(data).deleted:
        return None
    return _glance_decoder.decode(memoryview(data)[HEADER_BYTES:])


def encode_partition_row(row: PartitionRow, *, log_epoch: int, offset: int) -> bytes:
    """Header and body of a partition's row."""
    return pack_header(Header(log_epoch, offset)) + _encoder.encode(row)


def decode_partition_row(data: bytes) -> PartitionRow:
    """Body of a partition's row; errors as `decode_row`."""
    return _partition_decoder.decode(memoryview(data)[HEADER_BYTES:])


def event_hash(event_id: str) -> bytes:
    """What is remembered of an event id: 8 bytes, so two ids collide once in 2^64 / 256 tries."""
    return hashlib.blake2b(
        event_id.encode("utf-8", "surrogatepass"), digest_size=_ID_BYTES
    ).digest()


def remembers(ids: bytes, one: bytes) -> bool:
    """Is an event id among those remembered?

    >>> remembers(b"aaaaaaaabbbbbbbb", b"bbbbbbbb"), remembers(b"aaaaaaaabbbbbbbb", b"aabbbbbb")
    (True, False)
    """
    at = ids.find(one)
    while at >= 0:
        if at % _ID_BYTES == 0:
            return True
        at = ids.find(one, at + 1)
    return False


def remember(ids: bytes, one: bytes) -> bytes:
    """Add an event id; the oldest of more than `IDS_MAX` goes."""
    return (ids + one)[-IDS_MAX * _ID_BYTES :]


def passed(places: tuple[Place, ...], origin: Origin) -> bool:
    """Has a source partition been folded up to here or further?

    >>> passed((("s", 0, 1, 7, 0),), Origin("s", 1, 7)), passed((), Origin("s", 1, 7))
    (True, False)
    """
    for source, epoch, partition, offset, index in places:
        if partition == origin.partition and source == origin.source and epoch == origin.epoch:
            return (origin.offset, origin.index) <= (offset, index)
    return False


def moved(places: tuple[Place, ...], origin: Origin) -> tuple[Place, ...]:
    """Note how far a source partition has been folded."""
    place = (origin.source, origin.epoch, origin.partition, origin.offset, origin.index)
    if places and places[-1][:3] == place[:3]:
        return (*places[:-1], place)
    rest = tuple(one for one in places if one[:3] != place[:3])
    return (*rest, place)[-ORIGINS_MAX:]
