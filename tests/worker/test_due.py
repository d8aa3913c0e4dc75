"""Who has a timer coming due: the index against a plain dictionary."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.header import NEVER_MS, Header, pack_header
from scoring.records import PARTITION_KEY
from streams.worker.due import DueIndex

keys = st.sampled_from([b"ann", b"bo", b"cy", b"di"])
times = st.sampled_from([0, 1, 5, 6, NEVER_MS])
steps = st.lists(
    st.tuples(keys, st.tuples(times, times) | st.none())
    | st.tuples(st.integers(-1, 7), st.tuples(st.integers(-1, 7), st.integers(0, 3))),
    max_size=60,
)


def row(due_ms: int, absence_due_ms: int) -> bytes:
    """A stored row, of which the index reads the header only."""
    return pack_header(Header(1, 7, due_ms, absence_due_ms)) + b"body"


@given(steps)
def test_the_index_says_what_the_rows_say(given_steps: list[tuple[object, object]]) -> None:
    """Whoever is due by then, the earliest first, each once until its row is stored again."""
    index = DueIndex()
    rows: dict[bytes, tuple[int, int]] = {}
    for what, how in given_steps:
        if isinstance(what, bytes):
            due = how if isinstance(how, tuple) else None
            index.change([(what, None if due is None else row(*due))])
            rows.pop(what, None)
            if due is not None and due != (NEVER_MS, NEVER_MS):
                rows[what] = due
            continue
        assert isinstance(what, int) and isinstance(how, tuple)
        absence_ms, limit = how
        by_time = sorted((due[0], key) for key, due in rows.items() if due[0] <= what)
        others = {key: due for key, due in rows.items() if due[0] > what}
        by_absence = sorted((due[1], key) for key, due in others.items() if due[1] <= absence_ms)
        expected = [(key, due_ms) for due_ms, key in [*by_time, *by_absence]][:limit]
        assert index.take(time_ms=what, absence_ms=absence_ms, limit=limit) == expected
        for key, _ in expected:
            del rows[key]
    assert len(index) == len(rows)
    assert index.all() == sorted(((k, min(due)) for k, due in rows.items()), key=lambda x: x[::-1])


def test_an_index_is_rebuilt_from_the_rows_of_a_partition() -> None:
    """The partition's own row and what has no timer are none of it."""
    rows = {
        b"ann": row(5, NEVER_MS),
        b"bo": row(NEVER_MS, NEVER_MS),
        b"cy": pack_header(Header(1, 8, deleted=True)),
        PARTITION_KEY: row(1, 1),
    }
    index = DueIndex(rows)
    assert index.all() == [(b"ann", 5)] and len(index) == 1


def test_a_timer_that_moved_on_is_not_taken_at_its_old_time() -> None:
    """What counts is the row stored last."""
    index = DueIndex({b"ann": row(5, NEVER_MS)})
    index.change([(b"ann", row(9, NEVER_MS))])
    assert index.take(time_ms=8, absence_ms=8, limit=9) == []
    assert index.take(time_ms=9, absence_ms=0, limit=9) == [(b"ann", 9)]


def test_the_earliest_come_first_and_those_of_time_before_those_of_absence() -> None:
    """As far as the limit goes; the rest stays for the next pass."""
    index = DueIndex({b"ann": row(7, NEVER_MS), b"bo": row(5, 1), b"cy": row(NEVER_MS, 3)})
    assert index.take(time_ms=9, absence_ms=9, limit=1) == [(b"bo", 5)]
    assert index.take(time_ms=9, absence_ms=9, limit=9) == [(b"ann", 7), (b"cy", 3)]
    assert index.take(time_ms=9, absence_ms=9, limit=9) == []


def test_the_queues_do_not_grow_with_the_rows_that_change() -> None:
    """Stale entries are swept out once they are many times the live ones."""
    index = DueIndex()
    for number in range(10_000):
        index.change([(b"ann", row(number, number + 5)), (b"bo", row(NEVER_MS, number))])
    assert len(index._time) + len(index._absence) < 200
    assert index.take(time_ms=9_999, absence_ms=9_999, limit=9) == [(b"ann", 9_999), (b"bo", 9_999)]
