"""The fixed bytes at the front of every stored row: where it stands and when it is due.

A worker restores a partition, rebuilds its timers and drops stale writes by these bytes alone,
without decoding a row. The fence comes first and is big-endian, so two fences compare as bytes.

Next step: `alerts.fold` writes the header with the row, `streams.engine.rows` restores by it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_HEADER = struct.Struct(">IQQQBB")
HEADER_BYTES = _HEADER.size
FENCE_BYTES = 12
NEVER_MS = 2**63 - 1
_DELETED = 1


class Header(NamedTuple):
    """What the first bytes of a row say.

    Attributes:
        log_epoch: Epoch of the customer log the offset belongs to.
        offset: Offset of the last record folded into the row.
        due_ms: When the next timer is due that waits for nothing but time, `NEVER_MS` for none.
        absence_due_ms: When the next one is due that rests on absence: it fires once all sources
            have been read up to there.
        deleted: The row is gone; the header stays until no stale write of it is credible.
        version: Encoding version of the bytes that follow.
    """

    log_epoch: int
    offset: int
    due_ms: int = NEVER_MS
    absence_due_ms: int = NEVER_MS
    deleted: bool = False
    version: int = 1


def pack_header(header: Header) -> bytes:
    """Encode a header.

    >>> len(pack_header(Header(1, 7))) == HEADER_BYTES
    True
    >>> pack_header(Header(1, 300))[:FENCE_BYTES] > pack_header(Header(1, 299))[:FENCE_BYTES]
    True
    """
    flags = _DELETED if header.deleted else 0
    return _HEADER.pack(
        header.log_epoch,
        header.offset,
        header.due_ms,
        header.absence_due_ms,
        flags,
        header.version,
    )


def unpack_header(row: bytes) -> Header:
    """Decode the header of a stored row.

    Raises:
        ValueError: The bytes are too short to be a row.

    >>> unpack_header(pack_header(Header(2, 9, due_ms=5, absence_due_ms=6, deleted=True)))
    Header(log_epoch=2, offset=9, due_ms=5, absence_due_ms=6, deleted=True, version=1)
    """
    if len(row) < HEADER_BYTES:
        raise ValueError(f"a row starts with {HEADER_BYTES} bytes of header, found {len(row)}")
    epoch, offset, due_ms, absence_due_ms, flags, version = _HEADER.unpack_from(row)
    return Header(epoch, offset, due_ms, absence_due_ms, bool(flags & _DELETED), version)
