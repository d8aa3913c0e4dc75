"""State outlives releases: rows of earlier ones go on, and those of a later one are read.

`tests/golden/earlier_rows.json` holds `rows.json` as it was after each change of it, by the commit.
When `rows.json` is pinned anew, what it held before is added there, and nothing is ever taken away.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.header import HEADER_BYTES
from alerts.row import decode_partition_row, decode_row, encode_row
from tests.alerts.test_row import ROW
from tests.strategies import BASE_MS, CONFIG, fold_all, signal

EARLIER: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "earlier_rows.json").read_text(encoding="utf-8")
)
NEXT_MS = BASE_MS + 3 * 60_000


@pytest.mark.parametrize("pinned", EARLIER.values(), ids=EARLIER)
def test_a_row_of_an_earlier_release_goes_on(pinned: dict[str, str]) -> None:
    """After an upgrade the next message of a customer is folded onto the row that is there."""
    old = decode_row(bytes.fromhex(pinned["row"]))
    assert old is not None
    (folded,) = fold_all([signal(NEXT_MS, 2_000)], CONFIG, row=old, first=100)
    new = folded.row
    assert (new.folded, new.failed) == (old.folded + 1, old.failed)
    assert decode_row(encode_row(new, log_epoch=1, offset=100)) == new
    partition = decode_partition_row(bytes.fromhex(pinned["partition"]))
    assert partition.folded == {"chat": 2, "tickets": 5}


def test_a_row_of_a_later_release_is_read_after_a_rollback() -> None:
    """What a later release has put at the end of a row is passed over."""
    row = encode_row(ROW, log_epoch=1, offset=9)
    fields: list[Any] = msgspec.msgpack.decode(row[HEADER_BYTES:])
    later = msgspec.msgpack.encode([*fields, "of a later release"])
    assert decode_row(row[:HEADER_BYTES] + later) == ROW
