"""Ingest on both brokers: everything is accounted for, whatever comes and whenever it stops."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaAdminClient
from kafka import TopicPartition as StoredPartition
from prometheus_client import CollectorRegistry

from scoring.records import Command, Origin, Profile, Reading, Signal
from streams.clock import wall_ms
from streams.control import Counts, Progress, progress_key
from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.ingest.batch import POINTS
from streams.ingest.intake import IngestError
from streams.ingest.loop import Ingest
from streams.ingest.metrics import IngestMetrics
from tests.ingest.world import (
    CrashError,
    World,
    crash_at,
    folded,
    line,
    on_loop,
    read,
    until,
    write_lines,
)

CHAT: dict[str, Any] = {
    "customer": "from_conversation",
    "writer": "$.from",
    "conversation": "$.thread",
    "author": "$.role",
    "ts": "$.at",
    "text": "$.say",
}
AT_S = 1_700_000_000


@pytest.fixture
def world(broker: Broker) -> World:
    """Topics of its own."""
    return World(broker)


def chat(number: int, who: str, *, role: str = "customer", thread: str = "t") -> bytes:
    """A turn of a thread."""
    return line(**{"from": who}, thread=thread, role=role, at=AT_S + number, say=f"word {number}")


def accounted(world: World, source: str) -> Counts:
    """The books of a source over all its partitions, which must be in order."""
    read = appended = events = 0
    filtered: Counter[str] = Counter()
    dead: Counter[str] = Counter()
    for one in world.progress():
        if one.source == source:
            counts = one.counts
            lost = sum(counts.filtered.values()) + sum(counts.dead_lettered.values())
            assert counts.read == counts.appended + lost
            assert counts.read == one.offset, "every record below the offset is counted"
            read, appended = read + counts.read, appended + counts.appended
            events += counts.events
            filtered += Counter(counts.filtered)
            dead += Counter(counts.dead_lettered)
    return Counts(read, appended, dict(filtered), dict(dead), events)


def counted(ingest: Ingest, source: str, read: int) -> bool:
    """Have so many records of a source been read and published?"""
    progress = [one for place, one in ingest.progress().items() if place[0] == source]
    return sum(one.counts.read for one in progress) >= read


@on_loop
async def test_records_read_are_appended_filtered_or_put_aside(world: World) -> None:
    """Law 5: every record is accounted for, and a bad one is kept with its place and its bytes."""
    good = [
        line(kind="message", customer="c-1", author="customer", ts=AT_S, text="Where is it?"),
        line(kind="interaction", customer="c-2", ts=AT_S, type="payment_failed"),
        line(kind="profile", customer="c-2", ts=AT_S, tier="gold"),
    ]
    bad: list[bytes | None] = [None, b"{", b"\xff", line(kind="message", ts=AT_S)]
    left_out = [line(kind="interaction", customer="c-2", ts=AT_S, type="page_view")]
    values = [*good, *bad, *left_out]
    await world.send(
        world.names.events, [(number % 4, b"k", value) for number, value in enumerate(values)]
    )
    tree = {"scoring": {"interactions": {"payment_failed": {"points": 4}}}}
    async with world.running(world.ingest(tree)) as ingest:
        await until("all read", lambda: counted(ingest, "events", len(values)))
    counts = accounted(world, "events")
    assert (counts.read, counts.appended, counts.events) == (8, 3, 3)
    assert counts.filtered == {"unknown_type": 1}
    assert counts.dead_lettered == {
        "empty": 1, "not_json": 1, "not_text": 1, "missing_field": 1,
    }  # fmt: skip
    log = world.log()
    assert sorted(customer for customer, _ in log) == ["c-1", "c-2", "c-2"]
    assert {type(record) for _, record in log} == {Signal, Profile}
    letters = {(one.reason, one.field): one for one in world.letters()}
    assert letters.keys() == {
        ("empty", ""), ("not_json", ""), ("not_text", ""), ("missing_field", "author"),
    }  # fmt: skip
    cut = letters["not_json", ""]
    assert (cut.source, cut.topic, cut.size) == ("events", world.names.events, 1)
    assert base64.b64decode(cut.original) == b"{"
    assert base64.b64decode(cut.key) == b"k"


@on_loop
async def test_no_text_reaches_the_log(world: World) -> None:
    """Law 10: what a customer wrote stays in the source."""
    text = "extraordinarily recognisable sentence"
    event = line(kind="message", customer="c-1", author="customer", ts=AT_S, text=text)
    await world.send(world.names.events, [(0, None, event)])
    async with world.running(world.ingest({})) as ingest:
        await until("read", lambda: counted(ingest, "events", 1))
    records = world.records(world.names.log)
    assert len(records) == 1
    assert not any(word.encode() in records[0].value for word in text.split())


@on_loop
async def test_a_record_of_the_log_says_where_it_came_from(world: World) -> None:
    """Coordinates, key and partition are those every reader computes."""
    event = line(kind="message", customer="c-1", author="agent", ts=AT_S, text="x", event_id="e")
    await world.send(world.names.events, [(2, None, b"{"), (2, None, event)])
    before_ms = wall_ms()
    async with world.running(world.ingest({})) as ingest:
        await until("read", lambda: counted(ingest, "events", 2))
    raw = world.records(world.names.log)[0]
    assert raw.partition == partition_of(b"c-1", 4)
    assert dict(raw.headers) == {"record": b"signal"}
    _, record = world.log()[0]
    assert isinstance(record, Signal)
    assert record.origin == Origin("events", 2, 1, topic=world.names.events)
    assert (record.event_id, record.ts_ms, record.author) == ("e", AT_S * 1000, "agent")
    assert before_ms <= record.at_ms <= wall_ms()
    assert record.reading is not None
    assert record.reading.sentiment_e4 is None, "no field scores a member of staff"


def files(directory: Path) -> dict[str, Any]:
    """Two files of turns and interactions, of 40 seconds, with one bad line each."""
    turns: list[bytes] = []
    for number in range(0, 40, 2):
        thread = f"t-{number // 8}"
        agent = number % 8 == 6
        who = "agent" if agent else f"c-{number // 8}"
        turns.append(chat(number, who, role="agent" if agent else "customer", thread=thread))
    write_lines(directory / "chat.jsonl", [*turns, b"{"])
    other = [
        line(kind="interaction", customer=f"c-{number // 8}", ts=AT_S + number, type="x")
        for number in range(1, 40, 2)
    ]
    write_lines(directory / "more.jsonl", [b"", *other])
    return {
        "clock": "watermark",
        "events": False,
        "ingest": {"session": "6s", "progress_every": "100ms", "batch": 7, "queue": 5},
        "scoring": {"interactions": {"x": {}}},
        "sources": {
            "chat": {"files": "chat.jsonl", **CHAT},
            "more": {
                "files": "more.jsonl", "kind": "interaction", "customer": "$.customer",
                "type": "$.type", "ts": "$.ts", "lateness": "0s",
            },
        },
    }  # fmt: skip


@on_loop
async def test_files_are_read_in_the_order_they_were_lived(world: World, tmp_path: Path) -> None:
    """Two files become one log in event-time order, stamped with how far both are read."""
    tree = files(tmp_path)
    async with world.running(world.ingest(tree, input=tmp_path)) as ingest:
        await until("read to the end", lambda: ingest.drained)
        assert ingest.complete_to_ms == (AT_S + 39) * 1000
    assert accounted(world, "chat") == Counts(21, 20, {}, {"not_json": 1}, 20)
    assert accounted(world, "more") == Counts(21, 20, {}, {"empty": 1}, 20)
    assert {one.finished for one in world.progress() if one.source != "commands"} == {True}
    for partition in range(4):
        records = [
            record for customer, record in world.log()
            if partition_of(customer.encode(), 4) == partition
        ]  # fmt: skip
        times = [record.at_ms for record in records]
        assert times == sorted(times)
        assert times == [record.ts_ms for record in records if isinstance(record, Signal)]
        assert all(record.complete_to_ms <= record.at_ms - 1 for record in records)
    agents = [
        (customer, record.conversation) for customer, record in world.log()
        if isinstance(record, Signal) and record.author == "agent"
    ]  # fmt: skip
    assert sorted(agents) == [(f"c-{number}", f"t-{number}") for number in range(5)]


@on_loop
async def test_a_crash_at_any_point_loses_and_doubles_nothing(world: World, tmp_path: Path) -> None:
    """One process after the other ends at every named point; the last one ends the work."""
    tree = files(tmp_path)
    for number, point in enumerate(POINTS):
        # Each gets a little further than the one before, and leaves something for the next.
        at = crash_at(point, after=number % 2 if point.startswith("log") else 0)
        with pytest.raises(CrashError):
            await asyncio.wait_for(world.ingest(tree, input=tmp_path, at=at).run(), 60)
    async with world.running(world.ingest(tree, input=tmp_path)) as ingest:
        await until("read to the end", lambda: ingest.drained)
    assert accounted(world, "chat") == Counts(21, 20, {}, {"not_json": 1}, 20)
    assert accounted(world, "more") == Counts(21, 20, {}, {"empty": 1}, 20)
    log = world.log()
    assert len(log) > 40, "a crash that repeats nothing was none"
    kept = folded(log)
    assert sorted(record.event_id for _, record in kept) == sorted(
        [f"chat/0/{n}" for n in range(20)] + [f"more/0/{n}" for n in range(1, 21)]
    )
    assert {(one.source, one.offset) for one in world.letters()} == {("chat", 20), ("more", 0)}


def held_turns() -> Iterator[tuple[int, bytes | None, bytes | None]]:
    """An agent who writes before the customer, an agent nobody answers, and time that passes."""
    yield 1, b"t", chat(0, "agent", role="agent")
    yield 1, b"u", chat(1, "agent", role="agent", thread="u")
    yield 1, b"t", chat(30, "ann")
    yield 1, b"t", chat(31, "agent", role="agent")
    yield 1, b"v", chat(62, "bob", thread="v")


@pytest.mark.parametrize("point", ["", "identities_acked", "log_acked"])
@on_loop
async def test_agent_turns_find_their_customer_over_a_crash(world: World, point: str) -> None:
    """The owner is written down before what rests on it; what found nobody is put aside, once."""
    await world.send(world.chat, held_turns())
    tree = {"sources": {"chat": {"topic": world.chat, **CHAT}}}
    if point:
        with pytest.raises(CrashError):
            await asyncio.wait_for(world.ingest(tree, at=crash_at(point)).run(), 60)
    async with world.running(world.ingest(tree)) as ingest:
        await until("all settled", lambda: counted(ingest, "chat", 5))
    counts = accounted(world, "chat")
    assert (counts.appended, counts.dead_lettered) == (4, {"no_customer": 1})
    kept = {(customer, record.event_id, record.ordered) for customer, record in folded(world.log())}
    assert kept == {
        ("ann", "chat/1/0", False),
        ("ann", "chat/1/2", True),
        ("ann", "chat/1/3", True),
        ("bob", "chat/1/4", True),
    }
    assert {(one.offset, one.reason) for one in world.letters()} == {(1, "no_customer")}
    owners = {
        one.key.decode(): json.loads(one.value) for one in world.records(world.names.identities)
    }
    assert owners["conversation:chat:t"]["customer"] == "ann"


@on_loop
async def test_completeness_goes_on_when_nothing_comes(world: World) -> None:
    """An idle source is complete up to the fetch that found it so."""
    tree = {"sources": {"chat": {"topic": world.chat, "lateness": "1s", **CHAT}}}
    async with world.running(world.ingest(tree)) as ingest:
        await until("complete", lambda: ingest.complete_to_ms > wall_ms() - 60_000)
        reached_ms = ingest.complete_to_ms
        await until("it goes on", lambda: ingest.complete_to_ms > reached_ms + 500)
        assert ingest.complete_to_ms <= wall_ms() - 1_000


@on_loop
async def test_nothing_passes_a_turn_that_is_held(world: World) -> None:
    """Neither offset nor completeness nor the newest time, over a restart, until it is let go."""
    now_s = wall_ms() // 1000
    since_ms = (now_s - 5) * 1000

    def turn(who: str, thread: str, at_s: int, role: str = "customer") -> bytes:
        return line(**{"from": who}, thread=thread, role=role, at=at_s, say="x")

    held = turn("sue", "t", now_s - 5, "agent")
    tree = {"events": False, "sources": {"chat": {"topic": world.chat, "lateness": "1s", **CHAT}}}
    place = "chat", 0, 0
    await world.send(world.chat, [(0, b"t", held), (0, b"u", turn("bob", "u", now_s))])

    async def look() -> None:
        async with world.running(world.ingest(tree)) as ingest:
            partitions = ingest._intake.merge.partitions
            await until(
                "both are seen",
                lambda: place in partitions and partitions[place].newest_ms == now_s * 1000,
            )
            reached_ms = wall_ms()
            await until(
                "time goes on where nothing is held",
                lambda: _complete(ingest, "chat", 1) > reached_ms,
            )
            told = ingest.progress()[place]
            assert (told.offset, told.counts.read, told.newest_ms) == (0, 0, since_ms)
            assert told.complete_ms == since_ms - 1_000
            assert ingest.complete_to_ms <= told.complete_ms

    await look()
    await look()
    await world.send(world.chat, [(0, b"t", turn("ann", "t", now_s + 1))])
    async with world.running(world.ingest(tree)) as ingest:
        await until("let go", lambda: counted(ingest, "chat", 3))
        await until("complete", lambda: ingest.complete_to_ms >= now_s * 1000)
    kept = folded(world.log())
    assert sorted((customer, record.event_id) for customer, record in kept) == [
        ("ann", "chat/0/0"),
        ("ann", "chat/0/2"),
        ("bob", "chat/0/1"),
    ]


@on_loop
async def test_a_turn_nobody_names_holds_nobody_back_for_long(world: World) -> None:
    """Where nothing more comes, the clock of the fetches ends the wait."""
    held = line(**{"from": "sue"}, thread="t", role="agent", at=wall_ms(), say="x")
    tree = {
        "events": False,
        "ingest": {"session": "6s", "progress_every": "100ms", "hold": "1s"},
        "sources": {"chat": {"topic": world.chat, "lateness": "0s", **CHAT}},
    }
    await world.send(world.chat, [(0, b"t", held)])
    async with world.running(world.ingest(tree)) as ingest:
        await until("given up", lambda: counted(ingest, "chat", 1))
        reached_ms = wall_ms()
        await until("complete", lambda: ingest.complete_to_ms > reached_ms)
    assert accounted(world, "chat") == Counts(1, 0, {}, {"no_customer": 1}, 0)
    assert [one.reason for one in world.letters()] == ["no_customer"]


@on_loop
async def test_a_source_that_should_speak_and_does_not_holds_completeness_back(
    world: World,
) -> None:
    """Cut off, it looks idle: nobody is said to wait on the word of a dead source."""
    chatty = {"topic": world.chat, **CHAT, "expect_every": "500ms", "lateness": "0s"}
    async with world.running(world.ingest({"sources": {"chat": chatty}})) as ingest:
        await until("told", lambda: ("chat", 0, 0) in ingest.progress())
        await until("events go on", lambda: _complete(ingest, "events") > 0)
        await asyncio.sleep(0.7)  # the silence itself
        stands_ms = _complete(ingest, "chat")
        reached_ms = _complete(ingest, "events")
        await until("events go on", lambda: _complete(ingest, "events") > reached_ms + 500)
        assert _complete(ingest, "chat") == stands_ms


def _complete(ingest: Ingest, source: str, partition: int | None = None) -> int:
    """What one partition of a source allows, or the least of all."""
    progress = [
        one for (name, _, number), one in ingest.progress().items()
        if name == source and partition in {None, number}
    ]  # fmt: skip
    return min((one.complete_ms or 0 for one in progress), default=0)


@on_loop
async def test_commands_reach_the_log_or_everybody(world: World) -> None:
    """About a customer: folded like an event; about the fleet: copied to the control topic."""
    ack = {"verb": "ack", "fingerprint": "f", "actor": "ann", "text": "call me at me@example.org"}
    silence = {
        "verb": "silence", "until_ms": 5, "ts_ms": 3, "text": "a@example.org",
        "matchers": [{"name": "rule", "values": ["r"]}], "reason": "call +4915112345678",
    }  # fmt: skip
    await world.send(
        world.names.commands,
        [
            (0, b"c-1", json.dumps(ack).encode()),
            (0, b"fleet:s-1", json.dumps(silence).encode()),
            (0, b"c-1", b'{"verb": "akc"}'),
            (0, b"fleet:s-1", b'{"verb": "ack"}'),
            (0, None, b'{"verb": "ack"}'),
        ],
    )
    async with world.running(world.ingest({})) as ingest:
        await until("read", lambda: counted(ingest, "commands", 5))
    [(customer, record)] = world.log()
    assert isinstance(record, Command)
    assert (customer, record.verb, record.fingerprint) == ("c-1", "ack", "f")
    assert record.text == "call me at <email>"
    assert record.command_id == "commands/0/0"
    copied = {one.key: one.value for one in world.records(world.names.control)}
    assert json.loads(copied[b"silence:s-1"]) == {
        "until_ms": 5, "ts_ms": 3, "text": "<email>",
        "matchers": [{"name": "rule", "values": ["r"], "equal": True}],
    }  # fmt: skip
    assert accounted(world, "commands").dead_lettered == {"wrong_type": 2, "no_customer": 1}


@on_loop
async def test_processes_share_partitions_and_hand_them_over(world: World) -> None:
    """A second process takes its share, the first takes all back; each event is folded once."""
    tree: dict[str, Any] = {}
    sent = 0

    async def send(count: int) -> None:
        nonlocal sent
        events = []
        for number in range(sent, sent + count):
            event = line(
                kind="message", customer=f"c-{number % 10}", author="customer", text="x",
                ts=wall_ms(), event_id=f"e-{number}",
            )  # fmt: skip
            events.append((number % 4, None, event))
        sent += count
        await world.send(world.names.events, events)

    def share(ingest: Ingest) -> set[int]:
        return {place[2] for place in ingest._intake.readings if place[0] == "events"}

    def shown(registry: CollectorRegistry) -> set[int]:
        return {
            int(sample.labels["partition"])
            for family in registry.collect()
            if family.name == "nabz_ingest_lag_records"
            for sample in family.samples
            if sample.labels["source"] == "events"
        }

    registry = CollectorRegistry()
    metrics = IngestMetrics.register(registry, ["events", "commands"])
    first, second = world.ingest(tree, metrics=metrics), world.ingest(tree)
    async with world.running(first):
        await send(40)
        await until("first reads", lambda: counted(first, "events", 40))
        assert shown(registry) == share(first)
        async with world.running(second):
            await until(
                "both have some",
                lambda: len(share(first)) * len(share(second)) == 4,
            )
            await until("first shows its own alone", lambda: shown(registry) == share(first))
            await send(40)
            await until("both read", lambda: counted(first, "events", 80))
            await until("both know", lambda: first.complete_to_ms > wall_ms() - 20_000)
        await until("first has all", lambda: len(share(first)) == 4)
        await send(40)
        await until("first reads on", lambda: counted(first, "events", 120))
    assert accounted(world, "events") == Counts(120, 120, {}, {}, 120)
    kept = folded(world.log())
    assert sorted(record.event_id for _, record in kept) == sorted(f"e-{n}" for n in range(sent))


@on_loop
async def test_an_event_sent_twice_is_appended_twice_and_folded_once(world: World) -> None:
    """Producers retry; the event id makes them one."""
    event = line(kind="message", customer="c", author="customer", text="x", ts=AT_S, event_id="e")
    await world.send(world.names.events, [(0, None, event), (0, None, event)])
    async with world.running(world.ingest({})) as ingest:
        await until("read", lambda: counted(ingest, "events", 2))
    log = world.log()
    assert (len(log), len(folded(log))) == (2, 1)


@on_loop
async def test_a_topic_that_was_made_anew_stops_ingest(world: World) -> None:
    """Its offsets start over, so what was read cannot be told from what was not."""
    await world.send(world.names.events, [(0, None, b"{")])
    told = Progress(
        "events", 0, 0, 4, 50, None, None, finished=False, counts=Counts(50, 50), at_ms=0
    )
    await world.send(world.names.control, [(0, progress_key(told), msgspec.json.encode(told))])
    with pytest.raises(IngestError, match="made anew or cut"):
        await asyncio.wait_for(world.ingest({}).run(), 60)


@on_loop
async def test_what_retention_removed_before_it_was_read_is_counted(kafka_broker: Broker) -> None:
    """Nobody can score it any more; whoever runs nabz is to know."""
    world = World(kafka_broker)
    registry = CollectorRegistry()
    metrics = IngestMetrics.register(registry, ["events", "commands"])
    turn = line(kind="message", customer="c", author="customer", ts=AT_S, text="x")
    events = world.names.events

    def skipped() -> float | None:
        return registry.get_sample_value("nabz_ingest_skipped_records_total", {"source": "events"})

    await world.send(events, [(0, None, turn)] * 2)
    async with world.running(world.ingest({}, metrics=metrics)) as ingest:
        await until("read", lambda: counted(ingest, "events", 2))
    assert skipped() == 0
    await world.send(events, [(0, None, turn)] * 5)
    client = KafkaAdminClient(**kafka_broker.kafka_python())
    try:
        client.delete_records({StoredPartition(events, 0): 5})
    finally:
        client.close()
    async with world.running(world.ingest({}, metrics=metrics)) as ingest:
        await until("the rest is read", lambda: counted(ingest, "events", 4))
        await until("it is told", lambda: skipped() == 3)

        def behind(name: str, **labels: str) -> float | None:
            return registry.get_sample_value(name, {"source": "events", **labels})

        await until(
            "nothing is left", lambda: behind("nabz_ingest_lag_records", partition="0") == 0
        )
        await until(
            "read up to now",
            lambda: (behind("nabz_source_complete_to_timestamp_seconds") or 0) > AT_S,
        )
    metrics.forget()
    assert behind("nabz_ingest_lag_records", partition="0") is None
    assert behind("nabz_ingest_lag_seconds") == 0


@on_loop
async def test_a_reader_that_fails_costs_one_record(world: World) -> None:
    """A defect of ours is put aside like a record of theirs, and nothing else stops."""

    def failing(text: str, role: str) -> Reading:
        if text == "poison":
            raise ZeroDivisionError
        return read(text, role)

    turns = [
        line(kind="message", customer="c", author="customer", ts=AT_S, text=text)
        for text in ("a", "poison", "b")
    ]
    await world.send(world.names.events, [(0, None, value) for value in turns])
    async with world.running(world.ingest({}, read=failing)) as ingest:
        await until("read", lambda: counted(ingest, "events", 3))
    assert accounted(world, "events") == Counts(3, 2, {}, {"mapping_failed": 1}, 2)
    [letter] = world.letters()
    assert (letter.offset, letter.reason, letter.field) == (1, "mapping_failed", "text")


@on_loop
async def test_metrics_add_up_to_the_records_read(world: World) -> None:
    """By source and outcome, every series from 0 on; dead letters by reason."""
    registry = CollectorRegistry()
    metrics = IngestMetrics.register(registry, ["events", "commands"])
    assert registry.get_sample_value("nabz_ingest_dead_letters_total", {"reason": "empty"}) == 0
    values = [b"", line(kind="outcome", customer="c", ts=AT_S, type="churned"), b"{"]
    await world.send(world.names.events, [(0, None, value) for value in values])
    async with world.running(world.ingest({}, metrics=metrics)) as ingest:
        await until("read", lambda: counted(ingest, "events", 3))
        await until("complete", lambda: ingest.complete_to_ms > 0)

    def records(outcome: str) -> float | None:
        labels = {"source": "events", "outcome": outcome}
        return registry.get_sample_value("nabz_ingest_records_total", labels)

    assert (records("appended"), records("filtered"), records("dead_lettered")) == (1, 0, 2)
    assert registry.get_sample_value("nabz_ingest_events_total", {"source": "events"}) == 1
    for reason in ("empty", "not_json"):
        labels = {"reason": reason}
        assert registry.get_sample_value("nabz_ingest_dead_letters_total", labels) == 1
    complete = registry.get_sample_value("nabz_ingest_complete_to_timestamp_seconds")
    assert complete == ingest.complete_to_ms / 1000
    assert registry.get_sample_value("nabz_ingest_lag_seconds", {"source": "events"}) == 0


def test_an_ingest_that_does_not_get_on_says_why(embedded_broker: Broker) -> None:
    """`/livez` has a reason to fail: no round for long, or no answer from the group."""
    ingest = World(embedded_broker).ingest({})
    now_s = time.monotonic()
    assert ingest.stuck(now_s) is None
    assert ingest.stuck(now_s + 11) is None
    assert "has not answered for two sessions" in (ingest.stuck(now_s + 13) or "")
    assert "has not finished a round" in (ingest.stuck(now_s + 200) or "")
