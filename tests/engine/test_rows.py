"""Rows are restored by fence: the newest state of a customer wins, wherever its record lies."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.header import FENCE_BYTES, HEADER_BYTES, Header, pack_header
from streams.engine.rows import FENCE, Rows, UnreadableRowError

ANN, BOB = b"ann", b"bob"


class Kept(NamedTuple):
    """A record of the changelog."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def row(offset: int, *, epoch: int = 1, deleted: bool = False) -> bytes:
    """A row folded up to an offset of the log."""
    return pack_header(Header(epoch, offset, deleted=deleted)) + b"%d" % offset


def fence(offset: int) -> tuple[tuple[str, bytes], ...]:
    """The header of a tombstone that ends a row folded up to an offset."""
    return ((FENCE, row(offset)[:FENCE_BYTES]),)


def restored(*records: Kept) -> tuple[Rows, int]:
    """Rows after these records, and how many of them were stale."""
    rows = Rows()
    return rows, rows.restore(0, records)


def test_the_last_record_wins_when_it_is_the_newest() -> None:
    """As everywhere in Kafka."""
    rows, stale = restored(Kept(0, ANN, row(1)), Kept(1, BOB, row(2)), Kept(2, ANN, row(3)))
    assert (rows.of(0), stale, rows.position(0)) == ({ANN: row(3), BOB: row(2)}, 0, 3)


def test_a_stale_write_behind_the_newest_is_outvoted_and_counted() -> None:
    """What a frozen worker sends after it wakes changes nothing."""
    rows, stale = restored(Kept(0, ANN, row(9)), Kept(1, ANN, row(4)))
    assert (rows.of(0), stale, rows.position(0)) == ({ANN: row(9)}, 1, 2)


def test_a_later_epoch_of_the_log_wins_over_a_higher_offset() -> None:
    """Offsets begin anew with an epoch."""
    rows, _ = restored(Kept(0, ANN, row(900, epoch=1)), Kept(1, ANN, row(2, epoch=2)))
    assert rows.of(0) == {ANN: row(2, epoch=2)}


@pytest.mark.parametrize(
    ("ends", "left"), [(8, {ANN: row(9)}), (9, {}), (10, {})], ids=["older", "equal", "newer"]
)
def test_a_tombstone_ends_a_row_up_to_its_fence(ends: int, left: dict[bytes, bytes]) -> None:
    """A stale null deletes nothing."""
    rows, stale = restored(Kept(0, ANN, row(9)), Kept(1, ANN, None, fence(ends)))
    assert (rows.of(0), stale) == (left, int(bool(left)))


def test_a_tombstone_without_a_fence_ends_only_what_was_deleted() -> None:
    """A null that someone else wrote must not cost a customer's row."""
    rows, stale = restored(
        Kept(0, ANN, row(1)),
        Kept(1, BOB, row(2, deleted=True)),
        Kept(2, ANN, None),
        Kept(3, BOB, None),
    )
    assert (rows.of(0), stale) == ({ANN: row(1)}, 1)


def test_a_tombstone_of_an_unknown_row_is_nothing() -> None:
    """Compaction has removed the row, and will remove the null."""
    assert restored(Kept(7, ANN, None, fence(1)))[0].position(0) == 8


def test_a_deleted_row_still_outvotes_a_stale_write() -> None:
    """Its header stays until no stale write of it is credible."""
    rows, stale = restored(Kept(0, ANN, row(5, deleted=True)), Kept(1, ANN, row(4)))
    assert (rows.of(0), stale) == ({ANN: row(5, deleted=True)}, 1)


@pytest.mark.parametrize("value", [b"", b"x" * (HEADER_BYTES - 1)], ids=["empty", "short"])
def test_what_is_no_row_is_refused_with_its_place(value: bytes) -> None:
    """Skipping it would lose a customer in silence."""
    with pytest.raises(UnreadableRowError, match=r"partition 0 offset 4: \d+ bytes"):
        restored(Kept(4, ANN, value))
    with pytest.raises(UnreadableRowError, match="partition 0 offset 4: no key"):
        restored(Kept(4, None, row(1)))


def test_nothing_restored_leaves_the_position() -> None:
    """An empty fetch is no progress."""
    rows, _ = restored(Kept(4, ANN, row(1)))
    assert (rows.restore(0, []), rows.position(0)) == (0, 5)


def test_stored_rows_are_gone_when_they_end_or_the_partition_moves() -> None:
    """`store` follows the cycle; `drop` forgets rows and position."""
    rows = Rows()
    rows.store(0, {ANN: row(1), BOB: row(2)}, position=2)
    rows.store(0, {ANN: None}, position=3)
    assert (rows.of(0), rows.position(0)) == ({BOB: row(2)}, 3)
    newest = rows.newest(0)
    assert newest is not None and newest.offset == 2
    rows.drop(0)
    assert (rows.of(0), rows.position(0), rows.newest(0)) == ({}, 0, None)


def test_what_others_wrote_between_our_writes_is_read_by_the_next_restore() -> None:
    """A worker that was frozen has missed rows, though its own stale ones come after them."""
    rows = Rows()
    rows.store(0, {ANN: row(1)}, position=1)
    rows.store(0, {ANN: row(2)}, position=3)  # ours is at 2: what is at 1?
    assert rows.position(0) == 1
    rows.restore(0, [Kept(1, ANN, row(9)), Kept(2, ANN, row(2))])
    assert (rows.of(0), rows.position(0)) == ({ANN: row(9)}, 3)


def test_an_end_that_was_reached_over_compacted_records_is_the_position() -> None:
    """Our next record continues it."""
    rows = Rows()
    rows.reached(0, 500)
    rows.store(0, {ANN: row(1)}, position=501)
    assert rows.position(0) == 501


@given(st.permutations(range(6)), st.integers(0, 6))
def test_whatever_order_records_land_in_the_highest_fence_wins(order: list[int], cut: int) -> None:
    """Also when the restore is interrupted and goes on."""
    records = [Kept(place, ANN, row(offset)) for place, offset in enumerate(order)]
    rows = Rows()
    rows.restore(0, records[:cut])
    rows.restore(0, records[cut:])
    assert (rows.of(0), rows.position(0)) == ({ANN: row(5)}, 6)
