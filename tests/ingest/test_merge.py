"""Source partitions become one stream in event-time order, and say how complete it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.control import Place
from streams.ingest.merge import MINUTE_MS, Emitted, Item, Merge, Partition

A: Place = ("a", 0, 0)
B: Place = ("b", 0, 0)


def merging(*, lateness_ms: int = 0, queue_max: int = 100, **times: list[int]) -> Merge[str]:
    """A merge of finished partitions, named by letter, with records of these times."""
    merge: Merge[str] = Merge(queue_max=queue_max)
    for name, some in times.items():
        place = name, 0, 0
        merge.partitions[place] = Partition(lateness_ms)
        merge.feed(place, [Item(n, time_ms, f"{name}{n}") for n, time_ms in enumerate(some)])
        merge.partitions[place].ended = merge.partitions[place].finished = True
    return merge


def all_of(merge: Merge[str], others_ms: int | None = None) -> list[Emitted[str]]:
    """Everything that may go now."""
    return list(merge.emit(10_000, others_ms=others_ms))


def test_files_are_merged_exactly() -> None:
    """A backfill is folded in the order it was lived; at one time, in the order of the sources."""
    merge = merging(a=[10, 30, 30], b=[5, 10, 40])
    assert [one.item.what for one in all_of(merge)] == ["b0", "a0", "b1", "a1", "a2", "b2"]


def test_a_partition_keeps_its_own_order() -> None:
    """A late record goes when it stands in line, never before its predecessors."""
    found = all_of(merging(a=[10, 3, 20], b=[12]))
    assert [one.item.what for one in found] == ["a0", "a1", "b0", "a2"]
    assert [one.newest_ms for one in found] == [10, 10, 12, 20]


def test_a_record_carries_the_least_of_all_partitions() -> None:
    """Its own time counts, less the lateness of the source; and nobody who is finished."""
    merge = merging(lateness_ms=5, a=[100, 200], b=[150])
    assert [one.complete_ms for one in all_of(merge)] == [95, 145, 195]


def test_without_lateness_the_same_millisecond_is_still_to_come() -> None:
    """Two records of one time: the first must not vouch for the second."""
    merge = merging(a=[100], b=[100])
    assert [one.complete_ms for one in all_of(merge)] == [99, 99]


def test_other_processes_hold_completeness_back_but_not_order() -> None:
    """What they have published is all that is known of them."""
    assert [one.complete_ms for one in all_of(merging(a=[100, 200]), others_ms=50)] == [50, 50]


def test_completeness_never_falls() -> None:
    """Not even when a partition comes to us that is far behind."""
    merge = merging(a=[1_000])
    assert all_of(merge)[0].complete_ms == 999
    merge.partitions[B] = Partition(0)
    merge.feed(B, [Item(0, 5, "b0")])
    assert all_of(merge)[0].complete_ms == 999


def test_newer_records_wait_for_an_unread_partition() -> None:
    """It may hold older ones; once it is known to be at its end, nobody waits."""
    merge = merging(a=[100])
    merge.partitions[B] = Partition(0)
    assert all_of(merge) == []
    merge.partitions[B].ended = True
    assert [one.item.what for one in all_of(merge)] == ["a0"]


def test_an_emptied_partition_is_waited_for_again() -> None:
    """Order is kept across fetches: what a partition had is read, what comes next is not known."""
    merge = merging(a=[100, 300])
    merge.partitions[B] = Partition(0)
    merge.feed(B, [Item(0, 200, "b0")])
    assert [one.item.what for one in all_of(merge)] == ["a0", "b0"]
    merge.feed(B, [Item(1, 250, "b1")])
    assert [one.item.what for one in all_of(merge)] == ["b1"]


def test_a_partition_that_cannot_be_read_stops_completeness_only() -> None:
    """An outage of one partition must not keep records of the others from their customers."""
    merge = merging(a=[100])
    merge.partitions[B] = Partition(0, newest_ms=40)
    found = list(merge.emit(10, passed_over=[B]))
    assert [(one.item.what, one.complete_ms) for one in found] == [("a0", 39)]


def test_a_partition_read_to_its_end_vouches_for_the_time_of_that_fetch() -> None:
    """An idle source holds nobody back while fetches are answered."""
    merge = merging(a=[5_000])
    merge.partitions[B] = Partition(10, ended=True, ended_ms=4_000)
    assert all_of(merge)[0].complete_ms == 3_990


def test_completeness_does_not_pass_a_turn_that_is_held() -> None:
    """A held turn is not yet appended, whatever is known of later ones."""
    merge = merging(lateness_ms=10, a=[100, 200, 300])
    emitted = merge.emit(10)
    assert next(emitted).complete_ms == 90
    merge.partitions[A].held_ms = 100
    assert next(emitted).complete_ms == 90
    merge.partitions[A].held_ms = None
    assert next(emitted).complete_ms == 290


def test_records_without_a_time_go_when_they_stand_in_line() -> None:
    """A record that cannot be understood takes the time of its predecessor."""
    merge: Merge[str] = Merge()
    merge.partitions[A] = Partition(0, ended=True, finished=True)
    merge.feed(A, [Item(0, 50, "a0"), Item(1, None, "bad"), Item(2, 60, "a2")])
    assert [(one.item.what, one.newest_ms) for one in all_of(merge)] == [
        ("a0", 50),
        ("bad", 50),
        ("a2", 60),
    ]


def test_commands_wait_for_nobody() -> None:
    """Nor does anybody wait for them."""
    merge: Merge[str] = Merge()
    merge.partitions[A] = Partition(0)
    merge.partitions[B] = Partition(0, counts=False)
    merge.feed(B, [Item(0, None, "ack")])
    assert [one.item.what for one in all_of(merge)] == ["ack"]
    merge.feed(A, [Item(0, 10, "a0")])
    assert [one.item.what for one in all_of(merge)] == ["a0"]


def test_a_partition_far_ahead_of_an_unread_one_pauses() -> None:
    """A minute of event time is enough to have at hand, or a full queue."""
    merge: Merge[str] = Merge(queue_max=3)
    merge.partitions[A] = Partition(0)
    merge.partitions[B] = Partition(0, newest_ms=1_000)
    merge.feed(A, [Item(0, 1_000 + MINUTE_MS, "a0")])
    assert merge.room(A) == 2
    merge.feed(A, [Item(1, None, "a1"), Item(2, None, "a2")])
    assert merge.room(A) == 0
    merge = Merge(queue_max=3)
    merge.partitions[A] = Partition(0)
    merge.partitions[B] = Partition(0, newest_ms=1_000)
    merge.feed(A, [Item(0, 1_001 + MINUTE_MS, "a0")])
    assert merge.room(A) == 0
    assert merge.room(B) == 3


@given(
    st.lists(st.lists(st.integers(1, 50), max_size=8), min_size=1, max_size=4),
    st.integers(0, 20),
    st.integers(1, 5),
)
def test_a_merge_of_any_files_keeps_its_promises(
    files: list[list[int]], lateness_ms: int, chunk: int
) -> None:
    """However they are cut into fetches: one order, and no record vouched for too early."""
    merge: Merge[str] = Merge(queue_max=chunk)
    places: list[Place] = [("s", 0, number) for number in range(len(files))]
    for place in places:
        merge.partitions[place] = Partition(lateness_ms)
    left = dict.fromkeys(places, 0)
    out: list[Emitted[str]] = []
    while len(out) < sum(map(len, files)) or not all(
        one.finished for one in merge.partitions.values()
    ):
        for place in places:
            file = files[place[2]]
            some = range(left[place], min(len(file), left[place] + merge.room(place)))
            if some:
                merge.feed(place, [Item(n, file[n], "") for n in some])
                left[place] = some.stop
            if left[place] == len(file):
                merge.partitions[place].ended = merge.partitions[place].finished = True
        out += merge.emit(chunk)
    whole: Merge[str] = Merge(queue_max=100)
    for place in places:
        whole.partitions[place] = Partition(lateness_ms, ended=True, finished=True)
        whole.partitions[place].queue.extend(
            Item(n, time_ms, "") for n, time_ms in enumerate(files[place[2]])
        )
    assert [(one.place, one.item) for one in out] == [
        (one.place, one.item) for one in whole.emit(1_000)
    ]
    complete = [one.complete_ms for one in out]
    assert complete == sorted(complete)
    for place in places:
        file = files[place[2]]
        in_time = {
            n
            for n, time_ms in enumerate(file)
            if time_ms >= max(file[: n + 1]) - max(lateness_ms, 1) + 1
        }
        for number, one in enumerate(out):
            late = [x for x in out[number:] if x.place == place and x.item.offset in in_time]
            assert all(x.item.time_ms is None or x.item.time_ms > one.complete_ms for x in late)
