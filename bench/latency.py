"""How long after an event is appended can somebody else see what it did?

Events are written one by one at a steady rate, with the time they are written as event time, to a
contestant that has worked through a small backlog. Peers write a record for every event here. nabz
as a whole writes a customer's health at most once a second: what counts is events whose health row
was emitted at once, found by the coordinate of the log that both carry; their share is told.

Both ends of the measurement are this process, hence one clock: from before the event is handed to
the producer to when a consumer has the record. The first seconds do not count.

Next step: `bench.run` puts it on the page.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import ExitStack
from dataclasses import replace
from statistics import quantiles
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.contest import (
    PARTITIONS,
    SEED,
    WARM,
    Arena,
    Contestant,
    ContestError,
    Source,
    cpu_of,
    fill,
    make,
    started,
)
from bench.workload import CUSTOMERS, Event, events
from scoring.records import Signal, decode_record
from streams.engine.cycle import partition_of
from streams.topics import HEALTH, LOG, Topic

_SETTLE_S: Final = 3.0
_TICK_S: Final = 0.005
_LAST_S: Final = 3.0
_BACKLOG: Final = 2 * WARM


class _Watch:
    """When events were sent, and when what they did was seen."""

    def __init__(self, backlog: int) -> None:
        self.sent_s: dict[str, float] = {}
        self.seen_s: dict[str, float] = {}
        self.ids: dict[tuple[str, int], str] = {}
        self._counts: dict[str, int] = {}
        self._backlog = backlog
        self._health: dict[tuple[int, int], float] = {}
        self._logged: dict[tuple[int, int], str] = {}

    def backlogged(self, event: Event) -> None:
        """An event that was there before."""
        self._number(event.customer.decode())

    def _number(self, customer: str) -> int:
        count = self._counts[customer] = self._counts.get(customer, 0) + 1
        return count

    def sending(self, event: Event) -> bytes:
        """An event as it is sent now; noted."""
        told = json.loads(event.value)
        told["ts"] = time.time_ns() // 1_000_000
        self.ids[told["customer"], self._number(told["customer"])] = told["event_id"]
        self.sent_s[told["event_id"]] = time.monotonic()
        return json.dumps(told, ensure_ascii=False).encode()

    def seen(self, topic: str, partition: int, offset: int, value: bytes | None) -> None:
        """A record has arrived."""
        now_s = time.monotonic()
        if topic == LOG:
            record = decode_record(value or b"")
            if isinstance(record, Signal):
                self._logged[partition, offset] = record.event_id.rpartition("/")[2].rpartition(
                    ":"
                )[2]
        elif topic == HEALTH:
            told = json.loads(value or b"{}")
            if "customer" in told:
                at = told["log"]
                self._health.setdefault((at["partition"], at["offset"]), now_s)
        else:
            told = json.loads(value or b"{}")
            found = self.ids.get((told["customer"], told["events"]))
            if found is not None:
                self.seen_s.setdefault(found, now_s)

    def waits_ms(self, since_s: float) -> tuple[list[float], float]:
        """Milliseconds of all events sent after a time, and the share of them that was seen."""
        for place, at_s in self._health.items():
            event = self._logged.get(place)
            if event is not None:
                self.seen_s.setdefault(event, at_s)
        sent = {event: at_s for event, at_s in self.sent_s.items() if at_s >= since_s}
        waits = [
            1_000 * (self.seen_s[event] - at_s)
            for event, at_s in sent.items()
            if event in self.seen_s
        ]
        return waits, len(waits) / len(sent)


async def _watched(arena: Arena, topics: list[str], watch: _Watch, stop: asyncio.Event) -> None:
    async with AIOKafkaConsumer(
        *topics, **arena.broker.aiokafka(), auto_offset_reset="latest"
    ) as consumer:
        while not stop.is_set():
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    watch.seen(record.topic, record.partition, record.offset, record.value)


async def _drive(
    arena: Arena, watch: _Watch, topics: list[str], topic: str, live: list[Event], rate: int,
    pids: list[int],
) -> dict[str, Any]:  # fmt: skip
    stop = asyncio.Event()
    watching = asyncio.create_task(_watched(arena, topics, watch, stop))
    await asyncio.sleep(1)
    async with AIOKafkaProducer(**arena.broker.aiokafka(), acks="all") as producer:
        began_s = time.monotonic()
        counted_s, cpu_s = 0.0, 0.0
        sent = 0
        while sent < len(live):
            now_s = time.monotonic()
            if not counted_s and now_s >= began_s + _SETTLE_S:
                counted_s, cpu_s = now_s, sum(cpu_of(pid) or 0.0 for pid in pids)
            due = min(len(live), int((now_s - began_s) * rate))
            for event in live[sent:due]:
                value = watch.sending(event)
                where = partition_of(event.customer, PARTITIONS)
                await producer.send(topic, value, event.customer, where)
            sent = due
            await asyncio.sleep(_TICK_S)
        used_s = sum(cpu_of(pid) or 0.0 for pid in pids) - cpu_s
        took_s = time.monotonic() - counted_s
        await producer.flush()
    await asyncio.sleep(_LAST_S)
    stop.set()
    await watching
    waits, share = watch.waits_ms(counted_s)
    if len(waits) < 100:
        raise ContestError(f"only {len(waits)} of the events were seen")
    cuts = quantiles(waits, n=100)
    return {
        "rate": rate,
        "events": len(waits),
        "share": share,
        "p50_ms": cuts[49],
        "p95_ms": cuts[94],
        "p99_ms": cuts[98],
        "core_share": used_s / took_s,
    }


def latency(arena: Arena, who: Contestant, *, rate: int, seconds: float) -> dict[str, Any]:
    """One contestant at one rate.

    Returns:
        `rate`, `events`, `share`, `p50_ms`, `p95_ms`, `p99_ms`, and `core_share`, the processor
        seconds of the contestant in a second.

    Raises:
        ContestError: It failed, or what it wrote was not seen.
    """
    count = _BACKLOG + int(rate * (seconds + _SETTLE_S))
    source = arena.source(_BACKLOG)
    all_events = list(events(SEED, count, source.start_ms))
    topic = f"bench.live-{arena.runs}"
    make(arena.broker, [Topic(topic, "log")])
    backlog, live = all_events[:_BACKLOG], all_events[_BACKLOG:]
    asyncio.run(fill(arena.broker, topic, iter(backlog)))
    watch = _Watch(_BACKLOG)
    for event in backlog:
        watch.backlogged(event)
    own = replace(source, topic=topic)
    with ExitStack() as stack:
        running, given = stack.enter_context(
            started(arena, who, own, every=1, marks=(WARM, _BACKLOG))
        )
        running.reach(_BACKLOG)
        topics = [LOG, HEALTH] if who.whole else [given.output]
        return asyncio.run(_drive(arena, watch, topics, topic, live, rate, running.pids))


__all__ = ["CUSTOMERS", "Source", "latency"]
