"""Records taken in a second time: under an epoch of their own, and nothing counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from scoring.records import Cue, LogRecord, Origin, Reading, Signal, encode_record
from streams.clock import wall_ms
from streams.control import Control
from streams.dead_letters import dead_letter
from streams.engine.brokers import Broker
from streams.engine.kafka_reads import begins, ends, offsets_at, read
from streams.ingest.again import Again, Original, Taken, letters, next_epoch, originals
from streams.ingest.intake import compiled
from streams.settings import load
from tests.ingest import world as worlds
from tests.ingest.world import World, folded, line, on_loop, until

AT_S = 1_700_000_000


@pytest.fixture
def world(broker: Broker) -> World:
    """Topics of its own."""
    return World(broker)


def tree(world: World, *, robots: bool = False, **more: Any) -> dict[str, Any]:
    """A source that does not know who robots are, or does."""
    roles = {"user": "customer", "staff": "agent"} | ({"robot": "bot"} if robots else {})
    chat = {
        "topic": world.chat,
        "customer": "from_conversation",
        "writer": "$.from",
        "conversation": "$.thread",
        "author": {"path": "$.role", "map": roles},
        "ts": "$.at",
        "text": "$.say",
    }
    return {"partitions": worlds.PARTITIONS, "events": False, "sources": {"chat": chat | more}}


def turn(number: int, role: str = "user", thread: str = "t") -> bytes:
    """A turn of ann's thread, or of another's."""
    who = {"from": "ann"} if role == "user" else {}
    return line(**who, thread=thread, role=role, at=AT_S + number, say=f"word {number}")


def control(world: World) -> Control:
    """The control topic as it is now."""
    found = Control()
    for one in world.records(world.names.control):
        found.apply(one.key, one.value)
    return found


async def again(
    world: World, settings: dict[str, Any], found: Callable[[], Iterable[Original]], **how: Any
) -> Taken:
    """One run, as the command line does it."""
    loaded = load(None, settings)
    run = Again(
        loaded,
        world.broker,
        compiled(loaded, world.names, {}),
        control=await asyncio.to_thread(control, world),
        reads=worlds.read,
        clock=wall_ms,
        names=world.names,
        quiet=how.pop("quiet", True),
    )
    return await run.run(found, **{"rate": 10_000, **how})


async def ingested(world: World, settings: dict[str, Any], values: list[bytes]) -> None:
    """Write to one partition of the source, and let ingest take it in."""
    await world.send(world.chat, [(1, None, value) for value in values])
    ingest = world.ingest(settings)
    async with world.running(ingest):
        await until(
            "all read",
            lambda: any(
                place == ("chat", 0, 1) and one.counts.read == len(values)
                for place, one in ingest.progress().items()
            ),
        )


def of_source(world: World) -> list[Original]:
    """The whole source, as a rewind to its beginning reads it."""
    return [
        Original("chat", world.chat, one.partition, one.offset, one.value, one.key)
        for one in world.records(world.chat)
    ]


def retaken(log: Iterable[tuple[str, LogRecord]]) -> list[tuple[str, Signal]]:
    """Signals of the log that were appended under an epoch of their own."""
    return [(who, one) for who, one in log if isinstance(one, Signal) and one.origin.epoch]


@on_loop
async def test_dead_letters_are_taken_in_once_the_mapping_is_mended(world: World) -> None:
    """The robot's turns find their customer; a second replay finds them in the log."""
    values = [turn(0), turn(1, "robot"), turn(2), b"{broken", turn(3, "robot")]
    await ingested(world, tree(world), values)
    found = await asyncio.to_thread(
        lambda: originals(letters(world.broker, world.names.dead_letters))
    )
    assert len(found) == 3
    mended = tree(world, robots=True)
    before = await asyncio.to_thread(control, world)

    dry = await again(world, mended, lambda: found, dry=True)
    assert (dry.read, dry.events, dict(dry.rejected)) == (3, 2, {"not_json": 1})
    assert len(world.log()) == 2

    came = await again(world, mended, lambda: found)
    assert (came.events, came.known, came.epochs) == (2, 0, {"chat": 1})
    second = await again(world, mended, lambda: found)
    assert (second.events, second.known, second.epochs) == (0, 2, {"chat": 2})

    log = world.log()
    fresh = retaken(log)
    assert [who for who, _ in fresh] == ["ann", "ann"]
    assert [(one.author, one.ordered, one.origin.offset) for _, one in fresh] == [
        ("bot", False, 1), ("bot", False, 4),
    ]  # fmt: skip
    assert len(folded(log)) == 4
    told = await asyncio.to_thread(control, world)
    counts = told.progress["chat", 1, 1].counts
    assert (counts.read, counts.appended, counts.events) == (3, 2, 2)
    assert counts.dead_lettered == {"not_json": 1}
    assert told.progress["chat", 1, 1].finished
    assert told.progress["chat", 2, 1].counts.filtered == {"known": 2}
    assert told.complete_to_ms(["chat"]) == before.complete_to_ms(["chat"]) > 0
    assert len(world.letters()) == 3, "what is still not understood has its letter already"


