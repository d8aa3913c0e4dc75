"""Records put aside, with the reason and enough to replay them: `nabz.dead-letters.v1`.

Reasons are a closed set, which is also the label of the metric. A dead letter holds hash, size and
up to 64 kB of the original bytes, and nothing else of what a customer wrote.

Next step: `nabz dlq list` shows them.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

import msgspec

ORIGINAL_MAX_BYTES: Final = 64 * 1024

REASONS: Final = (
    "empty",            # no value at all
    "not_text",         # not UTF-8, or control bytes where text should be
    "not_json",         # cut off, or no JSON
    "not_an_object",    # JSON, but a list or a number
    "too_large",        # more bytes than a record may have
    "too_deep",         # nested beyond reason
    "missing_field",    # a field the mapping needs is not there
    "wrong_type",       # a field is there but holds something else
    "bad_time",         # a time that cannot be read
    "future",           # more than 10 minutes ahead of the reader
    "unknown_author",   # the role map has no row for it
    "no_customer",      # nobody to attribute it to
    "mapping_failed",   # a defect of ours: the mapping raised
    "fold_failed",      # a defect of ours: the fold raised
)  # fmt: skip
"""Why a record was put aside."""


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of `nabz.dead-letters.v1`.

    Attributes:
        source: Source of the record, or `customer-log` for a failed fold.
        topic: Where the record stands; file name where the source is files.
        reason: One of `REASONS`.
        field: The field or path it is about; never its content.
        size: Bytes of the original.
        sha256: Of the original.
        original: Up to 64 kB of it, base64.
        key: Its key, base64.
        at_ms: When it was put aside.
    """

    source: str
    topic: str
    partition: int
    offset: int
    reason: str
    at_ms: int
    size: int
    sha256: str
    field: str = ""
    epoch: int = 0
    original: str = ""
    key: str = ""


def dead_letter(
    *,
    source: str,
    topic: str,
    partition: int,
    offset: int,
    reason: str,
    value: bytes | None,
    key: bytes | None = None,
    field: str = "",
    epoch: int = 0,
    at_ms: int,
) -> DeadLetter:
    """Put a record aside.

    >>> dead_letter(source="s", topic="t", partition=0, offset=7, reason="empty", value=None,
    ...             at_ms=5).size
    0
    """
    body = b"" if value is None else value
    return DeadLetter(
        source=source,
        topic=topic,
        partition=partition,
        offset=offset,
        reason=reason,
        at_ms=at_ms,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        field=field,
        epoch=epoch,
        original=base64.b64encode(body[:ORIGINAL_MAX_BYTES]).decode(),
        key="" if key is None else base64.b64encode(key[:1024]).decode(),
    )
