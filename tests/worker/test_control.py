"""What the processes of one installation tell each other."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.control import (
    IN_FORCE,
    Control,
    Counts,
    InForce,
    Progress,
    config_key,
    progress_key,
)


def progress(
    source: str = "chat", partition: int = 0, complete_ms: int | None = 5, *, partitions: int = 1,
    epoch: int = 0, newest_ms: int | None = 9, finished: bool = False,
) -> Progress:  # fmt: skip
    """How far one source partition is."""
    return Progress(
        source, epoch, partition, partitions, 7, complete_ms, newest_ms, finished, Counts(), 1
    )


def control(*told: Progress) -> Control:
    """The topic with these records in it."""
    found = Control()
    for one in told:
        found.apply(progress_key(one), msgspec.json.encode(one))
    return found


COMPLETE: dict[str, tuple[list[Progress], list[str], int]] = {
    "nothing told": ([], ["chat"], 0),
    "no sources": ([progress()], [], 0),
    "one partition": ([progress()], ["chat"], 5),
    "the least of two": (
        [progress(partitions=2), progress(partition=1, complete_ms=3, partitions=2)], ["chat"], 3,
    ),
    "a partition that has not told": ([progress(partitions=2)], ["chat"], 0),
    "a source that has not told": ([progress()], ["chat", "mail"], 0),
    "a source not asked for": ([progress(), progress("mail", complete_ms=1)], ["chat"], 5),
    "nothing can be said yet": ([progress(complete_ms=None)], ["chat"], 0),
    "a finished one holds nobody back": (
        [progress(complete_ms=1, finished=True, partitions=2), progress(partition=1, partitions=2)],
        ["chat"], 5,
    ),
    "all finished": (
        [progress(finished=True), progress("mail", newest_ms=11, finished=True)],
        ["chat", "mail"], 11,
    ),
    "finished and empty": ([progress(finished=True, newest_ms=None)], ["chat"], 0),
    "a rewind repeats old times": ([progress(), progress(epoch=1, complete_ms=1)], ["chat"], 5),
    "a rewind alone says nothing": ([progress(epoch=1)], ["chat"], 0),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLETE)
def test_up_to_when_all_sources_have_been_read(name: str) -> None:
    """The least of all partitions that are still being read; 0 while one has not told."""
    told, sources, expected = COMPLETE[name]
    assert control(*told).complete_to_ms(sources) == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=4, max_size=20))
def test_the_newest_record_of_a_key_counts(given_told: list[tuple[int, int]]) -> None:
    """The topic is compacted: what stands last is what holds."""
    told = [progress(partition=p, complete_ms=at, partitions=4) for p, at in given_told]
    newest = dict(given_told)
    expected = min(newest.values()) if len(newest) == 4 else 0
    assert control(*told).complete_to_ms(["chat"]) == expected


def test_configurations_and_the_one_in_force_are_known() -> None:
    """A tombstone takes a body away."""
    found = Control()
    found.apply(config_key("a"), b"{}")
    found.apply(config_key("b"), b'{"clock":"live"}')
    found.apply(IN_FORCE, msgspec.json.encode(InForce("b", 5)))
    assert found.bodies == {"a": b"{}", "b": b'{"clock":"live"}'}
    assert found.in_force == InForce("b", 5)
    found.apply(config_key("a"), None)
    found.apply(config_key("never"), None)
    found.apply(IN_FORCE, None)
    assert list(found.bodies) == ["b"] and found.in_force == InForce("b", 5)


def test_progress_that_was_taken_back_counts_no_more() -> None:
    """A source that was removed; its name may hold colons."""
    one = progress("eu:chat")
    found = control(one)
    assert found.complete_to_ms(["eu:chat"]) == 5
    found.apply(progress_key(one), None)
    found.apply(progress_key(progress("other")), None)
    assert found.progress == {}


@pytest.mark.parametrize("key", [None, b"", b"silence:7", b"\xff\xfe", b"configuration"])
def test_keys_of_other_kinds_are_left_to_those_who_know_them(key: bytes | None) -> None:
    """Silences and holds are the notifier's."""
    found = Control()
    found.apply(key, b"not json")
    assert (found.bodies, found.in_force, found.progress) == ({}, None, {})