@on_loop
async def test_a_source_read_again_counts_nothing_twice_beyond_the_memory_of_a_row(
    world: World,
) -> None:
    """Four hundred events of a customer, of which a row remembers 256; a filter had hidden some."""
    picky = tree(world, where={"path": "$.role", "equals": "user"})
    values = [turn(number, "staff" if number % 4 == 3 else "user") for number in range(400)]
    await ingested(world, picky, values)
    assert len(world.log()) == 300
    records = await asyncio.to_thread(of_source, world)
    seen: list[tuple[int, int]] = []
    came = await again(
        world, tree(world), lambda: records, quiet=False, progress=lambda *at: seen.append(at)
    )
    assert (came.read, came.events, came.known) == (400, 100, 300)
    assert seen[-1] == (400, 400)
    log = world.log()
    assert len(folded(log)) == len(log) == 400
    assert {one.author for _, one in retaken(log)} == {"agent"}
    counts = (await asyncio.to_thread(control, world)).progress["chat", 1, 1].counts
    assert (counts.read, counts.appended, counts.filtered) == (400, 100, {"known": 300})


@on_loop
async def test_a_rewind_puts_aside_what_it_cannot_read_under_its_epoch(world: World) -> None:
    """With coordinates and a reason, as at the first reading."""
    await world.send(world.chat, [(0, None, b"{broken"), (0, None, turn(0, "staff", "nobody's"))])
    records = await asyncio.to_thread(of_source, world)
    came = await again(world, tree(world), lambda: records, quiet=False)
    assert dict(came.rejected) == {"not_json": 1, "no_customer": 1}
    assert [(one.offset, one.reason, one.epoch) for one in world.letters()] == [
        (0, "not_json", 1), (1, "no_customer", 1),
    ]  # fmt: skip


@on_loop
async def test_the_rate_is_kept(world: World) -> None:
    """Live customers go first: three hundred records at a thousand a second take a while."""
    await world.send(world.chat, [(0, None, turn(number)) for number in range(300)])
    records = await asyncio.to_thread(of_source, world)
    before_s = asyncio.get_running_loop().time()
    await again(world, tree(world), lambda: records, rate=400)
    assert asyncio.get_running_loop().time() - before_s >= 0.5


@on_loop
async def test_a_failed_fold_is_tried_again_until_it_is_folded(world: World) -> None:
    """The log holds the event, but nobody counted it; once a retry has not failed, it is known."""
    broken = Signal(
        5, 5, "chat/7", 5, Origin("chat", 1, 7, topic=world.chat),
        reading=Reading("en", 0, (Cue("x", "feeling", 1),)),
    )  # fmt: skip
    value = encode_record(broken)
    await world.send(world.names.log, [(2, b"ann", value)])

    async def fail(offset: int) -> None:
        letter = dead_letter(
            source="customer-log", topic=world.names.log, partition=2, offset=offset,
            reason="fold_failed", value=value, key=b"ann", at_ms=5,
        )  # fmt: skip
        await world.send(
            world.names.dead_letters, [(0, b"customer-log", msgspec.json.encode(letter))]
        )

    await fail(0)
    found = await asyncio.to_thread(
        lambda: originals(letters(world.broker, world.names.dead_letters))
    )
    came = await again(world, tree(world), lambda: found)
    assert (came.events, came.known) == (1, 0)
    _, retried = world.log()[-1]
    assert isinstance(retried, Signal)
    assert (retried.event_id, retried.ordered, retried.origin.epoch) == ("chat/7", False, 1)
    assert (await again(world, tree(world), lambda: found)).known == 1


def test_too_little_kept_is_counted_and_left_where_it_is() -> None:
    """64 kB of a larger record are no record; nor is a record of the log nobody can read."""
    huge = dead_letter(
        source="chat", topic="c", partition=0, offset=1, reason="too_large",
        value=b"x" * 70_000, at_ms=5,
    )  # fmt: skip
    strange = dead_letter(
        source="customer-log", topic="l", partition=0, offset=1, reason="fold_failed",
        value=b"\xc1", at_ms=5,
    )  # fmt: skip
    assert [one.cut for one in originals([huge, strange])] == [True, True]


def test_epochs_only_rise() -> None:
    """Epoch 0 is the source as it is read at first."""
    assert next_epoch(Control(), "chat") == 1


@on_loop
async def test_a_topic_is_read_from_an_offset_or_from_a_time(world: World) -> None:
    """Where a rewind begins; a partition nothing was written to since ends where it begins."""
    await world.send(world.chat, [(2, None, turn(number)) for number in range(5)])
    found = [
        one.offset
        for some in read(world.broker, world.chat, partitions=[2], starts={2: 3})
        for one in some
    ]
    assert found == [3, 4]
    assert set(begins(world.broker, world.chat).values()) == {0}
    if world.broker.idempotent:  # Apache Kafka; the other one keeps no index of times
        first = world.records(world.chat)[0].timestamp
        assert offsets_at(world.broker, world.chat, first)[2] == 0
        assert offsets_at(world.broker, world.chat, wall_ms() + 60_000) == ends(
            world.broker, world.chat
        )
