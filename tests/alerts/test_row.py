"""All state there is: its bytes, and how a repeat is known."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.header import HEADER_BYTES, NEVER_MS, Header, pack_header, unpack_header
from alerts.row import (
    IDS_MAX,
    ORIGINS_MAX,
    PartitionRow,
    Place,
    Row,
    decode_partition_row,
    decode_row,
    encode_partition_row,
    encode_row,
    event_hash,
    glance,
    moved,
    passed,
    remember,
    remembers,
)
from scoring.config import DAY_MS, MINUTE_MS
from scoring.records import LogRecord, Origin
from tests.strategies import (
    BASE_MS,
    CONFIG,
    answer,
    command,
    fold_all,
    logs,
    outcome,
    profile,
    signal,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "rows.json"
T = BASE_MS

ROW = fold_all(
    [
        profile(T - 5, name="Sara", tier="gold"),
        signal(T, 2_500, ordered=True),
        signal(T + 500, 2_000, ordered=True),
        command(T + 1_000, "ack"),
        signal(T + 1_000, 2_000, ordered=True),
        answer(T + MINUTE_MS, ordered=True),
        signal(T + MINUTE_MS, 2_500, ordered=True),
        outcome(T + 2 * MINUTE_MS, "complaint"),
    ],
    CONFIG,
)[-1].row
PARTITION = PartitionRow(
    now_ms=T, complete_ms=T - 5, config_hash="b", heartbeat_ms=T - 9, customers=3,
    folded={"tickets": 5, "chat": 2}, duplicates={"chat": 1}, failed={"tickets": 1}, ticks=7,
    configs=((3, "a"), (9, "b")),
)  # fmt: skip


def golden() -> dict[str, str]:
    """The pinned bytes."""
    found: dict[str, str] = json.loads(GOLDEN.read_text())
    return found


def test_the_bytes_of_a_row_are_pinned() -> None:
    """State at rest outlives the release that wrote it."""
    assert encode_row(ROW, log_epoch=1, offset=9).hex() == golden()["row"]
    assert decode_row(bytes.fromhex(golden()["row"])) == ROW
    assert ROW.duplicates == 1 and ROW.episodes and ROW.places and ROW.absence_due_ms is not None


def test_the_bytes_of_a_partition_row_are_pinned() -> None:
    """Counts are sorted by source: equal content has equal bytes."""
    assert encode_partition_row(PARTITION, log_epoch=1, offset=9).hex() == golden()["partition"]
    assert decode_partition_row(bytes.fromhex(golden()["partition"])) == PARTITION
    turned = msgspec.structs.replace(PARTITION, folded={"chat": 2, "tickets": 5})
    assert encode_partition_row(turned, log_epoch=1, offset=9).hex() == golden()["partition"]


def test_a_row_of_many_days_is_stored_packed_and_comes_back_whole() -> None:
    """Long rings are packed at rest only; whoever works with a row never sees it."""
    row = fold_all([signal(T + day * DAY_MS, 100) for day in range(60)], CONFIG)[-1].row
    stored = encode_row(row, log_epoch=1, offset=9)
    assert len(stored) < len(msgspec.msgpack.encode(row))
    assert decode_row(stored) == row


def test_rows_written_before_the_newest_fields_still_decode() -> None:
    """New fields go to the end with a default; those of a newer release are passed over."""
    body = msgspec.msgpack.decode(msgspec.msgpack.encode(ROW))
    head = pack_header(Header(1, 9))
    short = decode_row(head + msgspec.msgpack.encode(body[:-3]))
    assert short == msgspec.structs.replace(ROW, talks=(), talks_version=0, talks_emit_ms=None)
    assert short != ROW
    assert decode_row(head + msgspec.msgpack.encode([*body, "new"])) == ROW
    own = msgspec.msgpack.decode(msgspec.msgpack.encode(PARTITION))
    older = decode_partition_row(head + msgspec.msgpack.encode(own[:-1]))
    assert older == msgspec.structs.replace(PARTITION, configs=())


def test_an_episode_written_before_the_newest_fields_still_decodes() -> None:
    """The same for the parts of a row."""
    body = msgspec.msgpack.decode(msgspec.msgpack.encode(ROW))
    place = Row.__struct_fields__.index("episodes")
    body[place] = [one[:-4] for one in body[place]]
    found = decode_row(pack_header(Header(1, 9)) + msgspec.msgpack.encode(body))
    assert found is not None
    assert [one.rule for one in found.episodes] == [one.rule for one in ROW.episodes]
    assert all(one.closed_ms is None and not one.renewed for one in found.episodes)


def test_the_header_says_when_a_row_is_due() -> None:
    """And never for no timer; a time before 1970 is due at once."""
    due = unpack_header(encode_row(Row(due_ms=5, absence_due_ms=0), log_epoch=2, offset=7))
    assert due == Header(2, 7, due_ms=5, absence_due_ms=0)
    idle = unpack_header(encode_row(Row(), log_epoch=2, offset=7))
    assert (idle.due_ms, idle.absence_due_ms) == (NEVER_MS, NEVER_MS)


def test_a_deleted_row_has_no_body() -> None:
    """It stays as its header until no stale write is credible."""
    gone = pack_header(Header(1, 7, deleted=True))
    assert decode_row(gone) is None
    assert glance(gone) is None


def test_what_is_no_row_is_refused() -> None:
    """An undecodable row is not a value: the process ends."""
    with pytest.raises(ValueError, match="30 bytes"):
        decode_row(b"short")
    with pytest.raises(msgspec.DecodeError):
        decode_row(bytes(HEADER_BYTES) + b"\xc1")
    with pytest.raises(msgspec.DecodeError):
        decode_partition_row(bytes(HEADER_BYTES) + b"\xc1")


@given(logs(customers=[b"ann"]))
def test_a_row_comes_back_from_its_bytes(log: list[tuple[bytes, LogRecord]]) -> None:
    """Byte for byte, whatever was folded."""
    row = fold_all([record for key, record in log if key == b"ann"] or [signal(T)], CONFIG)[-1].row
    data = encode_row(row, log_epoch=1, offset=3)
    back = decode_row(data)
    assert back == row
    assert encode_row(back, log_epoch=1, offset=3) == data


# ---------------------------------------------------------------------- repeats


@given(st.lists(st.integers(0, 400), max_size=600))
def test_the_newest_event_ids_are_remembered(numbers: list[int]) -> None:
    """A repeat within the last 256 is found; 2 kB are the most it costs."""
    ids = b""
    for number in numbers:
        ids = remember(ids, event_hash(str(number)))
    assert len(ids) <= 8 * IDS_MAX
    newest = {str(number) for number in numbers[-IDS_MAX:]}
    for number in range(401):
        assert remembers(ids, event_hash(str(number))) == (str(number) in newest)


def test_an_id_is_found_at_its_place_only() -> None:
    """Eight bytes that straddle two ids are not an id; one behind them still is."""
    one, other = b"abcdefgh", b"ijklmnop"
    assert not remembers(one + other, b"efghijkl")
    assert remembers(one + b"efghijkl" * 2, b"efghijkl")
    assert remembers(one[4:] + b"xxxx" + b"cdefghxx" + one, one)


def test_a_hash_is_pinned_and_takes_any_text() -> None:
    """It is state: another hash would fold every repeat once more."""
    assert event_hash("tickets/3-41").hex() == "9c113cb897cfafd3"
    assert event_hash("\ud800") != event_hash("\ud801")


def _origin(offset: int, index: int = 0, **changes: int | str) -> Origin:
    facts: dict[str, int | str] = {"source": "chat", "partition": 0, "epoch": 0}
    return Origin(offset=offset, index=index, **(facts | changes))  # type: ignore[arg-type]


def test_a_source_partition_is_passed_up_to_its_last_coordinate() -> None:
    """Offset first, then the place within the record; per source, partition and epoch."""
    places = moved((), _origin(7, 1))
    assert passed(places, _origin(7, 1)) and passed(places, _origin(6, 9))
    assert not passed(places, _origin(7, 2)) and not passed(places, _origin(8))
    for other in ({"source": "mail"}, {"partition": 1}, {"epoch": 1}):
        assert not passed(places, _origin(7, 1, **other))


def test_each_source_partition_has_one_place_and_the_most_recent_is_last() -> None:
    """Also where two take turns."""
    places: tuple[Place, ...] = ()
    for offset, source in enumerate(("a", "b", "a", "a", "b")):
        places = moved(places, _origin(offset, source=source))
    assert places == (("a", 0, 0, 3, 0), ("b", 0, 0, 4, 0))


def test_the_source_partition_heard_of_longest_ago_is_forgotten_first() -> None:
    """Sixty-four are remembered."""
    places: tuple[Place, ...] = ()
    for number in range(ORIGINS_MAX):
        places = moved(places, _origin(5, partition=number))
    places = moved(places, _origin(6, partition=0))
    places = moved(places, _origin(5, partition=99))
    assert len(places) == ORIGINS_MAX
    assert passed(places, _origin(6, partition=0))
    assert not passed(places, _origin(5, partition=1))
